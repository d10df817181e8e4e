"""The simulated NAS as a program of its own, and its controls."""

import json

from support import http
from support.process import Process
from support.program import BINARY, environment

ACCOUNT = "exporter"
# Distinctive, so that it can be searched for where it must not be.
PASSWORD = "planted-Secret-4711"


def ours(request):
    """Whether the program made the request; the published client has habits of its own."""
    return request["headers"].get("user-agent", "").startswith("cloudsync-exporter/")


class Simulator:
    """Stands still unless told to move. Its controls are described in src/sim/remote.rs."""

    def __init__(self, directory, port=0, *arguments):
        listen = f"127.0.0.1:{port}"
        self.process = Process(
            [BINARY, "simulate", "--listen", listen, "--control", "127.0.0.1:0", "--account", ACCOUNT,
             "--password", PASSWORD, *arguments],
            directory, "simulator", env=environment())
        self.url = self.process.line(r"^simulated NAS at (https?://\S+)")[1]
        self.control = self.process.line(r"^controls at (http://\S+)")[1]
        self.port = int(self.url.rsplit(":", 1)[1])

    def ask(self, method, path, body=None):
        answer = http.request(self.control + path, method, body)
        assert answer.status == 200, f"{method} {path}: {answer.status} {answer.text}"
        return answer.json()

    def change(self, **what):
        """Changes the NAS itself: password, login_refusal, blocked, package_installed."""
        self.ask("POST", "/nas", what)

    def fault(self, kind, api=None, method=None, **params):
        """Makes a call go wrong; every HTTP request when neither api nor method is given."""
        fault = {"kind": kind}
        if api or method:
            named = {"api": api, "method": method}
            fault["matcher"] = {"params": params, **{key: value for key, value in named.items() if value}}
        self.ask("POST", "/faults", fault)

    def restart(self):
        """It forgets every session and every pause, too fast for anyone to see it away."""
        self.ask("POST", "/restart")

    def heal(self):
        self.ask("DELETE", "/faults")

    def requests(self):
        return self.ask("GET", "/requests")

    def logins(self):
        """How many logins were tried."""
        return sum(request["api"] == "SYNO.API.Auth" and request["method"] == "login"
                   for request in self.requests())

    def call(self, method, **params):
        """The data that a method of SYNO.CloudSync answers; None when it answers without."""
        session = self.ask("POST", "/session")
        query = {"api": "SYNO.CloudSync", "method": method, "version": 1, "_sid": session["sid"],
                 **{name: json.dumps(value) for name, value in params.items()}}
        body = http.urlencode(query)
        headers = {"X-SYNO-TOKEN": session["synotoken"], "Content-Type": "application/x-www-form-urlencoded"}
        answer = http.request(self.url + "/webapi/entry.cgi", "POST", body, headers).json()
        assert answer["success"], answer
        return answer.get("data")

    def stop(self):
        running = self.process.child.poll() is None
        requests = self.requests() if running else []
        leaks = [request for request in requests if request["has_query_secrets"] and ours(request)]
        assert self.process.stop() == 0
        assert not leaks, f"secrets in a URL: {leaks}"
