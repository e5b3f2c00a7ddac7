//! The trash: the attributes of users, read-only except for the names to restore with,
//! plus the time and author of the deletion.

use std::sync::LazyLock;

use super::Users;
use super::users::UserDraft;
use crate::api::resource::{
    Attribute, AttributeKind, Constraints, CustomFilter, Deletable, Relationship, Resource,
    ResourceMeta, Restorable, Revision, Target,
};
use crate::directory;
use crate::directory::trash::{FindTrashedUser, PurgeUser, RestoreUser};
use crate::directory::users::{User, UserColumn};
use crate::jsonapi::write::AttributeValue;

pub struct TrashedUsers;

impl Resource for TrashedUsers {
    const TYPE: &'static str = Users::TYPE;
    const PATH: &'static str = "trash/users";
    const DOC: &'static str = "Deleted users, for holders of users:read and users:write. \
         They keep their names, which are free for others, and roles; PATCH restores one, \
         under another username or uname where that is sent, DELETE purges it for good.";
    /// Relationship URLs exist for users that are not deleted.
    const RELATIONSHIPS: &'static [Relationship] = &[];
    const FILTERS: &'static [(&'static str, CustomFilter)] = Users::FILTERS;
    const SEARCH_COLUMNS: &'static [UserColumn] = Users::SEARCH_COLUMNS;
    type Entity = directory::trash::TrashedUsers;
    type Find = FindTrashedUser;
    type Draft = UserDraft;

    fn attributes() -> &'static [Attribute<Self>] {
        &ATTRIBUTES
    }

    fn id(row: &User) -> i64 {
        Users::id(row)
    }

    fn find(id: i64) -> FindTrashedUser {
        FindTrashedUser {
            id,
            visible: Default::default(),
        }
    }

    fn revision(row: &User) -> Revision<'_> {
        Users::revision(row)
    }

    fn meta(row: &User) -> Option<ResourceMeta<'_>> {
        Users::meta(row)
    }
}

static ATTRIBUTES: LazyLock<Vec<Attribute<TrashedUsers>>> = LazyLock::new(|| {
    let shown = Users::attributes()
        .iter()
        .filter(|attribute| attribute.get.is_some())
        .map(|attribute| Attribute {
            name: attribute.name,
            kind: attribute.kind,
            doc: attribute.doc,
            constraints: attribute.constraints,
            get: attribute.get,
            column: attribute.column,
            // A name that was taken since can be changed when the user is restored.
            set: attribute
                .set
                .filter(|_| matches!(attribute.name, "username" | "uname")),
        });
    shown.chain(DELETION).collect()
});

const DELETION: [Attribute<TrashedUsers>; 2] = [
    Attribute {
        name: "deleted",
        doc: "When it was deleted.",
        constraints: Constraints::PLAIN,
        kind: AttributeKind::Time,
        get: Some(|user| AttributeValue::nullable(&user.deleted_at)),
        column: Some(UserColumn::DeletedAt),
        set: None,
    },
    // Deleted users are never modified: the last modification was the deletion.
    Attribute {
        name: "deleted_by",
        doc: "The id of the user who deleted it; null for the program itself.",
        constraints: Constraints::PLAIN.or_null(),
        kind: AttributeKind::Number,
        get: Some(|user| AttributeValue::nullable_number(user.modified_by)),
        column: Some(UserColumn::ModifiedBy),
        set: None,
    },
];

impl Deletable for TrashedUsers {
    type Delete = PurgeUser;

    fn deletion(target: Target) -> PurgeUser {
        PurgeUser {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
            ceiling: Default::default(),
        }
    }
}

impl Restorable for TrashedUsers {
    type Restored = Users;
    type Restore = RestoreUser;

    fn restoration(target: Target, draft: UserDraft) -> RestoreUser {
        RestoreUser {
            id: target.id,
            names: draft.names(),
            expected: target.expected,
            visible: Default::default(),
            ceiling: Default::default(),
        }
    }
}
