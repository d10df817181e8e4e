"""What a cycle asks of a NAS, as the NAS saw it: requests, and bytes on the wire by a proxy between the two. Beside it the
way of clients that send one call for each connection and question: the same daemon, at a NAS that takes no compound."""

import json
import urllib.request

from programs import Daemon, Nases, post, until
from relay import Relay
from rows import Row

CYCLES = 8
POLL = {"interval": "1s", "slow_interval": "1h", "stale_after": "1h"}
CONNECTIONS = (1, 50, 200)


def rows(program, tools):
    return [row for count in CONNECTIONS for row in counted(program, tools, count)]


def counted(program, tools, count):
    requests, size = cycles(program, tools, count)
    singles, singles_size = cycles(program, tools, count, compound=False)
    most = 1 if count <= 50 else 4
    label = "1 connection" if count == 1 else f"{count} connections"
    return [Row(f"requests to the NAS of a cycle, {label}", f"{requests:g}", f"≤ {most}", requests <= most),
            Row(f"the same by single calls, {label}", f"{singles:g}"),
            Row(f"bytes of a cycle, compound and by single calls, {label}",
                f"{size / 1000:.1f} kB, {singles_size / 1000:.1f} kB")]


def cycles(program, tools, count, compound=True):
    """Requests and bytes of a cycle, which begins where the connections are asked for."""
    with Nases(tools["nases"], 1, count, 1) as nases, Relay(nases.urls[0]) as relay:
        control = nases.controls[0]
        post(control + "/moving", {"moving": False})
        if not compound:
            post(control + "/faults", {"matcher": {"api": "SYNO.Entry.Request"}, "kind": {"code": 103}})
        with Daemon(program, [relay.url], POLL).ready():
            # The first cycles also ask who is there, log in, and read what changes rarely.
            until(lambda: len(begins(recorded(control))) > 3)
            recorded(control, "DELETE")
            before = relay.bytes
            until(lambda: len(begins(recorded(control))) > CYCLES)
            size, requests = relay.bytes - before, recorded(control)
    begun = begins(requests)
    each = (begun[-1] - begun[0]) / (len(begun) - 1)
    return each, size / len(requests) * each


def recorded(control, method="GET"):
    with urllib.request.urlopen(urllib.request.Request(control + "/requests", method=method), timeout=30) as answer:
        return json.load(answer)


def begins(requests):
    """The places of the requests that a cycle begins with."""

    def asks(request):
        return any(call["method"] == "list_conn" for call in (request, *request["members"]))

    return [place for place, request in enumerate(requests) if asks(request)]
