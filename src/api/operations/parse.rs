//! Parses one operation: resolves its target and checks that its document matches.

use super::dispatch::{LinkageOperations, ResourceOperations};
use super::lids::Lids;
use crate::api::access_checks;
use crate::api::call::Call;
use crate::api::conditional::{TagScope, expected_by};
use crate::api::decode::{DocumentPosition, related_ids};
use crate::api::error::ApiError;
use crate::api::kinds;
use crate::api::resource::{Relationship, Target, Writability};
use crate::api::resources::{linkage_operations_of, relationship, resource_type};
use crate::api::seal::Seal;
use crate::directory::Expected;
use crate::directory::members::{Change, ChangeMembers, Side};
use crate::jsonapi::document::{
    Address, Op, Operation, linkage_from, operation_pointer, resource_from,
};
use crate::jsonapi::{self, Key, Linkage, Purpose, ResourceObject};

/// A parsed operation.
pub struct PlannedOperation {
    pub action: Action,
    /// The pointer to the operation.
    pub at: String,
    /// The pointer to its `data`.
    pub data: String,
}

pub enum Action {
    Add(&'static ResourceOperations, ResourceObject),
    Update(&'static ResourceOperations, Target, ResourceObject),
    Remove(&'static ResourceOperations, Target),
    ChangeLinkage(&'static LinkageOperations, i64, ChangeMembers, Linkage),
    /// A document with one to-one relationship, and its linkage.
    SetRelationship(&'static ResourceOperations, Target, ResourceObject, Linkage),
    /// An access check, which changes nothing.
    CheckAccess(ResourceObject),
    /// The resource and name of a relationship that cannot be changed: an error.
    ReadOnlyRelationship(&'static ResourceOperations, i64, String),
}

/// The target of an operation, before ids and lids are resolved.
enum TargetAddress {
    Collection(String),
    Resource(String, Key),
    Linkage(String, Key, String),
}

pub fn parse(
    call: &Call<'_>,
    secret: &str,
    lids: &Lids,
    operation: Operation,
    place: usize,
) -> Result<PlannedOperation, ApiError> {
    let at = operation_pointer(place);
    let parser = Parser {
        call,
        secret,
        lids,
        data: format!("{at}/data"),
        at,
    };
    let action = parser.parse(operation)?;
    Ok(PlannedOperation {
        action,
        at: parser.at,
        data: parser.data,
    })
}

struct Parser<'a> {
    call: &'a Call<'a>,
    /// The key that encrypts the tags of linkage.
    secret: &'a str,
    lids: &'a Lids,
    at: String,
    data: String,
}

impl Parser<'_> {
    fn parse(&self, mut operation: Operation) -> Result<Action, ApiError> {
        let (place, target_pointer) = match operation.address.take() {
            None => (None, self.at.clone()),
            Some(Address::Ref(reference)) => {
                let place = match reference.relationship {
                    None => TargetAddress::Resource(reference.r#type, reference.key),
                    Some(name) => TargetAddress::Linkage(reference.r#type, reference.key, name),
                };
                (Some(place), format!("{}/ref", self.at))
            }
            Some(Address::Href(href)) => {
                let at = format!("{}/href", self.at);
                (Some(self.href(&href, &at)?), at)
            }
        };
        match (operation.op, place) {
            (Op::Add, None) => self.add(operation, None),
            (Op::Add, Some(TargetAddress::Collection(kind))) => self.add(operation, Some(kind)),
            (Op::Update, None) => self.update(operation, None, &target_pointer),
            (Op::Update, Some(TargetAddress::Resource(kind, key))) => {
                self.update(operation, Some((kind, key)), &target_pointer)
            }
            (Op::Remove, Some(TargetAddress::Resource(kind, key))) => {
                let resource = writable(&kind, &target_pointer)?;
                let id = self.key(&key, &kind, &target_pointer)?;
                let expected = self.expected(&operation, id, TagScope::Resource)?;
                Ok(Action::Remove(resource, Target { id, expected }))
            }
            (_, Some(TargetAddress::Linkage(kind, key, name))) => {
                self.change(operation, (&kind, &key, &name), &target_pointer)
            }
            _ => {
                let detail = "This target does not support this operation.";
                let error = jsonapi::kinds::INVALID_OPERATION.error(detail);
                Err(error.at_pointer(target_pointer).into())
            }
        }
    }

    fn key(&self, key: &Key, kind: &str, pointer: &str) -> Result<i64, ApiError> {
        Ok(self.within(pointer).key(key, kind, pointer)?)
    }

    fn within<'a>(&'a self, base: &'a str) -> DocumentPosition<'a> {
        DocumentPosition {
            base,
            lids: Some(self.lids),
        }
    }

    /// Parses a URL of this service, absolute or relative to its root.
    fn href(&self, href: &str, at: &str) -> Result<TargetAddress, ApiError> {
        let path = href
            .strip_prefix(self.call.base_url.as_ref())
            .unwrap_or(href);
        let path = path.strip_prefix('/').unwrap_or(path);
        let path = path.strip_suffix('/').unwrap_or(path);
        let parts: Vec<&str> = path.split('/').collect();
        let id = |id: &str| Key::Id(id.to_owned());
        match parts.as_slice() {
            [kind] if !href.contains(['?', '#']) => {
                Ok(TargetAddress::Collection((*kind).to_owned()))
            }
            [kind, key] => Ok(TargetAddress::Resource((*kind).to_owned(), id(key))),
            [kind, key, "relationships", name] => Ok(TargetAddress::Linkage(
                (*kind).to_owned(),
                id(key),
                (*name).to_owned(),
            )),
            _ => {
                let detail = "This is not the URL of a collection, a resource or a relationship.";
                let error = jsonapi::kinds::INVALID_OPERATION.error(detail);
                Err(error.at_pointer(at).into())
            }
        }
    }

    fn add(&self, operation: Operation, kind: Option<String>) -> Result<Action, ApiError> {
        let document = self.document(operation)?;
        self.check_type(&document, kind.as_deref())?;
        if document.r#type == access_checks::TYPE {
            return Ok(Action::CheckAccess(document));
        }
        let resource = writable(&document.r#type, &format!("{}/type", self.data))?;
        Ok(Action::Add(resource, document))
    }

    fn update(
        &self,
        operation: Operation,
        named: Option<(String, Key)>,
        target_pointer: &str,
    ) -> Result<Action, ApiError> {
        let expected = operation.meta.clone();
        let document = self.document(operation)?;
        let own = own_key(&document);
        let (kind, id) = match named {
            Some((kind, key)) => {
                let id = self.key(&key, &kind, target_pointer)?;
                self.check_type(&document, Some(&kind))?;
                (kind, id)
            }
            None => {
                let Some(key) = &own else {
                    let detail = "An update needs an id or a lid.";
                    let error = jsonapi::kinds::MISSING_MEMBER.error(detail);
                    return Err(error.at_pointer(self.data.as_str()).into());
                };
                let id = self.key(key, &document.r#type, &self.data)?;
                (document.r#type.clone(), id)
            }
        };
        let resource = writable(&kind, target_pointer)?;
        if let Some(key) = &own
            && self.key(key, &kind, &self.data)? != id
        {
            let detail = "The resource in data is not the one that the operation names.";
            let member = if document.id.is_some() { "id" } else { "lid" };
            let at = format!("{}/{member}", self.data);
            return Err(kinds::ID_CONFLICT.error(detail).at_pointer(at).into());
        }
        let expected = self.expected_in(&expected, id, TagScope::Resource)?;
        Ok(Action::Update(resource, Target { id, expected }, document))
    }

    fn document(&self, operation: Operation) -> Result<ResourceObject, ApiError> {
        let value = operation.data.unwrap_or_default();
        let limits = &self.call.api.document_limits;
        // Even an update may lack the id, if it has a lid.
        Ok(resource_from(value, &self.data, Purpose::Create, limits)?)
    }

    fn check_type(&self, document: &ResourceObject, kind: Option<&str>) -> Result<(), ApiError> {
        if kind.is_none_or(|kind| kind == document.r#type) {
            return Ok(());
        }
        let detail = "The type in data is not the one that the operation names.";
        let error = kinds::TYPE_CONFLICT.error(detail);
        Err(error.at_pointer(format!("{}/type", self.data)).into())
    }

    fn change(
        &self,
        operation: Operation,
        (kind, key, name): (&str, &Key, &str),
        target_pointer: &str,
    ) -> Result<Action, ApiError> {
        let resource = writable(kind, target_pointer)?;
        let id = self.key(key, kind, target_pointer)?;
        let Some(known) = relationship(kind, name) else {
            let detail = format!("{kind} have no relationship of this name.");
            let error = kinds::NOT_FOUND.error(detail);
            return Err(error.at_pointer(target_pointer).into());
        };
        let found = linkage_operations_of(kind, name);
        let Some((links, side)) = found.and_then(|links| Some((links, (links.side)(id)?))) else {
            return self.one(operation, resource, id, known);
        };
        let seal = Seal::new(self.secret, kind, id, name);
        let expected = self.expected(&operation, id, TagScope::Linkage(&seal))?;
        let change = match operation.op {
            Op::Add => Change::Add,
            Op::Update => Change::Replace,
            Op::Remove => Change::Remove,
        };
        let linkage = self.linkage(operation)?;
        let operation = self.members(links, side, change, &linkage, expected)?;
        Ok(Action::ChangeLinkage(links, id, operation, linkage))
    }

    /// A change of a to-one relationship is an update of its resource.
    fn one(
        &self,
        operation: Operation,
        resource: &'static ResourceOperations,
        id: i64,
        known: &Relationship,
    ) -> Result<Action, ApiError> {
        if known.to_many || known.writability != Writability::Always || operation.op != Op::Update {
            return Ok(Action::ReadOnlyRelationship(
                resource,
                id,
                known.name.to_owned(),
            ));
        }
        let expected = self.expected(&operation, id, TagScope::Resource)?;
        let limits = &self.call.api.document_limits;
        let linkage = linkage_from(operation.data.unwrap_or_default(), &self.data, limits)?;
        if matches!(linkage, Linkage::Many(_)) {
            let detail = "A to-one relationship takes one identifier or null.";
            let error = kinds::INVALID_LINKAGE.error(detail);
            return Err(error.at_pointer(self.data.as_str()).into());
        }
        // Checked here so that errors point into this operation.
        related_ids(&linkage, known.target, &self.within(&self.data))?;
        let document = ResourceObject::of_relationship(resource.kind, known.name, linkage.clone());
        Ok(Action::SetRelationship(
            resource,
            Target { id, expected },
            document,
            linkage,
        ))
    }

    fn linkage(&self, operation: Operation) -> Result<Linkage, ApiError> {
        let Some(value) = operation.data else {
            let detail = "The operation has no \"data\".";
            let error = jsonapi::kinds::MISSING_MEMBER.error(detail);
            return Err(error.at_pointer(self.at.as_str()).into());
        };
        let limits = &self.call.api.document_limits;
        let linkage = linkage_from(value, &self.data, limits)?;
        if linkage == Linkage::Null {
            let detail = "A to-many relationship is never null; an empty array clears it.";
            let error = kinds::INVALID_LINKAGE.error(detail);
            return Err(error.at_pointer(self.data.as_str()).into());
        }
        Ok(linkage)
    }

    fn members(
        &self,
        links: &LinkageOperations,
        side: Side,
        change: Change,
        linkage: &Linkage,
        expected: Expected,
    ) -> Result<ChangeMembers, ApiError> {
        Ok(ChangeMembers {
            side,
            expected,
            visible: Default::default(),
            change,
            members: related_ids(linkage, links.to, &self.within(&self.data))?,
            authority: Default::default(),
        })
    }

    fn expected(
        &self,
        operation: &Operation,
        id: i64,
        scope: TagScope<'_>,
    ) -> Result<Expected, ApiError> {
        self.expected_in(&operation.meta, id, scope)
    }

    /// The precondition in `meta.if_match`. Resources that the same request creates need
    /// none.
    fn expected_in(
        &self,
        meta: &serde_json::Map<String, serde_json::Value>,
        id: i64,
        scope: TagScope<'_>,
    ) -> Result<Expected, ApiError> {
        let Some(value) = meta.get("if_match") else {
            if self.call.api.require_if_match && id >= 0 {
                let detail = "Send meta.if_match with the ETag of what you read, or *.";
                let error = kinds::PRECONDITION_REQUIRED.error(detail);
                return Err(error.at_pointer(self.at.as_str()).into());
            }
            return Ok(Expected::Anything);
        };
        value
            .as_str()
            .and_then(|text| expected_by(text, scope))
            .ok_or_else(|| {
                let detail = "if_match is an ETag, or *.";
                let at = format!("{}/meta/if_match", self.at);
                let error = jsonapi::kinds::INVALID_OPERATION.error(detail);
                error.at_pointer(at).into()
            })
    }
}

fn own_key(document: &ResourceObject) -> Option<Key> {
    let id = document.id.clone().map(Key::Id);
    id.or_else(|| document.lid.clone().map(Key::Lid))
}

fn writable(kind: &str, at: &str) -> Result<&'static ResourceOperations, ApiError> {
    resource_type(kind)
        .and_then(|known| known.operations.as_ref())
        .ok_or_else(|| {
            let detail = "There is no such resource type, or it cannot be changed.";
            kinds::NOT_FOUND.error(detail).at_pointer(at).into()
        })
}
