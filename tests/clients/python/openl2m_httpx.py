"""The administration of users through httpx: each form of a body as that library makes it, and the list as a stream."""

import json
import os

import httpx

URL = os.environ["SERVICE_URL"]
PAIR = {"username": os.environ["SERVICE_USERNAME"], "password": os.environ["SERVICE_PASSWORD"]}
USERS = "/api/admin/users/"


def expect(answer, status):
    assert answer.status_code == status, f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    return answer.json()


def parts(fields):
    """A form in parts without files."""
    return [(name, (None, value)) for name, value in fields]


def main():
    with httpx.Client(base_url=URL, follow_redirects=True) as client:
        for sent in ({"json": PAIR}, {"data": PAIR}, {"files": parts(PAIR.items())}):
            token = expect(client.post("/api/users/token/", **sent), 200)["token"]
        client.headers["Authorization"] = f"Token {token}"

        made = []
        for number, form in enumerate(("json", "data", "files")):
            fields = {"username": f"jane{number}", "password": "my_new_password", "is_staff": "true"}
            sent = parts(fields.items()) if form == "files" else fields
            made.append(expect(client.post(USERS, **{form: sent}), 201))
        assert all(user["is_staff"] for user in made)

        one = f"{USERS}{made[0]['id']}/"
        for sent in ({"json": {"first_name": "A"}}, {"data": {"last_name": "B"}}, {"files": parts([("email", "a@x.org")])}):
            expect(client.patch(one, **sent), 200)
        shown = expect(client.get(one), 200)
        assert (shown["first_name"], shown["last_name"], shown["email"]) == ("A", "B", "a@x.org"), shown

        file = expect(client.patch(one, files={"first_name": ("a.txt", b"x")}), 400)
        assert file == {"first_name": ["Not a valid string."]}, file

        with client.stream("GET", USERS) as answer:
            assert answer.status_code == 200
            assert "content-length" not in answer.headers
            everybody = json.loads(b"".join(answer.iter_bytes()))
        assert [user["id"] for user in everybody] == sorted(user["id"] for user in everybody)
        assert {user["id"] for user in made} < {user["id"] for user in everybody}

        # Without the slash the answer leads to the address with it.
        followed = client.get(USERS.rstrip("/"))
        assert [past.status_code for past in followed.history] == [301]
        assert expect(followed, 200) == everybody
    print("All answers were as expected.")


if __name__ == "__main__":
    main()
