//! `rolecall ldap check`.

use crate::auth::ldap::{Ldap, Person, Step};
use crate::cli::error::CommandError;
use crate::cli::lookup;
use crate::cli::output::Table;
use crate::cli::runtime::{Session, block_on};
use crate::config::{RoleSync, Settings};
use crate::directory::external::{Changes, PreviewProvisioning};

/// A line for each step that worked; the one that did not is the failure.
pub fn run(ldap: &Ldap, user: Option<&str>, settings: Settings) -> Result<(), CommandError> {
    let mut table = Table::on_stdout(&["STEP", "RESULT"]);
    let mut unwritten = Ok(());
    let mut tell = |step: Step| {
        let row = vec![step.name.to_owned(), step.text];
        let written = table.write(&[row]);
        if unwritten.is_ok() {
            unwritten = written;
        }
    };
    let server = ldap.settings().url.as_ref().map(ToString::to_string);
    tell(Step {
        name: "server",
        text: server.unwrap_or_default(),
    });
    let explained = block_on(async { Ok(ldap.explain(user, &mut tell).await) })?;
    let person = explained
        .map_err(|stopped| CommandError::failed(format!("{}: {}", stopped.name, stopped.why)))?;
    let steps = Session::open(settings)?.run(async |session| here(ldap, person, session).await)?;
    steps.into_iter().for_each(tell);
    unwritten
}

/// What all that means for the directory here.
async fn here(
    ldap: &Ldap,
    person: Option<Person>,
    session: &Session,
) -> Result<Vec<Step>, CommandError> {
    let mut steps = Vec::new();
    if let Some(role) = &ldap.settings().default_role {
        lookup::role_named(session, role)
            .await
            .map_err(|failure| match failure {
                CommandError::Failed(why) => {
                    CommandError::failed(format!("ldap.default_role: {why}"))
                }
                failure => failure,
            })?;
        steps.push(step("default role", format!("{role:?}")));
    }
    let Some(person) = person else {
        return Ok(steps);
    };
    let username = person.username.clone();
    let provisioning = ldap.provisioning(person).map_err(|problem| {
        CommandError::failed(format!(
            "user: {username:?} is no username here: {}",
            problem.message
        ))
    })?;
    let outcome = session.read(PreviewProvisioning(provisioning)).await?;
    let changes = outcome.result.map_err(|denial| {
        CommandError::failed(format!("user: may not sign in: {}", denial.text()))
    })?;
    let called = outcome.record.map(|(_, name)| name);
    steps.extend(preview(ldap, &changes, called.as_deref()));
    Ok(steps)
}

fn preview(ldap: &Ldap, changes: &Changes, called: Option<&str>) -> Vec<Step> {
    let record = match (changes, called) {
        (Changes { is_new: true, .. }, _) | (_, None) => {
            "would be made by the first sign-in".to_owned()
        }
        (
            Changes {
                renamed_from: Some(old),
                ..
            },
            Some(new),
        ) => format!("exists, and would be called {new:?} instead of {old:?}"),
        (
            Changes {
                name_taken: Some(name),
                ..
            },
            Some(old),
        ) => format!("exists, and stays {old:?}: {name:?} is the name of somebody else here"),
        _ => "exists".to_owned(),
    };
    let mut steps = vec![step("record", record)];
    let follow = match ldap.settings().role_sync {
        RoleSync::Off => false,
        RoleSync::First => changes.is_new,
        RoleSync::Every => true,
    };
    if !follow && changes.given.is_empty() {
        steps.push(step("roles", "stay as they are".to_owned()));
        return steps;
    }
    let some = |names: &[String]| match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(", "),
    };
    steps.push(step("would be given", some(&changes.given)));
    steps.push(step("would be taken", some(&changes.taken)));
    let passed = |(name, why): &(String, &str)| step("passed over", format!("{name}: {why}"));
    steps.extend(changes.passed_over.iter().map(passed));
    steps
}

fn step(name: &'static str, text: String) -> Step {
    Step { name, text }
}
