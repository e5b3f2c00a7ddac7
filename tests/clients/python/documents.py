"""For packages that build and read documents only: httpx sends them."""

import httpx

MEDIA_TYPE = "application/vnd.api+json"


class Refused(Exception):
    def __init__(self, answer):
        super().__init__(answer.text)
        self.status = answer.status_code
        self.document = answer.json()


class Client:
    """The package's own part is in `users`, `roles_of`, `new`, `changed`, `linkage`, `errors` and `next_link`."""

    def __init__(self, url, username, password):
        # A document is sent as bytes: with `json=` it would be application/json.
        self.http = httpx.Client(
            base_url=url,
            auth=httpx.BasicAuth(username.encode(), password.encode()),
            headers={"Accept": MEDIA_TYPE, "Content-Type": MEDIA_TYPE},
            timeout=10,
        )

    @staticmethod
    def status_of(problem):
        return problem.status if isinstance(problem, Refused) else None

    def send(self, method, address, document=None, query=None):
        content = None if document is None else document.encode()
        answer = self.http.request(method, address, params=query, content=content)
        if answer.is_error:
            raise Refused(answer)
        return answer.json() if answer.content else None

    def list(self, options):
        return self.users(self.send("GET", "/users", query={"page[size]": options["size"]}))

    def pages(self, options):
        document = self.send("GET", "/users", query={"sort": options["sort"], "page[size]": options["size"]})
        pages = [document]
        while following := self.next_link(pages[-1]):
            pages.append(self.send("GET", following))
        return [[user["username"] for user in self.users(page)] for page in pages]

    def include(self, username):
        return self.roles_of(self.send("GET", "/users", query={"include": "roles", "filter[username]": username}))

    def query(self, options):
        query = {"sort": options["sort"], "filter[username]": ",".join(options["usernames"])}
        return [user["id"] for user in self.users(self.send("GET", "/users", query=query))]

    def create(self, attributes):
        return self.user(self.send("POST", "/users", self.new(attributes)))

    def update(self, user_id, attributes):
        return self.user(self.send("PATCH", f"/users/{user_id}", self.changed(user_id, attributes)))

    def linked(self, method, user_id, roles):
        self.send(method, f"/users/{user_id}/relationships/roles", self.linkage(roles))

    def add_role(self, user_id, role):
        self.linked("POST", user_id, [role])

    def remove_role(self, user_id, role):
        self.linked("DELETE", user_id, [role])

    def replace_roles(self, user_id, roles):
        self.linked("PATCH", user_id, roles)

    def invalid(self, attributes):
        try:
            self.create(attributes)
        except Refused as problem:
            return self.errors(problem.document)
        return {}

    def remove(self, user_id):
        self.send("DELETE", f"/users/{user_id}")
