use diesel::connection::SimpleConnection;
use futures_util::future::{join, join_all};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::connection;
use super::super::watch::Watch;
use super::*;

fn put(connection: &mut SqliteConnection, value: usize) -> Result<(), StorageError> {
    Ok(connection.batch_execute(&format!("INSERT INTO t VALUES ({value})"))?)
}

fn turned_down() -> StorageError {
    StorageError::Busy("refused".into())
}

fn values(path: &std::path::Path) -> Vec<i64> {
    let mut connection = SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    let values = diesel::dsl::sql::<BigInt>("SELECT x FROM t ORDER BY x");
    values.load(&mut connection).unwrap()
}

/// Jobs that wait while another is at work are one batch: the values of all
/// but the failing ones are there afterwards. How often job 0 ran.
fn batch(name: &str, work: fn(&mut SqliteConnection, usize) -> Result<(), StorageError>) {
    let folder = std::env::temp_dir().join(format!("rolecall-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let options = Options {
        path: folder.join("batch.db"),
        busy: Duration::from_secs(5),
        statements: 100,
    };
    let mut connection = CachingConnection::open(&options).unwrap();
    let table = "CREATE TABLE t (x BIGINT)";
    connection.lend().batch_execute(table).unwrap();
    let anchor = connection::open(&options.path, Duration::ZERO).unwrap();
    let watch = Watch::start(&options.path, anchor).unwrap();
    let writer = Writer::start(options.clone(), watch.file.clone(), 100).unwrap();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let until = Instant::now() + options.busy;
    let first = writer.write(until, move |_| {
        let _ = wait.lock().unwrap().recv();
        Ok::<_, StorageError>(())
    });
    let jobs = (0..5).map(|value| writer.write(until, move |connection| work(connection, value)));
    let all = async move {
        // Polled in order: all wait when the first may go on.
        let waiting = join(first, join_all(jobs));
        let (done, ()) = join(waiting, async move { go.send(()).unwrap() }).await;
        done
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let (first, outcomes) = runtime.unwrap().block_on(all);
    first.unwrap();
    let failed: Vec<bool> = outcomes.iter().map(Result::is_err).collect();
    assert_eq!(failed, [false, true, false, true, false]);
    assert_eq!(values(&options.path), [0, 2, 4]);
    drop(writer);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn what_waits_is_counted_and_a_full_queue_refuses() {
    let folder = std::env::temp_dir().join(format!("rolecall-full-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let options = Options {
        path: folder.join("full.db"),
        busy: Duration::from_secs(5),
        statements: 100,
    };
    let anchor = connection::open(&options.path, Duration::ZERO).unwrap();
    let watch = Watch::start(&options.path, anchor).unwrap();
    let writer = Writer::start(options.clone(), watch.file.clone(), 2).unwrap();
    let (begun, has_begun) = std::sync::mpsc::channel::<()>();
    let (go, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let until = Instant::now() + options.busy;
    let first = writer.write(until, move |_| {
        let _ = begun.send(());
        let _ = wait.lock().unwrap().recv();
        Ok::<_, StorageError>(())
    });
    let job = || writer.write(until, |_| Ok::<_, StorageError>(()));
    let all = async {
        let waiting = async {
            has_begun.recv().unwrap();
            let waiting = join(job(), job());
            let refused = async {
                assert_eq!(writer.counts.depth(), 2);
                let refused = job().await;
                assert!(matches!(refused, Err(StorageError::Busy(_))));
                go.send(()).unwrap();
            };
            join(waiting, refused).await.0
        };
        join(first, waiting).await
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let (first, (second, third)) = runtime.unwrap().block_on(all);
    assert!(first.is_ok() && second.is_ok() && third.is_ok());
    let batches = writer.counts.batches.snapshot();
    assert_eq!((batches.count(), batches.sum), (2, 3));
    assert_eq!((writer.counts.depth(), writer.counts.refused.get()), (0, 1));
    drop((writer, watch));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_job_waits_for_another_process_until_its_own_time() {
    let folder = std::env::temp_dir().join(format!("rolecall-locked-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let options = Options {
        path: folder.join("locked.db"),
        // Longer than anybody waits for a test.
        busy: Duration::from_secs(3600),
        statements: 100,
    };
    let mut other = CachingConnection::open(&options).unwrap();
    let statements = "CREATE TABLE t (x BIGINT); BEGIN IMMEDIATE";
    other.lend().batch_execute(statements).unwrap();
    let anchor = connection::open(&options.path, Duration::ZERO).unwrap();
    let watch = Watch::start(&options.path, anchor).unwrap();
    let writer = Writer::start(options.clone(), watch.file.clone(), 100).unwrap();
    let soon = Instant::now() + Duration::from_millis(50);
    let job = |until, value| writer.write(until, move |connection| put(connection, value));
    let patient = job(Instant::now() + options.busy, 1);
    let both = async {
        let impatient = async {
            let refused = job(soon, 2).await;
            other.lend().batch_execute("ROLLBACK").unwrap();
            refused
        };
        join(patient, impatient).await
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let (patient, impatient) = runtime.unwrap().block_on(both);
    assert!(
        matches!(impatient, Err(StorageError::Busy(_))),
        "{impatient:?}"
    );
    patient.unwrap();
    assert_eq!(values(&options.path), [1]);
    drop((writer, watch));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_job_that_fails_before_it_writes_costs_the_others_nothing() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    batch("before", |connection, value| {
        RUNS.fetch_add(1, Ordering::Relaxed);
        match value % 2 {
            0 => put(connection, value),
            _ => Err(turned_down()),
        }
    });
    assert_eq!(RUNS.load(Ordering::Relaxed), 5);
}

#[test]
fn a_job_that_fails_after_it_has_written_is_undone_without_the_others() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    batch("after", |connection, value| {
        RUNS.fetch_add(1, Ordering::Relaxed);
        put(connection, value)?;
        match value % 2 {
            0 => Ok(()),
            _ => Err(turned_down()),
        }
    });
    let runs = RUNS.load(Ordering::Relaxed);
    assert_eq!(
        runs,
        2 + 5,
        "the batch begins anew when the second has failed"
    );
}

#[test]
fn a_job_that_panics_is_undone_without_the_others() {
    batch("panic", |connection, value| {
        put(connection, value)?;
        assert!(value % 2 == 0, "a bug");
        Ok(())
    });
}
