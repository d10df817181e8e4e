"""What is printed: figures with their targets, as a Markdown table."""

from dataclasses import dataclass
from statistics import median

HEAD = ("figure", "target", "measured")


@dataclass
class Row:
    """A figure. `good` says whether the target is met; without a target it is none."""

    name: str
    measured: str
    target: str = "–"
    good: bool | None = None

    @classmethod
    def at_least(cls, name, value, bound, form="{:.2f}"):
        return cls(name, form.format(value), "≥ " + form.format(bound), value >= bound)

    @classmethod
    def at_most(cls, name, value, bound, form="{:.2f}"):
        return cls(name, form.format(value), "≤ " + form.format(bound), value <= bound)


def line(cells):
    return "| " + " | ".join(cells) + " |"


def table(rows):
    body = [line((row.name, row.target, row.measured)) for row in rows]
    return "\n".join([line(HEAD), "|---|---|---|", *body])


def ratio(ours, theirs):
    """The median of the ratios of values that were measured next to each other."""
    return median(one / other for one, other in zip(ours, theirs, strict=True))


MIB = 1024 * 1024


def mib(count):
    return f"{count / MIB:.1f} MiB"


def fit(points):
    """The line through (x, y) by least squares: where it begins, its slope, and how far the worst point is from it."""
    count = len(points)
    mean_x, mean_y = sum(x for x, _ in points) / count, sum(y for _, y in points) / count
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x, _ in points)
    start = mean_y - slope * mean_x
    return start, slope, max(abs(y - start - slope * x) for x, y in points)


def figures(text):
    """Figures and targets of a table between the markers of a file; what was measured differs each time."""
    table_text = text.split("<!-- bench: begin -->")[1].split("<!-- bench: end -->")[0]
    lines = [line.strip("|").split("|") for line in table_text.strip().splitlines()]
    return [tuple(cell.strip() for cell in cells[:2]) for cells in (lines[0], *lines[2:])]
