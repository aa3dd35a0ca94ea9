"""The outbox: mails are rows written in the transaction of what they tell; a worker hands them to the SMTP server.

A crash loses nothing: a row that is queued, or whose sender died, is sent by the next sweep. SMTP cannot promise
"exactly once" (a server may accept and the answer be lost), so each row keeps one Message-ID for ever and a mail that
goes out twice is recognised as the same.
"""

from __future__ import annotations

import json
import time
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from email.charset import SHORTEST, Charset
from email.header import Header, decode_header, make_header
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime, formataddr, make_msgid, parseaddr
from enum import StrEnum

import structlog
from flask import current_app
from sqlalchemy import BigInteger, ColumnElement, ForeignKey, Index, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column

from core.clock import utc_now
from core.company_mail import OwnServer, company_sender, own_servers
from core.database import Base, BigId, UtcDateTime, db, enum_type, lock, transaction
from core.files import DamagedFileError, read_bytes
from core.jobs import sweep, wake
from core.models import Company
from core.smtp import NO_ANSWER, NOT_OFFERED, Answer, Fault, KeptConnection, hand_over
from core.tenancy import entered_company_id

log = structlog.get_logger(__name__)

LEASE = timedelta(minutes=5)
MOST_ATTEMPTS = 12
BATCH = 50
FIRST_WAIT_SECONDS = 30
LONGEST_WAIT_SECONDS = 3600
LONGEST_SENDER = 320
COMPANY_SECONDS = 60
"""How long one run sends by a company's own server before it is the next company's turn."""
UNREADABLE = "The address of the company's mail server cannot be decrypted: its key is no longer there."

# 7 bits pass every server as they are, also those that do not announce 8BITMIME.
_WIRE = SMTP.clone(cte_type="7bit")
# Of our own: Apprise, once imported, changes Python's table of character sets for the whole process, and names that are
# not Latin then take up to twice the place.
_UTF_8 = Charset("utf-8")
_UTF_8.header_encoding = SHORTEST


class _From(str):
    """The From field, which writes itself: when Python's own folding breaks a long name it forgets the quotation marks,
    and what stands behind a comma of the name becomes an address of its own.
    """

    __slots__ = ()
    name = "From"

    def fold(self, *, policy: EmailPolicy) -> str:
        """The field with its line ends; a name that is not plain short ASCII as words of RFC 2047."""
        name, address = parseaddr(self)
        field = f"{self.name}: {formataddr((name, address), _UTF_8)}"
        if len(field) > (policy.max_line_length or 0) or "=?" in name:
            decoded = str(make_header(decode_header(name)))
            words = Header(decoded, _UTF_8, header_name=self.name).encode(linesep=policy.linesep)
            field = f"{self.name}: {words}{policy.linesep} <{address}>"
        return f"{field}{policy.linesep}"


class MailState(StrEnum):
    """Where a mail is: waiting, being sent, accepted by the server, or given up."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True)
class Attachment:
    """A stored file that goes along. `name` is what the reader sees."""

    name: str
    sha256: str
    media_type: str


class OutboxMail(Base):
    """One mail to send. What it says never changes; how the sending goes does.

    `outcomes` is a JSON object: for each recipient the server's last code and words. A recipient that was accepted is
    never asked for again, so one refused address does not make the others receive the mail twice.
    """

    __tablename__ = "outbox_mail"
    __table_args__ = (Index("ix_outbox_mail_state_due_at", "state", "due_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    company_id: Mapped[int | None] = mapped_column(ForeignKey("company.id"))
    message_id: Mapped[str] = mapped_column(String(255), unique=True)
    sender: Mapped[str] = mapped_column(String(LONGEST_SENDER))
    reply_to: Mapped[str] = mapped_column(String(320), default="")
    recipients: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(String(255))
    text: Mapped[str] = mapped_column(Text)
    html: Mapped[str] = mapped_column(Text, default="")
    attachments: Mapped[str] = mapped_column(Text, default="[]")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    state: Mapped[MailState] = mapped_column(enum_type(MailState), default=MailState.QUEUED)
    attempts: Mapped[int] = mapped_column(BigInteger, default=0)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, default=utc_now)
    answer: Mapped[str] = mapped_column(Text, default="")
    outcomes: Mapped[str] = mapped_column(Text, default="{}")
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


def queue_mail(
    *,
    to: list[str],
    subject: str,
    text: str,
    html: str = "",
    reply_to: str = "",
    sender_name: str = "",
    attachments: list[Attachment] | None = None,
) -> OutboxMail:
    """Write a mail into the outbox of the open transaction and wake the worker when it commits.

    Args:
        to: bare ASCII addresses, already validated; each once.
        sender_name: shown before the address; that of the company entered when empty. A name and an address that
            the company has chosen for its mails go before it.

    The sender is that of now: what the company chooses later holds for later mails.
    """
    own = company_sender()
    address = own.address or current_app.config["SOLDE"].mail_from
    mail = OutboxMail(
        company_id=entered_company_id(),
        message_id=make_msgid(domain=address.rsplit("@", 1)[-1]),
        sender=_sender(_one_line(own.name or sender_name or _company_name()), address),
        reply_to=reply_to,
        recipients=json.dumps(list(dict.fromkeys(to))),
        subject=_one_line(subject)[:255],
        text=text,
        html=html,
        attachments=json.dumps([astuple(attachment) for attachment in attachments or []]),
    )
    db.session.add(mail)
    db.session.flush()
    _wake_senders()
    return mail


def _wake_senders() -> None:
    wake("send_mail")
    wake("send_company_mail")


def _sender(name: str, address: str) -> str:
    """The From field; a name that is too long for it, encoded, loses its end."""
    while len(written := formataddr((name, address), _UTF_8)) > LONGEST_SENDER and name:
        name = name[:-1].rstrip()
    return written


def _company_name() -> str:
    company_id = entered_company_id()
    return "" if company_id is None else db.session.get_one(Company, company_id).name


def _one_line(text: str) -> str:
    """Header fields are one line: a line break in a name would start a header of its own."""
    return " ".join(text.split())


@sweep("send_mail")
def send_due_mail() -> None:
    """Send every mail that is due by the installation's server, one after another; each is claimed first so that two
    workers never share one."""
    companies = list(own_servers())
    with KeptConnection() as kept:
        while due := _due_ids(OutboxMail.company_id.is_(None) | OutboxMail.company_id.not_in(companies)):
            claimed = [mail_id for mail_id in due if _send(mail_id, kept)]
            if not claimed:
                return  # another worker is at them


@sweep("send_company_mail")
def send_due_company_mail() -> None:
    """Send the mails of companies that have a server of their own.

    A sweep apart, so that what such a server does keeps nobody's mail but its company's: each company has its time in
    a run, and one whose server cannot be reached is not called again in the same run.
    """
    for company_id, server in own_servers().items():
        with KeptConnection() as kept:
            _send_of_company(company_id, server, kept, time.monotonic() + COMPANY_SECONDS)


def _send_of_company(company_id: int, server: OwnServer, kept: KeptConnection, end: float) -> None:
    unreachable: Answer | None = None
    while due := _due_ids(OutboxMail.company_id == company_id):
        claimed = False
        for mail_id in due:
            if unreachable is None and time.monotonic() > end:
                return
            if not _claim(mail_id):
                continue
            claimed = True
            answers = _deliver(mail_id, kept, server, unreachable)
            _record(mail_id, answers)
            if unreachable is None:
                unreachable = next((said for said in answers.values() if said.broken_off), None)
        if not claimed:
            return


def retry_mail(mail_id: int) -> None:
    """Queue a given-up mail again, in the open transaction, for the recipients that have not accepted it."""
    mail = lock(select(OutboxMail).where(OutboxMail.id == mail_id))
    if mail is not None and mail.state is MailState.FAILED:
        accepted = {who: said for who, said in json.loads(mail.outcomes).items() if Answer(*said).accepted}
        mail.state, mail.attempts, mail.due_at, mail.outcomes = (
            MailState.QUEUED,
            0,
            utc_now(),
            json.dumps(accepted),
        )
        db.session.flush()
        _wake_senders()


def outcomes_of(mail: OutboxMail) -> dict[str, Answer | None]:
    """Each recipient and the server's last answer about it; None before the first attempt."""
    known = json.loads(mail.outcomes)
    return {who: Answer(*known[who]) if who in known else None for who in json.loads(mail.recipients)}


def _due_ids(whose: ColumnElement[bool]) -> list[int]:
    return list(
        db.session.scalars(
            select(OutboxMail.id)
            .where(
                OutboxMail.state.in_([MailState.QUEUED, MailState.SENDING]),
                OutboxMail.due_at <= utc_now(),
                whose,
            )
            .order_by(OutboxMail.due_at, OutboxMail.id)
            .limit(BATCH)
        )
    )


def _send(mail_id: int, kept: KeptConnection) -> bool:
    """Claim, deliver and record one mail. False when another worker has it."""
    if not _claim(mail_id):
        return False
    _record(mail_id, _deliver(mail_id, kept))
    return True


def _claim(mail_id: int) -> bool:
    """Take the mail for a while: when this process dies, the lease ends and the sweep sends it."""
    with transaction():
        mail = lock(select(OutboxMail).where(OutboxMail.id == mail_id))
        if mail is None or mail.state not in (MailState.QUEUED, MailState.SENDING) or mail.due_at > utc_now():
            return False
        mail.state, mail.attempts, mail.due_at = MailState.SENDING, mail.attempts + 1, utc_now() + LEASE
        return True


def _deliver(
    mail_id: int, kept: KeptConnection, own: OwnServer | None = None, unreachable: Answer | None = None
) -> dict[str, Answer]:
    """Hand a claimed mail over.

    Args:
        mail_id: the mail.
        kept: the connection of the run.
        own: the server of its company; None for the installation's.
        unreachable: what calling that server said a moment ago, when it is not to be called again.
    """
    mail = db.session.get_one(OutboxMail, mail_id)
    waiting = [
        who
        for who, said in outcomes_of(mail).items()
        if said is None or not (said.accepted or said.permanent)
    ]
    settings = current_app.config["SOLDE"]
    sender = parseaddr(mail.sender)[1]
    # Queued under another address, it is no mail for the server of this one.
    own = own if own is not None and own.address == sender else None
    try:
        content = compose(mail).as_bytes()
    except (FileNotFoundError, DamagedFileError) as error:
        log.exception("mail_lacks_a_file", mail_id=mail_id)
        return dict.fromkeys(
            waiting, Answer(NOT_OFFERED, f"{type(error).__name__}: {error}", Fault.FILE_LOST)
        )
    except Exception as error:
        # What cannot be composed must not stop the mails behind this one; the row keeps the reason and is tried again.
        log.exception("mail_not_composed", mail_id=mail_id)
        return dict.fromkeys(waiting, Answer(NOT_OFFERED, f"{type(error).__name__}: {error}"))
    finally:
        db.session.rollback()  # no read transaction is kept open while the server is talked to
    if own is None:
        return hand_over(settings.smtp_url, settings.mail_from, waiting, content, kept=kept)
    if own.url is None:
        return dict.fromkeys(waiting, Answer(NO_ANSWER, UNREADABLE, Fault.NO_KEY))
    if unreachable is not None:
        return dict.fromkeys(waiting, unreachable)
    public_only = not settings.allow_private_smtp
    return hand_over(own.url, sender, waiting, content, public_only=public_only, kept=kept)


def _record(mail_id: int, answers: dict[str, Answer]) -> None:
    with transaction():
        mail = lock(select(OutboxMail).where(OutboxMail.id == mail_id))
        assert mail is not None
        before = {who: said for who, said in outcomes_of(mail).items() if said is not None}
        # A slow worker whose lease ended may come back last: an acceptance is never overwritten.
        new = {who: said for who, said in answers.items() if who not in before or not before[who].accepted}
        outcomes = before | new
        mail.outcomes = json.dumps({who: astuple(said) for who, said in outcomes.items()}, ensure_ascii=False)
        mail.answer = _summary(outcomes)
        mail.state = _next_state(outcomes, mail.attempts)
        mail.sent_at = utc_now() if mail.state is MailState.SENT else None
        mail.due_at = utc_now() + timedelta(
            seconds=min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2**mail.attempts)
        )


def _next_state(outcomes: dict[str, Answer], attempts: int) -> MailState:
    """Sent when all accepted; waiting while somebody may still accept; else given up."""
    if all(said.accepted for said in outcomes.values()):
        return MailState.SENT
    open_ = any(not (said.accepted or said.permanent) for said in outcomes.values())
    return MailState.QUEUED if open_ and attempts < MOST_ATTEMPTS else MailState.FAILED


def _summary(outcomes: dict[str, Answer]) -> str:
    """The server's words: once when it said the same for everybody, else recipient by recipient."""
    if len(set(outcomes.values())) == 1:
        return str(next(iter(outcomes.values())))
    return "\n".join(f"{who}: {said}" for who, said in outcomes.items())


def compose(mail: OutboxMail) -> EmailMessage:
    """The MIME message of a row: text, HTML beside it, stored files attached."""
    message = EmailMessage(policy=_WIRE)
    message["From"], message["To"] = _From(mail.sender), ", ".join(json.loads(mail.recipients))
    if mail.reply_to:
        message["Reply-To"] = mail.reply_to
    message["Subject"], message["Message-ID"] = mail.subject, mail.message_id
    message["Date"] = format_datetime(mail.created_at)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    if mail.html:
        message.add_alternative(mail.html, subtype="html")
    for name, sha256, media_type in json.loads(mail.attachments):
        main, sub = media_type.split("/")
        try:
            content = read_bytes(sha256)
        except FileNotFoundError as lost:
            raise FileNotFoundError(name) from lost
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return message
