//! Lists of operations made at random, from sound and from broken ones: all of
//! a list happens, or nothing, and then the caller is told where it went wrong.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

use super::new_role;
use crate::support::{Answer, CHANGES, Client, TestApp, a_role, a_user};

const CASES: u32 = 100;
/// Operations in one request, so that a list can easily be too long.
const MOST: usize = 12;

/// What an operation is meant to do, before it is known what others did.
#[derive(Clone, Debug)]
enum Intent {
    Make {
        with_lid: bool,
        held: bool,
    },
    MakeUser,
    Label,
    LabelMade {
        by_data: bool,
    },
    RemoveMade,
    Give,
    GiveMade {
        by_href: bool,
    },
    Take,
    Replace,
    Broken(prop::sample::Index),
    /// A sound one with another member, or with another value of one.
    Mutated(Box<Intent>, prop::sample::Index, Value),
}

fn sound() -> impl Strategy<Value = Intent> {
    prop_oneof![
        4 => (any::<bool>(), any::<bool>())
            .prop_map(|(with_lid, held)| Intent::Make { with_lid, held }),
        1 => Just(Intent::MakeUser),
        1 => Just(Intent::Label),
        2 => any::<bool>().prop_map(|by_data| Intent::LabelMade { by_data }),
        1 => Just(Intent::RemoveMade),
        1 => Just(Intent::Give),
        2 => any::<bool>().prop_map(|by_href| Intent::GiveMade { by_href }),
        1 => Just(Intent::Take),
        1 => Just(Intent::Replace),
    ]
}

/// Any JSON, some of it deeper than a document may be.
fn nonsense() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("users")),
        Just(json!("2")),
    ];
    let wide = leaf.prop_recursive(4, 24, 4, |inner| {
        let name = prop_oneof!["[a-z]{1,8}", Just("type".to_owned()), Just("id".to_owned())];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    });
    let deep =
        (1_usize..90).prop_map(|levels| (0..levels).fold(json!(1), |value, _| json!([value])));
    prop_oneof![6 => wide, 1 => deep]
}

fn intents() -> impl Strategy<Value = Vec<Intent>> {
    let index = any::<prop::sample::Index>;
    let mutated = (sound(), index(), nonsense())
        .prop_map(|(sound, place, value)| Intent::Mutated(Box::new(sound), place, value));
    let mixed = prop_oneof![
        8 => sound(),
        1 => index().prop_map(Intent::Broken),
        1 => mutated,
    ];
    prop_oneof![
        1 => prop::collection::vec(sound(), 1..=MOST),
        2 => prop::collection::vec(mixed, 1..=MOST),
        1 => prop::collection::vec(sound(), MOST + 1..MOST + 3),
    ]
}

/// The operations of one list, and what they do when all are carried out.
#[derive(Default)]
struct List {
    case: usize,
    operations: Vec<Value>,
    /// Local names of roles that earlier operations made.
    made: Vec<String>,
    roles: i64,
    users: i64,
    /// Each is one event at least.
    certain_events: i64,
    is_sound: bool,
    /// Whether nobody can tell what it does.
    is_open: bool,
}

impl List {
    fn of(case: usize, intents: &[Intent]) -> Self {
        let mut list = Self {
            case,
            is_sound: true,
            ..Self::default()
        };
        for intent in intents {
            let operation = list.operation(intent);
            list.operations.push(operation);
        }
        list.is_sound &= list.operations.len() <= MOST;
        list
    }

    fn name(&self) -> String {
        format!("role {} of {}", self.operations.len(), self.case)
    }

    fn operation(&mut self, intent: &Intent) -> Value {
        match intent {
            Intent::Make { with_lid, held } => self.make(*with_lid, *held),
            Intent::MakeUser => self.make_user(),
            Intent::Label => json!({
                "op": "update",
                "ref": { "type": "roles", "id": "11" },
                "data": { "type": "roles", "id": "11", "attributes": { "label": self.name() } },
            }),
            Intent::LabelMade { by_data } => self.label_made(*by_data),
            Intent::RemoveMade => match self.made.pop() {
                None => self.make(true, false),
                Some(lid) => {
                    (self.roles, self.certain_events) = (self.roles - 1, self.certain_events + 1);
                    json!({ "op": "remove", "ref": { "type": "roles", "lid": lid } })
                }
            },
            Intent::Give => json!({ "op": "add", "href": "/users/2/relationships/roles",
                "data": [{ "type": "roles", "id": "11" }] }),
            Intent::GiveMade { by_href } => self.give_made(*by_href),
            Intent::Take => json!({
                "op": "remove",
                "ref": { "type": "roles", "id": "11", "relationship": "users" },
                "data": [{ "type": "users", "id": "2" }],
            }),
            Intent::Replace => json!({
                "op": "update",
                "ref": { "type": "users", "id": "2", "relationship": "roles" },
                "data": [{ "type": "roles", "id": "11" }],
            }),
            Intent::Broken(which) => {
                self.is_sound = false;
                self.is_open = true;
                which.get(&broken()).clone()
            }
            Intent::Mutated(sound, place, value) => {
                self.is_sound = false;
                self.is_open = true;
                mutated(self.operation(sound), *place, value)
            }
        }
    }

    fn make(&mut self, with_lid: bool, held: bool) -> Value {
        let mut operation = json!({ "op": "add", "data": new_role(&self.name())["data"] });
        if with_lid {
            let lid = format!("lid {}", self.operations.len());
            operation["data"]["lid"] = json!(lid);
            self.made.push(lid);
        }
        if held {
            operation["data"]["relationships"] =
                json!({ "users": { "data": [{ "type": "users", "id": "2" }] } });
        }
        self.roles += 1;
        self.certain_events += 1;
        operation
    }

    fn make_user(&mut self) -> Value {
        // Passwords are counted, and each costs as much as a sign-in.
        if self.users > 0 {
            return self.make(false, false);
        }
        self.users += 1;
        self.certain_events += 1;
        let username = format!("user.{}", self.case);
        let attributes = json!({ "username": username, "password": "a long password" });
        json!({ "op": "add", "data": { "type": "users", "attributes": attributes } })
    }

    fn label_made(&mut self, by_data: bool) -> Value {
        let Some(lid) = self.made.last().cloned() else {
            return self.make(true, true);
        };
        let attributes = json!({ "label": "made just now" });
        let data = json!({ "type": "roles", "lid": lid, "attributes": attributes });
        if by_data {
            json!({ "op": "update", "data": data })
        } else {
            json!({ "op": "update", "ref": { "type": "roles", "lid": lid }, "data": data })
        }
    }

    fn give_made(&mut self, by_href: bool) -> Value {
        let Some(lid) = self.made.last().cloned() else {
            return self.make(true, true);
        };
        let data = json!([{ "type": "roles", "lid": lid }]);
        if by_href {
            json!({ "op": "add", "href": "/users/2/relationships/roles", "data": data })
        } else {
            let reference = json!({ "type": "users", "id": "2", "relationship": "roles" });
            json!({ "op": "add", "ref": reference, "data": data })
        }
    }
}

/// Operations that are wrong wherever they stand.
fn broken() -> Vec<Value> {
    let role = || json!({ "type": "roles", "id": "11" });
    vec![
        json!(null),
        json!([]),
        json!({}),
        json!({ "op": "replace", "ref": role() }),
        json!({ "op": "add" }),
        json!({ "op": "add", "data": null }),
        json!({ "op": "add", "data": { "type": "events" } }),
        json!({ "op": "add", "data": { "type": "roles" } }),
        json!({ "op": "add", "data": { "type": "roles", "id": "x", "attributes": { "name": "x" } } }),
        json!({ "op": "add", "data": { "type": "roles", "attributes": { "name": ["deep", [[]]] } } }),
        json!({ "op": "add", "data": { "type": "roles", "attributes": { "name": "admin" } } }),
        json!({ "op": "add", "ref": role(), "data": role() }),
        json!({ "op": "add", "href": "//", "data": role() }),
        json!({ "op": "add", "href": "/users?x=1", "data": { "type": "users" } }),
        json!({ "op": "add", "href": "http://elsewhere.example/roles", "data": { "type": "roles" } }),
        json!({ "op": "add", "href": "/users/2/relationships/tokens", "data": [] }),
        json!({ "op": "add", "href": "/users/2/relationships/roles", "data": null }),
        json!({ "op": "add", "href": "/users/2/relationships/roles",
            "data": [{ "type": "roles", "id": "999999" }] }),
        json!({ "op": "update", "ref": { "type": "roles", "lid": "made by nobody" }, "data": role() }),
        json!({ "op": "update", "data": { "type": "roles" } }),
        json!({ "op": "update", "ref": role(), "data": { "type": "users", "id": "2" } }),
        json!({ "op": "update", "ref": role(), "data": { "type": "roles", "id": "1" } }),
        json!({ "op": "update", "data": { "type": "roles", "id": "1", "attributes": { "name": "x" } } }),
        json!({ "op": "update", "data": role(), "meta": { "if_match": 7 } }),
        json!({ "op": "update", "data": role(), "meta": { "if_match": "99-x" } }),
        json!({ "op": "remove", "ref": { "type": "roles", "id": "1" } }),
        json!({ "op": "remove", "ref": { "type": "users", "id": "1" } }),
        json!({ "op": "remove", "ref": { "type": "roles", "id": "-1" } }),
        json!({ "op": "remove", "ref": { "type": "roles", "id": "11", "relationship": "tokens" } }),
        json!({ "op": "remove", "ref": role(), "href": "/roles/11" }),
    ]
}

/// With the value in the place of any member, or beside them.
fn mutated(mut operation: Value, place: prop::sample::Index, value: &Value) -> Value {
    fn members(value: &Value, path: &str, all: &mut Vec<String>) {
        all.push(format!("{path}/more"));
        for (name, inner) in value.as_object().into_iter().flatten() {
            let path = format!("{path}/{name}");
            all.push(path.clone());
            if inner.is_object() {
                members(inner, &path, all);
            }
        }
    }
    let mut all = Vec::new();
    members(&operation, "", &mut all);
    let chosen = place.get(&all);
    let (path, name) = chosen.rsplit_once('/').unwrap();
    let object: &mut Map<String, Value> = operation
        .pointer_mut(path)
        .and_then(Value::as_object_mut)
        .unwrap();
    object.insert(name.to_owned(), value.clone());
    operation
}

/// How many users, roles and events there are, and the state of what stays.
fn state(admin: &Client) -> ([i64; 3], [Option<String>; 3]) {
    let count = |path: &str| {
        let answer = admin.get(path).expect(200).json();
        answer["meta"]["pagination"]["count"].as_i64().unwrap()
    };
    let tag = |path: &str| {
        let answer = admin.get(path).expect(200);
        answer.header("etag").map(str::to_owned)
    };
    (
        ["/users?page[size]=1", "/roles?page[size]=1", CHANGES].map(count),
        ["/roles/11", "/users/2/relationships/roles", "/users/2"].map(tag),
    )
}

/// Every error of a refusal names the operation, or the header or parameter.
fn is_located(answer: &Answer, operations: usize) -> bool {
    answer.errors().iter().all(|error| {
        let source = &error["source"];
        if source["header"].is_string() || source["parameter"].is_string() {
            return true;
        }
        match source["pointer"].as_str() {
            // Too deep to be read at all: line and column tell where.
            None => error["code"] == "invalid_json",
            Some("/atomic:operations") => operations > MOST,
            Some(pointer) => {
                let inner = pointer.strip_prefix("/atomic:operations/");
                let place = inner.and_then(|inner| inner.split('/').next()?.parse().ok());
                place.is_some_and(|place: usize| place < operations)
            }
        }
    })
}

fn check(admin: &Client, list: &List) -> Result<bool, TestCaseError> {
    let before = state(admin);
    let document = json!({ "atomic:operations": list.operations });
    // Reading the answer checks its document, too.
    let answer = admin.operations(&document);
    let after = state(admin);
    let shown = format!("{document}\n{} {}", answer.status, answer.text);
    prop_assert!(answer.status < 500, "{shown}");
    prop_assert!(!list.is_sound || answer.status < 300, "{shown}");
    if answer.status >= 400 {
        prop_assert_eq!(&before, &after, "{}", &shown);
        prop_assert!(is_located(&answer, list.operations.len()), "{shown}");
        return Ok(false);
    }
    prop_assert!(list.operations.len() <= MOST, "{shown}");
    if answer.status == 200 {
        let results = answer.json()["atomic:results"].as_array().map(Vec::len);
        prop_assert_eq!(results, Some(list.operations.len()), "{}", &shown);
    }
    if !list.is_open {
        let [users, roles, events] = [0, 1, 2].map(|place| after.0[place] - before.0[place]);
        prop_assert_eq!((users, roles), (list.users, list.roles), "{}", &shown);
        prop_assert!(events >= list.certain_events, "{shown}");
    }
    Ok(true)
}

#[test]
fn a_list_of_operations_happens_whole_or_not_at_all_a04_a05() {
    let app = TestApp::with(|settings| settings.limits.operations = MOST);
    assert_eq!(
        (a_user().create(&app).id, a_role().create(&app).id),
        (2, 11)
    );
    let admin = app.admin();
    let case = std::cell::Cell::new(0);
    let outcomes = std::cell::Cell::new((0, 0));
    let config = Config {
        cases: CASES,
        failure_persistence: None,
        ..Config::default()
    };
    let run = TestRunner::new(config).run(&intents(), |intents| {
        case.set(case.get() + 1);
        let list = List::of(case.get(), &intents);
        let was_accepted = check(&admin, &list)?;
        let (accepted, refused) = outcomes.get();
        outcomes.set(if was_accepted {
            (accepted + 1, refused)
        } else {
            (accepted, refused + 1)
        });
        Ok(())
    });
    run.unwrap_or_else(|failure| panic!("{failure}"));
    let (accepted, refused) = outcomes.get();
    assert!(accepted > 20 && refused > 20, "{accepted}, {refused}");
}

#[test]
fn every_broken_operation_is_refused_behind_a_sound_one() {
    let app = TestApp::with(|settings| settings.limits.operations = MOST);
    assert_eq!(
        (a_user().create(&app).id, a_role().create(&app).id),
        (2, 11)
    );
    let admin = app.admin();
    for (case, operation) in broken().into_iter().enumerate() {
        let mut list = List::of(
            case,
            &[
                Intent::Label,
                Intent::Make {
                    with_lid: true,
                    held: true,
                },
            ],
        );
        list.operations.push(operation);
        list.is_sound = false;
        let was_accepted = check(&admin, &list).unwrap();
        assert!(!was_accepted, "{}", list.operations[2]);
    }
}
