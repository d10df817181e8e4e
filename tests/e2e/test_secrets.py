"""Secrets are planted in every place that takes one, everything is done with them that can be done and much that cannot,
and then they are looked for: in logs, answers, state files, outputs and arguments. None is found."""

import base64
import json
import os
import subprocess
import threading
from pathlib import Path

import bcrypt
import pytest

from support import faults, http
from support.admin import SCOPES, Administrated, sha256
from support.description import Description
from support.exporter import configuration, write
from support.peer import Answers, Loop, Peer
from support.program import BINARY, environment, run
from support.secrets import Search, base32_canary, canary
from support.simulator import ACCOUNT
from support.wait import eventually

# One line for each secret; what is added here is planted below and then looked for everywhere.
PLANTED = {
    # This one and the session may be host names as well.
    "password": canary("-."),
    "password of the environment": canary(),
    "password that is refused": canary(),
    "OTP secret": base32_canary(),
    "device id": canary("-_"),
    "session": canary("-."),
    "session token": canary("-/+"),
    "admin token": canary("-_."),
    "webhook token": canary("-_."),
    "token that is unknown": canary("-_."),
    "access token": canary(),
    "refresh token": canary(),
    "secret key": canary(),
    "auth_pass": canary(),
    "openstack_password": canary(),
    "unknown field": canary(),
    "userinfo of a NAS": canary("-_."),
    "userinfo of an Alertmanager": canary("-_."),
    "web password": canary("-_."),
    "web password that is wrong": canary("-_."),
    "web key": canary(),
}
# Who has the hash can guess at the password for as long as they like.
PLANTED["web hash"] = bcrypt.hashpw(PLANTED["web password"].encode(), bcrypt.gensalt(4)).decode()
AUTH = {"access_token": "access token", "refresh_token": "refresh token", "secret_key": "secret key",
        "auth_pass": "auth_pass", "openstack_password": "openstack_password", "client_secret_of_tomorrow": "unknown field"}
# Files that hold secrets by design: the configuration and the files that it names.
HOLDERS = {"exporter.yaml", "bad.yaml", "password", "otp", "device", "ops.token", "hook.token", "web.yml", "bad.yml"}
OPEN = ["/", "/metrics", "/probe", "/sd", "/-/healthy", "/-/ready"]


class Tattler(Answers):
    """A NAS whose every answer is fresh, with sessions of our choice and clouds that have secrets."""

    async def answer(self, request):
        if request.stage == "login":
            data = {"sid": PLANTED["session"], "synotoken": PLANTED["session token"], "device_id": PLANTED["device id"]}
            return json.dumps({"success": True, "data": data}).encode()
        fields = {name: value for name, value in request.form.items() if name != "_sid"}
        answer = json.loads(await self._ask(request, fields))
        self._plant(answer, request.form.get("method"))
        return json.dumps(answer).encode()

    def _plant(self, answer, method):
        data = answer.get("data")
        if method == "get_conn_auth_info" and isinstance(data, dict):
            data.update({name: PLANTED[planted] for name, planted in AUTH.items()})
        for member in (data or {}).get("result", []) if isinstance(data, dict) else []:
            self._plant(member, member.get("method"))


def carried(link):
    """What a request carried that is secret."""
    form, headers = link.request.form, {name.lower(): value for name, value in link.request.headers.items()}
    found = [form.get("passwd"), form.get("_sid"), headers.get("x-syno-token"), form.get("otp_code"),
             form.get("device_id")]
    return [secret for secret in found if secret]


def echoes(make):
    """Answers with what `make` says of the text that the request carried."""
    async def act(link):
        texts = carried(link)
        await make(link, " ".join(texts), texts)
    return act


def echoed(text):
    return faults.body(json.dumps(text))


async def _page(link, text, _):
    await faults.body(f"<!DOCTYPE html><title>{text}</title>{link.request.raw.decode('latin-1')}")(link)


async def _broken_json(link, text, _):
    await faults.body(f'{{"success": true, "data": "{text}", {text}')(link)


async def _not_http(link, text, _):
    await link.send(text + "\r\n\r\n")


async def _status(link, text, _):
    await faults.body(text, f"HTTP/1.1 500 {text}\r\nX-Echo: {text}\r\n{text[:8]}: {text}\r\n")(link)


async def _bad_header(link, text, _):
    await link.send(f"HTTP/1.1 200 OK\r\n{text} {text}\r\n\r\n")


def _location(form):
    async def act(link, text, texts):
        to = form.format(text.replace(" ", ""), texts[0])
        await faults.body(text, f"HTTP/1.1 302 Found\r\nLocation: {to}\r\n")(link)
    return act


def _json(make):
    async def act(link, text, texts):
        await echoed(make(text, texts))(link)
    return act


def _error(code, errors):
    return _json(lambda text, texts: {"success": False, "error": {"code": code, "errors": errors(text, texts)}})


ECHOES = {
    "page": _page, "broken JSON": _broken_json, "no HTTP": _not_http, "status": _status, "bad header": _bad_header,
    "location": _location("https://nas.example/{0}?a={0}#{0}"), "userinfo": _location("https://{1}:{1}@nas.example/"),
    "location host": _location("https://{1}.example/"), "errors": _error(120, lambda text, _: {"name": text, "reason": text}),
    "errors by name": _error(120, lambda text, _: [{"name": "_sid", "reason": text}]),
    "errors of ours": _error(120, lambda text, texts: {"name": "compound." + text, "reason": texts[0].lower()}),
    "code": _json(lambda text, _: {"success": False, "error": {"code": text}}),
    "error": _json(lambda text, _: {"success": False, "error": text}),
    "success": _json(lambda text, _: {"success": text, "data": text}), "data": _json(lambda text, _: {"success": True, "data": text}),
    "data by key": _json(lambda text, texts: {"success": True, "data": {text: text, "sid": {text: text}, "result": [text]}}),
    "results": _json(lambda text, texts: {"success": True, "data": {"result": [{"api": text, "method": text}] * 3}}),
}


async def _names(link):
    """A NAS that has it in every text of every answer."""
    answer = json.loads(await link.usual())
    texts = carried(link)

    def spoil(value, name=None):
        if isinstance(value, dict):
            return {key: spoil(one, key) for key, one in value.items()} | {texts[0]: texts[0]}
        if isinstance(value, list):
            return [spoil(one, name) for one in value]
        return f"{value} {' '.join(texts)}" if isinstance(value, str) and name not in ("api", "method") else value
    if texts:
        answer["data"] = spoil(answer.get("data"))
    await link.answer(json.dumps(answer).encode())


class Place:
    """A daemon, its NASes, and what was said by and to it."""

    def __init__(self, stage, directory, log_format):
        self.stage, self.directory, self.search = stage, directory, Search(PLANTED)
        directory.mkdir(parents=True)
        for name, planted in {"password": "password", "otp": "OTP secret", "device": "device id", "ops.token": "admin token",
                              "hook.token": "webhook token"}.items():
            (directory / name).write_text(PLANTED[planted] + "\n")
        web = {"basic_auth_users": {"scraper": PLANTED["web hash"]}, "auth_excluded_paths": OPEN}
        (directory / "web.yml").write_text(json.dumps(web))
        nas = stage.simulator()
        self.loop = Loop()
        stage.stack.callback(self.loop.stop)
        answers = Tattler(nas.port)
        answers.session(nas.ask("POST", "/session"))
        # One for each echo: a failed login more, and another would be held back.
        self.mirrors = {f"mirror_{index}": echo for index, echo in enumerate(ECHOES)}
        names = ("home", "otp", "device", "wrong", "env", *self.mirrors)
        self.peers = {name: Peer(self.loop, answers, PLANTED["password"]) for name in names}
        self.peers["wrong"].become(("login", faults.refused(400)))
        self.config = self.configuration(log_format)
        self.environ = {"CLOUDSYNC_EXPORTER__NAS__ENV__PASSWORD": PLANTED["password of the environment"]}
        self.exporter = stage.start(Administrated, self.config, environ=self.environ)
        eventually(lambda: self._polled("home", "otp", "device", "env", *self.mirrors))
        self.client = self.exporter.admin.with_token(PLANTED["admin token"])

    def configuration(self, log_format):
        by_file = {"password_file": str(self.directory / "password")}
        nases = {"home": by_file, "otp": {**by_file, "otp_secret_file": str(self.directory / "otp")},
                 "device": {**by_file, "device_id_file": str(self.directory / "device"), "device_name": "test"},
                 "wrong": {"password": PLANTED["password that is refused"]}, "env": {}}
        nases |= dict.fromkeys(self.mirrors, by_file)
        tokens = {name: {"token_file": str(self.directory / f"{name}.token"), "scopes": SCOPES} for name in ("ops", "hook")}
        tokens["dumb"] = {"sha256": sha256("nobody's"), "scopes": ["read"]}
        rules = {"slow": {"matchers": ['alertname="Slow"'], "action": "pause", "select": {"nas": "home", "connections": ["1"]}}}
        config = configuration("http://127.0.0.1:9", log={"level": "trace", "format": log_format},
                               admin={"enabled": True, "listen_address": "127.0.0.1:0", "tokens": tokens},
                               automation={"mode": "enforce", "rules": rules},
                               web={"config_file": str(self.directory / "web.yml")},
                               state_file=str(self.directory / "state.sqlite"))
        config["nas"] = {name: {"url": self.peers[name].url, "username": ACCOUNT, **own} for name, own in nases.items()}
        return config

    def _polled(self, *names):
        metrics = self.exporter.metrics()
        for name in names:
            assert metrics.value("cloudsync_up", nas=name) == 1, self.exporter.process.output()[-2000:]

    def heard(self, where, reply):
        self.search.add(where, f"{reply.status} {reply.headers} ".encode() + reply.body)
        return reply

    def ask(self, where, method, path, body=None, **options):
        return self.heard(f"{where} {method} {path}", self.client.ask(method, path, body, **options))

    def command(self, *arguments, **extra):
        done = run(*arguments, directory=self.directory, **extra)
        self.search.add(f"output of {arguments}", done.stdout + done.stderr)
        return done

    def every_route(self):
        """Each route with the token, with a wrong one, and with the token where it does not belong."""
        token, unknown = PLANTED["admin token"], PLANTED["token that is unknown"]
        values = {"{nas}": "home", "{id}": "1", "{hold}": "none"}
        for number, (method, path) in enumerate(routes()):
            for name, value in values.items():
                path = path.replace(name, value)
            self.ask("well", method, path, {} if method != "GET" else None)
            self.ask("well", method, path, {"reason": "x", "max_upload_speed": 1, "all": True} if method != "GET" else None)
            self.ask("query", method, f"{path}?token={token}&access_token={token}")
            self.ask("body", method, path, {"token": token, token: token})
            self.ask("text", method, path, token.encode())
            self.ask("path", method, f"{path}/{token}")
            self.ask("key", method, path, {} if method != "GET" else None, key=f"{token}-{number}")
            self.ask("host", method, path, headers={"Host": f"{token}.example"})
            # Each from an address of its own: who fails too often is slowed.
            wrong = (f"Bearer {unknown}", f"Basic {unknown}", unknown, f"Bearer {token} {token}",
                     "Basic " + base64.b64encode(f"u:{unknown}".encode()).decode())
            other = self.client.with_token(None, f"127.2.0.{number + 1}")
            self.heard(f"wrong {method} {path}",
                       other.ask(method, path, headers={"Authorization": wrong[number % len(wrong)]}))

    def web(self):
        token = PLANTED["admin token"]
        for path in ("/", "/metrics", "/probe?nas=home", "/sd", "/-/healthy", "/-/ready", "/config", f"/{token}",
                     f"/probe?nas={token}", f"/metrics?token={token}", "/debug/pprof", "/-/reload"):
            for accept in ("*/*", "application/openmetrics-text; version=1.0.0", "text/html"):
                reply = self.heard(f"web {path}", http.request(self.exporter.url + path, headers={
                    "Accept": accept, "Authorization": f"Bearer {token}", "Cookie": f"id={token}"}))
                assert reply.status < 500

        for password, status in (("web password", 404), ("web password that is wrong", 401), ("web hash", 401)):
            encoded = base64.b64encode(f"scraper:{PLANTED[password]}".encode()).decode()
            reply = self.heard(password, http.request(self.exporter.url + "/nowhere", headers={
                "Authorization": f"Basic {encoded}"}))
            assert reply.status == status, (password, reply)

    def bad_web_configurations(self):
        """What is refused of a web configuration is quoted, but for its secrets."""
        key = "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n" % PLANTED["web key"]
        for web in ({"basic_auth_users": {"scraper": PLANTED["web password"]}},
                    {"basic_auth_users": {"scraper": PLANTED["web hash"] + "x"}},
                    {"basic_auth_users": PLANTED["web password"]},
                    {"basic_auth_users": [PLANTED["web password"]]},
                    {"tls_server_config": {"cert": "x", "key": key}},
                    {"tls_server_config": {"cert": key, "key": key}},
                    {"tls_server_config": {"cert": "x", "key": [key]}}):
            (self.directory / "bad.yml").write_text(json.dumps(web))
            config = {**self.config, "web": {"config_file": str(self.directory / "bad.yml")}}
            done = self.command("check-config", "--config.file", write(self.directory, config, "bad.yaml"), **self.environ)
            assert done.returncode == 64 and "web.config_file" in done.stderr, done
            # The same to the daemon, which goes on with the old one.
            good = (self.directory / "web.yml").read_text()
            (self.directory / "web.yml").write_text(json.dumps(web))
            self.heard("bad web configuration", http.get(self.exporter.url + "/nowhere"))
            (self.directory / "web.yml").write_text(good)

    def alerts(self):
        alert = {"status": "firing", "labels": {"alertname": "Slow"}, "annotations": {}, "fingerprint": "a" * 16,
                 "startsAt": "2026-01-01T00:00:00Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": ""}
        body = {"version": "4", "groupKey": "{}", "status": "firing", "receiver": "x", "groupLabels": {}, "alerts": [alert],
                "commonLabels": {}, "commonAnnotations": {}, "externalURL": "", "truncatedAlerts": 0}
        hook = self.client.with_token(PLANTED["webhook token"])
        assert self.heard("webhook", hook.ask("POST", "/webhooks/alertmanager", body)).status == 200
        self.heard("webhook", hook.ask("POST", "/webhooks/alertmanager", PLANTED["webhook token"].encode()))

    def commands(self):
        url = self.exporter.admin_url
        config = json.loads(json.dumps(self.config))
        # Each login with a one-time code waits for the next code; that of the daemon is enough.
        del config["nas"]["otp"]
        for name in self.mirrors:
            del config["nas"][name]
        daemon = ("--config.file", write(self.directory, config, "bad.yaml"), "--log.level", "trace")
        for words in (["check-config"], ["doctor"], ["doctor", "--retry-login"], ["once"]):
            # Beside the daemon they must not have its state.
            self.command(*words, *daemon, CLOUDSYNC_EXPORTER__STATE_FILE=str(self.directory / f"{words[0]}.sqlite"),
                         **self.environ)
        for words in (["status"], ["connections"], ["show", "1"], ["settings", "1"], ["auth", "1"], ["logs", "1"], ["holds"],
                      ["audit"], ["config"], ["tasks", "1"], ["activity"], ["decisions"], ["poll"], ["nonsense"]):
            for output in ("json", "table"):
                self.command("ctl", "--url", url, "--output", output, *words, CLOUDSYNC_CTL_TOKEN=PLANTED["admin token"])
        for token in (PLANTED["token that is unknown"], PLANTED["admin token"] + "\n"):
            self.command("ctl", "--url", url, "status", CLOUDSYNC_CTL_TOKEN=token)
        self.command("ctl", "--url", f"http://a:{PLANTED['admin token']}@127.0.0.1:1", "status",
                     CLOUDSYNC_CTL_TOKEN=PLANTED["admin token"])

    def bad_configurations(self):
        """What is refused is quoted, but for its secrets."""
        changes = {
            "user of a NAS": lambda it: it["nas"]["home"].update(url=f"https://u:{PLANTED['userinfo of a NAS']}@nas.example"),
            "user of an Alertmanager": lambda it: it["automation"].update(
                alertmanagers=[f"http://u:{PLANTED['userinfo of an Alertmanager']}@a.example:9093"]),
            "two passwords": lambda it: it["nas"]["home"].update(password=PLANTED["password"]),
            "a list as the password": lambda it: it["nas"]["wrong"].update(password=[PLANTED["password that is refused"]]),
            "a map as the password": lambda it: it["nas"]["wrong"].update(password={PLANTED["password"]: 1}),
            "an OTP secret that is none": lambda it: it["nas"]["wrong"].update(otp_secret=PLANTED["password"]),
            "a hash that is none": lambda it: it["admin"]["tokens"]["dumb"].update(sha256=PLANTED["admin token"]),
            "an unknown key": lambda it: it["nas"]["wrong"].update(pasword=PLANTED["password"]),
            "a secret for a section": lambda it: it.update(nas=PLANTED["password"]),
            "a secret for a NAS": lambda it: it["nas"].update(wrong=PLANTED["password"]),
        }
        for name, change in changes.items():
            config = json.loads(json.dumps(self.config))
            change(config)
            file = write(self.directory, config, "bad.yaml")
            for words in (["check-config"], ["once"]):
                done = self.command(*words, "--config.file", file, **self.environ)
                assert done.returncode == 64, (name, done)
            self.exporter.configure(config)
            assert self.ask(name, "POST", "/-/reload").status >= 400, name
        self.exporter.configure(self.config)
        assert self.ask("good again", "POST", "/-/reload").status == 200

    def reflections(self):
        """A NAS that says again what it was told."""
        for stage in ("poll", "login"):
            for name, echo in self.mirrors.items():
                act = echoes(ECHOES[echo])
                self.peers[name].become((stage, faults.once(act) if stage == "login" else act))
            eventually(self._are_met)
            for name, echo in self.mirrors.items():
                self.ask(f"{stage} reflects {echo}", "GET", f"/nas/{name}/connections/1")
                if stage == "poll":
                    self.ask(f"reflects {echo}", "PATCH", f"/nas/{name}/connections/1/settings", {"max_upload_speed": 9})
            self.ask(f"{stage} reflects", "GET", "/nas")
            for path in ("/", "/metrics", *(f"/probe?nas={name}" for name in self.mirrors)):
                self.heard(f"{stage} reflects: {path}", http.get(self.exporter.url + path))
            for name in self.mirrors:
                self.peers[name].become(None)
            eventually(lambda: self._polled(*self.mirrors))
        peer = self.peers["home"]
        peer.become(("poll", _names))
        for _ in range(2):
            self.ask("names", "POST", "/nas/home/poll")
        for path in ("/nas", "/nas/home/connections", "/nas/home/connections/1", "/nas/home/connections/1/logs",
                     "/nas/home/activity", "/nas/home/config", "/nas/home/connections/1/auth", "/nas/home/tasks/1/filters"):
            self.ask("names", "GET", path)
        for path in ("/", "/metrics", "/probe?nas=home"):
            reply = self.heard(f"names {path}", http.get(self.exporter.url + path))
        assert "[redacted]" in reply.text, "the NAS said it, and it was taken out"
        peer.become(None)

    def _are_met(self):
        assert all(self.peers[name].met for name in self.mirrors), {name: self.peers[name].met for name in self.mirrors}

    def arguments(self):
        """What anybody on the host sees of a client that has a token."""
        ready = threading.Event()

        async def waits(link):
            ready.set()
            await link.hang()
        nas = Peer(self.loop, None, "")
        nas.become(("accept", waits))
        child = subprocess.Popen([BINARY, "ctl", "--url", nas.url, "status"], stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, env=environment(CLOUDSYNC_CTL_TOKEN=PLANTED["admin token"]))
        try:
            assert ready.wait(30)
            for pid in (child.pid, self.exporter.process.child.pid):
                self.search.add(f"arguments of {pid}", Path(f"/proc/{pid}/cmdline").read_bytes())
        finally:
            child.kill()
            self.search.add("output of a client that was ended", child.communicate()[0])

    def look(self):
        self.exporter.stop()
        self.search.add_files(self.directory, HOLDERS)
        self.search.add_files(self.exporter.directory, HOLDERS)
        return self.search.found()


def routes():
    """Each method and path of the API's description, and those beside it."""
    paths = Description.committed().document["paths"]
    for path, operations in paths.items():
        for method in operations:
            if method in ("get", "put", "post", "patch", "delete"):
                yield method.upper(), path.replace("{hold_id}", "{hold}")


@pytest.mark.parametrize("log_format", ["logfmt", "json"])
def test_no_secret_is_found_anywhere(stage, tmp_path, log_format):
    place = Place(stage, tmp_path / "place", log_format)
    place.web()
    place.alerts()
    place.reflections()
    if log_format == "logfmt":
        # The same words in another form would be the same leaks.
        place.every_route()
        place.bad_configurations()
        place.bad_web_configurations()
        place.commands()
        place.arguments()
    found = place.look()
    assert not found, "\n".join(found[:40])
    assert any(place.directory.glob("state.sqlite*"))


@pytest.mark.parametrize("write_down", [
    str, lambda secret: f"x {secret} y", lambda secret: secret[:8], lambda secret: secret[-8:], lambda secret: secret.upper(),
    lambda secret: json.dumps({"a": secret}), lambda secret: http.urlencode({"a": secret}).decode(),
    lambda secret: base64.b64encode(secret.encode()).decode(), lambda secret: base64.b64encode(f"ab:{secret}".encode()).decode(),
    lambda secret: base64.b64encode(f"user:{secret}".encode()).decode(), lambda secret: secret.encode().hex(),
])
def test_the_search_finds_what_is_there(tmp_path, write_down):
    for name, secret in PLANTED.items():
        search = Search(PLANTED)
        search.add("a log", write_down(secret))
        (tmp_path / "state.sqlite-wal").write_bytes(os.urandom(64) + write_down(secret).encode() + os.urandom(64))
        search.add_files(tmp_path)
        found = search.found()
        assert any(line.startswith(f"{name} in a log") for line in found), (name, found)
        assert any(line.startswith(f"{name} in {tmp_path}") for line in found), (name, found)
    search = Search(PLANTED)
    search.add("a log", "nothing " + canary())
    assert search.found() == []
