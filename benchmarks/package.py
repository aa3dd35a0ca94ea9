"""The package of a month with 200 real PDFs, or 2,000: how long it takes and how much memory, in a process of its own.

`python -m benchmarks.package COMPANY_ID` is that process: it does the task that waits and prints seconds and MB.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import text

from accounting.packages.month_package import order_package
from benchmarks import report
from benchmarks.installation import environment, installation
from benchmarks.memory import kilobytes
from benchmarks.samples import drafts
from core.clock import paris_today
from core.database import db, transaction
from core.long_tasks import TaskState, find_task
from core.tenancy import current_company_id, enter_company
from core.work_long_tasks import work_long_tasks
from invoicing.issue_invoice import issue_invoice
from invoicing.render_pdf import ensure_pdf
from wsgi import create_app

USUAL, LARGE = 200, 2_000
MOST_MB = 150


def run(*, large: bool = False) -> None:
    """Measure; the files play the greater part, so one engine is enough."""
    count = LARGE if large else USUAL
    report.heading(f"Package of a month with {count:,} PDFs{'' if large else '; --large takes 2,000'}")
    with installation("sqlite") as app:
        company_id = current_company_id()
        for document_id in drafts(count):
            with transaction():
                issue_invoice(document_id)
            ensure_pdf(document_id)
        with transaction():
            task_id = order_package(f"{paris_today():%Y-%m}", request_key="bench").id
        db.session.remove()
        command = [sys.executable, "-m", "benchmarks.package", str(company_id)]
        done = subprocess.run(
            command, env={**os.environ, **environment(app)}, stdout=subprocess.PIPE, text=True, check=True
        )
        enter_company(company_id)
        task = find_task(task_id)
        assert task.state is TaskState.DONE, task.problem
        assert task.stored_file is not None
        seconds, megabytes = done.stdout.split()[-2:]
        report.note(
            f"{seconds} s, {megabytes} MB at most above idle (aim ≤ {MOST_MB}), a ZIP of"
            f" {task.stored_file.size_bytes / 1e6:,.0f} MB"
        )


def main(company_id: int) -> None:
    """Bring the application to rest, then do what waits."""
    with create_app().app_context():
        enter_company(company_id)
        db.session.execute(text("SELECT 1"))
        db.session.rollback()
        idle, began = kilobytes("VmRSS"), time.monotonic()
        Path("/proc/self/clear_refs").write_text("5", "ascii")  # the peak counts from here
        work_long_tasks()
        print(f"{time.monotonic() - began:.1f} {(kilobytes('VmHWM') - idle) / 1024:.1f}")


if __name__ == "__main__":
    main(int(sys.argv[1]))
