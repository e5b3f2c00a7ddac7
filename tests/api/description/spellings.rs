//! Searches are described as what they are, under each of their names.

use crate::support::TestApp;

#[test]
fn a_search_is_described_as_words_and_not_as_a_list_of_values() {
    let app = TestApp::start();
    let document = app
        .admin()
        .get_with("/openapi.json", &[])
        .expect(200)
        .json();
    let parameters = document["components"]["parameters"].as_object().unwrap();
    let mut searches = 0;
    for parameter in parameters.values() {
        let name = parameter["name"].as_str().unwrap();
        if name == "q" || name.starts_with("filter[query]") {
            searches += 1;
            assert_eq!(parameter["schema"]["type"], "string", "{name}");
            let text = parameter["description"].as_str().unwrap();
            assert!(text.contains("each of these words"), "{name}: {text}");
        }
    }
    assert!(searches >= 3, "{searches}");
    let page = app.anonymous().get_with("/docs", &[]).expect(200).text;
    let both = "<code>q</code> or <code>filter[query]</code>: Only users with each of these words";
    let lists_of_users = page.matches(both).count();
    assert_eq!(lists_of_users, 2, "users, and those in the trash");
    for path in [
        "/users?id=2",
        "/events?id=2",
        "/users?id=2&amp;roles",
        "/roles?id=2&amp;users",
    ] {
        assert!(page.contains(&format!("<code>{path}</code>")), "{path}");
    }
}
