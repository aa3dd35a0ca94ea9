"""The pages' words in French and English, and how money and dates are written. Used by the templates."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from payplug_bridge.simulator.operations_texts import OPERATIONS_TEXTS
from payplug_bridge.simulator.portal_texts import PORTAL_TEXTS

FRENCH, ENGLISH = "fr", "en"
LANGUAGES = (FRENCH, ENGLISH)
PARIS = ZoneInfo("Europe/Paris")

# message id: (French, English). U+00A0 before : ; ! ? as French typography asks.
HOSTED_TEXTS: dict[str, tuple[str, str]] = {
    "ribbon": ("Simulateur PayPlug — aucun argent réel", "PayPlug simulator — no real money"),
    "simulator": ("Simulateur", "Simulator"),
    "ribbon_test": ("Mode test", "Test mode"),
    "secure_payment": ("Paiement par carte", "Card payment"),
    "amount_due": ("Montant à payer", "Amount due"),
    "pay_amount": ("Payer {amount}", "Pay {amount}"),
    "card_number": ("Numéro de carte", "Card number"),
    "expiry": ("Expiration", "Expiry"),
    "expiry_hint": ("MM/AA", "MM/YY"),
    "cvc": ("Cryptogramme", "Security code"),
    "holder": ("Titulaire de la carte", "Name on card"),
    "error_number": ("Ce numéro de carte n’est pas valide.", "This card number is not valid."),
    "error_expiry": (
        "Écrivez le mois et l’année, par exemple 12/34.",
        "Write the month and the year, for example 12/34.",
    ),
    "error_expired": ("Cette carte a expiré.", "This card has expired."),
    "error_cvc": ("Les 3 ou 4 chiffres au dos de la carte.", "The 3 or 4 digits on the back of the card."),
    "error_summary": ("Vérifiez les champs signalés.", "Please check the marked fields."),
    "cancel": ("Annuler et revenir chez {seller}", "Cancel and go back to {seller}"),
    "back_to": ("Revenir chez {seller}", "Back to {seller}"),
    "try_again": (
        "Vous n’avez pas été débité. Vous pouvez réessayer, avec cette carte ou une autre.",
        "You have not been charged. You can try again, with this card or another.",
    ),
    "declined_title": ("Paiement refusé", "Payment declined"),
    "choose_outcome": ("Choisir l’issue sans saisir de carte", "Choose the outcome without typing a card"),
    "outcome": ("Issue", "Outcome"),
    "apply": ("Appliquer", "Apply"),
    "test_cards": ("Cartes d’essai", "Test cards"),
    "test_cards_hint": (
        "Toute date à venir et tout cryptogramme conviennent.",
        "Any future date and any security code will do.",
    ),
    "use_card": ("Remplir", "Fill in"),
    "use_card_long": ("Remplir avec {number}", "Fill in {number}"),
    "result": ("Résultat", "Result"),
    "challenge_title": ("Votre banque vous demande de confirmer", "Your bank asks you to confirm"),
    "challenge_text": (
        "Paiement de {amount} à {seller} avec la carte se terminant par {last4}.",
        "Payment of {amount} to {seller} with the card ending in {last4}.",
    ),
    "challenge_confirm": ("Confirmer le paiement", "Confirm the payment"),
    "challenge_refuse": ("Refuser", "Refuse"),
    "method_title": ("Paiement par {method}", "Payment by {method}"),
    "method_text": (
        "{method} vous demande de confirmer {amount} pour {seller}.",
        "{method} asks you to confirm {amount} for {seller}.",
    ),
    "method_declined": ("{method} a refusé le paiement", "{method} refused the payment"),
    "method_try_again": (
        "Vous n’avez pas été débité. Vous pouvez réessayer.",
        "You have not been charged. You can try again.",
    ),
    "closed_paid": ("Ce paiement est réglé", "This payment is settled"),
    "closed_paid_text": (
        "{amount} ont été payés le {date}.",
        "{amount} was paid on {date}.",
    ),
    "closed_refunded_text": ("Dont {amount} remboursés.", "Of which {amount} refunded."),
    "closed_aborted": ("Ce paiement a été annulé", "This payment has been cancelled"),
    "closed_aborted_text": (
        "{seller} l’a annulé : il ne peut plus être réglé.",
        "{seller} cancelled it: it can no longer be paid.",
    ),
    "closed_expired": ("Cette page a expiré", "This page has expired"),
    "closed_expired_text": (
        "Le délai de paiement est passé. Demandez un nouveau paiement à {seller}.",
        "The time to pay is over. Ask {seller} for a new payment.",
    ),
    "not_found": ("Cette page n’existe pas", "This page does not exist"),
    "not_found_text": ("Vérifiez l’adresse.", "Please check the address."),
    "forbidden": ("Demande refusée", "Request refused"),
    "forbidden_text": (
        "Elle venait d’un autre site. Ouvrez le portail et recommencez.",
        "It came from another site. Open the portal and try again.",
    ),
    "outcome_paid": ("Paiement accepté", "Payment accepted"),
    "outcome_3ds": ("Demande 3-D Secure", "Asks for 3-D Secure"),
    "outcome_card_declined": ("Carte refusée par la banque", "Card declined by the bank"),
    "outcome_insufficient_funds": ("Provision insuffisante", "Insufficient funds"),
    "outcome_3ds_declined": ("Authentification 3-D Secure échouée", "3-D Secure authentication failed"),
    "outcome_incorrect_number": ("Numéro de carte incorrect", "Incorrect card number"),
    "outcome_fraud_suspected": ("Suspicion de fraude", "Suspected fraud"),
    "outcome_method_unsupported": ("Type de carte non accepté", "Kind of card not accepted"),
    "outcome_processing_error": ("Erreur de traitement", "Processing error"),
    "outcome_card_scheme_mismatch": ("Marque et numéro ne concordent pas", "Brand and number disagree"),
    "outcome_card_expiration_date_prior_to_last_installment_date": (
        "La carte expire avant la dernière échéance",
        "The card expires before the last installment",
    ),
    "outcome_aborted": ("Annulation par le vendeur", "Cancelled by the seller"),
    "outcome_timeout": ("Délai dépassé sans essai", "Timed out without a try"),
}
TEXTS = HOSTED_TEXTS | PORTAL_TEXTS | OPERATIONS_TEXTS


def pick_language(*wishes: str | None) -> str:
    """The first wish that says something: French for fr, English for anything else; French when there is none."""
    for wish in wishes:
        if wish:
            return FRENCH if wish.lower().startswith(FRENCH) else ENGLISH
    return FRENCH


def text(language: str, name: str, **values: object) -> str:
    """The words of a message, with its values filled in."""
    pair = TEXTS[name]
    return pair[LANGUAGES.index(language)].format(**values)


def money(language: str, amount_cents: int) -> str:
    """An amount of cents in EUR: 1 234,56 € or €1,234.56."""
    euros, cents = divmod(abs(amount_cents), 100)
    sign = "-" if amount_cents < 0 else ""
    if language == FRENCH:
        grouped = f"{euros:,}".replace(",", "\u202f")
        return f"{sign}{grouped},{cents:02}\u00a0€"
    return f"{sign}€{euros:,}.{cents:02}"


def moment(language: str, seconds: float) -> str:
    """A time in Paris, to the second."""
    there = datetime.fromtimestamp(seconds, UTC).astimezone(PARIS)
    return there.strftime("%d/%m/%Y %H:%M:%S" if language == FRENCH else "%Y-%m-%d %H:%M:%S")


def day(language: str, seconds: float) -> str:
    """A date in Paris."""
    there = datetime.fromtimestamp(seconds, UTC).astimezone(PARIS)
    return there.strftime("%d/%m/%Y" if language == FRENCH else "%Y-%m-%d")
