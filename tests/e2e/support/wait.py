"""Waiting without fixed sleeps and without assertions about time."""

import time

# Long beyond what anything here takes, so that only what never happens fails.
DEADLINE = 60


def eventually(check, within=DEADLINE):
    """Calls `check` until it neither fails nor is refused, and gives its answer; at the deadline its last failure."""
    deadline = time.monotonic() + within
    while True:
        try:
            return check()
        except (AssertionError, OSError):
            if time.monotonic() > deadline:
                raise
        time.sleep(0.05)
