"""Real Alertmanagers, alone or as a cluster, and their HTTP API."""

import datetime
import json

from support import http
from support.process import Process
from support.prometheus import free_port
from support.wait import eventually

# Quick, so that tests wait little: notifications at once, what changes in a group a second later, no repeats.
ROUTE = {"group_by": ["alertname"], "group_wait": "0s", "group_interval": "1s", "repeat_interval": "1h"}
ALONE = ("--cluster.listen-address=",)


def rfc3339(seconds):
    """Seconds since 1970 as both Prometheus and Alertmanager write times."""
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat().replace("+00:00", "Z")


def webhook(url, token):
    """A receiver's webhook, as the documentation of the exporter says."""
    authorization = {"type": "Bearer", "credentials": token}
    return {"url": url, "http_config": {"authorization": authorization}, "send_resolved": True}


class Alertmanager:
    """Delivers nothing until told where to. It cannot say which port it was given, so it is told one. `prefix` is the
    path that everything of it is below."""

    def __init__(self, directory, *arguments, prefix=""):
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._write({"receiver": "nobody", **ROUTE}, [])
        # Another program may be quicker to take the port.
        for _ in range(5):
            port = free_port()
            self.url = f"http://127.0.0.1:{port}{prefix}"
            self.process = Process(
                ["prometheus-alertmanager", "--config.file=alertmanager.yml", "--storage.path=data",
                 f"--web.listen-address=127.0.0.1:{port}", f"--web.route-prefix={prefix or '/'}",
                 *(arguments or ALONE)], directory, "alertmanager")
            eventually(self._decided)
            if self.process.child.poll() is None:
                return
        raise RuntimeError(f"Alertmanager does not start:\n{self.process.output()}")

    def _decided(self):
        assert self.process.child.poll() is not None or http.get(self.url + "/-/ready").status == 200

    def _write(self, route, receivers):
        config = {"route": route, "receivers": [{"name": "nobody"}, *receivers]}
        (self.directory / "alertmanager.yml").write_text(json.dumps(config))

    def deliver(self, hook, **route):
        """Sends every alert to a webhook from now on. `route` is the route's, such as repeat_interval."""
        self._write({**ROUTE, "receiver": "hook", **route}, [{"name": "hook", "webhook_configs": [hook]}])
        self._reload()

    def deliver_each(self, label, hooks, **route):
        """Sends the alerts with this label to the webhook of its value, the others to nobody."""
        routes = [{"receiver": f"hook-{value}", "matchers": [f'{label}="{value}"']} for value in hooks]
        receivers = [{"name": f"hook-{value}", "webhook_configs": [hook]} for value, hook in hooks.items()]
        self._write({**ROUTE, "receiver": "nobody", "routes": routes, **route}, receivers)
        self._reload()

    def _reload(self):
        answer = http.request(self.url + "/-/reload", "POST")
        assert answer.status == 200, answer

    def ask(self, method, path, body=None):
        answer = http.request(f"{self.url}/api/v2{path}", method, body, {"Content-Type": "application/json"})
        assert answer.status == 200, f"{method} {path}: {answer.status} {answer.text}"
        return json.loads(answer.body or "null")

    def fire(self, starts, ends, **labels):
        """What Prometheus posts of an alert: one that is on ends in the future. Times are seconds since 1970."""
        alert = {"labels": labels, "startsAt": rfc3339(starts), "endsAt": rfc3339(ends),
                 "generatorURL": "http://prometheus.test/graph"}
        self.ask("POST", "/alerts", [alert])

    def alerts(self):
        """What it takes for firing, silenced or not."""
        return self.ask("GET", "/alerts")

    def listed(self, **labels):
        """The one alert with these labels and perhaps others."""
        found = [alert for alert in self.alerts() if labels.items() <= alert["labels"].items()]
        assert len(found) == 1, found
        return found[0]

    def silence(self, ends, **labels):
        """Silences alerts with these labels until a time in seconds since 1970."""
        matchers = [{"name": name, "value": value, "isRegex": False, "isEqual": True} for name, value in labels.items()]
        start = datetime.datetime.now(datetime.timezone.utc).timestamp()
        body = {"matchers": matchers, "startsAt": rfc3339(start), "endsAt": rfc3339(ends), "createdBy": "a test",
                "comment": "a test"}
        return self.ask("POST", "/silences", body)["silenceID"]

    def unsilence(self, silence):
        self.ask("DELETE", f"/silence/{silence}")

    def knows(self, peers):
        """Waits until it is in a cluster of so many."""

        def settled():
            cluster = self.ask("GET", "/status")["cluster"]
            assert cluster["status"] == "ready" and len(cluster["peers"]) == peers, cluster

        eventually(settled)

    def stop(self):
        assert self.process.stop() == 0, self.process.output()


def pair(stage):
    """A cluster of two. What the first sent, the second does not: it waits for two seconds to hear of it."""
    quick = ["--cluster.settle-timeout=1s", "--cluster.peer-timeout=2s", "--cluster.gossip-interval=50ms",
             "--cluster.pushpull-interval=1s"]
    # Somebody else may be quicker to take a port.
    for last in (False, False, True):
        port, other = free_port(), free_port()
        try:
            both = [stage.start(Alertmanager, f"--cluster.listen-address=127.0.0.1:{port}", *quick),
                    stage.start(Alertmanager, f"--cluster.listen-address=127.0.0.1:{other}",
                                f"--cluster.peer=127.0.0.1:{port}", *quick)]
            break
        except RuntimeError:
            if last:
                raise
    for one in both:
        one.knows(2)
    return both
