#!/usr/bin/env python3
"""Administers users as clients of OpenL2M do: a token for a password, then the calls that its documentation shows.

    python3 -m venv .venv && .venv/bin/pip install requests
    ROLECALL_PASSWORD=... .venv/bin/python examples/openl2m.py [USERNAME]

USERNAME must be free; without one it is a name of this run's own. What the run makes is gone at its end. ROLECALL_URL (http://127.0.0.1:8080) and ROLECALL_USER (admin) say where and as whom.
Ends with an error as soon as an answer is not as expected.
"""

import os
import secrets
import sys

import requests

URL = os.environ.get("ROLECALL_URL", "http://127.0.0.1:8080").rstrip("/")
ADMINISTRATOR = os.environ.get("ROLECALL_USER", "admin")
PASSWORD = os.environ.get("ROLECALL_PASSWORD") or sys.exit(f"Please set ROLECALL_PASSWORD, the password of {ADMINISTRATOR}.")
SECONDS = 30


def expect(answer, status):
    print(f"{answer.request.method} {answer.request.path_url} -> {answer.status_code}")
    if answer.status_code != status:
        sys.exit(f"expected {status}: {answer.text}")
    return answer.json()


def signed_in(username, password):
    """A session that carries a token for this password."""
    pair = {"username": username, "password": password}
    given = expect(requests.post(f"{URL}/api/users/token/", data=pair, timeout=SECONDS), 200)
    session = requests.Session()
    session.headers["Authorization"] = f"Token {given['token']}"
    return session


NATIVE = "application/vnd.api+json"


def own_tokens():
    """The ids of the administrator's newest tokens, through the native surface: this one only gives tokens."""
    own = requests.get(
        f"{URL}/auth/user", auth=(ADMINISTRATOR, PASSWORD), headers={"Accept": NATIVE}, timeout=SECONDS
    )
    listed = requests.get(
        f"{URL}/users/{expect(own, 200)['data']['id']}/tokens?sort=-id&page[size]=100",
        auth=(ADMINISTRATOR, PASSWORD), headers={"Accept": NATIVE}, timeout=SECONDS,
    )  # fmt: skip
    return {token["id"] for token in expect(listed, 200)["data"]}


def group(session, name):
    """The id of a role of this name; roles are made through the native surface."""
    body = {"data": {"type": "roles", "attributes": {"name": name}}}
    made = session.post(f"{URL}/roles", json=body, headers={"Content-Type": NATIVE}, timeout=SECONDS)
    return int(expect(made, 201)["data"]["id"])


def remove(session, *paths):
    """Through the native surface: this one deletes nothing."""
    for path in paths:
        gone = session.delete(f"{URL}{path}", headers={"Accept": NATIVE}, timeout=SECONDS)
        if gone.status_code != 204:
            sys.exit(f"expected 204 from DELETE {path}: {gone.text}")


def main():
    username = sys.argv[1] if len(sys.argv) > 1 else f"jane-{secrets.token_hex(4)}"
    before = own_tokens()
    admin = signed_in(ADMINISTRATOR, PASSWORD)
    mine = own_tokens() - before
    users = f"{URL}/api/admin/users/"

    # A form, as in the documentation of the original, and JSON.
    jane = expect(admin.post(users, data={
        "first_name": "Jane", "last_name": "Doe", "email": "jane.doe@test.com",
        "username": username, "password": "my_new_password",
    }, timeout=SECONDS), 201)
    john = expect(admin.post(users, json={
        "username": f"{username}.2", "password": "my_new_password", "is_staff": True,
        "date_joined": "2024-06-05T19:09:51.365106Z",
    }, timeout=SECONDS), 201)
    assert john["is_staff"] and john["date_joined"] == "2024-06-05T19:09:51.365106Z"

    everybody = expect(admin.get(users, timeout=SECONDS), 200)
    print(f"  {len(everybody)} users, {sum(user['is_superuser'] for user in everybody)} of them administrators")
    assert {jane["id"], john["id"]} <= {user["id"] for user in everybody}

    # POST changes as PATCH does. What is not sent stays.
    one = f"{users}{jane['id']}/"
    assert expect(admin.get(one, timeout=SECONDS), 200) == jane
    assert expect(admin.patch(one, data={"last_name": "Roe"}, timeout=SECONDS), 200)["last_name"] == "Roe"
    assert expect(admin.post(one, json={"is_active": False}, timeout=SECONDS), 200)["is_active"] is False
    assert expect(admin.patch(one, json={"is_active": True}, timeout=SECONDS), 200)["last_name"] == "Roe"

    # Groups are roles; they are replaced whole.
    engineers = group(admin, f"engineers of {username}")
    assert expect(admin.patch(one, json={"groups": [engineers]}, timeout=SECONDS), 200)["groups"] == [engineers]
    assert expect(admin.patch(one, json={"groups": []}, timeout=SECONDS), 200)["groups"] == []

    # Jane has a token as well, and may not do any of this until she is an administrator.
    as_jane = signed_in(username, "my_new_password")
    expect(as_jane.get(users, timeout=SECONDS), 403)
    expect(admin.patch(one, json={"is_superuser": True}, timeout=SECONDS), 200)
    expect(as_jane.get(one, timeout=SECONDS), 200)
    expect(admin.patch(one, json={"is_superuser": False}, timeout=SECONDS), 200)

    told = expect(admin.post(users, json={"username": username, "email": "x"}, timeout=SECONDS), 400)
    for field, messages in told.items():
        print(f"  {field}: {' '.join(messages)}")
    assert set(told) == {"password", "username", "email"}

    for user in (jane, john):
        remove(admin, f"/users/{user['id']}", f"/trash/users/{user['id']}")
    remove(admin, f"/roles/{engineers}")
    # The administrator's token last of all: without it nothing more can be done.
    for token in mine:
        remove(admin, f"/tokens/{token}")
    print("All answers were as expected.")


if __name__ == "__main__":
    main()
