//! Users and roles that people name on the command line, found by the service.

use ::jsonapi::api::Resource;

use super::client::{Client, many, single};
use crate::cli::error::CommandError;
use crate::directory::names::{normalized, normalized_role_name};

/// By the id, or by the name if nobody has such an id.
pub fn user(client: &Client, name: &str) -> Result<Resource, CommandError> {
    let spelled = [name, &normalized(name)];
    by_id_or_name(client, "/users", "filter[username][]", spelled)?
        .ok_or_else(|| CommandError::failed(format!("there is no user {name:?}")))
}

/// By the id, or by the name if no role has such an id.
pub fn role(client: &Client, name: &str) -> Result<Resource, CommandError> {
    let spelled = [name, &normalized_role_name(name)];
    by_id_or_name(client, "/roles", "filter[name][]", spelled)?
        .ok_or_else(|| CommandError::failed(format!("there is no role {name:?}")))
}

/// By the id, or by the name if nobody in the trash has such an id.
pub fn trashed_user(client: &Client, name: &str) -> Result<Resource, CommandError> {
    if let Some(user) = by_id(client, "/trash/users", name)? {
        return Ok(user);
    }
    for spelled in [name, &normalized(name)] {
        let query = [("filter[username][]", spelled), ("sort", "id")];
        let found = client.get("/trash/users", &query)?;
        match many(&found) {
            [] => {}
            [user] => return Ok(user.clone()),
            several => {
                let ids: Vec<&str> = several.iter().map(|user| user.id.as_str()).collect();
                return Err(CommandError::failed(format!(
                    "several users in the trash are called {name:?}: give one of the ids {}",
                    ids.join(", ")
                )));
            }
        }
    }
    Err(CommandError::failed(format!(
        "there is no user {name:?} in the trash"
    )))
}

fn by_id_or_name(
    client: &Client,
    path: &str,
    filter: &str,
    spellings: [&str; 2],
) -> Result<Option<Resource>, CommandError> {
    if let Some(found) = by_id(client, path, spellings[0])? {
        return Ok(Some(found));
    }
    for spelled in spellings {
        let query = [
            (filter, spelled),
            ("page[size]", "1"),
            ("page[count]", "none"),
        ];
        if let Some(found) = many(&client.get(path, &query)?).first() {
            return Ok(Some(found.clone()));
        }
    }
    Ok(None)
}

fn by_id(client: &Client, path: &str, text: &str) -> Result<Option<Resource>, CommandError> {
    let is_id = text.parse::<i64>().is_ok_and(|id| id.to_string() == text);
    if !is_id {
        return Ok(None);
    }
    let found = client.find(&format!("{path}/{text}"), &[])?;
    found.map(single).transpose()
}
