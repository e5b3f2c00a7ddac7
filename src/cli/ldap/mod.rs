//! `rolecall ldap`.

mod check;
mod sync;

use super::arguments::LdapCommand;
use super::failure::Failure;
use crate::auth::ldap::Ldap;
use crate::config::Settings;

pub fn run(command: LdapCommand, settings: Settings) -> Result<(), Failure> {
    let ldap = Ldap::new(&settings.ldap)
        .map_err(Failure::usage)?
        .ok_or_else(|| {
            Failure::usage("ldap.enabled: is off; set ROLECALL_LDAP_ENABLED=true to try the rest")
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
