"""Every page in a real browser: no error of a script, no barrier, no sideways scrolling."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from omie_pipeline.console.access.people import Grant
from omie_pipeline.console.access.roles import Role
from omie_pipeline.texts.console import home as texts
from tests.console.browsers import DESK, PHONE, Screen, chromium, screen
from tests.console.conftest import PASSWORD, House

__all__ = ["chromium"]

pytestmark = pytest.mark.slow
SIZES = ((DESK, 1), (PHONE, 1), (DESK, 2))


def _addresses(one: Screen) -> list[str]:
    """The first page and what it leads to, as this person sees it."""
    hrefs = one.page.eval_on_selector_all("a[href^='/']", "all => all.map(a => a.pathname)")
    return sorted({"/", "/senha", *(href for href in hrefs if not href.startswith("/static"))})


@pytest.mark.parametrize("role", list(Role))
def test_every_page_has_no_barrier(house: House, chromium: Browser, role: Role) -> None:
    house.let_in("maria", Grant("*", role))
    for size, zoom in SIZES:
        one = screen(chromium, house.console.url, size, zoom)
        one.enter("maria", PASSWORD)
        barriers = []
        for path in _addresses(one):
            one.go(path)
            barriers += [(path, size, zoom, found) for found in one.violations()]
            if one.page.locator("h1").count() != 1:
                barriers.append((path, size, zoom, "headings"))
            if one.scrolls_sideways():
                barriers.append((path, size, zoom, "sideways"))
        assert barriers == []
        assert one.complaints == []
        one.page.context.close()


def test_the_page_to_enter_by_has_no_barrier(house: House, chromium: Browser) -> None:
    for size, zoom in SIZES:
        one = screen(chromium, house.console.url, size, zoom)
        one.go("/entrar")
        assert one.violations() == []
        assert not one.scrolls_sideways()
        one.page.fill("#login", "maria")
        one.page.fill("#password", "errada errada errada")
        one.page.keyboard.press("Enter")
        one.page.wait_for_selector("[role=alert]")
        assert one.violations() == []
        # The answer to a wrong password is a 401, of which the browser tells.
        assert [text for text in one.complaints if "401" not in text] == []
        one.page.context.close()


def test_a_sync_is_started_by_one_click_of_two(house: House, chromium: Browser) -> None:
    house.let_in("maria", Grant("norte", Role.MANAGER))
    one = screen(chromium, house.console.url)
    one.enter("maria", PASSWORD)
    button = one.page.get_by_role("button", name=texts.SYNC_NOW)
    button.dblclick()
    one.page.wait_for_selector(f"text={texts.KINDS['sync']}")
    assert one.page.locator("#works .badge").count() == 1
    assert one.complaints == []
