"""What checking a tender came to. Values only: no I/O, no clock; identifiers are masked wherever they are shown."""

from collections import Counter
from typing import get_args

from credit_check_adapter_tendering.identity import Note
from credit_check_sdk import Case, Decision, Lang, Outcome, Point, Rejected, Several, Time, Value, Words

OUTCOMES: dict[Outcome, Words] = {
    "restricted": Words(zh="受限", en="restricted"),
    "undecided": Words(zh="未能判定", en="undecided"),
    "review": Words(zh="待人工核查", en="review"),
    "clear": Words(zh="通过", en="clear"),
}
"""The outcomes in words, in order of precedence."""

_RANK: dict[str, int] = {outcome: rank for rank, outcome in enumerate(get_args(Outcome))}


def worst(outcomes: list[Outcome]) -> Outcome:
    """Give the outcome that prevails: restricted, undecided, review, clear; nobody at all is undecided."""
    return min(outcomes, key=_RANK.__getitem__, default="undecided")


class BidderResult(Value):
    """One bidder in one bid: the case that was made of it, and what the check came to."""

    place: str
    """Where the file first names it."""
    case: Case
    """The case, as it was checked; give it to `require`."""
    decision: Decision
    """The decision; give it to `settle`."""
    outcome: Outcome
    """The decision's outcome, or *review* where the file leaves a doubt who the bidder is."""
    notes: Several[Note] = ()
    """What was noticed in the file."""

    @property
    def name(self) -> str:
        """The bidder's name."""
        return self.case.subject.name

    @property
    def identifier(self) -> str | None:
        """The bidder's primary identifier, masked; None where it has none."""
        primary = self.case.subject.primary
        return str(primary) if primary else None

    @property
    def measures(self) -> tuple[str, ...]:
        """Codes of the restrictions and incentives that apply, each once."""
        return tuple(dict.fromkeys(proposal.measure for proposal in self.decision.proposals))

    def reasons(self, lang: Lang) -> tuple[str, ...]:
        """Say why, in *lang*: the decision's reasons, then what is doubtful in the file."""
        doubts = (note.words[lang] for note in self.notes if note.doubtful)
        return tuple(dict.fromkeys((*self.decision.reasons[lang], *doubts)))


class BidResult(Value):
    """A bid: one bidder, or a consortium, which is marked by its worst member."""

    process: str | None
    """The contracting process (``ocid``)."""
    places: Several[str] = ()
    """Where the file speaks of it; empty for a bidder that stands in no bid of its own."""
    members: Several[BidderResult]
    """Who bids."""

    @property
    def consortium(self) -> bool:
        """Whether several bid together (联合体)."""
        return len(self.members) > 1

    @property
    def outcome(self) -> Outcome:
        """The worst outcome of its members."""
        # 财库〔2016〕125号, 法〔2016〕285号: all members are queried, and one that is listed taints the whole.
        return worst([member.outcome for member in self.members])

    @property
    def name(self) -> str:
        """The names of its members."""
        return " + ".join(member.name for member in self.members)


class TenderReport(Value):
    """What checking everybody in a document came to."""

    matter: str
    """The service item."""
    point: Point
    """The decision point."""
    bids: Several[BidResult] = ()
    """Every bid; every bidder and supplier is in at least one."""
    rejected: Several[Rejected] = ()
    """Places where a bidder should stand and nobody can be made out."""

    @property
    def checked_at(self) -> Time | None:
        """When the last check was made; None where nobody was checked."""
        return max((result.decision.decided_at for result in self.results), default=None)

    @property
    def results(self) -> tuple[BidderResult, ...]:
        """Every bidder of every bid."""
        return tuple(member for bid in self.bids for member in bid.members)

    @property
    def counts(self) -> dict[Outcome, int]:
        """How many bids came to which outcome."""
        found = Counter(bid.outcome for bid in self.bids)
        return {outcome: found[outcome] for outcome in OUTCOMES}

    def lines(self, lang: Lang) -> list[str]:
        """Say it all in words: every bid, every bidder with outcome, measures and reasons, and what was rejected."""
        said: list[str] = []
        for bid in self.bids:
            if bid.consortium:
                joint = Words(
                    zh=f"联合体（{bid.name}）：{OUTCOMES[bid.outcome].zh}，以最差成员为准",
                    en=f"Consortium ({bid.name}): {OUTCOMES[bid.outcome].en}, as its worst member",
                )
                said.append(joint[lang])
            said += [_line(member, lang, indent="  " if bid.consortium else "") for member in bid.members]
        said += [f"{one.row}: {one.reason[lang]}" for one in self.rejected]
        if not said:
            said.append(
                Words(zh="没有投标人或供应商，无需核查。", en="No bidders or suppliers; nobody to check.")[lang]
            )
        return said


def _line(member: BidderResult, lang: Lang, *, indent: str) -> str:
    nobody = Words(zh="无标识号码", en="no identifier")[lang]
    measures = ", ".join(f"{one.measure} {one.name[lang]}" for one in member.decision.proposals)
    told = " ".join(part for part in (measures, *member.reasons(lang)) if part)
    return f"{indent}{member.name} [{member.identifier or nobody}]: {OUTCOMES[member.outcome][lang]}. {told}".rstrip()
