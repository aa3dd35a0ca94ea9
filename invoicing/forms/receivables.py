"""The forms about what becomes of a receivable: given up, doubted, kept. Shown with its entry, then agreed to."""

from __future__ import annotations

from datetime import date

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired

from core.clock import paris_today
from core.money import RATE_DECIMALS
from core.web.forms import MoneyField, RequestKeyField, ScaledField, choices
from invoicing.doubt_invoice import DoubtInput
from invoicing.keep_surplus import KeepInput
from invoicing.receivables import KeptKind, WriteOffKind
from invoicing.write_off_plan import WriteOffInput

KEPT_WORDS = {
    KeptKind.DIFFERENCE: _l("A difference of cents"),
    KeptKind.PENALTY: _l("Late penalties"),
    KeptKind.INDEMNITY: _l("Indemnity for recovery costs (40 €)"),
    KeptKind.RECOVERY: _l("Payment of an invoice that was given up as a loss"),
}


class DecisionForm(FlaskForm):
    """A decision with its day; `seen` says which one the person was shown, so that only that one is done."""

    day = DateField(_l("Date"), [InputRequired(_l("Give the date."))], default=paris_today)
    reason = StringField(_l("Reason"))
    seen = HiddenField()
    request_key = RequestKeyField()

    @property
    def shown(self) -> str:
        """What a page that shows this decision puts into `seen`."""
        typed = (field for field in self if field.name not in ("seen", "request_key", "csrf_token", "reason"))
        return "|".join(str(getattr(field, "scaled", field.data)) for field in typed)

    @property
    def is_confirmed(self) -> bool:
        """True when the person has been shown this very decision."""
        return bool(self.seen.data) and self.seen.data == self.shown

    @property
    def on(self) -> date:
        """The day typed."""
        day: date = self.day.data
        return day


class GiveUpForm(DecisionForm):
    """A part of an invoice to give up."""

    amount_cents = MoneyField(_l("Amount including VAT"), [DataRequired(_l("Give the amount."))])
    takes_vat_back = BooleanField(_l("Take the VAT in it back"))

    def as_input(self, invoice_id: int, kind: WriteOffKind, actor_id: int | None) -> WriteOffInput:
        """What the verb takes."""
        return WriteOffInput(
            invoice_id=invoice_id,
            kind=kind,
            amount_cents=self.amount_cents.scaled or 0,
            written_on=self.on,
            takes_vat_back=kind is not WriteOffKind.DIFFERENCE and self.takes_vat_back.data,
            reason=self.reason.data or "",
            request_key=self.request_key.key,
            recorded_by_id=actor_id,
        )


class DoubtForm(DecisionForm):
    """A doubt about an invoice."""

    provision_rate = ScaledField(_l("Provision, of the amount without VAT"), decimals=RATE_DECIMALS)

    def as_input(self, invoice_id: int, actor_id: int | None) -> DoubtInput:
        """What the verb takes."""
        return DoubtInput(
            invoice_id=invoice_id,
            decided_on=self.on,
            provision_rate=self.provision_rate.scaled or 0,
            reason=self.reason.data or "",
            request_key=self.request_key.key,
            recorded_by_id=actor_id,
        )


class KeepForm(DecisionForm):
    """Money beyond what was owed, to keep."""

    kind = RadioField(_l("What is it for?"), default=KeptKind.DIFFERENCE.value, validators=[DataRequired()])
    amount_cents = MoneyField(_l("Amount"), [DataRequired(_l("Give the amount."))])
    invoice_id = SelectField(_l("Invoice given up"), default="")

    def offer(self, lost: list[tuple[int, str]], *, has_loss: bool) -> None:
        """Give the fields their options: a recovery only where something was lost."""
        kinds = [kind for kind in KeptKind if has_loss or kind is not KeptKind.RECOVERY]
        self.kind.choices = choices([(kind.value, KEPT_WORDS[kind]) for kind in kinds])
        self.invoice_id.choices = choices([("", "—"), *((str(id_), words) for id_, words in lost)])

    def as_input(self, payment_id: int, actor_id: int | None) -> KeepInput:
        """What the verb takes."""
        is_recovery = self.kind.data == KeptKind.RECOVERY
        return KeepInput(
            payment_id=payment_id,
            kind=KeptKind(self.kind.data),
            amount_cents=self.amount_cents.scaled or 0,
            kept_on=self.on,
            invoice_id=int(self.invoice_id.data) if is_recovery and self.invoice_id.data else None,
            reason=self.reason.data or "",
            request_key=self.request_key.key,
            recorded_by_id=actor_id,
        )


class UndoForm(FlaskForm):
    """Why something is taken back."""

    reason = StringField(_l("Reason"), [DataRequired(_l("Say why: it stays in the history."))])
