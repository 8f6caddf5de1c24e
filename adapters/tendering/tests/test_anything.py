"""Whatever JSON stands in whatever place: rows, rejections and a remark, or an `InputError`; nothing else is raised."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from credit_check_adapter_tendering import OcdsReader, annotate, check_tender
from credit_check_sdk import Applicant, CreditCheck, InputError, Operator, Purpose, Rejected, Remark

if TYPE_CHECKING:
    from tests.conftest import Stand

NUMBERS = ["91451100MA5AAAAA2F", "624297", "11111111.0", "GB-COH-624297", "1", "a", "***", "9.1E+17", "", " "]
SCHEMES = ["CN-USCC", "GB-COH", "COL-IDCARD", "CN-SAIC", "", "S" * 70]
KEYS = [
    "ocid", "id", "name", "scheme", "identifier", "additionalIdentifiers", "parties", "roles", "tender", "tenderers",
    "bids", "details", "awards", "suppliers", "contracts", "status", "releases", "records", "compiledRelease",
    "versionedRelease", "date", "tag", "beneficialOwners", "shareholders", "shareholder", "url", "numberOfTenderers",
]  # fmt: skip
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8),
    st.sampled_from([*NUMBERS, *SCHEMES, "tenderer", "supplier", "buyer", "ocds-demo01-1"]),
)  # fmt: skip
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(KEYS), inner, max_size=6)),
    max_leaves=40,
)
ENTITY = st.fixed_dictionaries(
    {"id": st.sampled_from(["a", "b", "c", 1, "GB-COH-624297"])},
    optional={
        "name": st.sampled_from(["A", "B", "C Consortium"]),
        "roles": st.lists(st.sampled_from(["tenderer", "supplier", "buyer"])),
        "identifier": st.fixed_dictionaries({"scheme": st.sampled_from(SCHEMES), "id": st.sampled_from(NUMBERS)}),
    },
)
ENTITIES = st.one_of(st.lists(ENTITY, max_size=4), st.lists(st.lists(ENTITY, max_size=3), max_size=2), ANYTHING)
RELEASE = st.fixed_dictionaries(
    {},
    optional={
        "ocid": st.sampled_from(["ocds-demo01-1", "ocds-demo01-2", None, 5]),
        "id": st.sampled_from(["r1", "r2"]),
        "date": st.sampled_from(["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", 7]),
        "tag": st.just(["tender"]),
        "parties": ENTITIES,
        "tender": st.one_of(ANYTHING, st.fixed_dictionaries({"tenderers": ENTITIES})),
        "bids": st.one_of(
            ANYTHING,
            st.fixed_dictionaries({"details": st.lists(st.fixed_dictionaries({"tenderers": ENTITIES}), max_size=3)}),
        ),
        "awards": st.one_of(ANYTHING, st.lists(st.fixed_dictionaries({"suppliers": ENTITIES}), max_size=3)),
    },
)
DOCUMENT = st.one_of(
    ANYTHING,
    RELEASE,
    st.lists(RELEASE, max_size=3),
    st.fixed_dictionaries({"releases": st.one_of(st.lists(RELEASE, max_size=3), ANYTHING)}),
    st.fixed_dictionaries(
        {
            "records": st.lists(
                st.fixed_dictionaries(
                    {"ocid": st.just("ocds-demo01-1")},
                    optional={"releases": st.lists(RELEASE), "compiledRelease": RELEASE},
                ),
                max_size=2,
            )
        }
    ),
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(document=DOCUMENT, lines=st.booleans())
def test_a_file_ends_in_rows_or_in_words(document: Any, *, lines: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("tender.jsonl" if lines else "tender.json")
        path.write_text(json.dumps(document, indent=None if lines else 1), encoding="utf-8")
        try:
            rows = list(OcdsReader().read(path))
        except InputError as error:
            told = error.code
        else:
            told = "read"
            assert isinstance(rows[-1], Remark)
            assert all(isinstance(row, Applicant | Rejected) for row in rows[:-1])
            places = [(row.process, row.row) for row in rows if isinstance(row, Applicant)]
            assert len(places) == len(set(places))
        assert told in {"read", "file.unreadable"}


@settings(
    deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(document=DOCUMENT)
def test_what_can_be_checked_can_be_written_back(stand: Stand, document: Any) -> None:
    common: dict[str, Any] = {"matter": "procurement.goods", "point": "evaluate"}
    try:
        report = check_tender(
            cast("CreditCheck", stand),
            document,
            **common,
            operator=Operator(id="u-1", department="d"),
            purpose=Purpose(text="t", basis="b"),
        )
    except InputError as error:
        told = error.code
    else:
        told = "checked"
        before = json.dumps(document)
        assert json.dumps(annotate(document, report))
        assert json.dumps(document) == before
        assert len({result.case.id for result in report.results}) == len(report.results)
    assert told in {"checked", "file.unreadable"}
