//! SIGHUP: what a running service takes over from its file.

use std::fs;
use std::process::Command;

use crate::start_stop::Logged;
use crate::support::{Client, TestDatabase, TestFolder, Wire, eventually};

/// A file of settings, and the service that reads it.
struct Service {
    _folder: TestFolder,
    file: std::path::PathBuf,
    _database: TestDatabase,
    program: Logged,
}

impl Service {
    fn start(text: impl FnOnce(&TestFolder) -> String, environment: &[(&str, &str)]) -> Self {
        let (folder, database) = (TestFolder::create(), TestDatabase::create());
        let file = folder.path().join("rolecall.toml");
        fs::write(&file, text(&folder)).unwrap();
        let mut all = vec![("ROLECALL_CONFIG", file.to_str().unwrap())];
        all.extend(environment);
        let program = Logged::serving(&database, &all);
        Self {
            _folder: folder,
            file,
            _database: database,
            program,
        }
    }

    /// With another text in its file; waits for this in the log.
    #[track_caller]
    fn reload(&self, text: &str, said: &str) {
        // In one step: a signal may be on its way.
        let new = self.file.with_extension("new");
        fs::write(&new, text).unwrap();
        fs::rename(&new, &self.file).unwrap();
        self.program.signal("-HUP");
        eventually(said, || self.program.log().contains(said));
    }

    fn client(&self) -> Client {
        Client::new(&format!("http://{}", self.program.address), None)
    }
}

#[test]
fn the_level_of_the_log_changes() {
    let service = Service::start(|_| "[log]\nlevel = \"info\"\n".into(), &[]);
    service.reload("[log]\nlevel = \"error\"\n", "[log] changed");
    // Of that level it would not be told; of the new one it is.
    service.reload("[log]\nlevel = \"info\"\n", "the settings again");
    eventually("it is told again", || {
        service.program.log().matches("[log] changed").count() >= 2
    });
}

#[test]
fn limits_that_can_change_do_and_sections_that_cannot_are_named() {
    let service = Service::start(|_| String::new(), &[]);
    let mut held: Vec<Wire> = Vec::new();
    service.client().get("/health/live").expect(200);
    service.reload(
        "[limits]\nconnections_per_address = 2\n[server]\nproject = \"other\"\n",
        "[server], [limits] changed",
    );
    // More than two at a time are closed before they are answered.
    let ask = |wire: &mut Wire| wire.send("GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n");
    eventually("connections are refused", || {
        let mut wire = Wire::to(&service.program.address);
        ask(&mut wire);
        held.push(wire);
        service
            .program
            .log()
            .contains("has reached limits.connections_per_address (2)")
    });
    drop(held);
    eventually("they are taken again", || {
        let asked = service.client().try_send("GET", "/health/live", &[], None);
        asked.is_ok_and(|answer| answer.status == 200)
    });
}

#[test]
fn wrong_settings_leave_all_as_it_was() {
    let service = Service::start(|_| String::new(), &[]);
    for (text, said) in [
        (
            "[limits]\nconnections_per_address = \"two\"\n",
            "must be a whole number",
        ),
        ("[limits\n", "rolecall.toml, line "),
        ("[log]\nlevel = \"loud\"\n", "`loud` is none of"),
        (
            "[mail]\nsmtp_url = \"smtp://localhost\"\n",
            "mail.from: is needed",
        ),
    ] {
        service.reload(text, said);
        service.client().get("/health").expect(200);
    }
    fs::remove_file(&service.file).unwrap();
    service.program.signal("-HUP");
    eventually("it is missed", || {
        service.program.log().contains("cannot be read")
    });
    let log = service.program.log();
    assert!(log.contains("the settings stay as they were"), "{log}");
    service.client().get("/health").expect(200);
}

#[test]
fn the_certificate_is_read_again_and_a_broken_one_is_not_taken() {
    let write = |folder: &std::path::Path| {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        fs::write(folder.join("c.pem"), made.cert.pem()).unwrap();
        fs::write(folder.join("k.pem"), made.signing_key.serialize_pem()).unwrap();
    };
    let mut text = String::new();
    let service = Service::start(
        |folder| {
            write(folder.path());
            let path = |name: &str| folder.path().join(name).display().to_string();
            text = format!(
                "[server]\ntls_certificate = \"{}\"\ntls_key = \"{}\"\n",
                path("c.pem"),
                path("k.pem")
            );
            text.clone()
        },
        &[],
    );
    let folder = service.file.parent().unwrap();
    let (_, port) = service.program.address.rsplit_once(':').unwrap();
    let trusts = || {
        let asked = Command::new("curl")
            .args(["--silent", "--fail", "--cacert"])
            .arg(folder.join("trusted.pem"))
            .arg(format!("https://localhost:{port}/health/live"))
            .output();
        asked.unwrap().status.success()
    };
    let trust = || fs::copy(folder.join("c.pem"), folder.join("trusted.pem")).unwrap();
    trust();
    assert!(trusts());
    write(folder);
    trust();
    assert!(!trusts(), "the new one is shown already");
    service.reload(&text, "reloaded the certificate");
    assert!(trusts());
    fs::write(folder.join("c.pem"), "nonsense").unwrap();
    service.reload(&text, "the previous one stays in use");
    assert!(trusts());
}
