"""The pages' words in French and English, and how dates and sizes are written."""

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from babel.numbers import format_decimal

LANGUAGES: Final = ("fr", "en")
_PARIS = ZoneInfo("Europe/Paris")
_DAY_AND_TIME: Final = {"fr": "EEE d MMM y 'à' HH:mm:ss", "en": "EEE d MMM y 'at' HH:mm:ss"}

# name: (French, English). U+00A0 before : ; ! ? and inside « », as French typography asks.
_TEXTS: Final = {
    "mailbox": ("Boîte aux lettres locale", "Local mailbox"),
    "promise": (
        "Tout message envoyé par la démonstration arrive ici. Aucun ne sort de cette machine.",
        "Every message the demo sends arrives here. None leaves this machine.",
    ),
    "skip": ("Aller au contenu", "Skip to content"),
    "messages": ("Messages", "Messages"),
    "faults": ("Pannes", "Faults"),
    "language": ("Langue", "Language"),
    "search": ("Rechercher", "Search"),
    "search_hint": ("Destinataire, objet ou texte", "Recipient, subject or text"),
    "show_all": ("Tout afficher", "Show all"),
    "count_one": ("1 message", "1 message"),
    "count_many": ("{count} messages", "{count} messages"),
    "empty_title": ("Aucun message pour l’instant", "No message yet"),
    "empty_text": (
        "Envoyez une facture depuis Solde\u00a0: elle apparaîtra ici d’elle-même.",
        "Send an invoice from Solde: it will appear here by itself.",
    ),
    "nothing_found": ("Aucun message ne contient « {words} »", "No message contains “{words}”"),
    "received_times": ("reçu {times} fois", "received {times} times"),
    "no_subject": ("(sans objet)", "(no subject)"),
    "newer": ("Plus récents", "Newer"),
    "older": ("Plus anciens", "Older"),
    "page_of": ("Page {page} sur {pages}", "Page {page} of {pages}"),
    "delete_all": ("Vider la boîte", "Empty the mailbox"),
    "back": ("Tous les messages", "All messages"),
    "from": ("De", "From"),
    "to": ("À", "To"),
    "received": ("Reçu", "Received"),
    "attachments": ("Pièces jointes", "Attachments"),
    "view_html": ("Message", "Message"),
    "view_text": ("Texte seul", "Plain text"),
    "view_headers": ("En-têtes", "Headers"),
    "views": ("Façons de lire", "Ways to read"),
    "html_frame": ("Contenu du message", "Content of the message"),
    "no_html": ("Ce message n’a pas de version mise en forme.", "This message has no formatted version."),
    "no_text": ("Ce message n’a pas de version texte.", "This message has no text version."),
    "raw": ("Fichier .eml", "The .eml file"),
    "not_found": ("Ce message n’existe pas", "There is no such message"),
    "not_found_text": ("Il a peut-être été supprimé depuis.", "It may have been deleted since."),
    "faults_intro": (
        "Faites de cette boîte un serveur de messagerie en difficulté, pour voir l’expéditeur s’en sortir.",
        "Make this mailbox behave like a mail server in trouble, to see how the sender copes.",
    ),
    "refuse": ("Refuser les prochains messages", "Refuse the next messages"),
    "refuse_code": ("Réponse", "Answer"),
    "code_451": ("451 — réessayez plus tard", "451 — try again later"),
    "code_452": ("452 — boîte pleine pour l’instant", "452 — mailbox full for now"),
    "code_550": ("550 — destinataire inconnu", "550 — unknown recipient"),
    "code_554": ("554 — message refusé", "554 — message refused"),
    "refuse_at": ("Moment du refus", "When"),
    "at_data": ("après le message", "after the message"),
    "at_recipient": ("au nom du destinataire", "at the recipient"),
    "drop": ("Couper la connexion sans répondre", "Break the connection without an answer"),
    "drop_keeps": ("Garder quand même le message", "Keep the message nevertheless"),
    "delay": ("Attendre avant chaque réponse (secondes)", "Wait before each answer (seconds)"),
    "apply": ("Appliquer", "Apply"),
    "stop_faults": ("Tout rétablir", "Behave again"),
    "faults_active": ("Des pannes sont programmées.", "Faults are planned."),
    "faults_none": ("Aucune panne\u00a0: chaque message est accepté.", "No faults: every message is accepted."),
    "faults_wrong": (
        "Ces valeurs ne vont pas\u00a0: des nombres positifs, une attente de 120 secondes au plus.",
        "These values do not work: positive numbers, a wait of at most 120 seconds.",
    ),
    "count_hint": ("nombre de messages", "number of messages"),
}  # fmt: skip


class Words:
    """The texts of one language, as attributes for the templates."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._index = LANGUAGES.index(language)

    def __getattr__(self, name: str) -> str:
        try:
            return _TEXTS[name][self._index].replace("« ", "«\u00a0").replace(" »", "\u00a0»")
        except KeyError:
            raise AttributeError(name) from None

    def messages_count(self, count: int) -> str:
        """`12 messages`."""
        return self.count_one if count == 1 else self.count_many.format(count=count)

    def moment(self, instant: datetime) -> str:
        """An instant as Paris reads its clocks."""
        local = instant.astimezone(_PARIS)
        return format_datetime(local, _DAY_AND_TIME[self.language], tzinfo=_PARIS, locale=self.language)

    def size(self, byte_count: int) -> str:
        """`42,3 ko`."""
        unit = "ko" if self.language == "fr" else "kB"
        return format_decimal(round(byte_count / 1000, 1), locale=self.language) + "\u00a0" + unit
