"""Run the benchmarks and print ratios with their spread: ``python -m benchmarks [--only NAME] [--rounds N] [--json FILE]``."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import bulk, checks, decisions, delivering, durable, page, starting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.measure import Line

ALL: dict[str, Callable[[int], Iterator[Line]]] = {
    "warm": checks.warm,
    "recorded": durable.recorded,
    "writers": durable.writers,
    "cold": checks.cold,
    "beside": checks.beside,
    "crowd": checks.crowd,
    "decisions": decisions.decisions,
    "relay": delivering.relay,
    "lookups": bulk.lookups,
    "bulk": bulk.bulk,
    "imports": starting.imports,
}


def main() -> int:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(
        prog="benchmarks", description="Ratios beside peers, in one run; no figure is a fact by itself."
    )
    parser.add_argument(
        "--only", choices=sorted(ALL), action="append", help="run only this; may be given several times"
    )
    parser.add_argument("--rounds", type=int, default=7, help="pairs measured for each line")
    parser.add_argument("--json", type=Path, help="write the lines to a file")
    parser.add_argument("--page", type=Path, help="write the lines to a page, and a plot beside it")
    asked = parser.parse_args()
    lines = []
    print("ratio = median over pairs (smallest – largest); × faster than the peer, or × the cost of the floor")
    for name in asked.only or ALL:
        for line in ALL[name](asked.rounds):
            lines.append(line)
            print(_shown(line), flush=True)
    if asked.page:
        page.write(asked.page, lines)
    if asked.json:
        asked.json.write_text(json.dumps([dataclasses.asdict(line) for line in lines], indent=1), encoding="utf-8")
    return 0


def _shown(line: Line) -> str:
    if line.ratio == 0:
        return f"  {line.name}: {line.note}"
    word = "× the cost" if line.cost else "× faster"
    shown = f"  {line.name}: {line.ratio:.2f} {word} ({line.least:.2f} – {line.most:.2f})"
    shown += f"  [{line.ours * 1e6:.0f} µs beside {line.theirs * 1e6:.0f} µs here and now]"
    return f"{shown}\n      {line.note}" if line.note else shown


if __name__ == "__main__":
    sys.exit(main())
