//! `rolecall ldap check`: what works, step by step, and why the next does not.

use super::{program, run};
use crate::support::{READER_PASSWORD, Slapd, TestDatabase, a_group, a_person, free_port};

fn a_company() -> Slapd {
    Slapd::with(&[
        a_person("calvin")
            .and("givenName", "John")
            .and("mail", "calvin@example.org"),
        a_person("hobbes"),
        a_group("admin", &["calvin"]),
        a_group("Huguenots", &["calvin"]),
    ])
}

/// Exit code, output and complaint with these settings beside the usual ones.
fn check(
    slapd: &Slapd,
    arguments: &[&str],
    settings: &[(&str, &str)],
) -> (Option<i32>, String, String) {
    let database = TestDatabase::migrated();
    run(&mut program(slapd, &database, &["migrate"]));
    let all: Vec<&str> = ["ldap", "check"].iter().chain(arguments).copied().collect();
    let mut command = program(slapd, &database, &all);
    command.envs(settings.iter().copied());
    let (output, out, complaint) = run(&mut command);
    assert!(!out.contains(READER_PASSWORD) && !complaint.contains(READER_PASSWORD));
    (output.status.code(), out, complaint)
}

/// The step that failed, and why; what worked before it.
#[track_caller]
fn fails(
    slapd: &Slapd,
    arguments: &[&str],
    settings: &[(&str, &str)],
    step: &str,
    why: &str,
) -> String {
    let (code, out, complaint) = check(slapd, arguments, settings);
    assert_eq!(code, Some(1), "{out}{complaint}");
    assert!(
        complaint.starts_with(&format!("rolecall: {step}: ")),
        "{complaint}"
    );
    assert!(complaint.contains(why), "{complaint}");
    out
}

#[test]
fn every_step_that_works_is_a_line() {
    let slapd = a_company();
    let (code, out, complaint) = check(&slapd, &[], &[]);
    assert_eq!((code, complaint.as_str()), (Some(0), ""));
    let names: Vec<&str> = out
        .lines()
        .filter_map(|line| line.split('\t').next())
        .collect();
    assert_eq!(
        names,
        [
            "server", "resolve", "connect", "tls", "bind", "users", "groups"
        ]
    );
    assert!(
        out.contains("bind\tas \"cn=reader,dc=example,dc=org\""),
        "{out}"
    );
    assert!(
        out.contains("users\t2 below \"ou=people,dc=example,dc=org\""),
        "{out}"
    );
}

#[test]
fn a_user_is_shown_with_what_would_become_of_it() {
    let slapd = a_company();
    let settings = [("ROLECALL_LDAP_ROLE_SYNC", "every")];
    let (code, out, _) = check(&slapd, &["--user", "CALVIN"], &settings);
    assert_eq!(code, Some(0), "{out}");
    for line in [
        "groups\t2 below \"ou=groups,dc=example,dc=org\" match (member=*)",
        "user\t\"calvin\" is \"uid=calvin,ou=people,dc=example,dc=org\"",
        "mapping\tname from givenName: \"John\"",
        "mapping\temail from mail: \"calvin@example.org\"",
        "member of\t\"Huguenots\", \"admin\"",
        "record\twould be made by the first sign-in",
        "would be given\tnone",
        "passed over\tadmin: it makes an administrator, which ldap.grant_admin does not allow",
    ] {
        assert!(out.lines().any(|told| told == line), "{line} in {out}");
    }
}

#[test]
fn it_changes_nothing() {
    let slapd = a_company();
    let database = TestDatabase::migrated();
    run(&mut program(&slapd, &database, &["migrate"]));
    run(&mut program(
        &slapd,
        &database,
        &["ldap", "check", "--user", "calvin"],
    ));
    let (_, out, _) = run(&mut program(&slapd, &database, &["user", "list"]));
    assert_eq!(out, "");
}

#[test]
fn it_needs_ldap_to_be_switched_on() {
    let slapd = a_company();
    let (code, out, complaint) = check(&slapd, &[], &[("ROLECALL_LDAP_ENABLED", "false")]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(complaint.contains("ldap.enabled"), "{complaint}");
}

#[test]
fn a_host_without_an_address_is_told() {
    let slapd = a_company();
    let settings = [
        ("ROLECALL_LDAP_URL", "ldap://no-such-host.invalid"),
        ("ROLECALL_LDAP_ALLOW_PLAINTEXT", "true"),
    ];
    fails(&slapd, &[], &settings, "resolve", "no-such-host.invalid");
}

#[test]
fn a_port_where_nobody_listens_is_told() {
    let slapd = a_company();
    let url = format!("ldap://127.0.0.1:{}", free_port());
    let out = fails(
        &slapd,
        &[],
        &[("ROLECALL_LDAP_URL", &url)],
        "connect",
        "refused",
    );
    assert!(out.contains("resolve\t127.0.0.1"), "{out}");
}

#[test]
fn the_reason_why_tls_fails_is_told() {
    let slapd = a_company();
    let (url, foreign) = (slapd.tls_url(), slapd.foreign_ca_file());
    let foreign = foreign.to_str().unwrap();
    let wrapped = [
        ("ROLECALL_LDAP_URL", url.as_str()),
        ("ROLECALL_LDAP_CA_FILE", foreign),
    ];
    let started = [
        ("ROLECALL_LDAP_START_TLS", "true"),
        ("ROLECALL_LDAP_CA_FILE", foreign),
    ];
    for settings in [wrapped, started] {
        let out = fails(
            &slapd,
            &[],
            &settings,
            "tls",
            "leads to no authority that is trusted",
        );
        assert!(out.contains("connect\t"), "{out}");
    }
    let ca = slapd.ca_file();
    let ca = ca.to_str().unwrap();
    let (code, out, _) = check(
        &slapd,
        &[],
        &[("ROLECALL_LDAP_URL", &url), ("ROLECALL_LDAP_CA_FILE", ca)],
    );
    assert_eq!(code, Some(0));
    assert!(
        out.contains("tls\timplicit, verified with certificates of "),
        "{out}"
    );
}

#[test]
fn a_wrong_password_of_the_service_is_told() {
    let slapd = a_company();
    let settings = [("ROLECALL_LDAP_BIND_PASSWORD", "not the right words")];
    let (_, out, complaint) = check(&slapd, &[], &settings);
    assert!(!format!("{out}{complaint}").contains("not the right words"));
    fails(&slapd, &[], &settings, "bind", "ldap.bind_password");
}

#[test]
fn a_branch_that_is_not_there_and_a_filter_that_nobody_matches_are_told() {
    let slapd = a_company();
    let nowhere = [("ROLECALL_LDAP_USERS_DIRECTORY", "ou=nowhere")];
    fails(
        &slapd,
        &[],
        &nowhere,
        "users",
        "ou=nowhere,dc=example,dc=org",
    );
    let nobody = [("ROLECALL_LDAP_FILTER", "(employeeType=none)")];
    fails(&slapd, &[], &nobody, "users", "no user below");
    let groups = [
        ("ROLECALL_LDAP_ROLE_SYNC", "every"),
        ("ROLECALL_LDAP_GROUP_DIRECTORY", "ou=nowhere"),
    ];
    fails(
        &slapd,
        &[],
        &groups,
        "groups",
        "ou=nowhere,dc=example,dc=org",
    );
}

#[test]
fn a_filter_that_is_none_is_refused() {
    let slapd = a_company();
    let (code, _, complaint) = check(&slapd, &[], &[("ROLECALL_LDAP_FILTER", "(!(a=b)")]);
    assert_eq!(code, Some(2));
    assert!(complaint.contains("ROLECALL_LDAP_FILTER"), "{complaint}");
    let (code, _, complaint) = check(&slapd, &[], &[("ROLECALL_LDAP_FILTER", "(and)")]);
    assert_eq!(code, Some(2));
    assert!(complaint.contains("ldap.filter"), "{complaint}");
}

#[test]
fn a_user_whom_nobody_knows_and_a_role_that_is_not_there_are_told() {
    let slapd = a_company();
    fails(&slapd, &["--user", "nobody"], &[], "user", "nobody");
    let role = [("ROLECALL_LDAP_DEFAULT_ROLE", "reader")];
    fails(&slapd, &[], &role, "ldap.default_role", "reader");
}
