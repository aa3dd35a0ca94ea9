"""What Solde uses accounts for, and the French account it proposes for each use. The company may choose others.

Numbers and labels follow the plan comptable général; they are the defaults of a company's chart, never constants of a
rule: firms differ on several of them (44574 or 4458 for waiting VAT, sub-accounts by rate).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from flask_babel import LazyString
from flask_babel import lazy_gettext as _l

FRENCH_RATES = (2000, 1000, 550, 210, 0)
"""The rates (1/100 %) for which an account of its own may be chosen."""


class AccountRole(StrEnum):
    """One use of an account. Sales and collected VAT may also have one account per rate (`sales_service:2000`)."""

    CUSTOMERS = "customers"
    SALES = "sales"
    SALES_SERVICE = "sales_service"
    SALES_GOODS = "sales_goods"
    SALES_SERVICE_EXEMPT = "sales_service_exempt"
    SALES_GOODS_EXEMPT = "sales_goods_exempt"
    SALES_REVERSE_CHARGE = "sales_reverse_charge"
    SALES_SERVICE_EU = "sales_service_eu"
    SALES_GOODS_EU = "sales_goods_eu"
    SALES_EXPORT = "sales_export"
    SALES_OUTSIDE_SCOPE = "sales_outside_scope"
    DISBURSEMENTS = "disbursements"
    REBATES_SERVICE = "rebates_service"
    REBATES_GOODS = "rebates_goods"
    VAT_COLLECTED = "vat_collected"
    VAT_WAITING = "vat_waiting"
    VAT_ON_DEPOSITS = "vat_on_deposits"
    DEPOSITS = "deposits"
    WALLET = "wallet"
    BANK = "bank"
    CASH = "cash"
    CHEQUES = "cheques"
    TRANSFERS = "transfers"
    PROCESSOR_FEES = "processor_fees"
    VAT_DEDUCTIBLE = "vat_deductible"
    ROUNDING_LOSS = "rounding_loss"
    ROUNDING_GAIN = "rounding_gain"
    SUPPLIERS = "suppliers"
    SUSPENSE = "suspense"
    DOUBTFUL = "doubtful"
    PROFIT = "profit"
    LOSS = "loss"
    PROVISION = "provision"
    PROVISION_CHARGE = "provision_charge"
    PROVISION_REVERSAL = "provision_reversal"
    BAD_DEBTS = "bad_debts"
    DEBTS_RECOVERED = "debts_recovered"
    DISCOUNTS_GIVEN = "discounts_given"
    DIFFERENCE_LOSS = "difference_loss"
    DIFFERENCE_GAIN = "difference_gain"
    LATE_PENALTIES = "late_penalties"
    RECOVERY_INDEMNITIES = "recovery_indemnities"
    BANK_FEES = "bank_fees"


@dataclass(frozen=True)
class RoleDefault:
    """How a role begins in every chart.

    Attributes:
        role: the role.
        number: the account proposed.
        label: its label in the books, French because the books are.
        prefix: how any number chosen instead must begin.
        title: what the settings page calls it.
        by_rate: the company may choose an account for each VAT rate.
        instead: the role whose account is used while this one has none; a role without it must have an account.
    """

    role: AccountRole
    number: str
    label: str
    prefix: str
    title: LazyString
    by_rate: bool = False
    instead: AccountRole | None = None


_R = AccountRole
ROLES: dict[AccountRole, RoleDefault] = {
    default.role: default
    for default in (
        RoleDefault(_R.CUSTOMERS, "411000", "Clients", "41", _l("Customers")),
        RoleDefault(_R.SALES, "700000", "Ventes", "70", _l("All other sales")),
        RoleDefault(
            _R.SALES_SERVICE,
            "706000",
            "Prestations de services",
            "70",
            _l("Sales of services"),
            by_rate=True,
            instead=_R.SALES,
        ),
        RoleDefault(
            _R.SALES_GOODS,
            "707000",
            "Ventes de marchandises",
            "70",
            _l("Sales of goods"),
            by_rate=True,
            instead=_R.SALES,
        ),
        # Sales without VAT stand apart, so that the return can be read from the books (practice; firms differ on the
        # numbers, the plan comptable général names none below 706 and 707).
        RoleDefault(
            _R.SALES_SERVICE_EXEMPT,
            "706100",
            "Prestations de services exonérées de TVA",
            "70",
            _l("Services exempt from VAT"),
            instead=_R.SALES_SERVICE,
        ),
        RoleDefault(
            _R.SALES_GOODS_EXEMPT,
            "707100",
            "Ventes de marchandises exonérées de TVA",
            "70",
            _l("Goods exempt from VAT"),
            instead=_R.SALES_GOODS,
        ),
        RoleDefault(
            _R.SALES_REVERSE_CHARGE,
            "706200",
            "Travaux de sous-traitance – autoliquidation",
            "70",
            _l("Building subcontracting (reverse charge)"),
            instead=_R.SALES_SERVICE,
        ),
        RoleDefault(
            _R.SALES_SERVICE_EU,
            "706300",
            "Prestations de services intracommunautaires",
            "70",
            _l("Services to businesses in the EU"),
            instead=_R.SALES_SERVICE,
        ),
        RoleDefault(
            _R.SALES_GOODS_EU,
            "707300",
            "Livraisons intracommunautaires",
            "70",
            _l("Goods to businesses in the EU"),
            instead=_R.SALES_GOODS,
        ),
        RoleDefault(
            _R.SALES_EXPORT, "707400", "Ventes à l’exportation", "70", _l("Exports"), instead=_R.SALES_GOODS
        ),
        RoleDefault(
            _R.SALES_OUTSIDE_SCOPE,
            "706400",
            "Opérations hors du champ de la TVA",
            "70",
            _l("Sales outside the scope of VAT"),
            instead=_R.SALES_SERVICE,
        ),
        # What is advanced in a customer's name is neither income nor cost: an account of third parties (practice).
        RoleDefault(
            _R.DISBURSEMENTS,
            "467100",
            "Débours pour le compte de clients",
            "46",
            _l("Disbursements for customers"),
            instead=_R.SUSPENSE,
        ),
        # Reductions granted after the invoice (PCG, 709: rabais, remises et ristournes accordés).
        RoleDefault(
            _R.REBATES_SERVICE,
            "709600",
            "Rabais, remises et ristournes sur prestations de services",
            "709",
            _l("Later discounts on services"),
            by_rate=True,
            instead=_R.SALES_SERVICE,
        ),
        RoleDefault(
            _R.REBATES_GOODS,
            "709700",
            "Rabais, remises et ristournes sur ventes de marchandises",
            "709",
            _l("Later discounts on goods"),
            by_rate=True,
            instead=_R.SALES_GOODS,
        ),
        RoleDefault(_R.VAT_COLLECTED, "445710", "TVA collectée", "4457", _l("VAT collected"), by_rate=True),
        RoleDefault(
            _R.VAT_WAITING,
            "445740",
            "TVA collectée sur encaissements",
            "445",
            _l("VAT waiting for collection"),
        ),
        # VAT that is due on deposits whose sale is not booked yet (practice; firms differ: 4458, 44587 …).
        RoleDefault(
            _R.VAT_ON_DEPOSITS,
            "445880",
            "TVA à régulariser – acomptes reçus",
            "4458",
            _l("VAT on deposits booked when paid"),
            instead=_R.VAT_WAITING,
        ),
        RoleDefault(
            _R.DEPOSITS, "419100", "Clients – avances et acomptes reçus", "419", _l("Deposits received")
        ),
        # A PayPlug balance is money of the company: it is kept like a bank account.
        RoleDefault(_R.WALLET, "512500", "PayPlug", "512", _l("PayPlug wallet")),
        RoleDefault(_R.BANK, "512000", "Banque", "512", _l("Bank account")),
        RoleDefault(_R.CASH, "530000", "Caisse", "53", _l("Cash desk")),
        RoleDefault(_R.CHEQUES, "511200", "Chèques à encaisser", "511", _l("Cheques to cash")),
        RoleDefault(_R.TRANSFERS, "580000", "Virements internes", "58", _l("Internal transfers")),
        RoleDefault(
            _R.PROCESSOR_FEES,
            "627800",
            "Frais et commissions sur prestations de services",
            "62",
            _l("PayPlug fees"),
        ),
        RoleDefault(
            _R.VAT_DEDUCTIBLE,
            "445660",
            "TVA déductible sur autres biens et services",
            "4456",
            _l("Deductible VAT"),
        ),
        RoleDefault(
            _R.ROUNDING_LOSS,
            "658000",
            "Charges diverses de gestion courante",
            "6",
            _l("Rounding differences lost"),
        ),
        RoleDefault(
            _R.ROUNDING_GAIN,
            "758000",
            "Produits divers de gestion courante",
            "7",
            _l("Rounding differences gained"),
        ),
        # PayPlug among them: it invoices its fees once a month and takes them out of the wallet.
        RoleDefault(_R.SUPPLIERS, "401000", "Fournisseurs", "40", _l("Suppliers (PayPlug fees)")),
        RoleDefault(_R.SUSPENSE, "471000", "Compte d’attente", "47", _l("Waiting account")),
        RoleDefault(_R.DOUBTFUL, "416000", "Clients douteux ou litigieux", "416", _l("Doubtful customers")),
        # Where the opening entries put the result of the year before, until the owners decide on it (PCG, 12).
        RoleDefault(
            _R.PROFIT, "120000", "Résultat de l’exercice (bénéfice)", "12", _l("Profit of the year before")
        ),
        RoleDefault(_R.LOSS, "129000", "Résultat de l’exercice (perte)", "12", _l("Loss of the year before")),
        RoleDefault(
            _R.PROVISION,
            "491000",
            "Dépréciations des comptes de clients",
            "49",
            _l("Provisions for customers"),
            instead=_R.SUSPENSE,
        ),
        RoleDefault(
            _R.PROVISION_CHARGE,
            "681740",
            "Dotations aux dépréciations des créances",
            "68",
            _l("Provisions: charge"),
            instead=_R.ROUNDING_LOSS,
        ),
        RoleDefault(
            _R.PROVISION_REVERSAL,
            "781740",
            "Reprises sur dépréciations des créances",
            "78",
            _l("Provisions: taken back"),
            instead=_R.ROUNDING_GAIN,
        ),
        RoleDefault(
            _R.BAD_DEBTS,
            "654000",
            "Pertes sur créances irrécouvrables",
            "65",
            _l("Receivables lost"),
            instead=_R.ROUNDING_LOSS,
        ),
        # 7714 until the plan of 2025 took it out of the exceptional income (assumed: 7583 since then).
        RoleDefault(
            _R.DEBTS_RECOVERED,
            "758300",
            "Rentrées sur créances amorties",
            "7",
            _l("Lost receivables paid after all"),
            instead=_R.ROUNDING_GAIN,
        ),
        RoleDefault(
            _R.DISCOUNTS_GIVEN,
            "665000",
            "Escomptes accordés",
            "66",
            _l("Early-payment discounts"),
            instead=_R.ROUNDING_LOSS,
        ),
        RoleDefault(
            _R.DIFFERENCE_LOSS,
            "658800",
            "Différences de règlement (pertes)",
            "6",
            _l("Small differences lost"),
            instead=_R.ROUNDING_LOSS,
        ),
        RoleDefault(
            _R.DIFFERENCE_GAIN,
            "758800",
            "Différences de règlement (gains)",
            "7",
            _l("Small differences kept"),
            instead=_R.ROUNDING_GAIN,
        ),
        RoleDefault(
            _R.LATE_PENALTIES,
            "763100",
            "Revenus des créances commerciales",
            "76",
            _l("Late penalties received"),
            instead=_R.ROUNDING_GAIN,
        ),
        RoleDefault(
            _R.RECOVERY_INDEMNITIES,
            "758100",
            "Indemnités forfaitaires de recouvrement",
            "7",
            _l("Recovery indemnities received"),
            instead=_R.ROUNDING_GAIN,
        ),
        RoleDefault(
            _R.BANK_FEES,
            "627000",
            "Services bancaires et assimilés",
            "62",
            _l("Bank fees"),
            instead=_R.PROCESSOR_FEES,
        ),
    )
}

RATE_DEFAULTS: dict[tuple[AccountRole, int], tuple[str, str]] = {
    (_R.VAT_COLLECTED, 2000): ("445711", "TVA collectée 20\u00a0%"),
    (_R.VAT_COLLECTED, 1000): ("445712", "TVA collectée 10\u00a0%"),
    (_R.VAT_COLLECTED, 550): ("445713", "TVA collectée 5,5\u00a0%"),
    (_R.VAT_COLLECTED, 210): ("445714", "TVA collectée 2,1\u00a0%"),
}
"""Accounts by VAT rate that a chart begins with: number and label."""


PLAIN_ACCOUNTS: tuple[tuple[str, str], ...] = (("445510", "TVA à décaisser"),)
"""Accounts that a chart begins with and that no rule posts on: number and label. The accountant's own entries and the
lines of the bank that pay the tax office stand on them."""


class JournalCode(StrEnum):
    """The journals. One treasury journal per kind of treasury account that is reconciled on its own."""

    SALES = "VE"
    WALLET = "PP"
    BANK = "BQ"
    CASH = "CA"
    GENERAL = "OD"
    OPENING = "AN"
    PURCHASES = "AC"


def role_key(role: AccountRole, vat_rate: int | None = None) -> str:
    """How a role is stored on its account: `sales_service`, or `sales_service:2000` for one rate (1/100 %)."""
    return role.value if vat_rate is None else f"{role.value}:{vat_rate}"


def split_role_key(key: str) -> tuple[AccountRole, int | None]:
    """The role and the rate that a stored key means."""
    role, _, rate = key.partition(":")
    return AccountRole(role), int(rate) if rate else None
