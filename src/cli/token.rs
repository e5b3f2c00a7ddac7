//! `rolecall token`.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use super::arguments::{self, TokenCommand};
use super::error::CommandError;
use super::list_pages::ListPages;
use super::lookup;
use super::outcome;
use super::output::{Table, print_secret, remark};
use super::runtime::Session;
use crate::auth::secret::TokenSecret;
use crate::config::{Settings, closest};
use crate::directory::listing::Visibility;
use crate::directory::permissions::{Permission, PrivilegeCeiling, check_names};
use crate::directory::tokens::{
    CreateToken, DeleteToken, Token, TokenChanges, TokenColumn, Tokens, TokensOf,
};
use crate::directory::users::{UserColumn, Users, UsersOf};
use crate::directory::{DirectoryError, Expected, clock, values};

/// The columns of `rolecall token list`.
pub const HEADER: &[&str] = &["ID", "USERNAME", "NAME", "SCOPES", "EXPIRES", "LAST USED"];

pub fn run(command: TokenCommand, settings: Settings) -> Result<(), CommandError> {
    match command {
        TokenCommand::Create(arguments) => create(&arguments, settings),
        TokenCommand::List { username } => {
            let mut table = Table::on_stdout(HEADER);
            Session::open(settings)?
                .run(async |session| list(session, username.as_deref(), &mut table).await)
        }
        TokenCommand::Revoke { id } => revoke(id, settings),
    }
}

fn create(arguments: &arguments::CreateToken, settings: Settings) -> Result<(), CommandError> {
    let (changes, expires) = attributes(arguments)?;
    let secret = TokenSecret::random()
        .map_err(|error| CommandError::failed(format!("the system has no randomness: {error}")))?;
    let hash = secret.hash();
    let session = Session::open(settings)?.with_mail();
    if expires.is_some_and(|moment| moment <= session.context.now) {
        return Err(CommandError::usage("--expires: this moment has passed"));
    }
    let most = i64::try_from(session.settings.auth.tokens_per_user).unwrap_or(i64::MAX);
    let (token, username) = session.run(async move |session| {
        let user = lookup::user(session, &arguments.username).await?;
        let create = CreateToken {
            hash,
            user_id: user.id,
            changes,
            ceiling: PrivilegeCeiling::Everything,
            most,
            is_password_confirmed: true,
            sign_in_id: None,
        };
        Ok((session.write(create).await?, user.username))
    })?;
    remark(&outcome::token_created(token.id, &username));
    arguments.scopes.iter().for_each(|scope| doubt(scope));
    print_secret(secret.expose(), &outcome::token_unseen(token.id))
}

/// Names of other services are scopes as well, so a slip can only be remarked on.
pub fn doubt(scope: &str) {
    let known = || Permission::ALL.iter().map(|(_, name, _)| *name);
    if known().any(|name| name == scope) {
        return;
    }
    if let Some(close) = closest(scope, known()) {
        remark(&format!(
            "The scope {scope:?} is none of rolecall's own; did you mean {close}?"
        ));
    }
}

type Attributes = (TokenChanges, Option<DateTime<Utc>>);

fn attributes(arguments: &arguments::CreateToken) -> Result<Attributes, CommandError> {
    values::within("name", &arguments.name, 1, values::MAX_TEXT)
        .map_err(|problem| CommandError::argument("--name", problem))?;
    let scopes = match arguments.scopes.as_slice() {
        [] => None,
        names => Some(
            check_names("scopes", names)
                .map_err(|problem| CommandError::argument("--scope", problem))?,
        ),
    };
    let expires = arguments.expires.as_deref().map(moment).transpose()?;
    let changes = TokenChanges {
        name: Some(arguments.name.clone()),
        scopes: Some(scopes),
        expires: Some(expires.map(clock::precise_text)),
    };
    Ok((changes, expires))
}

fn moment(text: &str) -> Result<DateTime<Utc>, CommandError> {
    clock::parse(text)
        .ok_or_else(|| CommandError::usage(format!("--expires: {text:?} is not {}", clock::FORM)))
}

async fn list<W: std::io::Write>(
    session: &Session,
    username: Option<&str>,
    table: &mut Table<W>,
) -> Result<(), CommandError> {
    let of = match username {
        Some(username) => Some(TokensOf::Users(vec![
            lookup::user(session, username).await?.id,
        ])),
        None => None,
    };
    let mut pages = ListPages::<Tokens>::new(TokenColumn::Id, |token| token.id).confined_to(of);
    loop {
        let tokens = pages.next(session).await?;
        let owners = owners(session, &tokens).await?;
        let rows: Vec<_> = tokens
            .iter()
            .map(|token| row(token, owners.get(&token.user_id)))
            .collect();
        table.write(&rows)?;
        if tokens.is_empty() {
            return Ok(());
        }
    }
}

/// The usernames of those who own these tokens.
async fn owners(session: &Session, tokens: &[Token]) -> Result<HashMap<i64, String>, CommandError> {
    let ids: BTreeSet<i64> = tokens.iter().map(|token| token.user_id).collect();
    let of = UsersOf::Ids(ids.into_iter().collect());
    let mut pages = ListPages::<Users>::new(UserColumn::Id, |user| user.id).confined_to(Some(of));
    // There are no more owners than tokens, so they fit into one slice.
    let users = pages.next(session).await?;
    Ok(users
        .into_iter()
        .map(|user| (user.id, user.username))
        .collect())
}

fn row(token: &Token, owner: Option<&String>) -> Vec<String> {
    let never = || "never".to_owned();
    vec![
        token.id.to_string(),
        owner.cloned().unwrap_or_else(|| token.user_id.to_string()),
        token.name.clone(),
        token
            .scopes
            .as_deref()
            .map_or_else(|| "all".to_owned(), stored_scopes),
        token.expires.clone().unwrap_or_else(never),
        token.last_used.clone().unwrap_or_else(never),
    ]
}

/// A stored JSON array of names, as people read it.
fn stored_scopes(scopes: &str) -> String {
    match serde_json::from_str::<Vec<String>>(scopes) {
        Ok(names) => joined(&names),
        Err(_) => scopes.to_owned(),
    }
}

pub fn joined(scopes: &[String]) -> String {
    match scopes {
        [] => "none".to_owned(),
        names => names.join(","),
    }
}

fn revoke(id: i64, settings: Settings) -> Result<(), CommandError> {
    Session::open(settings)?.run(async move |session| {
        match session
            .write(DeleteToken {
                id,
                expected: Expected::Anything,
                visible: Visibility::All,
                ceiling: PrivilegeCeiling::Everything,
            })
            .await
        {
            Err(DirectoryError::NotFound) => Err(CommandError::failed(outcome::no_such_token(id))),
            outcome => Ok(outcome?),
        }
    })?;
    remark(&outcome::token_revoked(id));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(scopes: &[&str], expires: Option<&str>) -> Result<Attributes, CommandError> {
        attributes(&arguments::CreateToken {
            username: "calvin".to_owned(),
            name: "laptop".to_owned(),
            scopes: scopes.iter().map(ToString::to_string).collect(),
            expires: expires.map(str::to_owned),
        })
    }

    #[test]
    fn a_token_without_scopes_may_all_that_its_user_may() {
        let (changes, _) = wanted(&[], None).unwrap();
        assert_eq!(changes.scopes, Some(None));
        let (changes, _) = wanted(&["users:read"], None).unwrap();
        assert_eq!(changes.scopes, Some(Some(r#"["users:read"]"#.to_owned())));
        assert!(wanted(&["everything"], None).is_err());
    }

    #[test]
    fn an_expiry_is_stored_in_utc() {
        let (changes, moment) = wanted(&[], Some("2030-01-31T01:00:00+02:00")).unwrap();
        assert_eq!(
            changes.expires,
            Some(Some("2030-01-30T23:00:00+00:00".to_owned()))
        );
        assert!(moment.is_some());
        assert!(wanted(&[], Some("tomorrow")).is_err());
    }

    #[test]
    fn scopes_are_shown_as_people_type_them() {
        assert_eq!(
            stored_scopes(r#"["users:read","self:read"]"#),
            "users:read,self:read"
        );
        assert_eq!(stored_scopes("[]"), "none");
    }
}
