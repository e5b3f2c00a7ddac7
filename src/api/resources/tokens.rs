use serde_json::Value;

use crate::api::attribute::{AsChanges, CREATED, MODIFIED};
use crate::api::decode::{refuse, text, texts};
use crate::api::error::ApiError;
use crate::api::resource::{
    Attribute, AttributeKind, Constraints, Deletable, OneTimeAttributes, Relationship,
    RelationshipIds, Resource, ResourceMeta, Revision, Target, Writability, Writable,
};
use crate::auth::Guard;
use crate::auth::secret::TokenSecret;
use crate::config::Secret;
use crate::directory::permissions::check_names;
use crate::directory::tokens::{
    CreateToken, DeleteToken, FindToken, Token, TokenChanges, TokenColumn, UpdateToken,
};
use crate::directory::{self, DirectoryError, FieldError, clock, values};
use crate::jsonapi::write::AttributeValue;

pub struct Tokens;

/// The decoded attributes of a request.
#[derive(Default)]
pub struct TokenDraft {
    changes: TokenChanges,
    /// The caller's own password: the token then does not end with the sign-in.
    password: Option<Secret>,
}

impl AsChanges for TokenDraft {
    type Changes = TokenChanges;

    fn changes(&mut self) -> &mut TokenChanges {
        &mut self.changes
    }
}

/// The one-time attribute with the token itself.
const SECRET: &str = "token";
const PASSWORD: &str = "password";

impl Resource for Tokens {
    const TYPE: &'static str = "tokens";
    const DOC: &'static str = "API tokens: credentials for programs, which act as their user and may be narrowed by scopes.";
    const RELATIONSHIPS: &'static [Relationship] = &[Relationship {
        name: "user",
        target: "users",
        to_many: false,
        doc: "The user that the token acts as; by default the caller.",
        writability: Writability::OnCreate,
    }];
    const ONE_TIME: &'static [(&'static str, &'static str)] = &[(
        SECRET,
        "The secret itself, only in the response to the creation of the token.",
    )];
    type Entity = directory::tokens::Tokens;
    type Find = FindToken;
    type Draft = TokenDraft;

    fn attributes() -> &'static [Attribute<Self>] {
        ATTRIBUTES
    }

    fn id(row: &Token) -> i64 {
        row.id
    }

    fn find(id: i64) -> FindToken {
        FindToken {
            id,
            visible: Default::default(),
        }
    }

    fn revision(row: &Token) -> Revision<'_> {
        Revision {
            version: row.version,
            last_activity: row.last_used.as_deref(),
        }
    }

    fn meta(row: &Token) -> Option<ResourceMeta<'_>> {
        Some(ResourceMeta {
            created: &row.created,
            modified: &row.modified,
            created_by: row.created_by,
            modified_by: row.last_author(),
            external_id: None,
        })
    }
}

const ATTRIBUTES: &[Attribute<Tokens>] = &[
    attribute!(
        text name,
        Some(TokenColumn::Name),
        "What the token is for.",
        Constraints::text(1, values::MAX_TEXT).required(),
        |name| {
            values::within("name", name, 1, values::MAX_TEXT)?;
            Ok(name.to_owned())
        }
    ),
    Attribute {
        name: "scopes",
        doc: "The permissions that the token is limited to. Null: all permissions of its user.",
        constraints: Constraints::names().or_null(),
        kind: AttributeKind::Structure,
        get: Some(|token| {
            token
                .scopes
                .as_deref()
                .map_or(AttributeValue::Null, AttributeValue::Json)
        }),
        column: None,
        set: Some(|draft, value| {
            draft.changes.scopes = Some(match value {
                Value::Null => None,
                value => Some(check_names("scopes", &texts("scopes", value)?)?),
            });
            Ok(())
        }),
    },
    attribute!(
        nullable_time expires,
        Some(TokenColumn::Expires),
        "When the token ends. Null: never."
    ),
    Attribute {
        name: PASSWORD,
        doc: "The caller's own password: with it, a token that is created with an access token does not end with its sign-in. Never in responses.",
        constraints: Constraints::PLAIN.or_null().only_to_create(),
        kind: AttributeKind::Text,
        get: None,
        column: None,
        set: Some(|draft, value| {
            draft.password = match value {
                Value::Null => None,
                value => Some(Secret::new(text("password", value)?)),
            };
            Ok(())
        }),
    },
    Attribute {
        name: "ends_with_sign_in",
        doc: "Whether the token ends with the sign-in that it was created with.",
        constraints: Constraints::PLAIN,
        kind: AttributeKind::Flag,
        get: Some(|token| AttributeValue::Flag(token.sign_in_id.is_some())),
        column: None,
        set: None,
    },
    attribute!(
        read_only nullable_time last_used,
        Some(TokenColumn::LastUsed),
        "When the token was last used."
    ),
    attribute!(read_only time created, Some(TokenColumn::Created), CREATED),
    attribute!(read_only time modified, Some(TokenColumn::Modified), MODIFIED),
];

impl Deletable for Tokens {
    type Delete = DeleteToken;

    fn deletion(target: Target) -> DeleteToken {
        DeleteToken {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
            ceiling: Default::default(),
        }
    }
}

impl Writable for Tokens {
    type Create = CreateToken;
    type Update = UpdateToken;
    const RETURNS_SECRET: bool = true;

    /// A token of the caller, unless the document names another `user`. Only the response
    /// to this request contains the secret.
    async fn creation(
        guard: &Guard,
        draft: TokenDraft,
        mut field_errors: Vec<FieldError>,
        mut linked: RelationshipIds,
    ) -> Result<(CreateToken, OneTimeAttributes), ApiError> {
        let secret = TokenSecret::random().map_err(DirectoryError::internal)?;
        let named = linked.take("user").and_then(|ids| ids.first().copied());
        let mut operation = CreateToken {
            hash: secret.hash(),
            user_id: named.unwrap_or(guard.principal().id),
            changes: draft.changes,
            ceiling: Default::default(),
            most: i64::try_from(guard.auth().settings().tokens_per_user).unwrap_or(i64::MAX),
            is_password_confirmed: false,
            sign_in_id: None,
        };
        guard.permits(&mut operation)?;
        field_errors.extend(CreateToken::missing(&operation.changes));
        let expires = operation
            .changes
            .expires
            .as_ref()
            .and_then(|expires| expires.as_deref());
        if expires.is_some_and(|expires| *expires <= *clock::text(guard.context().now)) {
            field_errors.push(FieldError::invalid("expires", "This time is in the past."));
        }
        refuse(field_errors)?;
        if let Some(password) = draft.password {
            if !guard.is_own_password(password.expose()).await? {
                return Err(ApiError::WrongPassword(PASSWORD));
            }
            operation.is_password_confirmed = true;
        }
        Ok((operation, vec![(SECRET, secret.expose().to_owned())]))
    }

    async fn change(
        guard: &Guard,
        target: Target,
        draft: TokenDraft,
        field_errors: Vec<FieldError>,
        _: RelationshipIds,
    ) -> Result<UpdateToken, ApiError> {
        let mut operation = UpdateToken {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
            changes: draft.changes,
            ceiling: Default::default(),
        };
        guard.permits(&mut operation)?;
        refuse(field_errors)?;
        Ok(operation)
    }
}
