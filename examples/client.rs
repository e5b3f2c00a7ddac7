//! A client of rolecall in Rust, typed with the `jsonapi` crate: creates a user and a role, grants it,
//! walks through all users by `links.next`, and cleans up.
//!
//! ```sh
//! cargo run --example client -- http://127.0.0.1:8080 admin PASSWORD
//! ```

use base64::prelude::{BASE64_STANDARD, Engine};
use jsonapi::api::{DocumentData, JsonApiDocument, JsonApiError, Links, PrimaryData, Resource};
use jsonapi::array::JsonApiArray;
use jsonapi::jsonapi_model;
use jsonapi::model::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;
use ureq::http::{Method, Request};

const MEDIA_TYPE: &str = "application/vnd.api+json";

type Outcome<T> = Result<T, Box<dyn Error>>;

#[derive(Debug, Default, Deserialize, Serialize)]
struct User {
    id: String,
    username: String,
    /// Sent once, never answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    roles: Option<Vec<Role>>,
}
jsonapi_model!(User; "users"; has many roles);

#[derive(Debug, Default, Deserialize, Serialize)]
struct Role {
    id: String,
    name: String,
}
jsonapi_model!(Role; "roles");

fn main() -> Outcome<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [url, username, password] = arguments.as_slice() else {
        return Err("usage: client URL USERNAME PASSWORD".into());
    };
    let client = Client::new(url, username, password);

    // Names must be free.
    let mark = RandomState::new().hash_one(()) % 1_000_000;
    let user = client.create(&User {
        username: format!("calvin-{mark}"),
        password: Some(format!("tigers-like-tuna-{mark}")),
        name: Some("Calvin".to_owned()),
        ..User::default()
    })?;
    println!("created {} as /users/{}", user.username, user.id);

    let told = tell(&client, &user, mark);
    client.delete("users", &user.id)?;
    client.delete("trash/users", &user.id)?;
    println!("deleted {}", user.username);
    told
}

fn tell(client: &Client, user: &User, mark: u64) -> Outcome<()> {
    let role = client.create(&Role {
        name: format!("tigers {mark}"),
        ..Role::default()
    })?;
    println!("created the role {} as /roles/{}", role.name, role.id);
    let granted = client
        .grant(user, &role)
        .and_then(|()| client.print_all_users());
    client.delete("roles", &role.id)?;
    granted
}

struct Client {
    agent: ureq::Agent,
    url: String,
    authorization: String,
}

impl Client {
    fn new(url: &str, username: &str, password: &str) -> Client {
        let config = ureq::Agent::config_builder()
            // A refusal is a document like any other, and says more than its status.
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build();
        let credentials = BASE64_STANDARD.encode(format!("{username}:{password}"));
        Client {
            agent: config.into(),
            url: url.trim_end_matches('/').to_owned(),
            authorization: format!("Basic {credentials}"),
        }
    }

    fn create<M: JsonApiModel>(&self, model: &M) -> Outcome<M> {
        let (resource, _) = model.to_jsonapi_resource();
        let path = format!("/{}", resource._type);
        let mut resource = serde_json::to_value(resource)?;
        if let Value::Object(members) = &mut resource {
            // The crate always writes an id; the service chooses ids itself.
            members.remove("id");
        }
        let document = self.send(Method::POST, &path, Some(&json!({ "data": resource })))?;
        match &document.data {
            Some(PrimaryData::Single(created)) => {
                Ok(M::from_jsonapi_resource(created, &document.included)?)
            }
            _ => Err("the answer holds no resource".into()),
        }
    }

    fn grant(&self, user: &User, role: &Role) -> Outcome<()> {
        let path = format!("/users/{}/relationships/roles", user.id);
        let body = json!({ "data": [role.as_resource_identifier()] });
        let document = self.send(Method::POST, &path, Some(&body))?;
        println!(
            "{} has {} role(s) now",
            user.username,
            resources(&document).len()
        );
        Ok(())
    }

    fn print_all_users(&self) -> Outcome<()> {
        let mut next = Some("/users?include=roles&page%5Bsize%5D=10".to_owned());
        while let Some(address) = next {
            let page = self.send(Method::GET, &address, None)?;
            for resource in resources(&page) {
                let user = User::from_jsonapi_resource(resource, &page.included)?;
                let roles: Vec<String> = user
                    .roles
                    .into_iter()
                    .flatten()
                    .map(|role| role.name)
                    .collect();
                println!("  {:<24} {}", user.username, roles.join(", "));
            }
            next = link(page.links.as_ref(), "next");
        }
        Ok(())
    }

    fn delete(&self, kind: &str, id: &str) -> Outcome<()> {
        self.send(Method::DELETE, &format!("/{kind}/{id}"), None)?;
        Ok(())
    }

    /// Takes a path of the service or a link that it gave. An answer without a body is an empty document.
    fn send(&self, method: Method, address: &str, body: Option<&Value>) -> Outcome<DocumentData> {
        let address = match address.strip_prefix('/') {
            Some(path) => format!("{}/{path}", self.url),
            None => address.to_owned(),
        };
        let request = Request::builder()
            .method(method)
            .uri(&address)
            .header("authorization", &self.authorization)
            .header("accept", MEDIA_TYPE);
        let mut answer = match body {
            Some(body) => {
                let request = request.header("content-type", MEDIA_TYPE);
                self.agent
                    .run(request.body(serde_json::to_string(body)?)?)?
            }
            None => self.agent.run(request.body(())?)?,
        };
        let text = answer.body_mut().read_to_string()?;
        if text.is_empty() {
            return Ok(DocumentData::default());
        }
        match text.parse()? {
            JsonApiDocument::Data(document) => Ok(document),
            JsonApiDocument::Error(refusal) => {
                let reasons: Vec<String> = refusal.errors.iter().map(describe).collect();
                Err(format!("{address}: {}", reasons.join("; ")).into())
            }
        }
    }
}

fn resources(document: &DocumentData) -> &[Resource] {
    match &document.data {
        Some(PrimaryData::Multiple(resources)) => resources,
        _ => &[],
    }
}

/// A link is a text, or an object with `href`, or null.
fn link(links: Option<&Links>, name: &str) -> Option<String> {
    let link = links?.get(name)?;
    let text = link.as_str().or_else(|| link.get("href")?.as_str())?;
    Some(text.to_owned())
}

fn describe(error: &JsonApiError) -> String {
    let pointer = error
        .source
        .as_ref()
        .and_then(|source| source.pointer.as_deref());
    let parts = [
        error.status.as_deref(),
        error.title.as_deref(),
        error.detail.as_deref(),
        pointer,
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
