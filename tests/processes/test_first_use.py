"""What is built when it is first needed is built once, however many threads need it first."""

from __future__ import annotations

import subprocess
import sys

FIRST = """
import sys, threading
from datetime import UTC, datetime
sys.setswitchinterval(1e-6)
from credit_check_sdk import Case, Decision
assert not Case.__pydantic_complete__, "nothing is built by importing"
barrier, failed = threading.Barrier(16), []
document = {
    "id": "1", "matter": "procurement.goods", "point": "evaluate", "opened_at": datetime.now(UTC),
    "subject": {"category": "organisation", "name": "贺州市示例食品有限公司",
                "identifiers": [{"scheme": "cn-uscc", "value": "91451100MA5AAAAA2F"}]},
    "operator": {"id": "u-1024", "department": "451100-czj"},
}
def first():
    barrier.wait()
    try:
        assert Case.model_validate(document).subject.keys
        Decision.model_json_schema()
    except BaseException as error:
        failed.append(error)
threads = [threading.Thread(target=first) for _ in range(16)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(failed)
"""


def test_threads_that_come_first_at_once_all_get_it() -> None:
    done = subprocess.run([sys.executable, "-c", FIRST], check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr
