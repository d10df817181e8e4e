"""1,000 NASes of 10 connections, polled by one process every 15 s. Each NAS is looked at by its own page: all together are
more than a hundred megabytes, which nobody should scrape at once."""

import re
import time

from programs import Daemon, Nases, get, until
from rows import Row, mib

NASES = 1000
INTERVAL = 15
TURNS = 6


def rows(name, program, tools):
    with Nases(tools["nases"], NASES, 10, 1) as nases, Daemon(program, nases.urls) as daemon:
        until(lambda: is_ready(daemon), within=300)
        # The first polls are larger, and all at once.
        time.sleep(INTERVAL * 2)
        before, begun, cpu = looked(daemon), time.monotonic(), daemon.cpu()
        time.sleep(INTERVAL * TURNS)
        took, cpu, memory = time.monotonic() - begun, daemon.cpu() - cpu, daemon.resident()
        after = looked(daemon)
    made = [later["polls_total"] - earlier["polls_total"] for later, earlier in zip(after, before, strict=True)]
    # The interval has a jitter of a twentieth, and a turn may lie just beyond the end.
    late = sum(count < int(took / (INTERVAL * 1.05)) - 1 for count in made)
    failures = sum(page["failures"] for page in after)
    slow = sum(later["slow"] - earlier["slow"] for later, earlier in zip(after, before, strict=True))
    return [
        Row(f"{name}: of 1,000 NASes, those not polled every 15 s", str(late), "0", late == 0),
        Row(f"{name}: failed polls of them", f"{failures:g}", "0", failures == 0),
        Row(f"{name}: polls of them that took longer than a second", f"{slow:g} of {sum(made):g}"),
        Row(f"{name}: processor and resident memory for 1,000 NASes",
            f"{cpu / took * 100:.0f} % of a core ({cpu / sum(made) * 1000:.2f} ms a cycle), {mib(memory)}"),
    ]


def is_ready(daemon):
    try:
        return get(daemon.url + "/-/ready")
    except OSError:
        time.sleep(0.2)
        return None


def looked(daemon):
    """What each NAS's page says of its polls."""
    return [of(get(f"{daemon.url}/probe?nas=n{index}").decode()) for index in range(NASES)]


def of(page):
    def total(name, labels=""):
        return sum(float(value) for value in re.findall(rf"^cloudsync_{name}\{{[^}}]*{labels}[^}}]*\}} (\S+)$", page, re.M))

    polls = total("polls_total")
    within = total("poll_duration_seconds_bucket", r'le="1\.0"')
    return {"polls_total": polls, "failures": total("poll_failures_total"), "slow": polls - within}
