#!/usr/bin/env python3
"""Measures what a flood of wrong passwords from one address does to others.

    cargo build --release
    export ROLECALL_ADMIN_PASSWORD='a long sentence' ROLECALL_CREDENTIAL_CACHE_SECONDS=0
    target/release/rolecall serve &
    ROLECALL_PASSWORD='a long sentence' python3 benches/flood.py

The flood comes from 127.0.0.2, as fast as its connections go, each guess at
another username; the others read and sign in from 127.0.0.1, first without it
and then beside it. With ROLECALL_SIGN_IN_ATTEMPTS=0 and
ROLECALL_ADDRESS_ATTEMPTS=0 in the environment of the service the flood reaches
the queue of the hashing threads, which otherwise it does for a moment only.
"""

import base64
import collections
import http.client
import json
import multiprocessing
import os
import random
import sys
import time

HOST = os.environ.get("ROLECALL_HOST", "127.0.0.1")
PORT = int(os.environ.get("ROLECALL_PORT", "8080"))
USER = os.environ.get("ROLECALL_USER", "admin")
PASSWORD = os.environ.get("ROLECALL_PASSWORD") or sys.exit("Please set ROLECALL_PASSWORD.")
SECONDS = float(os.environ.get("ROLECALL_BENCH_SECONDS", "10"))
FLOODERS = int(os.environ.get("ROLECALL_BENCH_FLOODERS", "64"))

JSON_API = {"Accept": "application/vnd.api+json"}
JSON_BODY = {**JSON_API, "Content-Type": "application/json"}


def connect(source):
    return http.client.HTTPConnection(HOST, PORT, timeout=60, source_address=(source, 0))


def ask(connection, method, path, headers, body=None):
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def basic(username, password):
    pair = base64.b64encode(f"{username}:{password}".encode()).decode()
    return {**JSON_API, "Authorization": f"Basic {pair}"}


def flood(until, counts):
    connection = connect("127.0.0.2")
    statuses = collections.Counter()
    while time.monotonic() < until:
        stranger = basic(f"stranger{random.getrandbits(48)}", "wrong")
        statuses[ask(connection, "GET", "/home", stranger)] += 1
    counts.put(statuses)


def measure(until, pause, work):
    """The times of `work` and its statuses."""
    times, statuses = [], collections.Counter()
    while time.monotonic() < until:
        began = time.perf_counter()
        statuses[work()] += 1
        times.append(time.perf_counter() - began)
        time.sleep(pause)
    return times, statuses


def reads(until, results):
    connection = connect("127.0.0.1")
    connection.request("POST", "/auth", json.dumps({"username": USER, "password": PASSWORD}), JSON_BODY)
    token = json.load(connection.getresponse())["meta"]["jwt"]
    known = {**JSON_API, "Authorization": f"Bearer {token}"}
    read = lambda: ask(connection, "GET", "/users?page[size]=20", known)
    results.put(("reads", *measure(until, 0.002, read)))


def sign_ins(until, results):
    connection = connect("127.0.0.1")
    body = json.dumps({"username": USER, "password": PASSWORD})
    sign_in = lambda: ask(connection, "POST", "/auth", JSON_BODY, body)
    results.put(("sign-ins", *measure(until, 0.05, sign_in)))


def quantile(times, part):
    ordered = sorted(times)
    return ordered[min(int(len(ordered) * part), len(ordered) - 1)] * 1000


def run(name, flooders):
    results, counts = multiprocessing.Queue(), multiprocessing.Queue()
    until = time.monotonic() + SECONDS
    others = [multiprocessing.Process(target=act, args=(until, results)) for act in (reads, sign_ins)]
    strangers = [multiprocessing.Process(target=flood, args=(until, counts)) for _ in range(flooders)]
    for process in strangers + others:
        process.start()
    for what, times, statuses in sorted(results.get() for _ in others):
        print(
            f"{name:14} {what:9} {len(times):6} "
            f"p50 {quantile(times, 0.5):8.2f} ms  p99 {quantile(times, 0.99):8.2f} ms  {dict(statuses)}"
        )
    total = sum((counts.get() for _ in strangers), collections.Counter())
    if total:
        print(f"{name:14} flood     {total.total():6} {dict(total)}")
    for process in strangers + others:
        process.join()


if __name__ == "__main__":
    run("alone", 0)
    run("beside a flood", FLOODERS)
