use serde_json::Value;

use crate::api::decode::{flag, maybe_text, refuse, text};
use crate::api::error::Failure;
use crate::api::kinds;
use crate::api::resource::{
    Attribute, Deletable, Form, Kind, Linked, OwnFilter, Relationship, Resource, Revision, Sent,
    ShownOnce, Stamp, Target, Writable,
};
use crate::auth::Guard;
use crate::config::Secret;
use crate::directory::users::{
    CreateUser, DeleteUser, FindUser, UpdateOwn, UpdateUser, User, UserChanges, UserColumn,
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
    const DOC: &'static str = "People, and accounts of programs, who can sign in and hold roles.";
    const RELATIONSHIPS: &'static [Relationship] = &[
        Relationship {
            name: "roles",
            target: "roles",
            to_many: true,
            doc: "The roles that the user holds, everywhere and without an end.",
            sent: Sent::Always,
        },
        Relationship {
            name: "tokens",
            target: "tokens",
            to_many: true,
            doc: "The API tokens of the user; they are made and revoked at /tokens.",
            sent: Sent::Never,
        },
    ];
    const FILTERS: &'static [(&'static str, OwnFilter)] =
        &[("roles", OwnFilter::Roles), ("query", OwnFilter::Search)];
    const SEARCHED: &'static [UserColumn] = &[
        UserColumn::Username,
        UserColumn::Name,
        UserColumn::Surname,
        UserColumn::Email,
    ];
    type Noun = directory::users::Users;
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
    doc: &'static str,
    form: Form,
    column: UserColumn,
    show: for<'a> fn(&'a User) -> Shown<'a>,
    read: Read,
) -> Attribute<Users> {
    Attribute {
        name,
        doc,
        form,
        kind: Kind::Text,
        show: Some(show),
        column: Some(column),
        read: Some(read),
    }
}

const fn read_only(
    name: &'static str,
    doc: &'static str,
    form: Form,
    kind: Kind,
    column: UserColumn,
    show: for<'a> fn(&'a User) -> Shown<'a>,
) -> Attribute<Users> {
    Attribute {
        name,
        doc,
        form,
        kind,
        show: Some(show),
        column: Some(column),
        read: None,
    }
}

/// The ASCII characters that a username cannot have.
const USERNAME: &str = r"^[^\x00-\x2a,/:-?\[-^`\x7b-\x7f]+$";
/// The ASCII characters that a uname cannot have.
const UNAME: &str = r"^[^\x00-,/:-^`\x7b-\x7f]+$";

const ATTRIBUTES: &[Attribute<Users>] = &[
    Attribute {
        name: "username",
        doc: "The name to sign in with: letters and digits of all scripts and the characters _ . @ + -. Unique, compared exactly.",
        form: Form::text(1, values::MAX_USERNAME)
            .matching(USERNAME)
            .required(),
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
        doc: "Set by whoever may; in no answer.",
        form: Form::PLAIN.required(),
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
        doc: "A unique name for addresses, in lower case; made from the username when it is left out.",
        form: Form::text(1, values::MAX_USERNAME).matching(UNAME),
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
        "Given name.",
        Form::SHORT,
        UserColumn::Name,
        |user| Shown::maybe(&user.name),
        |draft, value| {
            draft.changes.name = Some(maybe_text("name", value, values::MAX_TEXT)?);
            Ok(())
        },
    ),
    optional(
        "surname",
        "Family name.",
        Form::SHORT,
        UserColumn::Surname,
        |user| Shown::maybe(&user.surname),
        |draft, value| {
            draft.changes.surname = Some(maybe_text("surname", value, values::MAX_TEXT)?);
            Ok(())
        },
    ),
    optional(
        "full_name",
        "The whole name as it shall be shown.",
        Form::SHORT,
        UserColumn::FullName,
        |user| Shown::maybe(&user.full_name),
        |draft, value| {
            draft.changes.full_name = Some(maybe_text("full_name", value, values::MAX_TEXT)?);
            Ok(())
        },
    ),
    optional(
        "email",
        "An e-mail address.",
        Form::text(1, values::MAX_EMAIL).or_null(),
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
        "What the user does in the organization.",
        Form::SHORT,
        UserColumn::Position,
        |user| Shown::maybe(&user.position),
        |draft, value| {
            draft.changes.position = Some(maybe_text("position", value, values::MAX_TEXT)?);
            Ok(())
        },
    ),
    optional(
        "organization",
        "Where the user works.",
        Form::SHORT,
        UserColumn::Organization,
        |user| Shown::maybe(&user.organization),
        |draft, value| {
            draft.changes.organization = Some(maybe_text("organization", value, values::MAX_TEXT)?);
            Ok(())
        },
    ),
    optional(
        "time_zone",
        "A time zone, like Europe/Rome.",
        Form::SHORT,
        UserColumn::TimeZone,
        |user| Shown::maybe(&user.time_zone),
        |draft, value| {
            draft.changes.time_zone = Some(maybe_text("time_zone", value, values::MAX_TEXT)?);
            Ok(())
        },
    ),
    Attribute {
        name: "is_active",
        doc: "Whether the user can sign in; true for a new user.",
        form: Form::PLAIN,
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
        doc: "Whether the user belongs to the staff.",
        form: Form::PLAIN,
        kind: Kind::Flag,
        show: Some(|user| Shown::Flag(user.is_staff)),
        column: Some(UserColumn::IsStaff),
        read: Some(|draft, value| {
            draft.changes.is_staff = Some(flag("is_staff", value)?);
            Ok(())
        }),
    },
    read_only(
        "external",
        "Whether the user comes from another directory.",
        Form::PLAIN,
        Kind::Flag,
        UserColumn::External,
        |user| Shown::Flag(user.external),
    ),
    read_only(
        "last_login",
        "When the user last signed in with the password.",
        Form::PLAIN.or_null(),
        Kind::Time,
        UserColumn::LastLogin,
        |user| Shown::maybe(&user.last_login),
    ),
    read_only(
        "created_by",
        "The id of the user who made it; null for the program itself.",
        Form::PLAIN.or_null(),
        Kind::Number,
        UserColumn::CreatedBy,
        |user| Shown::maybe_number(user.created_by),
    ),
    read_only(
        "modified_by",
        "The id of the user who changed it last; null for the program itself.",
        Form::PLAIN.or_null(),
        Kind::Number,
        UserColumn::ModifiedBy,
        |user| Shown::maybe_number(user.modified_by),
    ),
    read_only(
        "created",
        "When it was made.",
        Form::PLAIN,
        Kind::Time,
        UserColumn::Created,
        |user| Shown::Text(&user.created),
    ),
    read_only(
        "modified",
        "When it was last changed.",
        Form::PLAIN,
        Kind::Time,
        UserColumn::Modified,
        |user| Shown::Text(&user.modified),
    ),
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

/// What `/auth/user` changes: the caller's own record. `old_password` proves a
/// new password to be the caller's wish, not that of somebody with their token.
pub async fn update_own(
    guard: &Guard,
    mut draft: UserDraft,
    mut problems: Vec<Problem>,
    old_password: Option<&Secret>,
    from: Option<std::net::IpAddr>,
) -> Result<User, Failure> {
    let mut operation = UpdateOwn::new(guard.principal().id, draft.changes.clone());
    guard.permits(&mut operation)?;
    problems.extend(draft.check_password(guard));
    if draft.password.is_some() && old_password.is_none() {
        problems.push(Problem::missing("old_password"));
    }
    refuse(problems)?;
    if let (Some(_), Some(old)) = (&draft.password, old_password) {
        let (auth, principal) = (guard.auth(), guard.principal());
        let fits = auth.is_password_of(principal, old.expose(), from, guard.context());
        if !fits.await? {
            return Err(kinds::WRONG_PASSWORD
                .error("The old password is another.")
                .at_pointer("/data/attributes/old_password")
                .into());
        }
    }
    draft.hash(guard).await?;
    operation.0.changes = draft.changes;
    Ok(guard.write(operation).await?)
}

impl Deletable for Users {
    type Delete = DeleteUser;

    fn deletion(target: Target) -> DeleteUser {
        DeleteUser {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
            reach: Default::default(),
        }
    }
}

impl Writable for Users {
    type Create = CreateUser;
    type Update = UpdateUser;
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
            sees_trash: false,
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
            sees_trash: false,
        };
        guard.permits(&mut operation)?;
        problems.extend(draft.check_password(guard));
        refuse(problems)?;
        draft.hash(guard).await?;
        operation.changes = draft.changes;
        Ok(operation)
    }
}
