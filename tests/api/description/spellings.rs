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
    assert!(page.contains("the same as filter[query]") && page.contains("the same as q"));
}
