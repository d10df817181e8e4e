"""Who gets to the admin API: tokens, hosts, origins, floods of failures, starts that are refused, reloads, secrets."""

import base64
import json
import os
import socket
import sqlite3
import threading
import urllib.parse

import pytest

from support import http
from support.admin import (OPS, PROBLEM, Client, administrated, by_file, by_hash, expect, header, nothing_changes,
                           problem, start, take)
from support.description import described
from support.exporter import configuration, write
from support.program import run
from support.simulator import PASSWORD
from support.wait import eventually
from test_admin_routes import TABLE, House, held

GIB = 1 << 30


class Site:
    """An exporter with several tokens and the NAS behind it."""

    def __init__(self, stage, directory):
        self.nas = stage.simulator()
        self.files = {name: directory / f"{name}.token" for name in ("first", "second")}
        self.tokens = {name: by_file(file, f"planted-{name}") for name, file in self.files.items()}
        self.tokens |= {
            "by_id": by_hash("by_id", connections=["5", "999"]),
            "by_name": by_hash("by_name", connections=["Camera roll"]),
            # What the cloud calls it: two connections do.
            "by_cloud": by_hash("by_cloud", connections=["Google Drive"]),
            "reader": by_hash("reader", ["read"]),
        }
        self.config = administrated(self.nas.url, directory, self.tokens,
                                    {"allowed_hosts": ["nas.example", "proxy.example:8443"]})
        self.exporter = start(stage, self.config).polled()
        self.client = self.exporter.admin
        self.port = int(self.exporter.admin_url.rsplit(":", 1)[1])
        self.peers = 0

    def peer(self):
        """An address that failed no authentication yet."""
        self.peers += 1
        return f"127.1.0.{self.peers}"

    def may(self, token):
        """Whether a token is known, asked from an address of its own."""
        reply = self.client.with_token(token, self.peer()).get("/nas")
        assert reply.status in (200, 401), reply
        return reply.status == 200

    def raw(self, text, more=b""):
        """What is answered, to its end, to bytes as they are."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as client:
            client.sendall(text.encode() + more)
            answer = b""
            while b"\r\n\r\n" not in answer or not answer.partition(b"\r\n\r\n")[2]:
                received = client.recv(65536)
                if not received:
                    break
                answer += received
        return answer


@pytest.fixture(scope="module")
def site(shared_stage, tmp_path_factory):
    return Site(shared_stage, tmp_path_factory.mktemp("site"))


# Tokens


def test_token_files_count_as_they_are_now(site):
    file = site.files["first"]

    def only(good, *bad):
        def holds():
            assert good is None or site.may(good)
            assert not any(site.may(token) for token in bad)
            # The others go on.
            assert site.may("planted-second") and site.may(OPS)

        eventually(holds)

    only("planted-first", "planted-changed")
    file.write_text("planted-changed")
    only("planted-changed", "planted-first")
    file.write_text("planted-again\r\n")
    only("planted-again", "planted-changed")
    for nothing in ("", "\n", "x" * 70_000):
        file.write_text(nothing)
        only(None, "planted-again", "x" * 7_000)
        file.write_text("planted-again")
        only("planted-again")
    file.unlink()
    only(None, "planted-again", "")
    # What would hold up who reads it is not read.
    os.mkfifo(file)
    only(None, "planted-again")
    file.unlink()
    file.write_text("planted-first\n")
    only("planted-first")


@pytest.mark.parametrize(("token", "seen"), [("by_id", {5}), ("by_name", {5}), ("by_cloud", {3, 5})])
def test_connections_by_name_and_by_id(site, token, seen):
    client = site.client.with_token(token)
    listed = expect(200, client.get("/nas/home/connections"))
    assert {one["id"] for one in listed["conn"]} == seen
    assert listed["total"] == len(seen)
    with nothing_changes(site.nas):
        for connection in range(1, 7):
            allowed = 200 if connection in seen else 403
            for path in ("", "/settings", "/schedule", "/tasks", "/logs", "/auth"):
                expect(allowed, client.get(f"/nas/home/connections/{connection}{path}"))
            # The task's number is its connection's here.
            for path in ("/settings", "/filters", "/folders"):
                expect(allowed, client.get(f"/nas/home/tasks/{connection}{path}"))
            expect(allowed, client.post(f"/nas/home/connections/{connection}/pause", {"reason": "x"}, dry_run=True))
            expect(allowed, client.post(
                "/holds", {"nas": "home", "connection_id": connection, "reason": "x"}, dry_run=True))
            expect(allowed, client.patch(f"/nas/home/tasks/{connection}/settings", {"no_delete": True}, dry_run=True))
        for reply in (client.post("/nas/home/pause", {"all": True, "reason": "x"}),
                      client.post("/nas/home/resume", {"all": True}),
                      client.patch("/nas/home/config", {"log_count": 5})):
            problem(403, "forbidden", reply)


def test_what_a_token_sees_of_holds_and_the_audit(site):
    mine = expect(200, site.client.with_token("by_id").post("/nas/home/connections/5/pause", {"reason": "mine"}))
    other = expect(200, site.client.post("/nas/home/connections/1/pause", {"reason": "other"}))
    for token, holds in (("by_id", [5]), ("by_name", [5]), ("ops", [1, 5])):
        client = site.client if token == "ops" else site.client.with_token(token)
        listed = expect(200, client.get("/holds"))["holds"]
        assert sorted(hold["connection_id"] for hold in listed) == holds
        assert expect(200, client.get("/nas"))["nas"][0]["holds"] == len(holds)
        targets = {record["target"]["id"] for record in expect(200, client.get("/audit", action="pause"))["records"]}
        assert targets == set(holds)
    client = site.client.with_token("by_id")
    problem(404, "unknown-hold", client.delete(f"/holds/{other['hold']['id']}"))
    assert expect(200, client.delete(f"/holds/{mine['hold']['id']}"))["ended_holds"][0]["reason"] == "mine"
    expect(200, site.client.delete(f"/holds/{other['hold']['id']}"))


def test_activity_is_of_the_tokens_connections(site):
    everything = expect(200, site.client.get("/nas/home/activity"))
    assert {item["session_id"] for item in everything["processing_items"]} > {5}
    mine = expect(200, site.client.with_token("by_id").get("/nas/home/activity"))
    assert {item["session_id"] for item in mine["processing_items"] + mine["history_items"]} <= {5}
    assert mine["processing_items"]


# Hosts and origins


GOOD_HOSTS = ["127.0.0.1", "127.0.0.1:{port}", "127.0.0.1:9", "localhost", "localhost:{port}", "LOCALHOST", "[::1]",
              "[::1]:{port}", "127.9.9.9", "nas.example", "NAS.example:1", "nas.example.", "proxy.example:8443"]
BAD_HOSTS = ["evil.example", "evil.example:{port}", "127.0.0.1.evil.example", "localhost.evil.example", "evil-localhost",
             "192.0.2.1", "10.0.0.1:{port}", "0.0.0.0", "xnas.example", "nas.example.evil", "proxy.example",
             "proxy.example:8444", "", " ", "localhost:{port}:1", "user@localhost", "localhost/", "a b", "[::1", "::1"]


@pytest.mark.parametrize("host", GOOD_HOSTS)
def test_hosts_that_are_ours(site, host):
    expect(200, site.client.ask("GET", "/nas", headers={"Host": host.format(port=site.port)}))


@pytest.mark.parametrize("host", BAD_HOSTS)
def test_hosts_that_are_not(site, host):
    """DNS rebinding: the name is the attacker's, whatever else the request has."""
    host = host.format(port=site.port)
    with nothing_changes(site.nas):
        for token in (OPS, None):
            authorization = f"Authorization: Bearer {token}\r\n" if token else ""
            for path in ("/api/v1/nas", "/api/v1/openapi.json", "/nowhere"):
                answer = site.raw(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{authorization}\r\n")
                assert refused_as(answer, 421, "host-not-allowed") or answer.startswith(b"HTTP/1.1 400 "), answer
        answer = site.raw(f"POST /api/v1/nas/home/pause HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {OPS}\r\n"
                          "Content-Type: application/json\r\nContent-Length: 27\r\n\r\n",
                          b'{"all": true, "reason": 1} ')
        assert answer.startswith((b"HTTP/1.1 421 ", b"HTTP/1.1 400 ")), answer


def refused_as(answer, status, name):
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.startswith(f"HTTP/1.1 {status} ".encode()) and (PROBLEM + name).encode() in body


def test_requests_without_one_host(site):
    authorization = f"Authorization: Bearer {OPS}\r\n"
    for text in (f"GET /api/v1/nas HTTP/1.1\r\n{authorization}\r\n", f"GET /api/v1/nas HTTP/1.0\r\n{authorization}\r\n",
                 f"GET /api/v1/nas HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n{authorization}\r\n",
                 f"GET /api/v1/nas HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n{authorization}\r\n",
                 f"GET http://evil.example/api/v1/nas HTTP/1.1\r\nHost: localhost\r\n{authorization}\r\n"):
        answer = site.raw(text)
        assert answer.startswith((b"HTTP/1.1 421 ", b"HTTP/1.0 421 ", b"HTTP/1.1 400 ")), answer
        assert b"home" not in answer


@pytest.mark.parametrize("headers", [
    {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": ""}, {"Origin": "http://127.0.0.1"},
    {"Origin": "http://127.0.0.1:1"}, {"Origin": "https://127.0.0.1:{port}.evil.example"},
    {"Origin": "file://"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "whatever"}, {"Origin": "http://127.0.0.1:{port}", "Sec-Fetch-Site": "cross-site"}])
def test_pages_of_other_origins(site, headers):
    headers = {name: value.format(port=site.port) for name, value in headers.items()}
    with nothing_changes(site.nas):
        for reply in (site.client.ask("GET", "/nas", headers=headers),
                      site.client.ask("GET", "/openapi.json", headers=headers),
                      site.client.ask("POST", "/nas/home/pause", {"all": True, "reason": "x"}, headers=headers),
                      site.client.ask("POST", "/nas/home/connections/1/pause", {"reason": "x"}, headers=headers)):
            problem(403, "origin-not-allowed", reply)
            assert not cors(reply)


@pytest.mark.parametrize("headers", [{"Origin": "http://127.0.0.1:{port}"}, {"Sec-Fetch-Site": "none"},
                                     {"Origin": "http://127.0.0.1:{port}", "Sec-Fetch-Site": "same-origin"}])
def test_its_own_origin(site, headers):
    headers = {name: value.format(port=site.port) for name, value in headers.items()}
    expect(200, site.client.ask("GET", "/nas", headers=headers))


def cors(reply):
    return [name for name in reply.headers if name.lower().startswith("access-control-")]


def test_no_page_may_ask_whether_it_may(site):
    own = f"http://127.0.0.1:{site.port}"
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    for path in ("/nas", "/openapi.json", "/nas/home/connections/1/pause", "/holds"):
        for token in (OPS, None):
            client = site.client.with_token(token)
            problem(405, "method-not-allowed", client.ask("OPTIONS", path, headers=asks))
            problem(405, "method-not-allowed", client.ask("OPTIONS", path, headers={**asks, "Origin": own}))
            problem(403, "origin-not-allowed", client.ask("OPTIONS", path, headers={**asks, "Origin": "http://x.test"}))
            for headers in (asks, {**asks, "Origin": own}, {**asks, "Origin": "http://x.test"}):
                assert not cors(client.ask("OPTIONS", path, headers=headers))
                assert not cors(client.ask("GET", path, headers=headers))


def test_answers_are_kept_by_nobody(site):
    for reply in (site.client.get("/nas"), site.client.with_token(None).get("/nas"), site.client.get("/nowhere"),
                  site.client.ask("GET", "/nas", headers={"Host": "evil.example"}),
                  site.client.post("/nas/home/pause", b"x" * (1 << 20) + b"x")):
        assert header(reply, "cache-control") == "no-store", reply.status
        assert header(reply, "x-content-type-options") == "nosniff", reply.status


def test_answers_are_counted_by_route(site):
    name = "cloudsync_exporter_http_requests_total"

    def counted(handler, code):
        return sum(value for _, value in site.exporter.metrics().select(name, handler=handler, code=code))

    # What the metrics say may be a second old.
    asked = {("list_nas", "200"): lambda: site.client.get("/nas"),
             ("pause", "404"): lambda: site.client.post("/nas/home/connections/4711/pause", {"reason": "x"}),
             ("not_allowed", "405"): lambda: site.client.post("/nas"),
             ("not_found", "404"): lambda: site.client.get("/nowhere"),
             ("refused", "413"): lambda: site.client.post("/nas/home/pause", b"x" * (1 << 20) + b"x"),
             ("refused", "421"): lambda: site.client.ask("GET", "/nas", headers={"Host": "evil.example"})}
    before = {place: counted(*place) for place in asked}
    for (_, code), ask in asked.items():
        assert str(ask().status) == code

    def more():
        assert [place for place in asked if counted(*place) <= before[place]] == []

    eventually(more)


# Failed authentications


def test_failures_are_slowed_and_the_good_token_is_not(site):
    peer = site.peer()
    answers = []

    def guess(number):
        answers.append(site.client.with_token(f"guess {number}", peer).get("/nas"))

    guesses = [threading.Thread(target=guess, args=(number,)) for number in range(15)]
    for thread in guesses:
        thread.start()
    for _ in range(5):
        expect(200, site.client.with_token(OPS, peer).get("/nas"))
        # Whoever sends none is told so, and guesses nothing.
        problem(401, "unauthorized", site.client.with_token(None, peer).get("/nas"))
    for thread in guesses:
        thread.join(60)
    assert len(answers) == len(guesses)
    for reply in answers:
        if reply.status == 429:
            problem(429, "too-many-failures", reply)
            assert int(header(reply, "retry-after")) > 0
        else:
            problem(401, "unauthorized", reply)
            assert header(reply, "www-authenticate") == "Bearer"
    assert {reply.status for reply in answers} == {401, 429}
    # Nobody else has to wait, and later it is let in again.
    problem(401, "unauthorized", site.client.with_token("guess", site.peer()).get("/nas"))
    expect(200, site.client.with_token(OPS, peer).get("/nas"))
    log = site.exporter.process.output()
    assert "a token that is not known" in log and "guess" not in log


@pytest.mark.parametrize("token", [None, "wrong", "reader"])
def test_bodies_of_who_may_not_are_not_read(site, token):
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    # Whom the address of a guesser makes wait is another matter.
    if token == "reader":
        site.client.with_token(token).get("/nas")
    status = b"HTTP/1.1 403 " if token == "reader" else b"HTTP/1.1 401 "
    for length in (f"Content-Length: {GIB}", f"Content-Length: {GIB}\r\nExpect: 100-continue",
                   "Transfer-Encoding: chunked"):
        # Not a byte of the body follows, and the answer comes all the same.
        answer = site.raw(f"POST /api/v1/nas/home/pause HTTP/1.1\r\nHost: localhost\r\n{authorization}"
                          f"Content-Type: application/json\r\n{length}\r\n\r\n")
        assert answer.startswith(status), answer


def test_who_may_sends_a_body_when_asked_for_it(site):
    body = b'{"all": true, "reason": "x"}'
    with socket.create_connection(("127.0.0.1", site.port), timeout=30) as client:
        client.sendall((f"POST /api/v1/nas/home/pause?dry_run=true HTTP/1.1\r\nHost: localhost\r\n"
                        f"Authorization: Bearer {OPS}\r\nContent-Type: application/json\r\nConnection: close\r\n"
                        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n").encode())
        assert client.recv(100).startswith(b"HTTP/1.1 100 ")
        client.sendall(body)
        answer = b""
        while received := client.recv(65536):
            answer += received
    assert answer.startswith(b"HTTP/1.1 200 "), answer


# Starts


def refused(tmp_path, admin=None, tokens=None, code=64, **sections):
    """What a configuration is refused with: by `run` and, where it is the file's fault, by `check-config`."""
    config = administrated("http://127.0.0.1:1", tmp_path, tokens, admin, **sections)
    file = write(tmp_path, config)
    done = run("run", "--config.file", file, "--web.listen-address", "127.0.0.1:0", directory=tmp_path)
    assert done.returncode == code, (done.returncode, done.stderr)
    assert OPS not in done.stderr + done.stdout
    if code == 64:
        assert run("check-config", "--config.file", file, directory=tmp_path).returncode == 64
    return done.stderr


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", ":0", "192.0.2.1:9843", "nas.example:9843"])
def test_off_loopback_needs_more(tmp_path, address):
    said = refused(tmp_path, {"listen_address": address})
    assert "admin.listen_address" in said and "allow_plaintext" in said
    said = refused(tmp_path, {"listen_address": address, "allow_plaintext": True, "tokens": {}})
    assert "admin.tokens" in said
    # TLS is not there yet: to say that it is wanted must not bring a listener without.
    said = refused(tmp_path, {"listen_address": address, "config_file": str(tmp_path / "web.yaml")})
    assert "admin.config_file" in said


def test_bad_tokens(tmp_path):
    (tmp_path / "empty").write_text("\n")
    said = refused(tmp_path, tokens={
        "both": {**by_hash("x"), "token_file": str(tmp_path / "empty")},
        "neither": {"scopes": ["read"]},
        "missing": {"token_file": str(tmp_path / "missing"), "scopes": ["read"]},
        "blank": {"token_file": str(tmp_path / "empty"), "scopes": ["read"]},
        "short": {"sha256": "abc", "scopes": ["read"]},
        "scopeless": by_hash("x", []),
        "misspelt": by_hash("x", ["reed"]),
        "elsewhere": by_hash("x", nas=["office"]),
        "nowhere": by_hash("x", connections=[]),
        "Upper": by_hash("x"),
        "inline": {"token": "planted-inline", "scopes": ["read"]},
    })
    for key in ("both.token_file", "neither.token_file", "missing.token_file", "blank.token_file", "short.sha256",
                "scopeless.scopes", "misspelt.scopes", "elsewhere.nas", "nowhere.connections", "inline.token"):
        assert f"admin.tokens.{key}" in said, said
    assert "Upper" in said
    assert "planted-inline" not in said


def test_a_state_file_that_cannot_be_written(tmp_path):
    """Without a record nothing may be changed, so there is no admin listener without its file."""
    said = refused(tmp_path, code=1, state_file=str(tmp_path / "missing" / "state.sqlite"))
    assert "state.sqlite" in said
    said = refused(tmp_path, code=1, state_file=str(tmp_path))
    assert str(tmp_path) in said
    assert not (tmp_path / "missing").exists()


def test_a_port_that_is_taken(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        said = refused(tmp_path, {"listen_address": f"127.0.0.1:{taken.getsockname()[1]}"}, code=1)
    assert "127.0.0.1" in said


def test_without_tokens_on_loopback_nobody_may(stage, tmp_path):
    config = administrated(stage.simulator().url, tmp_path)
    config["admin"]["tokens"] = {}
    exporter = start(stage, config)
    assert "refuses everybody" in exporter.process.output()
    for token in (OPS, "", None):
        problem(401, "unauthorized", exporter.admin.with_token(token).get("/nas"))
    expect(200, exporter.admin.with_token(None).get("/openapi.json"))


def test_plaintext_that_is_allowed_is_warned_about(stage, tmp_path):
    config = administrated(stage.simulator().url, tmp_path,
                           admin={"listen_address": "0.0.0.0:0", "allow_plaintext": True})
    exporter = start(stage, config)
    assert "unencrypted" in exporter.process.output()
    client = Client(exporter.admin_url.replace("0.0.0.0", "127.0.0.1"))
    expect(200, client.get("/nas"))
    # Rebinding needs a name, so every address is let through and no name is.
    expect(200, client.ask("GET", "/nas", headers={"Host": "192.0.2.1"}))
    problem(421, "host-not-allowed", client.ask("GET", "/nas", headers={"Host": "evil.example"}))


def test_it_is_off_by_default(stage):
    exporter = stage.exporter(configuration(stage.simulator().url))
    assert "listening for administration" not in exporter.process.output()
    for path in ("/api/v1/nas", "/api/v1/openapi.json", "/-/reload"):
        for method in ("GET", "POST"):
            assert http.request(exporter.url + path, method).status == 404, path


def test_the_page_of_metrics_has_no_admin(site):
    for path in ("/api/v1/nas", "/api/v1/openapi.json", "/-/reload"):
        for method in ("GET", "POST"):
            reply = http.request(site.exporter.url + path, method, headers={"Authorization": f"Bearer {OPS}"})
            assert reply.status == 404, path


# Reloads


LOADED = "cloudsync_exporter_config_last_reload_successful"
WHEN = "cloudsync_exporter_config_last_reload_success_timestamp_seconds"


def test_reload_changes_tokens(stage, tmp_path):
    nas = stage.simulator()
    config = administrated(nas.url, tmp_path, {"going": by_hash("going"), "changing": by_hash("changing", ["read"]),
                                               "loader": by_hash("loader", ["lifecycle"])})
    exporter = start(stage, config).polled()
    client = exporter.admin
    first = exporter.metrics().value(WHEN)

    del config["admin"]["tokens"]["going"]
    config["admin"]["tokens"] |= {"coming": by_hash("coming"), "changing": by_hash("changing", ["read", "hold"]),
                                  "ops": by_hash(OPS, nas=["home"])}
    config["admin"]["allowed_hosts"] = ["nas.example"]
    expect(401, client.with_token("coming", "127.2.0.1").get("/nas"))
    expect(403, client.with_token("changing").post("/automation/freeze"))
    expect(421, client.ask("GET", "/nas", headers={"Host": "nas.example"}))
    exporter.configure(config)
    problem(403, "forbidden", client.with_token("changing").post("/-/reload"))
    assert expect(200, client.with_token("loader").post("/-/reload")) == {"reloaded": True}
    expect(200, client.with_token("coming", "127.2.0.2").get("/nas"))
    expect(401, client.with_token("going", "127.2.0.3").get("/nas"))
    expect(200, client.with_token("changing").post("/automation/freeze", dry_run=True))
    expect(200, client.ask("GET", "/nas", headers={"Host": "nas.example"}))

    def counted():
        metrics = exporter.metrics()
        assert metrics.value(LOADED) == 1 and metrics.value(WHEN) > first

    eventually(counted)


def test_reload_of_a_bad_file(stage, tmp_path):
    nas = stage.simulator()
    config = administrated(nas.url, tmp_path)
    exporter = start(stage, config).polled()
    client = described(exporter.admin)
    when = exporter.metrics().value(WHEN)

    bad = json.loads(json.dumps(config))
    bad["admin"]["tokens"] = {"ops": {"sha256": "planted-hash", "scopes": ["read"]}, "new": {"scopes": ["rad"]}}
    bad["poll"]["interval"] = "1ms"
    bad["nas"]["home"]["passwd"] = "planted-password"
    exporter.configure(bad)
    reply = client.ask("reload")
    said = problem(422, "reload-failed", reply)
    for key in ("admin.tokens.ops.sha256", "admin.tokens.new.scopes", "poll.interval", "nas.home.passwd"):
        assert any(key in problem for problem in said["errors"]), (key, said)
    assert "planted-" not in reply.text

    def refused_then():
        metrics = exporter.metrics()
        assert metrics.value(LOADED) == 0 and metrics.value(WHEN) == when

    eventually(refused_then)
    # The old one is in force, its tokens too.
    expect(200, exporter.admin.get("/nas/home/connections"))
    expect(401, exporter.admin.with_token("new", "127.2.0.4").get("/nas"))

    exporter.file.write_text("nas: [")
    problem(422, "reload-failed", client.ask("reload"))
    exporter.file.unlink()
    problem(422, "reload-failed", client.ask("reload"))
    assert exporter.metrics().value(LOADED) == 0

    exporter.configure(config)
    expect(200, client.ask("reload"))

    def loaded_then():
        metrics = exporter.metrics()
        assert metrics.value(LOADED) == 1 and metrics.value(WHEN) > when
        assert metrics.value("cloudsync_exporter_http_requests_total", handler="reload", code="422") == 3

    eventually(loaded_then)
    # Nothing changed in the end, so the session goes on too.
    assert nas.logins() == 1
    assert "planted-" not in exporter.process.output()


def test_reload_does_not_move_the_listener(stage, tmp_path):
    """That needs a restart. Until then it answers to the names of where it is."""
    config = administrated(stage.simulator().url, tmp_path)
    exporter = start(stage, config)
    config["admin"] |= {"listen_address": "192.0.2.1:9843", "allow_plaintext": True}
    exporter.configure(config)
    expect(200, exporter.admin.post("/-/reload"))
    assert "need a restart" in exporter.process.output()
    for host, status in (("localhost", 200), ("127.0.0.1", 200), ("192.0.2.1", 421), ("evil.example", 421)):
        expect(status, exporter.admin.ask("GET", "/nas", headers={"Host": host}))


def test_reload_takes_and_gives_a_nas(stage, tmp_path):
    nas = stage.simulator()
    config = administrated(nas.url, tmp_path)
    exporter = start(stage, config).polled()
    hold = expect(200, exporter.admin.post("/nas/home/connections/1/pause", {"reason": "x"}))["hold"]["id"]
    config["nas"]["second"] = config["nas"].pop("home")
    exporter.configure(config)
    expect(200, exporter.admin.post("/-/reload"))
    exporter.polled("second")
    assert [one["name"] for one in expect(200, exporter.admin.get("/nas"))["nas"]] == ["second"]
    problem(404, "unknown-nas", exporter.admin.get("/nas/home/connections"))
    # Its hold is not lost: it is still there when the NAS is there again.
    config["nas"]["home"] = config["nas"].pop("second")
    exporter.configure(config)
    expect(200, exporter.admin.post("/-/reload"))
    exporter.polled()
    assert [one["id"] for one in expect(200, exporter.admin.get("/holds"))["holds"]] == [hold]
    expect(200, exporter.admin.delete(f"/holds/{hold}"))


def test_a_hold_of_a_nas_that_left_the_configuration_can_be_ended(stage, tmp_path):
    nas = stage.simulator()
    config = administrated(nas.url, tmp_path)
    exporter = start(stage, config).polled()
    hold = expect(200, exporter.admin.post("/nas/home/connections/1/pause", {"reason": "x"}))["hold"]["id"]
    config["nas"]["second"] = config["nas"].pop("home")
    exporter.configure(config)
    expect(200, exporter.admin.post("/-/reload"))
    with nothing_changes(nas):
        answer = expect(200, exporter.admin.delete(f"/holds/{hold}", reason="it is gone"))
    assert [one["id"] for one in answer["ended_holds"]] == [hold]
    assert expect(200, exporter.admin.get("/holds"))["holds"] == []
    ended = expect(200, exporter.admin.get("/audit", limit=1))["records"][0]
    assert (ended["action"], ended["nas"], ended["reason"]) == ("release", "home", "it is gone")


# Secrets


def spellings(secret):
    """A secret as it might be written down."""
    raw = secret.encode()
    yield from (raw, raw[::-1], urllib.parse.quote(secret, safe="").encode(), base64.b64encode(raw),
                base64.b64encode(b"x" + raw)[2:-4], base64.b64encode(b"xx" + raw)[4:-4], raw.hex().encode())


def test_secrets_are_nowhere(stage, tmp_path):
    """Every route, all that is logged, counted and stored; the NAS helps by repeating secrets where it must not."""
    house = House(stage, tmp_path, log={"level": "trace"})
    replies = []
    ask = house.client.ask

    def kept(*arguments, **options):
        replies.append(ask(*arguments, **options))
        return replies[-1]

    house.client.ask = kept
    stolen = "planted-secret-key-az-4"
    echoes = [{"code_with_errors": [401, {"secret_key": stolen, "name": stolen, "reason": stolen}]},
              {"raw_body": json.dumps({"success": True, "data": stolen, "secret_key": stolen})},
              {"raw_body": f"<html>{stolen}</html>"}, {"status": [500, f"<html>{stolen}</html>"]}]
    take(house.nas)
    for name, row in TABLE.items():
        if name in ("remove_connection", "remove_task"):
            continue
        place = {"hold": held(house)} if name == "release_hold" else {}
        dry = {"dry_run": True} if row.changes else {}
        if dry:
            house.call(name, place=place, **dry)
        for echo in echoes if row.method else []:
            house.nas.fault(echo, "SYNO.CloudSync", row.method)
            house.call(name, place=place)
            house.nas.heal()
        house.call(name, place=place)
    for echo in echoes:
        for method in ("get_conn_auth_info", "get_property"):
            house.nas.fault(echo, "SYNO.CloudSync", method)
            house.call("create_task")
            house.call("validate_task")
            house.call("get_access")
            house.nas.heal()
    house.call("remove_task", place={"id": 4}, confirm="/backup/archive")
    house.call("remove_connection", place={"id": 4}, confirm="Offsite archive")
    house.client.with_token("planted-Token-guessed", house.peer()).get("/nas")
    house.nas.ask("POST", "/sessions/drop")
    house.call("get_settings")

    shown = b"\n".join(reply.body + json.dumps(reply.headers).encode() for reply in replies)
    log = house.exporter.process.log.read_bytes()
    pages = b"".join(http.get(house.exporter.url + path).body
                     for path in ("/", "/metrics", "/config", "/sd", "/probe?nas=home"))
    assert b"level=trace" in log and len(replies) > 100 and b"cloudsync_up" in pages
    state = tmp_path / "state.sqlite"
    stored = {file.name: file.read_bytes() for file in tmp_path.glob("state.sqlite*")}
    with sqlite3.connect(f"file:{state}?mode=ro", uri=True) as database:
        assert database.execute("SELECT count(*) FROM audit").fetchone()[0] > 20

    secrets = {PASSWORD, OPS, "planted-Token-guessed", "without_read", stolen}
    for request in take(house.nas):
        for part in request["headers"].get("cookie", "").split(";"):
            secrets.add(part.partition("=")[2].strip())
        secrets.add(request["headers"].get("x-syno-token", ""))
        secrets |= {request["params"].get(name, "") for name in ("passwd", "_sid", "SynoToken")}
    secrets = {secret for secret in secrets if len(secret) >= 8} - {"without_read"}
    assert len(secrets) > 5, secrets
    for place, content in {"answers": shown, "log": log, "pages": pages, **stored}.items():
        # The simulator's own all begin like this.
        assert b"planted-" not in content, around(content, b"planted-", place)
        for secret in secrets:
            for spelling in spellings(secret):
                assert spelling not in content, around(content, spelling, place)
    assert (state.stat().st_mode & 0o077) == 0, "others can read the state file"


def around(content, needle, place):
    at = content.index(needle)
    return f"{place}: {content[max(0, at - 400):at + 200]!r}"
