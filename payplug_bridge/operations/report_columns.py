"""The words of PayPlug's accounting reports: names of columns and of types, in French, English and Italian.

PayPlug publishes no list of columns. Two layouts are known from others' practice: (A) a French statement in CSV
(`Date`, `Type`, `Montant`, `ID API`, `Description`, `E-mail`) and (B) the portal's spreadsheet of 2025 (`ID`, `Data di
registrazione (UTC)`, `Importo (€)`, `Commissioni excl. IVA (€)`, `Saldo lordo (€)`, `metadata_…`). Names not among the
known ones here are guesses in the same spirit; whatever is not recognised is kept raw.
"""

from __future__ import annotations

import re
import unicodedata
from enum import StrEnum

from payplug_bridge.operations.models import OperationKind
from payplug_bridge.snapshots import REFERENCE_KEY


class ReportColumn(StrEnum):
    """A column that the reader uses."""

    DATE = "date"
    TIME = "time"
    TYPE = "type"
    AMOUNT = "amount"
    ID = "id"
    DESCRIPTION = "description"
    FEE = "fee"
    BALANCE = "balance"
    REFERENCE = "reference"


_C = ReportColumn
# In order of preference: where a file has two of them, the first one listed is taken.
_NAMES: dict[ReportColumn, tuple[str, ...]] = {
    _C.DATE: (
        "date", "date utc", "data di registrazione utc", "data di registrazione", "data", "data utc",
        "date d enregistrement utc", "date d enregistrement", "date de l operation", "date operation",
        "recording date utc", "recording date", "registration date utc", "registration date", "booking date utc",
        "booking date", "transaction date",
    ),
    _C.TIME: ("heure", "heure utc", "time", "time utc", "ora", "ora utc"),
    _C.TYPE: (
        "type", "tipo", "type d operation", "type de transaction", "operation type", "transaction type",
        "tipo di operazione", "tipologia",
    ),
    _C.AMOUNT: ("montant", "amount", "importo", "montant ttc", "gross amount", "montant brut", "importo lordo"),
    _C.ID: ("id api", "api id", "id", "identifiant", "transaction id", "id transaction", "id transazione"),
    _C.DESCRIPTION: ("description", "descrizione", "libelle", "label"),
    _C.FEE: (
        "commissioni excl iva", "commissions excl tva", "commissions ht", "commission ht", "commissions hors tva",
        "fees excl vat", "fee excl vat", "commissions excl vat",
    ),
    _C.BALANCE: ("saldo lordo", "solde brut", "gross balance"),
}  # fmt: skip
_REFERENCE = f"metadata_{REFERENCE_KEY}"

# Columns of the portal's list of payments, which looks alike but is no accounting report: fees and payouts are missing.
_OF_PAYMENT_LIST = frozenset(
    {"nombre de tentatives", "raison d echec", "number of attempts", "numero di tentativi"}
)

_DISPUTE = (
    "opposition", "impaye", "litige", "contestation", "chargeback", "dispute", "contestazione", "disputa",
    "retrofacturation", "insoluto",
)  # fmt: skip
_FEE_OF = (
    "frais",
    "fee",
    "fees",
    "commission",
    "commissions",
    "spese",
    "commissione",
    "commissioni",
    "costo",
)
_KINDS: tuple[tuple[OperationKind, tuple[str, ...]], ...] = (
    (OperationKind.REFUND, ("remboursement", "refund", "rimborso")),
    (OperationKind.PAYOUT, ("virement", "transfer", "payout", "bonifico", "trasferimento")),
    (OperationKind.FEE_INVOICE, ("facture", "invoice", "fattura")),
    (OperationKind.PAYMENT, ("paiement", "payment", "pagamento", "encaissement", "incasso")),
)


_SPACES = str.maketrans("€’‘", "   ")


def plain(text: str) -> str:
    """Lower case, no accents, no signs: how names are compared (`Importo (€)` and `importo` are the same)."""
    bare = unicodedata.normalize("NFKD", text.translate(_SPACES)).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", " ", bare).split()
    return " ".join(words[:-1] if len(words) > 1 and words[-1] in ("eur", "euro", "euros") else words)


def columns_of(header: list[str]) -> dict[ReportColumn, int]:
    """Where each known column stands in this row of names."""
    names = [plain(cell) for cell in header]
    found: dict[ReportColumn, int] = {}
    for column, aliases in _NAMES.items():
        place = next((names.index(alias) for alias in aliases if alias in names), None)
        if place is not None:
            found[column] = place
    places = [number for number, cell in enumerate(header) if cell.strip().lower() == _REFERENCE]
    if places:
        found[ReportColumn.REFERENCE] = places[0]
    return found


def is_header(columns: dict[ReportColumn, int]) -> bool:
    """Whether a row that has these columns names the columns of an accounting report."""
    says_what = ReportColumn.TYPE in columns or ReportColumn.ID in columns
    return ReportColumn.DATE in columns and ReportColumn.AMOUNT in columns and says_what


def is_payment_list(header: list[str]) -> bool:
    """Whether the row names the columns of the portal's list of payments instead."""
    return any(plain(cell) in _OF_PAYMENT_LIST for cell in header)


def kind_of(type_text: str, payplug_id: str, amount_cents: int) -> OperationKind:
    """What a row is about: by the word of its type, else by its id.

    A row of an unknown type that has a payment's id and takes money is no payment: it stays unknown.
    """
    words = plain(type_text).split()
    if any(word.rstrip("s") in _DISPUTE or word in _DISPUTE for word in words):
        is_fee = any(word in _FEE_OF for word in words)
        return OperationKind.DISPUTE_FEE if is_fee else OperationKind.DISPUTE
    for kind, known in _KINDS:
        if any(word in known or word.rstrip("s") in known for word in words):
            return kind
    if payplug_id.startswith("re_"):
        return OperationKind.REFUND
    if payplug_id.startswith("pay_") and amount_cents > 0:
        return OperationKind.PAYMENT
    return OperationKind.UNKNOWN
