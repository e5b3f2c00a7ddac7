#!/usr/bin/env python3
"""The calls of the Partner Reporting Portal's web client, against rolecall.

An administrator makes a place to work in, invites a member of a partner, gives
them a role in a cluster and changes it; the member then looks at their partner's
people and fails to do more than they may. What was made is gone at the end.

    pip install requests
    ROLECALL_PASSWORD=... examples/prp.py

ROLECALL_URL (http://127.0.0.1:8080) and ROLECALL_USER (admin) say where and as whom.
Ends with 1 as soon as an answer is not the expected one.
"""

import os
import secrets
import sys

import requests

URL = os.environ.get("ROLECALL_URL", "http://127.0.0.1:8080").rstrip("/")
USER = os.environ.get("ROLECALL_USER", "admin")
PASSWORD = os.environ.get("ROLECALL_PASSWORD") or sys.exit("ROLECALL_PASSWORD is not set")
NATIVE = "application/vnd.api+json"


class Caller:
    """Somebody with credentials, who says what is asked and what came back."""

    def __init__(self, auth=None, token=None):
        self.session = requests.Session()
        self.session.auth = auth
        if token:
            self.session.headers["Authorization"] = f"Token {token}"

    def call(self, expected, method, path, body=None, **more):
        answer = self.session.request(method, URL + path, json=body, timeout=30, **more)
        print(f"{method} {path} -> {answer.status_code}")
        if answer.status_code != expected:
            sys.exit(f"expected {expected}: {answer.text}")
        return answer.json() if answer.content else None

    def portal(self, expected, method, path, body=None, **params):
        return self.call(expected, method, f"/api/id-management/{path}", body, params=params)

    def native(self, expected, method, path, kind, attributes, **relationships):
        """What the portal has no call for: places, and tokens to call with."""
        data = {"type": kind, "attributes": attributes}
        if relationships:
            linked = {name: {"data": {"type": t, "id": i}} for name, (t, i) in relationships.items()}
            data["relationships"] = linked
        headers = {"Content-Type": NATIVE}
        return self.call(expected, method, path, {"data": data}, headers=headers)["data"]


def main():
    admin = Caller(auth=(USER, PASSWORD))
    mark = secrets.token_hex(3)

    kenya = admin.native(201, "POST", "/workspaces", "workspaces", {"title": f"Kenya {mark}", "code": f"K{mark}"})
    health = admin.native(
        201, "POST", "/clusters", "clusters",
        {"title": f"Health {mark}", "cluster_type": "health"},
        workspace=("workspaces", kenya["id"]),
    )  # fmt: skip
    cluster = int(health["id"])

    partner = admin.portal(201, "POST", "partners/", {
        "title": f"ACME Relief {mark}", "partner_type": "CSO", "cso_type": "Int", "country_code": "KE", "clusters": [cluster],
    })  # fmt: skip
    choices = admin.portal(200, "OPTIONS", "partners/")["actions"]["POST"]["partner_type"]["choices"]
    print("  kinds of partners:", ", ".join(choice["display_name"] for choice in choices))
    assignable = admin.portal(200, "GET", "assignable-clusters/")
    assert any(row["id"] == cluster for row in assignable), assignable

    def invite(first, last):
        return admin.portal(201, "POST", "users/", {
            "email": f"{first}.{last}.{mark}@acme.example".lower(), "first_name": first, "last_name": last,
            "user_type": "PARTNER", "partner": partner["id"],
        }, portal="CLUSTER")  # fmt: skip

    ada, joan = invite("Ada", "Love"), invite("Joan", "Clark")
    assert ada["is_incomplete"] and ada["prp_roles"] == [], ada

    given = [{"role": "CLUSTER_VIEWER", "cluster": cluster}]
    admin.portal(201, "POST", "role-group/", {"user_id": ada["id"], "prp_roles": given})
    again = admin.portal(403, "POST", "role-group/", {"user_id": ada["id"], "prp_roles": given})
    print("  ", again["detail"][0])

    people = admin.portal(200, "GET", "users/", portal="CLUSTER", roles="CLUSTER_VIEWER", clusters=cluster)
    [group] = people["results"][0]["prp_roles"]
    assert people["count"] == 1 and group["cluster"]["full_title"] == f"Health {mark} (Kenya {mark})", people
    admin.portal(200, "PATCH", f"role-group/{group['id']}/", {"role": "CLUSTER_MEMBER"})

    token = admin.native(
        201, "POST", "/tokens", "tokens", {"name": "example"}, user=("users", str(ada["id"]))
    )["attributes"]["token"]
    member = Caller(token=token)
    seen = member.portal(200, "GET", "users/", portal="CLUSTER")
    assert [row["id"] for row in seen["results"]] == [joan["id"]], seen
    member.portal(201, "POST", "role-group/", {"user_id": joan["id"], "prp_roles": given})
    imo = [{"role": "CLUSTER_IMO", "cluster": cluster}]
    refused = member.portal(403, "POST", "role-group/", {"user_id": joan["id"], "prp_roles": imo})
    print("  ", refused["detail"][0])
    wrong = member.portal(400, "POST", "role-group/", {"user_id": joan["id"], "prp_roles": [{"role": "BOSS"}]})
    print("  ", wrong["prp_roles"][0]["role"][0])

    for person in (ada, joan):
        for group in admin.portal(200, "GET", "users/", name_email=person["email"])["results"][0]["prp_roles"]:
            admin.portal(204, "DELETE", f"role-group/{group['id']}/")
        admin.call(204, "DELETE", f"/users/{person['id']}")
        admin.call(204, "DELETE", f"/trash/users/{person['id']}")
    for path in (f"/partners/{partner['id']}", f"/clusters/{cluster}", f"/workspaces/{kenya['id']}"):
        admin.call(204, "DELETE", path)
    print("All answers were as expected.")


if __name__ == "__main__":
    main()
