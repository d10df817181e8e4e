"""Rules, what an Alertmanager sends, and what became of it."""

import contextlib
import itertools
import resource
import signal
import time

from support.acts import Home, holds, sent
from support.admin import administrated, by_hash, expect, start
from support.alertmanager import rfc3339
from support.http import request
from support.wait import eventually

WEBHOOK = "/webhooks/alertmanager"
# The token of the scope webhook and no other; distinctive, so that it can be searched for where it must not be.
TOKEN = "planted-Token-alertmanager-1732050807"
# A rule in the way of nothing that is tested elsewhere.
RULE = {"action": "pause", "lease": "1h", "release_delay": "0s", "max_hold": "24h", "cooldown": "0s",
        "daily_budget": 1000}
BY_LABELS = {"labels": True}
numbers = itertools.count(1)


def by_name(*connections):
    return {"nas": "home", "connections": list(connections)}


def rule(matcher, select, **more):
    """A rule: one matcher or a list, and on which connections."""
    return {**RULE, "matchers": [matcher] if isinstance(matcher, str) else matcher, "select": select, **more}


def automation(rules, **more):
    """The section: rules that act, on as many connections as there are, and a NAS that is not waited for long."""
    return {"mode": "enforce", "max_held_share": 1, "verify_timeout": "3s", "rules": rules, **more}


def automated(url, directory, rules, tokens=None, sections=None, **more):
    """A configuration with rules and the token of the webhook. `more` goes into the section automation."""
    every = {"alertmanager": by_hash(TOKEN, ["webhook"]), **(tokens or {})}
    return administrated(url, directory, every, automation=automation(rules, **more), **(sections or {}))


class Automated(Home):
    """A simulated NAS and a daemon with rules, for several tests."""

    def __init__(self, stage, rules, tokens=None, sections=None, options=None, **more):
        self.stage = stage
        self.nas = stage.simulator()
        # Those of one stage do not share a state file.
        directory = stage.directory / f"admin-{next(numbers)}"
        self.config = automated(self.nas.url, directory, rules, tokens, sections, **more)
        self.start(**(options or {}))

    def start(self, **options):
        """Starts the daemon, again after its end."""
        self.exporter = start(self.stage, self.config, **options).polled()
        self.admin = self.exporter.admin

    def reload(self, **more):
        """Loads the configuration with another section automation."""
        self.config["automation"].update(more)
        self.exporter.configure(self.config)
        expect(200, self.admin.post("/-/reload"))


def named(word):
    """A name of an alert that no other test has."""
    return f"{word}{next(numbers)}"


def fingerprint(labels):
    """What Prometheus computes of labels: FNV-1a of 64 bits over names and values, each followed by the byte 255."""
    digest = 0xcbf29ce484222325
    for part in (part for name in sorted(labels) for part in (name, labels[name])):
        for byte in [*part.encode(), 255]:
            digest = (digest ^ byte) * 0x100000001b3 % (1 << 64)
    return f"{digest:016x}"


def alert(name, connection=None, starts=None, ends=None, labels=None):
    """An alert as Alertmanager sends it: on, or over since `ends`. Times are seconds since 1970."""
    every = {"alertname": name, "severity": "warning"}
    if connection is not None:
        every |= {"nas": "home", "conn_id": str(connection)}
    every |= labels or {}
    return {
        "status": "firing" if ends is None else "resolved", "labels": every,
        "annotations": {"summary": f"{name} is on"},
        "startsAt": rfc3339(time.time() if starts is None else starts),
        "endsAt": "0001-01-01T00:00:00Z" if ends is None else rfc3339(ends),
        "generatorURL": "http://prometheus.test/graph?g0.expr=condition&g0.tab=1", "fingerprint": fingerprint(every),
    }


def name_of(one):
    return one["labels"]["alertname"]


def over(one, ends=None):
    """The same alert, which has ended."""
    return {**one, "status": "resolved", "endsAt": rfc3339(time.time() if ends is None else ends)}


def notification(*alerts, **more):
    """What Alertmanager sends of these alerts."""
    return {
        "receiver": "cloudsync", "status": "firing", "alerts": list(alerts),
        "groupLabels": {}, "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://alertmanager.test",
        "version": "4", "groupKey": "{}:{}", "truncatedAlerts": 0, **more,
    }


def send(exporter, body, token=TOKEN, headers=None, timeout=30, source=None):
    """Posts a body to the webhook, as Alertmanager does; the answer, whatever it is."""
    sent_headers = {"Content-Type": "application/json", "User-Agent": "Alertmanager/0.25.0",
                    **({} if token is None else {"Authorization": f"Bearer {token}"}), **(headers or {})}
    return request(exporter.admin_url + WEBHOOK, "POST", body, sent_headers, timeout, source)


def tell(exporter, *alerts, **more):
    """Posts alerts, which must be accepted."""
    answer = expect(200, send(exporter, notification(*alerts), **more))
    assert answer == {"accepted": len(alerts), "malformed": 0}, answer


def deliver(exporter, *alerts):
    """The same, coming again after 503, as Alertmanager does: a slow machine may not be through in time."""

    def accepted():
        answer = send(exporter, notification(*alerts))
        assert answer.status in (200, 503), answer
        assert answer.status == 200, answer

    eventually(accepted)


def decisions(exporter, name=None, **query):
    """The decisions, the newest first; only of the alert of this name."""
    listed = expect(200, exporter.admin.get("/automation/decisions", limit=500, **query))["decisions"]
    return [one for one in listed if name is None or one["alert"] == name]


def outcomes(exporter, name, **query):
    """What became of an alert: outcome, or outcome/guard, in the order of time."""
    return ["/".join(filter(None, (one["outcome"], one.get("guard"))))
            for one in reversed(decisions(exporter, name, **query))]


def becomes(exporter, name, *expected, **query):
    """Waits until what became of an alert is just this, and gives the last decision."""

    def found():
        assert outcomes(exporter, name, **query) == list(expected), decisions(exporter, name)

    eventually(found)
    return decisions(exporter, name, **query)[0]


def holding(exporter, number, rule=None):
    """Waits until a connection is held by an alert and that is said, and gives the hold."""

    def held():
        found = [one for one in holds(exporter, connection=number)
                 if one["kind"] == "alert" and (rule is None or one["rule"] == rule)]
        assert len(found) == 1 and found[0]["phase"] == "held", holds(exporter)
        said = [one for one in decisions(exporter, connection=number, nas=found[0]["nas"])
                if one.get("episode") == found[0]["episode"] and one["outcome"] in ("acted", "joined")]
        assert said, decisions(exporter)
        return found[0]

    return eventually(held)


def released(exporter, number):
    """Waits until nothing holds a connection."""

    def free():
        assert holds(exporter, connection=number) == []

    eventually(free)


def polls(exporter, more=2):
    """Waits until the NAS was polled so often again: by then whatever was to come of it has come."""
    asked = "cloudsync_polls_total"
    before = exporter.metrics().value(asked, nas="home")

    def polled():
        assert exporter.metrics().value(asked, nas="home") >= before + more

    eventually(polled)


def told(nas, method, number):
    """How often the NAS was told this about a connection."""
    return sum(params == {"connection_id": number} for params in sent(nas, method))


def counted(exporter, action, source):
    return exporter.metrics().value("cloudsync_actions_total", nas="home", action=action, source=source)


def blocked(exporter, guard):
    return exporter.metrics().value("cloudsync_action_blocked_total", nas="home", reason=guard)


def rejected(exporter, reason):
    return exporter.metrics().value("cloudsync_webhook_rejected_total", reason=reason)


def _survive_a_full_disk():
    """What writes beyond the limit gets an error and no signal."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)


# For a daemon whose disk is to be full.
CAN_LACK_DISK = {"preexec_fn": _survive_a_full_disk, "restore_signals": False}


@contextlib.contextmanager
def full_disk(exporter):
    """No file of a daemon that was started with CAN_LACK_DISK takes a byte meanwhile, its log included."""
    pid = exporter.process.child.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
