//! `GET /openapi.json` and `GET /docs`: what is described works, and what
//! works is described.

mod generators;
mod headers;
mod spellings;

use std::collections::{BTreeMap, BTreeSet};

use rolecall::api::endpoints;
use serde_json::{Value, json};

use crate::support::{
    ADMIN_PASSWORD, Answer, Client, JSON_API, Member, TestApp, a_cluster, a_new, a_partner, a_role,
    a_user, changes, linkage, role_named,
};

/// What is served beside the endpoints, for everybody.
const PUBLIC: &[&str] = &[
    "/health",
    "/health/live",
    "/health/ready",
    "/openapi.json",
    "/docs",
];

/// Reads no query either.
const KEYS: &str = "/.well-known/jwks.json";

fn description(app: &TestApp) -> Value {
    app.anonymous().get("/openapi.json").expect(200).json()
}

fn operations(description: &Value) -> Vec<(String, String, Value)> {
    let paths = description["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item.as_object().unwrap().iter();
        methods
            .filter(|(name, _)| *name != "parameters")
            .map(|(method, operation)| (path.clone(), method.to_uppercase(), operation.clone()))
    });
    operations.collect()
}

/// What a `$ref` refers to.
fn resolve<'a>(description: &'a Value, value: &'a Value) -> &'a Value {
    match value["$ref"].as_str() {
        Some(reference) => description
            .pointer(reference.trim_start_matches('#'))
            .unwrap_or_else(|| panic!("{reference} leads nowhere")),
        None => value,
    }
}

/// What the endpoints serve, and what is served beside them.
fn served() -> BTreeSet<(String, String)> {
    let endpoints = endpoints().into_iter().flat_map(|endpoint| {
        let path = endpoint.path;
        endpoint
            .methods
            .iter()
            .map(move |method| (path.clone(), (*method).to_owned()))
    });
    let public = PUBLIC
        .iter()
        .flat_map(|path| ["GET", "HEAD"].map(|method| ((*path).to_owned(), method.to_owned())));
    endpoints.chain(public).collect()
}

#[test]
fn what_is_served_is_described_unless_it_is_a_head_or_can_only_be_refused() {
    let app = TestApp::start();
    let description = description(&app);
    let described: BTreeSet<(String, String)> = operations(&description)
        .into_iter()
        .map(|(path, method, _)| (path, method))
        .collect();
    let served = served();
    assert_eq!(described.difference(&served).next(), None);
    let admin = app.admin();
    let mut refused = 0;
    for (path, method) in served.difference(&described) {
        if method == "HEAD" {
            let get = (path.clone(), "GET".to_owned());
            assert!(described.contains(&get), "{path}");
            continue;
        }
        // Whatever it names: to change this relationship is forbidden here.
        let name = path.rsplit('/').next().unwrap();
        let to_one = ["user", "role", "granter", "workspace", "cluster", "partner"];
        let body = if to_one.contains(&name) {
            json!({ "data": { "type": format!("{name}s"), "id": "1" } })
        } else {
            linkage(name, &[1])
        };
        let answer = admin.send(
            method,
            &path.replace("{id}", "1"),
            &[("content-type", JSON_API)],
            Some(body.to_string().as_bytes()),
        );
        assert!(
            matches!(answer.status, 403 | 404),
            "{method} {path}: {} {}",
            answer.status,
            answer.text
        );
        refused += 1;
    }
    assert!(refused > 0);
}

#[test]
fn every_name_of_an_operation_is_unique() {
    let app = TestApp::start();
    let mut seen = BTreeSet::new();
    for (path, method, operation) in operations(&description(&app)) {
        let id = operation["operationId"].as_str().unwrap().to_owned();
        assert!(
            seen.insert(id),
            "{method} {path}: {}",
            operation["operationId"]
        );
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(description: &Value, value: &Value) {
        match value {
            Value::Object(members) => {
                resolve(description, value);
                members
                    .values()
                    .for_each(|member| walk(description, member));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(description, item)),
            _ => {}
        }
    }
    let app = TestApp::start();
    let description = description(&app);
    walk(&description, &description);
}

/// A value for a parameter: each of an enumeration, or one that is fit.
fn samples(schema: &Value) -> Vec<String> {
    let schema = if schema["type"] == "array" {
        &schema["items"]
    } else {
        schema
    };
    if let Some(choices) = schema["enum"].as_array() {
        return choices
            .iter()
            .map(|v| v.as_str().unwrap().to_owned())
            .collect();
    }
    if let Some(example) = schema["examples"][0].as_str() {
        return vec![example.to_owned()];
    }
    let value = match (schema["type"].as_str().unwrap(), schema["format"].as_str()) {
        ("integer", _) => "1",
        ("boolean", _) => "true",
        ("string", Some("date-time")) => "2026-01-02T03:04:05%2B00:00",
        _ if schema["maxLength"] == 0 => "",
        _ => "1",
    };
    vec![value.to_owned()]
}

/// Of a user in the trash.
const DELETED: i64 = 2;

/// A path with the id of something that is there.
fn address(path: &str) -> String {
    let id = if path.starts_with("/trash/") {
        DELETED
    } else {
        1
    };
    path.replace("{id}", &id.to_string())
}

/// One request for each value of each described parameter of `GET`.
fn requests(description: &Value) -> Vec<String> {
    let mut all = Vec::new();
    for (path, method, operation) in operations(description) {
        if method != "GET" {
            continue;
        }
        let address = address(&path);
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let parameter = resolve(description, parameter);
            if parameter["in"] != "query" {
                continue;
            }
            let name = parameter["name"].as_str().unwrap();
            for value in samples(&parameter["schema"]) {
                // The token of the canonical description needs an id beside it.
                let beside = if value.is_empty() { "id=1&" } else { "" };
                all.push(format!("{address}?{beside}{name}={value}"));
            }
        }
    }
    all
}

#[test]
fn every_described_parameter_works() {
    let app = TestApp::start();
    assert_eq!(a_user().deleted(&app).id, DELETED);
    let user = a_user().with_password().create(&app);
    let password = json!({"username": user.username, "password": ADMIN_PASSWORD});
    app.anonymous().post("/auth", &password).expect(200);
    a_cluster().create(&app);
    a_partner().create(&app);
    let requests = requests(&description(&app));
    assert!(requests.len() > 1000, "only {}", requests.len());
    let admin = app.admin();
    let refused: Vec<String> = requests
        .iter()
        .map(|request| (request, admin.get(request)))
        .filter(|(request, answer)| {
            // There need not be a second page.
            let is_behind = request.contains("page[offset]=1") && answer.status == 404;
            answer.status != 200 && !is_behind
        })
        .map(|(request, answer)| format!("{request}: {} {}", answer.status, answer.text))
        .collect();
    assert_eq!(refused, Vec::<String>::new());
}

/// Names of parameters that somebody might try at an address.
fn guesses(description: &Value) -> BTreeMap<String, String> {
    let parameters = description["components"]["parameters"].as_object().unwrap();
    let known = parameters.values().filter(|p| p["in"] == "query").map(|p| {
        let name = p["name"].as_str().unwrap().to_owned();
        (name, samples(&p["schema"])[0].clone())
    });
    let operators = ["prefix", "suffix", "contains", "regex"];
    let further = operators.map(|name| (format!("filter[id][{name}]"), "1".to_owned()));
    let others = [
        "q",
        "filter[query]",
        "filter[roles]",
        "filter[password]",
        "page[after]",
    ];
    let others = others.map(|name| (name.to_owned(), "a".to_owned()));
    known.chain(further).chain(others).collect()
}

#[test]
fn no_parameter_works_that_is_not_described() {
    let app = TestApp::start();
    assert_eq!(a_user().deleted(&app).id, DELETED);
    let description = description(&app);
    let guesses = guesses(&description);
    let admin = app.admin();
    for (path, method, operation) in operations(&description) {
        let is_public = PUBLIC.contains(&path.as_str()) || path == KEYS;
        if method != "GET" || is_public {
            continue;
        }
        let parameters = operation["parameters"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let known: BTreeSet<&str> = parameters
            .iter()
            .map(|parameter| resolve(&description, parameter)["name"].as_str().unwrap())
            .collect();
        let address = address(&path);
        // Sparse fields of types that are not in the answer do no harm.
        let strangers = guesses
            .iter()
            .filter(|(name, _)| !known.contains(name.as_str()) && !name.starts_with("fields["));
        for (name, value) in strangers {
            let answer = admin.get(&format!("{address}?{name}={value}"));
            assert_eq!(
                answer.status, 400,
                "{address}?{name}={value} is not described"
            );
        }
    }
}

/// Everything that schemas say of the members of an answer: whether each
/// member is described, and which properties were seen.
struct Comparison<'a> {
    description: &'a Value,
    seen: BTreeSet<String>,
    strangers: BTreeSet<String>,
}

impl<'a> Comparison<'a> {
    fn compare(&mut self, answer: &Value, schema: &'a Value, place: &str) {
        let place = schema["$ref"].as_str().unwrap_or(place).to_owned();
        let schema = resolve(self.description, schema);
        for choice in ["oneOf", "anyOf"] {
            let choices = schema[choice].as_array().into_iter().flatten();
            let mut fitting = choices.filter(|choice| self.fits(answer, choice));
            if let Some(choice) = fitting.next() {
                return self.compare(answer, choice, &place);
            }
        }
        match answer {
            Value::Array(items) => items
                .iter()
                .for_each(|item| self.compare(item, &schema["items"], &place)),
            Value::Object(members) => {
                let Some(properties) = schema["properties"].as_object() else {
                    return;
                };
                for (name, member) in members {
                    let inner = format!("{place}/{name}");
                    match properties.get(name) {
                        Some(schema) => {
                            self.seen.insert(inner.clone());
                            self.compare(member, schema, &inner);
                        }
                        None => drop(self.strangers.insert(inner)),
                    }
                }
            }
            _ => {}
        }
    }

    fn fits(&self, answer: &Value, schema: &Value) -> bool {
        let schema = resolve(self.description, schema);
        let kind = &schema["properties"]["type"]["const"];
        match schema["type"].as_str() {
            Some("array") => answer.is_array(),
            Some("null") => answer.is_null(),
            Some("object") => answer.is_object() && (kind.is_null() || answer["type"] == *kind),
            _ => answer.is_string(),
        }
    }

    fn answer(&mut self, path: &str, method: &str, answer: &Answer) {
        let operation = &self.description["paths"][path][method.to_lowercase()];
        let response = &operation["responses"][answer.status.to_string()];
        assert!(response.is_object(), "{method} {path}: {}", answer.status);
        let response = resolve(self.description, response);
        let kind = answer.header("content-type").unwrap();
        // With parameters where they are described, those of a profile are not.
        let (bare, _) = kind.split_once(';').unwrap_or((kind, ""));
        let content = &response["content"];
        let schema = &content.get(kind).unwrap_or(&content[bare])["schema"];
        assert!(schema.is_object(), "{method} {path}: {kind}");
        self.compare(&answer.json(), schema, path);
    }
}

/// Requests that together show everything that answers can hold.
fn tour(client: &Client, app: &TestApp, comparison: &mut Comparison<'_>) {
    let mut chosen = a_new("roles", json!({ "name": "called otherwise elsewhere" }));
    chosen["data"]["id"] = json!("0d2b9b1e-7c4f-4b8a-9f56-2f1d3c4e5a6b");
    comparison.answer("/roles", "POST", &client.post("/roles", &chosen));
    let role = a_role().create(app);
    let cluster = a_cluster().create(app);
    let partner = a_partner().working_in(&cluster).create(app);
    let user = a_user().holding(&role).of_partner(&partner).create(app);
    let grant = user.grant_in(app, &role_named(app, "CLUSTER_IMO"), cluster.place());
    for (kind, id, name, include) in [
        ("grants", grant, "user", "roles"),
        ("grants", grant, "role", "users"),
        ("grants", grant, "cluster", "workspace"),
        ("clusters", cluster.id, "workspace", "clusters"),
        ("users", user.id, "partner", "users"),
    ] {
        let related = client.get(&format!("/{kind}/{id}/{name}?include={include}"));
        comparison.answer(&format!("/{kind}/{{id}}/{name}"), "GET", &related);
    }
    let part = linkage("roles", &[role.id - 1]);
    client
        .post(&format!("/roles/{}/relationships/includes", role.id), &part)
        .expect(200);
    let asked = a_new("access-checks", json!({ "permission": "users:read" }));
    comparison.answer(
        "/access-checks",
        "POST",
        &client.post("/access-checks", &asked),
    );
    look_at_hosts(client, comparison);
    let roles = client.get(&format!("{}/effective-roles", user.path()));
    comparison.answer("/users/{id}/effective-roles", "GET", &roles);
    let users = client.get(&format!("/roles/{}/effective-users", role.id));
    comparison.answer("/roles/{id}/effective-users", "GET", &users);
    app.token_of(user.id, None);
    let chooser = a_user().with_password().create(app);
    let chosen = json!({ "password": "lamalamalama", "old_password": ADMIN_PASSWORD });
    let chosen = changes("users", chooser.id, chosen);
    let own = app.basic(&chooser.username, ADMIN_PASSWORD);
    let answer = own.patch(&chooser.path(), &chosen).expect(200);
    comparison.answer("/users/{id}", "PATCH", &answer);
    let me = app.basic("admin", ADMIN_PASSWORD);
    comparison.answer("/auth/user", "GET", &me.get("/auth/user"));
    let credentials = json!({ "username": "admin", "password": ADMIN_PASSWORD });
    comparison.answer("/auth", "POST", &client.post("/auth", &credentials));
    let step =
        json!({ "op": "add", "data": a_new("roles", json!({ "name": "made at once" }))["data"] });
    let operations = json!({ "atomic:operations": [step] });
    comparison.answer("/operations", "POST", &client.operations(&operations));
    for path in ["/home", "/trash", "/health", KEYS] {
        comparison.answer(path, "GET", &client.get(path));
    }
    for (kind, include) in [
        ("users", "roles,tokens,sign-ins,partner,grants"),
        ("roles", "users,grants,includes,grant-rules"),
        ("grants", "user,role,workspace,cluster"),
        ("grant-rules", "granter,targets"),
        ("tokens", "user"),
        ("sign-ins", "user"),
        ("workspaces", "clusters,grants"),
        ("clusters", "workspace,partners,grants"),
        ("partners", "clusters,users"),
        ("events", ""),
    ] {
        let query = format!("?page[size]=1000&include={include}");
        comparison.answer(
            &format!("/{kind}"),
            "GET",
            &client.get(&format!("/{kind}{query}")),
        );
        let one = client.get(&format!("/{kind}/1?include={include}"));
        comparison.answer(&format!("/{kind}/{{id}}"), "GET", &one);
    }
    let deleted = a_user().deleted(app).trash_path();
    let trash = client.get("/trash/users?include=");
    comparison.answer("/trash/users", "GET", &trash);
    let one = client.get(&format!("{deleted}?include="));
    comparison.answer("/trash/users/{id}", "GET", &one);
    for (kind, name) in [
        ("users", "tokens"),
        ("users", "sign-ins"),
        ("users", "grants"),
        ("roles", "users"),
        ("roles", "includes"),
        ("roles", "grant-rules"),
        ("workspaces", "clusters"),
        ("clusters", "partners"),
        ("partners", "clusters"),
    ] {
        let linkage = client.get(&format!("/{kind}/1/relationships/{name}?include={name}"));
        let path = format!("/{kind}/{{id}}/relationships/{name}");
        comparison.answer(&path, "GET", &linkage);
    }
    let roles = format!("{}/relationships/roles", user.path());
    let linkages = "/users/{id}/relationships/roles";
    comparison.answer(
        linkages,
        "GET",
        &client.get(&format!("{roles}?include=roles&page[size]=1000")),
    );
    a_role().create(app);
    let more = linkage("roles", &[role.id, role.id + 1]);
    comparison.answer(linkages, "POST", &client.post(&roles, &more));
    comparison.answer(
        linkages,
        "GET",
        &client.get(&format!("{roles}?page[size]=1")),
    );
    let owner = client.get("/tokens/1/relationships/user");
    comparison.answer("/tokens/{id}/relationships/user", "GET", &owner);
    let path = "/clusters/{id}/relationships/workspace";
    let workspace = client.get("/clusters/1/relationships/workspace");
    comparison.answer(path, "GET", &workspace);
    let token = client.post("/tokens", &a_new("tokens", json!({ "name": "x" })));
    comparison.answer("/tokens", "POST", &token);
    let wrong = changes("users", user.id, json!({ "username": "" }));
    comparison.answer("/users/{id}", "PATCH", &client.patch(&user.path(), &wrong));
    comparison.answer("/users", "GET", &client.get("/users?sort=x"));
    tour_by_cursor(client, &user, comparison);
    let strange = [("accept", "text/html")];
    comparison.answer("/users", "GET", &client.get_with("/users", &strange));
}

/// The same for pages by cursor, and for totals that are estimated.
fn tour_by_cursor(client: &Client, user: &Member, comparison: &mut Comparison<'_>) {
    let profile = "https://jsonapi.org/profiles/ethanresnick/cursor-pagination";
    let accept = format!("application/vnd.api+json;profile=\"{profile}\"");
    let get = |address: &str| client.get_with(address, &[("accept", &accept)]);
    let end = |answer: &Answer| answer.json()["links"]["last"].as_str().unwrap().to_owned();
    let linkage = format!("{}/relationships/roles", user.path());
    let tokens = format!("{}/relationships/tokens", user.path());
    let grants = format!("{}/relationships/grants", user.path());
    let imo = client.get("/roles?filter[name]=CLUSTER_IMO").ids();
    let rules = format!("/roles/{}/relationships/grant-rules", imo[0]);
    let linkages = "/users/{id}/relationships/roles";
    for (path, address) in [
        ("/users", "/users"),
        ("/roles", "/roles"),
        ("/tokens", "/tokens"),
        ("/sign-ins", "/sign-ins"),
        ("/workspaces", "/workspaces"),
        ("/clusters", "/clusters"),
        ("/partners", "/partners"),
        ("/events", "/events"),
        (linkages, linkage.as_str()),
        (
            "/roles/{id}/relationships/users",
            "/roles/1/relationships/users",
        ),
        ("/users/{id}/relationships/tokens", tokens.as_str()),
        (
            "/users/{id}/relationships/sign-ins",
            "/users/1/relationships/sign-ins",
        ),
        ("/users/{id}/relationships/grants", grants.as_str()),
        ("/roles/{id}/relationships/grant-rules", rules.as_str()),
        (
            "/clusters/{id}/relationships/partners",
            "/clusters/1/relationships/partners",
        ),
        (
            "/partners/{id}/relationships/clusters",
            "/partners/1/relationships/clusters",
        ),
    ] {
        for query in ["", "?page[count]=exact", "?page[count]=estimated"] {
            let answer = get(&format!("{address}{query}")).expect(200);
            comparison.answer(path, "GET", &answer);
            comparison.answer(path, "GET", &client.get(&end(&answer)).expect(200));
        }
        let estimated = client.get(&format!("{address}?page[count]=estimated"));
        comparison.answer(path, "GET", &estimated.expect(200));
    }
    let events = client.get(&end(&get("/events"))).expect(200);
    let cursor = |item: usize| {
        let cursor = events.data()[item]["meta"]["page"]["cursor"].clone();
        cursor.as_str().unwrap().to_owned()
    };
    let items = events.data().as_array().unwrap().len();
    let range = format!(
        "/events?page[after]={}&page[before]={}&page[size]=1",
        cursor(0),
        cursor(items - 1)
    );
    comparison.answer("/events", "GET", &client.get(&range).expect(200));
    comparison.answer("/users", "GET", &get("/users?page[size]=1000").expect(400));
    comparison.answer("/users", "GET", &get("/users?sort=x").expect(400));
}

#[test]
fn answers_hold_what_is_described_and_nothing_else() {
    let app = TestApp::with(|settings| {
        settings.server.client_ids = rolecall::config::ClientIds::ExternalId;
    });
    let description = description(&app);
    let mut comparison = Comparison {
        description: &description,
        seen: BTreeSet::new(),
        strangers: BTreeSet::new(),
    };
    tour(&app.admin(), &app, &mut comparison);
    assert_eq!(comparison.strangers, BTreeSet::new());
    let missing: Vec<String> = properties_of_answers(&description)
        .into_iter()
        .filter(|place| !comparison.seen.contains(place))
        .filter(|place| !UNSEEN.contains(&place.as_str()))
        .collect();
    assert_eq!(missing, Vec::<String>::new());
}

/// With a role that tells by which expression.
fn look_at_hosts(client: &Client, comparison: &mut Comparison<'_>) {
    let sighted = json!({"name": "sighted", "include_context": "linux", "include_bundles": "hr"});
    let role = client
        .post("/roles", &a_new("roles", sighted))
        .expect(201)
        .id();
    let role = json!({"data": [{"type": "roles", "id": role}]});
    client
        .post("/users/1/relationships/roles", &role)
        .expect(200);
    let sought = json!({"classes": ["linux"], "bundles": ["hr"]});
    let mut host = sought.clone();
    host["id"] = "one".into();
    for attributes in [sought, json!({ "hosts": [host] })] {
        let asked = a_new("access-checks", attributes);
        comparison.answer(
            "/access-checks",
            "POST",
            &client.post("/access-checks", &asked),
        );
    }
    client
        .delete_with("/users/1/relationships/roles", &role)
        .expect(200);
}

/// Properties that the tour does not show, each for a reason.
const UNSEEN: &[&str] = &[
    // Only as application/json.
    "#/components/schemas/errors/error",
    // Only with a schedule, as in `backup::scheduled`.
    "#/components/schemas/health/meta/backup",
    "#/components/schemas/health/meta/backup/last",
    "#/components/schemas/health/meta/backup/status",
    // Only with a replica, as in `scaling::replica`.
    "#/components/schemas/health/meta/replica",
    "#/components/schemas/health/meta/replica/lag_ms",
    "#/components/schemas/health/meta/replica/status",
];

/// The properties of all schemas but those of requests.
fn properties_of_answers(description: &Value) -> Vec<String> {
    fn gather(schema: &Value, place: &str, found: &mut Vec<String>) {
        for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
            let place = format!("{place}/{name}");
            gather(inner, &place, found);
            found.push(place);
        }
    }
    let mut found = Vec::new();
    for (name, schema) in description["components"]["schemas"].as_object().unwrap() {
        let is_request = [
            "_new",
            "_changes",
            "_members",
            "_member",
            "_own",
            "credentials",
            "operations",
        ]
        .iter()
        .any(|end| name.ends_with(end));
        if !is_request {
            gather(schema, &format!("#/components/schemas/{name}"), &mut found);
        }
    }
    found
}

#[test]
fn the_password_is_described_for_requests_only() {
    let app = TestApp::start();
    let schemas = description(&app)["components"]["schemas"].clone();
    let shown = &schemas["users"]["properties"]["attributes"]["properties"];
    assert!(shown["username"].is_object());
    assert!(shown["password"].is_null());
    let sent = &schemas["users_new"]["properties"]["data"]["properties"]["attributes"];
    assert_eq!(sent["properties"]["password"]["writeOnly"], true);
    assert_eq!(sent["required"], json!(["username", "password"]));
}

#[test]
fn described_examples_of_new_resources_are_accepted() {
    let app = TestApp::start();
    let description = description(&app);
    for kind in [
        "users",
        "roles",
        "tokens",
        "workspaces",
        "clusters",
        "partners",
    ] {
        let body = &description["paths"][format!("/{kind}")]["post"]["requestBody"];
        let example = &body["content"]["application/vnd.api+json"]["example"];
        app.admin().post(&format!("/{kind}"), example).expect(201);
    }
}

#[test]
fn settings_are_told() {
    let app = TestApp::with(|settings| {
        settings.server.base_url = Some("https://directory.example.org/v1".into());
        settings.server.strict_media_types = true;
        settings.server.project = "people & <roles>".into();
        settings.limits.page_size_max = 37;
        settings.limits.include_depth = 1;
        settings.auth.password_min_length = 9;
    });
    let description = description(&app);
    assert_eq!(
        description["servers"][0]["url"],
        "https://directory.example.org/v1"
    );
    let parameters = &description["components"]["parameters"];
    assert_eq!(parameters["page.size"]["schema"]["maximum"], 37);
    let paths = &parameters["users.include"]["schema"]["items"]["enum"];
    assert_eq!(
        *paths,
        json!(["roles", "grants", "tokens", "sign-ins", "partner"])
    );
    let body = &description["paths"]["/users"]["post"]["requestBody"]["content"];
    assert!(body["application/json"].is_null());
    let page = app.anonymous().get("/docs").expect(200);
    assert!(page.text.contains("people &amp; &lt;roles&gt;"));
    assert!(page.text.contains("9 to 1024 characters"));
    assert!(page.text.contains("https://directory.example.org/v1/users"));
}

#[test]
fn both_are_for_everybody_and_can_be_kept() {
    let app = TestApp::start();
    for path in ["/openapi.json", "/docs", "/docs/style.css"] {
        let answer = app.anonymous().get(path).expect(200);
        let tag = answer.header("etag").expect("an ETag").to_owned();
        assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
        let known = [("if-none-match", tag.as_str())];
        let again = app.anonymous().get_with(path, &known).expect(304);
        assert_eq!(again.text, "");
        app.anonymous().head(path).expect(200);
        let refused = app.anonymous().delete(path).expect(405);
        assert_eq!(refused.header("allow"), Some("GET, HEAD"));
    }
}

#[test]
fn the_page_needs_no_script_and_no_other_host() {
    let app = TestApp::start();
    let page = app.anonymous().get("/docs").expect(200);
    assert_eq!(
        page.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'; style-src 'self';"));
    for foreign in ["<script", "style=\"", "src=", "@import", "onclick"] {
        assert!(!page.text.contains(foreign), "{foreign}");
    }
    // The slash at the end would lead its links astray.
    let astray = app.anonymous().get("/docs/").expect(307);
    assert_eq!(astray.header("location"), Some("../docs"));
}

#[test]
fn the_examples_of_the_page_use_the_address_that_it_was_asked_at() {
    let app = TestApp::start();
    let at = |host: &str| {
        let page = app.anonymous().get_with("/docs", &[("host", host)]);
        let page = page.expect(200);
        (page.header("etag").unwrap().to_owned(), page.text)
    };
    let (tag, page) = at("people.example.org:8443");
    let (other_tag, other_page) = at("roles.example.org");
    assert!(page.contains("curl -u &quot;$A&quot; http://people.example.org:8443/users"));
    assert!(other_page.contains("curl -u &quot;$A&quot; http://roles.example.org/users"));
    for foreign in ["as-asked", "localhost:8080", "roles.example.org"] {
        assert!(!page.contains(foreign), "{foreign}");
    }
    assert_ne!(tag, other_tag);
    let known = [
        ("host", "roles.example.org"),
        ("if-none-match", tag.as_str()),
    ];
    app.anonymous().get_with("/docs", &known).expect(200);
    let odd = app.anonymous().get_with("/docs", &[("host", "a/b")]);
    // What is no host is not repeated.
    assert!(!odd.expect(200).text.contains("a/b"));
}

#[test]
fn the_page_tells_of_every_attribute_parameter_and_error() {
    let app = TestApp::start();
    let description = description(&app);
    let page = app.anonymous().get("/docs").expect(200).text;
    let tells = |what: &str| page.contains(&format!("<code>{what}</code>"));
    for kind in ["users", "roles", "tokens", "events", "trashed_users"] {
        let attributes = &description["components"]["schemas"][kind]["properties"]["attributes"];
        for name in attributes["properties"].as_object().unwrap().keys() {
            assert!(tells(name), "{kind} have {name}");
        }
    }
    let codes = &description["components"]["schemas"]["error"]["properties"]["code"]["anyOf"][0];
    for code in codes["enum"].as_array().unwrap() {
        assert!(tells(code.as_str().unwrap()), "{code}");
    }
}
