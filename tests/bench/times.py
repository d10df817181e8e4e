"""How long it takes to start, to end, and from an alert to the NAS: medians, beside what the machine needs for less."""

import hashlib
import signal
import subprocess
import time
from datetime import UTC, datetime
from statistics import median

from programs import Daemon, Nases, get, post, until
from relay import Relay
from rows import Row

REPEATS = 15
# Polls out of turn are a second apart.
SEEN = 2.5
TOKEN = "bench"


def rows(program, tools):
    return [*life(program, tools), webhook(program, tools)]


def timed(action):
    begun = time.perf_counter()
    action()
    return time.perf_counter() - begun


def shown(seconds):
    return f"{seconds * 1000:.1f} ms"


def life(program, tools):
    starts, ends, spawns = [], [], []
    with Nases(tools["nases"], 1, 20, 2) as nases:
        for _ in range(REPEATS):
            spawns.append(timed(lambda: subprocess.run([program, "--version"], check=True, stdout=subprocess.DEVNULL)))
            begun = time.perf_counter()
            with Daemon(program, nases.urls) as daemon:
                get(daemon.url + "/metrics")
                starts.append(time.perf_counter() - begun)
                daemon.ready()
                # A limit would make Python look only now and then.
                ends.append(timed(lambda: (daemon.child.send_signal(signal.SIGTERM), daemon.child.wait())))
    start, end, spawn = median(starts), median(ends), median(spawns)
    return [Row("start to the first answer of /metrics", f"{shown(start)} ({start / spawn:.1f} × `--version`)"),
            Row("SIGTERM to the exit, logged out of the NAS", f"{shown(end)} ({end / spawn:.1f} × `--version`)")]


def webhook(program, tools):
    """From the first byte of the notification to the call at the NAS, each time for another connection."""
    token = {"sha256": hashlib.sha256(TOKEN.encode()).hexdigest(), "scopes": ["webhook"]}
    rule = {"matchers": ['alertname="Bench"'], "action": "pause", "select": {"labels": True}, "cooldown": "0s",
            "daily_budget": 1000}
    admin = {"enabled": True, "listen_address": "127.0.0.1:0", "tokens": {"bench": token}}
    automation = {"mode": "enforce", "max_held_share": 1, "rules": {"bench": rule}}
    authorization = {"Authorization": f"Bearer {TOKEN}"}
    whole, trips = [], []
    with Nases(tools["nases"], 1, REPEATS, 1) as nases, Relay(nases.urls[0]) as relay, \
            Daemon(program, [relay.url], admin=admin, automation=automation).ready() as daemon:
        url = daemon.lines(r"listening for administration.* address=(\S+)")[0]
        for connection in range(1, REPEATS + 1):
            trips.append(timed(lambda: get(daemon.url + "/-/healthy")))
            labels = {"alertname": "Bench", "nas": "n0", "conn_id": str(connection)}
            alert = {"status": "firing", "labels": labels, "startsAt": datetime.now(UTC).isoformat(),
                     "endsAt": "0001-01-01T00:00:00Z"}
            begun = time.perf_counter()
            post(f"http://{url}/webhooks/alertmanager", {"version": "4", "alerts": [alert]}, **authorization)
            whole.append(until(lambda: relay.when(b"method=pause", begun)) - begun)
            # Until the pause was seen at the NAS, another for the same NAS waits its turn.
            time.sleep(SEEN)
    took, trip = median(whole), median(trips)
    return Row("notification to the pause at the NAS", f"{shown(took)} ({took / trip:.1f} × a request of /-/healthy)")
