"""A person at a browser window: she clicks what she reads, in her language."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask_babel import force_locale, gettext
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from core.money import format_cents
from tests.browser.chromium import PATIENCE_MS, Watch
from tests.browser.installation import Installation
from tests.conftest import PASSWORD

NO_BREAK_SPACES = str.maketrans({"\u00a0": " ", "\u202f": " "})


@dataclass(frozen=True)
class Words:
    """The texts of the pages in one language, by their English message."""

    app: Flask
    language: str

    def __call__(self, message: str, **values: object) -> str:
        with self.app.test_request_context(), force_locale(self.language):
            return str(gettext(message, **values))

    def money(self, cents: int) -> str:
        """1 234,56 €"""
        with self.app.test_request_context(), force_locale(self.language):
            return format_cents(cents, self.language)


@dataclass
class Window:
    """One window of a person's browser, with everything it complained about."""

    page: Page
    watch: Watch
    words: Words
    url: str

    def go(self, path: str) -> None:
        self.page.goto(f"{self.url}{path}")

    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        """By keyboard, as people do who sign in every day."""
        self.go("/")
        self.page.get_by_label(self.words("E-mail address")).fill(email)
        self.page.get_by_label(self.words("Password")).fill(password)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(f"{self.url}/")

    def button(self, message: str, **values: object) -> Locator:
        return self.page.get_by_role("button", name=self.words(message, **values), exact=True)

    def link(self, message: str, **values: object) -> Locator:
        return self.page.get_by_role("link", name=self.words(message, **values), exact=True)

    def click(self, message: str, **values: object) -> None:
        """A button or a link of the page by its words."""
        self.button(message, **values).or_(self.link(message, **values)).first.click()

    def reads(self, message: str, **values: object) -> None:
        """The words are there to read, now or within a few seconds."""
        expect(self.page.get_by_text(self.words(message, **values)).first).to_be_visible(timeout=PATIENCE_MS)

    def text(self, selector: str = "body") -> str:
        """What can be read, with plain spaces."""
        return self.page.locator(selector).inner_text().translate(NO_BREAK_SPACES)


def amount(words: Words, cents: int) -> str:
    """An amount as `Window.text` gives it."""
    return words.money(cents).translate(NO_BREAK_SPACES)


def context_of(browser: Browser, *, language: str = "fr", **options: Any) -> BrowserContext:
    """A browser profile of its own that prefers a language."""
    settings = {"locale": {"fr": "fr-FR", "en": "en-GB"}[language], "timezone_id": "Europe/Paris", **options}
    return browser.new_context(**settings)


@contextmanager
def opened_window(
    browser: Browser, installation: Installation, *, language: str = "fr", **options: Any
) -> Iterator[Window]:
    """A window of a person who has never been here; whatever it complained about fails the test at its end."""
    context = context_of(browser, language=language, **options)
    try:
        window = new_window(context, installation, language)
        yield window
        assert window.watch.complaints == [], window.watch.complaints
        assert window.watch.dialogs == []
    finally:
        context.close()


def new_window(context: BrowserContext, installation: Installation, language: str = "fr") -> Window:
    """One more window of the same profile."""
    page, watch = context.new_page(), Watch()
    watch.on(page)
    return Window(page, watch, Words(installation.app, language), installation.url)
