"""What a mapping file says, as values. Pure: reading the file is `loading`, and obeying it `source` and `channel`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from credit_check_sdk.connector.envelopes import Encoding, Kind
from credit_check_sdk.model import Duration, Several, Value, Words

Scalar = str | int | float | bool
Given = Scalar | Several[Scalar]
"""One value, or several of which one is enough."""
Tree = dict[str, Any]
"""What is sent: a tree whose texts may hold ``{places}`` to be filled."""

OURS = "*"
"""Key of a code table for every code that it does not name; as a value, it stands for the code itself."""


class Condition(Value):
    """What an answer has to look like; all that is stated must hold."""

    at: str | None = None
    """Where to look."""
    is_: Given | None = Field(default=None, alias="is")
    """It is this, or one of these."""
    is_not: Given | None = None
    """It is none of these; absent counts as none of them."""
    contains: str | None = None
    """Its text contains this."""
    absent: bool | None = None
    """Nothing stands there (true), or something does (false)."""
    missing: bool | None = None
    """The key itself is not there (true), or it is, though it may hold nothing (false)."""
    status: int | Several[int] | None = None
    """The HTTP status is this, or one of these."""
    all: Several[Condition] = ()
    """These hold too."""
    means: Literal["refused", "busy", "failed"] = "failed"
    """What kind of failure it is: our key or permission, too much at once, or another. *busy* is tried again."""


class Answer(Value):
    """What an answer means. *failed* is looked at first, then *unknown*, then *nothing_found*; the rest has records."""

    failed: Several[Condition] = Field(min_length=1)
    """Answers that tell that the platform did not look; without one the mapping does not load."""
    nothing_found: Several[Condition] = Field(min_length=1)
    """Answers that tell that it looked and found nothing; without one the mapping does not load."""
    unknown: Several[Condition] = ()
    """Answers that tell that it does not know the subject."""
    envelope: Kind | None = None
    """How it is wrapped, where not as the request."""
    root: str | None = None
    """Name of the top element, in XML."""
    inside: str | None = None
    """Where the answer proper stands as text inside the answer."""
    inside_as: Literal["json", "xml"] = "xml"
    """How that text is wrapped."""
    records: str | Several[str]
    """Where the records stand; several paths go inwards one by one, ``^`` leads back out."""
    request_id: str | None = None
    """Where the platform's number of the exchange stands."""
    echo: str | None = None
    """Where our own number is repeated: an answer to another one is refused."""
    as_of: str | None = None
    """Where the time of the data stands."""
    oldest: Duration | None = None
    """How old the data may be, where their time is given."""
    cap: int | None = Field(default=None, ge=1)
    """Most records that the platform ever gives: as many as that without further pages are an answer cut off."""


class Paging(Value):
    """How the records of one subject are spread over pages."""

    kind: Literal["number", "cursor"] = "number"
    """Whether pages are counted, or each names the next."""
    first: int = 1
    """Number of the first page."""
    size: int = Field(default=100, ge=1, le=10000)
    """Records of a page."""
    total: str | None = None
    """Where the number of all records stands; what comes is counted against it."""
    pages: str | None = None
    """Where the number of pages stands."""
    next: str | None = None
    """Where the next page's cursor stands."""
    most: int = Field(default=50, ge=1, le=1000)
    """Most pages; more is no answer."""


class Call(Value):
    """A request."""

    method: Literal["GET", "POST", "PUT"] = "POST"
    """HTTP method."""
    path: str = ""
    """Behind ``base_url``; its places are filled."""
    params: Tree = Field(default_factory=dict)
    """The query string."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Further headers."""
    envelope: Kind = "json"
    """How the body is wrapped."""
    body: Any = None
    """The body; none where it is left out."""
    operation: str = ""
    """The operation, in SOAP; ``body`` holds its arguments."""
    namespace: str = ""
    """Its namespace."""
    action: str | None = None
    """SOAPAction; empty where left out."""
    soap: Literal["1.1", "1.2"] = "1.1"
    """Version of SOAP."""


class Query(Call):
    """How the platform is asked about one subject."""

    needs: Literal["identifier", "name", "either"] = "identifier"
    """What a subject must have to be asked about; others are left out, which is silence."""
    schemes: Several[str] = ()
    """Schemes of identifiers that it takes; empty: all."""
    matching: Literal["exact", "search", "fuzzy"] = "exact"
    """Whether records of others are an error (exact), left out unless of the same name (search), or candidates (fuzzy)."""


class Rule(Value):
    """Where the value of one field comes from."""

    at: str | Several[str] | None = None
    """Where it stands; of several the first that is there."""
    value: Scalar | None = None
    """It is always this."""
    hashed: Several[str] = ()
    """It is made of these, as a keyed hash: a number for records that have none."""
    join: str | None = None
    """All values found, joined with this."""
    codes: str | None = None
    """The code table that translates it."""
    dates: Several[str] = ()
    """How dates are written here."""
    otherwise: str | None = None
    """What it is where nothing stands there."""


Source = str | Rule
"""A path, or a rule."""


class SubjectRules(Value):
    """Whom a record is about."""

    name: Source | None = None
    """Its name."""
    identifier: Source | None = None
    """Its identifier."""
    scheme: Source | None = None
    """The scheme of its identifier; that of the subject asked about where left out."""
    category: Source | None = None
    """Its kind; that of the subject asked about where left out."""


class ResponsibleRules(Value):
    """A person whom a record names."""

    role: str
    """In which role."""
    name: str
    """Where the name stands."""
    identifier: str | None = None
    """Where the number stands."""
    scheme: str = "cn-resident-id"
    """Scheme of the number."""


class Units(Value):
    """How the platform writes days, times and sums."""

    dates: Several[str] = ("%Y-%m-%d",)
    """How days and times are written, tried in order."""
    never: Several[str] = ()
    """Days that mean that there is no end."""
    zone: str = Field(default="+08:00", pattern=r"^[+-]\d\d:\d\d$")
    """Zone of times that name none."""
    amount: Literal["yuan", "fen", "wan"] = "yuan"
    """Unit of sums."""


class LookUp(Call):
    """How the platform is asked what became of a feedback."""

    taken: Several[Condition] = Field(min_length=1)
    """It has it."""
    not_taken: Several[Condition] = Field(min_length=1)
    """It certainly has not got it: it is sent again."""
    answer: Kind | None = None
    """How its answer is wrapped, where not as the request."""
    inside: str | None = None
    """Where the answer proper stands as text inside it."""
    inside_as: Literal["json", "xml"] = "xml"
    """How that text is wrapped."""
    root: str | None = None
    """Name of the top element, in XML."""


class FeedbackRules(Call):
    """How feedback is handed over, one item in each request."""

    kinds: Several[str] = ("response", "amendment")
    """Kinds of feedback that the platform takes; others are refused here, and shown."""
    needs: Several[str] = ()
    """Fields without which it cannot be handed over."""
    idempotent: bool = False
    """Whether the platform takes the same key once only. Say so only where it was tried."""
    taken: Several[Condition] = Field(min_length=1)
    """Answers that tell that it was taken; without one the mapping does not load."""
    refused: Several[Condition] = Field(min_length=1)
    """Answers that tell that it will never be taken; without one the mapping does not load."""
    again: Several[Condition] = ()
    """Answers that tell that it was not taken, and may be later."""
    answer: Kind | None = None
    """How its answer is wrapped, where not as the request."""
    inside: str | None = None
    """Where the answer proper stands as text inside it."""
    inside_as: Literal["json", "xml"] = "xml"
    """How that text is wrapped."""
    root: str | None = None
    """Name of the top element, in XML."""
    look_up: LookUp | None = None
    """How it is asked what became of one."""


class TokenRules(Call):
    """Where a token comes from that the other requests carry as ``{token}``."""

    at: str
    """Where it stands in the answer."""
    lasts: Duration
    """How long it may be used; a refusal ends it sooner."""
    failed: Several[Condition] = ()
    """Answers without a token."""


class StateRules(Call):
    """Where the platform says how current its data are; asked once for each consultation."""

    as_of: str | None = None
    """Where their time stands; its places are filled from the values of the set-up."""
    failed: Several[Condition] = Field(min_length=1)
    """Answers that say nothing because something failed."""
    stale: Several[Condition] = ()
    """Answers that say that the data are not current: nothing is asked then."""
    oldest: Duration | None = None
    """How old they may be."""


class ListRules(Call):
    """Where the platform names its lists: what the code tables are compared with."""

    items: str
    """Where they stand."""
    code: str
    """Where the code of one stands."""
    name: str
    """Where its name stands."""
    codes: str | None = None
    """The code table that must know them."""
    failed: Several[Condition] = Field(min_length=1)
    """Answers that name none because something failed."""
    inside: str | None = None
    """Where the answer proper stands as text inside it."""
    inside_as: Literal["json", "xml"] = "xml"
    """How that text is wrapped."""
    root: str | None = None
    """Name of the top element, in XML."""


class Mapping(Value):
    """A platform as data."""

    connector: Literal[1]
    """Version of this format."""
    name: Words
    """What the platform is."""
    signer: str | None = None
    """The signer that it needs; a source set up with another one does not load."""
    encoding: Encoding = "utf-8"
    """How characters are written, both ways."""
    values: dict[str, str] = Field(default_factory=dict)
    """What the set-up has to give in ``options.values``, and what each is."""
    defaults: dict[str, Scalar] = Field(default_factory=dict)
    """What it may give, and what it is otherwise."""
    codes: dict[str, dict[str, str | Several[str]]] = Field(default_factory=dict)
    """Code tables: the platform's code to ours, or to several where it is only written. ``*`` as key is every other
    code, as value the code itself."""
    units: Units = Units()
    """Days, times, sums."""
    token: TokenRules | None = None
    """Token flow."""
    state: StateRules | None = None
    """How current its data are."""
    query: Query | None = None
    """How it is asked."""
    answer: Answer | None = None
    """What its answers mean."""
    paging: Paging | None = None
    """Pages."""
    subject: SubjectRules | Literal["asked"] = "asked"
    """Whom a record is about; ``asked``: the platform does not say, and answers only about whom it is asked."""
    record: dict[str, Source] = Field(default_factory=dict)
    """Where the fields of a record come from."""
    responsible: Several[ResponsibleRules] = ()
    """Persons whom a record names."""
    keep: dict[str, Source] = Field(default_factory=dict)
    """What feedback on a record has to tell again, as ``{kept.NAME}``: the platform's numbers, never an identifier."""
    feedback: FeedbackRules | None = None
    """How feedback is handed over."""
    lists: ListRules | None = None
    """Where it names its lists."""
