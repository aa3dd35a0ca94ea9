"""From the draft to the FEC without a browser: what the owner clicks, what the customer gets, how the books stand after
each step.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select

from core.database import db, transaction
from core.models import Company
from invoicing.models import Document
from tests.accounting.reading import letterings, numbers
from tests.factories.invoicing import make_customer, make_draft, make_line
from tests.scenarios.money import all_is_well, books, open_on
from tests.scenarios.shop_on_the_net import Street, open_street

ACCOUNTS = ("411", "706", "707", "44571", "44574", "5121")


def test_an_invoice_is_written_sent_paid_and_exported(
    make_app: Callable[..., Flask], each_url: str, tmp_path: Path
) -> None:
    with open_street(make_app, each_url) as street:
        shop = street.shop
        # Half a day of advice at 20 % and a lamp at 5.5 %, drafted for a bakery. Nothing is owed yet.
        with shop.inside(), transaction():
            lines = make_line("2.5", "80"), make_line("3", "12.34", "5.5", goods=True, discount="10")
            draft_id = make_draft(*lines, customer=make_customer()).id
        with shop.inside():
            assert books(*ACCOUNTS) == {}

        # The owner issues it: 275.15 €. VAT on the lamp is due at once, that on the advice waits.
        assert street.owner.post(f"/invoices/{draft_id}/issue").status_code == 303
        with shop.inside():
            invoice = db.session.get_one(Document, draft_id)
            assert open_on(invoice) == ["275.15"]
            number = str(invoice.number)
            assert books(*ACCOUNTS) == {
                "411": "275.15", "706": "-200.00", "707": "-33.32", "44571": "-1.83", "44574": "-40.00",
            }  # fmt: skip

        # She sends it; the customer has a mail with the PDF and the link.
        words = {"subject": "Votre facture", "text": "Merci. {{ payment_link }}"}
        recipients = {"contacts": ["compta@boulangerie.example.org"]}
        sent = street.owner.post(f"/invoices/{draft_id}/send", data={**recipients, **words})
        assert sent.status_code == 303, sent.get_data(as_text=True)
        street.work()
        (mail,) = street.mailbox.messages()
        (attachment,) = mail.iter_attachments()
        pdf = PdfReader(io.BytesIO(attachment.get_content()))
        text = (
            " ".join(page.extract_text() for page in pdf.pages).replace("\u00a0", " ").replace("\u202f", " ")
        )
        assert "275,15 €" in text
        assert number in text

        # She clicks the link, is declined once, pays; PayPlug tells us over HTTP, our worker asks it back.
        link = street.link_of(mail)
        payment_id = street.click_pay(link)
        street.simulator.decline(payment_id, "insufficient_funds")
        street.simulator.wait_for_deliveries()
        street.work()
        with shop.inside():
            assert open_on(db.session.get_one(Document, draft_id)) == ["275.15"]
        street.simulator.pay(payment_id, is_3ds=True)
        street.simulator.wait_for_deliveries()
        street.work()
        with shop.inside():
            assert open_on(db.session.get_one(Document, draft_id)) == ["0.00"]
            assert books(*ACCOUNTS, "5125") == {
                "706": "-200.00", "707": "-33.32", "44571": "-41.83", "5125": "275.15",
            }  # fmt: skip
            assert numbers() == ["VE000001", "PP000001"]
            assert letterings() == {
                "AA": [f"invoice:{draft_id} 27515", f"invoice:{draft_id} -27515"],
            }
            all_is_well()
        assert "This invoice is paid" in street.page(link)

        assert_exported(street, tmp_path)


def assert_exported(street: Street, folder: Path) -> None:
    """The FEC of the year passes its check, says the same amounts, and the seal holds."""
    with street.shop.inside():
        siren = db.session.scalars(select(Company.siren)).one()
        year = db.session.scalars(select(Document.issue_date)).one()
    assert year is not None
    street.command("fec", "export", "--company", siren, "--year", str(year.year), "--output", str(folder))
    file = folder / f"{siren}FEC{year.year}1231.txt"
    street.command("fec", "check", str(file))
    rows = [line.split("\t") for line in file.read_text("utf-8-sig").splitlines()]
    debit, account = rows[0].index("Debit"), rows[0].index("CompteNum")
    assert [row[debit] for row in rows[1:] if row[account].startswith("411")] == ["275,15", "0,00"]
    street.command("verify")
