"""Scrapes of one NAS with 20 connections and 40 tasks by 64 clients, beside a server that does nothing and Debian's node
exporter. Rounds alternate between the servers, so that what else the machine does meets all of them; a figure is the
median of the rounds' ratios."""

import gzip
import tempfile
from pathlib import Path
from statistics import median

from programs import Daemon, Nases, Program, get, until
from rows import Row, ratio
from wrk import CLIENTS, load

ROUNDS = 7
SECONDS = 2
# Enough to keep the node exporter busy; with more, none is answered within a round.
NODE_CLIENTS = 4
CODINGS = {"plain": {"Accept-Encoding": "identity"}, "gzip": {"Accept-Encoding": "gzip"}}


class Measured:
    """The rounds of one server."""

    def __init__(self, program, url, clients=CLIENTS):
        self.program, self.url, self.clients = program, url, clients
        self.rates, self.p99s, self.costs = [], [], []

    def round(self, headers):
        before = self.program.cpu()
        seen = load(self.url, SECONDS, headers, self.clients)
        self.rates.append(seen.rate)
        self.p99s.append(seen.p99)
        self.costs.append((self.program.cpu() - before) / seen.requests)


def node_exporter(exposition):
    """Debian's node exporter, with our own exposition as its only collector's: a body of equal size."""
    directory = tempfile.TemporaryDirectory(prefix="bench-")
    lines = exposition.decode().splitlines(keepends=True)
    text = "".join(line for line in lines if "process_" not in line)
    (Path(directory.name) / "exposition.prom").write_text(text)
    program = Program(["prometheus-node-exporter", "--web.listen-address=127.0.0.1:0", "--collector.disable-defaults",
                       "--collector.textfile", f"--collector.textfile.directory={directory.name}",
                       "--web.disable-exporter-metrics", "--web.max-requests=0"])
    program.keeps = directory
    address = program.lines(r"address=\"?(127\.0\.0\.1:\d+)")[0]
    url = f"http://{address}/metrics"
    until(lambda: len(get(url)) > len(text) / 2)
    return program, url


def rows(name, program, tools):
    found = []
    with Nases(tools["nases"], 1, 20, 2) as nases, Daemon(program, nases.urls).ready() as daemon:
        url = daemon.url + "/metrics"
        exposition = get(url)
        with Program([tools["bare"], url]) as bare:
            bare_url = f"http://{bare.lines(r'^listening (.+)$')[0]}/metrics"
            node, node_url = node_exporter(exposition)
            with node:
                node_size = len(get(node_url))
                for coding, headers in CODINGS.items():
                    ours, theirs = Measured(daemon, url), Measured(bare, bare_url)
                    nodes = Measured(node, node_url, NODE_CLIENTS)
                    for _ in range(ROUNDS):
                        for server in (ours, theirs, nodes):
                            server.round(headers)
                    found += compared(f"{name}, {coding}", ours, theirs)
                    per_byte = ratio(ours.rates, nodes.rates) * len(exposition) / node_size
                    found.append(Row(f"{name}, {coding}: bytes of exposition a second, × prometheus-node-exporter",
                                     f"{per_byte:.0f}"))
        refused = [labels for labels in daemon.samples("cloudsync_exporter_http_requests_total")
                   if 'handler="metrics"' in labels and 'code="200"' not in labels]
        found.append(Row(f"{name}: answers other than 200", str(len(refused)), "0", not refused))
        size, zipped = len(exposition), len(gzip.compress(exposition, 1))
        found.append(Row("size of that exposition, plain and gzipped", f"{size / 1000:.0f} kB, {zipped / 1000:.0f} kB"))
    return found


def compared(name, ours, theirs):
    rate, cost = median(ours.rates), median(ours.costs)
    return [
        Row.at_least(f"{name}: scrapes a second by {CLIENTS} clients, × the bare server", ratio(ours.rates, theirs.rates),
                     0.8),
        Row.at_most(f"{name}: 99th percentile, × the bare server", ratio(ours.p99s, theirs.p99s), 2),
        Row(f"{name}: processor time of a scrape, × the bare server",
            f"{ratio(ours.costs, theirs.costs):.2f} ({cost * 1e6:.0f} µs, {rate:.0f} a second)"),
    ]
