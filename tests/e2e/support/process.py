"""Programs that run beside a test: their output in files, ended by their own handle."""

import re
import signal
import subprocess

from support.wait import eventually


class Process:
    """A running program. `directory` is its working directory and takes its output."""

    def __init__(self, arguments, directory, name, **options):
        directory.mkdir(parents=True, exist_ok=True)
        self.arguments = [str(argument) for argument in arguments]
        self.log = directory / f"{name}.log"
        with self.log.open("ab") as out:
            self.child = subprocess.Popen(self.arguments, cwd=directory, stdin=subprocess.DEVNULL, stdout=out,
                                          stderr=subprocess.STDOUT, **options)

    def output(self):
        return self.log.read_text(errors="replace")

    def line(self, pattern):
        """The first match of a pattern in the output, waited for. A program that never says it is killed."""
        compiled = re.compile(pattern, re.MULTILINE)

        def match():
            found = compiled.search(self.output())
            if found is None and self.child.poll() is not None:
                raise RuntimeError(f"{self.arguments} ended with {self.child.returncode}:\n{self.output()}")
            assert found, f"no {pattern!r} in the output of {self.arguments}:\n{self.output()}"
            return found

        try:
            return eventually(match)
        except BaseException:
            # Most often it is not known to anybody yet who could stop it.
            self.child.kill()
            self.child.wait()
            raise

    def signal(self, number):
        self.child.send_signal(number)

    def wait(self, within):
        return self.child.wait(timeout=within)

    def stop(self):
        """SIGTERM, and the exit code; a program that does not end is killed and fails the test."""
        if self.child.poll() is None:
            self.signal(signal.SIGTERM)
        try:
            return self.child.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
            raise AssertionError(f"{self.arguments} did not end:\n{self.output()}") from None
