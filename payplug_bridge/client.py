"""The only door to PayPlug's API, over the official library; every answer leaves as a frozen snapshot.

Used by the verbs of this package, never inside a database transaction. What the library 1.4.0 does not do by itself
is done here: the key and API version are given per client instead of per process, requests have a time limit and a
current certificate bundle, an id is checked before it becomes part of an address, and whatever the library may
raise becomes one of `errors`: refused (nothing was done) or unconfirmed (it may have been done). Nothing of a
request or answer is logged.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Final, NoReturn
from urllib.parse import urlencode, urlsplit

import certifi
import requests
import urllib3
from payplug import exceptions, routes
from payplug.network import HttpClient, RequestsRequest

from payplug_bridge.answer_errors import complaint_of, without_answer
from payplug_bridge.errors import (
    PayplugKeyRefused,
    PayplugNotFound,
    PayplugRefused,
    PayplugUnconfirmed,
)
from payplug_bridge.report_snapshot import (
    ReportSnapshot,
    checked_file_address,
    checked_report_id,
    read_report_object,
)
from payplug_bridge.snapshots import (
    REFERENCE_KEY,
    REFUND_KEY,
    AccountSnapshot,
    PaymentPage,
    PaymentSnapshot,
    RefundSnapshot,
    checked_payment_id,
    read_account,
    read_payment,
    read_payment_page,
    read_refund,
    read_refunds,
)
from payplug_bridge.waiting import seconds_left

API_VERSION: Final = "2019-08-06"
CONNECT_SECONDS: Final = 3
READ_SECONDS: Final = 12
LONGEST_CALL_SECONDS: Final = CONNECT_SECONDS + 2 * READ_SECONDS
LARGEST_ANSWER_BYTES: Final = 8 * 1024 * 1024
# The largest per_page is not documented; 100 is used by others.
PAGE_SIZE: Final = 100
MOST_PAGES: Final = 100
# Their clock and ours may differ: how far before our own row an object of ours may claim to have been created.
CLOCK_MARGIN: Final = timedelta(minutes=10)
REFUSALS: Final = frozenset({400, 401, 403, 404, 405, 422})
REPORTS: Final = "/accounting_reports"
HTTP_OK: Final = 200
GONE: Final = frozenset({401, 403, 404, 410})
ALREADY_ABORTED: Final = "The payment was already aborted."
LOOPBACK: Final = frozenset({"127.0.0.1", "::1", "localhost"})
_CHUNK_BYTES = 64 * 1024


@dataclass(frozen=True)
class PaymentRequest:
    """What we ask PayPlug for: the amount in cents of EUR, who pays, and where PayPlug sends people and notices.

    `billing` holds PayPlug's own keys, already cut to its lengths; `reference` is our attempt's, sent under
    `metadata_key`. `extras` are parameters that a way to pay adds, or takes away (None).
    """

    amount_cents: int
    reference: str
    description: str
    billing: Mapping[str, str]
    notification_url: str
    return_url: str
    cancel_url: str
    extras: Mapping[str, Any] = field(default_factory=dict)
    metadata_key: str = REFERENCE_KEY

    def as_json(self) -> dict[str, Any]:
        """The body of `POST /v1/payments`."""
        usual = {
            "amount": self.amount_cents,
            "currency": "EUR",
            "description": self.description,
            "billing": dict(self.billing),
            # An invoice is not delivered by post; the other address keys are repeated because which are mandatory
            # is not documented.
            "shipping": {**self.billing, "delivery_type": "DIGITAL_GOODS"},
            "hosted_payment": {"return_url": self.return_url, "cancel_url": self.cancel_url},
            "notification_url": self.notification_url,
            "metadata": {self.metadata_key: self.reference},
        }
        return {name: value for name, value in {**usual, **self.extras}.items() if value is not None}


class _BoundedRequest(RequestsRequest):
    """The library's transport with limits: time, size, no redirection, and certificates that are not from 2015."""

    def do_request(
        self, http_verb: str, url: str, headers: dict[str, str], data: object = None
    ) -> tuple[bytes, int, Any]:
        """Perform one request; ClientError when there was no whole answer.

        A connection is not kept: a kept one that died would turn a POST into one more unconfirmed payment.
        """
        body = json.dumps(data) if data else None
        try:
            with requests.Session() as session:
                session.trust_env = urlsplit(url).hostname not in LOOPBACK
                with session.request(
                    http_verb,
                    url,
                    headers=headers,
                    data=body,
                    timeout=_time_limit(),
                    verify=certifi.where(),
                    allow_redirects=False,
                    # Without it a ~/.netrc of the machine would replace our Authorization header.
                    auth=_keep_headers,
                    stream=True,
                ) as answer:
                    return _read_whole(answer), answer.status_code, answer.headers
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise exceptions.ClientError("no answer", client_exception=error) from error


def _time_limit() -> Any:
    """The limits of one call; `requests` takes urllib3's object too, which bounds connecting and answering together.

    ConnectTimeout when those who look on have no time left: like a connection that was never made.
    """
    left = seconds_left(CONNECT_SECONDS + READ_SECONDS)
    if not left:
        raise requests.ConnectTimeout
    return urllib3.Timeout(total=left, connect=CONNECT_SECONDS, read=READ_SECONDS)


def _keep_headers(prepared: requests.PreparedRequest) -> requests.PreparedRequest:
    return prepared


def _read_whole(answer: requests.Response) -> bytes:
    """The body; OSError when it is too large or comes drop by drop (the time limit is per read)."""
    deadline = time.monotonic() + seconds_left(READ_SECONDS)
    body = bytearray()
    for chunk in answer.iter_content(_CHUNK_BYTES):
        body += chunk
        if len(body) > LARGEST_ANSWER_BYTES or time.monotonic() > deadline:
            raise OSError("the answer is too long")
    return bytes(body)


class PayplugClient:
    """Conversations with PayPlug under one secret key. Holds no connection; safe to share between threads."""

    def __init__(self, secret_key: str, api_url: str) -> None:
        self._http = HttpClient(token=secret_key, request_handler=_BoundedRequest, api_version=API_VERSION)
        # The library's own routes.url() reads a process global; the address is built here instead.
        self._base = f"{api_url}/v{routes.API_VERSION}"

    def create_payment(self, request: PaymentRequest) -> PaymentSnapshot:
        """Ask for a payment with a hosted page. Never repeated by itself: a repeated POST is a second payment.

        Raises:
            PayplugRefused: nothing was created.
            PayplugUnreachable: nothing was created, PayPlug was not reached.
            PayplugUnconfirmed: it may have been created; `find_payment` tells.
        """
        return read_payment(self._call(self._http.post, self._payments(), request.as_json()))

    def retrieve_payment(self, payment_id: str) -> PaymentSnapshot:
        """Read a payment as it is now, with its refunds where there are any.

        Raises:
            NotPayplugId, PayplugRefused, PayplugUnconfirmed.
        """
        snapshot = read_payment(self._call(self._http.get, self._payment(payment_id)))
        if snapshot.refunded_cents <= 0:
            return snapshot
        return replace(snapshot, refunds=self.refunds_of(payment_id))

    def create_refund(self, payment_id: str, amount_cents: int, reference: str) -> RefundSnapshot:
        """Give money of a payment back. Never repeated by itself: a repeated POST is a second refund.

        Raises:
            NotPayplugId.
            PayplugRefused: nothing was given back.
            PayplugUnreachable: nothing was given back, PayPlug was not reached.
            PayplugUnconfirmed: it may have been given back; `refunds_of` tells.
        """
        body = {"amount": amount_cents, "metadata": {REFUND_KEY: reference}}
        return read_refund(self._call(self._http.post, self._refunds(payment_id), body))

    def refunds_of(self, payment_id: str) -> tuple[RefundSnapshot, ...]:
        """Every refund of a payment, oldest first, whoever made it.

        Raises:
            NotPayplugId, PayplugRefused, PayplugUnconfirmed.
        """
        return read_refunds(self._call(self._http.get, self._refunds(payment_id)))

    def abort_payment(self, payment_id: str) -> PaymentSnapshot:
        """Make sure that a payment can no longer be paid, and say how it stands; aborting twice is a success.

        The documented key `aborted` is sent, not the library's older `abort`: PayPlug accepts either alone, whether
        it accepts an unneeded second one is not known.

        Raises:
            NotPayplugId, PayplugUnconfirmed.
            PayplugRefused: it cannot be aborted (403 most likely when it is paid): read it again.
        """
        address = self._payment(payment_id)
        try:
            return read_payment(self._call(self._http.patch, address, {"aborted": True}))
        except PayplugRefused as refusal:
            if refusal.reason != ALREADY_ABORTED:
                raise
        return self.retrieve_payment(payment_id)

    def find_payment(self, reference: str, created_after: datetime) -> PaymentSnapshot | None:
        """Look a payment up by our reference in its metadata, among those created since (less a margin).

        Returns None only when the whole list back to that instant was read without meeting it.

        Raises:
            PayplugRefused, PayplugUnconfirmed: the list could not be read to its end.
        """
        for payment in self.payments_since(created_after):
            if payment.reference == reference:
                return payment
        return None

    def payments_since(self, instant: datetime) -> Iterator[PaymentSnapshot]:
        """Walk the payment list from the newest back to `instant` (less a margin for the clocks).

        Newest first is assumed, so the walk ends at the first page that is older as a whole.

        Raises:
            PayplugRefused, PayplugUnconfirmed: while iterating.
        """
        oldest = instant - CLOCK_MARGIN
        for page in self._pages():
            recent = [p for p in page if p.created_at is None or p.created_at >= oldest]
            yield from recent
            if not recent:
                return

    def account(self) -> AccountSnapshot:
        """The account behind the key: its mode and limits.

        Raises:
            PayplugRefused, PayplugUnconfirmed.
        """
        return read_account(self._call(self._http.get, f"{self._base}/account"))

    def request_report(self, starts_on: date, ends_on: date, notification_url: str) -> ReportSnapshot:
        """Have an accounting report made, both days included (UTC). Asked for twice, two are made: no money moves.

        Raises:
            PayplugRefused, PayplugUnconfirmed.
        """
        wanted = {
            "start_date": starts_on.isoformat(),
            "end_date": ends_on.isoformat(),
            "notification_url": notification_url,
        }
        return read_report_object(self._call(self._http.post, f"{self._base}{REPORTS}", wanted))

    def retrieve_report(self, report_id: str) -> ReportSnapshot:
        """Read how far a report is.

        Raises:
            NotPayplugId, PayplugRefused, PayplugUnconfirmed.
        """
        address = f"{self._base}{REPORTS}/{checked_report_id(report_id)}"
        return read_report_object(self._call(self._http.get, address))

    def download_report(self, url: str) -> bytes:
        """Fetch the file of a report, without our key: the address alone opens it (assumed; it may be of another host).

        Raises:
            PayplugRefused: the address is no longer valid.
            PayplugUnconfirmed: no whole answer, or an address that may not be fetched.
        """
        address = checked_file_address(url, self._base)
        try:
            content, status, _headers = _BoundedRequest().do_request("GET", address, {})
        except exceptions.ClientError as error:
            raise without_answer(error.client_exception) from None
        if status in GONE:
            raise PayplugRefused(status)
        if status != HTTP_OK:
            raise PayplugUnconfirmed(f"http_{status}")
        return content

    def _pages(self) -> Iterator[list[PaymentSnapshot]]:
        """Pages of payments not seen before. Whether the first page is 0 or 1 is not documented: the first answer
        says it, and a page that repeats the first one is passed over once."""
        seen: set[str] = set()
        number: int | None = None
        repeated = False
        for _ in range(MOST_PAGES):
            page = self._page(number)
            fresh = [p for p in page.payments if p.id not in seen]
            seen.update(p.id for p in fresh)
            if fresh:
                yield fresh
            if (not fresh and (repeated or not page.length)) or _is_last(page):
                return
            repeated = repeated or not fresh
            number = _number_of(page, number) + 1
        raise PayplugUnconfirmed("list_too_long")

    def _page(self, number: int | None) -> PaymentPage:
        query = {"per_page": PAGE_SIZE} if number is None else {"page": number, "per_page": PAGE_SIZE}
        return read_payment_page(self._call(self._http.get, f"{self._payments()}?{urlencode(query)}"))

    def _payments(self) -> str:
        return f"{self._base}{routes.PAYMENT_RESOURCE}"

    def _payment(self, payment_id: str) -> str:
        return f"{self._payments()}/{checked_payment_id(payment_id)}"

    def _refunds(self, payment_id: str) -> str:
        return f"{self._payment(payment_id)}/refunds"

    def _call(self, method: Callable[..., tuple[object, int]], *arguments: object) -> object:
        """Run one library call; whatever it raises becomes one of ours."""
        try:
            answer, _status = method(*arguments)
        except exceptions.HttpError as error:
            _raise_for_status(error)
        except exceptions.ClientError as error:
            raise without_answer(error.client_exception) from None
        except (exceptions.PayplugError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            # Outside the library's own tree: a body that is not UTF-8, an error that is no object, endless nesting.
            raise PayplugUnconfirmed("unreadable") from None
        return answer


def _is_last(page: PaymentPage) -> bool:
    if page.has_more is not None:
        return not page.has_more
    return page.length < min(page.per_page or PAGE_SIZE, PAGE_SIZE)


def _number_of(page: PaymentPage, asked: int | None) -> int:
    if page.number is not None:
        return page.number
    return 0 if asked is None else asked


def _raise_for_status(error: Any) -> NoReturn:
    status = error.http_response_code
    if isinstance(error, exceptions.UnexpectedAPIResponseException):
        raise PayplugUnconfirmed("unreadable") from None
    if status not in REFUSALS:
        raise PayplugUnconfirmed(f"http_{status}") from None
    reason, fields = complaint_of(error)
    kind = {401: PayplugKeyRefused, 404: PayplugNotFound}.get(status, PayplugRefused)
    raise kind(status, reason, fields) from None
