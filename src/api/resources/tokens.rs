use serde_json::Value;

use crate::api::attribute::{CREATED, MODIFIED};
use crate::api::decode::{refuse, texts};
use crate::api::error::Failure;
use crate::api::resource::{
    Attribute, Deletable, Form, Kind, Linked, Relationship, Resource, Revision, Sent, ShownOnce,
    Stamp, Target, Writable,
};
use crate::auth::Guard;
use crate::auth::secret::TokenSecret;
use crate::directory::permissions::check_names;
use crate::directory::tokens::{
    CreateToken, DeleteToken, FindToken, Token, TokenChanges, TokenColumn, UpdateToken,
};
use crate::directory::{self, DirectoryError, Problem, clock, values};
use crate::jsonapi::write::Shown;

pub struct Tokens;

/// The attribute that is shown once, in the answer that makes a token.
const SECRET: &str = "token";

impl Resource for Tokens {
    const TYPE: &'static str = "tokens";
    const DOC: &'static str = "API tokens: credentials for programs, which act as their user and may be narrowed by scopes.";
    const RELATIONSHIPS: &'static [Relationship] = &[Relationship {
        name: "user",
        target: "users",
        to_many: false,
        doc: "Whose token it is. Left out of a new token, it is the caller.",
        sent: Sent::ToCreate,
    }];
    const ONCE: &'static [(&'static str, &'static str)] = &[(
        SECRET,
        "The secret itself, only in the answer to the request that makes the token.",
    )];
    type Noun = directory::tokens::Tokens;
    type Find = FindToken;
    type Draft = TokenChanges;

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
            seen: row.last_used.as_deref(),
        }
    }

    fn stamp(row: &Token) -> Option<Stamp<'_>> {
        Some(Stamp {
            created: &row.created,
            modified: &row.modified,
            created_by: row.created_by,
            modified_by: None,
            external_id: None,
        })
    }
}

gathers_itself!(TokenChanges);

const ATTRIBUTES: &[Attribute<Tokens>] = &[
    attribute!(
        text name,
        Some(TokenColumn::Name),
        "What the token is for.",
        Form::text(1, values::MAX_TEXT).required(),
        |name| {
            values::within("name", name, 1, values::MAX_TEXT)?;
            Ok(name.to_owned())
        }
    ),
    Attribute {
        name: "scopes",
        doc: "What the token may do at most: names of permissions. Null: all that its user may.",
        form: Form::names().or_null(),
        kind: Kind::Structure,
        show: Some(|token| token.scopes.as_deref().map_or(Shown::Null, Shown::Json)),
        column: None,
        read: Some(|changes, value| {
            changes.scopes = Some(match value {
                Value::Null => None,
                value => Some(check_names("scopes", &texts("scopes", value)?)?),
            });
            Ok(())
        }),
    },
    attribute!(
        maybe_time expires,
        Some(TokenColumn::Expires),
        "When the token ends. Null: never."
    ),
    attribute!(
        shown maybe_time last_used,
        Some(TokenColumn::LastUsed),
        "When the token was last used."
    ),
    attribute!(shown time created, Some(TokenColumn::Created), CREATED),
    attribute!(shown time modified, Some(TokenColumn::Modified), MODIFIED),
];

impl Deletable for Tokens {
    type Delete = DeleteToken;

    fn deletion(target: Target) -> DeleteToken {
        DeleteToken {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
            reach: Default::default(),
        }
    }
}

impl Writable for Tokens {
    type Create = CreateToken;
    type Update = UpdateToken;
    const MAKES_SECRETS: bool = true;

    /// For oneself, unless the document names another `user`. The answer to
    /// this request is the only one that shows the secret.
    async fn creation(
        guard: &Guard,
        draft: TokenChanges,
        mut problems: Vec<Problem>,
        mut linked: Linked,
    ) -> Result<(CreateToken, ShownOnce), Failure> {
        let secret = TokenSecret::random().map_err(DirectoryError::internal)?;
        let named = linked.take("user").and_then(|ids| ids.first().copied());
        let mut operation = CreateToken {
            hash: secret.hash(),
            user_id: named.unwrap_or(guard.principal().id),
            changes: draft,
            reach: Default::default(),
        };
        guard.permits(&mut operation)?;
        problems.extend(CreateToken::missing(&operation.changes));
        let expires = operation
            .changes
            .expires
            .as_ref()
            .and_then(|expires| expires.as_deref());
        if expires.is_some_and(|expires| *expires <= *clock::text(guard.context().now)) {
            problems.push(Problem::invalid("expires", "This moment has passed."));
        }
        refuse(problems)?;
        Ok((operation, vec![(SECRET, secret.expose().to_owned())]))
    }

    async fn change(
        guard: &Guard,
        target: Target,
        draft: TokenChanges,
        problems: Vec<Problem>,
        _: Linked,
    ) -> Result<UpdateToken, Failure> {
        let mut operation = UpdateToken {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
            changes: draft,
            reach: Default::default(),
        };
        guard.permits(&mut operation)?;
        refuse(problems)?;
        Ok(operation)
    }
}
