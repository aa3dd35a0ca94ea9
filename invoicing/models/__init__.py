"""The nouns of invoicing, one module for each; everybody imports them from here."""

from invoicing.models.bulk import BulkAction, BulkItem, BulkItemState, BulkRun
from invoicing.models.catalogue import Item
from invoicing.models.customers import Contact, Customer, CustomerCounter, CustomerKind, CustomerMerge
from invoicing.models.documents import DepositUse, Document, DocumentLine, DocumentVat
from invoicing.models.files import (
    DocumentFile,
    DocumentXml,
    EinvoiceRules,
    FileKind,
    PaymentLink,
    PaymentLinkDuplicate,
)
from invoicing.models.notices import (
    NoticeKind,
    NoticePreference,
    NoticeSettings,
    PaymentCard,
    PaymentNotice,
    PaymentNoticeMail,
)
from invoicing.models.quotes import QuoteAnswer, QuoteLink
from invoicing.models.recurring import Recurrence, RecurrenceRun, RecurringAction
from invoicing.models.sendings import Sending, SendingMail, SmsSending
from invoicing.models.settings import InvoicingSettings, NumberSeries, VatRate
from invoicing.models.takeovers import OpeningItem, Takeover, TakeoverUndo
from invoicing.models.texts import MailSettings, TextKind, TextTemplate

__all__ = [
    "BulkAction",
    "BulkItem",
    "BulkItemState",
    "BulkRun",
    "Contact",
    "Customer",
    "CustomerCounter",
    "CustomerKind",
    "CustomerMerge",
    "DepositUse",
    "Document",
    "DocumentFile",
    "DocumentLine",
    "DocumentVat",
    "DocumentXml",
    "EinvoiceRules",
    "FileKind",
    "InvoicingSettings",
    "Item",
    "MailSettings",
    "NoticeKind",
    "NoticePreference",
    "NoticeSettings",
    "NumberSeries",
    "OpeningItem",
    "PaymentCard",
    "PaymentLink",
    "PaymentLinkDuplicate",
    "PaymentNotice",
    "PaymentNoticeMail",
    "QuoteAnswer",
    "QuoteLink",
    "Recurrence",
    "RecurrenceRun",
    "RecurringAction",
    "Sending",
    "SendingMail",
    "SmsSending",
    "Takeover",
    "TakeoverUndo",
    "TextKind",
    "TextTemplate",
    "VatRate",
]
