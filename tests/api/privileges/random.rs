//! Random directories and random callers: no sequence of requests makes what
//! callers without the role `admin` may, taken together, larger than what
//! grants and rules allowed at the beginning.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use super::model::{Directory, Power, gain};
use super::{a_grant, one};
use crate::support::{BEGIN, Client, TestApp, a_new, a_role, a_user, changes, linkage};

const NAMES: &[&str] = &[
    "users:read",
    "users:write",
    "roles:read",
    "roles:write",
    "grants:read",
    "grants:write",
    "tokens:write",
    "payments:send",
    "audit:read",
];
const ROLES: usize = 6;
const CALLERS: usize = 3;
/// People beside the callers; the last holds the role `admin`.
const OTHERS: usize = 3;
const CASES: u32 = 10;

/// Numbers from which a request or a part of the directory is made.
type Dice = [u8; 6];

fn dice() -> impl Strategy<Value = Dice> {
    any::<Dice>()
}

#[derive(Clone, Debug)]
struct Plan {
    permissions: Vec<u16>,
    includes: Vec<Dice>,
    rules: Vec<Dice>,
    grants: Vec<Dice>,
    requests: Vec<Dice>,
}

fn plans() -> impl Strategy<Value = Plan> {
    let some = |most| prop::collection::vec(dice(), 1..most);
    (
        prop::collection::vec(any::<u16>(), ROLES),
        some(4),
        some(4),
        some(9),
        prop::collection::vec(dice(), 40..70),
    )
        .prop_map(|(permissions, includes, rules, grants, requests)| Plan {
            permissions,
            includes,
            rules,
            grants,
            requests,
        })
}

fn pick(die: u8, from: &[i64]) -> i64 {
    from[usize::from(die) % from.len()]
}

fn names(bits: u16) -> Vec<&'static str> {
    let chosen = NAMES.iter().enumerate();
    let chosen = chosen.filter(|(place, _)| bits & (1 << place) != 0);
    chosen.map(|(_, name)| *name).collect()
}

fn times(die: u8) -> Value {
    match die % 6 {
        0 => json!({"valid_until": "2098-01-01T00:00:00+00:00"}),
        1 => json!({"valid_from": "2097-01-01T00:00:00+00:00"}),
        2 => json!({"is_active": false}),
        3 => json!({"valid_until": "2097-06-01T00:00:00+00:00"}),
        _ => json!({}),
    }
}

fn rule(roles: &[i64], dice: Dice) -> Value {
    let scope = ["any", "same_partner"][usize::from(dice[2] % 2)];
    let mut document = a_new(
        "grant-rules",
        json!({"scope": scope, "verbs": ["give", "toggle"]}),
    );
    document["data"]["relationships"] = json!({
        "granter": one("roles", pick(dice[0], roles)),
        "targets": linkage("roles", &[pick(dice[1], roles)]),
    });
    document
}

/// A directory, with the callers and all that they control.
struct Stage {
    app: TestApp,
    roles: Vec<i64>,
    people: Vec<i64>,
    controlled: BTreeSet<String>,
}

impl Stage {
    fn set(plan: &Plan) -> Self {
        let app = TestApp::start();
        let mut roles: Vec<i64> = plan
            .permissions
            .iter()
            .map(|bits| a_role().permitting(&names(*bits)).create(&app).id)
            .collect();
        let people: Vec<i64> = (0..CALLERS + OTHERS)
            .map(|_| a_user().create(&app).id)
            .collect();
        let admin = app.admin();
        for dice in &plan.includes {
            // Refused where it would make a circle.
            let path = format!("/roles/{}/relationships/includes", pick(dice[0], &roles));
            admin.post(&path, &linkage("roles", &[pick(dice[1], &roles)]));
        }
        for dice in &plan.rules {
            let mut targets = roles.clone();
            targets.extend([1, 6]);
            let mut document = rule(&roles, *dice);
            let target = linkage("roles", &[pick(dice[3], &targets)]);
            document["data"]["relationships"]["targets"] = target;
            admin.post("/grant-rules", &document).expect(201);
        }
        for dice in &plan.grants {
            let (user, role) = (pick(dice[0], &people), pick(dice[1], &roles));
            admin.post("/grants", &a_grant(user, role, times(dice[2])));
        }
        let last = people[people.len() - 1];
        admin
            .post("/grants", &a_grant(last, 1, json!({})))
            .expect(201);
        roles.extend([1, 6]);
        let controlled = people.iter().take(CALLERS).map(i64::to_string);
        Self {
            controlled: controlled.collect(),
            app,
            roles,
            people,
        }
    }

    fn power(&self) -> Power {
        Directory::read(&self.app.admin(), BEGIN).power_of(&self.controlled)
    }

    /// Sends one request; tells it, and whether it passed.
    fn request(&mut self, dice: Dice, step: usize) -> (String, bool) {
        let controlled: Vec<i64> = self
            .controlled
            .iter()
            .map(|id| id.parse().unwrap())
            .collect();
        let caller = pick(dice[0], &controlled);
        let client = self.app.token(&self.app.token_of(caller, None));
        let user = pick(dice[2], &self.people);
        let role = pick(dice[3], &self.roles);
        let (what, status) = self.send(&client, user, role, dice, step);
        let passed = (200..300).contains(&status);
        assert!(status < 500, "{what}");
        if passed && matches!(dice[1] % 14, 8 | 9) {
            self.controlled.insert(user.to_string());
        }
        (format!("{step}: {caller} {what}: {status}"), passed)
    }

    fn send(
        &mut self,
        client: &Client,
        user: i64,
        role: i64,
        dice: Dice,
        step: usize,
    ) -> (String, u16) {
        let path_of_role = format!("/roles/{role}");
        let other = pick(dice[4], &self.roles);
        let update = |attributes| client.patch(&path_of_role, &changes("roles", role, attributes));
        let answer = match dice[1] % 14 {
            0 => client.post("/grants", &a_grant(user, role, times(dice[4]))),
            1 => client.post(
                &format!("/users/{user}/relationships/roles"),
                &linkage("roles", &[role]),
            ),
            2 => client.post(
                &format!("{path_of_role}/relationships/users"),
                &linkage("users", &[user]),
            ),
            3 => update(json!({"permissions": names(u16::from_le_bytes([dice[4], dice[5]]))})),
            4 => update(json!({"name": format!("renamed {step}")})),
            5 => client.post(
                &format!("{path_of_role}/relationships/includes"),
                &linkage("roles", &[other]),
            ),
            6 => client.delete(&path_of_role),
            7 => client.post(
                "/grant-rules",
                &rule(&self.roles, [dice[3], dice[4], dice[5], 0, 0, 0]),
            ),
            8 => client.patch(
                &format!("/users/{user}"),
                &changes("users", user, json!({"password": "taken over by this"})),
            ),
            9 => {
                let mut token = a_new("tokens", json!({"name": "taken"}));
                token["data"]["relationships"] = json!({"user": one("users", user)});
                client.post("/tokens", &token)
            }
            10 | 11 => {
                let filter = format!("/grants?filter[user]={user}");
                let grants = self.app.admin().get(&filter).expect(200).ids();
                let Some(grant) = grants.get(usize::from(dice[4]) % grants.len().max(1)) else {
                    return ("has no grant to change".into(), 404);
                };
                let path = format!("/grants/{grant}");
                match dice[5] % 4 {
                    0 => client.delete(&path),
                    1 => client.patch(
                        &path,
                        &changes(
                            "grants",
                            grant,
                            json!({"valid_until": null, "is_active": true}),
                        ),
                    ),
                    2 => client.patch(
                        &path,
                        &changes("grants", grant, json!({"valid_from": null})),
                    ),
                    _ => {
                        let mut change = changes("grants", grant, json!({}));
                        change["data"]["relationships"] = json!({"role": one("roles", role)});
                        client.patch(&path, &change)
                    }
                }
            }
            12 => {
                let permissions = names(u16::from_le_bytes([dice[4], dice[5]]));
                let mut new = a_new(
                    "roles",
                    json!({"name": format!("new {step}"), "permissions": permissions}),
                );
                new["data"]["relationships"] = json!({"users": linkage("users", &[user])});
                let answer = client.post("/roles", &new);
                if answer.status == 201 {
                    self.roles.push(answer.id().parse().unwrap());
                }
                answer
            }
            _ => {
                let mut new = a_new(
                    "users",
                    json!({"username": format!("new{step}"), "password": "known to the maker"}),
                );
                new["data"]["relationships"] = json!({"roles": linkage("roles", &[role])});
                let answer = client.post("/users", &new);
                if answer.status == 201 {
                    self.people.push(answer.id().parse().unwrap());
                    self.controlled.insert(answer.id());
                }
                answer
            }
        };
        let kind = dice[1] % 14;
        (
            format!("kind {kind} of {dice:?} on user {user} and role {role}"),
            answer.status,
        )
    }
}

#[test]
fn no_sequence_of_requests_makes_callers_without_admin_more_powerful() {
    let passed = std::cell::Cell::new(0);
    let config = Config {
        cases: CASES,
        max_shrink_iters: 60,
        failure_persistence: None,
        ..Config::default()
    };
    let run = TestRunner::new(config).run(&plans(), |plan| {
        let mut stage = Stage::set(&plan);
        let allowed = stage.power();
        let mut story = Vec::new();
        for (step, dice) in plan.requests.iter().enumerate() {
            let (told, has_passed) = stage.request(*dice, step);
            if !has_passed {
                continue;
            }
            passed.set(passed.get() + 1);
            story.push(told);
            let gained = gain(&allowed, &stage.power());
            prop_assert_eq!(gained, None, "{}", story.join("\n"));
        }
        Ok(())
    });
    run.unwrap_or_else(|failure| panic!("{failure}"));
    assert!(passed.get() > 10, "only {} requests passed", passed.get());
}
