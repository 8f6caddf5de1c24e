"""A host's Celery application in the tests: what a worker imports. Folder and configuration come from the environment."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from celery import Celery

from credit_check_adapter_celery import CreditTasks
from credit_check_sdk import Case, Operator

FOLDER = Path(os.environ["CELERY_HOST_FOLDER"])
PARENT = os.getpid()
OFFICER = Operator(id="u-1024", department="451100-czj")


def case_of(number: str) -> Case:
    """Read a case by its number, as a host reads its database."""
    return Case.model_validate(
        {
            "id": number,
            "matter": "procurement.goods",
            "point": "evaluate",
            "subject": {
                "category": "organisation",
                "name": "贺州市示例食品有限公司",
                "identifiers": [{"scheme": "cn-uscc", "value": "91451100MA5AAAAA2F"}],
            },
            "purpose": {"text": "政府采购评审", "basis": "政府采购法 第二十二条"},
            "operator": OFFICER,
            "opened_at": datetime.now(UTC),
        }
    )


app = Celery("celery_host")
app.conf.update(
    broker_url="filesystem://",
    broker_transport_options={
        "data_folder_in": str(FOLDER / "queue"),
        "data_folder_out": str(FOLDER / "queue"),
        "control_folder": str(FOLDER / "control"),
        "polling_interval": 0.05,
    },
    result_backend=(FOLDER / "results").as_uri(),
    worker_enable_remote_control=False,
    broker_connection_retry_on_startup=True,
    task_ignore_result=False,
)
credit = CreditTasks(
    app,
    os.environ["CELERY_HOST_CONFIG"],
    load=case_of,
    tries=12,
    first_wait=timedelta(milliseconds=200),
    longest_wait=timedelta(seconds=1),
)
credit.open()  # before the pool forks: the children work with what was made here


@credit.guarded(point="evaluate", to="grant", name="host.approve")
def approve(case_id: str) -> dict[str, Any]:
    """Approve a file."""
    return {"approved": case_id, "in_the_child": os.getpid() != PARENT}
