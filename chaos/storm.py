"""Ten thousand feedbacks through a platform that fails, loses its answers and goes down, with relays that are killed.

What counts in the end is the platform's own count of business effects, made by content and not by key.
"""

from __future__ import annotations

import dataclasses
import os
import random
import signal
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from chaos import host
from chaos.children import fork, read
from credit_check_sdk import CreditCheck, CreditCheckError, Feedback, Response, Words
from credit_check_sdk.core.desk import RelayRules
from credit_check_sdk.model.ledger import FeedbackEntry

if TYPE_CHECKING:
    from collections.abc import Callable

    from chaos.places import Places
    from credit_check_sdk.sandbox.running import Running

FAILING = ({"kind": "status", "value": 503, "rate": 0.15}, {"kind": "disconnect", "rate": 0.15})
"""Of a hundred calls thirty fail."""
LOSING = {"kind": "lost_ack", "path": "/v1/feedback", "rate": 0.1}
"""Of a hundred answers ten are lost after the effect."""
DOWN = {"kind": "status", "value": 503, "rate": 1.0}
KILLS = 20
FORKED = 10
_PACE = RelayRules(
    lease=timedelta(seconds=1),
    first_wait=timedelta(milliseconds=20),
    longest_wait=timedelta(milliseconds=500),
    attempts=10_000,
)
"""Waits of minutes would test nothing more."""


def storm(places: Places, running: Running, seed: int, feedbacks: int) -> dict[str, Any]:
    """Promise *feedbacks*, deliver them through the storm, and hold the platform's count against the promise."""
    began = time.monotonic()
    chance = random.Random(seed)  # noqa: S311  no secret: the same seed has to choose the same times
    place = places.make()
    wrong: list[str] = []
    try:
        running.reset()
        configured = host.settings(place, running.url)
        read(fork(partial(_promise, configured, feedbacks)))
        running.faults([*FAILING, LOSING])
        killed = 0
        while killed < KILLS:
            child, pipe = fork(partial(_relay, configured))
            if killed == KILLS // 2:
                running.faults([DOWN])
                time.sleep(1.0)
                running.faults([*FAILING, LOSING])
            time.sleep(chance.uniform(0.05, 0.6))
            os.kill(child, signal.SIGKILL)
            read((child, pipe))
            killed += 1
        said = dict(read(fork(partial(_drain, configured, feedbacks))))
        wrong += said.get("wrong", [f"lost: the last relay ended with {said}"])
        running.faults([])
        running.put_record(host.record(2, 1))
        delivered = _from_children(configured)
        if delivered != FORKED:
            wrong.append(
                f"lost: {delivered} of {FORKED} were delivered from children of a client that was made before the fork"
            )
        received = running.received("feedback")
        promised = feedbacks + FORKED
        if received["effects"] != promised or received["total"] != promised:
            short = promised - received["effects"]
            word = "lost" if short > 0 else "duplicate"
            wrong.append(f"{word}: {received['effects']} effects and {received['total']} keys of {promised} promises")
        again = sum(item["deliveries"] > 1 for item in received["items"])
        print(
            f"{places.kind}: {promised} promised, {received['effects']} effects, {again} delivered more than once, "
            f"{killed} relays killed, {delivered} of {FORKED} delivered after a fork; {time.monotonic() - began:.0f} s",
            flush=True,
        )
        for what in wrong:
            print(f"  seed {seed}: {what}", flush=True)
    finally:
        running.faults([])
        places.drop(place)
    return {
        "database": places.kind,
        "storm": feedbacks,
        "seed": seed,
        "effects": received["effects"],
        "killed": killed,
        "forked": delivered,
        "wrong": [{"seed": str(seed), "fault": "storm", "what": what} for what in wrong],
    }


def _promise(configured: Any, feedbacks: int, say: Callable[[str, Any], None]) -> None:
    """Promise as the ledger keeps promises; checking ten thousand cases first would test nothing more."""
    client = CreditCheck.open(configured)
    for first in range(0, feedbacks, 500):
        entries = [
            FeedbackEntry(_feedback(number), "municipal") for number in range(first, min(first + 500, feedbacks))
        ]
        client._world.ledger.run(entries)  # noqa: SLF001  there is no public way to promise without an answer
    client.close()
    say("done", feedbacks)


def _feedback(number: int) -> Feedback:
    subject = host.Work(number, 3, "").case().subject
    return Feedback(
        id=f"fb_{number:06d}",
        case_id=f"S-{number:06d}",
        matter="procurement.goods",
        point="evaluate",
        decision=f"dec_{number:06d}",
        proposal=f"prop_{number:06d}-1",
        measure="R-GP-01",
        measure_name=Words(zh="拒绝参加政府采购活动", en="Refuse participation in government procurement"),
        direction="restriction",
        subject_name=subject.name,
        subject_category="organisation",
        identifier=subject.primary,
        source="municipal",
        answer="applied",
        executed=True,
        basis="《政府采购法》第七十七条",
        operator=host.OFFICER,
        environment="sandbox",
        at=datetime.now(UTC),
    )


def _hurried(client: CreditCheck) -> CreditCheck:
    client._desk = dataclasses.replace(client._desk, relay=_PACE)  # noqa: SLF001  only the waits are shorter
    return client


def _relay(configured: Any, say: Callable[[str, Any], None]) -> None:
    client = _hurried(CreditCheck.open(configured))
    say("begun", None)
    while True:
        client.relay(limit=200)


def _drain(configured: Any, feedbacks: int, say: Callable[[str, Any], None]) -> None:
    client = _hurried(CreditCheck.open(configured))
    ends = time.monotonic() + 600
    while client.outbox_status().counts.get("delivered", 0) < feedbacks:
        client.relay()
        if time.monotonic() > ends:
            say("wrong", [f"lost: after ten minutes the outbox stands at {client.outbox_status().counts}"])
            return
        time.sleep(0.02)
    verified = client.verify_evidence()
    say("wrong", [] if verified.whole else [f"broken chain: {verified.breach}"])
    client.close()


def _from_children(configured: Any) -> int:
    """Check with a client, fork, and let each child settle and deliver with the client that it inherited."""
    client = _hurried(CreditCheck.open(configured))
    works = [host.Work(1, 2, "R-00001").case().model_copy(update={"id": f"F-{place}"}) for place in range(FORKED)]
    decisions = [client.check(case) for case in works]
    delivered = 0
    for decision in decisions:
        answered = dict(read(fork(partial(_one, client, decision))))
        delivered += answered.get("delivered", 0)
    client.close()
    return delivered


def _one(client: CreditCheck, decision: Any, say: Callable[[str, Any], None]) -> None:
    answers = [Response(proposal=proposal.id, answer="applied") for proposal in decision.proposals[:1]]
    client.settle(decision, answers, operator=host.OFFICER)
    for _ in range(50):
        try:
            if client.relay().delivered:
                say("delivered", 1)
                return
        except CreditCheckError:
            pass
        time.sleep(0.02)
