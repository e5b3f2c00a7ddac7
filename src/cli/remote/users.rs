//! `rolecall --server URL user`.

use std::collections::HashMap;
use std::io::Write;

use ::jsonapi::api::{DocumentData, IdentifierData, Resource};
use serde_json::{Map, Value, json};

use super::client::{Client, many, single, text};
use super::lookup;
use crate::auth::passwords::Owner;
use crate::cli::arguments::{AddUser, Membership, UserCommand};
use crate::cli::error::CommandError;
use crate::cli::outcome::{self, Membership as Outcome};
use crate::cli::output::{Table, remark};
use crate::cli::password::Password;
use crate::config::Auth;

/// Resources of a page, unless the service allows fewer.
const PAGE_SIZE: usize = 100;

pub fn run(command: UserCommand, client: &Client) -> Result<(), CommandError> {
    match command {
        UserCommand::Add(arguments) => add(&arguments, client),
        UserCommand::Password {
            username,
            password_stdin,
            keep_tokens,
        } => password(&username, password_stdin, keep_tokens, client),
        UserCommand::Grant(arguments) => grant(&arguments, client),
        UserCommand::Revoke(arguments) => revoke(&arguments, client),
        UserCommand::List { name, role, limit } => {
            list(name.as_deref(), role.as_deref(), limit, client)
        }
        UserCommand::Delete { username, purge } => delete(&username, purge, client),
        UserCommand::Trash { limit } => trash(limit, client),
        UserCommand::Restore { user, username } => restore(&user, username, client),
        UserCommand::Purge { user } => purge(&lookup::trashed_user(client, &user)?, client),
    }
}

fn add(arguments: &AddUser, client: &Client) -> Result<(), CommandError> {
    let roles: Result<Vec<_>, _> = arguments
        .roles
        .iter()
        .map(|name| lookup::role(client, name).map(|role| identifier("roles", &role.id)))
        .collect();
    let roles = roles?;
    let password = Password::read_or_make(arguments.password_stdin, &Auth::default())?;
    let mut attributes = Map::new();
    attributes.insert("username".to_owned(), json!(arguments.username));
    attributes.insert("password".to_owned(), json!(password.expose()));
    for (name, value) in [
        ("email", &arguments.email),
        ("name", &arguments.name),
        ("surname", &arguments.surname),
    ] {
        if let Some(value) = value.as_ref().filter(|value| !value.is_empty()) {
            attributes.insert(name.to_owned(), json!(value));
        }
    }
    let mut data = Map::new();
    data.insert("type".to_owned(), json!("users"));
    data.insert("attributes".to_owned(), Value::Object(attributes));
    // No roles at all would leave out those that new users hold by default.
    if !roles.is_empty() {
        let linkage = json!({ "roles": { "data": roles } });
        data.insert("relationships".to_owned(), linkage);
    }
    let user = single(client.post("/users", &json!({ "data": data }))?)?;
    let username = text(&user, "username");
    remark(&outcome::user_added(username, &user.id));
    password.rate(&owner(&user));
    password.show_if_made(username)
}

fn password(
    name: &str,
    from_stdin: bool,
    keep_tokens: bool,
    client: &Client,
) -> Result<(), CommandError> {
    let user = lookup::user(client, name)?;
    let password = Password::read_or_make(from_stdin, &Auth::default())?;
    let attributes = json!({ "password": password.expose(), "end_tokens": !keep_tokens });
    let data = json!({ "type": "users", "id": user.id, "attributes": attributes });
    client.patch(&format!("/users/{}", user.id), &json!({ "data": data }))?;
    let username = text(&user, "username");
    remark(&outcome::password_changed(username, keep_tokens));
    password.rate(&owner(&user));
    password.show_if_made(username)
}

fn owner(user: &Resource) -> Owner {
    let email = text(user, "email");
    Owner {
        username: text(user, "username").to_owned(),
        email: Some(email.to_owned()).filter(|email| !email.is_empty()),
    }
}

fn grant(arguments: &Membership, client: &Client) -> Result<(), CommandError> {
    let member = Member::find(arguments, client)?;
    let held = member.is_held(client)?;
    client.post(&member.path(), &member.body())?;
    member.tell(match held {
        true => Outcome::AlreadyHeld,
        false => Outcome::Holds,
    });
    Ok(())
}

fn revoke(arguments: &Membership, client: &Client) -> Result<(), CommandError> {
    let member = Member::find(arguments, client)?;
    let held = member.is_held(client)?;
    client.delete_members(&member.path(), &member.body())?;
    member.tell(match held {
        true => Outcome::NoLongerHolds,
        false => Outcome::DidNotHold,
    });
    Ok(())
}

/// A user and a role.
struct Member {
    user: Resource,
    role: Resource,
}

impl Member {
    fn find(arguments: &Membership, client: &Client) -> Result<Self, CommandError> {
        Ok(Self {
            user: lookup::user(client, &arguments.username)?,
            role: lookup::role(client, &arguments.role)?,
        })
    }

    fn path(&self) -> String {
        format!("/users/{}/relationships/roles", self.user.id)
    }

    fn body(&self) -> Value {
        json!({ "data": [identifier("roles", &self.role.id)] })
    }

    fn is_held(&self, client: &Client) -> Result<bool, CommandError> {
        let query = [
            ("filter[id]", self.user.id.as_str()),
            ("filter[roles]", self.role.id.as_str()),
            ("page[count]", "none"),
        ];
        Ok(!many(&client.get("/users", &query)?).is_empty())
    }

    fn tell(&self, outcome: Outcome) {
        let user = text(&self.user, "username");
        remark(&outcome.sentence(user, text(&self.role, "name")));
    }
}

fn list(
    name: Option<&str>,
    role: Option<&str>,
    limit: Option<i64>,
    client: &Client,
) -> Result<(), CommandError> {
    let mut query = vec![
        ("include", "roles"),
        ("fields[users]", "username,is_active,roles"),
        ("fields[roles]", "name"),
    ];
    if let Some(words) = name.filter(|words| !words.trim().is_empty()) {
        query.push(("q", words));
    }
    let role = role.map(|name| lookup::role(client, name)).transpose()?;
    if let Some(role) = &role {
        query.push(("filter[roles]", &role.id));
    }
    let mut table = Table::on_stdout(&["ID", "USERNAME", "ACTIVE", "ROLES"]);
    print_pages(client, "/users", &query, limit, &mut table, |page, user| {
        let is_active = user.attributes.get("is_active") == Some(&json!(true));
        vec![
            user.id.clone(),
            text(user, "username").to_owned(),
            if is_active { "yes" } else { "no" }.to_owned(),
            role_names(page, user).join(","),
        ]
    })
}

fn role_names(page: &DocumentData, user: &Resource) -> Vec<String> {
    let names: HashMap<&str, &str> = page
        .included
        .iter()
        .flatten()
        .map(|role| (role.id.as_str(), text(role, "name")))
        .collect();
    let held = user
        .get_relationship("roles")
        .and_then(|roles| roles.data.as_ref());
    match held {
        Some(IdentifierData::Multiple(roles)) => roles
            .iter()
            .map(|role| {
                names
                    .get(role.id.as_str())
                    .copied()
                    .unwrap_or(&role.id)
                    .to_owned()
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn trash(limit: Option<i64>, client: &Client) -> Result<(), CommandError> {
    let mut table = Table::on_stdout(&["ID", "USERNAME", "DELETED", "BY"]);
    let query = vec![("fields[users]", "username,deleted,deleted_by")];
    print_pages(
        client,
        "/trash/users",
        &query,
        limit,
        &mut table,
        |_, user| {
            let by = user.attributes.get("deleted_by").filter(|by| !by.is_null());
            vec![
                user.id.clone(),
                text(user, "username").to_owned(),
                text(user, "deleted").to_owned(),
                by.map(ToString::to_string).unwrap_or_default(),
            ]
        },
    )
}

/// Writes a row for each resource of a list, in the order of the ids, at most `limit`.
/// Each page begins after the last id of the one before, so that nobody is passed
/// over when somebody else is deleted meanwhile.
pub fn print_pages<W: Write>(
    client: &Client,
    path: &str,
    query: &[(&str, &str)],
    limit: Option<i64>,
    table: &mut Table<W>,
    row: impl Fn(&DocumentData, &Resource) -> Vec<String>,
) -> Result<(), CommandError> {
    let mut left = limit.map_or(usize::MAX, |limit| {
        usize::try_from(limit).unwrap_or(usize::MAX)
    });
    let mut after = "0".to_owned();
    while left > 0 {
        let size = left.min(PAGE_SIZE).to_string();
        let slice = [
            ("filter[id][gt]", after.as_str()),
            ("sort", "id"),
            ("page[size]", &size),
            ("page[count]", "none"),
        ];
        let page = client.get(path, &[query, &slice].concat())?;
        let rows: Vec<_> = many(&page)
            .iter()
            .take(left)
            .map(|one| row(&page, one))
            .collect();
        left -= rows.len();
        table.write(&rows)?;
        let Some(last) = many(&page).last() else {
            break;
        };
        after.clone_from(&last.id);
    }
    Ok(())
}

fn delete(name: &str, for_good: bool, client: &Client) -> Result<(), CommandError> {
    let user = lookup::user(client, name)?;
    client.delete(&format!("/users/{}", user.id))?;
    remark(&outcome::user_deleted(text(&user, "username")));
    match for_good {
        true => purge(&user, client),
        false => Ok(()),
    }
}

fn restore(name: &str, username: Option<String>, client: &Client) -> Result<(), CommandError> {
    let user = lookup::trashed_user(client, name)?;
    let attributes = username.map(|username| json!({ "username": username }));
    let attributes = attributes.unwrap_or_else(|| json!({}));
    let data = json!({ "type": "users", "id": user.id, "attributes": attributes });
    let path = format!("/trash/users/{}", user.id);
    let restored = single(client.patch(&path, &json!({ "data": data }))?)?;
    remark(&outcome::user_restored(text(&restored, "username")));
    Ok(())
}

fn purge(user: &Resource, client: &Client) -> Result<(), CommandError> {
    client.delete(&format!("/trash/users/{}", user.id))?;
    remark(&outcome::user_purged(text(user, "username")));
    Ok(())
}

fn identifier(kind: &str, id: &str) -> Value {
    json!({ "type": kind, "id": id })
}
