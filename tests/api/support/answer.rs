//! What came back.

use serde_json::Value;
use ureq::Body;
use ureq::http::Response;

use super::document::{self, Asked};

#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub text: String,
    headers: Vec<(String, String)>,
    what: String,
}

impl Answer {
    /// Reads an answer, and fails when its document is not what the
    /// specification allows.
    ///
    /// # Errors
    /// When the answer breaks off.
    #[track_caller]
    pub fn read(mut response: Response<Body>, asked: Asked<'_>) -> Result<Self, ureq::Error> {
        let status = response.status().as_u16();
        let headers = response
            .headers()
            .iter()
            .map(|(name, value)| {
                (
                    name.to_string(),
                    String::from_utf8_lossy(value.as_bytes()).into(),
                )
            })
            .collect();
        let text = response.body_mut().read_to_string()?;
        let answer = Self {
            status,
            text,
            headers,
            what: format!("{} {}", asked.method, asked.path),
        };
        document::check(asked, status, answer.header("content-type"), &answer.text);
        Ok(answer)
    }

    /// Fails with the whole answer when the status is another.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.what, self.text);
        self
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{}: {error} in {:?}", self.what, self.text))
    }

    /// The primary data.
    #[track_caller]
    pub fn data(&self) -> Value {
        self.json()["data"].clone()
    }

    /// The id of the one resource.
    #[track_caller]
    pub fn id(&self) -> String {
        self.data()["id"].as_str().expect("an id").to_owned()
    }

    /// The ids of the primary data, in their order.
    #[track_caller]
    pub fn ids(&self) -> Vec<String> {
        let data = self.data();
        let items = data
            .as_array()
            .unwrap_or_else(|| panic!("no array in {}", self.text));
        items
            .iter()
            .map(|item| item["id"].as_str().expect("an id").to_owned())
            .collect()
    }

    /// The errors, each with the members that the specification asks for.
    #[track_caller]
    pub fn errors(&self) -> Vec<Value> {
        let document = self.json();
        assert!(
            document.get("data").is_none(),
            "data beside errors: {}",
            self.text
        );
        let errors = document["errors"].as_array().expect("errors").clone();
        assert!(!errors.is_empty(), "{}", self.text);
        for error in &errors {
            for member in ["status", "code", "title", "detail"] {
                assert!(error[member].is_string(), "{member} in {error}");
            }
        }
        errors
    }

    /// The `source.pointer` of every error.
    #[track_caller]
    pub fn pointers(&self) -> Vec<String> {
        let pointer = |error: &Value| {
            error["source"]["pointer"]
                .as_str()
                .unwrap_or("-")
                .to_owned()
        };
        self.errors().iter().map(pointer).collect()
    }

    /// The `source.parameter` of every error.
    #[track_caller]
    pub fn parameters(&self) -> Vec<String> {
        let name = |error: &Value| {
            error["source"]["parameter"]
                .as_str()
                .unwrap_or("-")
                .to_owned()
        };
        self.errors().iter().map(name).collect()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn headers(&self, name: &str) -> Vec<&str> {
        self.headers
            .iter()
            .filter(|(n, _)| n == name)
            .map(|(_, value)| value.as_str())
            .collect()
    }
}
