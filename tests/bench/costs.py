"""Work that does not depend on what else the machine does: instructions of a scrape, counted by valgrind beside those of
the server that does nothing; and processor time of a cycle."""

import re
import time

from programs import Daemon, Nases, Program, get
from rows import Row
from wrk import load

POLL = {"interval": "1h", "slow_interval": "1h", "stale_after": "2h"}
CYCLES = 20
SECONDS = 6


def rows(name, program, tools):
    return [*([] if name == "release" else scrapes(name, program, tools)), cycles(name, program, tools)]


def scrapes(name, program, tools):
    found = []
    with Nases(tools["nases"], 1, 20, 2) as nases, Daemon(program, nases.urls, POLL).ready() as served:
        for coding in ("identity", "gzip"):
            ours = instructions(lambda tool: Daemon(program, nases.urls, POLL, wrapper=tool), daemon_url, coding)
            theirs = instructions(lambda tool: Program([*tool, tools["bare"], served.url + "/metrics"]), bare_url, coding)
            label = "plain" if coding == "identity" else coding
            found.append(Row(f"{name}, {label}: instructions of a scrape, the kernel's aside, × the bare server",
                             f"{ours / theirs:.1f} ({ours / 1000:.0f} thousand)"))
    return found


def daemon_url(daemon):
    return daemon.ready().url + "/metrics"


def bare_url(bare):
    return f"http://{bare.lines(r'^listening (.+)$')[0]}/metrics"


def instructions(start, url_of, coding):
    """Those of one scrape: the difference between many and few, over the same time, since bodies are made anew each
    second."""
    counts = []
    for scrape in (few, many):
        program = start(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"])
        made = scrape(url_of(program), {"Accept-Encoding": coding})
        program.child.terminate()
        program.child.wait(timeout=60)
        counts.append((made, int(re.search(r"Collected : (\d+)", program.output())[1])))
        program.stop()
    (less, less_count), (more, more_count) = counts
    return (more_count - less_count) / (more - less)


def few(url, headers):
    for _ in range(SECONDS):
        get(url, **headers)
        time.sleep(1)
    return SECONDS


def many(url, headers):
    return load(url, SECONDS, headers, clients=1).requests


def cycles(name, program, tools):
    """100 NASes of 10 connections and 10 tasks, polled every second."""
    with Nases(tools["nases"], 100, 10, 1) as nases, Daemon(program, nases.urls, {"interval": "1s"}).ready() as daemon:
        before, cpu = daemon.total("cloudsync_polls_total"), daemon.cpu()
        time.sleep(CYCLES)
        made, cpu = daemon.total("cloudsync_polls_total") - before, daemon.cpu() - cpu
    return Row(f"{name}: processor time of a cycle, a NAS of 10 connections",
               f"{cpu / made * 1000:.2f} ms ({cpu / made / 15 * 100:.3f} % of a core at 15 s)")
