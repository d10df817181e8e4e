"""The daemon, configured, running and asked."""

import json

from support import exposition, http
from support.process import Process
from support.program import BINARY, environment
from support.simulator import ACCOUNT, PASSWORD

# Quick, so that tests wait little. A test that wants otherwise says so.
POLL = {"interval": "1s", "slow_interval": "1s", "timeout": "5s"}


def configuration(url, password=PASSWORD, poll=None, **sections):
    """A configuration with one NAS, `home`. Its keys beside `nas` are given as sections."""
    nas = {"url": url, "username": ACCOUNT, "password": password, **sections.pop("nas", {})}
    nas = {key: value for key, value in nas.items() if value is not None}
    return {"nas": {"home": nas}, "poll": {**POLL, **(poll or {})}, **sections}


def write(directory, config, name="exporter.yaml"):
    """Writes a configuration; JSON is YAML."""
    directory.mkdir(parents=True, exist_ok=True)
    file = directory / name
    file.write_text(json.dumps(config, indent=1))
    return file


class Exporter:
    """`cloudsync-exporter --config.file FILE` on any port. `environ` comes beside the environment, `prefix` before the
    program."""

    def __init__(self, directory, config, environ=None, prefix=(), **options):
        self.directory = directory
        self.file = write(directory, config)
        self.process = Process(
            [*prefix, BINARY, "--config.file", self.file, "--web.listen-address", "127.0.0.1:0"],
            directory, "exporter", env=environment(**(environ or {})), **options)
        self.url = "http://" + self.process.line(r'listening(?: address=|","address":")([^\s"]+)')[1]

    def configure(self, config):
        write(self.directory, config)

    def metrics(self):
        answer = http.get(self.url + "/metrics")
        assert answer.status == 200, answer
        assert PASSWORD not in answer.text
        return exposition.Samples(exposition.text(answer.text))

    def reason(self):
        """Why the NAS is down, after the log, the landing page and cloudsync_up were seen to agree."""
        metrics = self.metrics()
        assert metrics.value("cloudsync_up", nas="home") == 0
        reason = metrics.true("cloudsync_down_reason", "reason", nas="home")
        assert f"reason={reason}" in self.process.output(), self.process.output()
        assert f"down ({reason})" in http.get(self.url + "/").text
        return reason

    def stop(self):
        """Ends it; it must end well, and the password must be in none of its lines."""
        code = self.process.stop()
        assert code == 0, f"exit code {code}:\n{self.process.output()}"
        assert PASSWORD not in self.process.output()


class Demo:
    """`cloudsync-exporter demo` on any port."""

    def __init__(self, directory, *arguments):
        self.process = Process([BINARY, "demo", "--web.listen-address", "127.0.0.1:0", *arguments], directory, "demo",
                               env=environment())
        self.url = self.process.line(r"^\s+(http://[0-9.:]+)/\s")[1]
        self.admin = self.process.line(r"admin API is at (http://[0-9.:]+)")[1]
        self.token = self.process.line(r"^\s+(demo-[0-9a-f]{32})$")[1]

    def hold(self, connection, reason, **more):
        """Pauses a connection by a hold."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        path = f"/api/v1/nas/demo/connections/{connection}/pause"
        answer = http.request(self.admin + path, "POST", {"reason": reason, **more}, headers)
        assert answer.status in (200, 202), answer

    def stop(self):
        code = self.process.stop()
        assert code == 0, f"exit code {code}:\n{self.process.output()}"
