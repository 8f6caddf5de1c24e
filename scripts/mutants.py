"""Change the rules that decide whom a measure touches, one place at a time, and see that a test notices each change.

``make mutants``. It prints the score of each module, and every change that no test noticed. Exit code 0 when all modules
together stand above the bar. Which modules and which tests: ``[tool.mutmut]`` in pyproject.toml. It changes a copy only.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COPY = ROOT / "mutants"
BAR = 0.90
KILLED = frozenset({1, 3, 24, 36, 152, 255, -24})
"""Exit codes under which a test noticed the change, or waited in vain for the changed code."""


def main() -> int:
    """Run the mutants and report."""
    shutil.rmtree(COPY, ignore_errors=True)
    command = [sys.executable, "-m", "mutmut", "run", *sys.argv[1:]]
    with (ROOT / "mutants.log").open("wb") as log:
        ran = subprocess.run(command, cwd=ROOT, check=False, stdout=log, stderr=subprocess.STDOUT)  # noqa: S603  our own
        if ran.returncode:
            print((ROOT / "mutants.log").read_text(encoding="utf-8", errors="replace")[-2000:])
            return 1
    (ROOT / "mutants.log").unlink()
    whole: Counter[str] = Counter()
    survivors: list[str] = []
    for path in sorted(COPY.rglob("*.meta")):
        codes: dict[str, int | None] = json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
        if not codes:
            continue
        fates = Counter("killed" if code in KILLED else "survived" for code in codes.values())
        survivors += [name for name, code in codes.items() if code not in KILLED]
        whole += fates
        print(f"{score(fates):6.1%}  {sum(fates.values()):5}  {path.relative_to(COPY).with_suffix('')}")
    print(f"{score(whole):6.1%}  {whole.total():5}  all")
    for name in survivors:
        command = [sys.executable, "-m", "mutmut", "show", name]
        shown = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)  # noqa: S603  our own
        changed = "\n".join(line for line in shown.stdout.splitlines() if line[:2] in {"- ", "+ "})
        print(f"\n{name}\n{changed}")
    return 0 if whole.total() and score(whole) > BAR else 1


def score(fates: Counter[str]) -> float:
    """Give the share of changes that a test noticed."""
    return fates["killed"] / max(fates.total(), 1)


if __name__ == "__main__":
    sys.exit(main())
