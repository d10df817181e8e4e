"""The programs that are measured and those they are measured with: built, started, asked, ended by their own handle."""

import json
import os
import re
import subprocess
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
TICKS = os.sysconf("SC_CLK_TCK")


def build_release():
    """The daemon as `cargo build --release` makes it, against this system's C library."""
    subprocess.run(["cargo", "build", "--quiet", "--locked", "--release", "--bin", "cloudsync-exporter"], cwd=ROOT,
                   check=True)
    return TARGET / "release" / "cloudsync-exporter"


def build_static():
    """The daemon as it is handed out."""
    built = subprocess.run(["deploy/build-static"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    return (ROOT / built.stdout.strip()).resolve()


def build_tools():
    """`bare` and `nases`, by name."""
    built = subprocess.run(["cargo", "build", "--quiet", "--locked", "--release", "--bench", "bare", "--bench", "nases",
                            "--message-format=json"], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    messages = map(json.loads, built.stdout.splitlines())
    return {message["target"]["name"]: Path(message["executable"]) for message in messages
            if message.get("executable") and "bench" in message["target"]["kind"]}


def until(check, within=60):
    """The first true answer of `check`."""
    deadline = time.monotonic() + within
    while True:
        try:
            if answer := check():
                return answer
        except ConnectionError:
            # Not yet, or no more: which of the two, the deadline decides.
            pass
        if time.monotonic() > deadline:
            raise TimeoutError(f"{check} is still false after {within} s")
        time.sleep(0.002)


def get(url, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=30) as answer:
        return answer.read()


def post(url, body, **headers):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read()


class Program:
    """A running program, its output in a file."""

    def __init__(self, arguments, environ=None):
        self.arguments = [str(argument) for argument in arguments]
        self.directory = tempfile.TemporaryDirectory(prefix="bench-")
        self.log = Path(self.directory.name) / "log"
        with self.log.open("wb") as out:
            self.child = subprocess.Popen(self.arguments, cwd=self.directory.name, stdin=subprocess.DEVNULL, stdout=out,
                                          stderr=subprocess.STDOUT, env={**os.environ, **(environ or {})})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def output(self):
        return self.log.read_text(errors="replace")

    def lines(self, pattern, count=1, within=120):
        """What a pattern matches in the output, once it does so `count` times."""

        def found():
            if self.child.poll() is not None:
                raise RuntimeError(f"{self.arguments} ended with {self.child.returncode}:\n{self.output()}")
            matches = re.findall(pattern, self.output(), re.MULTILINE)
            return matches if len(matches) >= count else None

        return until(found, within)

    def stop(self):
        """SIGTERM, and the exit code."""
        if self.child.poll() is None:
            self.child.terminate()
        try:
            return self.child.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.child.kill()
            return self.child.wait()
        finally:
            self.directory.cleanup()

    def cpu(self):
        """Seconds of processor time so far, user's and system's, in steps of a hundredth."""
        fields = Path(f"/proc/{self.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def resident(self):
        """Resident memory in bytes."""
        status = Path(f"/proc/{self.child.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE)[1]) * 1024


class Nases(Program):
    """Simulated NASes: URLs, and the URLs of their controls."""

    def __init__(self, tool, nases, connections, tasks):
        super().__init__([tool, nases, connections, tasks])
        lines = self.lines(r"^(http\S+) (http\S+)$", nases)
        self.urls = [url for url, _ in lines]
        self.controls = [control for _, control in lines]


class Daemon(Program):
    """The exporter, polling these URLs as `n0`, `n1` …; `wrapper` is a program that runs it."""

    def __init__(self, program, urls, poll=None, wrapper=(), environ=None, **sections):
        nas = {f"n{index}": {"url": url, "username": "demo", "password": "demo"} for index, url in enumerate(urls)}
        config = {"nas": nas, "poll": poll or {}, **sections}
        self.place = tempfile.TemporaryDirectory(prefix="bench-")
        file = Path(self.place.name) / "exporter.yaml"
        file.write_text(json.dumps({"state_file": str(file.with_name("state.sqlite")), **config}))
        super().__init__([*wrapper, program, "--config.file", file, "--web.listen-address", "127.0.0.1:0"], environ)
        self.url = "http://" + self.lines(r"listening address=(\S+)")[0]

    def ready(self, within=120):
        """Waits until every NAS was tried and answered."""

        def polled():
            samples = self.samples("cloudsync_up")
            return samples and all(value == 1 for value in samples.values())

        until(polled, within)
        return self

    def samples(self, name):
        """The samples of a name: labels as they stand, to values."""
        pattern = re.compile(rf"^{name}(\{{.*\}})? (\S+)$", re.MULTILINE)
        text = get(self.url + "/metrics").decode()
        return {labels: float(value) for labels, value in pattern.findall(text)}

    def total(self, name):
        return sum(self.samples(name).values())

    def stop(self):
        code = super().stop()
        self.place.cleanup()
        return code
