"""What goes wrong with sessions, with the login and before it. A login is not tried on a timer where that would have
the NAS block this host; everything else is over with the next poll."""

import pytest

from support import faults
from support.faulty import Misbehaviour
from support.peer import Trap
from support.simulator import PASSWORD
from support.wait import eventually

# What a NAS may say of one call without that being the end of the poll.
CALL_CODES = (100, 101, 102, 103, 104, 105, 108, 114, 117, 118, 120, 160, 400, 407, 1000, -1)
SECTIONS = {"get_recently_change": "transfers", "list_sess": "tasks", "get_log": "log"}
SESSION_LOST = (106, 107, 119, 150)


def test_a_login_that_goes_wrong_is_over_when_the_nas_is_well_again(stage):
    world = Misbehaviour(stage, 40)
    trap = Trap(world.loop)
    table = [*faults.logins(trap), *faults.infos()]
    given = dict(zip(world.peers, table))
    assert len(given) == len(table)
    assert world.turn(given, until_stale=False) == {}
    assert trap.heard == [], "a redirect was followed"


def test_a_refused_login_waits_for_other_credentials(stage, tmp_path):
    def password(name):
        (tmp_path / name).write_text("wrong\n")
        return {"password_file": str(tmp_path / name)}

    world = Misbehaviour(stage, len(faults.REFUSALS), password)
    world.all_up()
    named = dict(zip(world.peers, faults.REFUSALS.items()))
    for name, (code, _) in named.items():
        world.peers[name].asked.clear()
        world.peers[name].become(("login", faults.refused(code)))

    def refused():
        seen = world.states()
        for name, (code, reason) in named.items():
            state = seen[name]
            assert (state.up, state.reasons, state.suspended) == (0, [reason], 1), (code, state)
    eventually(refused)
    world.further(3)
    # The NAS would take it now, and is not asked.
    for name in named:
        world.peers[name].become(None)
    world.further(3)
    refused()
    assert {name: world.peers[name].asked["login"] for name in named} == dict.fromkeys(named, 1)
    for name in named:
        (tmp_path / name).write_text(PASSWORD + "\n")
    world.all_up()
    assert {state.suspended for state in world.states().values()} == {0}
    world.healthy()


def test_a_call_that_is_refused_costs_its_section_alone(stage):
    world = Misbehaviour(stage, len(SECTIONS) * len(CALL_CODES))
    world.all_up()
    # By turns, as what is refused with 102 everywhere would be the compound's fault.
    given = dict(zip(world.peers, [(method, code) for method in SECTIONS for code in CALL_CODES]))
    before = world.states()
    for name, (method, code) in given.items():
        world.peers[name].become(("poll", faults.member_refused(method, code)))
    world.further(3)
    seen = world.states()
    for name, (method, code) in given.items():
        state = seen[name]
        assert (state.up, state.failures) == (1, before[name].failures), (method, code, state)
        assert state.sections == {SECTIONS[method]}, (method, code, state)
    for peer in world.peers.values():
        peer.become(None)
    world.all_up()


def test_a_session_that_is_lost_is_replaced_unseen(stage):
    places = [None, "list_conn", *SECTIONS]
    world = Misbehaviour(stage, len(SESSION_LOST) * len(places))
    given = dict(zip(world.peers, [(code, place) for code in SESSION_LOST for place in places]))
    before = world.all_up()
    for name, (code, place) in given.items():
        world.peers[name].asked.clear()
        lost = faults.refused(code) if place is None else faults.refused_from(place, code)
        world.peers[name].become(("poll", faults.once(lost)))
    world.further(3)
    seen = world.states()
    for name, (code, place) in given.items():
        assert seen[name].up == 1 and seen[name].failures == before[name].failures, (code, place, seen[name])
        assert world.peers[name].asked["login"] == 1, (code, place)


@pytest.mark.parametrize("code", SESSION_LOST)
def test_sessions_that_are_never_accepted_do_not_lead_to_many_logins(stage, code):
    world = Misbehaviour(stage, 1)
    world.all_up()
    (name, peer), = world.peers.items()
    peer.asked.clear()
    peer.become(("poll", faults.refused(code)))

    def refused():
        state = world.states()[name]
        assert (state.up, state.reasons, state.suspended) == (0, ["session"], 1), state
    eventually(refused)
    logins = peer.asked["login"]
    world.further(4)
    refused()
    assert peer.asked["login"] == logins <= 3
    world.healthy()
