"""Fixtures of every end-to-end test: what runs, and that it ends."""

import contextlib
import itertools
import subprocess

import pytest

from support.alertmanager import Alertmanager
from support.at_once import AtOnce
from support.certificate import self_signed
from support.exporter import Demo, Exporter
from support.program import BINARY
from support.prometheus import Prometheus
from support.simulator import Simulator


class Stage:
    """Starts programs in directories of their own, and stops them, last started first."""

    def __init__(self, directory, stack):
        self.directory = directory
        self.stack = stack
        # Some tests start programs from several threads.
        self.numbers = itertools.count(1)

    def start(self, kind, *arguments, **options):
        started = kind(self.directory / f"{kind.__name__.lower()}-{next(self.numbers)}", *arguments, **options)
        self.stack.callback(started.stop)
        return started

    def simulator(self, port=0, *arguments):
        return self.start(Simulator, port, *arguments)

    def exporter(self, config, **options):
        return self.start(Exporter, config, **options)

    def demo(self, *arguments):
        return self.start(Demo, *arguments)

    def tls_simulator(self):
        """One that speaks HTTPS with a self-signed certificate; `expiry` is when that ends."""
        pem, expiry = self_signed(self.directory)
        nas = self.simulator(0, "--tls-cert", pem, "--tls-key", pem)
        nas.expiry = expiry
        return nas

    def prometheus(self, jobs, **alerting):
        return self.start(Prometheus, jobs, **alerting)

    def alertmanager(self, **options):
        return self.start(Alertmanager, **options)


@contextlib.contextmanager
def on_a_stage(directory):
    with contextlib.ExitStack() as stack:
        yield Stage(directory, stack)


@pytest.fixture
def stage(tmp_path):
    with on_a_stage(tmp_path) as stage:
        yield stage


@pytest.fixture(scope="module")
def shared_stage(tmp_path_factory):
    """The same for all tests of a file."""
    with on_a_stage(tmp_path_factory.mktemp("shared")) as stage:
        yield stage


AT_ONCE = pytest.StashKey()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    if pyfuncitem.get_closest_marker("at_once") is None:
        return None
    stash = pyfuncitem.session.stash
    if AT_ONCE not in stash:
        stash[AT_ONCE] = AtOnce(on_a_stage)
    stash[AT_ONCE].run(pyfuncitem)
    return True


def pytest_sessionfinish(session):
    if AT_ONCE in session.stash:
        session.stash[AT_ONCE].stop()


def pytest_sessionstart():
    if not BINARY.is_file():
        pytest.exit(f"{BINARY} is missing: cargo build, or name another in CLOUDSYNC_EXPORTER", returncode=3)
    for program in ("prometheus", "prometheus-alertmanager"):
        subprocess.run([program, "--version"], check=True, capture_output=True)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config):
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None:
        passed, failed, error = (len(reporter.stats.get(kind, [])) for kind in ("passed", "failed", "error"))
        print(f"{passed} passed, {failed + error} failed")
