"""Entries with everything that breaks files: accents, separators, quotation marks, long names, large and
small amounts."""

from __future__ import annotations

from datetime import date

from accounting.exports.pieces import ExportEntry, ExportLine, ExportOptions

CAFE = 'Café « L’Œuf, 5 € » ; "Crème|brûlée"'
LONG = "Société anonyme des très longs établissements " * 5 + "réunis de la Garonne et du Rhône"
BROKEN = "Ligne 1\r\nLigne\t2"
assert len(LONG) > 255

SALE = ExportEntry(
    11, 1, "VE", "Ventes", "VE000001", date(2026, 3, 2), "FA-2026-00012", f"Facture FA-2026-00012 {CAFE}",
    (
        ExportLine("411000", "Clients", "C00010", CAFE, f"Facture FA-2026-00012 {CAFE}", 1_000_000_000, 0,
                   date(2026, 4, 1), "AA"),
        ExportLine("706000", "Prestations de services", "", "", f"Facture FA-2026-00012 {CAFE}", 0, 833_333_333),
        ExportLine("44574", "TVA collectée en attente d’encaissement", "", "", "Facture FA-2026-00012", 0, 166_666_667),
    ),
)  # fmt: skip
OWN_ACCOUNT = ExportEntry(
    12, 2, "VE", "Ventes", "VE000002", date(2026, 3, 31), "FA-2026-00013", BROKEN,
    (
        ExportLine("411LONG", "Clients", "", LONG, BROKEN, 1, 0, date(2026, 3, 31)),
        ExportLine("707000", "Ventes de marchandises", "", "", BROKEN, 0, 1),
    ),
)  # fmt: skip
COLLECTION = ExportEntry(
    13, 3, "BQ", "Banque", "BQ000001", date(2026, 3, 31), "VIR 31/03", "Virement reçu",
    (
        ExportLine("512000", "Banque", "", "", "Virement reçu", 1_000_000_000, 0),
        ExportLine("411000", "Clients", "C00010", CAFE, "Virement reçu", 0, 1_000_000_000, None, "AA"),
        ExportLine("44574", "TVA collectée en attente d’encaissement", "", "", "Virement reçu", 166_666_667, 0),
        ExportLine("445710", "TVA collectée", "", "", "Virement reçu", 0, 166_666_667),
    ),
)  # fmt: skip
FEE = ExportEntry(
    14, 4, "AC", "Achats", "AC000001", date(2026, 4, 1), "PP-2026-03", "Facture PayPlug mars 2026",
    (
        ExportLine("627000", "Services bancaires", "", "", "Facture PayPlug mars 2026", 12_34, 0),
        ExportLine("445660", "TVA déductible", "", "", "Facture PayPlug mars 2026", 2_47, 0),
        ExportLine("401000", "Fournisseurs", "PAYPLUG", "PayPlug", "Facture PayPlug mars 2026", 0, 14_81, None, "AAA"),
    ),
)  # fmt: skip
ENTRIES = (SALE, OWN_ACCOUNT, COLLECTION, FEE)
LINE_COUNT = sum(len(entry.lines) for entry in ENTRIES)
OPTIONS = ExportOptions(account_length=8)
