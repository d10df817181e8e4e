"""The API's own description, and answers held against it."""

import json

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from support.admin import Client, header
from support.program import REPOSITORY

COMMITTED = REPOSITORY / "deploy/openapi.json"
METHODS = ("get", "put", "post", "patch", "delete")


class Description:
    """An OpenAPI 3.1 document."""

    def __init__(self, document):
        self.document = document
        self.registry = Registry().with_resource("urn:api", Resource(contents=document, specification=DRAFT202012))

    @classmethod
    def committed(cls):
        return cls(json.loads(COMMITTED.read_text()))

    def operations(self):
        """(method, path) of each operation, by its operationId."""
        return {operation["operationId"]: (method.upper(), path) for path, item in self.document["paths"].items()
                for method, operation in item.items() if method in METHODS}

    def operation(self, name):
        method, path = self.operations()[name]
        return self.document["paths"][path][method.lower()]

    def check(self, name, reply):
        """Fails when an operation does not document this answer: its status, its media type, its body."""
        method, path = self.operations()[name]
        responses = self.operation(name)["responses"]
        assert str(reply.status) in responses, f"{name} does not document {reply.status}: {reply.text}"
        media_type = header(reply, "content-type")
        content = responses[str(reply.status)]["content"]
        assert media_type in content, f"{name} does not document {media_type} for {reply.status}: {reply.text}"
        place = "/".join(part.replace("~", "~0").replace("/", "~1")
                         for part in ("paths", path, method.lower(), "responses", str(reply.status), "content",
                                      media_type, "schema"))
        validator = Draft202012Validator({"$ref": f"urn:api#/{place}"}, registry=self.registry,
                                         format_checker=Draft202012Validator.FORMAT_CHECKER)
        faults = [f"{'/'.join(map(str, fault.absolute_path))}: {fault.message}"
                  for fault in validator.iter_errors(reply.json())]
        assert not faults, f"{name} {reply.status}: {faults}: {reply.text}"
        return reply


class Described:
    """Asks operations by their names, and holds each answer against the description."""

    def __init__(self, description, client):
        self.description = description
        self.client = client

    def with_token(self, token):
        return Described(self.description, self.client.with_token(token))

    def ask(self, name, /, body=None, place=None, **options):
        """`place` fills the path's parameters; the rest is as Client.ask takes it."""
        method, path = self.description.operations()[name]
        reply = self.client.ask(method, path.format(**(place or {})), body, **options)
        return self.description.check(name, reply)


def described(client: Client):
    return Described(Description.committed(), client)
