"""marshmallow-jsonapi: schemas of marshmallow that read and write documents."""

import json

from marshmallow import EXCLUDE
from marshmallow_jsonapi import Schema, fields

import documents
from bridge import serve


class RoleSchema(Schema):
    id = fields.Str()
    name = fields.Str()

    class Meta:
        type_ = "roles"
        unknown = EXCLUDE


class UserSchema(Schema):
    id = fields.Str()
    username = fields.Str()
    password = fields.Str()
    name = fields.Str(allow_none=True)
    surname = fields.Str(allow_none=True)
    # Linkage is there only where it was asked for.
    roles = fields.Relationship(many=True, type_="roles", schema=RoleSchema, include_resource_linkage=True)

    class Meta:
        type_ = "users"
        unknown = EXCLUDE


def loaded(document, many):
    data = document["data"] if many else [document["data"]]
    for user in data:
        linked = user["relationships"]
        user["relationships"] = {name: value for name, value in linked.items() if "data" in value}
    return UserSchema(many=many).load(document)


class Client(documents.Client):
    def users(self, document):
        return loaded(document, many=True)

    def user(self, document):
        return loaded(document, many=False)

    def next_link(self, document):
        return document["links"]["next"]

    def roles_of(self, document):
        [user] = loaded(document, many=True)
        return [role["name"] for role in user["roles"]]

    def new(self, attributes):
        return json.dumps(UserSchema(only=["id", *attributes]).dump(attributes))

    def changed(self, user_id, attributes):
        return json.dumps(UserSchema(only=["id", *attributes]).dump({"id": user_id, **attributes}))

    def linkage(self, roles):
        user = UserSchema(only=["id", "roles"]).dump({"id": "1", "roles": [{"id": role} for role in roles]})
        return json.dumps(user["data"]["relationships"]["roles"])

    def errors(self, document):
        return {error["meta"]["attribute"]: error["detail"] for error in document["errors"]}


serve(Client)
