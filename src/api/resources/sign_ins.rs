use crate::api::attribute::CREATED;
use crate::api::resource::{
    Attribute, Deletable, Relationship, Resource, Revision, Target, Writability,
};
use crate::directory;
use crate::directory::sign_ins::{DeleteSignIn, FindSignInById, SignIn, SignInColumn};

/// Sign-ins are created at `/auth`, and ended here or there.
pub struct SignIns;

impl Resource for SignIns {
    const TYPE: &'static str = "sign-ins";
    const DOC: &'static str = "Active sign-ins. Deleting one ends its access and refresh tokens, and the API tokens that end with it.";
    const RELATIONSHIPS: &'static [Relationship] = &[Relationship {
        name: "user",
        target: "users",
        to_many: false,
        doc: "The user who signed in.",
        writability: Writability::Never,
    }];
    type Entity = directory::sign_ins::SignIns;
    type Find = FindSignInById;
    type Draft = ();

    fn attributes() -> &'static [Attribute<Self>] {
        ATTRIBUTES
    }

    fn id(row: &SignIn) -> i64 {
        row.id
    }

    fn find(id: i64) -> FindSignInById {
        FindSignInById {
            id,
            visible: Default::default(),
        }
    }

    fn revision(row: &SignIn) -> Revision<'_> {
        Revision {
            version: SignIn::VERSION,
            last_activity: row.last_used.as_deref(),
        }
    }

    /// `is_current` depends on the token of the request.
    fn related_version(row: &SignIn) -> Option<i64> {
        Some(i64::from(row.is_current))
    }
}

const ATTRIBUTES: &[Attribute<SignIns>] = &[
    attribute!(
        read_only nullable_text address,
        Some(SignInColumn::Address),
        "The address that the sign-in came from."
    ),
    attribute!(
        read_only nullable_text user_agent,
        Some(SignInColumn::UserAgent),
        "The program that signed in, as it names itself: its first 256 characters."
    ),
    attribute!(
        read_only nullable_time last_used,
        Some(SignInColumn::LastUsed),
        "When a token of it was last used or refreshed, to a minute."
    ),
    attribute!(
        read_only time expires,
        Some(SignInColumn::Expires),
        "When it ends unless it is refreshed before."
    ),
    attribute!(
        read_only flag is_current,
        None,
        "Whether this request came with its access token."
    ),
    attribute!(read_only time created, Some(SignInColumn::Created), CREATED),
];

impl Deletable for SignIns {
    type Delete = DeleteSignIn;

    fn deletion(target: Target) -> DeleteSignIn {
        DeleteSignIn {
            id: target.id,
            expected: target.expected,
            visible: Default::default(),
            ceiling: Default::default(),
        }
    }
}
