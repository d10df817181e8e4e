"""An exposition, read by prometheus_client's parsers."""

from prometheus_client import parser
from prometheus_client.openmetrics import parser as openmetrics_parser

OPENMETRICS = "application/openmetrics-text; version=1.0.0"


def text(body):
    """The families of text 0.0.4."""
    return list(parser.text_string_to_metric_families(body))


def strict(body):
    """The families of OpenMetrics 1.0; the parser refuses what the standard does."""
    return list(openmetrics_parser.text_string_to_metric_families(body))


class Samples:
    """Samples to ask for by name and labels."""

    def __init__(self, families):
        self.values = {}
        for family in families:
            for sample in family.samples:
                assert sample.timestamp is None, f"a timestamp: {sample}"
                key = (sample.name, frozenset(sample.labels.items()))
                assert key not in self.values, f"twice: {key}"
                self.values[key] = sample.value

    def names(self):
        return {name for name, _ in self.values}

    def select(self, name, /, **labels):
        """(labels, value) of each sample with these labels and perhaps others."""
        wanted = set(labels.items())
        return [(dict(own), value) for (sample, own), value in self.values.items() if sample == name and wanted <= own]

    def value(self, name, /, **labels):
        """The value of the one sample with these labels and perhaps others."""
        found = self.select(name, **labels)
        assert len(found) == 1, f"{name} {labels}: {found}"
        return found[0][1]

    def true(self, name, label, /, **labels):
        """The value of `label` for which a state set is 1; None when it is 0 for all."""
        found = [own[label] for own, value in self.select(name, **labels) if value == 1]
        assert len(found) <= 1, f"{name} {labels}: {found}"
        return found[0] if found else None
