//! Many writers at the same time, until the service is killed under them.

use std::collections::BTreeSet;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::people::Change;
use crate::program::Running;
use crate::support::{ATOMIC, Answer, Client, JSON_API, a_new, changes, linkage};

const WRITERS: usize = 8;

/// What all writers share.
pub struct Ground {
    /// The secret of an administrator's token.
    pub token: String,
    /// Their ids.
    pub roles: [i64; 3],
    /// Whom all writers rename: id and username.
    pub everybody: (String, String),
}

/// A request with the changes that it makes, all or none of them.
#[derive(Clone, Debug)]
pub struct Request {
    method: &'static str,
    path: String,
    body: Value,
    pub key: Option<String>,
    pub changes: Vec<Change>,
}

impl Request {
    fn new(method: &'static str, path: String, body: Value, changes: Vec<Change>) -> Self {
        Self {
            method,
            path,
            body,
            key: None,
            changes,
        }
    }

    fn keyed(mut self, key: Option<String>) -> Self {
        self.key = key;
        self
    }

    /// Nothing when the service went away before it had answered.
    pub fn send(&self, client: &Client) -> Option<Answer> {
        let media_type = match self.path.as_str() {
            "/operations" => ATOMIC,
            _ => JSON_API,
        };
        let mut headers = vec![("accept", media_type), ("content-type", media_type)];
        headers.extend(self.key.as_deref().map(|key| ("idempotency-key", key)));
        let body = self.body.to_string();
        let answer = client.try_send(self.method, &self.path, &headers, Some(body.as_bytes()));
        answer.ok()
    }
}

/// What came of a storm.
#[derive(Default)]
pub struct Outcome {
    /// The requests that were answered, with their answers.
    pub acknowledged: Vec<(Request, Answer)>,
    /// Those on which the service died.
    pub in_doubt: Vec<Request>,
}

/// The changes that were acknowledged so far in this storm.
#[derive(Default)]
pub struct Acknowledged {
    requests: Mutex<usize>,
    changes: Mutex<BTreeSet<Change>>,
}

impl Acknowledged {
    pub fn changes(&self) -> BTreeSet<Change> {
        self.changes.lock().unwrap().clone()
    }

    pub fn requests(&self) -> usize {
        *self.requests.lock().unwrap()
    }

    /// How many there are with this one.
    fn add(&self, request: &Request) -> usize {
        let changes = request.changes.iter().cloned();
        self.changes.lock().unwrap().extend(changes);
        let mut requests = self.requests.lock().unwrap();
        *requests += 1;
        *requests
    }
}

/// Lets the writers loose and kills the service when so many requests of theirs
/// are answered, with something else that goes on beside them.
pub fn until_killed<T: Send>(
    service: &Running,
    ground: &Ground,
    round: usize,
    answers: usize,
    beside: impl FnOnce(&Acknowledged) -> T + Send,
) -> (Outcome, T) {
    let so_far = Acknowledged::default();
    let acknowledged = |request: &Request| {
        if so_far.add(request) == answers {
            service.signal("-9");
        }
    };
    let acknowledged = &acknowledged;
    let (outcomes, beside): (Vec<Outcome>, T) = std::thread::scope(|scope| {
        let run = |number| {
            let client = service.token(&ground.token);
            let mut writer = Writer {
                name: format!("r{round}w{number}"),
                ground,
                client,
                acknowledged,
                outcome: Outcome::default(),
            };
            scope.spawn(move || {
                // Half of them begin with a request that has a key.
                let mut step = number;
                while writer.goes_on(step).is_some() {
                    step += 1;
                }
                writer.outcome
            })
        };
        let running: Vec<_> = (0..WRITERS).map(run).collect();
        let beside = scope.spawn(|| beside(&so_far));
        let ended = running.into_iter().map(|writer| writer.join().unwrap());
        (ended.collect(), beside.join().unwrap())
    });
    let mut all = Outcome::default();
    for outcome in outcomes {
        all.acknowledged.extend(outcome.acknowledged);
        all.in_doubt.extend(outcome.in_doubt);
    }
    (all, beside)
}

struct Writer<'a, A> {
    name: String,
    ground: &'a Ground,
    client: Client,
    /// To be called with every request that is answered.
    acknowledged: &'a A,
    outcome: Outcome,
}

impl<A: Fn(&Request)> Writer<'_, A> {
    /// Makes a user and changes it. Nothing when the service is gone.
    fn goes_on(&mut self, step: usize) -> Option<()> {
        let username = format!("{}n{step}", self.name);
        let id = self.makes(&username, step)?;
        self.renames(&username, &id, step)?;
        self.gives_and_takes(&username, &id)?;
        self.does_several(&username, &id, step)?;
        let (id, everybody) = &self.ground.everybody;
        self.renames(everybody, id, step)
    }

    fn makes(&mut self, username: &str, step: usize) -> Option<String> {
        let document = a_new("users", attributes(username));
        let made = made(username);
        let request = Request::new("POST", "/users".to_owned(), document, vec![made]);
        let key = step.is_multiple_of(2).then(|| format!("make-{username}"));
        self.sends(request.keyed(key), 201)
            .map(|answer| answer.id())
    }

    fn renames(&mut self, username: &str, id: &str, step: usize) -> Option<()> {
        let surname = format!("{} {step}", self.name);
        let document = changes("users", id, json!({ "surname": surname }));
        let renamed = renamed(username, &surname);
        let path = format!("/users/{id}");
        self.sends(Request::new("PATCH", path, document, vec![renamed]), 200)?;
        Some(())
    }

    fn gives_and_takes(&mut self, username: &str, id: &str) -> Option<()> {
        let [first, second, _] = self.ground.roles;
        let path = format!("/users/{id}/relationships/roles");
        let both = linkage("roles", &[first, second]);
        let given = vec![given(username, first), given(username, second)];
        self.sends(Request::new("POST", path.clone(), both, given), 200)?;
        let one = linkage("roles", &[first]);
        let taken = vec![taken(username, first)];
        self.sends(Request::new("DELETE", path, one, taken), 200)?;
        Some(())
    }

    /// In one request: another user with a role, and two changes of this one.
    fn does_several(&mut self, username: &str, id: &str, step: usize) -> Option<()> {
        let [_, second, third] = self.ground.roles;
        let other = format!("{username}b");
        let surname = format!("{} {step} again", self.name);
        let roles = |whose: Value, role: i64| {
            let mut target = json!({"type": "users", "relationship": "roles"});
            target.as_object_mut()?.extend(whose.as_object()?.clone());
            Some(json!({"ref": target, "data": linkage("roles", &[role])["data"]}))
        };
        let with = |op: &str, mut operation: Value| {
            operation["op"] = op.into();
            operation
        };
        let new = json!({"type": "users", "lid": "b", "attributes": attributes(&other)});
        let operations = json!([
            with("add", json!({ "data": new })),
            with(
                "update",
                json!({"data": changes("users", id, json!({"surname": surname}))["data"]})
            ),
            with("add", roles(json!({"lid": "b"}), third)?),
            with("remove", roles(json!({ "id": id }), second)?),
        ]);
        let done = vec![
            made(&other),
            renamed(username, &surname),
            given(&other, third),
            taken(username, second),
        ];
        let document = json!({ "atomic:operations": operations });
        let request = Request::new("POST", "/operations".to_owned(), document, done);
        let key = (!step.is_multiple_of(2)).then(|| format!("several-{username}"));
        self.sends(request.keyed(key), 200)?;
        Some(())
    }

    fn sends(&mut self, request: Request, status: u16) -> Option<Answer> {
        let Some(answer) = request.send(&self.client) else {
            self.outcome.in_doubt.push(request);
            return None;
        };
        let answer = answer.expect(status);
        (self.acknowledged)(&request);
        self.outcome.acknowledged.push((request, answer.clone()));
        Some(answer)
    }
}

pub fn attributes(username: &str) -> Value {
    json!({"username": username, "password": "long enough"})
}

fn made(username: &str) -> Change {
    Change::Made {
        username: username.to_owned(),
    }
}

fn renamed(username: &str, surname: &str) -> Change {
    Change::Renamed {
        username: username.to_owned(),
        surname: surname.to_owned(),
    }
}

fn given(username: &str, role: i64) -> Change {
    Change::Given {
        username: username.to_owned(),
        role,
    }
}

fn taken(username: &str, role: i64) -> Change {
    Change::Taken {
        username: username.to_owned(),
        role,
    }
}
