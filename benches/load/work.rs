//! What is measured: requests, each with its answer's bytes for the baseline.

use std::error::Error;

use super::service::Service;

pub struct Item {
    pub name: &'static str,
    pub method: &'static str,
    /// A path; `{user}` is replaced by a random id where the script does so.
    pub path: String,
    pub body: Option<String>,
    /// A Lua expression for the body that changes with every request.
    pub lua_body: Option<&'static str>,
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
            body: None,
            lua_body: None,
            connections: 16,
            answer,
        })
    }
}

pub fn items(service: &Service) -> Result<Vec<Item>, Box<dyn Error>> {
    let user = format!("/users/{}", service.users / 2);
    let answer = service.get(&user)?;
    let write = |name, method, path: String, body: Option<String>, lua_body, connections| Item {
        name,
        method,
        path,
        body,
        lua_body,
        connections,
        answer: answer.clone(),
    };
    let id = service.users / 2;
    let patch =
        format!(r#"{{"data":{{"type":"users","id":"{id}","attributes":{{"name":"Jo"}}}}}}"#);
    let role = r#"{"data":[{"type":"roles","id":"3"}]}"#.to_owned();
    let linkage = format!("/users/{id}/relationships/roles");
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
        write("PATCH one user", "PATCH", user, Some(patch), None, 64),
        write(
            "add a role that is held",
            "POST",
            linkage.clone(),
            Some(role.clone()),
            None,
            64,
        ),
        write(
            "remove a role that is not held",
            "DELETE",
            linkage,
            Some(role),
            None,
            64,
        ),
        write(
            "create a role (no hashing)",
            "POST",
            "/roles".into(),
            None,
            Some(ROLE),
            64,
        ),
        write(
            "create a user (argon2id)",
            "POST",
            "/users".into(),
            None,
            Some(USER),
            16,
        ),
    ])
}

const ROLE: &str = r#"'{"data":{"type":"roles","attributes":{"name":"role ' .. unique() .. '"}}}'"#;
const USER: &str = r#"'{"data":{"type":"users","attributes":{"username":"new' .. unique() .. '","password":"j04nd0e"}}}'"#;
