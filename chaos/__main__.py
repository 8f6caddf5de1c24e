"""Play faults and count what they broke: ``python -m chaos [--seed S] [--faults N] [--database sqlite|postgresql|both]``.

Exit code 0 when nothing was lost, done twice or unchained, and every boundary was hit; 1 otherwise, with the seed of each.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chaos import boundaries, faults, host
from chaos.children import child, fork, read
from chaos.places import ServerPlaces, SqlitePlaces
from chaos.platform import platform
from chaos.storm import storm

if TYPE_CHECKING:
    from collections.abc import Callable

    from chaos.faults import Fault
    from chaos.host import Door, Work
    from chaos.places import Place, Places
    from credit_check_sdk.sandbox.running import Running

SEGMENT = 20
"""Faults that are played one after another on one ledger."""


def main() -> int:
    """Play what was asked for."""
    parser = argparse.ArgumentParser(
        prog="chaos", description="Break the product at every boundary; see that nothing is lost."
    )
    parser.add_argument("--seed", type=int, default=1, help="chooses the faults; the same seed, the same faults")
    parser.add_argument("--faults", type=int, default=1000, help="faults for each database")
    parser.add_argument("--database", choices=("sqlite", "postgresql", "both"), default="both")
    parser.add_argument("--only", type=int, help="play only the fault of this number")
    parser.add_argument("--boundaries", action="store_true", help="list every boundary and how often it was hit")
    parser.add_argument(
        "--storm", type=int, default=0, help="also deliver so many feedbacks through a failing platform"
    )
    parser.add_argument("--json", type=Path, help="write the result to a file")
    asked = parser.parse_args()
    kinds = ("sqlite", "postgresql") if asked.database == "both" else (asked.database,)
    results = []
    for kind in kinds:
        with tempfile.TemporaryDirectory(prefix="chaos-") as name, platform() as running:
            places: Places = SqlitePlaces(Path(name)) if kind == "sqlite" else ServerPlaces(Path(name))
            try:
                if asked.faults:
                    results.append(_play(asked, places, running))
                if asked.storm:
                    results.append(storm(places, running, asked.seed, asked.storm))
            finally:
                places.close()
    if asked.json:
        asked.json.write_text(json.dumps(results, indent=1, ensure_ascii=False), encoding="utf-8")
    return 1 if any(result["wrong"] or result.get("missed") for result in results) else 0


def _play(asked: argparse.Namespace, places: Places, running: Running) -> dict[str, Any]:
    began = time.monotonic()
    _warm(places, running)
    every = [*_trace("sync", places, running), *_trace("async", places, running)]
    random.Random(asked.seed).shuffle(every)  # noqa: S311  no secret: the same seed has to give the same order
    print(f"{places.kind}: {len(every)} boundaries; seed {asked.seed}", flush=True)
    hits: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    wrong: list[dict[str, Any]] = []
    numbers = [asked.only] if asked.only is not None else list(range(asked.faults))
    for start in range(0, len(numbers), SEGMENT):
        segment = [faults.plan(asked.seed, number, every, places.kind) for number in numbers[start : start + SEGMENT]]
        for fault, hit, found in _segment(segment, places, running):
            kinds[fault.kind] += 1
            if hit:
                hits[f"{fault.door} · {fault.boundary}"] += 1
            wrong += [
                {"seed": fault.seed, "fault": f"{fault.kind} at {fault.boundary} ({fault.door})", "what": what}
                for what in found
            ]
            for what in found:
                print(f"  seed {fault.seed}: {fault.kind} at {fault.boundary} ({fault.door}): {what}", flush=True)
    names = [f"{door} · {boundary}" for door, boundary in every]
    missed = [name for name in names if not hits[name]] if len(numbers) >= len(every) else []
    counted = {
        word: sum(each["what"].startswith(word) for each in wrong) for word in ("lost", "duplicate", "broken chain")
    }
    if asked.boundaries:
        for name in sorted(names):
            print(f"  {hits[name]:4d}  {name}")
    print(
        f"{places.kind}: {len(numbers)} faults ({dict(kinds)}), {len([n for n in names if hits[n]])} of {len(names)} boundaries hit; "
        f"{counted['lost']} lost, {counted['duplicate']} duplicate effects, {counted['broken chain']} broken chains, "
        f"{len(wrong) - sum(counted.values())} other; {time.monotonic() - began:.0f} s",
        flush=True,
    )
    for name in missed:
        print(f"  never hit: {name}")
    return {
        "database": places.kind,
        "seed": asked.seed,
        "faults": len(numbers),
        "kinds": dict(kinds),
        "boundaries": {name: hits[name] for name in names},
        "missed": missed,
        "counted": counted,
        "wrong": wrong,
    }


def _warm(places: Places, running: Running) -> None:
    """Do one case here, so that what is slow to import and to compile is there already in every child."""
    place = places.make()
    try:
        running.reset()
        for number, door in enumerate(("sync", "async")):
            opened = host.Host(door, host.settings(place, running.url))  # type: ignore[arg-type]  # both are doors
            host.work(opened, _work(running, 0, number), running, boundaries.Watch(lambda *_: None), lambda *_: None)
            host.judge(opened, [_work(running, 0, number + 10)], {}, running)
            opened.close()
    finally:
        places.drop(place)


def _trace(door: Door, places: Places, running: Running) -> list[tuple[Door, str]]:
    """Play one case whole, twice, and list the boundaries of the second: those of a ledger that is there already."""
    place = places.make()
    seen: list[str] = []
    try:
        running.reset()
        configured = host.settings(place, running.url)
        for number in range(2):
            works = _work(running, 0, number)
            lines = child(partial(_worker, door, configured, works, running, None, place))
            seen = [value for name, value in lines if name == "boundary"]
            _finished(lines)
        return [(door, name) for name in seen]
    finally:
        places.drop(place)


def _segment(segment: list[Fault], places: Places, running: Running) -> Any:
    """Play some faults one after another on one ledger, and judge after each."""
    place = places.make()
    try:
        running.reset()
        configured = host.settings(place, running.url)
        # The tables are made before anything breaks; making them is played by itself.
        _finished(child(partial(_first, configured)))
        works: list[Work] = []
        for fault in segment:
            running.faults([])
            works.append(_work(running, 1, fault.number))
            running.faults(list(fault.sandbox))
            work = works[-1]
            racing = fork(partial(_racer, configured)) if fault.race else None
            lines = child(partial(_worker, fault.door, configured, work, running, fault, place))
            if racing is not None:
                read(racing)
            running.faults([])
            acknowledged: dict[str, list[Any]] = {}
            for name, value in lines:
                acknowledged.setdefault(name, []).append(value)
            hit = bool(acknowledged.get("struck"))
            broken = [str(value) for value in acknowledged.get("broken", [])]
            judged = child(partial(_judge, fault.door, configured, works, acknowledged, running))
            said = dict(judged)
            found = (
                [*broken, *said.get("wrong", [])]
                if "done" in said
                else [*broken, f"the judge died: {said.get('broken', judged)}"]
            )
            yield fault, hit, found
    finally:
        running.faults([])
        places.drop(place)


def _work(running: Running, seed: int, number: int) -> Work:
    running.put_record(host.record(seed, number))
    return host.Work(number, seed, f"R-{number:05d}")


def _worker(
    door: Door,
    configured: Any,
    work: Work,
    running: Running,
    fault: Fault | None,
    place: Place,
    say: Callable[[str, Any], None],
) -> None:
    def listen(name: str, connection: Any) -> None:
        if fault is None:
            say("boundary", name)
        elif name == fault.boundary:
            say("struck", name)
            faults.strike(fault, opened, connection, place)

    watch = boundaries.Watch(listen)
    watch.install()
    opened = host.Host(door, configured)
    host.work(opened, work, running, watch, say)
    opened.close()
    say("done", None)


def _first(configured: Any, say: Callable[[str, Any], None]) -> None:
    host.Host("sync", configured).close()
    say("done", None)


def _racer(configured: Any, say: Callable[[str, Any], None]) -> None:
    opened = host.Host("sync", configured)
    ends = time.monotonic() + 0.5
    while time.monotonic() < ends:
        opened("relay")
        time.sleep(0.01)
    opened.close()
    say("done", None)


def _judge(
    door: Door, configured: Any, works: list[Work], acknowledged: Any, running: Running, say: Callable[[str, Any], None]
) -> None:
    opened = host.Host(door, configured)
    say("wrong", host.judge(opened, works, acknowledged, running))
    opened.close()
    say("done", None)


def _finished(lines: list[tuple[str, Any]]) -> None:
    said = dict(lines)
    if "done" not in said:
        raise SystemExit(
            f"the work fails though nothing is broken: {said.get('broken') or said.get('error') or lines[-3:]}"
        )


if __name__ == "__main__":
    sys.exit(main())
