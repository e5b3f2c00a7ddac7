//! A caller of the service.

use serde_json::Value;
use ureq::Agent;
use ureq::http::Request;

use super::answer::Answer;
use super::document::Asked;

pub const JSON_API: &str = "application/vnd.api+json";
/// The same with the cursor pagination profile.
pub const BY_CURSOR: &str = concat!(
    "application/vnd.api+json;profile=\"",
    "https://jsonapi.org/profiles/ethanresnick/cursor-pagination",
    "\""
);

/// The same with the Atomic Operations extension.
pub const ATOMIC: &str = r#"application/vnd.api+json;ext="https://jsonapi.org/ext/atomic""#;

/// The newest change that the audit log tells, and how many there are: all but
/// who came in, who did not and who was refused, which is told meanwhile.
pub const CHANGES: &str = "/events?sort=-id&page[size]=1\
    &filter[verb][nin]=sign_in,sign_in_failed,throttled,refused,token_used,sign_out";

#[derive(Clone)]
pub struct Client {
    agent: Agent,
    base: String,
    authorization: Option<String>,
}

impl Client {
    pub fn new(base: &str, authorization: Option<String>) -> Self {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .allow_non_standard_methods(true)
            .build()
            .new_agent();
        Self {
            agent,
            base: base.to_owned(),
            authorization,
        }
    }

    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[("accept", JSON_API)], None)
    }

    pub fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers, None)
    }

    pub fn head(&self, path: &str) -> Answer {
        self.send("HEAD", path, &[("accept", JSON_API)], None)
    }

    pub fn post(&self, path: &str, document: &Value) -> Answer {
        self.json("POST", path, document)
    }

    pub fn patch(&self, path: &str, document: &Value) -> Answer {
        self.json("PATCH", path, document)
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, &[("accept", JSON_API)], None)
    }

    pub fn delete_with(&self, path: &str, document: &Value) -> Answer {
        self.json("DELETE", path, document)
    }

    /// To `/operations`, in the extension's media type.
    pub fn operations(&self, document: &Value) -> Answer {
        let headers = [("accept", ATOMIC), ("content-type", ATOMIC)];
        let body = document.to_string();
        self.send("POST", "/operations", &headers, Some(body.as_bytes()))
    }

    pub fn json(&self, method: &str, path: &str, document: &Value) -> Answer {
        let headers = [("accept", JSON_API), ("content-type", JSON_API)];
        self.send(
            method,
            path,
            &headers,
            Some(document.to_string().as_bytes()),
        )
    }

    /// Exactly these headers beside the credentials, and these bytes. `path` may
    /// also be a whole address, as links give it.
    pub fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Answer {
        let answer = self.try_send(method, path, headers, body);
        answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// The same to a service that may go away meanwhile.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Answer, ureq::Error> {
        let address = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.base)
        };
        let mut request = Request::builder().method(method).uri(&address);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let answer = match body {
            Some(body) => self.agent.run(request.body(body).unwrap())?,
            None => self.agent.run(request.body(()).unwrap())?,
        };
        Answer::read(answer, Asked { method, path, body })
    }
}
