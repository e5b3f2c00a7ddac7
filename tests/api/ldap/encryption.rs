//! Passwords travel enciphered, to the server whose certificate leads to the
//! right authority, or not at all.

use super::{asking_with, program, run};
use crate::support::{Slapd, TULIP, TestDatabase, a_person};
use rolecall::config::{LdapUrl, Settings};

/// By `ldaps`, believing the company's authority.
fn wrapped(slapd: &Slapd) -> impl FnOnce(&mut Settings) {
    let (url, ca_file) = (slapd.tls_url(), slapd.ca_file());
    move |settings| {
        settings.ldap.url = Some(LdapUrl::parse(&url).unwrap());
        settings.ldap.ca_file = Some(ca_file);
    }
}

/// By StartTLS, the same.
fn started(slapd: &Slapd) -> impl FnOnce(&mut Settings) {
    let (url, ca_file) = (slapd.url(), slapd.ca_file());
    move |settings| {
        settings.ldap.url = Some(LdapUrl::parse(&url).unwrap());
        settings.ldap.start_tls = true;
        settings.ldap.ca_file = Some(ca_file);
    }
}

#[test]
fn users_come_in_by_ldaps_and_by_starttls() {
    let slapd = Slapd::with(&[a_person("calvin")]);
    let by_ldaps = asking_with(&slapd, wrapped(&slapd));
    let by_starttls = asking_with(&slapd, started(&slapd));
    for app in [by_ldaps, by_starttls] {
        app.basic("calvin", TULIP).get("/home").expect(200);
        app.basic("calvin", "roses").get("/home").expect(401);
    }
}

#[test]
fn a_server_of_another_authority_hears_no_password() {
    let slapd = Slapd::with(&[a_person("calvin")]);
    let foreign = slapd.foreign_ca_file();
    let by_ldaps = asking_with(&slapd, |settings| {
        wrapped(&slapd)(settings);
        settings.ldap.ca_file = Some(foreign.clone());
    });
    let by_starttls = asking_with(&slapd, |settings| {
        started(&slapd)(settings);
        settings.ldap.ca_file = Some(foreign);
    });
    for app in [by_ldaps, by_starttls] {
        app.basic("calvin", TULIP).get("/home").expect(503);
        app.admin().get("/home").expect(200);
    }
}

#[test]
fn the_program_does_not_start_with_authorities_that_it_cannot_read() {
    let slapd = Slapd::with(&[]);
    let database = TestDatabase::migrated();
    let empty = std::env::temp_dir().join(format!("rolecall-empty-{}.pem", std::process::id()));
    std::fs::write(&empty, "nothing").unwrap();
    for file in ["/no/such/file.pem", empty.to_str().unwrap()] {
        let mut command = program(&slapd, &database, &["serve", "--listen", "127.0.0.1:0"]);
        command
            .env("ROLECALL_LDAP_START_TLS", "true")
            .env("ROLECALL_LDAP_CA_FILE", file);
        let (output, _, complaint) = run(&mut command);
        assert!(!output.status.success());
        assert!(
            complaint.contains("ldap.ca_file") && complaint.contains(file),
            "{complaint}"
        );
    }
    std::fs::remove_file(empty).unwrap();
}

#[test]
fn the_program_does_not_start_when_it_would_send_passwords_in_the_clear() {
    let slapd = Slapd::with(&[]);
    let database = TestDatabase::migrated();
    let mut command = program(&slapd, &database, &["serve", "--listen", "127.0.0.1:0"]);
    command.env("ROLECALL_LDAP_URL", "ldap://ldap.example.org");
    let (output, _, complaint) = run(&mut command);
    assert_eq!(output.status.code(), Some(2));
    assert!(complaint.contains("ldap.allow_plaintext"), "{complaint}");
}
