"""The pytest plugin as somebody else's suite uses it."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]
# Each inner run is a process of its own: one in this process would leave modules half forgotten for the tests after it.

NAME = "credit_check_sdk.testing.plugin"


@pytest.fixture
def arguments() -> list[str]:
    """Load the plugin by name where the package is not installed and pytest cannot find it by itself."""
    found = importlib.metadata.entry_points(group="pytest11", name="credit_check")
    plain = ["-p", "no:randomly", "-p", "no:cacheprovider"]
    return plain if list(found) else ["-p", NAME, *plain]


def test_a_suite_checks_a_case_against_a_sandbox_of_its_own(pytester: pytest.Pytester, arguments: list[str]) -> None:
    pytester.makepyfile(
        """
        from credit_check_sdk import Case

        FIRM = {
            "category": "organisation",
            "name": "贺州市示例食品有限公司",
            "identifiers": [{"scheme": "cn-uscc", "value": "91451100MA5AAAAA2F"}],
        }
        CASE = Case.model_validate(
            {
                "id": "451100-2026-000123",
                "matter": "procurement.goods",
                "point": "evaluate",
                "subject": FIRM,
                "purpose": {"text": "政府采购资格审查", "basis": "政府采购法 第二十二条"},
                "operator": {"id": "u-1024", "department": "451100-czj"},
                "opened_at": "2026-11-23T09:00:00+08:00",
            },
            strict=False,
        )
        RECORD = {
            "subject": FIRM, "record_id": None, "list_code": "MOF-ZC", "kind": "list", "polarity": "negative",
            "status": "active", "severity": "serious", "authority_level": "municipal", "authority": "贺州市财政局",
            "doc_no": "贺财采罚〔2026〕1号", "document_date": "2026-03-01", "basis": "政府采购法 第七十七条",
            "facts": "…", "publicity_until": None, "list_until": "2029-03-01", "ban_until": "2029-03-01",
            "measure_until": None, "responsible": [], "level": "municipal",
        }


        def test_clear(credit, credit_sandbox):
            credit_sandbox.put_subject(FIRM)
            assert credit.check(CASE).outcome == "clear"


        def test_restricted(credit, credit_sandbox):
            credit_sandbox.put_record(RECORD)
            assert credit.check(CASE).outcome == "restricted"


        def test_undecided(credit, credit_sandbox):
            credit_sandbox.faults([{"level": "municipal", "path": "/v1/checks", "kind": "status", "value": 503,
                                    "rate": 1.0, "times": -1, "retry_after": None}])
            decision = credit.check(CASE)
            assert decision.outcome == "undecided"
            assert [silence.source for silence in decision.silences] == ["municipal"]


        def test_what_a_test_does_is_undone(credit, credit_sandbox):
            credit_sandbox.put_subject(FIRM)
            assert credit.check(CASE).outcome == "clear"


        def test_the_configuration_is_a_file(credit_config, monkeypatch):
            assert credit_config.name == "credit-check.toml"
        """
    )
    result = pytester.runpytest_subprocess(*arguments)
    result.assert_outcomes(passed=5)


def test_the_environment_is_kept_out(
    pytester: pytest.Pytester, arguments: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CREDIT_CHECK_ENVIRONMENT", "production")
    pytester.makepyfile("def test(credit): assert credit.settings.environment == 'sandbox'")
    pytester.runpytest_subprocess(*arguments).assert_outcomes(passed=1)


def test_the_size_of_the_city_is_a_setting(pytester: pytest.Pytester, arguments: list[str]) -> None:
    pytester.makeini("[pytest]\ncredit_sandbox_subjects = 3\ncredit_sandbox_seed = 11")
    pytester.makepyfile(
        """
        import json, urllib.request


        def test(credit_sandbox):
            with urllib.request.urlopen(f"{credit_sandbox.url}/admin/subjects?limit=100") as answer:
                document = json.load(answer)
            subjects = document if isinstance(document, list) else document["subjects"]
            assert len(subjects) == 3
        """
    )
    pytester.runpytest_subprocess(*arguments).assert_outcomes(passed=1)


def test_a_suite_that_uses_none_of_it_pays_nothing() -> None:
    program = (
        f"import sys, {NAME}\n"
        "heavy = [name for name in sys.modules if name.startswith('credit_check_sdk.')"
        f" and name not in ('credit_check_sdk.testing', '{NAME}')]\n"
        "print(heavy)"
    )
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
