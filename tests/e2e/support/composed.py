"""compose.yaml as docker-compose understands it, and its services without containers: the same commands with the same
files, but for where those are and which ports there are."""

import os
import re
import shlex
import subprocess

import yaml

from support.process import Process
from support.program import BINARY, REPOSITORY, environment
from support.prometheus import free_port
from support.wait import eventually
from support import http

COMPOSE = REPOSITORY / "deploy/compose"
# What is told apart by its address in a container network is told apart by its port here.
PORTS = {"nas": 5000, "exporter": 9842, "exporter.lan": 9843, "prometheus": 9090, "alertmanager": 9093}


def understood(directory=COMPOSE, **extra):
    """The file with the variables of .env, as the program for it reads it."""
    done = subprocess.run(["docker-compose", "config"], cwd=directory, text=True, capture_output=True, timeout=120,
                          env=environment(**extra), check=False)
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)


class Composition:
    """The services on loopback. Files and volumes are below a directory of the test's."""

    def __init__(self, directory, **variables):
        self.directory = directory
        self.file = understood(**variables)
        self.services = self.file["services"]
        self.ports = {name: free_port() for name in PORTS}
        self.running = {}

    def url(self, host):
        return f"http://127.0.0.1:{self.ports[host]}"

    def volume(self, name):
        directory = self.directory / "volumes" / name
        directory.mkdir(parents=True, exist_ok=True)
        return directory

    def mounts(self, service):
        """What a service's container has where: (path in the container, path here), longest first."""
        found = {}
        for mount in self.services[service].get("volumes", []):
            source, target, *_ = mount.split(":")
            found[target] = source if source.startswith("/") else str(self.volume(source))
        for secret in self.services[service].get("secrets", []):
            found["/run/secrets/" + secret["source"]] = self.file["secrets"][secret["source"]]["file"]
        return sorted(found.items(), key=lambda mount: -len(mount[0]))

    def moved(self, service, text):
        """A text of the service with paths and addresses of here. Files that it names are copied and moved as well."""
        for name, port in PORTS.items():
            text = re.sub(rf"(?<![\w.-]){re.escape(name)}:{port}\b", f"127.0.0.1:{self.ports[name]}", text)
        if service in PORTS:
            text = text.replace(f"0.0.0.0:{PORTS[service]}", f"127.0.0.1:{self.ports[service]}")
        mounts = dict(self.mounts(service))
        if not mounts:
            return text
        paths = "|".join(re.escape(path) for path in mounts)
        return re.sub(rf"(?<![\w./-])({paths})(?![\w-])", lambda found: self.copied(service, mounts[found[1]]), text)

    def copied(self, service, path):
        """Configuration in a form for here; what is no configuration as it is."""
        if not os.path.isfile(path) or not path.endswith((".yaml", ".yml")):
            return path
        copy = self.directory / service / os.path.basename(path)
        copy.parent.mkdir(parents=True, exist_ok=True)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        copy.write_text(self.moved(service, text))
        return str(copy)

    def command(self, service):
        return [self.moved(service, word) for word in self.services[service]["command"]]

    def environ(self, service):
        keys = self.services[service].get("environment", {})
        return {name: self.moved(service, value) for name, value in keys.items()}

    def make_tokens(self):
        """The service that runs once, by the shell that it asks for."""
        entry, script = self.services["tokens"]["entrypoint"], self.services["tokens"]["command"]
        text = self.moved("tokens", script[0].replace("$$", "$"))
        subprocess.run([*entry, text], check=True, timeout=60, env=environment())

    def start(self, service, program, *more):
        arguments = [*self.command(service), *more]
        process = Process([program, *arguments], self.directory / service / "work", service,
                          env=environment(**self.environ(service)))
        self.running[service] = process
        return process

    def start_all(self):
        self.make_tokens()
        self.start("nas", BINARY).line("simulated NAS at")
        self.start("exporter", BINARY, "--web.listen-address", f"127.0.0.1:{self.ports['exporter']}")
        self.start("alertmanager", "prometheus-alertmanager", "--cluster.listen-address=",
                   f"--web.listen-address=127.0.0.1:{self.ports['alertmanager']}")
        self.start("prometheus", "prometheus", f"--web.listen-address=127.0.0.1:{self.ports['prometheus']}")
        for host in ("exporter", "alertmanager", "prometheus"):
            eventually(lambda host=host: self.answers(host))

    def answers(self, host):
        child = self.running[host].child
        if child.poll() is not None:
            raise RuntimeError(f"{host} ended with {child.returncode}:\n{self.running[host].output()}")
        assert http.get(self.url(host) + "/-/healthy").status == 200

    def ctl(self, *arguments):
        """ctl with what the exporter's container has for it."""
        done = subprocess.run([BINARY, "ctl", *arguments], text=True, capture_output=True, timeout=60, check=False,
                              env=environment(**self.environ("exporter")))
        assert done.returncode == 0, shlex.join(arguments) + ": " + done.stderr
        return done.stdout

    def stop(self):
        for name, process in reversed(self.running.items()):
            code = process.stop()
            assert code == 0, f"{name} ended with {code}:\n{process.output()}"
