"""The one owner of transactions."""

from __future__ import annotations

import pytest
from flask import Flask

from core.database import NestedTransactionError, StrayWriteError, db, on_commit, transaction
from core.models import Company
from core.tenancy import ForeignCompanyError, enter_company, insert_row


def test_a_transaction_inside_another_is_refused(company: Company) -> None:
    with transaction(), pytest.raises(NestedTransactionError), transaction():
        pass


def test_a_flush_outside_a_transaction_is_refused(company: Company) -> None:
    company.city = "Paris"
    with pytest.raises(StrayWriteError):
        db.session.flush()


def test_a_row_past_the_orm_outside_a_transaction_is_refused(company: Company) -> None:
    with pytest.raises(StrayWriteError):
        insert_row(Company.metadata.tables["todo"], kind="x", subject_id=1)


def test_a_commit_outside_a_transaction_is_refused(company: Company) -> None:
    with pytest.raises(StrayWriteError):
        db.session.commit()


def test_an_exception_rolls_everything_back_and_runs_no_hook(company: Company) -> None:
    ran: list[str] = []

    def change_and_fail() -> None:
        with transaction():
            company.city = "Paris"
            on_commit(lambda: ran.append("hook"))
            db.session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        change_and_fail()
    assert company.city == "Lyon"
    assert ran == []


def test_a_failing_hook_does_not_undo_what_was_committed(each_company: Company) -> None:
    with transaction():
        each_company.city = "Paris"
        on_commit(lambda: 1 / 0)  # type: ignore[arg-type]
    assert each_company.city == "Paris"


def test_a_company_cannot_be_switched_inside_a_transaction(app: Flask, company: Company) -> None:
    with transaction(), pytest.raises(ForeignCompanyError):
        enter_company(company.id + 1)
