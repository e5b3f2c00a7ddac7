mod draft;

use serde_json::Value;

use crate::api::attribute::{CREATED, CREATED_BY, MODIFIED, MODIFIED_BY};
use crate::api::decode::{flag, refuse_all, text};
use crate::api::error::ApiError;
use crate::api::resource::{
    Attribute, AttributeKind, Constraints, CustomFilter, Deletable, OneTimeAttributes,
    Relationship, RelationshipIds, Resource, ResourceMeta, Revision, Target, Writability, Writable,
};
use crate::auth::Guard;
use crate::config::Secret;
use crate::directory::name_conflicts::{FindNameConflicts, UniqueNames};
use crate::directory::users::{
    CreateUser, DeleteUser, FindUser, UpdateUser, User, UserChanges, UserColumn,
};
use crate::directory::{self, FieldError, values};
use crate::jsonapi::write::AttributeValue;

use draft::{OLD_PASSWORD, apply_draft};
pub use draft::{UserDraft, update_own};

pub struct Users;

impl Resource for Users {
    const TYPE: &'static str = "users";
    const DOC: &'static str = "People, and accounts of programs, who can sign in and hold roles.";
    const RELATIONSHIPS: &'static [Relationship] = &[
        Relationship {
            name: "roles",
            target: "roles",
            to_many: true,
            doc: "The roles that the user holds, everywhere and without an end.",
            writability: Writability::Always,
        },
        Relationship {
            name: "grants",
            target: "grants",
            to_many: true,
            doc: "Every role that the user holds, with its scope and its time.",
            writability: Writability::Never,
        },
        Relationship {
            name: "tokens",
            target: "tokens",
            to_many: true,
            doc: "The API tokens of the user; they are created and revoked at /tokens.",
            writability: Writability::Never,
        },
        Relationship {
            name: "sign-ins",
            target: "sign-ins",
            to_many: true,
            doc: "The active sign-ins of the user; they are ended at /sign-ins.",
            writability: Writability::Never,
        },
        Relationship {
            name: "partner",
            target: "partners",
            to_many: false,
            doc: "The organization that the user belongs to; changed by holders of users:write.",
            writability: Writability::Always,
        },
    ];
    const FILTERS: &'static [(&'static str, CustomFilter)] = &[
        ("roles", CustomFilter::Roles),
        ("query", CustomFilter::Search),
    ];
    const EXTERNAL_ID: Option<UserColumn> = Some(UserColumn::ExternalId);
    const FOREIGN_KEYS: &'static [(&'static str, UserColumn)] = &[("partner", UserColumn::Partner)];
    const SEARCH_COLUMNS: &'static [UserColumn] = &[
        UserColumn::FullName,
        UserColumn::Username,
        UserColumn::Name,
        UserColumn::Surname,
        UserColumn::Email,
    ];
    type Entity = directory::users::Users;
    type Find = FindUser;
    type Draft = UserDraft;

    fn attributes() -> &'static [Attribute<Self>] {
        ATTRIBUTES
    }

    fn id(row: &User) -> i64 {
        row.id
    }

    fn find(id: i64) -> FindUser {
        FindUser {
            id,
            visible: Default::default(),
        }
    }

    fn revision(row: &User) -> Revision<'_> {
        Revision {
            version: row.version,
            last_activity: row.last_login.as_deref(),
        }
    }

    fn meta(row: &User) -> Option<ResourceMeta<'_>> {
        Some(ResourceMeta {
            created: &row.created,
            modified: &row.modified,
            created_by: row.created_by,
            modified_by: row.modified_by,
            external_id: row.external_id.as_deref(),
        })
    }
}

/// The ASCII characters that a username cannot have.
const USERNAME: &str = r"^[^\x00-\x2a,/:-?\[-^`\x7b-\x7f]+$";
/// The ASCII characters that a uname cannot have.
const UNAME: &str = r"^[^\x00-,/:-^`\x7b-\x7f]+$";

const ATTRIBUTES: &[Attribute<Users>] = &[
    attribute!(
        text username,
        Some(UserColumn::Username),
        "The name to sign in with: letters and digits of all scripts and the characters _ . @ + -. Unique among users who are not deleted, regardless of case; stored in normalization form C; a name that looks like another is refused. Only holders of users:write can change it, even their own.",
        Constraints::text(1, values::MAX_USERNAME).matching(USERNAME).required(),
        values::username
    ),
    Attribute {
        name: "password",
        doc: "Never in responses. Changing one's own requires old_password; meta.password_strength of the response then says how strong it is.",
        constraints: Constraints::PLAIN.required(),
        kind: AttributeKind::Text,
        get: None,
        column: None,
        set: Some(|draft, value| {
            draft.password = Some(Secret::new(text("password", value)?));
            Ok(())
        }),
    },
    Attribute {
        name: OLD_PASSWORD,
        doc: "The caller's current password: needed to change their own password, and their own username or e-mail address with an API token or a sign-in that is older than auth.reauthenticate_seconds.",
        constraints: Constraints::PLAIN.or_null().only_to_change(),
        kind: AttributeKind::Text,
        get: None,
        column: None,
        set: Some(|draft, value| {
            draft.old_password = match value {
                Value::Null => None,
                value => Some(Secret::new(text("old_password", value)?)),
            };
            Ok(())
        }),
    },
    Attribute {
        name: "end_tokens",
        doc: "With a new password: whether it also revokes the user's API tokens. By default it does if another user sets it.",
        constraints: Constraints::PLAIN.or_null().only_to_change(),
        kind: AttributeKind::Flag,
        get: None,
        column: None,
        set: Some(|draft, value| {
            draft.end_tokens = match value {
                Value::Null => None,
                value => Some(flag("end_tokens", value)?),
            };
            Ok(())
        }),
    },
    Attribute {
        name: "uname",
        doc: "A unique name for URLs, in lower case; by default it is derived from the username.",
        constraints: Constraints::text(1, values::MAX_USERNAME).matching(UNAME),
        kind: AttributeKind::Text,
        get: Some(|user| AttributeValue::Text(&user.uname)),
        column: Some(UserColumn::Uname),
        set: Some(|draft, value| {
            // Null derives it from the username, as leaving it out does.
            draft.changes.uname = match value {
                Value::Null => None,
                value => Some(values::uname(text("uname", value)?)?),
            };
            Ok(())
        }),
    },
    attribute!(nullable_text name, Some(UserColumn::Name), "Given name.", values::MAX_TEXT),
    attribute!(nullable_text surname, Some(UserColumn::Surname), "Family name.", values::MAX_TEXT),
    attribute!(
        nullable_text full_name,
        Some(UserColumn::FullName),
        "The full name as it is to be shown.",
        values::MAX_TEXT
    ),
    attribute!(
        nullable email,
        Some(UserColumn::Email),
        "An e-mail address.",
        Constraints::text(1, values::MAX_EMAIL),
        values::email
    ),
    attribute!(
        nullable_text position,
        Some(UserColumn::Position),
        "What the user does in the organization.",
        values::MAX_TEXT
    ),
    attribute!(
        nullable_text organization,
        Some(UserColumn::Organization),
        "Where the user works.",
        values::MAX_TEXT
    ),
    attribute!(
        nullable_text time_zone,
        Some(UserColumn::TimeZone),
        "A time zone, like Europe/Rome.",
        values::MAX_TEXT
    ),
    attribute!(
        flag is_active,
        Some(UserColumn::IsActive),
        "Whether the user can sign in; true for a new user."
    ),
    attribute!(
        flag is_staff,
        Some(UserColumn::IsStaff),
        "Whether the user belongs to the staff."
    ),
    attribute!(
        read_only flag external,
        Some(UserColumn::External),
        "Whether the user comes from another directory (LDAP)."
    ),
    attribute!(
        read_only nullable_time last_login,
        Some(UserColumn::LastLogin),
        "When the user last signed in with the password."
    ),
    attribute!(read_only nullable_number created_by, Some(UserColumn::CreatedBy), CREATED_BY),
    attribute!(read_only nullable_number modified_by, Some(UserColumn::ModifiedBy), MODIFIED_BY),
    attribute!(read_only time created, Some(UserColumn::Created), CREATED),
    attribute!(read_only time modified, Some(UserColumn::Modified), MODIFIED),
];

impl Deletable for Users {
    type Delete = DeleteUser;

    fn deletion(target: Target) -> DeleteUser {
        DeleteUser {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
            ceiling: Default::default(),
        }
    }
}

/// The partner in the relationships; `None` if it was not sent.
fn partner(linked: &mut RelationshipIds) -> Option<Option<i64>> {
    Some(linked.take("partner")?.first().copied())
}

impl Writable for Users {
    type Create = CreateUser;
    type Update = UpdateUser;
    const UPDATE_CHECKS_VISIBILITY: bool = true;
    const CLIENT_ID: Option<fn(&mut UserDraft, String)> =
        Some(|draft, id| draft.changes.external_id = Some(id));

    async fn creation(
        guard: &Guard,
        mut draft: UserDraft,
        mut field_errors: Vec<FieldError>,
        mut linked: RelationshipIds,
    ) -> Result<(CreateUser, OneTimeAttributes), ApiError> {
        draft.changes.partner_id = partner(&mut linked);
        let mut operation = CreateUser {
            changes: UserChanges::default(),
            roles: linked.take("roles"),
            ceiling: Default::default(),
        };
        // Permissions are checked before the password is hashed.
        guard.permits(&mut operation)?;
        field_errors.extend(CreateUser::missing(
            &draft.changes,
            draft.password.is_some(),
        ));
        let owner = draft.owner(None);
        field_errors.extend(draft.check_password(guard, &owner).await?);
        let claims =
            || FindNameConflicts::new(UniqueNames::User(Box::new(draft.changes.clone())), None);
        refuse_all(guard, field_errors, claims).await?;
        draft.hash(guard, None).await?;
        operation.changes = draft.changes;
        Ok((operation, OneTimeAttributes::new()))
    }

    async fn change(
        guard: &Guard,
        target: Target,
        mut draft: UserDraft,
        field_errors: Vec<FieldError>,
        mut linked: RelationshipIds,
    ) -> Result<UpdateUser, ApiError> {
        draft.changes.partner_id = partner(&mut linked);
        let mut operation = UpdateUser {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
            changes: draft.changes.clone(),
            roles: linked.take("roles"),
            ceiling: Default::default(),
            may_set_flags: false,
            may_rename: false,
            is_password_confirmed: false,
            end_tokens: None,
        };
        guard.permits(&mut operation)?;
        apply_draft(&mut operation, guard, draft, field_errors).await?;
        Ok(operation)
    }
}
