"""Every PromQL expression of the repository: of rules, and of dashboards as Grafana would send them."""

import functools
import json
import re
from dataclasses import dataclass

import promql_parser

from support import rules
from support.program import REPOSITORY

# What Grafana puts in; of its usual choices the largest, as what happened here happened once.
BUILT_IN = {"__rate_interval": "5m", "__interval": "5s", "__interval_ms": "5000", "__range": "15m", "__range_s": "900",
            "__range_ms": "900000"}
EVERYTHING = '{__name__!=""}'


@dataclass(frozen=True)
class Expression:
    """Where it is, and what it says. Of a dashboard: with variables."""

    place: str
    text: str
    dashboard: str = ""


def of_rules():
    for rule in rules.rules():
        yield Expression(rule.get("alert") or rule["record"], rule["expr"])


@functools.cache
def dashboards():
    """Every dashboard by its file's name."""
    return {file.stem: json.loads(file.read_text()) for file in sorted((REPOSITORY / "dashboards").glob("*.json"))}


def _panels(panels):
    for panel in panels:
        yield panel
        yield from _panels(panel.get("panels", ()))


def of_dashboards():
    """The targets of panels, the annotations, and what is asked of Prometheus for variables."""
    for name, dashboard in dashboards().items():
        for panel in _panels(dashboard["panels"]):
            for target in panel.get("targets", ()):
                if target.get("expr"):
                    place = f"{name}: {panel.get('title') or panel['id']} ({target.get('refId', '')})"
                    yield Expression(place, target["expr"], name)
        for annotation in dashboard.get("annotations", {}).get("list", ()):
            if annotation.get("expr"):
                yield Expression(f"{name}: annotation {annotation['name']}", annotation["expr"], name)
        for variable in variables(dashboard):
            yield Expression(f"{name}: variable {variable['name']}", asked(variable), name)


def variables(dashboard):
    """The variables that ask Prometheus, in their order."""
    return [one for one in dashboard["templating"]["list"] if one["type"] == "query"]


def asked(variable):
    """The expression of a variable's query."""
    query = variable["query"]
    query = query["query"] if isinstance(query, dict) else query
    values = re.fullmatch(r"label_values\((?:(.+),)?\s*(\w+)\s*\)", query, re.DOTALL)
    if values:
        return f"group by ({values[2]}) ({values[1] or EVERYTHING})"
    result = re.fullmatch(r"query_result\((.+)\)", query, re.DOTALL)
    assert result, f"what is {query}?"
    return result[1]


def options(variable, samples):
    """The values of a variable, of the labels that its expression gave."""
    regex = re.fullmatch(r"/(.*)/(g?)", variable.get("regex") or "/(.*)/")
    pattern = re.compile(regex[1].replace("(?<", "(?P<"))
    query = variable["query"]["query"] if isinstance(variable["query"], dict) else variable["query"]
    values = []
    for labels, _ in samples:
        if query.startswith("label_values"):
            value = next(iter(labels.values()), "")
        else:
            text = "{" + ",".join(f'{name}="{value}"' for name, value in labels.items()) + "}"
            found = [match.groupdict().get("value") for match in pattern.finditer(text)]
            value = next((one for one in found if one is not None), "")
        if value and value not in values:
            values.append(value)
    return values


def selections(dashboard, prometheus):
    """What can be chosen of the variables: everything where that can be, else one after the other."""
    chosen = [{}]
    for variable in variables(dashboard):
        further = []
        for before in chosen:
            values = options(variable, prometheus.query(filled(asked(variable), before)))
            if variable.get("includeAll"):
                values = [variable.get("allValue") or "(" + "|".join(map(re.escape, values)) + ")"]
            further.extend({**before, variable["name"]: value} for value in values)
        chosen = further
    return chosen


def filled(text, values):
    """An expression with the values of variables in their places."""
    every = {**BUILT_IN, **values}
    return re.sub(r"\$\{(\w+)(?::\w+)?\}|\$([A-Za-z_]\w*)", lambda found: every[found[1] or found[2]], text)


def parsed(expression):
    """The expression's tree; its variables stand for anything."""
    anything = {variable["name"]: "x" for variable in variables(dashboards()[expression.dashboard])
                } if expression.dashboard else {}
    return promql_parser.parse(filled(expression.text, anything))


@functools.cache
def selectors(expression):
    """(metric, {label: …}) of each selector: the labels that it asks about."""
    found = []

    def visit(node):
        if isinstance(node, promql_parser.VectorSelector):
            matchers = [(matcher.name, matcher.value) for matcher in node.matchers.matchers]
            name = node.name or next((value for label, value in matchers if label == "__name__"), None)
            found.append((name, {label for label, _ in matchers if label != "__name__"}))
        return True

    promql_parser.walk(parsed(expression), visit)
    return found
