"""Dashboards against Grafana's own types, as grafana-foundation-sdk has them.

Its decoders take what they know and leave the rest unlooked at, so two things are held against a dashboard: what does
not come back when it is decoded and encoded again, and values of another type than the decoded object declares.
"""

import enum
import json
import re
import typing

from grafana_foundation_sdk.cog import plugins, runtime
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

plugins.register_default_plugins()

# What Grafana knows and its published types do not.
BESIDE = {
    r"\.annotations\.list\[\]\.(step|titleFormat|textFormat|tagKeys)": "the Prometheus data source's own",
    r"override custom\.hideFrom": "hides a column of Grafana 12's table, as custom.hidden does before",
}


def problems(dashboard):
    """Everything that Grafana would not understand, as text."""
    found = _decoded(model.Dashboard, dashboard, "")
    for panel in _panels(dashboard):
        custom = runtime.panelcfg_config(panel["type"]).field_config_from_json_hook
        for override in panel["fieldConfig"]["overrides"]:
            for setting in override["properties"]:
                found += _override(setting["id"], setting["value"], custom)
    return [problem for problem in found if not any(re.match(known, problem) for known in BESIDE)]


def _panels(dashboard):
    for panel in dashboard["panels"]:
        yield from panel["panels"] if panel["type"] == "row" else [panel]


def _decoded(kind, data, path):
    try:
        decoded = kind.from_json(data)
        again = json.loads(json.dumps(decoded, cls=JSONEncoder))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return [f"{path}: {error!r}"]
    return [*_lost(data, again, path), *_mistyped(decoded, path)]


def _override(name, value, custom):
    """A property of an override is a field of the panel's configuration, by its path."""
    path = f"override {name}"
    try:
        if name.startswith("custom."):
            decoded = custom({name.removeprefix("custom."): value})
            before = {name.removeprefix("custom."): value}
        else:
            decoded = model.FieldConfig.from_json({name: value})
            before = {name: value}
        again = json.loads(json.dumps(decoded, cls=JSONEncoder))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return [f"{path}: {error!r}"]
    return [*_lost(before, again, path), *_mistyped(decoded, path)]


def _lost(before, after, path):
    """What is not there any more, or is another."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in before.items():
            if key not in after:
                yield f"{path}.{key}: not known"
            else:
                yield from _lost(value, after[key], f"{path}.{key}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for one, other in zip(before, after, strict=True):
            yield from _lost(one, other, f"{path}[]")
    elif before != after:
        yield f"{path}: {before!r} became {after!r}"


def _mistyped(decoded, path):
    """Attributes that are not what the constructor says, down to the leaves."""
    for name, hint in typing.get_type_hints(type(decoded).__init__).items():
        if name != "return":
            yield from _against(getattr(decoded, name), hint, f"{path}.{name}")


def _against(value, hint, path):
    kind, parameters = typing.get_origin(hint), typing.get_args(hint)
    if kind is typing.Union:
        tries = [list(_against(value, one, path)) for one in parameters]
        if all(tries):
            # The shortest complaint is that of the type that was meant.
            meant = [found for one, found in zip(parameters, tries, strict=True) if one is not type(None)]
            yield from min(meant, key=len)
    elif kind is typing.Literal:
        if value not in parameters:
            yield f"{path}: {value!r} is none of {parameters}"
    elif hint in (typing.Any, object):
        yield from _inner(value, path)
    elif kind is list and isinstance(value, list):
        for one in value:
            yield from _against(one, parameters[0], f"{path}[]")
    elif kind is dict and isinstance(value, dict):
        for key, one in value.items():
            yield from _against(one, parameters[1], f"{path}.{key}")
    elif isinstance(hint, type) and issubclass(hint, enum.Enum):
        if value not in {one.value for one in hint}:
            yield f"{path}: {value!r} is no {hint.__name__}"
    elif hasattr(hint, "from_json") and isinstance(value, dict):
        # The decoder left it as it was.
        yield from _decoded(hint, value, path)
    elif hint is float and type(value) in (int, float) or isinstance(hint, type) and type(value) is hint:
        yield from _inner(value, path)
    elif not isinstance(hint, type) or not isinstance(value, hint) or isinstance(value, bool):
        yield f"{path}: {value!r} is no {hint}"
    else:
        yield from _inner(value, path)


def _inner(value, path):
    if hasattr(value, "to_json"):
        yield from _mistyped(value, path)
    elif isinstance(value, list):
        for one in value:
            yield from _inner(one, f"{path}[]")
