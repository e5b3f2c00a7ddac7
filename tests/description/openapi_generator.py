"""openapi-generator -g python: generated/python."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "generated" / "python"))

import generated_client  # noqa: E402
from generated_client import models  # noqa: E402

from steps import TOKEN, URL, run  # noqa: E402


class Client:
    def __init__(self):
        configuration = generated_client.Configuration(host=URL, access_token=TOKEN)
        self.users = generated_client.UsersApi(generated_client.ApiClient(configuration))

    def list(self, usernames, sort, number, size):
        page = self.users.list_users(filter_username=usernames, sort=sort, page_number=number, page_size=size)
        return page.data, page.meta.pagination.count

    def create(self, username, password, surname):
        attributes = models.UsersNewDataAttributes(username=username, password=password, surname=surname)
        data = models.UsersNewData(type="users", attributes=attributes)
        return self.users.create_users(models.UsersNew(data=data)).data

    def update(self, user_id, surname):
        attributes = models.UsersChangesDataAttributes(surname=surname)
        data = models.UsersChangesData(type="users", id=user_id, attributes=attributes)
        return self.users.update_users(user_id, models.UsersChanges(data=data)).data

    def remove(self, user_id):
        self.users.delete_users(user_id)

    def missing(self, user_id):
        try:
            self.users.get_users(user_id)
        except generated_client.ApiException as problem:
            return problem.status, problem.body
        return 200, "it is there"


run("openapi-generator", Client())
