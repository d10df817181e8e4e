"""Load by wrk, a process of its own."""

import re
import subprocess
from dataclasses import dataclass

CLIENTS = 64
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


@dataclass
class Load:
    """What wrk saw: requests and their number a second, and the time that 99 of 100 took at most, in seconds."""

    requests: int
    rate: float
    p99: float


def load(url, seconds, headers=None, clients=CLIENTS):
    """As much as `clients` kept connections can ask. Fails unless each answer was good and no connection broke."""
    arguments = ["wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--latency", "--timeout", "30s"]
    for name, value in (headers or {}).items():
        arguments += ["-H", f"{name}: {value}"]
    text = subprocess.run([*arguments, url], check=True, stdout=subprocess.PIPE, text=True).stdout
    for trouble in ("Non-2xx", "Socket errors"):
        if trouble in text:
            raise RuntimeError(f"{url} was not answered as it should be:\n{text}")
    value, unit = re.search(r"^\s+99%\s+([\d.]+)(us|ms|s|m)\s*$", text, re.MULTILINE).groups()
    return Load(requests=int(re.search(r"(\d+) requests in", text)[1]),
                rate=float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]), p99=float(value) * UNITS[unit])
