"""The field lists of the exchange as others coded them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from credit_check_adapter_approval import standard

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import Make


def test_the_required_fields_are_those_of_the_exchange(inputs: Path) -> None:
    fields = json.loads((inputs / "cn" / "zhengwu_up_pro_fields.json").read_text(encoding="utf-8"))
    theirs = {table: set(said["required"]) for table, said in fields.items() if table.startswith("up_pro_")}
    assert {table: set(names) for table, names in standard().required.items()} == theirs


def test_every_optional_field_may_be_there(inputs: Path, make: Make, accept: dict[str, Any]) -> None:
    fields = json.loads((inputs / "cn" / "zhengwu_up_pro_fields.json").read_text(encoding="utf-8"))
    optional = dict.fromkeys(fields["up_pro_accept"]["optional"], "111")
    case = make({"up_pro_accept": {**optional, **accept}})
    assert case.id == accept["project_no"]


def test_codes_that_were_issued_make_cases(inputs: Path, make: Make, accept: dict[str, Any]) -> None:
    lines = (inputs / "cn" / "uscc_legit_but_invalid.csv").read_text(encoding="utf-8").splitlines()[1:]
    for line in lines:
        accept["applyer_page_code"] = line.split(",")[0]
        assert make({"up_pro_accept": accept}).subject.category == "organisation"
