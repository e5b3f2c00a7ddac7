//! What one answer costs without HTTP: `cargo bench --bench answers`.
#![expect(clippy::unwrap_used, reason = "a bench may fail loudly")]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use futures_util::FutureExt;
use rolecall::config::{Database, DatabaseUrl};
use rolecall::directory::listing::{List, Slice, Visibility};
use rolecall::directory::permissions::PrivilegeCeiling;
use rolecall::directory::users::{CreateUser, FindUser, User, UserChanges, Users};
use rolecall::directory::{Context, Directory, RequestId, SystemClock};
use rolecall::jsonapi::write::{self, AttributeValue};
use rolecall::storage::{Empty, Store};

fn serialiser(criterion: &mut Criterion) {
    criterion.bench_function("write one identifier", |bench| {
        let mut out = Vec::with_capacity(64);
        bench.iter(|| {
            out.clear();
            write::identifier(&mut out, "users", black_box(19283));
            out.len()
        });
    });
    criterion.bench_function("write twenty texts", |bench| {
        let mut out = Vec::with_capacity(1024);
        bench.iter(|| {
            out.clear();
            for _ in 0..20 {
                write::key(&mut out, "username");
                write::value(
                    &mut out,
                    AttributeValue::Text(black_box("johndoe@example.org")),
                );
            }
            out.len()
        });
    });
}

fn reading(criterion: &mut Criterion) {
    let folder = std::env::temp_dir().join(format!("rolecall-answers-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let settings = Database {
        url: DatabaseUrl::Sqlite(folder.join("answers.db")),
        ..Database::default()
    };
    let directory = Directory::new(
        Store::open(&settings, Empty::Fill).unwrap(),
        Arc::new(SystemClock),
    );
    let context = Context::of_program(directory.clock().now(), RequestId(0));
    actix_web::rt::Runtime::new()
        .unwrap()
        .block_on(twenty_users(&directory, &context));
    criterion.bench_function("read one user (SQLite)", |bench| {
        bench.iter(|| {
            let find = FindUser {
                id: black_box(1),
                visible: Visibility::All,
            };
            let user: Option<User> = directory
                .read(&context, find)
                .now_or_never()
                .unwrap()
                .unwrap();
            user
        });
    });
    criterion.bench_function("read a page of twenty users (SQLite)", |bench| {
        bench.iter(|| {
            let slice = Slice {
                offset: 0,
                limit: 20,
            };
            let list = List::<Users> {
                visible: Visibility::All,
                ..List::new(slice)
            };
            directory
                .read(&context, list)
                .now_or_never()
                .unwrap()
                .unwrap()
                .rows
                .len()
        });
    });
    drop(directory);
    let _ = std::fs::remove_dir_all(folder);
}

async fn twenty_users(directory: &Directory, context: &Context) {
    for number in 0..20 {
        let changes = UserChanges {
            username: Some(format!("user{number}")),
            name: Some(Some("John".into())),
            email: Some(Some(format!("user{number}@example.org"))),
            ..UserChanges::default()
        };
        let create = CreateUser {
            changes,
            roles: None,
            ceiling: PrivilegeCeiling::Everything,
        };
        directory.write(context, create).await.unwrap();
    }
}

criterion_group!(answers, serialiser, reading);
criterion_main!(answers);
