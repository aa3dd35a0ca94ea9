"""`solde takeover`: shows the plan, does it when it is told to, and says by its exit status how it went."""

from __future__ import annotations

from pathlib import Path

from flask import Flask

from core.tenancy import in_company
from tests.invoicing.takeover.old_books import NAME, content
from tests.scenarios.money import all_is_well, books


def test_the_plan_is_shown_and_done_once_when_it_is_told_to(
    app: Flask, company_id: int, tmp_path: Path
) -> None:
    path = tmp_path / NAME
    path.write_bytes(content())
    run = app.test_cli_runner()

    def takeover(*more: str, siren: str = "732829320"):
        return run.invoke(args=["takeover", str(path), "--company", siren, "--lang", "en", *more])

    shown = takeover()
    assert shown.exit_code == 0
    for said in ("2025-12-31 → 2026-01-01", "FA-1", "720,00 (120,00)", "They add up to: 1290,00"):
        assert said in shown.output
    assert takeover(siren="404833048").exit_code == 2
    with app.app_context(), in_company(company_id):
        assert books("411") == {}
    done = takeover("--yes")
    assert (done.exit_code, "The books are taken over." in done.output) == (0, True)
    again = takeover("--yes")
    assert (again.exit_code, "already" in again.output) == (1, True)
    with app.app_context(), in_company(company_id):
        assert books("411", "44574") == {"411": "1240.00", "44574": "-150.00"}
        all_is_well()
