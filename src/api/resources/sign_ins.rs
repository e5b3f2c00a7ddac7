use crate::api::attribute::CREATED;
use crate::api::resource::{Attribute, Deletable, Relationship, Resource, Revision, Sent, Target};
use crate::directory;
use crate::directory::sign_ins::{DeleteSignIn, FindSignInById, SignIn, SignInColumn};

/// Made at `/auth`, and ended here or there.
pub struct SignIns;

impl Resource for SignIns {
    const TYPE: &'static str = "sign-ins";
    const DOC: &'static str = "Sign-ins that are not over. Deleting one ends its access and refresh tokens, and the API tokens that end with it.";
    const RELATIONSHIPS: &'static [Relationship] = &[Relationship {
        name: "user",
        target: "users",
        to_many: false,
        doc: "Who signed in.",
        sent: Sent::Never,
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
            seen: row.last_used.as_deref(),
        }
    }

    /// What is shown depends on the token that asks.
    fn beside(row: &SignIn) -> Option<i64> {
        Some(i64::from(row.is_current))
    }
}

const ATTRIBUTES: &[Attribute<SignIns>] = &[
    attribute!(
        shown maybe_text address,
        Some(SignInColumn::Address),
        "The address that the sign-in came from."
    ),
    attribute!(
        shown maybe_text user_agent,
        Some(SignInColumn::UserAgent),
        "The program that signed in, as it names itself: its first 256 characters."
    ),
    attribute!(
        shown maybe_time last_used,
        Some(SignInColumn::LastUsed),
        "When a token of it was last used or refreshed, to a minute."
    ),
    attribute!(
        shown time expires,
        Some(SignInColumn::Expires),
        "When it ends unless it is refreshed before."
    ),
    attribute!(
        shown flag is_current,
        None,
        "Whether this request came with its access token."
    ),
    attribute!(shown time created, Some(SignInColumn::Created), CREATED),
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
