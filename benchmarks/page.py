"""Write the lines of one run as a page of the documentation, with a plot. It measures nothing."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.measure import Line

_MARK = "<!-- what follows is written by `make bench ARGS='--page …'` -->"


def write(path: Path, lines: Sequence[Line]) -> None:
    """Replace what stands behind the mark of the page at *path*, and the plot beside it."""
    head = path.read_text(encoding="utf-8").partition(_MARK)[0] if path.exists() else "# Benchmarks\n\n"
    where = f"Python {platform.python_version()}, {os.cpu_count()} cores, {datetime.now(UTC).date().isoformat()}"
    rows = [
        f"{_MARK}\n",
        f"One run: {where}.\n",
        "| line | ratio (smallest – largest) | here and now | |",
        "|---|---|---|---|",
    ]
    for line in lines:
        if line.ratio:
            word = "× the cost" if line.cost else "× faster"
            ratio = f"{line.ratio:.2f} {word} ({line.least:.2f} – {line.most:.2f})"
            figures = f"{_time(line.ours)} beside {_time(line.theirs)}"
        else:
            ratio, figures = "", ""
        rows.append(f"| {line.name} | {ratio} | {figures} | {line.note} |")
    rows += ["", f"![Ratios with their spread]({path.stem}.svg)", ""]
    path.write_text(head + "\n".join(rows), encoding="utf-8")
    _plot(path.with_suffix(".svg"), [line for line in lines if line.ratio])


def _time(seconds: float) -> str:
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds * 1e6:.0f} µs"


def _plot(path: Path, lines: Sequence[Line]) -> None:
    import matplotlib as mpl  # noqa: PLC0415  only where a page is written

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "credit-check"
    from matplotlib import pyplot as plt  # noqa: PLC0415  behind the choice of how to draw

    figure, axes = plt.subplots(figsize=(11, 0.42 * len(lines) + 1))
    places = range(len(lines), 0, -1)
    spread = [[line.ratio - line.least for line in lines], [line.most - line.ratio for line in lines]]
    colours = ["#b5533c" if line.cost else "#2f6f8f" for line in lines]
    axes.barh(places, [line.ratio for line in lines], xerr=spread, color=colours, height=0.6, capsize=2)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_yticks(list(places), [line.name for line in lines], fontsize=7)
    axes.set_xlabel("blue: times faster than the peer; red: times the cost of the floor")
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
