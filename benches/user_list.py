#!/usr/bin/env python3
"""Measures the list of all users at /api/admin/users/: time to the first byte, rate, and the most memory of the program.

    cargo build --release
    python3 benches/user_list.py target/release/rolecall 1000 100000 1000000

Each number of users has a SQLite database of its own, filled here, and a program of its own. The administrator is one of
them; every second user holds a role. Needs nothing but Python's standard library, and Linux for the memory.
"""

import http.client
import os
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time

PASSWORD = "correct horse battery staple"
ROLE = 2
NOW = "2026-01-02T03:04:05+00:00"
READ = 1 << 16


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Program:
    def __init__(self, path, folder):
        self.port = free_port()
        environment = {
            "PATH": os.environ["PATH"],
            "DATABASE_URL": f"sqlite://{folder}/users.db",
            "ROLECALL_LISTEN": f"127.0.0.1:{self.port}",
            "ROLECALL_ADMIN_PASSWORD": PASSWORD,
        }
        self.process = subprocess.Popen([path, "serve"], env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(600):
            try:
                if self.ask("GET", "/health", {}).status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.05)
        sys.exit("the program did not start")

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def ask(self, method, path, headers, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port)
        connection.request(method, path, body, headers)
        return connection.getresponse()

    def memory(self, name):
        with open(f"/proc/{self.process.pid}/status") as status:
            line = next(line for line in status if line.startswith(name))
        return int(line.split()[1]) / 1024

    def forget_peak(self):
        with open(f"/proc/{self.process.pid}/clear_refs", "w") as refs:
            refs.write("5")

    def token(self):
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        body = f"username=admin&password={PASSWORD.replace(' ', '+')}"
        answer = self.ask("POST", "/api/users/token/", kind, body).read().decode()
        return answer.split('"token":"')[1].split('"')[0]


def fill(folder, users):
    database = sqlite3.connect(f"{folder}/users.db")
    name = "'user' || n"
    numbers = f"WITH RECURSIVE numbers (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM numbers WHERE n < {users})"
    if users > 1:
        database.execute(
            f"""{numbers} INSERT INTO users (id, username, uname, name, surname, email, created, modified)
                SELECT n, {name}, {name}, 'Given ' || n, 'Family ' || n, {name} || '@example.org', '{NOW}', '{NOW}'
                FROM numbers"""
        )
        database.execute(
            f"""INSERT INTO grants (user_id, role_id, created, modified)
                SELECT id, {ROLE}, '{NOW}', '{NOW}' FROM users WHERE id % 2 = 0"""
        )
    database.commit()
    database.close()


def measure(program, users, token):
    program.forget_peak()
    idle = program.memory("VmRSS")
    began = time.perf_counter()
    answer = program.ask("GET", "/api/admin/users/", {"Authorization": f"Token {token}"})
    assert answer.status == 200, answer.status
    size = len(answer.read(1))
    first = time.perf_counter() - began
    found = 0
    last = b""
    while part := answer.read(READ):
        size += len(part)
        found += (last[-8:] + part).count(b'{"id":') - last[-8:].count(b'{"id":')
        last = part
    seconds = time.perf_counter() - began
    # The first brace may have been in the byte that was read alone.
    assert last.endswith(b"]") and found == users, (found, users)
    return first, seconds, size, idle, program.memory("VmHWM")


def main():
    path = os.path.abspath(sys.argv[1])
    print("| users | first byte | whole list | users a second | size | memory before | most memory |")
    print("|---|---|---|---|---|---|---|")
    for users in map(int, sys.argv[2:]):
        with tempfile.TemporaryDirectory() as folder:
            program = Program(path, folder)
            program.stop()
            fill(folder, users)
            program = Program(path, folder)
            try:
                token = program.token()
                runs = [measure(program, users, token) for _ in range(3)]
                first, seconds, size, idle, most = min(runs, key=lambda run: run[1])
                most = max(run[4] for run in runs)
            finally:
                program.stop()
            print(
                f"| {users:,} | {first * 1000:.1f} ms | {seconds:.2f} s | {users / seconds:,.0f} "
                f"| {size / 1e6:.1f} MB | {idle:.0f} MiB | {most:.0f} MiB |",
                flush=True,
            )


if __name__ == "__main__":
    main()
