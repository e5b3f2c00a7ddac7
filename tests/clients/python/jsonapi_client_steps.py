"""jsonapi-client: sessions that keep what they read; changes are committed."""

import asyncio
import base64
import logging

from jsonapi_client import Filter, Inclusion, Modifier, ResourceTuple, Session
from jsonapi_client.exceptions import DocumentError

from bridge import serve

TEXT = {"type": ["string", "null"]}
# It reports every attribute that its schema leaves out.
logging.disable(logging.WARNING)

SCHEMA = {
    "users": {
        "properties": {
            "username": TEXT, "password": TEXT, "name": TEXT, "surname": TEXT,
            "roles": {"relation": "to-many", "resource": ["roles"]},
        }
    },
    "roles": {"properties": {"name": TEXT}},
}


class Client:
    def __init__(self, url, username, password):
        self.url = url
        encoded = base64.b64encode(f"{username}:{password}".encode()).decode()
        self.headers = {"Authorization": f"Basic {encoded}"}

    def session(self, **options):
        return Session(self.url, schema=SCHEMA, request_kwargs={"headers": self.headers}, **options)

    @staticmethod
    def status_of(problem):
        return problem.errors["status_code"] if isinstance(problem, DocumentError) else None

    @staticmethod
    def plain(user):
        return {"id": user.id, "username": user.username, "name": user.name, "surname": user.surname}

    def list(self, options):
        page = self.session().get("users", Modifier(f"page[size]={options['size']}"))
        return [self.plain(user) for user in page.resources]

    def pages(self, options):
        page = self.session().get("users", Modifier(f"sort={options['sort']}&page[size]={options['size']}"))
        pages = []
        while page:
            pages.append([user.username for user in page.resources])
            page = page.links.next.fetch()
        return pages

    def include(self, username):
        user = self.session().get("users", Filter(username=username) + Inclusion("roles")).resource
        return [role.name for role in user.roles]

    def query(self, options):
        names = ",".join(options["usernames"])
        found = self.session().get("users", Filter(username=names) + Modifier(f"sort={options['sort']}"))
        return [user.id for user in found.resources]

    def create(self, attributes):
        user = self.session().create("users", fields=attributes)
        user.commit()
        return self.plain(user)

    def update(self, user_id, attributes):
        user = self.session().get("users", user_id).resource
        for name, value in attributes.items():
            user[name] = value
        user.commit()
        return self.plain(user)

    def with_roles(self, user_id):
        return self.session().get("users", Filter(id=user_id) + Inclusion("roles")).resource

    def add_role(self, user_id, role):
        user = self.with_roles(user_id)
        user.relationships.roles.add([role])
        user.commit()

    def remove_role(self, user_id, role):
        user = self.with_roles(user_id)
        user.relationships.roles.set([held.id for held in user.roles if held.id != role])
        user.commit()

    def replace_roles(self, user_id, roles):
        user = self.with_roles(user_id)
        user.relationships.roles.set(roles)
        user.commit()

    def invalid(self, attributes):
        try:
            self.create(attributes)
        except DocumentError as problem:
            errors = problem.response.json()["errors"]
            return {error["meta"]["attribute"]: error["detail"] for error in errors}
        return {}

    def remove(self, user_id):
        user = self.session().get("users", user_id).resource
        user.delete()
        user.commit()

    def remove_asynchronously(self, user_id):
        async def remove():
            session = self.session(enable_async=True)
            user = (await session.get("users", user_id)).resource
            user.delete()
            await user.commit()
            await session.close()

        asyncio.run(remove())


serve(Client)
