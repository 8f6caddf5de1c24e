"""The screening service's dialect, against a server made of its published OpenAPI and its entities."""

from __future__ import annotations

import difflib
import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from jsonschema import Draft202012Validator

from credit_check_sdk import Subject
from tests.connector.replay import Arrived, Given
from tests.kit import INPUTS, OTHER, case, organisation

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.connector.replay import Replay

FOLDER = INPUTS / "debarment"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the service's description is not there: {FOLDER}")


class Service:
    """Serves what the description describes: paths, parameters and bodies are checked against it, both ways."""

    def __init__(self) -> None:
        self.api = json.loads((FOLDER / "yente-openapi-5.5.0.json").read_text("utf-8"))
        lines = (FOLDER / "yente-t1-entities.ftm.jsonl").read_text("utf-8").splitlines()
        self.entities = [json.loads(line) for line in lines if line]
        self.exported = datetime.now(UTC) - timedelta(hours=1)
        self.stale = False
        self.status = 200

    def __call__(self, arrived: Arrived) -> Given:
        parts = urlsplit(arrived.path)
        if parts.path == "/catalog":
            return self.given("get", "/catalog", self.catalog())
        assert re.fullmatch(r"/match/[a-z_]+", parts.path)
        known = {each["name"] for each in self.api["paths"]["/match/{dataset}"]["post"]["parameters"]}
        assert set(parse_qs(parts.query)) <= known
        asked = json.loads(arrived.body)
        self.valid("EntityMatchQuery", asked)
        if self.status != 200:
            return Given(json.dumps({"detail": "broken"}), status=self.status)
        responses = {
            name: {"status": 200, "query": query, "results": found, "total": {"value": len(found), "relation": "eq"}}
            for name, query in asked["queries"].items()
            for found in [self.matches(query)]
        }
        return self.given("post", "/match/{dataset}", {"responses": responses, "limit": 500})

    def given(self, method: str, path: str, body: dict[str, Any]) -> Given:
        content = self.api["paths"][path][method]["responses"]["200"]["content"]["application/json"]
        self.valid(content["schema"]["$ref"].rpartition("/")[2], body)
        return Given(json.dumps(body))

    def valid(self, schema: str, body: Any) -> None:
        Draft202012Validator({**self.api, "$ref": f"#/components/schemas/{schema}"}).validate(body)

    def catalog(self) -> dict[str, Any]:
        dataset = {"name": "default", "title": "Default", "index_current": True, "version": "20240601"}
        dated = {**dataset, "last_export": self.exported.strftime("%Y-%m-%dT%H:%M:%S")}
        return {"datasets": [dated], "current": ["default"], "outdated": [], "index_stale": self.stale}

    def matches(self, query: dict[str, Any]) -> list[dict[str, Any]]:
        numbers = set(query["properties"].get("registrationNumber", []))
        kinds = {"Person"} if query["schema"] == "Person" else {"Organization", "Company", "LegalEntity"}
        found = []
        for entity in self.entities:
            names = entity["properties"].get("name", [])
            wanted = [name.casefold() for name in query["properties"]["name"]]
            score = max(
                (difflib.SequenceMatcher(None, w, n.casefold()).ratio() for w in wanted for n in names), default=0.0
            )
            score = 1.0 if numbers & set(entity["properties"].get("registrationNumber", [])) else score
            if entity["schema"] in kinds and score > 0.5:
                found.append({**entity, "score": score, "match": score >= 0.7, "explanations": {}})
        return found


@pytest.fixture
def service(replay: Replay) -> Service:
    made = Service()
    replay.answer = made
    return made


@pytest.mark.parametrize("name", ["LLC “Inter Tobacco”", "Inter Tobaco LLC"])
def test_a_likeness_of_names_is_review(connected: Callable[..., Any], service: Service, name: str) -> None:
    decision = connected("yente").check(case(organisation("91451100MA5AAAAA2F", name)))
    assert decision.silences == ()
    assert decision.outcome == "review"
    assert {g.match for p in decision.proposals for g in p.grounds} <= {"name_only"}


def test_a_number_of_another_country_proves_nobody(connected: Callable[..., Any], service: Service) -> None:
    subject = organisation("808000714", "“Inter Tobacco” LLC", scheme="BY-UNP")
    assert connected("yente").check(case(subject)).outcome == "review"


def test_nobody_alike_is_clear(connected: Callable[..., Any], service: Service) -> None:
    decision = connected("yente").check(case(organisation(OTHER, "广西示例建设有限公司")))
    assert (decision.outcome, decision.silences) == ("clear", ())
    (evidence,) = decision.evidences
    assert evidence.as_of == service.exported.replace(microsecond=0)


def test_an_equal_social_credit_code_is_the_same_subject(connected: Callable[..., Any], service: Service) -> None:
    service.entities[0]["properties"]["registrationNumber"] = [OTHER]
    decision = connected("yente").check(case(organisation(OTHER, "广西示例建设有限公司")))
    assert decision.outcome == "clear"  # it is on no list that the catalogue hangs a measure on
    assert decision.evidences[0].records == 1


@pytest.mark.parametrize("status", [400, 422, 500])
def test_its_errors_are_silence(connected: Callable[..., Any], service: Service, status: int) -> None:
    service.status = status
    decision = connected("yente").check(case(organisation(OTHER)))
    assert (decision.outcome, decision.silences[0].code) == ("undecided", "source.status")


def test_a_stale_index_is_silence(connected: Callable[..., Any], service: Service) -> None:
    service.stale = True
    decision = connected("yente").check(case(organisation(OTHER)))
    assert (decision.outcome, decision.silences[0].code) == ("undecided", "source.stale")


def test_a_resident_number_is_never_sent(connected: Callable[..., Any], service: Service, replay: Replay) -> None:
    person = {
        "category": "person",
        "name": "张示例",
        "identifiers": [{"scheme": "cn-resident-id", "value": "451102199001010010"}],
    }
    connected("yente").check(case(Subject.model_validate(person)))
    assert "451102199001010010" not in "".join(each.text for each in replay.arrived)
