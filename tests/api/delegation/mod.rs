//! Who may hand on which role to whom, where: all of it, against a table.

mod over_http;
mod stage;
mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::support::{Member, TestApp, is_postgres};
use futures_util::{StreamExt, TryStreamExt};
use rolecall::auth::{Authorize, PolicyError, Principal};
use rolecall::directory::batch::{Batch, CreatedIds, Outcome as Shown, Step, Task};
use rolecall::directory::grants::{CreateGrant, DeleteGrant, FindGrant, GrantChanges, UpdateGrant};
use rolecall::directory::listing::Visibility;
use rolecall::directory::members::Authority;
use rolecall::directory::permissions::PrivilegeCeiling;
use rolecall::directory::{Context, Directory, DirectoryError, Expected, Operation};
use stage::{Stage, principal};
use table::{Force, Granter, Outcome, Spot, Target, Wish, outcome, pairs, wishes};

/// A step of a transaction as a surface makes it for `caller`; without one, as
/// the program itself.
fn step<O>(operation: O, caller: Option<Arc<Principal>>) -> Box<dyn Step>
where
    O: Operation + Authorize,
    Task<FindGrant, O>: Step,
{
    let authorize = move |operation: &mut O| match &caller {
        None => Ok(()),
        Some(caller) => operation.authorize(caller).map_err(|error| match error {
            PolicyError::Forbidden(why) => DirectoryError::Forbidden(why),
            PolicyError::Directory(error) => error,
        }),
    };
    Box::new(Task::<FindGrant, O> {
        subject: None,
        operation,
        rule: Box::new(authorize),
        show: Box::new(|_| Shown::default()),
    })
}

/// The same, of a grant whose id later steps may name.
fn making(create: CreateGrant) -> Box<dyn Step> {
    Box::new(Task::<FindGrant, CreateGrant> {
        subject: None,
        operation: create,
        rule: Box::new(|_| Ok(())),
        show: Box::new(|grant| Shown {
            id: Some(grant.id),
            ..Shown::default()
        }),
    })
}

/// What is no grant is not deleted: a step that undoes the others.
fn undo() -> Box<dyn Step> {
    let nothing = DeleteGrant {
        id: i64::MAX,
        expected: Expected::Anything,
        visible: Visibility::All,
        authority: Authority::Permission(PrivilegeCeiling::Everything),
    };
    step(nothing, None)
}

fn asked(
    stage: &Stage,
    user: i64,
    grant: i64,
    wish: Wish,
    caller: &Arc<Principal>,
) -> Box<dyn Step> {
    let caller = Some(caller.clone());
    let update = |changes| UpdateGrant {
        id: grant,
        expected: Expected::Anything,
        visible: Visibility::Nothing,
        changes,
        authority: Authority::Nothing,
    };
    match wish {
        Wish::Give(role, spot) => {
            let create = CreateGrant {
                authority: Authority::Nothing,
                ..stage.grant(user, role, spot, true)
            };
            step(create, caller)
        }
        Wish::Remove(..) => {
            let delete = DeleteGrant {
                id: grant,
                expected: Expected::Anything,
                visible: Visibility::Nothing,
                authority: Authority::Nothing,
            };
            step(delete, caller)
        }
        Wish::Toggle(..) => {
            // Either way it is another state: nobody's grant has this end.
            let changes = GrantChanges {
                valid_until: Some(Some("2030-01-01T00:00:00+00:00".into())),
                is_active: Some(false),
                ..GrantChanges::default()
            };
            step(update(changes), caller)
        }
        Wish::Change(_, _, new) => {
            let changes = GrantChanges {
                role_id: Some(stage.role(new)),
                ..GrantChanges::default()
            };
            step(update(changes), caller)
        }
    }
}

/// The grants that a target has: one of each kind, in each place.
type Standing = BTreeMap<(&'static str, Spot), (i64, i64)>;

fn targets(
    app: &TestApp,
    stage: &Stage,
    pairs: &[(Granter, Target)],
) -> BTreeMap<Target, Standing> {
    let mut all = BTreeMap::new();
    for (_, target) in pairs {
        if target.is_granter || all.contains_key(target) {
            continue;
        }
        let mut standing = Standing::new();
        for (role, spot) in wishes()
            .into_iter()
            .filter_map(|wish| Some((wish.standing()?, wish.spot())))
        {
            standing.entry((role, spot)).or_insert_with(|| {
                // A user for each, so that what they are changed to is free.
                let user = stage.target(app, *target).id;
                let create = stage.grant(user, role, spot, true);
                let made =
                    app.inside(async |directory, context| directory.write(context, create).await);
                (user, made.id)
            });
        }
        standing.insert(("", Spot::Everywhere), (stage.target(app, *target).id, 0));
        all.insert(*target, standing);
    }
    all
}

/// What the steps of a transaction say of the one before the last, which undoes all.
fn said(answer: DirectoryError, asked_at: usize) -> Result<Outcome, DirectoryError> {
    match answer {
        DirectoryError::Step { place, .. } if place > asked_at => Ok(Outcome::Done),
        DirectoryError::Step { place, error } if place == asked_at => match *error {
            DirectoryError::Forbidden(_) | DirectoryError::Protected(_) => Ok(Outcome::Refused),
            DirectoryError::NotFound | DirectoryError::RelatedNotFound { kind: "users", .. } => {
                Ok(Outcome::Hidden)
            }
            DirectoryError::Invalid(_) => Ok(Outcome::Impossible),
            error => Err(error),
        },
        error => Err(error),
    }
}

struct Caller {
    principal: Arc<Principal>,
    user: Member,
    own: (&'static str, Option<i64>),
}

async fn decide(
    stage: &Stage,
    standing: Option<&Standing>,
    caller: &Caller,
    wish: Wish,
    (directory, context): (&Directory, &Context),
) -> Result<Outcome, DirectoryError> {
    let key = (wish.standing().unwrap_or_default(), wish.spot());
    let mut steps = Vec::new();
    let (user, grant) = match (standing, wish.standing()) {
        (Some(standing), None) => standing[&("", Spot::Everywhere)],
        (Some(standing), Some(_)) => standing[&key],
        (None, Some(role)) if role == caller.own.0 && wish.spot() == table::home(role) => {
            (caller.user.id, caller.own.1.unwrap())
        }
        (None, Some(role)) => {
            // One's own is made first, without giving any power.
            steps.push(making(stage.grant(
                caller.user.id,
                role,
                wish.spot(),
                false,
            )));
            (caller.user.id, CreatedIds::placeholder(0))
        }
        (None, None) => (caller.user.id, 0),
    };
    let asked_at = steps.len();
    steps.push(asked(stage, user, grant, wish, &caller.principal));
    steps.push(undo());
    let batch = Batch {
        steps,
        idempotency: None,
    };
    let context = Context {
        actor: Some(caller.principal.actor()),
        ..context.clone()
    };
    match directory.write(&context, batch).await {
        Ok(_) => panic!("nothing undid {wish:?}"),
        Err(error) => said(error, asked_at),
    }
}

/// Asks everything of every such granter; answers how much was asked.
fn ask_all(chosen: impl Fn(&Granter) -> bool) -> usize {
    let app = TestApp::start();
    let stage = Stage::set(&app);
    let pairs: Vec<_> = pairs()
        .into_iter()
        .filter(|(granter, _)| chosen(granter))
        .collect();
    let targets = targets(&app, &stage, &pairs);
    let mut callers: BTreeMap<Granter, Caller> = BTreeMap::new();
    let (mut asked, mut number) = (0, 0);
    let mut wrong = Vec::new();
    for (granter, target) in pairs {
        let caller = callers.entry(granter).or_insert_with(|| {
            let (user, own) = stage.granter(&app, granter);
            let principal =
                app.inside(async |directory, context| principal(directory, context, &user).await);
            Caller {
                principal: Arc::new(principal),
                user,
                own: (granter.role, own),
            }
        });
        let wishes: Vec<Wish> = wishes()
            .into_iter()
            .filter(|_| {
                number += 1;
                is_chosen(number)
            })
            .collect();
        let standing = targets.get(&target).filter(|_| !target.is_granter);
        let got = app.inside(async |directory, context| {
            let beside = (directory, context);
            let decisions = wishes
                .iter()
                .map(|wish| decide(&stage, standing, caller, *wish, beside));
            // SQLite's writer takes many at once; elsewhere they would wait for each other.
            let at_once = if is_postgres() { 1 } else { 200 };
            let decisions = futures_util::stream::iter(decisions).buffered(at_once);
            decisions.try_collect::<Vec<_>>().await
        });
        asked += got.len();
        for (wish, got) in wishes.into_iter().zip(got) {
            let expected = outcome(granter, target, wish);
            if got != expected {
                wrong.push(format!(
                    "{granter:?} {target:?} {wish:?}: {got:?}, not {expected:?}"
                ));
            }
        }
    }
    let few: Vec<_> = wrong.iter().take(20).collect();
    assert!(
        wrong.is_empty(),
        "{} of {asked} are wrong: {few:#?}",
        wrong.len()
    );
    asked
}

/// Over a network each answer takes longer: there a part of them, another for
/// each granter.
fn is_chosen(number: usize) -> bool {
    !is_postgres() || number.is_multiple_of(7)
}

fn is_in_force(granter: &Granter) -> bool {
    granter.force == Force::Standing
}

#[test]
fn holders_of_roles_in_clusters_may_what_the_table_says() {
    let asked = ask_all(|granter| is_in_force(granter) && granter.role.starts_with("CLUSTER_"));
    assert!(asked > 1000, "{asked}");
}

#[test]
fn holders_of_roles_in_workspaces_may_what_the_table_says() {
    let asked = ask_all(|granter| is_in_force(granter) && granter.role.starts_with("IP_"));
    assert!(asked > 1000, "{asked}");
}

#[test]
fn administrators_holders_of_grants_write_and_of_nothing_may_what_the_table_says() {
    let others = ["admin", table::GIVER, table::NOBODY];
    let asked = ask_all(|granter| is_in_force(granter) && others.contains(&granter.role));
    assert!(asked > 500, "{asked}");
}

#[test]
fn grants_that_are_off_ended_or_not_begun_let_nobody_do_anything() {
    let asked = ask_all(|granter| !is_in_force(granter));
    assert!(asked > 1000, "{asked}");
}
