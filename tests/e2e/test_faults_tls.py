"""Certificates that change between polls, and what else encryption may do."""

from support import faults
from support.authority import Authority
from support.faulty import Misbehaviour
from support.simulator import PASSWORD
from support.wait import eventually


async def hello(link):
    """What the client begins with."""
    await link.reader.read(4096)


def after_hello(*parts, then="close"):
    async def act(link):
        await hello(link)
        await faults.sends(*parts, then=then)(link)
    return act


async def encrypts_and_hangs(link):
    await link.writer.start_tls(link.peer.tls)
    await link.hang()


def changes(ours, other, first):
    """How each NAS encrypts after it was well with `first`: by name, what it has for trust, and the reason that is to
    be given; None when it stays up."""
    by_authority, by_pin = {"ca_file": str(ours.file)}, {"pin_sha256": first.pin}
    return {
        "another certificate of the authority": (by_authority, ours.sign().server(), None),
        "another authority's": (by_authority, other.sign().server(), "tls"),
        "one that nobody signed": (by_authority, ours.sign(itself=True).server(), "tls"),
        "one that has expired": (by_authority, ours.sign(days=-0.01, since=-9).server(), "tls"),
        "one that is not valid yet": (by_authority, ours.sign(since=1).server(), "tls"),
        "one of another address": (by_authority, ours.sign("127.0.0.2").server(), "tls"),
        "pinned: another key": (by_pin, ours.sign().server(), "tls"),
        "pinned: the same key, certified anew": (by_pin, ours.sign(key=first.key).server(), None),
        "pinned: the same key, expired": (by_pin, ours.sign(key=first.key, days=-0.01, since=-9).server(), None),
        "anybody": ({"insecure_skip_verify": True}, other.sign("127.0.0.2").server(), None),
        "no encryption any more": (by_authority, None, "tls"),
    }


def test_a_certificate_that_changes(stage, tmp_path):
    ours, other = Authority(tmp_path / "ours"), Authority(tmp_path / "other")
    first = ours.sign()
    table = changes(ours, other, first)
    trust = {f"nas_{index:03}": row[0] for index, row in enumerate(table.values())}
    world = Misbehaviour(stage, len(table), lambda name: {"password": PASSWORD, "tls": trust[name]},
                         tls=[first.server() for _ in table])
    before = world.all_up()
    given = dict(zip(world.peers, table.items()))
    for name, (_, (_, context, _)) in given.items():
        world.peers[name].speak(context)

    def changed():
        seen = world.states()
        for name, (sentence, (_, _, reason)) in given.items():
            state = seen[name]
            expected = (0, [reason], 0) if reason else (1, [], world.peers[name].accepted and state.data)
            assert (state.up, state.reasons, state.data) == expected, (sentence, state)
            if reason is None:
                assert state.failures == before[name].failures, (sentence, state)
    world.further(2)
    eventually(changed, within=20)
    # Each of them was met by a new connection, not by one from before.
    assert all(peer.accepted >= 2 for peer in world.peers.values())
    world.healthy()
    for peer in world.peers.values():
        peer.speak(first.server())
    world.all_up()


def test_handshakes_that_go_wrong(stage, tmp_path):
    ours = Authority(tmp_path / "ours")
    context = ours.sign().server()
    table = [
        faults.Fault("is silent after the hello", "accept", after_hello(then="hang"), "timeout"),
        faults.Fault("closes after the hello", "accept", after_hello(), "tls"),
        faults.Fault("resets after the hello", "accept", after_hello(then="reset"), "connect"),
        faults.Fault("answers the hello in plain text", "accept",
                     after_hello("HTTP/1.1 400 Bad Request\r\n\r\n", then="hang"), "tls"),
        faults.Fault("answers the hello with an alert", "accept",
                     after_hello(b"\x15\x03\x03\x00\x02\x02\x28", then="hang"), "tls"),
        faults.Fault("drips its part of the handshake", "accept", drips_a_record, "timeout"),
        faults.Fault("is silent once it is encrypted", "accept", encrypts_and_hangs, "timeout"),
        faults.Fault("is silent when asked through it", "poll", faults.hang, "timeout"),
        faults.Fault("is reset when asked through it", "poll", faults.reset, "http"),
        faults.Fault("ends within the body, without a goodbye", "poll", faults.partly(0.5, then="reset"), "http"),
    ]
    world = Misbehaviour(stage, len(table), lambda _: {"password": PASSWORD, "tls": {"ca_file": str(ours.file)}},
                         tls=[context] * len(table))
    assert world.turn(dict(zip(world.peers, table))) == {}


async def drips_a_record(link):
    await hello(link)
    await link.send(b"\x16\x03\x03\x10\x00\x02")
    await link.drip(b"\x00")


def test_encryption_where_none_is_expected(stage, tmp_path):
    world = Misbehaviour(stage, 1)
    world.all_up()
    (name, peer), = world.peers.items()
    peer.speak(Authority(tmp_path / "ours").sign().server())

    def down():
        state = world.states()[name]
        assert (state.up, state.reasons) == (0, ["http"]), state
    eventually(down, within=20)
    peer.speak(None)
    world.all_up()
