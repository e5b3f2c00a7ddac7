//! `rolecall --server URL token`.

use ::jsonapi::api::{DocumentData, IdentifierData, Resource};
use serde_json::{Value, json};

use super::client::{Client, single, text};
use super::lookup;
use super::users::print_pages;
use crate::cli::arguments::{CreateToken, TokenCommand};
use crate::cli::error::CommandError;
use crate::cli::outcome;
use crate::cli::output::{Table, print_secret, remark};
use crate::cli::token::{HEADER, doubt, joined};

pub fn run(command: TokenCommand, client: &Client) -> Result<(), CommandError> {
    match command {
        TokenCommand::Create(arguments) => create(&arguments, client),
        TokenCommand::List { username } => list(username.as_deref(), client),
        TokenCommand::Revoke { id } => revoke(id, client),
    }
}

fn create(arguments: &CreateToken, client: &Client) -> Result<(), CommandError> {
    let user = lookup::user(client, &arguments.username)?;
    let scopes = Some(&arguments.scopes).filter(|scopes| !scopes.is_empty());
    let owner = json!({ "data": { "type": "users", "id": user.id } });
    let data = json!({
        "type": "tokens",
        "attributes": {
            "name": arguments.name, "scopes": scopes, "expires": arguments.expires,
        },
        "relationships": { "user": owner },
    });
    let made = single(client.post("/tokens", &json!({ "data": data }))?)?;
    remark(&outcome::token_created(&made.id, text(&user, "username")));
    arguments.scopes.iter().for_each(|scope| doubt(scope));
    print_secret(text(&made, "token"), &outcome::token_unseen(&made.id))
}

fn list(username: Option<&str>, client: &Client) -> Result<(), CommandError> {
    let path = match username {
        Some(name) => format!("/users/{}/tokens", lookup::user(client, name)?.id),
        None => "/tokens".to_owned(),
    };
    let query = vec![("include", "user"), ("fields[users]", "username")];
    let mut table = Table::on_stdout(HEADER);
    print_pages(client, &path, &query, None, &mut table, row)
}

fn row(page: &DocumentData, token: &Resource) -> Vec<String> {
    let never = |moment: &str| match moment {
        "" => "never".to_owned(),
        moment => moment.to_owned(),
    };
    let scopes = token.attributes.get("scopes").and_then(Value::as_array);
    let scopes = scopes.map(|scopes| {
        let scopes = scopes.iter().filter_map(Value::as_str);
        joined(&scopes.map(str::to_owned).collect::<Vec<_>>())
    });
    vec![
        token.id.clone(),
        owner(page, token),
        text(token, "name").to_owned(),
        scopes.unwrap_or_else(|| "all".to_owned()),
        never(text(token, "expires")),
        never(text(token, "last_used")),
    ]
}

fn owner(page: &DocumentData, token: &Resource) -> String {
    let user = token
        .get_relationship("user")
        .and_then(|user| user.data.as_ref());
    let Some(IdentifierData::Single(user)) = user else {
        return String::new();
    };
    let found = page.included.iter().flatten().find(|one| one.id == user.id);
    found
        .map_or(&*user.id, |found| text(found, "username"))
        .to_owned()
}

fn revoke(id: i64, client: &Client) -> Result<(), CommandError> {
    let path = format!("/tokens/{id}");
    if client.find(&path, &[])?.is_none() {
        return Err(CommandError::failed(outcome::no_such_token(id)));
    }
    client.delete(&path)?;
    remark(&outcome::token_revoked(id));
    Ok(())
}
