"""The program under test."""

import json
import os
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
BINARY = Path(os.environ.get("CLOUDSYNC_EXPORTER", REPOSITORY / "target/debug/cloudsync-exporter")).resolve()


def environment(**extra):
    """This process's environment without anything that configures the program or sends it to a proxy."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith("CLOUDSYNC_EXPORTER") and not name.lower().endswith("_proxy")}
    return {**kept, **extra}


def run(*arguments, directory, **extra):
    """The program as a user types it, to its end."""
    return subprocess.run([BINARY, *map(str, arguments)], cwd=directory, env=environment(**extra), text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=120, check=False)


def catalogue():
    """The metric catalogue, by name."""
    rows = json.loads(run("metrics", "--format", "json", directory=REPOSITORY).stdout)
    return {row["name"]: row for row in rows}
