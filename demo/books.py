"""What an accountant finds in the demo: slips of cheques, a doubtful and a lost debt, a bank statement to decide on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from xml.sax.saxutils import escape

from sqlalchemy import func, select

from accounting.bank_positions import transfers_under_way
from accounting.models import SIGNED_CENTS, EntryLine, JournalEntry
from core.clock import paris_today
from core.database import db, transaction
from core.models import Company
from core.tenancy import current_company_id
from invoicing.bank.banks import banks
from invoicing.bank.cheques import cheques_in_hand
from invoicing.bank.deposit_cheques import deposit_cheques
from invoicing.bank.import_statement import import_statement
from invoicing.bank.models import ChequeDeposit
from invoicing.bank.statement_files import keep_file
from invoicing.doubt_invoice import DoubtInput, doubt_invoice
from invoicing.models import Document
from invoicing.payments import Payment, PaymentMethod
from invoicing.receivables import WriteOffKind
from invoicing.write_off import write_off
from invoicing.write_off_plan import WriteOffInput

STATEMENT_DAYS = 40
IN_HAND_DAYS = 25
ENOUGH = 8
HALF = 5_000  # 1/100 %
Line = tuple[date, int, str, str]
"""Day, amount in cents (below zero: money that goes out), the bank's text, who."""


def furnish_books(open_documents: Sequence[int], balances: dict[int, int]) -> None:
    """Write them through the verbs.

    Args:
        open_documents: invoices of which nothing was paid, the oldest first.
        balances: what is open on each of them, in cents.
    """
    _hand_in_cheques()
    if len(open_documents) < ENOUGH:  # a short story
        return
    _give_up(open_documents, balances)
    _statement(open_documents[-6:-3], balances)


def _hand_in_cheques() -> None:
    """One slip for each month; the last cheques are still in hand."""
    bank_account_id = banks()[0].account_id
    months: dict[date, list[Payment]] = defaultdict(list)
    for cheque in cheques_in_hand():
        if (paris_today() - cheque.paid_on).days > IN_HAND_DAYS:
            months[cheque.paid_on.replace(day=1)].append(cheque)
    for month, cheques in sorted(months.items()):
        with transaction():
            deposit_cheques(
                [cheque.id for cheque in cheques],
                bank_account_id=bank_account_id,
                deposited_on=max(cheque.paid_on for cheque in cheques),
                request_key=f"demo-slip-{month}",
            )


def _give_up(documents: Sequence[int], balances: dict[int, int]) -> None:
    """The oldest debt is lost, the next one is doubtful."""
    day = paris_today()
    # Of this year: a loss letters its invoice, and no lettering is to cross the years.
    of_the_year = [id_ for id_ in documents if _issued_in(id_) == day.year]
    if len(of_the_year) < ENOUGH:
        return
    lost, doubtful = of_the_year[:2]
    with transaction():
        write_off(
            WriteOffInput(
                lost, WriteOffKind.LOSS, balances[lost], day,
                reason="Liquidation judiciaire", request_key="demo-lost",
            )
        )  # fmt: skip
    with transaction():
        doubt_invoice(DoubtInput(doubtful, day, HALF, "Ne répond plus aux relances"))


def _issued_in(document_id: int) -> int:
    issued = db.session.get_one(Document, document_id).issue_date
    return issued.year if issued else 0


def _statement(unpaid: Sequence[int], balances: dict[int, int]) -> None:
    """The last weeks as the bank saw them: what the books have, a payout, transfers for open invoices, a fee.

    It begins at the balance of the books, so that the reconciliation leaves nothing unexplained.
    """
    bank, today = banks()[0], paris_today()
    since = today - timedelta(days=STATEMENT_DAYS)
    transfers = db.session.scalars(
        select(Payment).where(Payment.method == PaymentMethod.TRANSFER, Payment.paid_on >= since)
    )
    lines: list[Line] = [
        (p.paid_on, p.amount_cents, f"VIR SEPA {p.reference}", p.customer.full_name) for p in transfers
    ]
    slips = db.session.scalars(select(ChequeDeposit).where(ChequeDeposit.deposited_on >= since))
    lines += [
        (slip.deposited_on, slip.amount_cents, f"REMISE CHEQUES {slip.reference}", "") for slip in slips
    ]
    lines += [
        (payout.day + timedelta(days=1), payout.cents, "VIR PAYPLUG", "PAYPLUG")
        for payout in transfers_under_way()
    ]
    for index, document in enumerate(db.session.get_one(Document, id_) for id_ in unpaid):
        text = f"VIR SEPA {document.number}" if index else "VIR SEPA VOTRE FACTURE"
        day = today - timedelta(days=2 - min(index, 2))
        lines.append((day, balances[document.id], text, document.customer.full_name))
    lines.append((today - timedelta(days=1), -1490, "COTISATION COMPTE PRO", ""))
    signed = func.coalesce(func.sum(SIGNED_CENTS), 0)
    opening = db.session.scalar(
        select(signed)
        .join(JournalEntry, JournalEntry.id == EntryLine.entry_id)
        .where(EntryLine.account_id == bank.account_id, JournalEntry.entry_date < since)
    )
    company = db.session.get_one(Company, current_company_id())
    file_id = keep_file(_camt(str(company.iban), int(opening or 0), sorted(lines), since, today))
    with transaction():
        import_statement(file_id, bank.account_id, file_name=f"releve-{today:%Y-%m}.xml")


def _camt(iban: str, opening_cents: int, lines: Sequence[Line], since: date, today: date) -> bytes:
    """A CAMT.053 file of one statement, as banks write it."""
    closing_cents = opening_cents + sum(line[1] for line in lines)
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02"><BkToCstmrStmt>
<GrpHdr><MsgId>RELEVE</MsgId><CreDtTm>{today}T06:00:00</CreDtTm></GrpHdr>
<Stmt><Id>{today:%Y-%m}</Id><CreDtTm>{today}T06:00:00</CreDtTm><Acct><Id><IBAN>{iban}</IBAN></Id></Acct>
{_balance("OPBD", opening_cents, since)}{_balance("CLBD", closing_cents, today)}
{"".join(_entry(line) for line in lines)}</Stmt></BkToCstmrStmt></Document>""".encode()


def _balance(code: str, cents: int, day: date) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>{_amount(cents)}<Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def _amount(cents: int) -> str:
    units, rest = divmod(abs(cents), 100)
    side = "DBIT" if cents < 0 else "CRDT"
    return f'<Amt Ccy="EUR">{units}.{rest:02d}</Amt><CdtDbtInd>{side}</CdtDbtInd>'


def _entry(line: Line) -> str:
    day, cents, text, who = line
    side = "Cdtr" if cents < 0 else "Dbtr"
    party = f"<RltdPties><{side}><Nm>{escape(who)}</Nm></{side}></RltdPties>" if who else ""
    return (
        f"<Ntry>{_amount(cents)}<Sts>BOOK</Sts><BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>"
        f"<NtryDtls><TxDtls>{party}<RmtInf><Ustrd>{escape(text)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
    )
