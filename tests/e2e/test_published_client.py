"""The published client synology-api against the simulated NAS."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("published_client.py")


def test_its_twenty_methods_work(stage):
    nas = stage.simulator()
    done = subprocess.run([sys.executable, SCRIPT, "127.0.0.1", str(nas.port), nas.control], text=True,
                          capture_output=True, timeout=120, check=False)
    assert done.stdout.rstrip().endswith("20 passed, 0 failed"), done.stdout + done.stderr
    assert done.returncode == 0
