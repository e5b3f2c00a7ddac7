"""The rows of every table of a database as JSON lines, but for what a mere request may leave behind.

    tables.py sqlite:///path/to/rolecall.db
    tables.py postgres://server/database
"""

import json
import sqlite3
import subprocess
import sys

# When somebody was last here.
NOTES = {"last_login", "last_used"}
# What is noted of requests in tables of its own.
NOTED = {"idempotency", "token_addresses"}
# The log tells of who comes and of who is refused.
DOOR = {"sign_in", "sign_in_failed", "throttled", "refused", "token_used", "sign_out"}


def of_sqlite(path):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        connection.row_factory = sqlite3.Row
        tables = connection.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
        for (name,) in tables.fetchall():
            if name not in NOTED and not name.startswith("sqlite_"):
                for row in connection.execute(f'SELECT * FROM "{name}"'):
                    yield name, dict(row)


def of_postgres(address):
    def asked(query):
        command = ["psql", "--quiet", "--tuples-only", "--no-align", "--dbname", address, "--command", query]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()

    for name in asked("SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition"):
        if name not in NOTED:
            # As one line: newlines in texts are escaped.
            for row in asked(f'SELECT to_jsonb(t)::text FROM "{name}" AS t'):
                yield name, json.loads(row)


def main(address):
    kind, path = address.split("://", 1)
    rows = of_sqlite(path) if kind == "sqlite" else of_postgres(address)
    for name, row in rows:
        if name == "events" and row["verb"] in DOOR:
            continue
        kept = {column: value for column, value in row.items() if column not in NOTES}
        print(name, json.dumps(kept, sort_keys=True, default=repr))


if __name__ == "__main__":
    main(sys.argv[1])
