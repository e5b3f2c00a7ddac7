//! One person, written by each of the four surfaces in turn and shown by the
//! other three; then one who comes from LDAP.

use serde_json::{Value, json};

use crate::support::{
    Answer, Client, Slapd, TULIP, TestApp, a_cluster, a_partner, a_person, a_role, linkage,
    role_named,
};

/// How the surfaces call one user.
struct Person<'a> {
    client: &'a Client,
    id: String,
    username: String,
}

fn send(client: &Client, method: &str, path: &str, body: &Value) -> Answer {
    let headers = [("content-type", "application/json")];
    client.send(method, path, &headers, Some(body.to_string().as_bytes()))
}

impl Person<'_> {
    fn native(&self) -> Value {
        let path = format!("/users/{}", self.id);
        self.client.get(&path).expect(200).data()["attributes"].clone()
    }

    /// Roles that are held everywhere, as JSON:API, CFEngine and OpenL2M tell.
    fn roles(&self) -> [Vec<String>; 3] {
        let path = format!("/users/{}/roles?sort=name", self.id);
        let roles = self.client.get(&path).expect(200).data();
        let name = |role: &Value| role["attributes"]["name"].as_str().unwrap().to_owned();
        let native: Vec<String> = roles.as_array().unwrap().iter().map(name).collect();
        let text = |name: &Value| name.as_str().unwrap().to_owned();
        let shown = self.cfengine();
        let cfengine = shown["roles"].as_array().unwrap().iter().map(text);
        let mut cfengine: Vec<String> = cfengine.collect();
        cfengine.sort();
        let shown = self.openl2m();
        let groups = shown["groups"].as_array().unwrap().iter();
        let mut openl2m: Vec<String> = groups
            .map(|id| {
                let role = self.client.get(&format!("/roles/{id}")).expect(200);
                name(&role.data())
            })
            .collect();
        if shown["is_superuser"] == true {
            openl2m.push("admin".into());
        }
        openl2m.sort();
        [native, cfengine, openl2m]
    }

    fn cfengine(&self) -> Value {
        let path = format!("/api/user/{}", self.username);
        self.client.get_with(&path, &[]).expect(200).json()["data"][0].clone()
    }

    fn openl2m(&self) -> Value {
        let path = format!("/api/admin/users/{}/", self.id);
        self.client.get_with(&path, &[]).expect(200).json()
    }

    /// In the portal's list, when it is there.
    fn portal(&self) -> Option<Value> {
        let path = "/api/id-management/users/?page_size=100";
        let list = self.client.get_with(path, &[]).expect(200).json();
        let users = list["results"].as_array().unwrap();
        let own = |user: &&Value| user["id"].as_i64() == self.id.parse().ok();
        users.iter().find(own).cloned()
    }

    #[track_caller]
    fn hold(&self, roles: &[&str]) {
        for (told, surface) in self.roles().iter().zip(["native", "cfengine", "openl2m"]) {
            assert_eq!(told, roles, "{surface}");
        }
    }
}

#[test]
fn what_one_surface_writes_the_others_show() {
    let app = TestApp::start();
    let admin = app.admin();
    let [huguenots, marketing] =
        ["Huguenots", "Marketing"].map(|name| a_role().named(name).create(&app));
    let acme = a_partner().titled("ACME").create(&app);
    let health = a_cluster().titled("Health").create(&app);

    // CFEngine makes the user.
    let calvin = json!({
        "name": "John Calvin", "email": "calvin@geneva.example", "roles": ["Huguenots"],
        "password": "soli Deo gloria",
    });
    send(&admin, "PUT", "/api/user/calvin", &calvin).expect(201);
    let id = admin.get("/users?filter[username]=calvin").ids()[0].clone();
    let person = Person {
        client: &admin,
        id,
        username: "calvin".into(),
    };
    person.hold(&["Huguenots"]);
    assert_eq!(person.native()["full_name"], "John Calvin");
    assert_eq!(person.openl2m()["email"], "calvin@geneva.example");
    assert_eq!(person.portal().unwrap()["prp_roles"], json!([]));

    // OpenL2M gives the names and another role.
    let path = format!("/api/admin/users/{}/", person.id);
    let change = json!({
        "first_name": "Jean", "last_name": "Cauvin", "groups": [huguenots.id, marketing.id],
    });
    send(&admin, "PATCH", &path, &change).expect(200);
    person.hold(&["Huguenots", "Marketing"]);
    assert_eq!(person.native()["surname"], "Cauvin");
    assert_eq!(person.portal().unwrap()["first_name"], "Jean");
    assert_eq!(person.cfengine()["name"], "John Calvin", "kept whole");

    // JSON:API sets the partner, the portal a role in a cluster.
    let partner = json!({"data": {"type": "partners", "id": acme.id.to_string()}});
    let path = format!("/users/{}/relationships/partner", person.id);
    admin.patch(&path, &partner).expect(200);
    let group = json!({
        "user_id": person.id, "prp_roles": [{"role": "CLUSTER_VIEWER", "cluster": health.id}],
    });
    let path = "/api/id-management/role-group/";
    send(&admin, "POST", path, &group).expect(201);
    let shown = person.portal().unwrap();
    assert_eq!(shown["partner"]["title"], "ACME");
    assert_eq!(shown["prp_roles"][0]["cluster"]["id"], health.id);
    person.hold(&["Huguenots", "Marketing"]);

    // CFEngine takes all roles; the one in the cluster is none of them.
    let none = json!({"roles": []});
    send(&admin, "POST", "/api/user/calvin", &none).expect(204);
    person.hold(&[]);
    assert_eq!(person.portal().unwrap()["prp_roles"], shown["prp_roles"]);
    let grants = admin.get(&format!("/users/{}/grants?include=role", person.id));
    let viewer = role_named(&app, "CLUSTER_VIEWER").id.to_string();
    assert_eq!(grants.expect(200).json()["included"][0]["id"], viewer);

    // Whoever JSON:API makes an administrator is one everywhere.
    let roles = format!("/users/{}/relationships/roles", person.id);
    admin.post(&roles, &linkage("roles", &[1])).expect(200);
    person.hold(&["admin"]);
    let own = app.basic("calvin", "soli Deo gloria");
    for path in ["/api/user", "/api/admin/users/", "/api/role", "/users"] {
        own.get_with(path, &[]).expect(200);
    }

    // Switched off by OpenL2M: known nowhere any more.
    let off = json!({"is_active": false});
    let path = format!("/api/admin/users/{}/", person.id);
    send(&admin, "PATCH", &path, &off).expect(200);
    assert_eq!(person.portal().unwrap()["status"], "DEACTIVATED");
    for path in [
        "/api/user",
        "/api/admin/users/",
        "/api/id-management/users/",
        "/users",
    ] {
        own.get_with(path, &[]).expect(401);
    }

    // Deleted by CFEngine: gone from all, and in the trash.
    admin
        .send("DELETE", "/api/user/calvin", &[], None)
        .expect(204);
    admin.get_with("/api/user/calvin", &[]).expect(404);
    admin.get_with(&path, &[]).expect(400);
    admin.get(&format!("/users/{}", person.id)).expect(404);
    assert_eq!(person.portal(), None);
    admin
        .get(&format!("/trash/users/{}", person.id))
        .expect(200);
}

#[test]
fn who_comes_from_ldap_comes_in_everywhere_and_is_shown_everywhere() {
    let slapd = Slapd::with(&[a_person("calvin").and("mail", "calvin@geneva.example")]);
    let app = TestApp::with(|settings| slapd.asked_by(settings));
    let admin = app.admin();
    let own = app.basic("calvin", TULIP);
    let shown = own.get("/auth/user").expect(200);
    let person = Person {
        client: &admin,
        id: shown.id(),
        username: "calvin".into(),
    };
    assert_eq!(person.native()["external"], true);
    assert_eq!(person.cfengine()["external"], true);
    assert_eq!(person.openl2m()["email"], "calvin@geneva.example");
    assert_eq!(person.portal().unwrap()["email"], "calvin@geneva.example");

    let roles = format!("/users/{}/relationships/roles", person.id);
    admin.post(&roles, &linkage("roles", &[1])).expect(200);
    person.hold(&["admin"]);
    for path in [
        "/api/user",
        "/api/admin/users/",
        "/api/id-management/users/",
        "/users",
    ] {
        own.get_with(path, &[]).expect(200);
    }
}
