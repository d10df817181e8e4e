"""A daemon with many NASes that misbehave in turns, and what is seen of each."""

import contextlib
import re
from dataclasses import dataclass, field

from support import http
from support.exporter import Exporter, configuration
from support.faults import MOST_BYTES
from support.peer import Answers, Loop, Peer
from support.simulator import ACCOUNT, PASSWORD
from support.wait import eventually

POLL = {"interval": "1s", "slow_interval": "1h", "timeout": "1s", "stale_after": "2s", "max_response_bytes": MOST_BYTES}
# What idle connections and their ends leave open for a moment.
SPARE_DESCRIPTORS = 2
SAMPLE = re.compile(r'^(\w+)(?:\{([^ ]*)\})? (\S+)$', re.MULTILINE)
NAS = re.compile(r'nas="(\w+)"')
SECTION = re.compile(r'section="(\w+)"')
REASON = re.compile(r'reason="(\w+)"')


@dataclass
class State:
    """One NAS in one exposition."""

    up: float = None
    reasons: list = field(default_factory=list)
    polls: float = 0
    failures: float = 0
    suspended: float = 0
    data: int = 0
    sections: set = field(default_factory=set)

    @property
    def successes(self):
        return self.polls - self.failures


def states(exporter):
    """Each NAS as the exposition has it, and the series without a NAS by name. Parsed for little, as there are many."""
    answer = http.get(exporter.url + "/metrics")
    assert answer.status == 200
    seen, own = {}, {}
    for name, labels, value in SAMPLE.findall(answer.text):
        found = NAS.search(labels)
        if found is None:
            own[name] = float(value)
            continue
        state = seen.setdefault(found[1], State())
        if name == "cloudsync_up":
            state.up = float(value)
        elif name == "cloudsync_down_reason" and value == "1":
            state.reasons.append(REASON.search(labels)[1])
        elif name == "cloudsync_polls_total":
            state.polls = float(value)
        elif name == "cloudsync_poll_failures_total":
            state.failures += float(value)
        elif name == "cloudsync_nas_login_suspended":
            state.suspended = float(value)
        elif name == "cloudsync_poll_section_failures_total" and float(value):
            state.sections.add(SECTION.search(labels)[1])
        elif name in ("cloudsync_connection_info", "cloudsync_connection_status", "cloudsync_task_status"):
            state.data += 1
    return seen, own


class Misbehaviour:
    """A daemon that polls `number` peers, every one of them well until told otherwise."""

    def __init__(self, stage, number, password=lambda name: {"password": PASSWORD}, poll=None, tls=None, **sections):
        """`password` gives the keys of a NAS with its secrets, `tls` how each of them encrypts at first."""
        self.nas = stage.simulator(0, "--world", "documented")
        self.loop = Loop()
        stage.stack.callback(self.loop.stop)
        self.answers = Answers(self.nas.port)
        self.answers.session(self.nas.ask("POST", "/session"))
        contexts = tls or [None] * number
        self.peers = {f"nas_{index:03}": Peer(self.loop, self.answers, PASSWORD, contexts[index])
                      for index in range(number)}
        self.config = self.configuration(password, poll, **sections)
        self.exporter = stage.start(Exporter, self.config)

    def configuration(self, password, poll=None, **sections):
        config = configuration("http://127.0.0.1:9", poll={**POLL, **(poll or {})}, **sections)
        config["nas"] = {name: {"url": peer.url, "username": ACCOUNT, **password(name)}
                         for name, peer in self.peers.items()}
        return config

    def states(self):
        return states(self.exporter)[0]

    def healthy(self):
        """The loops go on, whatever the NASes do."""
        assert http.get(self.exporter.url + "/-/healthy").status == 200

    def all_up(self):
        def up():
            seen = self.states()
            wrong = {name: state for name, state in seen.items()
                     if state.up != 1 or state.reasons or not state.data}
            assert len(seen) == len(self.peers) and not wrong, wrong
            return seen
        return eventually(up)

    def resources(self):
        """Bytes of memory and open files; the scrape that asks is part of both times."""
        own = states(self.exporter)[1]
        return own["process_resident_memory_bytes"], own["process_open_fds"]

    def further(self, polls=2):
        """Waits until each NAS was polled so often once more."""
        before = self.states()

        def polled():
            now = self.states()
            assert all(now[name].polls >= before[name].polls + polls for name in before), now
            return now
        return eventually(polled)

    def turn(self, faults, until_stale=True):
        """Each NAS, named, has its fault for a while and none again. Gives what was wrong by the fault's sentence.
        Not `until_stale`: a fault ends as soon as it was seen."""
        before = self.all_up()
        for name, fault in faults.items():
            self.peers[name].become((fault.stage, fault.act))
        wrong = {}
        for name, fault in faults.items():
            with self.noted(wrong, fault):
                self._goes_down(name, fault, before[name])
            if not until_stale:
                self.peers[name].become(None)
        self.healthy()
        for name, fault in faults.items() if until_stale else ():
            with self.noted(wrong, fault):
                eventually(lambda name=name: self._is_withdrawn(name))
        failed = self.states()
        for name in faults:
            self.peers[name].become(None)
        for name, fault in faults.items():
            with self.noted(wrong, fault):
                self._comes_up(name, failed[name])
        self.healthy()
        return wrong

    @staticmethod
    @contextlib.contextmanager
    def noted(wrong, fault):
        try:
            yield
        except AssertionError as error:
            wrong.setdefault(fault.sentence, str(error))

    def _goes_down(self, name, fault, before):
        def down():
            state = self.states()[name]
            assert (state.up, state.reasons) == (0, [fault.reason]), state
            return state
        state = eventually(down, within=20)
        # The poll that was under way when the fault began may have succeeded, and those before it.
        assert state.successes <= before.successes + 2, (before, state)

    def _is_withdrawn(self, name):
        state = self.states()[name]
        assert state.data == 0 and state.up == 0, state

    def _comes_up(self, name, failed):
        def up():
            state = self.states()[name]
            assert state.up == 1 and not state.reasons and state.data, state
            return state
        state = eventually(up, within=20)
        assert state.failures <= failed.failures + 2, (failed, state)
