"""The accountant chooses other accounts in the middle of the year: what was issued before goes back where it stood."""

from __future__ import annotations

from datetime import date

from accounting.models import SalesExtension
from accounting.roles import AccountRole
from accounting.settings.assign_account import assign_account
from accounting.settings.choose_sales_extension import choose_sales_extension
from core.database import transaction
from invoicing.answer_quote import AnswerInput, answer_quote
from invoicing.credit_invoice import credit_invoice
from invoicing.draft_deposit import DepositInput, draft_deposit
from invoicing.draft_final import draft_final
from invoicing.draft_invoice import DraftInput, draft_invoice
from invoicing.issue_invoice import issue_invoice
from invoicing.issue_quote import issue_quote
from invoicing.lifecycle import AnswerKind, DocumentKind
from tests.factories.invoicing import issue, make_customer, make_line
from tests.scenarios.money import all_is_well, books

JUNE_3 = date(2026, 6, 3)


def test_credit_notes_and_final_invoices_take_back_what_was_booked_where_it_was_booked(each_company):
    with transaction():
        quote = draft_invoice(
            DraftInput(customer_id=make_customer().id, lines=(make_line("1", "1000"),)),
            kind=DocumentKind.QUOTE,
        )
        issue_quote(quote.id, today=date(2026, 6, 1))
        answer_quote(
            quote.id, AnswerInput(AnswerKind.ACCEPTED, "Paule Exemple", consent="Bon pour accord"),
            today=date(2026, 6, 2),
        )  # fmt: skip
    with transaction():
        issue_invoice(draft_deposit(quote.id, DepositInput(rate=1000)).id, today=JUNE_3)
        invoice = issue(make_line(), make_line(goods=True), today=JUNE_3)
    assert books("419100", "706000", "707000") == {
        "419100": "-100.00",
        "706000": "-100.00",
        "707000": "-100.00",
    }

    # Other accounts for deposits, services and goods; sales are told apart by rate.
    with transaction():
        assign_account(AccountRole.DEPOSITS, "419110", "Acomptes 2026")
        assign_account(AccountRole.SALES_SERVICE, "706900", "Services 2026")
        choose_sales_extension(SalesExtension.TWO)

    # The final invoice sells on the new account, and takes the deposit back from the old one.
    with transaction():
        final = issue_invoice(draft_final(quote.id).id, today=JUNE_3).id
    assert books("419100", "419110", "706920", "706000") == {
        "706920": "-1000.00",
        "706000": "-100.00",
    }

    # Its credit note, and that of the older invoice, go back the same way.
    with transaction():
        credit_invoice(final, reason="Annulé", today=JUNE_3)
        credit_invoice(invoice.id, reason="Annulé", today=JUNE_3)
    assert books("419100", "419110") == {"419100": "-100.00"}
    assert books("706", "707") == {}
    all_is_well()
