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
    /// Instead of, or beside, what every request carries.
    pub headers: Vec<(&'static str, String)>,
    pub answer: Vec<u8>,
    /// Requests by which it is seen, once, that those who take part answer alike.
    pub probes: Vec<(&'static str, String)>,
    /// Whether the hand-written program does it too, and whether the peers do.
    pub by_hand: bool,
    pub by_peers: bool,
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
            headers: Vec::new(),
            answer,
            probes: vec![("GET", String::new())],
            by_hand: false,
            by_peers: false,
        })
    }

    fn by_hand(self) -> Self {
        Self {
            by_hand: true,
            ..self
        }
    }

    fn by_peers(self) -> Self {
        Self {
            by_peers: true,
            ..self
        }
    }
}

/// Queries of every kind, as they differ in cost.
const QUERIES: &[(&str, &str)] = &[
    (
        "page of 20, two fields",
        "/users?fields%5Busers%5D=username,email",
    ),
    ("page of 20 by surname", "/users?sort=surname"),
    (
        "filter by prefix",
        "/users?filter%5Busername%5D%5Bprefix%5D=user12",
    ),
    (
        "filter by contains",
        "/users?filter%5Bemail%5D%5Bcontains%5D=ser123",
    ),
    (
        "filter by regex",
        "/users?filter%5Busername%5D%5Bregex%5D=%5Euser12.%24",
    ),
    (
        "filter by role",
        "/users?filter%5Broles%5D=Marketing&page%5Bcount%5D=none",
    ),
    ("search", "/users?q=er123"),
    ("CFEngine: page of 50", "/api/user"),
    (
        "CFEngine: regex with a prefix",
        "/api/user?id=%5Euser12.%24",
    ),
    ("CFEngine: regex without one", "/api/user?id=er12.%24"),
];

/// What a member sees by a grant rule, and questions about users.
fn delegated(service: &Service, answer: &[u8]) -> Result<Vec<Item>, Box<dyn Error>> {
    let bearer = format!("Bearer {}", service.member_token);
    let page = |name, path: &str| -> Result<Item, Box<dyn Error>> {
        Ok(Item {
            headers: vec![("Authorization", bearer.clone())],
            answer: service.get_as_member(path)?,
            ..Item::read(service, name, "/home")?
        })
    };
    let at = |item: Item, path: &str| Item {
        path: path.to_owned(),
        ..item
    };
    let check = |id: String| {
        format!(
            r#"{{"type":"access-checks","attributes":{{"permission":"users:read"}},"relationships":{{"user":{{"data":{{"type":"users","id":"{id}"}}}}}}}}"#
        )
    };
    let asked = |name, path: &str, lua| Item {
        name,
        method: "POST",
        path: path.to_owned(),
        lua: Some(lua),
        connections: 16,
        headers: Vec::new(),
        answer: answer.to_vec(),
        probes: Vec::new(),
        by_hand: false,
        by_peers: false,
    };
    let one = format!("nil, nil, nil, '{{\"data\":{}}}'", check("5".into()));
    let hundred: Vec<String> = (2..102)
        .map(|id: i64| format!(r#"{{"op":"add","data":{}}}"#, check(id.to_string())))
        .collect();
    let hundred = format!(
        r#"nil, nil, nil, '{{"atomic:operations":[{}]}}'"#,
        hundred.join(",")
    );
    let most = "/users?page%5Bcount%5D=none";
    Ok(vec![
        at(page("page of 20, delegated", "/users")?, "/users"),
        at(page("page of 20, delegated, not counted", most)?, most),
        asked("access check", "/access-checks", one),
        Item {
            headers: vec![("Content-Type", ATOMIC.into()), ("Accept", ATOMIC.into())],
            ..asked("100 access checks at once", "/operations", hundred)
        },
    ])
}

/// A document of a hundred operations, each on a user of its own.
fn hundred() -> String {
    let operations: Vec<String> = (2..102)
        .map(|id| {
            format!(
                r#"{{"op":"update","data":{{"type":"users","id":"{id}","attributes":{{"name":"Jo NOW"}}}}}}"#
            )
        })
        .collect();
    let document = format!(r#"{{"atomic:operations":[{}]}}"#, operations.join(","));
    // Lua cannot join that many pieces in one expression.
    format!("nil, nil, nil, (string.gsub('{document}', 'NOW', unique()))")
}

const ATOMIC: &str = "application/vnd.api+json;ext=\"https://jsonapi.org/ext/atomic\"";

pub fn items(service: &Service) -> Result<Vec<Item>, Box<dyn Error>> {
    let user = format!("/users/{}", service.users / 2);
    let answer = service.get(&user)?;
    let write = |name, method, path: String, lua, connections| Item {
        name,
        method,
        path,
        lua,
        connections,
        headers: Vec::new(),
        answer: answer.clone(),
        probes: Vec::new(),
        by_hand: false,
        by_peers: false,
    };
    let id = service.users / 2;
    let linkage = format!("/users/{id}/relationships/roles");
    let patch = format!(
        r#"nil, nil, nil, '{{"data":{{"type":"users","id":"{id}","attributes":{{"name":"Jo ' .. unique() .. '"}}}}}}'"#
    );
    let unsearched = patch.replace(r#"{"name":"#, r#"{"position":"#);
    let in_turn = format!(
        r#"nil, '/users/' .. somebody({}), nil, '{{"data":{{"type":"users","id":"' .. the_same() .. '","attributes":{{"position":"Jo ' .. unique() .. '"}}}}}}'"#,
        service.users
    );
    let probe = |attribute: &str| {
        let data = format!(
            r#"{{"data":{{"type":"users","id":"{id}","attributes":{{"{attribute}":"Jo"}}}}}}"#
        );
        vec![("PATCH", data)]
    };
    let unchanged = Item {
        headers: vec![("If-None-Match", service.etag(&user)?)],
        ..Item::read(service, "one user, unchanged (304)", &user)?
    };
    let at_once = Item {
        headers: vec![("Content-Type", ATOMIC.into()), ("Accept", ATOMIC.into())],
        ..write(
            "100 changes at once",
            "POST",
            "/operations".into(),
            Some(hundred()),
            16,
        )
    };
    let mut items = vec![
        Item::read(service, "one user", &user)?.by_hand().by_peers(),
        unchanged,
        Item::read(service, "page of 20", "/users")?
            .by_hand()
            .by_peers(),
        Item::read(service, "page of 20 with roles", "/users?include=roles")?
            .by_hand()
            .by_peers(),
        Item::read(
            service,
            "deep page of 20",
            &format!("/users?page%5Bnumber%5D={}", (service.users / 40).max(1)),
        )?
        .by_hand(),
        Item::read(
            service,
            "filter by username",
            "/users?filter%5Busername%5D=user5",
        )?
        .by_hand()
        .by_peers(),
        Item::read(
            service,
            "page of 20 by cursor, deep",
            &service.deep_cursor()?,
        )?,
        Item {
            probes: probe("name"),
            ..write(
                "PATCH one user (searched: name)",
                "PATCH",
                user.clone(),
                Some(patch),
                64,
            )
        }
        .by_hand(),
        Item {
            probes: probe("position"),
            ..write(
                "PATCH one user (not searched: position)",
                "PATCH",
                user.clone(),
                Some(unsearched),
                64,
            )
        }
        .by_hand()
        .by_peers(),
        Item {
            probes: probe("position"),
            ..write(
                "PATCH users at random (not searched)",
                "PATCH",
                user,
                Some(in_turn),
                64,
            )
        }
        .by_hand()
        .by_peers(),
        Item {
            probes: vec![("POST", ADMIN.into()), ("DELETE", ADMIN.into())],
            ..write(
                "add and remove a role in turn",
                "POST",
                linkage,
                Some(TURN.into()),
                64,
            )
        }
        .by_hand(),
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
        at_once,
    ];
    for (name, path) in QUERIES {
        let item = Item::read(service, name, path)?;
        items.push(match *name {
            "search" => item.by_hand(),
            "page of 20 by surname" => item.by_peers(),
            _ => item,
        });
    }
    items.extend(delegated(service, &answer)?);
    Ok(items)
}

/// As a body: the role that is added and removed.
const ADMIN: &str = r#"{"data":[{"type":"roles","id":"1"}]}"#;
const TURN: &str =
    r#"turn() and 'POST' or 'DELETE', nil, nil, '{"data":[{"type":"roles","id":"1"}]}'"#;
const ROLE: &str =
    r#"nil, nil, nil, '{"data":{"type":"roles","attributes":{"name":"role ' .. unique() .. '"}}}'"#;
const USER: &str = r#"nil, nil, nil, '{"data":{"type":"users","attributes":{"username":"new' .. unique() .. '","password":"j04nd0e"}}}'"#;
