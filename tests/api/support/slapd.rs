//! A real LDAP server with a small company in it.

use std::fmt::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::identity::Identity;
use rolecall::config::{LdapUrl, Secret, Settings};

/// A machine may be slow; a server that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(30);

const BASE: &str = "dc=example,dc=org";
const ROOT: &str = "cn=root,dc=example,dc=org";
const ROOT_PASSWORD: &str = "the root of it all";
const READER: &str = "cn=reader,dc=example,dc=org";
pub const READER_PASSWORD: &str = "reads but never writes";
/// Every person's, unless a test says otherwise.
pub const TULIP: &str = "tulips forever";

/// `slapd` at work on data of its own; it ends with this.
pub struct Slapd {
    folder: PathBuf,
    child: Option<Child>,
    pub port: u16,
    pub tls_port: u16,
}

/// Somebody in the company.
pub struct Entry(String);

/// A person, called by their uid.
pub fn a_person(uid: &str) -> Entry {
    Entry(format!(
        "dn: uid={uid},ou=people,{BASE}\nobjectClass: inetOrgPerson\nuid: {uid}\ncn: {uid}\nsn: {uid}\n\
         userPassword: {TULIP}\n"
    ))
}

/// A group, with these people in it.
pub fn a_group(name: &str, members: &[&str]) -> Entry {
    let mut text =
        format!("dn: cn={name},ou=groups,{BASE}\nobjectClass: groupOfNames\ncn: {name}\n");
    // A group has one member at least; this is nobody.
    let _ = writeln!(text, "member: cn=nobody,{BASE}");
    for member in members {
        let _ = writeln!(text, "member: uid={member},ou=people,{BASE}");
    }
    Entry(text)
}

impl Entry {
    pub fn and(mut self, attribute: &str, value: &str) -> Self {
        let _ = writeln!(self.0, "{attribute}: {value}");
        self
    }

    /// With another value instead of its own.
    pub fn but(mut self, attribute: &str, value: &str) -> Self {
        let begin = format!("{attribute}: ");
        let others = self.0.lines().filter(|line| !line.starts_with(&begin));
        self.0 = others.fold(String::new(), |text, line| text + line + "\n");
        self.and(attribute, value)
    }

    /// In another place below the base.
    pub fn at(mut self, dn: &str) -> Self {
        let (_, rest) = self.0.split_once('\n').unwrap();
        self.0 = format!("dn: {dn},{BASE}\n{rest}");
        self
    }
}

impl Slapd {
    /// With these in it.
    pub fn with(entries: &[Entry]) -> Self {
        Self::configured(entries, "")
    }

    /// The same, with more lines at the end of its configuration.
    pub fn configured(entries: &[Entry], more: &str) -> Self {
        let folder = folder();
        let mut slapd = Self {
            port: 0,
            tls_port: 0,
            child: None,
            folder,
        };
        slapd.certify();
        slapd.configure(more);
        slapd.fill(entries);
        slapd.start();
        slapd
    }

    pub fn url(&self) -> String {
        format!("ldap://127.0.0.1:{}", self.port)
    }

    /// Its name is in its certificate.
    pub fn tls_url(&self) -> String {
        format!("ldaps://localhost:{}", self.tls_port)
    }

    pub fn ca_file(&self) -> PathBuf {
        self.folder.join("ca.pem")
    }

    /// The authority of somebody else.
    pub fn foreign_ca_file(&self) -> PathBuf {
        self.folder.join("foreign.pem")
    }

    /// Settings with which the service asks this server.
    pub fn asked_by(&self, settings: &mut Settings) {
        at(&self.url(), settings);
    }

    /// The same for the program itself.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("ROLECALL_LDAP_ENABLED", "true".into()),
            ("ROLECALL_LDAP_URL", self.url()),
            ("ROLECALL_LDAP_BASE_DN", BASE.into()),
            ("ROLECALL_LDAP_USERS_DIRECTORY", "ou=people".into()),
            ("ROLECALL_LDAP_GROUP_DIRECTORY", "ou=groups".into()),
            ("ROLECALL_LDAP_BIND_DN", READER.into()),
            ("ROLECALL_LDAP_BIND_PASSWORD", READER_PASSWORD.into()),
        ]
    }

    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Where it was before, or for the first time where there is room.
    pub fn start(&mut self) {
        let is_first = self.port == 0;
        for _ in 0..20 {
            if is_first {
                (self.port, self.tls_port) = (free_port(), free_port());
            }
            if self.try_start() {
                return;
            }
        }
        panic!("slapd does not start");
    }

    pub fn add(&self, entry: &Entry) {
        self.change("ldapadd", &entry.0);
    }

    pub fn remove_person(&self, uid: &str) {
        let dn = format!("uid={uid},ou=people,{BASE}");
        self.change("ldapmodify", &format!("dn: {dn}\nchangetype: delete\n"));
    }

    /// The same entry by another name.
    pub fn rename_person(&self, uid: &str, new: &str) {
        self.change(
            "ldapmodify",
            &format!(
                "dn: uid={uid},ou=people,{BASE}\nchangetype: modrdn\nnewrdn: uid={new}\n\
                 deleteoldrdn: 1\n"
            ),
        );
    }

    pub fn remove_from_group(&self, name: &str, uid: &str) {
        self.change(
            "ldapmodify",
            &format!(
                "dn: cn={name},ou=groups,{BASE}\nchangetype: modify\ndelete: member\n\
                 member: uid={uid},ou=people,{BASE}\n"
            ),
        );
    }

    pub fn set_password(&self, uid: &str, password: &str) {
        self.change(
            "ldapmodify",
            &format!(
                "dn: uid={uid},ou=people,{BASE}\nchangetype: modify\nreplace: userPassword\n\
                 userPassword: {password}\n"
            ),
        );
    }

    fn change(&self, program: &str, ldif: &str) {
        let file = self.folder.join("change.ldif");
        std::fs::write(&file, ldif).unwrap();
        let output = Command::new(program)
            .args([
                "-x",
                "-H",
                &self.url(),
                "-D",
                ROOT,
                "-w",
                ROOT_PASSWORD,
                "-f",
            ])
            .arg(&file)
            .output()
            .unwrap();
        assert!(output.status.success(), "{program}: {output:?}");
    }

    fn certify(&self) {
        let identity = Identity::of(&["localhost", "127.0.0.1"]);
        let write = |name: &str, text: &str| std::fs::write(self.folder.join(name), text).unwrap();
        write("ca.pem", &identity.authority);
        write("cert.pem", &identity.certificate);
        write("key.pem", &identity.key);
        write("foreign.pem", &identity.foreign);
    }

    fn configure(&self, more: &str) {
        let folder = self.folder.display();
        let text = format!(
            "include /etc/ldap/schema/core.schema\n\
             include /etc/ldap/schema/cosine.schema\n\
             include /etc/ldap/schema/inetorgperson.schema\n\
             modulepath /usr/lib/ldap\nmoduleload back_mdb\n\
             pidfile {folder}/pid\nargsfile {folder}/args\nsizelimit 1000\n\
             TLSCACertificateFile {folder}/ca.pem\n\
             TLSCertificateFile {folder}/cert.pem\nTLSCertificateKeyFile {folder}/key.pem\n\
             database mdb\nmaxsize 67108864\ndbnosync\nsuffix \"{BASE}\"\ndirectory {folder}/db\n\
             rootdn \"{ROOT}\"\nrootpw \"{ROOT_PASSWORD}\"\n\
             index objectClass,uid,member eq\n\
             access to attrs=userPassword by anonymous auth by * none\n\
             access to * by dn.exact=\"{READER}\" read by anonymous auth by * none\n\
             {more}\n"
        );
        std::fs::create_dir(self.folder.join("db")).unwrap();
        std::fs::write(self.folder.join("slapd.conf"), text).unwrap();
    }

    fn fill(&self, entries: &[Entry]) {
        let mut ldif = format!(
            "dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n\n"
        );
        for branch in ["people", "groups"] {
            let _ = write!(
                ldif,
                "dn: ou={branch},{BASE}\nobjectClass: organizationalUnit\nou: {branch}\n\n"
            );
        }
        let _ = write!(
            ldif,
            "dn: {READER}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n\
             cn: reader\nuserPassword: {READER_PASSWORD}\n\n"
        );
        entries
            .iter()
            .for_each(|entry| ldif += &(entry.0.clone() + "\n"));
        let file = self.folder.join("data.ldif");
        std::fs::write(&file, ldif).unwrap();
        let output = program("slapadd")
            .arg("-f")
            .arg(self.folder.join("slapd.conf"))
            .arg("-l")
            .arg(&file)
            .output()
            .unwrap();
        assert!(output.status.success(), "slapadd: {output:?}");
    }

    /// False when somebody else has the port.
    fn try_start(&mut self) -> bool {
        let pid = self.folder.join("pid");
        let _ = std::fs::remove_file(&pid);
        let listen = format!(
            "ldap://127.0.0.1:{}/ ldaps://127.0.0.1:{}/",
            self.port, self.tls_port
        );
        let child = program("slapd")
            .arg("-f")
            .arg(self.folder.join("slapd.conf"))
            .args(["-h", &listen, "-d", "0"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let child = self.child.insert(child);
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            // Written when it has its ports.
            if pid.exists() && TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return true;
            }
            sleep(Duration::from_millis(5));
        }
        panic!("slapd is not there after {PATIENCE:?}");
    }
}

impl Drop for Slapd {
    fn drop(&mut self) {
        self.stop();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Settings with which the service asks the server at this address.
pub fn at(url: &str, settings: &mut Settings) {
    let ldap = &mut settings.ldap;
    ldap.enabled = true;
    ldap.url = Some(LdapUrl::parse(url).unwrap());
    ldap.base_dn = Some(BASE.into());
    ldap.users_directory = Some("ou=people".into());
    ldap.group_directory = Some("ou=groups".into());
    ldap.bind_dn = Some(READER.into());
    ldap.bind_password = Some(Secret::new(READER_PASSWORD));
}

/// Debian keeps these where only root looks.
fn program(name: &str) -> Command {
    let path = Path::new("/usr/sbin").join(name);
    assert!(path.exists(), "the tests need {name}: .ci/prepare");
    Command::new(path)
}

pub fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn folder() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("rolecall_slapd_{}_{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}
