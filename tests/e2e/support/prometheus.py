"""A real Prometheus, and its HTTP API."""

import json
import socket
import urllib.parse

from support import exposition, http
from support.process import Process
from support.wait import eventually


def free_port():
    """A port of the loopback that nobody has now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


_CLOSED = []


def closed_port():
    """A port of the loopback where nobody answers, nor will for as long as the tests run."""
    taken = socket.socket()
    # Bound and not listened on: connections are refused, and nobody else can have it.
    taken.bind(("127.0.0.1", 0))
    _CLOSED.append(taken)
    return taken.getsockname()[1]


class Prometheus:
    """Scrapes every second what `jobs` say, in the form of scrape_configs. `rules` are alerting rules, whose alerts go
    to each of `alertmanagers` by their URLs, again every second. `groups` are whole groups of rules beside them."""

    def __init__(self, directory, jobs, rules=(), alertmanagers=(), groups=()):
        directory.mkdir(parents=True, exist_ok=True)
        every = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
        config = {"global": every, "scrape_configs": jobs}
        if rules:
            groups = [*groups, {"name": "tests", "rules": list(rules)}]
        if groups:
            targets = [url.removeprefix("http://") for url in alertmanagers]
            config["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": targets}]}]}
            config["rule_files"] = ["rules.yml"]
            (directory / "rules.yml").write_text(json.dumps({"groups": list(groups)}))
        (directory / "prometheus.yml").write_text(json.dumps(config))
        # It cannot say which port it was given, so it is told one; another program may be quicker.
        for _ in range(5):
            port = free_port()
            self.url = f"http://127.0.0.1:{port}"
            self.process = Process(
                ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data",
                 "--rules.alert.resend-delay=1s", f"--web.listen-address=127.0.0.1:{port}"], directory, "prometheus")
            eventually(self._decided)
            if self.process.child.poll() is None:
                return
        raise RuntimeError(f"Prometheus does not start:\n{self.process.output()}")

    def _decided(self):
        assert self.process.child.poll() is not None or http.get(self.url + "/-/ready").status == 200

    def api(self, path, **query):
        answer = http.get(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(query)}").json()
        assert answer["status"] == "success", answer
        assert not answer.get("warnings"), answer
        return answer["data"]

    def query(self, expression):
        """The samples of an instant query: (labels, value)."""
        result = self.api("query", query=expression)
        assert result["resultType"] == "vector", result
        return [(sample["metric"], float(sample["value"][1])) for sample in result["result"]]

    def value(self, expression):
        """The value of a query with one answer."""
        found = self.query(expression)
        assert len(found) == 1, f"{expression}: {found}"
        return found[0][1]

    def own(self):
        """Its metrics about itself."""
        return exposition.Samples(exposition.text(http.get(self.url + "/metrics").text))

    def stop(self):
        self.process.stop()
