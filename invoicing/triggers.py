"""What the database itself refuses in this package: a row of an issued document or of money is never changed.

CGI art. 286 I 3 bis (inalterability): corrections are new rows, credit notes and mirrored records. Imported by the
package's wiring and by the migrations.
"""

from __future__ import annotations

from core import triggers

ISSUED = "issued"

triggers.freeze("document", when=f"OLD.state = '{ISSUED}'")
triggers.freeze_children("document_line", "document", "document_id", when=f"parent.state = '{ISSUED}'")
triggers.freeze_children("document_vat", "document", "document_id", when=f"parent.state = '{ISSUED}'")
for table in (
    "document_file",
    "document_xml",
    "deposit_use",
    "quote_link",
    "quote_answer",
    "customer_merge",
    "payment_link",
    "payment_link_duplicate",
    "payment",
    "payment_reversal",
    "refund",
    "reopened_invoice",
    "dispute_win",
    "invoice_claim",
    "write_off",
    "write_off_vat",
    "doubtful_debt",
    "kept_surplus",
    "kept_surplus_vat",
    "settlement",
    "sending",
    "sending_mail",
    "sms_sending",
    "payment_card",
    "payment_notice",
    "payment_notice_mail",
    "takeover",
    "takeover_undo",
    "opening_item",
):
    triggers.freeze(table)
# A number is given once: the counter only goes forward, by one.
triggers.freeze(
    "number_series",
    allow="NEW.company_id = OLD.company_id AND NEW.prefix = OLD.prefix AND NEW.year = OLD.year"
    " AND NEW.last_number = OLD.last_number + 1",
)
# An invoice or credit note is not issued into a year that is closed. (Of months that are closed for the time being the
# gate knows; money is never refused.)
_IN_CLOSED_YEAR = (
    "NEW.state = 'issued' AND NEW.kind IN ('invoice', 'credit_note') AND EXISTS (SELECT 1 FROM fiscal_year AS year "
    "WHERE year.company_id = NEW.company_id AND NEW.issue_date BETWEEN year.starts_on AND year.ends_on "
    "AND year.closed_at IS NOT NULL)"
)
for timing in ("INSERT", "UPDATE"):
    triggers.register_check(
        f"open_year_document_{timing.lower()}",
        "document",
        f"BEFORE {timing}",
        sqlite="BEGIN SELECT RAISE(ABORT, 'document dated in a closed financial year'); END",
        sqlite_when=f" WHEN {_IN_CLOSED_YEAR}",
        body=f"IF {_IN_CLOSED_YEAR} THEN RAISE EXCEPTION 'document dated in a closed financial year' "
        "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW;",
    )
