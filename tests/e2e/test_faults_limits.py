"""Too much of something: open files, reloads, connections that come and go. The daemon goes on, and needs no more
afterwards than before."""

import itertools
import json
import os
import resource
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor

from support import faults, http
from support.admin import Administrated, administrated
from support.exporter import write
from support.faulty import SPARE_DESCRIPTORS, Misbehaviour, states
from support.simulator import PASSWORD
from support.wait import eventually

FILES = 64
# Processor time in a second of standing still that no busy loop would keep to.
IDLE_SHARE = 0.7
STORM = 200
# More than all of them together need at most, and far less than what each would leave behind.
SPARE_MEMORY = 24 * 1024 * 1024
CROWD = 1000
# Each crowd takes five megabytes or more, of which six come after memory is warm.
CROWDS, WARM = 14, 7
SPARE_CROWD = 15 * 1024 * 1024
MAX_SERIES = 5000


def processor_seconds(pid):
    fields = open(f"/proc/{pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def open_files(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


def test_no_more_files_can_be_opened(stage):
    world = Misbehaviour(stage, 2)
    world.all_up()
    pid = world.exporter.process.child.pid
    before = open_files(pid)
    # The limit is taken below what is open and asked for, so that neither clients nor the NAS get one more.
    limits = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (FILES, limits[1]))
    address = ("127.0.0.1", int(world.exporter.url.rsplit(":", 1)[1]))
    idle = []
    try:
        for _ in range(FILES * 2):
            idle.append(socket.create_connection(address, timeout=30))

        def exhausted():
            assert "cannot accept a connection" in world.exporter.process.output()
        eventually(exhausted)
        # Each connection to a NAS is a new one now.
        for peer in world.peers.values():
            peer.become(("poll", faults.reset))

        def told():
            lines = [line for line in world.exporter.process.output().splitlines() if "NAS is down" in line]
            assert any("Too many open files" in line and "reason=connect" in line for line in lines), lines
        started, used = os.times().elapsed, processor_seconds(pid)
        eventually(told)
        time.sleep(2)
        share = (processor_seconds(pid) - used) / (os.times().elapsed - started)
        assert share < IDLE_SHARE, "a busy loop"
        assert world.exporter.process.output().count("cannot accept a connection") < 200
    finally:
        for one in idle:
            one.close()
        for peer in world.peers.values():
            peer.become(None)
    # The limit stays: it is enough for who does not open too many.
    world.all_up()
    world.healthy()

    def closed():
        assert open_files(pid) <= before + SPARE_DESCRIPTORS
    eventually(closed)


def test_a_storm_of_reloads(stage, tmp_path):
    nas = stage.simulator()
    config = administrated(nas.url, tmp_path / "state", poll={"interval": "1s"})
    exporter = stage.start(Administrated, config).polled()
    pid = exporter.process.child.pid
    files = open_files(pid)
    other = json.loads(json.dumps(config))
    other["poll"]["interval"] = "1100ms"
    bad = {**config, "poll": {"interval": "never"}}

    def storm():
        turns = itertools.cycle([config, bad, other, {"nonsense": 1}])

        def reload(number):
            # Files change while others are read, as with an editor that saves at any time.
            new = write(exporter.directory, next(turns), f"new-{number}.yaml")
            new.replace(exporter.file)
            if number % 2:
                exporter.process.signal(signal.SIGHUP)
                return None
            return exporter.admin.post("/-/reload").status
        with ThreadPoolExecutor(8) as pool:
            return set(pool.map(reload, range(STORM)))

    assert storm() <= {None, 200, 422, 400, 500}
    memory = states(exporter)[1]["process_resident_memory_bytes"]
    storm()
    # The last one is good, and in force. It is there at once, as signals may still wait to be heeded.
    write(exporter.directory, config, "last.yaml").replace(exporter.file)
    assert exporter.admin.post("/-/reload").status == 200
    exporter.polled()
    metrics = exporter.metrics()
    assert metrics.value("cloudsync_exporter_config_last_reload_successful") == 1
    assert {labels["nas"] for labels, _ in metrics.select("cloudsync_up")} == {"home"}
    # One loop: as many requests at the NAS as polls were counted, none of a loop that was forgotten.
    nas.ask("DELETE", "/requests")
    before = exporter.metrics().value("cloudsync_polls_total", nas="home")

    def further():
        assert exporter.metrics().value("cloudsync_polls_total", nas="home") >= before + 4
    eventually(further)
    requests = [one for one in nas.requests() if one["method"] == "list_conn" or one["api"] == "SYNO.Entry.Request"]
    polls = exporter.metrics().value("cloudsync_polls_total", nas="home") - before
    # The slow part is a request of its own.
    assert len(requests) <= 2 * (polls + 2), (len(requests), polls)
    assert states(exporter)[1]["process_resident_memory_bytes"] - memory < SPARE_MEMORY
    eventually(lambda: no_more_files(pid, files))
    assert "panicked" not in exporter.process.output()


def no_more_files(pid, before):
    assert open_files(pid) <= before + SPARE_DESCRIPTORS


def crowd(first):
    """An answer of list_conn with a thousand connections of these ids, each with text of its own."""
    def edit(member):
        sample = member["data"]["conn"][0]
        member["data"]["conn"] = [{**sample, "id": number, "task_name": f"connection {number}",
                                   "task_display_name": f"connection {number}"} for number in range(first, first + CROWD)]
        member["data"]["total"] = CROWD
    return faults.edited("list_conn", edit)


def test_a_thousand_connections_that_come_and_go(stage):
    world = Misbehaviour(stage, 1, poll={"timeout": "30s", "interval": "1s", "stale_after": "90s",
                                         "max_response_bytes": 16 * 1024 * 1024}, metrics={"max_series": MAX_SERIES})
    world.answers.answer = few(world.answers.answer)
    world.all_up()
    (name, peer), = world.peers.items()
    memory, usual = [], float(_values(world, "cloudsync_connections")[0])
    for turn in range(CROWDS):
        peer.become(("poll", crowd(10_000 * (turn + 1))))
        eventually(lambda: shown(world, CROWD))
        seen = http.get(world.exporter.url + f"/probe?nas={name}").text
        assert f'conn_id="{10_000 * (turn + 1)}"' in seen
        assert sum(1 for line in seen.splitlines() if "conn_id=" in line) <= MAX_SERIES
        peer.become(None)
        eventually(lambda: shown(world, usual))
        # What vanished has no series any more, its counters included.
        assert f'conn_id="{10_000 * (turn + 1)}"' not in http.get(world.exporter.url + "/metrics").text
        memory.append(world.resources()[0])
    # Two thousand of those that are gone are remembered, in case they come back; so the first crowds are kept.
    assert memory[-1] - memory[WARM] < SPARE_CROWD, memory
    world.healthy()


def few(answer):
    """Of connections that the NAS does not know it says what it says of the first: it is not asked of a thousand."""
    async def answered(request):
        if request.stage != "poll":
            return await answer(request)
        form = dict(request.form)
        calls = json.loads(form.get("compound", "[]"))
        if len(calls) < 100:
            return await answer(request)
        results = [{"api": call["api"], "method": call["method"], "version": 1, "success": True,
                    "data": {"sess": [], "total": 0} if call["method"] == "list_sess" else {"items": [], "total": 0}
                    if call["method"] == "get_log" else {}} for call in calls]
        real = {**form, "compound": json.dumps(calls[:2])}
        request.form = real
        try:
            first = json.loads(await answer(request))["data"]["result"]
        finally:
            request.form = form
        results[:len(first)] = first
        return json.dumps({"success": True, "data": {"has_fail": False, "result": results}}).encode()
    return answered


def shown(world, number):
    found = {float(value) for value in _values(world, "cloudsync_connections")}
    assert found == {number}, found


def _values(world, name):
    text = http.get(world.exporter.url + "/metrics").text
    return [line.rsplit(" ", 1)[1] for line in text.splitlines() if line.startswith(name + "{")]
