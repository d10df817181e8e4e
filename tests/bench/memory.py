"""Resident memory: with one NAS, after many scrapes, and how it grows."""

import time

from programs import Daemon, Nases
from rows import MIB, Row, fit, mib
from wrk import load

SCRAPES = 100_000
# Polls come quickly here, so that what they leave behind is there soon.
POLL = {"interval": "1s", "slow_interval": "5s"}
SETTLED = 15
NASES = (1, 25, 50, 100)
CONNECTIONS = (1, 50, 100, 200)


def rows(name, program, tools):
    return [*one_nas(name, program, tools), *growth(name, program, tools)]


def one_nas(name, program, tools):
    with Nases(tools["nases"], 1, 20, 2) as nases, Daemon(program, nases.urls, POLL).ready() as daemon:
        time.sleep(SETTLED)
        idle = daemon.resident()
        scrapes = 0
        while scrapes < SCRAPES:
            for coding in ("identity", "gzip", "zstd"):
                scrapes += load(daemon.url + "/metrics", 2, {"Accept-Encoding": coding}).requests
        busy = daemon.resident()
    labels = f"{name}: resident memory, one NAS with 20 connections", f"{name}: the same after 100,000 scrapes"
    if name != "static":
        return [Row(labels[0], mib(idle)), Row(labels[1], mib(busy))]
    return [Row.at_most(labels[0], idle / MIB, 12, "{:.1f} MiB"), Row.at_most(labels[1], busy / MIB, 16, "{:.1f} MiB")]


def settled(daemons):
    for daemon in daemons:
        daemon.ready()
    time.sleep(SETTLED)
    found = [daemon.resident() for daemon in daemons]
    for daemon in daemons:
        daemon.stop()
    return found


def growth(name, program, tools):
    with Nases(tools["nases"], max(NASES), 10, 1) as nases:
        memory = settled([Daemon(program, nases.urls[:count], POLL) for count in NASES])
    by_nas = described(name, "NAS of 10 connections", zip(NASES, memory, strict=True))
    running = [Nases(tools["nases"], 1, count, 1) for count in CONNECTIONS]
    try:
        memory = settled([Daemon(program, nases.urls, POLL) for nases in running])
    finally:
        for nases in running:
            nases.stop()
    return [by_nas, described(name, "connection", zip(CONNECTIONS, memory, strict=True))]


def described(name, what, points):
    start, slope, residual = fit(list(points))
    text = f"{slope / 1024:.0f} KiB (line from {mib(start)}; worst point {mib(residual)} off it)"
    return Row(f"{name}: each further {what}", text)
