"""openapi-python-client: generated/python_client."""

import importlib
import pkgutil

from generated import python_client
from generated.python_client import AuthenticatedClient, models
from generated.python_client.api.users import create_users, delete_users, get_users, list_users, update_users

from steps import TOKEN, URL, run


class Client:
    def __init__(self):
        self.client = AuthenticatedClient(base_url=URL, token=TOKEN)

    def list(self, usernames, sort, number, size):
        # Lists are sent as it does by itself: sort=-surname&sort=username.
        sort = [models.ListUsersSortItem(key) for key in sort]
        page = list_users.sync(
            client=self.client, filterusername=usernames, sort=sort, pagenumber=number, pagesize=size
        )
        return page.data, page.meta.pagination.count

    def create(self, username, password, surname):
        attributes = models.UsersNewDataAttributes(username=username, password=password, surname=surname)
        body = models.UsersNew(data=models.UsersNewData(type_="users", attributes=attributes))
        return create_users.sync(client=self.client, body=body).data

    def update(self, user_id, surname):
        attributes = models.UsersChangesDataAttributes(surname=surname)
        body = models.UsersChanges(data=models.UsersChangesData(type_="users", id=user_id, attributes=attributes))
        return update_users.sync(user_id, client=self.client, body=body).data

    def remove(self, user_id):
        assert delete_users.sync_detailed(user_id, client=self.client).status_code == 204

    def missing(self, user_id):
        answer = get_users.sync_detailed(user_id, client=self.client)
        return answer.status_code, answer.parsed.errors[0].detail


# All of it can be imported, not only what is used here.
for module in pkgutil.walk_packages(python_client.__path__, f"{python_client.__name__}."):
    importlib.import_module(module.name)
run("openapi-python-client", Client())
