"""The admin API: an exporter that has it, its tokens, and a client that holds one."""

import contextlib
import hashlib
import json
import urllib.parse

from support import http
from support.exporter import Exporter, configuration
from support.wait import eventually

SCOPES = ["read", "hold", "settings", "dangerous", "webhook", "lifecycle"]
PROBLEM = "urn:cloudsync-exporter:problem:"
# The token of every scope; distinctive, so that it can be searched for where it must not be.
OPS = "planted-Token-ops-2718281828"
# How methods begin that change nothing on a NAS.
LOOKS = ("get_", "list_", "test_", "query")


def sha256(token):
    return hashlib.sha256(token.encode()).hexdigest()


def by_hash(token, scopes=None, **limits):
    """An entry of admin.tokens that holds only the token's hash. `limits`: nas=[…], connections=[…]."""
    return {"sha256": sha256(token), "scopes": SCOPES if scopes is None else scopes, **limits}


def by_file(file, token, scopes=None, **limits):
    """An entry of admin.tokens whose token is in a file, which this writes."""
    file.write_text(token + "\n")
    return {"token_file": str(file), "scopes": SCOPES if scopes is None else scopes, **limits}


def administrated(url, directory, tokens=None, admin=None, **sections):
    """A configuration with the admin listener on any port, its state file in `directory`; the token `ops` may do
    everything, `tokens` come beside it."""
    directory.mkdir(parents=True, exist_ok=True)
    every = {"ops": by_hash(OPS), **(tokens or {})}
    section = {"enabled": True, "listen_address": "127.0.0.1:0", "tokens": every, **(admin or {})}
    return configuration(url, admin=section, **{"state_file": str(directory / "state.sqlite"), **sections})


class Client:
    """Asks the API with a token, or with none. `source` is the address to ask from: failed authentications are slowed
    for each peer."""

    def __init__(self, url, token=OPS, source=None):
        self.url = url
        self.token = token
        self.source = source

    def with_token(self, token, source=None):
        return Client(self.url, token, source or self.source)

    def ask(self, method, path, /, body=None, key=None, headers=None, **query):
        """Any request. `path` is after /api/v1, or the whole of it when it starts with /-/, /api/ or /webhooks/;
        `body` is a JSON value, or bytes sent as they are; `key` is the Idempotency-Key."""
        sent = {}
        if self.token is not None:
            sent["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            sent["Content-Type"] = "application/json"
        if key is not None:
            sent["Idempotency-Key"] = key
        # A header that is None is not sent.
        sent = {name: value for name, value in {**sent, **(headers or {})}.items() if value is not None}
        if not path.startswith(("/-/", "/api/", "/webhooks/")):
            path = "/api/v1" + path
        if query:
            words = {name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items()}
            path += "?" + urllib.parse.urlencode(words)
        return http.request(self.url + path, method, body, sent, source=self.source)

    def get(self, path, /, **query):
        return self.ask("GET", path, **query)

    def post(self, path, /, body=None, **options):
        return self.ask("POST", path, body, **options)

    def put(self, path, /, body=None, **options):
        return self.ask("PUT", path, body, **options)

    def patch(self, path, /, body=None, **options):
        return self.ask("PATCH", path, body, **options)

    def delete(self, path, /, **options):
        return self.ask("DELETE", path, **options)


class Administrated(Exporter):
    """An exporter whose configuration has the admin listener; `admin` is a client with the token of every scope."""

    def __init__(self, directory, config, **options):
        super().__init__(directory, config, **options)
        self.admin_url = "http://" + self.process.line(
            r'"listening for administration"(?: address=|,"address":")([^\s"]+)')[1]
        self.admin = Client(self.admin_url)

    def polled(self, nas="home", connections=6):
        """Waits until the NAS was polled well."""

        def up():
            listed = expect(200, self.admin.get("/nas"))["nas"]
            assert [one for one in listed if one["name"] == nas and one.get("up")], listed
            assert self.metrics().value("cloudsync_connections", nas=nas) == connections

        eventually(up)
        return self


def start(stage, config, **options):
    """Starts an exporter with the admin listener on a stage, which stops it."""
    return stage.start(Administrated, config, **options)


def expect(status, reply):
    """The JSON of an answer that must have this status."""
    assert reply.status == status, f"{reply.status} instead of {status}: {reply.text}"
    return reply.json()


def problem(status, name, reply):
    """The JSON of a problem of this status and type."""
    body = expect(status, reply)
    media_type = next(value for header, value in reply.headers.items() if header.lower() == "content-type")
    assert media_type == "application/problem+json", reply.headers
    assert body["type"] == PROBLEM + name, body
    assert body["status"] == status and body["title"], body
    return body


def header(reply, name):
    """A header of an answer, by its name in any case; None when it is not there."""
    return next((value for header, value in reply.headers.items() if header.lower() == name.lower()), None)


def calls(requests):
    """The calls that recorded requests hold, alone or inside a compound: (API, method, parameters)."""
    found = []
    for request in requests:
        found.append((request["api"], request["method"], request["params"]))
        found.extend((member["api"], member["method"], member["params"]) for member in request["members"])
    return found


def asked(nas, method):
    """The parameters of each call of a method of SYNO.CloudSync that the simulator remembers."""
    return [params for api, name, params in calls(nas.requests()) if api == "SYNO.CloudSync" and name == method]


def changes(nas):
    """What the simulator was told to change: (method, parameters) of each call of SYNO.CloudSync that does not only
    look, among those that it remembers."""
    return changes_among(nas.requests())


def changes_among(requests):
    """The same among recorded requests."""
    return [(name, params) for api, name, params in calls(requests)
            if api == "SYNO.CloudSync" and not name.startswith(LOOKS)]


def take(nas):
    """The simulator's recorded requests, which it forgets: it remembers the newest thousand."""
    requests = nas.ask("DELETE", "/requests")
    assert not [request for request in requests if request["has_query_secrets"]], "secrets in a URL"
    return requests


@contextlib.contextmanager
def nothing_changes(nas):
    """Fails when the NAS is told to change anything meanwhile. Forgets what was asked of it before and during it."""
    take(nas)
    yield
    told = changes_among(take(nas))
    assert not told, json.dumps(told)
