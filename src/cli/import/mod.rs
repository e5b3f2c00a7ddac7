//! `rolecall import`.
//!
//! One thread reads and judges the rows, another puts them into the database,
//! batch by batch; a short channel between them keeps memory flat.

mod batch_size;
mod dry_run;
mod hint;
mod lines;
mod records;
mod report;
mod table;

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::time::Instant;

pub use lines::Input;
pub use records::{Format, cell, guarded};

use super::arguments::{ImportFlags, Upsert};
use super::error::CommandError;
use super::output::remark;
use super::runtime::Session;
use super::serve::SHUT_OUT;
use crate::config::Settings;
use crate::directory::DirectoryError;
use crate::directory::bulk::{
    BeginImport, FindImport, ImportAll, ImportRows, Kind, Mark, Numbered, Outcome,
    RefreshStatistics, RowProblem, Rules, UNDONE,
};
use crate::directory::credentials::{CanAdministrate, HasAdministrator};
use batch_size::{BATCH, BatchSize};
use lines::Lines;
use records::Records;
use report::Report;

/// Batches that wait between the two threads.
const WAITING: usize = 2;
/// How often a batch is tried again that others were in the way of.
const ATTEMPTS: usize = 10;

/// Rows to be taken in, and those that were refused before that.
struct Batch {
    rows: Vec<Numbered>,
    refused: Vec<(Kind, u64, Vec<RowProblem>)>,
    mark: Mark,
}

pub fn run(file: &Path, flags: &ImportFlags, settings: Settings) -> Result<(), CommandError> {
    let input = open(file)?;
    let name = file.display().to_string();
    let by_name = file.extension().is_some_and(|end| end == "csv");
    let format = if by_name { Format::Csv } else { Format::Ndjson };
    take(
        input,
        &name,
        flags.format.unwrap_or(format),
        flags,
        settings,
    )
}

fn open(file: &Path) -> Result<Input, CommandError> {
    if file == Path::new("-") {
        return Ok(Box::new(std::io::stdin()));
    }
    let opened = File::open(file);
    let opened = opened
        .map_err(|error| CommandError::usage(format!("cannot read {}: {error}", file.display())))?;
    Ok(Box::new(opened))
}

/// Takes in whatever can be read; `name` is what it is called.
pub fn take(
    input: Input,
    name: &str,
    format: Format,
    flags: &ImportFlags,
    settings: Settings,
) -> Result<(), CommandError> {
    let mut lines = Lines::new(input, flags.max_line_bytes)
        .map_err(|error| CommandError::failed(format!("cannot read {name}: {error}")))?;
    let head = lines.head.clone();
    let is_table = hint::looks_like_a_table(&mut lines, format, flags.kind.into());
    let mut records = Records::new(lines, format, flags.kind.into())?;
    // The stage is removed at the end, after the session has closed its files.
    let (_stage, session) = match flags.dry_run {
        true => dry_run::session(settings)?,
        false => (dry_run::DryRunFolder::none(), Session::make(settings)?),
    };
    let begun = begin(&session, name, head, flags, &mut records)?;
    let Some(import_id) = begun else {
        return Ok(());
    };
    let report = Report::new(flags.errors.as_deref(), flags.resume)?;
    let report = Arc::new(Mutex::new(report));
    let rules = Rules {
        upsert: flags.upsert_by.iter().flat_map(|by| by.kinds()).collect(),
        tell_rows: flags.audit_rows,
    };
    let outcome = if flags.dry_run || flags.all_or_nothing {
        all(&session, records, rules, import_id, flags, &report)
    } else {
        best_effort(&session, records, &rules, import_id, flags, &report)
    };
    let mut report = lock(&report)?;
    report.end();
    outcome?;
    if !flags.dry_run {
        fill_name_keys(&session)?;
    }
    if is_table {
        remark(&format!(
            "{name} begins like a table, and was read as NDJSON: --format csv reads tables."
        ));
    }
    report.finish(name, flags.dry_run, flags.all_or_nothing)
}

/// What a filled directory needs beside its rows: statistics for the planner,
/// and somebody who can let others in.
fn fill_name_keys(session: &Session) -> Result<(), CommandError> {
    let ldap = session.settings.ldap.enabled;
    let (has_administrator, can_administrate) = session.run(async |session| {
        session.write(RefreshStatistics).await?;
        let can_administrate = session.read(CanAdministrate { ldap }).await?;
        Ok((session.read(HasAdministrator).await?, can_administrate))
    })?;
    if !has_administrator {
        let name = &session.settings.auth.admin_username;
        remark(&format!(
            "Nobody is an administrator yet: `rolecall serve` makes {name:?} one when it starts, or `rolecall user grant NAME admin` somebody else."
        ));
    } else if !can_administrate {
        remark(&format!("Note: {SHUT_OUT}."));
    }
    Ok(())
}

/// The number of this import; none when there is nothing left to do. Moves on
/// to where an interrupted one stopped, when that is asked for.
fn begin(
    session: &Session,
    name: &str,
    head: String,
    flags: &ImportFlags,
    records: &mut Records,
) -> Result<Option<i64>, CommandError> {
    let find = FindImport { head: head.clone() };
    let known = session.run(async move |session| Ok(session.read(find).await?))?;
    if flags.dry_run {
        return Ok(Some(0));
    }
    if let Some(known) = known {
        let lines = known.mark.lines;
        if !flags.resume {
            if known.finished.is_none() && lines > 0 {
                remark(&format!(
                    "An earlier import of {name} stopped after line {lines}: --resume goes on there. This one begins anew."
                ));
            }
        } else if known.mark.bytes > 0 && known.mark.bytes >= records.lines.bytes {
            let Mark { bytes, digest, .. } = &known.mark;
            let is_same = records
                .lines
                .skip_to(*bytes, lines, digest)
                .map_err(|error| CommandError::failed(format!("cannot read {name}: {error}")))?;
            if !is_same {
                return Err(CommandError::failed(format!(
                    "{name} is not what was imported up to line {lines}: import it without --resume"
                )));
            }
            let rest = records.lines.fill();
            let rest =
                rest.map_err(|error| CommandError::failed(format!("cannot read {name}: {error}")))?;
            if known.finished.is_some() && rest.is_empty() {
                remark(&format!(
                    "{name} was imported up to its end, line {lines}: nothing is left to do."
                ));
                return Ok(None);
            }
            remark(&format!("Going on after line {lines} of {name}."));
            return Ok(Some(known.mark.import_id));
        }
    }
    let begin = BeginImport { head };
    session
        .run(async move |session| Ok(session.write(begin).await?))
        .map(Some)
}

fn lock(report: &Mutex<Report>) -> Result<std::sync::MutexGuard<'_, Report>, CommandError> {
    report
        .lock()
        .map_err(|_| CommandError::failed("a defect of rolecall: the report is broken"))
}

/// Reads the next rows, as many as make a batch; none after the last.
fn next_batch(
    records: &mut Records,
    most: usize,
    import_id: i64,
) -> Result<Option<Batch>, CommandError> {
    let mut rows = Vec::with_capacity(most);
    let mut refused = Vec::new();
    let mut is_last = false;
    while rows.len() + refused.len() < most {
        match records.next()? {
            Some(Ok(row)) => rows.push(row),
            Some(Err(problems)) => refused.push(problems),
            None => {
                is_last = true;
                break;
            }
        }
    }
    Ok(Some(Batch {
        rows,
        refused,
        mark: Mark {
            import_id,
            bytes: records.lines.bytes,
            lines: records.lines.lines,
            digest: records.lines.digest(),
            is_last,
        },
    }))
}

fn best_effort(
    session: &Session,
    mut records: Records,
    rules: &Rules,
    import_id: i64,
    flags: &ImportFlags,
    report: &Arc<Mutex<Report>>,
) -> Result<(), CommandError> {
    let (sender, receiver) = sync_channel(WAITING);
    let size = BatchSize::new(flags.batch);
    let size = &size;
    std::thread::scope(|scope| {
        scope.spawn(move || read_all(&mut records, size, import_id, &sender));
        session.run(async move |session| commit_all(session, receiver, rules, report, size).await)
    })
}

/// Sends every batch, and at last why there are no more.
fn read_all(
    records: &mut Records,
    size: &BatchSize,
    import_id: i64,
    sender: &SyncSender<Result<Batch, CommandError>>,
) {
    loop {
        let (batch, is_last) = match next_batch(records, size.rows(), import_id) {
            Ok(Some(batch)) => {
                let is_last = batch.mark.is_last;
                (Ok(batch), is_last)
            }
            Ok(None) => return,
            Err(failure) => (Err(failure), true),
        };
        // Nobody listens any more when the other side has failed.
        if sender.send(batch).is_err() || is_last {
            return;
        }
    }
}

async fn commit_all(
    session: &Session,
    batches: Receiver<Result<Batch, CommandError>>,
    rules: &Rules,
    report: &Mutex<Report>,
    size: &BatchSize,
) -> Result<(), CommandError> {
    for batch in batches {
        let batch = batch?;
        let mut outcome = Outcome::default();
        for (kind, line, problems) in batch.refused {
            outcome.refuse(kind, line, problems);
        }
        let began = Instant::now();
        let found = commit(session, batch.rows, rules, batch.mark).await?;
        size.took(began.elapsed());
        outcome.count(&found);
        outcome.problems.extend(found.problems);
        lock(report)?.add(outcome)?;
    }
    Ok(())
}

/// Tries again what others, a running service for one, were in the way of.
async fn commit(
    session: &Session,
    rows: Vec<Numbered>,
    rules: &Rules,
    mark: Mark,
) -> Result<Outcome, CommandError> {
    let mut attempt = 1;
    loop {
        let operation = ImportRows {
            rows: rows.clone(),
            rules: rules.clone(),
            mark: mark.clone(),
        };
        match session.write(operation).await {
            Err(DirectoryError::Busy(_) | DirectoryError::Again) if attempt < ATTEMPTS => {
                attempt += 1;
            }
            answer => return Ok(answer?),
        }
    }
}

/// All rows in one transaction, which is undone unless all are well.
fn all(
    session: &Session,
    records: Records,
    rules: Rules,
    import_id: i64,
    flags: &ImportFlags,
    report: &Arc<Mutex<Report>>,
) -> Result<(), CommandError> {
    let keeps = Arc::new(AtomicBool::new(!flags.dry_run));
    let failure: Arc<Mutex<Option<CommandError>>> = Arc::default();
    let hear = {
        let (report, keeps, failure) = (report.clone(), keeps.clone(), failure.clone());
        move |outcome: Outcome| {
            if outcome.total().refused > 0 {
                keeps.store(false, Ordering::Relaxed);
            }
            let heard = lock(&report).and_then(|mut report| report.add(outcome));
            if let Err(error) = heard {
                stop(&failure, &keeps, error);
            }
        }
    };
    let hear: Arc<dyn Fn(Outcome) + Send + Sync> = Arc::new(hear);
    let most = flags.batch.unwrap_or(BATCH);
    let rows = source(records, most, import_id, &hear, &failure, &keeps);
    let keep = keeps.clone();
    let operation = ImportAll {
        rows: Mutex::new(rows),
        rules,
        import_id,
        heard: hear,
        keep: Arc::new(move || keep.load(Ordering::Relaxed)),
    };
    let answer = session.run(async move |session| match session.write(operation).await {
        Err(DirectoryError::Protected(UNDONE)) => Ok(()),
        answer => Ok(answer?),
    });
    match failure.lock().ok().and_then(|mut failure| failure.take()) {
        Some(failure) => Err(failure),
        None => answer,
    }
}

/// Nothing is kept after this.
fn stop(failure: &Mutex<Option<CommandError>>, keeps: &AtomicBool, error: CommandError) {
    keeps.store(false, Ordering::Relaxed);
    if let Ok(mut failure) = failure.lock() {
        failure.get_or_insert(error);
    }
}

fn source(
    mut records: Records,
    most: usize,
    import_id: i64,
    hear: &Arc<dyn Fn(Outcome) + Send + Sync>,
    failure: &Arc<Mutex<Option<CommandError>>>,
    keeps: &Arc<AtomicBool>,
) -> crate::directory::bulk::Source {
    let (hear, failure, keeps) = (hear.clone(), failure.clone(), keeps.clone());
    let mut is_over = false;
    Box::new(move || {
        if is_over {
            return None;
        }
        match next_batch(&mut records, most, import_id) {
            Err(error) => {
                is_over = true;
                stop(&failure, &keeps, error);
                None
            }
            Ok(None) => None,
            Ok(Some(batch)) => {
                is_over = batch.mark.is_last;
                let mut outcome = Outcome::default();
                for (kind, line, problems) in batch.refused {
                    outcome.refuse(kind, line, problems);
                }
                hear(outcome);
                Some(batch.rows)
            }
        }
    })
}

impl Upsert {
    fn kinds(self) -> Vec<Kind> {
        match self {
            Self::Username => vec![Kind::Users],
            Self::Name => vec![Kind::Roles],
            Self::Code => vec![Kind::Workspaces],
            Self::Title => vec![Kind::Clusters],
            Self::VendorNumber => vec![Kind::Partners],
            Self::Place => vec![Kind::Grants],
            Self::All => Kind::ALL.to_vec(),
        }
    }
}
