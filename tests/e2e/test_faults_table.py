"""Every fault of a NAS that support/faults.py knows, one after the other in the same daemon: it is down within a poll,
with the right reason and no other, nothing of before is shown for longer than stale_after, and it is up again within a
poll. Nothing is left behind: no descriptor, no memory."""

import os

import pytest

from support import faults
from support.faulty import SPARE_DESCRIPTORS, Misbehaviour
from support.peer import Trap
from support.wait import eventually

# Every fault has its turn so often.
TIMES = int(os.environ.get("FAULT_TIMES", "1"))
AT_ONCE = 40
# Memory that may be held more after all faults than after the first turn of them. The largest of them would show within
# two turns if its bytes stayed, and ten kilobytes of each failure within the whole.
SPARE_MEMORY = 12 * 1024 * 1024
TABLE = list(faults.polls())
SENTENCES = [fault.sentence for fault in TABLE]


@pytest.fixture(scope="module")
def outcome(shared_stage):
    """What was wrong with each fault, by its sentence, and what the daemon needed after each turn."""
    return Outcome(shared_stage)


class Outcome:
    def __init__(self, stage):
        self.world = Misbehaviour(stage, AT_ONCE)
        self.trap = Trap(self.world.loop)
        table = [*TABLE, *faults.redirects(self.trap)]
        self.wrong, self.needed = {}, []
        self.world.all_up()
        self.before = self.world.resources()
        for _ in range(TIMES):
            for start in range(0, len(table), AT_ONCE):
                some = dict(zip(self.world.peers, table[start:start + AT_ONCE]))
                self.wrong.update(self.world.turn(some))
                self.needed.append(self.world.resources())

    def of(self, sentence):
        assert sentence not in self.wrong, self.wrong[sentence]


@pytest.mark.parametrize("sentence", SENTENCES)
def test_a_nas_that(outcome, sentence):
    outcome.of(sentence)


def test_a_nas_that_sends_elsewhere(outcome):
    wrong = {sentence: said for sentence, said in outcome.wrong.items() if sentence not in SENTENCES}
    assert not wrong
    assert outcome.trap.heard == [], "a redirect was followed"


def test_no_descriptor_is_left_open(outcome):
    def closed():
        assert outcome.world.resources()[1] <= outcome.before[1] + SPARE_DESCRIPTORS
    eventually(closed)


def test_no_memory_is_left_behind(outcome):
    memory = [needed for needed, _ in outcome.needed]
    assert memory[-1] - memory[0] < SPARE_MEMORY, memory


def test_every_loop_went_on(outcome):
    assert outcome.world.exporter.process.output().count("panicked") == 0
    outcome.world.further()
