//! The README tells what is so.

#[test]
fn the_table_of_settings_is_the_one_of_the_program() {
    let readme = include_str!("../../README.md");
    let table = rolecall::config::markdown_table();
    assert!(
        readme.contains(table.trim()),
        "update README.md: rolecall config table"
    );
}

#[test]
fn every_address_is_in_the_table_of_addresses() {
    let readme = include_str!("../../README.md");
    for endpoint in rolecall::api::endpoints() {
        let path = endpoint.path.replace("{id}", "ID");
        assert!(readme.contains(&format!("`{path}`")), "{path} is missing");
    }
}
