"""The words of the portal's page of an account's money, added to those of `texts.py`."""

from __future__ import annotations

OPERATIONS_TEXTS: dict[str, tuple[str, str]] = {
    "money": ("Argent", "Money"),
    "payout": ("Virer à la banque", "Pay out"),
    "payout_amount": ("Montant (vide : tout)", "Amount (empty: all)"),
    "fees": ("Frais", "Fees"),
    "fees_month": ("Mois (vide : le précédent)", "Month (empty: the one before)"),
    "fees_invoice": ("Facturer les frais", "Invoice the fees"),
    "statement": ("Relevé", "Statement"),
    "movement": ("Opération", "Movement"),
    "movement_payment": ("Paiement", "Payment"),
    "movement_refund": ("Remboursement", "Refund"),
    "movement_payout": ("Virement", "Payout"),
    "movement_fees": ("Facture de frais", "Invoice of fees"),
    "movement_dispute": ("Contestation", "Dispute"),
    "movement_dispute_fee": ("Frais de contestation", "Cost of a dispute"),
    "movement_dispute_won": ("Contestation gagnée", "Dispute won"),
    "no_movement": ("Rien n’a encore bougé", "Nothing has moved yet"),
    "dispute": ("Contester", "Dispute"),
    "dispute_win": ("Gagner", "Win"),
    "report_csv": ("Relevé comptable (CSV)", "Accounting report (CSV)"),
    "report_xlsx": ("Relevé comptable (XLSX)", "Accounting report (XLSX)"),
    "call_create_report": ("demander un relevé comptable", "ask for an accounting report"),
    "call_retrieve_report": ("lire un relevé comptable", "read an accounting report"),
    "reason_report": ("Relevé comptable prêt", "Accounting report ready"),
}
