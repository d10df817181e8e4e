"""The dashboards, read as Grafana reads them: panels, and what their variables offer."""

import re

from support.promql import dashboards

DASHBOARDS = dashboards()
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


def offered(variable, answer):
    """What Grafana makes of the answer to a variable's query_result: the text of each value."""
    body, flags = re.fullmatch(r"/(.*)/(g?)", variable["regex"]).groups()
    expression = re.compile(re.sub(r"\(\?<", "(?P<", body))
    found = []
    for sample in answer:
        labels = ",".join(f'{key}="{value}"' for key, value in sample["metric"].items() if key != "__name__")
        line = f'{sample["metric"].get("__name__", "")}{{{labels}}} {sample["value"][1]} {sample["value"][0] * 1000}'
        matches = list(expression.finditer(line))[: None if flags else 1]
        first = {name: next((match[name] for match in matches if match[name]), None) for name in ("value", "text")}
        found.append((first["value"], first["text"]))
    return dict(found)
