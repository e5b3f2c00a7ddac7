"""jsonapi-pydantic: documents as models of pydantic."""

from jsonapi_pydantic.v1_0 import Error, Resource, ResourceIdentifier, TopLevel

import documents
from bridge import serve


def sent(data):
    return TopLevel.model_construct(data=data).model_dump_json(exclude_none=True)


class Client(documents.Client):
    @staticmethod
    def plain(resource):
        return {"id": resource.id, **resource.attributes}

    def users(self, document):
        return [self.plain(user) for user in TopLevel.model_validate(document).data]

    def user(self, document):
        return self.plain(TopLevel.model_validate(document).data)

    def next_link(self, document):
        following = TopLevel.model_validate(document).links["next"]
        return following and str(following)

    def roles_of(self, document):
        read = TopLevel.model_validate(document)
        held = {role.id for role in read.data[0].relationships["roles"].data}
        return [role.attributes["name"] for role in read.included if role.type == "roles" and role.id in held]

    def new(self, attributes):
        return sent(Resource(type="users", attributes=attributes))

    def changed(self, user_id, attributes):
        return sent(Resource(type="users", id=user_id, attributes=attributes))

    def linkage(self, roles):
        return sent([ResourceIdentifier(type="roles", id=role) for role in roles])

    def errors(self, document):
        errors = [Error.model_validate(error) for error in document["errors"]]
        return {error.meta["attribute"]: error.detail for error in errors}


serve(Client)
