"""What the service counts, in the text format of Prometheus (0.0.4). No label names a case or a subject."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from credit_check_sdk import StatisticsReport

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

Labels = tuple[tuple[str, str], ...]
Gauges = dict[str, list[tuple[Labels, float]]]


class Counts:
    """Counters and times of one process. Used from one event loop alone."""

    def __init__(self) -> None:
        self._counters: dict[str, dict[Labels, int]] = defaultdict(lambda: defaultdict(int))
        self._times: dict[str, list[float]] = defaultdict(lambda: [0.0] * (len(_BOUNDS) + 2))

    def add(self, name: str, **labels: str) -> None:
        """Count one more."""
        self._counters[name][tuple(sorted(labels.items()))] += 1

    def took(self, operation: str, seconds: float) -> None:
        """Put down how long a call took."""
        row = self._times[operation]
        for place, bound in enumerate(_BOUNDS):
            row[place] += seconds <= bound
        row[-2] += 1
        row[-1] += seconds

    def text(self, gauges: Mapping[str, Iterable[tuple[Labels, float]]]) -> str:
        """Write all down, and *gauges* beside it."""
        lines: list[str] = []
        for name, rows in sorted(self._counters.items()):
            lines += [f"# TYPE {name} counter", *(f"{name}{_labels(row)} {rows[row]}" for row in sorted(rows))]
        if self._times:
            lines.append("# TYPE credit_check_call_seconds histogram")
        for operation, row in sorted(self._times.items()):
            said: Labels = (("operation", operation),)
            for bound, count in zip((*map(str, _BOUNDS), "+Inf"), row[:-1], strict=True):
                lines.append(f"credit_check_call_seconds_bucket{_labels((*said, ('le', bound)))} {count:g}")
            lines.append(f"credit_check_call_seconds_count{_labels(said)} {row[-2]:g}")
            lines.append(f"credit_check_call_seconds_sum{_labels(said)} {row[-1]:.6f}")
        for name, values in sorted(gauges.items()):
            lines += [f"# TYPE {name} gauge", *(f"{name}{_labels(row)} {value:g}" for row, value in sorted(values))]
        return "\n".join(lines) + "\n"


def figures(report: StatisticsReport) -> Gauges:
    """Give the figures of a period as gauges: every count with its department, matter, point and measure."""
    counted: Counter[Labels] = Counter()
    for group in report.groups:
        parts = {name: getattr(group, name) for name in ("department", "matter", "measure", "point")}
        place = tuple((name, value) for name, value in parts.items() if value)
        for code, count in group.counts.items():
            counted[(*place, ("figure", code))] += count
    # What must be zero is said even when it is: an alert on what is absent never rings.
    counted.update({(("figure", "surviving"),): 0})
    due: list[tuple[Labels, float]] = [
        ((("point", each.point), ("what", what)), float(count))
        for each in report.due or ()
        for what, count in each.model_dump(exclude={"point"}).items()
    ]
    found: Gauges = {"credit_check_figure": [(place, float(count)) for place, count in counted.items()]}
    return found if report.due is None else {**found, "credit_check_due": due}


def _labels(row: Labels) -> str:
    escaped = ((name, value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")) for name, value in row)
    said = ",".join(f'{name}="{value}"' for name, value in escaped)
    return f"{{{said}}}" if said else ""
