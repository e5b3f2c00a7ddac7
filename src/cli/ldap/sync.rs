//! `rolecall ldap sync`: everybody of the other directory gets a record here,
//! and who is gone there is deactivated here.

use std::collections::HashSet;
use std::time::Duration;

use futures_util::future::try_join_all;
use indicatif::{ProgressBar, ProgressStyle};

use crate::auth::ldap::{FoundEntry, Ldap, LdapError, Person};
use crate::auth::secret;
use crate::cli::error::CommandError;
use crate::cli::list_pages::ListPages;
use crate::cli::output::{Table, remark};
use crate::cli::runtime::Session;
use crate::config::Settings;
use crate::directory::external::{Changes, EntryId, Outcome, PreviewProvisioning, ProvisionUser};
use crate::directory::listing::{Comparison, Condition, Operand, Visibility};
use crate::directory::names::folded;
use crate::directory::permissions::PrivilegeCeiling;
use crate::directory::plural::pluralize;
use crate::directory::users::{UpdateUser, User, UserChanges, UserColumn, Users};
use crate::directory::{DirectoryError, Expected};

/// Who changes things here, for the audit log.
const ACTOR: &str = "LDAP sync";

/// Changes that are under way at the same time.
const AT_ONCE: usize = 64;

pub struct Wanted {
    pub dry_run: bool,
    pub force: bool,
    pub adopt: bool,
}

/// What was done, or would be.
#[derive(Default)]
struct Counts {
    met: usize,
    made: usize,
    renamed: usize,
    given: usize,
    taken: usize,
    skipped: usize,
    deactivated: usize,
}

struct Sync<'a> {
    ldap: &'a Ldap,
    wanted: &'a Wanted,
    session: &'a Session,
    table: Table<std::io::Stdout>,
    bar: ProgressBar,
    counts: Counts,
    /// Their entries, their names where they have no ids, and their records here;
    /// by digest, so that each takes little memory.
    seen: HashSet<u128>,
}

pub fn run(ldap: &Ldap, wanted: &Wanted, settings: Settings) -> Result<(), CommandError> {
    let mut session = Session::open(settings)?;
    session.context = session.context.as_program(ACTOR);
    let counts = session.run(async |session| {
        let mut sync = Sync {
            ldap,
            wanted,
            session,
            table: Table::on_stdout(&["CHANGE", "USERNAME", "ROLE OR NAME"]),
            bar: bar(),
            counts: Counts::default(),
            seen: HashSet::new(),
        };
        sync.bring_in().await?;
        sync.deactivate().await?;
        sync.bar.finish_and_clear();
        Ok(sync.counts)
    })?;
    remark(&told(&counts, wanted.dry_run));
    Ok(())
}

/// Drawn on a terminal only.
fn bar() -> ProgressBar {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {pos} users  {msg}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

fn told(counts: &Counts, dry_run: bool) -> String {
    let would = if dry_run {
        "Nothing was changed; it would be: "
    } else {
        ""
    };
    format!(
        "{would}{} in LDAP, {} made, {} given, {} taken, {} renamed, {} deactivated, {} skipped.",
        pluralize(counts.met, "user", "users"),
        pluralize(counts.made, "record", "records"),
        pluralize(counts.given, "role", "roles"),
        counts.taken,
        counts.renamed,
        counts.deactivated,
        counts.skipped
    )
}

impl Sync<'_> {
    async fn bring_in(&mut self) -> Result<(), CommandError> {
        let most = self.ldap.settings().sync_max_users;
        let mut search = self.ldap.search_all_users().await.map_err(failed)?;
        let mut some = Vec::with_capacity(AT_ONCE);
        while let Some(found) = search.next().await.map_err(failed)? {
            self.counts.met += 1;
            if self.counts.met > most {
                return Err(CommandError::failed(format!(
                    "LDAP has more than {} (ldap.sync_max_users)",
                    pluralize(most, "user", "users")
                )));
            }
            self.bar.inc(1);
            match found {
                FoundEntry::Person(person) => some.push(*person),
                FoundEntry::Nameless(dn) => {
                    let attribute = &self.ldap.settings().login_attribute;
                    self.skip(&dn, &format!("has not one {attribute} to sign in with"));
                }
            }
            if some.len() == AT_ONCE {
                self.provision(std::mem::take(&mut some)).await?;
            }
        }
        self.provision(some).await
    }

    async fn provision(&mut self, people: Vec<Person>) -> Result<(), CommandError> {
        let mut arrivals = Vec::with_capacity(people.len());
        for person in people {
            self.seen.insert(match &person.id {
                EntryId::Is(id) => digest("entry", id),
                EntryId::Hidden | EntryId::Unused => digest("name", &folded(&person.username)),
            });
            let dn = person.dn.clone();
            match self.ldap.provisioning(person) {
                Ok(mut provisioning) => {
                    provisioning.may_adopt = self.wanted.adopt;
                    arrivals.push(provisioning);
                }
                Err(problem) => self.skip(&dn, &problem.message),
            }
        }
        let (session, dry_run) = (self.session, self.wanted.dry_run);
        let all = arrivals.into_iter().map(async |provisioning| {
            let username = provisioning.user.username().to_owned();
            let preview = session
                .read(PreviewProvisioning(provisioning.clone()))
                .await?;
            let outcome = match preview.is_unchanged() || dry_run {
                true => preview,
                false => session.write(ProvisionUser(provisioning)).await?,
            };
            Ok::<_, DirectoryError>((username, outcome))
        });
        let outcomes: Vec<(String, Outcome)> = try_join_all(all).await?;
        for (username, outcome) in outcomes {
            if let Some((id, _)) = outcome.record {
                self.seen.insert(digest("record", &id.to_string()));
            }
            match outcome.result {
                Ok(changes) => self.changed(&username, changes)?,
                Err(denial) => self.skip(&username, denial.text()),
            }
        }
        Ok(())
    }

    fn changed(&mut self, username: &str, changes: Changes) -> Result<(), CommandError> {
        let row = |what: &str, role: &str| vec![what.into(), username.into(), role.into()];
        let mut rows = Vec::new();
        if changes.is_new {
            self.counts.made += 1;
            rows.push(row("create", ""));
        }
        if let Some(old) = &changes.renamed_from {
            self.counts.renamed += 1;
            rows.push(vec!["rename".into(), old.clone(), username.into()]);
        }
        if let Some(name) = &changes.name_taken {
            let why = "the record here keeps its old name, since this is somebody else's";
            self.remark(&format!("Not renamed to {name:?}: {why}"));
        }
        self.counts.given += changes.given.len();
        rows.extend(changes.given.iter().map(|role| row("give", role)));
        self.counts.taken += changes.taken.len();
        rows.extend(changes.taken.iter().map(|role| row("take", role)));
        for (name, why) in &changes.passed_over {
            log::info!("{username:?} is not given or kept from the role {name:?}: {why}");
        }
        self.write(&rows)
    }

    /// First counts who is gone, so that a server that hides its users does not
    /// take everybody's access away.
    async fn deactivate(&mut self) -> Result<(), CommandError> {
        let (mut all, mut gone) = (0_u64, 0_u64);
        let mut pages = active_external();
        loop {
            let users = pages.next(self.session).await?;
            if users.is_empty() {
                break;
            }
            for user in &users {
                all += 1;
                gone += u64::from(!self.is_there(user));
            }
        }
        let percent = self.ldap.settings().sync_max_deactivated_percent;
        if gone * 100 > all * percent && !self.wanted.force {
            return Err(CommandError::failed(format!(
                "{gone} of {all} active external users are gone from LDAP, more than {percent} % \
                 (ldap.sync_max_deactivated_percent): nobody was deactivated; --force does it"
            )));
        }
        let mut pages = active_external();
        loop {
            let users = pages.next(self.session).await?;
            if users.is_empty() {
                return Ok(());
            }
            for user in users {
                if !self.is_there(&user) {
                    self.switch_off(&user).await?;
                }
            }
        }
    }

    fn is_there(&self, user: &User) -> bool {
        let entry = user.ldap_id.as_ref();
        let mut all = [
            Some(digest("record", &user.id.to_string())),
            Some(digest("name", &folded(&user.username))),
            entry.map(|entry| digest("entry", entry)),
        ]
        .into_iter()
        .flatten();
        all.any(|digest| self.seen.contains(&digest))
    }

    async fn switch_off(&mut self, user: &User) -> Result<(), CommandError> {
        if !self.wanted.dry_run {
            let update = UpdateUser {
                id: user.id,
                expected: Expected::Anything,
                visible: Visibility::All,
                changes: UserChanges {
                    is_active: Some(false),
                    ..UserChanges::default()
                },
                roles: None,
                ceiling: PrivilegeCeiling::Everything,
                may_set_flags: true,
                may_rename: true,
                is_password_confirmed: false,
                end_tokens: None,
            };
            match self.session.write(update).await {
                Ok(_) => {}
                // The last administrator.
                Err(DirectoryError::Protected(why)) => {
                    self.skip(&user.username, why);
                    return Ok(());
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.counts.deactivated += 1;
        let row = ["deactivate", &user.username, ""].map(str::to_owned);
        self.write(&[row.to_vec()])
    }

    fn skip(&mut self, who: &str, why: &str) {
        self.counts.skipped += 1;
        self.remark(&format!("Skipped {who:?}: {why}"));
    }

    fn remark(&self, text: &str) {
        self.bar.suspend(|| remark(text));
    }

    fn write(&mut self, rows: &[Vec<String>]) -> Result<(), CommandError> {
        let (bar, table) = (&self.bar, &mut self.table);
        match rows.is_empty() {
            true => Ok(()),
            false => bar.suspend(|| table.write(rows)),
        }
    }
}

fn active_external() -> ListPages<Users> {
    let is = |column| Condition::Test {
        column,
        comparison: Comparison::Equal,
        operands: vec![Operand::Flag(true)],
    };
    ListPages::new(UserColumn::Id, |user: &User| user.id)
        .also(is(UserColumn::External))
        .also(is(UserColumn::IsActive))
}

/// Half of a SHA-256: no two texts of a kind share it.
fn digest(kind: &str, text: &str) -> u128 {
    let digest = secret::digest(format!("{kind}\0{text}").as_bytes());
    digest
        .iter()
        .take(16)
        .fold(0, |number, byte| number << 8 | u128::from(*byte))
}

fn failed(error: LdapError) -> CommandError {
    CommandError::failed(format!("LDAP: {error}"))
}
