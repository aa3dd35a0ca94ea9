"""The installation itself: it starts, answers, and ends everything it started."""

from __future__ import annotations

from playwright.sync_api import Browser

from tests.browser.chromium import watched_page
from tests.browser.installation import Installation


def test_an_installation_answers_in_a_browser_and_verifies(
    each_installation: Installation, chromium: Browser
) -> None:
    page = chromium.new_page()
    watch = watched_page(page)
    page.goto(f"{each_installation.url}/")
    assert page.url.startswith(f"{each_installation.url}/login")
    assert watch.complaints == []
    page.close()
    assert each_installation.run("verify").returncode == 0
