"""Plans: read, approved in one's name as shown, rejected with a reason, applied once."""

from __future__ import annotations

import re

import pytest

from omie_pipeline.app.plans import PlanRequest, make_plan
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.console.access.people import Grant
from omie_pipeline.console.access.roles import Role
from omie_pipeline.console.actions import actions_of
from omie_pipeline.console.works import run
from omie_pipeline.plans.store import read_plan
from omie_pipeline.texts.console import plans as texts
from tests.console.conftest import Browser, House
from tests.push.conftest import unvalidated
from tests.push.world import World, cliente

__all__ = ["unvalidated"]

pytestmark = pytest.mark.usefixtures("unvalidated")


@pytest.fixture
def planned(house: House, clinic: World) -> str:
    """The address of a plan that makes PAC-1 of ``norte``."""
    clinic.model("clientes", [cliente(1, empresa="norte", razao_social="Maria de Souza")])
    request = PlanRequest(("norte",), (REGISTRY["clientes"],), "Ana", read_omie=False)
    return f"/e/norte/planos/{make_plan(house.deployment, request).plan_id}"


def form(browser: Browser, page: str, action: str) -> dict[str, str]:
    for found in re.findall(r"<form.*?</form>", browser.get(page).text, re.S):
        if f'action="{page}/{action}"' in found:
            return dict(re.findall(r'name="(\w+)" value="([^"]*)"', found))
    raise AssertionError(action)


def test_approved_as_shown_and_applied_once(
    house: House, clinic: World, planned: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    monkeypatch.setattr("omie_pipeline.console.works.launch", begun.append)
    browser, number = house.manager("norte"), planned.rpartition("/")[2]
    assert number in browser.get("/e/norte/planos").text
    page = browser.get(planned).text
    assert "Maria de Souza" in page
    fields = form(browser, planned, "aprovar")
    other = browser.http.post(
        f"{planned}/aprovar", data=fields | {"digest": "x", "action_id": "a" * 24}
    )
    assert other.headers["location"] == f"{planned}?aviso=mudou"
    assert read_plan(house.engine, number).state == "made"
    for _ in range(2):
        answer = browser.http.post(f"{planned}/aprovar", data=fields)
        assert answer.headers["location"] == f"{planned}?aviso=aprovado"
    assert read_plan(house.engine, number).approved_by == "Gestora.Norte"
    sent = form(browser, planned, "aplicar")
    for _ in range(2):
        browser.http.post(f"{planned}/aplicar", data=sent)
    assert begun == [sent["action_id"]]
    assert run(house.deployment, begun[0])
    found = read_plan(house.engine, number)
    assert (found.state, found.applied_by) == ("applied", "Gestora.Norte")
    assert len(clinic.held_by_omie()) == 1


def test_rejected_with_a_reason(house: House, planned: str) -> None:
    browser, number = house.manager("norte"), planned.rpartition("/")[2]
    fields = form(browser, planned, "recusar")
    assert browser.http.post(f"{planned}/recusar", data=fields).status_code == 422
    browser.http.post(f"{planned}/recusar", data=fields | {"why": "valor errado"})
    found = read_plan(house.engine, number)
    assert (found.state, "valor errado" in found.ended_why) == ("refused", True)


def test_who_reads_and_who_approves(house: House, planned: str) -> None:
    fields = form(house.manager("norte"), planned, "aprovar")
    for role in (Role.FINANCE, Role.ACCOUNTANT, Role.ENGINEERING):
        browser = house.let_in(role.value, Grant("norte", role))
        page = browser.get(planned).text
        assert texts.ONLY_LOOK in page
        assert ("Maria de Souza" in page) == (role is not Role.ENGINEERING)
        for action in ("aprovar", "recusar", "aplicar"):
            sent = fields | browser.hidden() | {"why": "x"}
            assert browser.http.post(f"{planned}/{action}", data=sent).status_code == 403
    assert house.let_in("balcao", Grant("norte", Role.RECEPTION)).get(planned).status_code == 403
    sul = house.manager("sul")
    for path in (planned, planned.replace("norte", "sul")):
        assert sul.get(path).status_code == 404
    assert actions_of(house.engine, ["norte"]) == ()
