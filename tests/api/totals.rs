//! The total of a list, where table widgets look for it: `meta.total`, beside
//! `meta.pagination`.

use rolecall::api::endpoints;
use serde_json::Value;

use crate::support::{TestApp, a_role, a_user};

/// Every list and all linkage that somebody has, of the first administrator, too.
fn lists(app: &TestApp) -> Vec<String> {
    let readable = endpoints()
        .into_iter()
        .filter(|endpoint| endpoint.methods.contains(&"GET"));
    let paths = readable.map(|endpoint| endpoint.path.replace("{id}", "1"));
    let is_list = |path: &String| {
        let answer = app.admin().get(path);
        answer.status == 200 && answer.json()["meta"]["pagination"].is_object()
    };
    paths.filter(is_list).collect()
}

fn meta(app: &TestApp, path: &str, query: &str) -> Value {
    app.admin()
        .get(&format!("{path}?{query}"))
        .expect(200)
        .json()["meta"]
        .clone()
}

#[test]
fn every_list_tells_its_total_where_it_is_known_and_only_there() {
    let app = TestApp::start();
    let role = a_role().create(&app);
    for _ in 0..3 {
        a_user().holding(&role).create(&app);
    }
    let lists = lists(&app);
    assert!(lists.len() > 20, "{lists:?}");
    for path in lists {
        let plain = meta(&app, &path, "");
        assert!(plain["total"].is_number(), "{path}: {plain}");
        for query in [
            "",
            "page[size]=1",
            "page[offset]=0&page[limit]=1",
            "page[count]=exact",
        ] {
            let counted = meta(&app, &path, query);
            assert_eq!(
                counted["total"], counted["pagination"]["count"],
                "{path}?{query}"
            );
            assert_eq!(counted["total"], plain["total"], "{path}?{query}");
        }
        let roughly = meta(&app, &path, "page[count]=estimated");
        assert_eq!(roughly["total"], roughly["pagination"]["count"], "{path}");
        assert_eq!(roughly["count_is_estimated"], true, "{path}");
        let uncounted = meta(&app, &path, "page[count]=none");
        assert_eq!(uncounted.get("total"), None, "{path}");
        assert_eq!(uncounted["pagination"]["count"], Value::Null, "{path}");
        let cursor = "WzFd";
        let behind = meta(&app, &path, &format!("page[before]={cursor}"));
        assert_eq!(behind.get("total"), None, "{path}");
        let counted = meta(
            &app,
            &path,
            &format!("page[before]={cursor}&page[count]=exact"),
        );
        assert_eq!(counted["total"], counted["page"]["total"], "{path}");
        assert_eq!(counted["total"], plain["total"], "{path}");
    }
}
