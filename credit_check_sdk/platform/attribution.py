"""Whose answer it is: results and records are put to the subjects asked about. It performs no I/O.

An answer about somebody who was not asked about is not merely dropped: the whole answer is refused, for a platform
that mixes up subjects may have mixed up the others too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from credit_check_sdk.errors import NotUnderstoodError
from credit_check_sdk.model import Answer, Identifier, Subject
from credit_check_sdk.platform.exchange import not_understood

if TYPE_CHECKING:
    from collections.abc import Sequence

    from credit_check_sdk.model import Level, Record
    from credit_check_sdk.platform import wire

_Name = tuple[str, ...]


class Asked:
    """The subjects asked about, each once, and what has been answered so far."""

    def __init__(self, source: str, level: Level, given: Sequence[Subject]) -> None:
        self._source = source
        self._level: Level = level
        self._given = tuple(given)
        self._asked: dict[_Name, Subject] = {}
        for subject in given:
            self._asked.setdefault(_name(subject), _outgoing(subject))
        self._results: dict[_Name, tuple[bool, tuple[Record, ...]]] = {}

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The subjects as they go out: each once, identifiers normalised, nothing that the platform need not know."""
        return tuple(self._asked.values())

    def take(self, reply: wire.ChecksReply) -> None:
        """Take the results of one page.

        Raises:
            NotUnderstoodError: a result is about somebody else (``source.wrong_subject``), or contradicts itself.
        """
        unknown = frozenset(key for identifier in reply.unknown for key in identifier.keys)
        for result in reply.results:
            name = self._whose(result.subject)
            if name in self._results:
                raise not_understood(self._source, "it answers twice about one subject", "同一主体应答两次")
            asked = self._asked[name]
            records = tuple(self._belonging(record, asked, reply) for record in result.records)
            if len({record.record_id for record in records}) != len(records):
                raise not_understood(self._source, "it gives a record twice", "同一记录出现两次")
            contradicts = (result.known and not unknown.isdisjoint(asked.keys)) or (
                not result.known and any(record.subject.same_as(asked) for record in records)
            )
            if contradicts:
                raise not_understood(self._source, "it both knows and does not know a subject", "主体是否已知自相矛盾")
            self._results[name] = (result.known, records)
        asked_keys = frozenset(key for subject in self._asked.values() for key in subject.keys)
        if any(identifier.keys.isdisjoint(asked_keys) for identifier in reply.unknown):
            raise self._wrong_subject()

    def answers(self) -> tuple[Answer, ...]:
        """Give an answer for each subject that was answered, as it was given to us."""
        found = ((subject, self._results.get(_name(subject))) for subject in self._given)
        return tuple(
            Answer(subject=subject, known=result[0], records=result[1])
            for subject, result in found
            if result is not None
        )

    def _whose(self, answered: Subject) -> _Name:
        """Find the subject asked about that *answered* is."""
        name = _name(answered)
        if name in self._asked:
            return name
        for candidate, asked in self._asked.items():
            if candidate not in self._results and asked.same_as(answered):
                return candidate
        raise self._wrong_subject()

    def _belonging(self, record: wire.WireRecord, asked: Subject, reply: wire.ChecksReply) -> Record:
        """Give *record* as one of the subject asked about, or refuse."""
        named = any(party.subject.same_as(asked) for party in record.responsible)
        if record.match != "name_only" and not record.subject.same_as(asked) and not named:
            raise self._wrong_subject()
        update = {"level": self._level, "observed_at": record.observed_at or reply.as_of}
        return record.record(self._source).model_copy(update=update)

    def _wrong_subject(self) -> NotUnderstoodError:
        return NotUnderstoodError(
            f"source {self._source!r} answered about a subject that was not asked about",
            f"来源 {self._source!r} 的应答涉及未被查询的主体",
            code="source.wrong_subject",
            remedy_en="nothing of it is used; report it to the platform's operator at once",
            remedy_zh="未采用其任何内容；请立即告知平台运维方",
            source=self._source,
        )


def _name(subject: Subject) -> _Name:
    """Give what a subject is asked about by: its primary identifier, else its kind and name."""
    primary = subject.primary
    return (primary.scheme, primary.normal) if primary else ("name", subject.category, subject.normal_name)


def _outgoing(subject: Subject) -> Subject:
    """Give a subject as a platform needs it (个人信息保护法 第六条: no more than the purpose needs)."""
    usable = (each for each in subject.identifiers if each.keys)
    identifiers = tuple(Identifier(scheme=each.scheme, value=each.normal) for each in usable)
    return Subject(category=subject.category, name=subject.name, identifiers=identifiers)
