#!/usr/bin/env python3
"""Times each migration on a directory with many people, for the table in README.md.

    python3 migrations/measure.py sqlite 1000000
    eval "$(.ci/postgres start)"; python3 migrations/measure.py postgres 1000000

The directory has two grants and an event for each user, and a token for every fifth.
It begins with the migrations before the first that meets such tables.
"""
import os
import subprocess
import sys
import tempfile
import time

FIRST = "2026-11-25-000010"
AT = "2026-11-25T00:00:00+00:00"


class Sqlite:
    begin, commit = "BEGIN IMMEDIATE;", "COMMIT;"

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.file = os.path.join(self.folder.name, "measured.db")
        self.run("PRAGMA journal_mode = WAL;")

    def run(self, statements):
        settings = "PRAGMA foreign_keys = ON; PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY;"
        execute(["sqlite3", "-bail", self.file], settings + statements)

    def numbers(self, count):
        return (
            "(WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s "
            f"WHERE i < {count}) SELECT i FROM s)"
        )


class Postgres:
    begin, commit = "BEGIN;", "COMMIT;"

    def __init__(self):
        server = os.environ["ROLECALL_TEST_POSTGRES"]
        for statement in ["DROP DATABASE IF EXISTS measured", "CREATE DATABASE measured"]:
            execute(["psql", "-qc", statement, server], "")
        self.address = server.rsplit("/", 1)[0] + "/measured"

    def run(self, statements):
        execute(["psql", "-qv", "ON_ERROR_STOP=1", self.address], statements)

    def numbers(self, count):
        return f"generate_series(1, {count}) AS s (i)"


def execute(command, statements):
    done = subprocess.run(command, input=statements.encode(), capture_output=True)
    if done.returncode != 0:
        sys.exit(done.stderr.decode()[:1000])


def fill(database, users):
    def insert(into, values, count):
        return f"INSERT INTO {into} SELECT {values} FROM {database.numbers(count)};"

    times = f"'{AT}', '{AT}'"
    end = f"CASE WHEN i % 50 = 0 THEN '2030-01-01T00:00:00+00:00' END"
    statements = [
        insert("partners (title, created, modified)", f"'p' || i, {times}", 1000),
        insert("workspaces (title, code, created, modified)", f"'w' || i, 'w' || i, {times}", 10),
        insert("roles (name, created, modified)", f"'r' || i, {times}", 200),
        insert(
            "users (username, uname, name, surname, email, partner_id, created, modified, deleted_at)",
            "'user' || i, 'user' || i, 'Name' || (i % 5000), 'Surname' || (i % 70000), "
            f"'user' || i || '@example.org', 1 + i % 1000, {times}, "
            f"CASE WHEN i % 500 = 0 THEN '{AT}' END",
            users,
        ),
        insert(
            "grants (user_id, role_id, valid_until, created, modified)",
            f"i, 1 + i % 200, {end}, {times}",
            users,
        ),
        insert(
            "grants (user_id, role_id, workspace_id, created, modified)",
            f"i, 1 + (i + 7) % 200, 1 + i % 10, {times}",
            users,
        ),
        insert(
            "tokens (hash, user_id, name, expires, created, modified)",
            f"'h' || i, i, 't', {end}, {times}",
            users // 5,
        ),
        insert(
            "events (at, verb, subject_type, subject_id, request_id)",
            f"'{AT}', 'create', 'users', i, 'r' || i",
            users,
        ),
    ]
    database.run(database.begin + "".join(statements) + database.commit)


def measured(work, *arguments):
    began = time.time()
    work(*arguments)
    return f"{time.time() - began:.2f} s"


def main(kind, users):
    database = {"sqlite": Sqlite, "postgres": Postgres}[kind]()
    folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), kind)

    def read(name, file):
        path = os.path.join(folder, name, file)
        return open(path).read() if os.path.exists(path) else ""

    names = sorted(os.listdir(folder))
    for name in names:
        if name < FIRST:
            database.run(read(name, "up.sql"))
    fill(database, users)
    if kind == "postgres":
        database.run("VACUUM ANALYZE;")

    def build(statements):
        for statement in statements:
            database.run(statement + ";")

    for name in names:
        if name < FIRST:
            continue
        beside = [part for part in read(name, "before.sql").split(";") if "INDEX" in part]
        before = measured(build, beside) if beside else "-"
        up = database.begin + read(name, "up.sql") + database.commit
        print(f"{name}: before.sql {before}, up.sql {measured(database.run, up)}", flush=True)


main(sys.argv[1], int(sys.argv[2]))
