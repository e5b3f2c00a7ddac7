//! The hand-written tables of the reference name what the program has.

use super::read;

/// The permissions that the page lists in this sentence.
#[test]
fn every_permission_is_in_the_list_of_permissions_and_no_other() {
    use rolecall::directory::permissions::Permission;
    let page = read("docs/reference/permissions.md");
    let start = "Others can do what the `permissions` of their roles allow:";
    let (_, list) = page.split_once(start).expect("the list");
    let (list, _) = list
        .split_once("; permissions of other services")
        .expect("its end");
    let mut listed: Vec<&str> = list.split('`').skip(1).step_by(2).collect();
    let mut known: Vec<&str> = Permission::ALL.iter().map(|(_, name, _)| *name).collect();
    listed.sort_unstable();
    known.sort_unstable();
    assert_eq!(listed, known);
    let security = read("docs/security/threat-model.md");
    let (_, table) = page.split_once("| permission | allows |").expect("a table");
    for name in known {
        assert!(security.contains(&format!("`{name}`")), "{name}");
        assert!(table.contains(&format!("`{name}`")), "{name}");
    }
}

#[test]
fn every_address_is_in_the_table_of_addresses() {
    let page = read("docs/reference/routes.md");
    for endpoint in rolecall::api::endpoints() {
        let path = endpoint.path.replace("{id}", "ID");
        assert!(page.contains(&format!("`{path}`")), "{path} is missing");
    }
}
