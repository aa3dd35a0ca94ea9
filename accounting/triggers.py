"""What the database itself refuses in the ledger, on both engines: whatever bypasses our verbs meets these.

Entries, lines and letterings never change. An entry is checked when its row arrives, after its lines: it has some,
they balance, they are the company's, the financial year is open. No line is taken for an entry that exists.
"""

from __future__ import annotations

from core.triggers import Trigger, freeze, register, register_check

for table in ("journal_entry", "entry_line", "lettering", "lettering_line", "lettering_undo"):
    freeze(table)
# A number that was posted on is in sealed entries and exported files: another number is another account.
freeze("account", allow="NEW.id = OLD.id AND NEW.company_id = OLD.company_id AND NEW.number = OLD.number")
freeze("journal", allow="NEW.id = OLD.id AND NEW.company_id = OLD.company_id AND NEW.code = OLD.code")
# A closed year is never opened again, and the days of a year never change. Its months are closed and opened again
# while it is open.
freeze(
    "fiscal_year",
    allow="NEW.id = OLD.id AND NEW.company_id = OLD.company_id AND NEW.starts_on = OLD.starts_on "
    "AND NEW.ends_on = OLD.ends_on AND OLD.closed_at IS NULL "
    "AND (NEW.months_closed_through IS NULL OR NEW.months_closed_through BETWEEN NEW.starts_on AND NEW.ends_on)",
)
# Numbers only go on, one by one: a counter set back would give a number twice, a leap would leave a gap.
_SAME_COUNTER = "NEW.id = OLD.id AND NEW.company_id = OLD.company_id"
freeze(
    "entry_counter",
    allow=f"{_SAME_COUNTER} AND NEW.journal_id = OLD.journal_id AND NEW.fiscal_year_id = OLD.fiscal_year_id "
    "AND NEW.last_number = OLD.last_number + 1",
)
freeze(
    "lettering_counter",
    allow=f"{_SAME_COUNTER} AND NEW.account_id = OLD.account_id AND NEW.last = OLD.last + 1",
)

_ENTRY_RULES = (
    ("entry without lines", "NOT EXISTS (SELECT 1 FROM entry_line WHERE entry_id = NEW.id)"),
    (
        "entry does not balance",
        "(SELECT SUM(debit_cents) - SUM(credit_cents) FROM entry_line WHERE entry_id = NEW.id) <> 0",
    ),
    (
        "entry with lines of another company",
        "EXISTS (SELECT 1 FROM entry_line WHERE entry_id = NEW.id AND company_id <> NEW.company_id)",
    ),
    (
        "entry outside an open financial year",
        (
            "NOT EXISTS (SELECT 1 FROM fiscal_year WHERE id = NEW.fiscal_year_id AND company_id = NEW.company_id "
            "AND closed_at IS NULL AND NEW.entry_date BETWEEN starts_on AND ends_on)"
        ),
    ),
    (
        "entry in a closed month",
        (
            "EXISTS (SELECT 1 FROM fiscal_year WHERE id = NEW.fiscal_year_id "
            "AND NEW.entry_date <= months_closed_through) "
            "AND NOT EXISTS (SELECT 1 FROM journal WHERE id = NEW.journal_id AND kind = 'opening')"
        ),
    ),
    ("entry dated before its piece", "NEW.piece_date > NEW.entry_date"),
)
_LINE_RULES = (
    ("line for an entry that exists", "EXISTS (SELECT 1 FROM journal_entry WHERE id = NEW.entry_id)"),
)
_LETTERING_RULES = (
    (
        "line is lettered already",
        (
            "EXISTS (SELECT 1 FROM lettering_line AS other WHERE other.line_id = NEW.line_id AND NOT EXISTS "
            "(SELECT 1 FROM lettering_undo AS undo WHERE undo.lettering_id = other.lettering_id))"
        ),
    ),
    (
        "line of another account or customer than its lettering",
        (
            "NOT EXISTS (SELECT 1 FROM entry_line AS line JOIN lettering AS letter ON letter.id = NEW.lettering_id "
            "WHERE line.id = NEW.line_id AND line.account_id = letter.account_id "
            "AND line.auxiliary_code = letter.auxiliary_code)"
        ),
    ),
    (
        "line of a closed financial year",
        (
            "EXISTS (SELECT 1 FROM entry_line AS line JOIN journal_entry AS entry ON entry.id = line.entry_id "
            "JOIN fiscal_year AS year ON year.id = entry.fiscal_year_id "
            "WHERE line.id = NEW.line_id AND year.closed_at IS NOT NULL)"
        ),
    ),
)
# What was lettered when a year was closed stays so: its file of entries (FEC) says the same for ever.
_UNDO_RULES = (
    (
        "lettering of a closed financial year",
        (
            "EXISTS (SELECT 1 FROM lettering_line AS held JOIN entry_line AS line ON line.id = held.line_id "
            "JOIN journal_entry AS entry ON entry.id = line.entry_id "
            "JOIN fiscal_year AS year ON year.id = entry.fiscal_year_id "
            "WHERE held.lettering_id = NEW.lettering_id AND year.closed_at IS NOT NULL)"
        ),
    ),
)
_CLOSING_RULES = (
    (
        "an earlier financial year is open",
        (
            "NEW.closed_at IS NOT NULL AND EXISTS (SELECT 1 FROM fiscal_year AS earlier "
            "WHERE earlier.company_id = NEW.company_id AND earlier.ends_on < NEW.starts_on "
            "AND earlier.closed_at IS NULL)"
        ),
    ),
)


def _register_rules(
    name: str, table: str, rules: tuple[tuple[str, str], ...], timing: str = "BEFORE INSERT"
) -> None:
    """Refuse an insertion that one of the rules (message, SQL condition over NEW) catches."""
    refusals = " ".join(f"SELECT RAISE(ABORT, '{message}') WHERE {rule};" for message, rule in rules)
    raises = " ".join(
        f"IF {rule} THEN RAISE EXCEPTION '{message}' USING ERRCODE = 'integrity_constraint_violation'; END IF;"
        for message, rule in rules
    )
    register_check(name, table, timing, sqlite=f"BEGIN {refusals} END", body=f"{raises} RETURN NEW;")


_register_rules("checked_journal_entry", "journal_entry", _ENTRY_RULES)
_register_rules("checked_entry_line", "entry_line", _LINE_RULES)
_register_rules("checked_lettering_line", "lettering_line", _LETTERING_RULES)
_register_rules("checked_lettering_undo", "lettering_undo", _UNDO_RULES)
_register_rules("checked_fiscal_year", "fiscal_year", _CLOSING_RULES, "BEFORE UPDATE")

# PostgreSQL only: there another transaction can write a line for an entry that it does not see yet. When that line
# commits, the entry as it then stands is added up again. SQLite has one writer at a time.
_UNBALANCED = (
    "(SELECT SUM(debit_cents) - SUM(credit_cents) FROM entry_line WHERE entry_id = NEW.entry_id) <> 0"
)
register(
    Trigger(
        "balanced_entry_line",
        "entry_line",
        sqlite=(),
        postgresql=(
            (
                "CREATE OR REPLACE FUNCTION balanced_entry_line() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN "
                f"IF {_UNBALANCED} THEN RAISE EXCEPTION 'entry does not balance' "
                "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NULL; END $body$"
            ),
            (
                "CREATE CONSTRAINT TRIGGER balanced_entry_line AFTER INSERT ON entry_line "
                "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION balanced_entry_line()"
            ),
        ),
    )
)
