"""What a service manager hears: readiness, reloads, the end, and the watchdog, on a socket as systemd's."""

import signal
import socket

import pytest

from support.exporter import configuration
from support.prometheus import closed_port
from support.wait import eventually


class Manager:
    """The socket of a service manager: one datagram is one message, a state in each line."""

    def __init__(self, file):
        self.file = file
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(file))
        self.socket.settimeout(60)

    def environ(self, watchdog=None):
        found = {"NOTIFY_SOCKET": str(self.file)}
        if watchdog is not None:
            found["WATCHDOG_USEC"] = str(int(watchdog * 1_000_000))
        return found

    def hear(self):
        """The next message, as its states."""
        lines = self.socket.recv(4096).decode().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def hear_besides_watchdog(self):
        while True:
            states = self.hear()
            if states != {"WATCHDOG": "1"}:
                return states


@pytest.fixture
def manager(tmp_path):
    manager = Manager(tmp_path / "notify")
    yield manager
    manager.socket.close()


def test_it_says_that_it_is_ready_reloads_and_ends(stage, manager):
    config = configuration(stage.simulator().url)
    exporter = stage.exporter(config, environ=manager.environ())
    assert manager.hear() == {"READY": "1", "STATUS": "polls 1 NASes"}

    config["nas"]["second"] = dict(config["nas"]["home"])
    exporter.configure(config)
    exporter.process.signal(signal.SIGHUP)
    reloading = manager.hear()
    assert reloading["RELOADING"] == "1" and int(reloading["MONOTONIC_USEC"]) > 0, reloading
    assert manager.hear() == {"READY": "1", "STATUS": "polls 2 NASes"}

    exporter.file.write_text("nas: nonsense\n")
    exporter.process.signal(signal.SIGHUP)
    assert manager.hear()["RELOADING"] == "1"
    assert manager.hear() == {"READY": "1", "STATUS": "polls 2 NASes"}, "the old configuration is in force"

    exporter.process.signal(signal.SIGTERM)
    assert manager.hear() == {"STOPPING": "1"}
    # A second signal, by the stage, would end it at once.
    assert exporter.process.wait(30) == 0


def test_the_watchdog_hears_of_it_whatever_the_nas_does(stage, manager):
    """A NAS that is off is no reason to start the program again."""
    exporter = stage.exporter(configuration(f"http://127.0.0.1:{closed_port()}"), environ=manager.environ(watchdog=0.2))
    assert manager.hear_besides_watchdog()["READY"] == "1"
    eventually(lambda: exporter.reason())
    for _ in range(10):
        assert manager.hear() == {"WATCHDOG": "1"}


def test_ready_is_said_after_the_ports_are_taken(stage, manager, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        config = configuration(stage.simulator().url, state_file=str(tmp_path / "state.sqlite"),
                               admin={"enabled": True, "listen_address": f"127.0.0.1:{port}"})
        with pytest.raises(RuntimeError, match="admin.listen_address"):
            stage.exporter(config, environ=manager.environ())
        manager.socket.setblocking(False)
        with pytest.raises(BlockingIOError):
            manager.hear()
