"""What the clients generated for Python do with the service: each hands over how."""

import os

URL = os.environ["SERVICE_URL"]
TOKEN = os.environ["SERVICE_TOKEN"]


def run(name, client):
    """`client` lists, creates, updates and removes users, and tells the status for one who is not there."""
    usernames = [f"{name}-{word}" for word in ("one", "two", "three")]
    made = [client.create(username, "correct-horse-7", "Doe") for username in usernames]
    assert [user.attributes.username for user in made] == usernames

    def names(number):
        users, count = client.list(usernames, ["-surname", "username"], number, 2)
        assert count == 3, count
        return [user.attributes.username for user in users]

    assert [names(1), names(2)] == [[usernames[0], usernames[2]], [usernames[1]]]

    changed = client.update(made[0].id, "Zappa")
    assert (changed.attributes.username, changed.attributes.surname) == (usernames[0], "Zappa")

    for user in made:
        client.remove(user.id)
    status, detail = client.missing(made[0].id)
    assert status == 404, status
    assert "no such resource" in detail, detail
    print(f"{name}: all steps passed")
