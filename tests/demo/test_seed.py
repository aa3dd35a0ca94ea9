"""A small demo made from its story: what it leaves in the books is what a careful owner would have."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import func, select

from core.checks import company_faults
from core.database import db
from core.models import Company
from core.seal import verify_chain
from core.tenancy import in_company
from demo.seed import seed
from invoicing.bank.models import BankLine
from payplug_bridge.operations.wallet import wallet_standing
from payplug_bridge.simulator.testing import running_simulator
from tests.conftest import MakeApp


def test_a_demo_has_a_wallet_that_ties_and_books_that_hold(make_app: MakeApp, sqlite_url: str) -> None:
    with running_simulator() as simulator:
        app: Flask = make_app(sqlite_url, payplug_api_url=simulator.url)
        with app.app_context():
            assert seed(simulator, lambda done, total: None, invoices=40)
            company_id = db.session.scalars(select(Company.id)).one()
            with in_company(company_id):
                wallet = wallet_standing()
                assert wallet.payplug_cents == simulator.balance() == wallet.ledger_cents != 0
                payouts = (
                    select(func.count()).select_from(BankLine).where(BankLine.wording.contains("PAYPLUG"))
                )
                assert db.session.scalar(payouts) == 1
                assert list(company_faults()) == []
                assert list(verify_chain(company_id)) == []
            assert not seed(simulator, lambda done, total: None, invoices=40)
