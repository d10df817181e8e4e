"""The dashboards, read as Grafana reads them: panels, queries, variables."""

import json
import re

from support.program import REPOSITORY

FOLDER = REPOSITORY / "dashboards"
FILES = sorted(FOLDER.glob("*.json"))
DASHBOARDS = {file.stem: json.loads(file.read_text()) for file in FILES}
OVERVIEW, CONNECTION = "cloud-sync-overview", "cloud-sync-connection"


def walk(value, path=""):
    """Every value of a JSON document, with where it is."""
    yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from walk(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from walk(inner, f"{path}[{number}]")


def panels(dashboard):
    """Those that show something; rows and what collapsed rows hold are resolved."""
    for panel in dashboard["panels"]:
        if panel["type"] == "row":
            yield from panel["panels"]
        else:
            yield panel


def every_panel():
    """(dashboard, panel), for tests of each."""
    return [(name, panel) for name, dashboard in DASHBOARDS.items() for panel in panels(dashboard)]


def interpolate(text, variables, seconds=300, step=2):
    """An expression as Grafana sends it, with `variables` for a range of so many seconds drawn in steps."""
    values = {"__rate_interval": f"{max(4 * step, 20)}s", "__interval": f"{step}s", "__range": f"{seconds}s", **variables}
    pattern = r"\$\{(\w+)(?::\w+)?\}|\$([A-Za-z_]\w*)"
    return re.sub(pattern, lambda found: values[found[1] or found[2]], text)


def options(variable, answer):
    """What Grafana makes of the answer to a variable's query_result: (value, text), by the variable's expression."""
    body, flags = re.fullmatch(r"/(.*)/(g?)", variable["regex"]).groups()
    expression = re.compile(re.sub(r"\(\?<", "(?P<", body))
    found = []
    for sample in answer:
        labels = ",".join(f'{key}="{value}"' for key, value in sample["metric"].items() if key != "__name__")
        line = f'{sample["metric"].get("__name__", "")}{{{labels}}} {sample["value"][1]} {sample["value"][0] * 1000}'
        matches = list(expression.finditer(line))[: None if flags else 1]
        first = {name: next((match[name] for match in matches if match[name]), None) for name in ("value", "text")}
        found.append((first["value"], first["text"]))
    return found
