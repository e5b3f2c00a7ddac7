//! `rolecall ldap`.

mod check;
mod sync;

use super::arguments::LdapCommand;
use super::error::CommandError;
use crate::auth::ldap::Ldap;
use crate::config::Settings;

pub fn run(command: LdapCommand, settings: Settings) -> Result<(), CommandError> {
    let ldap = Ldap::new(&settings.ldap)
        .map_err(CommandError::usage)?
        .ok_or_else(|| {
            CommandError::usage(
                "ldap.enabled: is off; set ROLECALL_LDAP_ENABLED=true to try the rest",
            )
        })?;
    match command {
        LdapCommand::Check { user } => check::run(&ldap, user.as_deref(), settings),
        LdapCommand::Sync {
            dry_run,
            force,
            adopt,
        } => {
            let wanted = sync::Wanted {
                dry_run,
                force,
                adopt,
            };
            sync::run(&ldap, &wanted, settings)
        }
    }
}
