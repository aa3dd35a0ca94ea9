"""Debian's Chromium under Playwright; what a page complains about; that it is accessible and narrow enough."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Dialog,
    FloatRect,
    Page,
    Request,
    Response,
    sync_playwright,
)

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
PATIENCE_MS = 15_000


@contextmanager
def running_chromium() -> Iterator[Browser]:
    """The machine's browser; Playwright brings none of its own."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    assert program is not None, "Chromium is missing: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Watch:
    """What a page complained about since it is watched.

    `allowed` are the statuses a test provokes on purpose (the browser logs them as errors of its own);
    `lost_on_purpose` says that it breaks connections.
    """

    complaints: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    allowed: set[int] = field(default_factory=set)
    lost_on_purpose: bool = False

    def on(self, page: Page) -> None:
        """Listen to a page, from before its first request."""
        page.set_default_timeout(PATIENCE_MS)
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"script: {error}"))
        page.on("requestfailed", self._failed)
        page.on("response", self._answered)
        page.on("dialog", self._asked)

    def _console(self, message: ConsoleMessage) -> None:
        provoked = any(f"status of {status}" in message.text for status in self.allowed) or (
            self.lost_on_purpose and "net::ERR_CONNECTION_RESET" in message.text
        )
        if message.type in ("error", "warning") and not provoked:
            self.complaints.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _failed(self, request: Request) -> None:
        # A request that the page itself gave up (a later key stroke, a navigation, a download) is no failure.
        on_purpose = self.lost_on_purpose and request.failure == "net::ERR_CONNECTION_RESET"
        if request.failure != "net::ERR_ABORTED" and not on_purpose:
            self.complaints.append(f"{request.method} {request.url}: {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.allowed:
            self.complaints.append(f"{response.request.method} {response.url}: {response.status}")

    def _asked(self, dialog: Dialog) -> None:
        self.dialogs.append(f"{dialog.type}: {dialog.message}")
        dialog.accept()


def watched_page(context_page: Page) -> Watch:
    """Watch one page."""
    watch = Watch()
    watch.on(context_page)
    return watch


def is_within(box: FloatRect | None, width: int) -> bool:
    """Whether the whole box is seen without moving sideways."""
    return box is not None and box["x"] >= 0 and box["x"] + box["width"] <= width


def faults_of(page: Page, where: str) -> list[str]:
    """Axe violations, and what is wider than the window."""
    width = page.viewport_size["width"] if page.viewport_size else 0
    wide = page.evaluate("document.documentElement.scrollWidth")
    faults = [f"{where}: {wide} pixels wide"] if wide > width else []
    tab = page.locator(".tabs [aria-current]")
    if tab.count() and not is_within(tab.first.bounding_box(), width):
        faults.append(f"{where}: the current tab is out of sight")
    result = Axe().run(page)
    if result.violations_count:
        faults.append(f"{where}\n{result.generate_report()}")
    return faults
