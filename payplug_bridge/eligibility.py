"""Where a company must be registered to have a PayPlug account, in the reader's language.

From PayPlug's public help page on the countries it is available in (web; company and bank account both): the list may
have changed since, so it is shown as a hint and refuses nobody. Accounts and prices are in euros only; customers may
pay from any country, their bank converts.
"""

from __future__ import annotations

from typing import Final

from babel import Locale

COUNTRIES: Final = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CH",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IS",
        "IT",
        "LI",
        "LT",
        "LU",
        "LV",
        "MC",
        "MT",
        "NL",
        "NO",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)


def is_eligible(country: str) -> bool:
    """True when a company of this country (two letters) may have an account, as far as is known."""
    return country.upper() in COUNTRIES


def eligible_names(locale: Locale) -> list[str]:
    """The countries' names, sorted."""
    return sorted(str(locale.territories.get(code, code)) for code in COUNTRIES)
