//! `rolecall serve`.

use std::fmt::Write;
use std::net::SocketAddr;

use super::arguments::Flags;
use super::error::CommandError;
use super::output;
use super::password::Password;
use super::runtime::Session;
use super::shutdown::close;
use super::{logging, settings};
use crate::auth::passwords::{Owner, PasswordPolicy, Weakness};
use crate::auth::signing_keys;
use crate::config::Settings;
use crate::directory::credentials::{
    CanAdministrate, CreateFirstAdministrator, FirstAdministrator, HasAdministrator,
};
use crate::directory::{names, values};
use crate::server::{self, Signals, reachable};

pub fn run(settings: Settings, flags: &Flags) -> Result<(), CommandError> {
    logging::set_level(&settings.log.level);
    let signals = Signals::receive()
        .map_err(|error| CommandError::failed(format!("cannot receive signals: {error}")))?;
    let session = Session::to_serve(settings)?;
    // First of all the port: a start that fails must not use up the only
    // showing of the first administrator's password.
    let bound =
        server::bind(&session.settings, session.directory.clone()).map_err(CommandError::failed)?;
    session.run(async |session| {
        Ok(signing_keys::ensure(&session.directory, &session.context).await?)
    })?;
    let first = session.run(first_administrator)?;
    session.run(report_shut_out)?;
    let stop = signals.graceful();
    // Those from before it says that it serves count, too.
    let hang_ups = signals.hang_ups();
    announce(&session.settings, bound.addresses(), first.as_ref());
    let ended = bound.run(stop, hang_ups, rereading(&session.settings, flags));
    close(session);
    ended.map_err(|error| CommandError::failed(format!("the server ended: {error}")))
}

/// Reads the settings again; those that are wrong change nothing.
fn rereading(settings: &Settings, flags: &Flags) -> impl FnMut() -> Option<Settings> + 'static {
    let (mut current, flags) = (settings.clone(), flags.clone());
    move || match settings::load(&flags) {
        Ok(new) => {
            let changed = new.sections_unlike(&current);
            let said = match changed.as_slice() {
                [] => "the settings are as they were".to_owned(),
                _ => format!(
                    "read the settings again; [{}] changed, of which log.level and some limits are in force now, the rest at the next start",
                    changed.join("], [")
                ),
            };
            // At whichever of the two levels lets it through.
            let was_told = log::log_enabled!(log::Level::Info);
            log::info!("SIGHUP: {said}");
            logging::set_level(&new.log.level);
            if !was_told {
                log::info!("SIGHUP: {said}");
            }
            current = new.clone();
            Some(new)
        }
        Err(failure) => {
            log::error!("SIGHUP: the settings stay as they were: {failure}");
            None
        }
    }
}

/// Somebody who can let others in, when nobody is an administrator: in an empty
/// directory, or in one that was filled by an import.
async fn first_administrator(session: &Session) -> Result<Option<Password>, CommandError> {
    if session.read(HasAdministrator).await? {
        return Ok(None);
    }
    let limits = &session.settings.auth;
    let username = values::username(&limits.admin_username)
        .and_then(|username| match names::unfit("username", &username) {
            Some(problem) => Err(problem),
            None => Ok(username),
        })
        .map_err(|problem| CommandError::argument("auth.admin_username", problem))?;
    let password = match limits.admin_password.clone() {
        Some(text) => Password::given("auth.admin_password", text),
        None => Password::make(limits)?,
    };
    let policy = PasswordPolicy::new(limits).map_err(CommandError::usage)?;
    let owner = Owner {
        username: username.clone(),
        email: None,
    };
    // The operator has decided: a service that does not start helps nobody.
    password.check_all_but(&[Weakness::Common], &policy, &owner)?;
    let password_hash = password.hash()?;
    let create = CreateFirstAdministrator {
        username: username.clone(),
        password_hash,
    };
    match session.write(create).await? {
        FirstAdministrator::Created => Ok(Some(password)),
        // Another process was quicker: its administrator counts.
        FirstAdministrator::Needless => Ok(None),
        FirstAdministrator::Taken => {
            log::error!(
                "nobody is an administrator, and {username:?} is somebody already: make one with `rolecall user grant NAME admin`"
            );
            Ok(None)
        }
    }
}

/// Administrators whom nobody lets in are of no help: one that was imported
/// without a hash, or who was given the role before a password.
async fn report_shut_out(session: &Session) -> Result<(), CommandError> {
    let ldap = session.settings.ldap.enabled;
    if session.read(HasAdministrator).await? && !session.read(CanAdministrate { ldap }).await? {
        log::error!("{}", SHUT_OUT);
    }
    Ok(())
}

pub const SHUT_OUT: &str = "no administrator can sign in, since none has a password or a token \
    of their own: set a password with `rolecall user password NAME`";

/// Tells people how to get in. Serving does not depend on whether somebody reads it.
fn announce(settings: &Settings, addresses: &[SocketAddr], first: Option<&Password>) {
    let Err(error) = output::try_print(&welcome(settings, addresses, first)) else {
        return;
    };
    log::warn!("cannot write to standard output: {error}");
    if first.and_then(Password::made).is_some() {
        let username = &settings.auth.admin_username;
        log::warn!(
            "nobody saw the first password: `rolecall user password {username}` makes another"
        );
    }
}

fn welcome(settings: &Settings, addresses: &[SocketAddr], first: Option<&Password>) -> String {
    let (version, database) = (env!("CARGO_PKG_VERSION"), &settings.database.url);
    let scheme = settings.server.scheme();
    let all: Vec<String> = addresses
        .iter()
        .map(|ip| format!("{scheme}://{ip}"))
        .collect();
    let all = all.join(" and ");
    let mut text = format!("rolecall {version} serves {database} at {all}");
    // Writing to a string cannot fail.
    let _ = match &settings.server.base_url {
        Some(public) => writeln!(text, ", known as {public}"),
        None => writeln!(text),
    };
    let local = addresses.first().copied().map(reachable);
    let local = local.map_or_else(String::new, |ip| format!("{scheme}://{ip}"));
    let url = settings.server.base_url.as_ref().unwrap_or(&local);
    let username = &settings.auth.admin_username;
    let _ = match first.map(Password::made) {
        Some(Some(password)) => writeln!(
            text,
            "The first administrator is \"{username}\" with the password {password} (shown only now)"
        ),
        Some(None) => {
            writeln!(
                text,
                "The first administrator is \"{username}\" with the configured password"
            )
        }
        None => Ok(()),
    };
    let _ = match first {
        Some(_) => writeln!(text, "Try: curl -u {username} {url}/home"),
        None => writeln!(text, "Try: curl {url}/health"),
    };
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::runtime::testing::Scratch;
    use crate::config::{DatabaseUrl, Secret};
    use crate::directory::credentials::FindAccount;

    const ADDRESS: &str = "127.0.0.1:8080";

    fn shown(settings: &Settings, first: Option<&Password>) -> String {
        welcome(settings, &[ADDRESS.parse().unwrap()], first)
    }

    fn with_password(text: &str) -> Settings {
        let mut settings = Settings::default();
        settings.auth.admin_password = Some(Secret::new(text));
        settings
    }

    #[test]
    fn the_first_start_tells_how_to_get_in() {
        let settings = Settings::default();
        let password = Password::make(&settings.auth).unwrap();
        let made = password.made().unwrap();
        let text = shown(&settings, Some(&password));
        let expected = format!(
            "rolecall {} serves sqlite://rolecall.db at http://127.0.0.1:8080\n\
             The first administrator is \"admin\" with the password {made} (shown only now)\n\
             Try: curl -u admin http://127.0.0.1:8080/home\n",
            env!("CARGO_PKG_VERSION")
        );
        assert_eq!(text, expected);
    }

    #[test]
    fn no_configured_password_is_shown() {
        let mut settings = with_password("hunter2");
        let url = "postgres://me:hunter2@localhost/people";
        settings.database.url = DatabaseUrl::parse(url).unwrap();
        let text = Secret::new("hunter2");
        let password = Password::given("auth.admin_password", text);
        let text = shown(&settings, Some(&password));
        assert!(text.contains("with the configured password"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn later_starts_tell_where_it_is() {
        let mut settings = Settings::default();
        assert!(shown(&settings, None).ends_with("Try: curl http://127.0.0.1:8080/health\n"));
        settings.server.base_url = Some("https://people.example.org".to_owned());
        let text = shown(&settings, None);
        assert!(text.contains("at http://127.0.0.1:8080, known as https://people.example.org\n"));
        assert!(text.ends_with("Try: curl https://people.example.org/health\n"));
    }

    #[test]
    fn an_address_for_all_is_tried_on_this_machine() {
        for (listens, tried) in [
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::]:80", "[::1]:80"),
            ("192.0.2.1:80", "192.0.2.1:80"),
        ] {
            assert_eq!(reachable(listens.parse().unwrap()).to_string(), tried);
        }
    }

    #[test]
    fn only_a_directory_without_an_administrator_gets_one() {
        let scratch = Scratch::new();
        let session = Session::make(scratch.settings()).unwrap();
        let password = session.run(first_administrator).unwrap().unwrap();
        assert!(password.made().is_some());
        assert!(session.run(first_administrator).unwrap().is_none());
        let username = session.settings.auth.admin_username.clone();
        let account = session.run(async |session| {
            Ok(session
                .read(FindAccount {
                    username: username.clone(),
                })
                .await?)
        });
        assert!(account.unwrap().unwrap().is_administrator);
    }

    #[test]
    fn an_unfit_first_administrator_is_wrong_configuration() {
        let scratch = Scratch::new();
        for (username, password) in [
            ("John Doe", "long enough"),
            ("admin", "short"),
            ("jane-1984", "Jane-1984"),
        ] {
            let mut settings = scratch.settings();
            settings.auth = with_password(password).auth;
            settings.auth.admin_username = username.to_owned();
            let session = Session::make(settings).unwrap();
            let refused = session.run(first_administrator).err().unwrap();
            assert!(
                matches!(refused, CommandError::Usage(text) if text.starts_with("auth.admin_"))
            );
        }
    }

    #[test]
    fn a_common_password_of_the_first_administrator_is_the_operators_choice() {
        let scratch = Scratch::new();
        let mut settings = scratch.settings();
        settings.auth = with_password("password1").auth;
        let session = Session::make(settings).unwrap();
        assert!(session.run(first_administrator).unwrap().is_some());
    }
}
