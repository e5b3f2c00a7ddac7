"""jsonapi-requests: a thin client with a small object mapper above it."""

import json

import jsonapi_requests
from jsonapi_requests import orm
from jsonapi_requests.request_factory import ApiClientError

from bridge import serve


class Client:
    def __init__(self, url, username, password):
        # APPEND_SLASH is left as it is: every address ends with a slash.
        self.api = orm.OrmApi.config({"API_ROOT": url, "AUTH": (username, password), "TIMEOUT": 10})

        class Role(orm.ApiModel):
            class Meta:
                api, type, path = self.api, "roles", "roles"

            name = orm.AttributeField("name")

        class User(orm.ApiModel):
            class Meta:
                api, type, path = self.api, "users", "users"

            username = orm.AttributeField("username")
            name = orm.AttributeField("name")
            surname = orm.AttributeField("surname")
            roles = orm.RelationField("roles")

        self.Role, self.User = Role, User

    @staticmethod
    def status_of(problem):
        return problem.status_code if isinstance(problem, ApiClientError) else None

    @staticmethod
    def plain(user):
        return {"id": user.id, **user.attributes}

    def linkage(self, user_id):
        return self.api.endpoint(f"users/{user_id}/relationships/roles")

    def list(self, options):
        return [self.plain(user) for user in self.User.get_list(params={"page[size]": options["size"]})]

    def pages(self, options):
        pages = []
        endpoint = self.api.endpoint("users")
        page = endpoint.get(params={"sort": options["sort"], "page[size]": options["size"]})
        while True:
            pages.append([user.attributes["username"] for user in page.data])
            following = page.content.links.get("next")
            if not following:
                return pages
            path, query = following.split("?")
            page = self.api.endpoint(path).get(params=query)

    def include(self, username):
        [user] = self.User.get_list(params={"include": "roles", "filter[username]": username})
        return [role.name for role in user.roles]

    def query(self, options):
        parameters = {"sort": options["sort"], "filter[username]": ",".join(options["usernames"])}
        return [user.id for user in self.User.get_list(params=parameters)]

    def create(self, attributes):
        user = self.User()
        user.attributes.update(attributes)
        user.save()
        return self.plain(user)

    def update(self, user_id, attributes):
        user = self.User.from_id(user_id)
        user.attributes.update(attributes)
        user.save()
        return self.plain(user)

    def add_role(self, user_id, role):
        self.linkage(user_id).post(json={"data": [{"type": "roles", "id": role}]})

    def remove_role(self, user_id, role):
        self.linkage(user_id).delete(json={"data": [{"type": "roles", "id": role}]})

    def replace_roles(self, user_id, roles):
        user = self.User.from_id(user_id)
        user.refresh()
        user.roles = [self.Role.from_id(role) for role in roles]
        user.save()

    def invalid(self, attributes):
        try:
            self.create(attributes)
        except ApiClientError as problem:
            errors = json.loads(problem.content)["errors"]
            return {error["meta"]["attribute"]: error["detail"] for error in errors}
        return {}

    def remove(self, user_id):
        user = self.User.from_id(user_id)
        user.refresh()
        user.delete()


serve(Client)
