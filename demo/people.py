"""The made-up company of the demo, its members and its 25 customers. Every address is at example.org."""

from __future__ import annotations

from typing import Any

from stdnum import luhn

from core.models import Role
from invoicing.customer_input import ContactInput, CustomerInput
from invoicing.models import CustomerKind

PASSWORD = "demo-solde-2026"  # noqa: S105  # printed for everybody: it protects made-up data
MEMBERS = (
    ("camille@atelier-lumen.example.org", "Camille Aubry", Role.OWNER),
    ("compta@cabinet-clairval.example.org", "Inès Clairval", Role.ACCOUNTANT),
    ("nino@atelier-lumen.example.org", "Nino Pastel", Role.STAFF),
)


def siren(number: int) -> str:
    """A SIREN with a right key, from a range of obviously made-up numbers."""
    stem = f"9{number:07d}"
    return stem + luhn.calc_check_digit(stem)


def vat_number(siren_: str) -> str:
    """The French VAT number of a SIREN (its key is 12 + 3 × (SIREN mod 97), mod 97)."""
    return f"FR{(12 + 3 * (int(siren_) % 97)) % 97:02d}{siren_}"


COMPANY_SIREN = siren(1)
COMPANY: dict[str, Any] = {
    "name": "Atelier Lumen",
    "legal_form": "SARL",
    "share_capital_cents": 1_500_000,
    "siren": COMPANY_SIREN,
    "siret": "",
    "vat_number": vat_number(COMPANY_SIREN),
    "registration": f"RCS Lyon {COMPANY_SIREN}",
    "address1": "12 rue des Lanternes",
    "postcode": "69005",
    "city": "Lyon",
    "email": "bonjour@atelier-lumen.example.org",
    "phone": "+33 4 99 00 00 12",
    "website": "https://atelier-lumen.example.org",
    "iban": "FR7630006000011234567890189",
    "bic": "AGRIFRPP",
    "colour": "#1f5f5b",
    "is_demo": True,
}

_BUSINESSES = (
    ("Boulangerie du Sémaphore", "4 quai des Brumes", "69002", "Lyon"),
    ("Garage des Trois Bielles", "18 route de la Tuilerie", "69100", "Villeurbanne"),
    ("Librairie L’Encre bleue", "7 place du Marché", "38200", "Vienne"),
    ("Hôtel de la Passerelle", "2 montée du Belvédère", "69005", "Lyon"),
    ("Cabinet dentaire Molaire & Fils", "31 avenue du Parc", "69006", "Lyon"),
    ("Théâtre de la Petite Scène", "9 rue des Coulisses", "42000", "Saint-Étienne"),
    ("Fromagerie Alpage", "15 chemin du Pré", "73000", "Chambéry"),
    ("Menuiserie Copeaux", "Zone artisanale des Chênes", "01000", "Bourg-en-Bresse"),
    ("Crèche Les Petits Pas", "22 rue du Toboggan", "69003", "Lyon"),
    ("Agence Point Virgule", "5 rue de la Ponctuation", "69001", "Lyon"),
    ("Brasserie du Tonnelier", "40 cours de la Mousse", "69007", "Lyon"),
    ("Pharmacie du Caducée", "1 place de l’Hôtel-de-Ville", "38000", "Grenoble"),
    ("Studio Argentique", "13 passage de la Focale", "69004", "Lyon"),
    ("Clinique vétérinaire des Alouettes", "8 rue des Moineaux", "69300", "Caluire-et-Cuire"),
    ("Vélos & Compagnie", "27 boulevard du Pignon", "69008", "Lyon"),
    ("Imprimerie Cyan", "11 rue des Trames", "69200", "Vénissieux"),
    ("Salle d’escalade Le Dévers", "3 impasse du Piton", "74000", "Annecy"),
    ("Maraîcher Verte Saison", "Lieu-dit Les Sillons", "01120", "Montluel"),
)
_INDIVIDUALS = (
    ("Odile", "Marchand", "6 rue des Glycines", "69003", "Lyon"),
    ("Karim", "Belkacem", "14 rue de la Fontaine", "69100", "Villeurbanne"),
    ("Suzanne", "Vidal", "3 allée des Tilleuls", "69130", "Écully"),
    ("Thomas", "Lefranc", "25 rue du Moulin", "38200", "Vienne"),
    ("Yuki", "Tanaka", "10 rue de la Soierie", "69001", "Lyon"),
    ("Bruno", "Castel", "48 chemin des Vignes", "69230", "Saint-Genis-Laval"),
    ("Élodie", "Roussel", "17 rue du Lavoir", "42000", "Saint-Étienne"),
)


def customers() -> list[CustomerInput]:
    """The 25 customers, each with an external reference of its own; one of them reads English."""
    return [_business(index, values) for index, values in enumerate(_BUSINESSES, start=1)] + [
        _individual(index, values) for index, values in enumerate(_INDIVIDUALS, start=1)
    ]


def _business(index: int, given: tuple[str, str, str, str]) -> CustomerInput:
    name, address, postcode, city = given
    number = siren(100 + index)
    return CustomerInput(
        kind=CustomerKind.BUSINESS,
        name=name,
        siren=number,
        vat_number=vat_number(number),
        address1=address,
        postcode=postcode,
        city=city,
        payment_terms_days=45 if index % 5 == 0 else None,
        external_reference=f"demo-business-{index}",
        contacts=(ContactInput(name="Comptabilité", email=f"compta.{index}@clients.example.org"),),
    )


def _individual(index: int, given: tuple[str, str, str, str, str]) -> CustomerInput:
    first_name, name, address, postcode, city = given
    return CustomerInput(
        kind=CustomerKind.INDIVIDUAL,
        name=name,
        first_name=first_name,
        address1=address,
        postcode=postcode,
        city=city,
        language="en" if first_name == "Yuki" else "fr",
        external_reference=f"demo-individual-{index}",
        contacts=(
            ContactInput(name=f"{first_name} {name}", email=f"particulier.{index}@clients.example.org"),
        ),
    )
