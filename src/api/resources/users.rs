use serde_json::Value;

use crate::api::decode::{flag, maybe_text, refuse, text};
use crate::api::error::Failure;
use crate::api::resource::{
    Attribute, Kind, Linked, Relationship, Resource, Revision, Sent, ShownOnce, Stamp, Target,
    Writable,
};
use crate::auth::Guard;
use crate::config::Secret;
use crate::directory::users::{
    CreateUser, DeleteUser, FindUser, UpdateUser, User, UserChanges, UserColumn,
};
use crate::directory::{self, Problem, values};
use crate::jsonapi::write::Shown;

pub struct Users;

/// The attributes of a request; the password is hashed only when all else is well.
#[derive(Default)]
pub struct UserDraft {
    changes: UserChanges,
    password: Option<Secret>,
}

impl Resource for Users {
    const TYPE: &'static str = "users";
    const RELATIONSHIPS: &'static [Relationship] = &[
        Relationship {
            name: "roles",
            target: "roles",
            to_many: true,
            sent: Sent::Always,
        },
        Relationship {
            name: "tokens",
            target: "tokens",
            to_many: true,
            sent: Sent::Never,
        },
    ];
    type Noun = directory::users::Users;
    const ID: UserColumn = UserColumn::Id;
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
            seen: row.last_login.as_deref(),
        }
    }

    fn stamp(row: &User) -> Option<Stamp<'_>> {
        Some(Stamp {
            created: &row.created,
            modified: &row.modified,
            created_by: row.created_by,
            modified_by: row.modified_by,
            external_id: row.external_id.as_deref(),
        })
    }
}

type Read = fn(&mut UserDraft, &Value) -> Result<(), Problem>;

/// A text that may be null.
const fn optional(
    name: &'static str,
    column: UserColumn,
    show: for<'a> fn(&'a User) -> Shown<'a>,
    read: Read,
) -> Attribute<Users> {
    Attribute {
        name,
        kind: Kind::Text,
        show: Some(show),
        column: Some(column),
        read: Some(read),
    }
}

const fn read_only(
    name: &'static str,
    kind: Kind,
    column: UserColumn,
    show: for<'a> fn(&'a User) -> Shown<'a>,
) -> Attribute<Users> {
    Attribute {
        name,
        kind,
        show: Some(show),
        column: Some(column),
        read: None,
    }
}

const ATTRIBUTES: &[Attribute<Users>] = &[
    Attribute {
        name: "username",
        kind: Kind::Text,
        show: Some(|user| Shown::Text(&user.username)),
        column: Some(UserColumn::Username),
        read: Some(|draft, value| {
            draft.changes.username = Some(values::username(text("username", value)?)?);
            Ok(())
        }),
    },
    Attribute {
        name: "password",
        kind: Kind::Text,
        show: None,
        column: None,
        read: Some(|draft, value| {
            draft.password = Some(Secret::new(text("password", value)?));
            Ok(())
        }),
    },
    Attribute {
        name: "uname",
        kind: Kind::Text,
        show: Some(|user| Shown::Text(&user.uname)),
        column: Some(UserColumn::Uname),
        read: Some(|draft, value| {
            // Null asks for what the username suggests, as leaving it out does.
            draft.changes.uname = match value {
                Value::Null => None,
                value => Some(values::uname(text("uname", value)?)?),
            };
            Ok(())
        }),
    },
    optional(
        "name",
        UserColumn::Name,
        |user| Shown::maybe(&user.name),
        |draft, value| {
            draft.changes.name = Some(maybe_text("name", value, values::MAX_TEXT)?);
            Ok(())
        },
    ),
    optional(
        "surname",
        UserColumn::Surname,
        |user| Shown::maybe(&user.surname),
        |draft, value| {
            draft.changes.surname = Some(maybe_text("surname", value, values::MAX_TEXT)?);
            Ok(())
        },
    ),
    optional(
        "full_name",
        UserColumn::FullName,
        |user| Shown::maybe(&user.full_name),
        |draft, value| {
            draft.changes.full_name = Some(maybe_text("full_name", value, values::MAX_TEXT)?);
            Ok(())
        },
    ),
    optional(
        "email",
        UserColumn::Email,
        |user| Shown::maybe(&user.email),
        |draft, value| {
            draft.changes.email = Some(match value {
                Value::Null => None,
                value => Some(values::email(text("email", value)?)?),
            });
            Ok(())
        },
    ),
    optional(
        "position",
        UserColumn::Position,
        |user| Shown::maybe(&user.position),
        |draft, value| {
            draft.changes.position = Some(maybe_text("position", value, values::MAX_TEXT)?);
            Ok(())
        },
    ),
    optional(
        "organization",
        UserColumn::Organization,
        |user| Shown::maybe(&user.organization),
        |draft, value| {
            draft.changes.organization = Some(maybe_text("organization", value, values::MAX_TEXT)?);
            Ok(())
        },
    ),
    optional(
        "time_zone",
        UserColumn::TimeZone,
        |user| Shown::maybe(&user.time_zone),
        |draft, value| {
            draft.changes.time_zone = Some(maybe_text("time_zone", value, values::MAX_TEXT)?);
            Ok(())
        },
    ),
    Attribute {
        name: "is_active",
        kind: Kind::Flag,
        show: Some(|user| Shown::Flag(user.is_active)),
        column: Some(UserColumn::IsActive),
        read: Some(|draft, value| {
            draft.changes.is_active = Some(flag("is_active", value)?);
            Ok(())
        }),
    },
    Attribute {
        name: "is_staff",
        kind: Kind::Flag,
        show: Some(|user| Shown::Flag(user.is_staff)),
        column: Some(UserColumn::IsStaff),
        read: Some(|draft, value| {
            draft.changes.is_staff = Some(flag("is_staff", value)?);
            Ok(())
        }),
    },
    read_only("external", Kind::Flag, UserColumn::External, |user| {
        Shown::Flag(user.external)
    }),
    read_only("last_login", Kind::Time, UserColumn::LastLogin, |user| {
        Shown::maybe(&user.last_login)
    }),
    read_only("created_by", Kind::Number, UserColumn::CreatedBy, |user| {
        Shown::maybe_number(user.created_by)
    }),
    read_only(
        "modified_by",
        Kind::Number,
        UserColumn::ModifiedBy,
        |user| Shown::maybe_number(user.modified_by),
    ),
    read_only("created", Kind::Time, UserColumn::Created, |user| {
        Shown::Text(&user.created)
    }),
    read_only("modified", Kind::Time, UserColumn::Modified, |user| {
        Shown::Text(&user.modified)
    }),
];

impl UserDraft {
    /// Lengths count characters; both ends are settings.
    fn check_password(&self, guard: &Guard) -> Option<Problem> {
        let password = self.password.as_ref()?;
        let settings = guard.auth().settings();
        let length = password.expose().chars().count();
        if length < settings.password_min_length {
            let least = settings.password_min_length;
            return Some(Problem::invalid(
                "password",
                format!("Use at least {least} characters."),
            ));
        }
        let most = settings.password_max_length;
        (length > most)
            .then(|| Problem::invalid("password", format!("Use at most {most} characters.")))
    }

    async fn hash(&mut self, guard: &Guard) -> Result<(), Failure> {
        if let Some(password) = self.password.take() {
            self.changes.password_hash =
                Some(Some(guard.auth().hasher.hash(password.expose()).await?));
        }
        Ok(())
    }
}

impl Writable for Users {
    type Create = CreateUser;
    type Update = UpdateUser;
    type Delete = DeleteUser;
    const CLIENT_ID: Option<fn(&mut UserDraft, String)> =
        Some(|draft, id| draft.changes.external_id = Some(id));

    async fn creation(
        guard: &Guard,
        mut draft: UserDraft,
        mut problems: Vec<Problem>,
        mut linked: Linked,
    ) -> Result<(CreateUser, ShownOnce), Failure> {
        let mut operation = CreateUser {
            changes: UserChanges::default(),
            roles: linked.take("roles"),
            reach: Default::default(),
        };
        // Rights before the cost of a hash.
        guard.permits(&mut operation)?;
        problems.extend(CreateUser::missing(
            &draft.changes,
            draft.password.is_some(),
        ));
        problems.extend(draft.check_password(guard));
        refuse(problems)?;
        draft.hash(guard).await?;
        operation.changes = draft.changes;
        Ok((operation, ShownOnce::new()))
    }

    async fn change(
        guard: &Guard,
        target: Target,
        mut draft: UserDraft,
        mut problems: Vec<Problem>,
        mut linked: Linked,
    ) -> Result<UpdateUser, Failure> {
        let mut operation = UpdateUser {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
            changes: draft.changes.clone(),
            roles: linked.take("roles"),
            reach: Default::default(),
            may_set_flags: false,
        };
        guard.permits(&mut operation)?;
        problems.extend(draft.check_password(guard));
        refuse(problems)?;
        draft.hash(guard).await?;
        operation.changes = draft.changes;
        Ok(operation)
    }

    fn deletion(target: Target) -> DeleteUser {
        DeleteUser {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
            reach: Default::default(),
        }
    }
}
