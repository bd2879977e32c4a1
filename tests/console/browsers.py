"""A real browser over the console: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

AXE = Path(__file__).with_name("vendored") / "axe.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
DESK, PHONE = (1280, 900), (390, 844)


@dataclass
class Screen:
    """A page in a browser of its own, and what the browser complained of.

    Attributes:
        complaints: errors of scripts, and what the content security policy kept out.
    """

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        """Open an address of the console."""
        self.page.goto(self.url + path)

    def enter(self, login: str, password: str) -> None:
        """Type login and password, with the keyboard alone."""
        self.go("/entrar")
        self.page.keyboard.press("Tab")  # past the link that skips the menu
        self.page.locator("#login").focus()
        self.page.keyboard.type(login)
        self.page.keyboard.press("Tab")
        self.page.keyboard.type(password)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(f"{self.url}/")

    def violations(self) -> list[str]:
        """What axe finds against the rules of WCAG 2.1 A and AA."""
        # Over the debugger's wire: the policy of the page lets no script of others in.
        found: dict[str, Any] = self.page.evaluate(
            f"async () => {{ {AXE.read_text('utf-8')}; "
            "return await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', "
            "'wcag21aa', 'best-practice']}); }"
        )
        return [
            f"{one['id']}: {node['html'][:120]}"
            for one in found["violations"]
            for node in one["nodes"]
        ]

    def scrolls_sideways(self) -> bool:
        """Whether the page is wider than the screen."""
        return bool(
            self.page.evaluate("() => document.documentElement.scrollWidth > window.innerWidth + 1")
        )


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; a test that needs it is skipped loudly where there is none."""
    if CHROMIUM is None:
        pytest.skip("no Chromium: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


def screen(browser: Browser, url: str, size: tuple[int, int] = DESK, zoom: int = 1) -> Screen:
    """A window of its own.

    Args:
        browser: the browser.
        url: where the console answers.
        size: of the window.
        zoom: 2 shows everything twice as large, as browsers do: half the room.
    """
    width, height = size
    context = browser.new_context(
        viewport={"width": width // zoom, "height": height // zoom}, device_scale_factor=zoom
    )
    context.set_default_timeout(15_000)
    found = Screen(context.new_page(), url)

    def heard(message: ConsoleMessage) -> None:
        if message.type == "error":
            found.complaints.append(message.text)

    found.page.on("console", heard)
    found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
    return found
