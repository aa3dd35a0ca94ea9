"""Writing and checking a large FEC: memory does not grow with the file.

Measured from outside Python, in a process of its own: tracing every allocation would take ten times as long.
"""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from accounting.fec.check import check_fec
from accounting.fec.format import FecRow, write_fec

FIRST_DAY = date(2026, 1, 1)
ROOT = Path(__file__).parents[3]


def many_rows(count: int) -> Iterator[FecRow]:
    """Invoices of two lines, each lettered with its payment, which follows at once."""
    for rank in range(count // 4):
        day = FIRST_DAY + timedelta(days=rank * 365 * 4 // count)
        customer, letter, cents = f"C{rank % 5000:05d}", f"L{rank}", 100 + rank
        for journal, account, debit, credit, is_customer in (
            ("VE", "411000", cents, 0, True),
            ("VE", "706000", 0, cents, False),
            ("PP", "512100", cents, 0, False),
            ("PP", "411000", 0, cents, True),
        ):
            yield (
                journal, journal, f"{journal}{rank + 1:06d}", day, account, "Compte",
                customer if is_customer else None, customer if is_customer else None,
                f"P-{rank}", day, f"Pièce {rank}", debit, credit,
                letter if is_customer else None, day if is_customer else None, day, None, None,
            )  # fmt: skip


def resident_kilobytes(field: str) -> int:
    """`VmRSS` is what this process holds now, `VmHWM` the most it has held since it was started."""
    match = re.search(rf"{field}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert match
    return int(match[1])


def write_and_check(path: Path, count: int) -> dict[str, object]:
    """What the measured process does."""
    before = resident_kilobytes("VmRSS")
    with path.open("wb") as out:
        summary = write_fec(many_rows(count), out)
    report = check_fec(path)
    return {
        "growth": resident_kilobytes("VmHWM") - before,
        "written": summary.line_count,
        "checked": report.line_count,
        "verdict": report.verdict,
        "findings": len(report.findings),
    }


@pytest.mark.parametrize("count", [200_000, pytest.param(1_000_000, marks=pytest.mark.long)])
def test_a_large_file_is_written_and_checked_in_a_few_megabytes(tmp_path: Path, count: int) -> None:
    path = tmp_path / "732829320FEC20261231.txt"
    program = (
        "import json, sys; from pathlib import Path;"
        "from tests.accounting.fec.test_memory import write_and_check;"
        "print(json.dumps(write_and_check(Path(sys.argv[1]), int(sys.argv[2]))))"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, path, str(count)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    measured = json.loads(run.stdout)
    growth = measured.pop("growth")
    assert measured == {"written": count, "checked": count, "verdict": "right", "findings": 0}
    assert path.stat().st_size > 75 * count
    assert growth < 25_000
