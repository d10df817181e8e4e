"""The image built by buildah, and containers of it run by podman, as root: rootless ones need more of a host than a
machine for tests has to have. Nothing is pulled, and nothing is kept beside the directory of a test."""

import os
import subprocess
import tempfile
import time
from pathlib import Path

from support.program import REPOSITORY

# Whatever an engine does here, it does in less.
LIMIT = 300


def as_root(*command):
    return [*([] if os.geteuid() == 0 else ["sudo", "-n"]), *map(str, command)]


def checked(*command, **options):
    """A command to its end, which must be good; its standard output."""
    done = subprocess.run(list(map(str, command)), text=True, capture_output=True, stdin=subprocess.DEVNULL,
                          timeout=LIMIT, check=False, **options)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


class Engine:
    """Storage in a directory of its own. Not in that of a test: podman takes no path of more than 50 characters."""

    def __init__(self):
        self.directory = Path(tempfile.mkdtemp(prefix="engine-", dir="/tmp"))
        self.storage = ["--storage-driver", "vfs", "--root", self.directory / "root", "--runroot", self.directory / "run"]
        self.containers = []

    def build(self, program, name):
        """The image of a program that is built already."""
        staged = self.directory / "staged"
        checked(REPOSITORY / "deploy/container/stage", program, staged / "image")
        checked(*as_root("buildah", *self.storage, "bud", "--format", "docker", "--isolation", "chroot", "--pull-never",
                         "--build-context", f"build={staged}", "-f", REPOSITORY / "deploy/container/Containerfile",
                         "-t", name, REPOSITORY))

    def podman(self, *arguments):
        return as_root("podman", *self.storage, "--cgroup-manager", "cgroupfs", "--runtime", "runc", *arguments)

    def mount(self, name):
        """The image's files, as long as the engine is there."""
        return checked(*self.podman("image", "mount", name)).strip()

    def start(self, image, *command, network="none", options=()):
        """A container that runs on."""
        # What compose.yaml and the Kubernetes objects say. Limits are named, since the engine's own are above what it
        # may set here; its timer for health checks would need a systemd.
        restricted = ["--read-only", "--read-only-tmpfs=false", "--cap-drop", "ALL", "--security-opt",
                      "no-new-privileges", "--no-healthcheck", "--ulimit", "nofile=4096:4096", "--ulimit",
                      "nproc=4096:4096", "--network", network]
        made = checked(*self.podman("create", *restricted, *options, image, *command)).split()[-1]
        container = Container(self, made)
        self.containers.append(container)
        checked(*self.podman("start", made))
        return container

    def stop(self):
        for container in reversed(self.containers):
            checked(*self.podman("rm", "--force", "--time", "10", container.name))
        checked(*self.podman("system", "prune", "--all", "--force", "--volumes"))
        checked(*self.podman("image", "umount", "--all"))
        checked(*as_root("rm", "-rf", self.directory))


class Container:
    def __init__(self, engine, name):
        self.engine = engine
        self.name = name

    def execute(self, *command):
        """A command in it, to its end."""
        return subprocess.run(self.engine.podman("exec", self.name, *command), text=True, capture_output=True,
                              stdin=subprocess.DEVNULL, timeout=LIMIT, check=False)

    def inspect(self, what):
        return checked(*self.engine.podman("inspect", "--format", "{{" + what + "}}", self.name)).strip()

    def output(self):
        done = subprocess.run(self.engine.podman("logs", self.name), text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=LIMIT, check=True)
        return done.stdout

    def wait(self):
        """Waits for its end; the exit code."""
        return int(checked(*self.engine.podman("wait", self.name)))

    def stop(self):
        """As an engine stops one: SIGTERM, and after ten seconds SIGKILL. The exit code, and how long it took."""
        began = time.monotonic()
        checked(*self.engine.podman("stop", "--time", "10", self.name))
        return int(self.inspect(".State.ExitCode")), time.monotonic() - began
