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

/// The permissions that the README lists in this sentence.
#[test]
fn every_permission_is_in_the_list_of_permissions_and_no_other() {
    use rolecall::directory::permissions::Permission;
    let readme = include_str!("../../README.md");
    let start = "Others can do what the `permissions` of their roles allow:";
    let (_, list) = readme.split_once(start).expect("the list");
    let (list, _) = list
        .split_once("; permissions of other services")
        .expect("its end");
    let mut listed: Vec<&str> = list.split('`').skip(1).step_by(2).collect();
    let mut known: Vec<&str> = Permission::ALL.iter().map(|(_, name, _)| *name).collect();
    listed.sort_unstable();
    known.sort_unstable();
    assert_eq!(listed, known);
    let security = include_str!("../../docs/security.md");
    for name in known {
        assert!(security.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn every_address_is_in_the_table_of_addresses() {
    let readme = include_str!("../../README.md");
    for endpoint in rolecall::api::endpoints() {
        let path = endpoint.path.replace("{id}", "ID");
        assert!(readme.contains(&format!("`{path}`")), "{path} is missing");
    }
}
