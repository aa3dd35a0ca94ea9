"""core/local_mailbox: the pages and the JSON over real HTTP."""

import json
import re
from collections.abc import Iterator
from email import message_from_bytes
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlencode, urlsplit

import pytest

from core.local_mailbox.pages import linked
from core.local_mailbox.testing import RunningMailbox, running_mailbox
from tests.core.local_mailbox.letters import PDF, PIXEL, letter, send


class Browser:
    """Asks the pages over HTTP and follows nothing by itself."""

    def __init__(self, http_url: str) -> None:
        where = urlsplit(http_url)
        assert where.hostname
        self._connection = HTTPConnection(where.hostname, where.port or 80, timeout=10)
        self.headers: dict[str, str] = {}

    def close(self) -> None:
        self._connection.close()

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[HTTPResponse, bytes]:
        body = None if form is None else urlencode(form)
        headers = self.headers | (
            {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
        )
        self._connection.request("GET" if form is None else "POST", path, body, headers)
        answer = self._connection.getresponse()
        return answer, answer.read()

    def page(self, path: str) -> str:
        answer, body = self.ask(path)
        assert answer.status == 200
        return body.decode()


@pytest.fixture(scope="module")
def mailbox() -> Iterator[RunningMailbox]:
    with running_mailbox() as running:
        yield running


@pytest.fixture
def browser(mailbox: RunningMailbox) -> Iterator[Browser]:
    mailbox.clear()
    browser = Browser(mailbox.http_url)
    yield browser
    browser.close()


def first_id(browser: Browser) -> str:
    return str(json.loads(browser.page("/messages.json"))["messages"][0]["id"])


def test_the_empty_mailbox_says_so_in_french(browser: Browser) -> None:
    page = browser.page("/")
    assert '<html lang="fr">' in page
    assert "Aucun message pour l’instant" in page


def test_the_list_shows_recipient_subject_attachment_and_repeats(
    mailbox: RunningMailbox, browser: Browser
) -> None:
    send(mailbox.smtp_url, letter(), letter())
    page = browser.page("/")
    for said in (
        "camille@client.example.org",
        "Votre facture F2026-0001",
        "F2026-0001 réglée.pdf",
        "reçu 2 fois",
    ):
        assert said in page
    assert page.count('class="mail"') == 1


def test_the_list_can_be_searched(mailbox: RunningMailbox, browser: Browser) -> None:
    send(mailbox.smtp_url, letter(), letter(subject="Relance", message_id="<2@example.org>"))
    assert browser.page("/?q=RELANCE").count('class="mail"') == 1
    assert "Aucun message ne contient" in browser.page("/?q=%3Cscript%3E")
    assert "<script>" not in browser.page("/?q=%3Cscript%3E")


def test_a_long_list_has_pages(mailbox: RunningMailbox, browser: Browser) -> None:
    send(mailbox.smtp_url, *[letter(message_id=f"<{number}@example.org>") for number in range(51)])
    assert browser.page("/").count('class="mail"') == 50
    assert browser.page("/?page=2").count('class="mail"') == 1
    assert browser.page("/?page=99").count('class="mail"') == 1
    assert browser.page("/?page=x").count('class="mail"') == 50


def test_a_message_has_its_html_in_a_frame_without_scripts(mailbox: RunningMailbox, browser: Browser) -> None:
    send(mailbox.smtp_url, letter())
    identity = first_id(browser)
    page = browser.page(f"/messages/{identity}")
    assert f'src="/messages/{identity}/html"' in page
    assert 'sandbox="allow-same-origin allow-popups' in page
    assert "allow-scripts" not in page
    answer, body = browser.ask(f"/messages/{identity}/html")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "sandbox " in policy
    assert body.startswith(b'<html><base target="_blank"><body>')
    assert b'<a href="https://solde.example.org/p/abc123">' in body


def test_pictures_inside_the_message_are_shown(mailbox: RunningMailbox, browser: Browser) -> None:
    send(mailbox.smtp_url, letter())
    identity = first_id(browser)
    assert f'src="/messages/{identity}/inline/logo"' in browser.page(f"/messages/{identity}/html")
    answer, body = browser.ask(f"/messages/{identity}/inline/logo")
    assert (answer.headers["Content-Type"], body) == ("image/gif", PIXEL)
    assert browser.ask(f"/messages/{identity}/inline/other")[0].status == 404


def test_the_text_part_has_its_links(mailbox: RunningMailbox, browser: Browser) -> None:
    send(mailbox.smtp_url, letter())
    page = browser.page(f"/messages/{first_id(browser)}?view=text")
    assert 'href="https://solde.example.org/p/abc123" target="_blank"' in page
    assert "À bientôt" in page


def test_the_headers_are_shown(mailbox: RunningMailbox, browser: Browser) -> None:
    send(mailbox.smtp_url, letter())
    page = browser.page(f"/messages/{first_id(browser)}?view=headers")
    assert "Return-Path" in page
    assert "&lt;invoice-1@example.org&gt;" in page


def test_a_pdf_opens_in_the_browser_and_a_web_page_is_only_downloaded(
    mailbox: RunningMailbox, browser: Browser
) -> None:
    send(mailbox.smtp_url, letter())
    identity = first_id(browser)
    pdf, content = browser.ask(f"/messages/{identity}/attachments/0")
    assert (pdf.headers["Content-Type"], content) == ("application/pdf", PDF)
    assert pdf.headers["Content-Disposition"].startswith("inline")
    page, _ = browser.ask(f"/messages/{identity}/attachments/1")
    assert page.headers["Content-Type"] == "application/octet-stream"
    assert page.headers["Content-Disposition"].startswith("attachment")
    assert browser.ask(f"/messages/{identity}/attachments/2")[0].status == 404


def test_the_raw_file_is_the_message(mailbox: RunningMailbox, browser: Browser) -> None:
    send(mailbox.smtp_url, letter())
    answer, body = browser.ask(f"/messages/{first_id(browser)}.eml")
    assert answer.headers["Content-Type"] == "message/rfc822"
    assert message_from_bytes(body)["Message-ID"] == "<invoice-1@example.org>"


def test_the_json_list_says_what_tests_need(mailbox: RunningMailbox, browser: Browser) -> None:
    send(mailbox.smtp_url, letter())
    mailbox.faults.refuse_next(3, 550)
    data = json.loads(browser.page("/messages.json"))
    (message,) = data["messages"]
    assert message["subject"] == "Votre facture F2026-0001"
    assert message["to"] == ["camille@client.example.org"]
    assert message["message_id"] == "<invoice-1@example.org>"
    assert message["times"] == 1
    assert message["attachments"] == ["F2026-0001 réglée.pdf", "page.html"]
    assert browser.ask(message["page"])[0].status == 200
    assert (data["faults"]["refuse"], data["faults"]["refuse_code"]) == (3, 550)


@pytest.mark.parametrize(
    "path",
    [
        "/messages/none", "/messages/none.eml", "/messages/none/html", "/messages/none/attachments/0",
        "/messages/..%2f..%2fetc%2fpasswd.eml", "/nothing",
    ],
)  # fmt: skip
def test_what_is_not_there_is_a_page_that_says_so(browser: Browser, path: str) -> None:
    answer, body = browser.ask(path)
    assert answer.status == 404
    assert "Ce message n’existe pas" in body.decode()


def test_the_language_is_kept(browser: Browser) -> None:
    answer, _ = browser.ask("/language", {"language": "en", "next": "/faults"})
    assert (answer.status, answer.headers["Location"]) == (303, "/faults")
    browser.headers["Cookie"] = answer.headers["Set-Cookie"].split(";")[0]
    assert '<html lang="en">' in browser.page("/faults")


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example.org", "https://evil.example.org", "/\\evil.example.org"]
)
def test_the_language_switch_leads_nowhere_else(browser: Browser, elsewhere: str) -> None:
    answer, _ = browser.ask("/language", {"language": "en", "next": elsewhere})
    assert answer.headers["Location"] == "/"


def test_an_unknown_language_is_ignored(browser: Browser) -> None:
    answer, _ = browser.ask("/language", {"language": "xx"})
    assert "Set-Cookie" not in answer.headers
    browser.headers["Cookie"] = "mailbox_language=xx"
    assert '<html lang="fr">' in browser.page("/")


def test_faults_are_planned_and_ended_on_the_page(mailbox: RunningMailbox, browser: Browser) -> None:
    form = {
        "refuse": "2",
        "refuse_code": "550",
        "refuse_at": "recipient",
        "drop": "1",
        "delay_seconds": "0,5",
    }
    assert browser.ask("/faults", form)[0].status == 303
    plan = mailbox.faults.plan
    assert (plan.refuse, plan.refuse_code, plan.refuse_at, plan.drop) == (2, 550, "recipient", 1)
    assert (plan.drop_keeps_message, plan.delay_seconds) == (False, 0.5)
    assert "Des pannes sont programmées" in browser.page("/faults")
    assert browser.ask("/faults", {"off": "1"})[0].status == 303
    assert "Aucune panne" in browser.page("/faults")


@pytest.mark.parametrize(
    "form", [{"refuse": "-1"}, {"refuse": "x"}, {"delay_seconds": "1e9"}, {"refuse_code": "200"}]
)
def test_wrong_faults_are_refused_with_a_sentence(
    mailbox: RunningMailbox, browser: Browser, form: dict[str, str]
) -> None:
    answer, body = browser.ask("/faults", form)
    assert answer.status == 400
    assert "Ces valeurs ne vont pas" in body.decode()
    assert mailbox.faults.plan.refuse == 0


def test_the_mailbox_can_be_emptied_but_not_by_another_site(
    mailbox: RunningMailbox, browser: Browser
) -> None:
    send(mailbox.smtp_url, letter())
    browser.headers["Sec-Fetch-Site"] = "cross-site"
    assert browser.ask("/delete-all", {})[0].status == 403
    assert browser.ask("/faults", {"refuse": "1"})[0].status == 403
    assert len(mailbox.messages()) == 1
    browser.headers["Sec-Fetch-Site"] = "same-origin"
    assert browser.ask("/delete-all", {})[0].status == 303
    assert mailbox.messages() == []


@pytest.mark.parametrize("path", ["/", "/faults", "/nothing"])
def test_every_page_has_a_strict_policy_and_no_inline_code(browser: Browser, path: str) -> None:
    answer, body = browser.ask(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    page = body.decode()
    assert " style=" not in page
    assert not re.search(r"<[^>]*\son[a-z]+=", page)
    assert "<style" not in page


@pytest.mark.parametrize(
    "start", ["", "<p>", "<html>", "<!DOCTYPE html>\n<html lang='fr'>\n<head>", "<!doctype html><head>"]
)
def test_links_open_tabs_however_the_message_begins(
    mailbox: RunningMailbox, browser: Browser, start: str
) -> None:
    message = letter()
    message.clear_content()
    message.set_content(start + "<title>x</title>", subtype="html")
    send(mailbox.smtp_url, message)
    page = browser.page(f"/messages/{first_id(browser)}/html").replace("\r\n", "\n")
    kept = "" if start == "<p>" else start
    assert page.startswith(kept + '<base target="_blank">')


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a <b> & c", "a &lt;b&gt; &amp; c"),
        ("http://a.org/?y=1&z.", '<a href="http://a.org/?y=1&amp;z" target="_blank" rel="noopener">http://a.org/?y=1&amp;z</a>.'),
        ("javascript:alert(1)", "javascript:alert(1)"),
    ],
)  # fmt: skip
def test_only_web_addresses_become_links(text: str, html: str) -> None:
    assert str(linked(text)) == html
