//! What is measured: requests, each with its answer's bytes for the baseline.

use std::error::Error;

use super::service::Service;

pub struct Item {
    pub name: &'static str,
    pub method: &'static str,
    /// A path; `{user}` is replaced by a random id where the script does so.
    pub path: String,
    /// Lua for what changes with every request: the arguments of `wrk.format`.
    pub lua: Option<String>,
    pub connections: usize,
    pub answer: Vec<u8>,
}

impl Item {
    fn read(service: &Service, name: &'static str, path: &str) -> Result<Self, Box<dyn Error>> {
        let answer = service.get(path)?;
        Ok(Self {
            name,
            method: "GET",
            path: path.to_owned(),
            lua: None,
            connections: 16,
            answer,
        })
    }
}

pub fn items(service: &Service) -> Result<Vec<Item>, Box<dyn Error>> {
    let user = format!("/users/{}", service.users / 2);
    let answer = service.get(&user)?;
    let write = |name, method, path: String, lua, connections| Item {
        name,
        method,
        path,
        lua,
        connections,
        answer: answer.clone(),
    };
    let id = service.users / 2;
    let linkage = format!("/users/{id}/relationships/roles");
    let patch = format!(
        r#"nil, nil, nil, '{{"data":{{"type":"users","id":"{id}","attributes":{{"name":"Jo ' .. unique() .. '"}}}}}}'"#
    );
    Ok(vec![
        Item::read(service, "one user", &user)?,
        Item::read(service, "page of 20", "/users")?,
        Item::read(service, "page of 20 with roles", "/users?include=roles")?,
        Item::read(
            service,
            "deep page of 20",
            &format!("/users?page%5Bnumber%5D={}", (service.users / 40).max(1)),
        )?,
        Item::read(
            service,
            "filter by username",
            "/users?filter%5Busername%5D=user5",
        )?,
        write("PATCH one user", "PATCH", user, Some(patch), 64),
        write(
            "add and remove a role in turn",
            "POST",
            linkage,
            Some(TURN.into()),
            64,
        ),
        write(
            "create a role (no hashing)",
            "POST",
            "/roles".into(),
            Some(ROLE.into()),
            64,
        ),
        write(
            "create a user (argon2id)",
            "POST",
            "/users".into(),
            Some(USER.into()),
            16,
        ),
    ])
}

const TURN: &str =
    r#"turn() and 'POST' or 'DELETE', nil, nil, '{"data":[{"type":"roles","id":"1"}]}'"#;
const ROLE: &str =
    r#"nil, nil, nil, '{"data":{"type":"roles","attributes":{"name":"role ' .. unique() .. '"}}}'"#;
const USER: &str = r#"nil, nil, nil, '{"data":{"type":"users","attributes":{"username":"new' .. unique() .. '","password":"j04nd0e"}}}'"#;
