"""`python -m benchmarks.memory COMPANY_ID YEAR_ID`: write that FEC and print by how many MB it raised the memory."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryFile

from sqlalchemy import text

from accounting.fec.export import write_company_fec
from accounting.models import FiscalYear
from core.database import db
from core.tenancy import enter_company
from wsgi import create_app


def main(company_id: int, year_id: int) -> None:
    """Bring the application to rest, then write."""
    with create_app().app_context():
        enter_company(company_id)
        year = db.session.get_one(FiscalYear, year_id)
        db.session.execute(text("SELECT 1"))
        idle = kilobytes("VmRSS")
        Path("/proc/self/clear_refs").write_text("5", "ascii")  # the peak counts from here
        with TemporaryFile() as out:
            write_company_fec(year, out)
        print(f"{(kilobytes('VmHWM') - idle) / 1024:.1f}")


def kilobytes(name: str) -> int:
    """What the machine says of this process: `VmRSS` what it holds now, `VmHWM` the most it held."""
    for line in Path("/proc/self/status").read_text("ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise LookupError(name)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
