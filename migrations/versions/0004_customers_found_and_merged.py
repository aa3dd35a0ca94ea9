"""Fill what the search of customers reads for those that are here, and index what they were merged into."""

from __future__ import annotations

import unicodedata
from collections import defaultdict

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "’": "'", "-": " "})


def upgrade() -> None:
    op.create_index("ix_customer_merged_into", "customer", ["company_id", "merged_into_id"])
    _fill()


def downgrade() -> None:
    op.drop_index("ix_customer_merged_into", "customer")


def _fill() -> None:
    connection = op.get_bind()
    contacts: dict[int, list[str]] = defaultdict(list)
    for row in connection.execute(sa.text("SELECT customer_id, name, email FROM contact ORDER BY id")):
        contacts[row.customer_id] += [row.name, row.email]
    rows = connection.execute(
        sa.text(
            "SELECT id, name, first_name, number, siren, siret, external_reference, postcode, city FROM customer"
        )
    )
    filled = [
        {"id": row.id, "search_text": _plain(" ".join(filter(None, [*row[1:], *contacts[row.id]])))}
        for row in rows
    ]
    if filled:
        connection.execute(sa.text("UPDATE customer SET search_text = :search_text WHERE id = :id"), filled)


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
    return " ".join("".join(c for c in folded if not unicodedata.combining(c)).split())
