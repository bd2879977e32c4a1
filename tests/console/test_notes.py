"""Notes: what stands, taxes before the issue, cancelling, files through the console alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from omie_pipeline.console import works
from omie_pipeline.console.access.people import Grant
from omie_pipeline.console.access.roles import Role
from omie_pipeline.console.actions import actions_of
from omie_pipeline.console.works import run
from omie_pipeline.nfse.archive import Archive, write_file
from omie_pipeline.nfse.billing import correction_for
from omie_pipeline.nfse.state import NoteState, states
from omie_pipeline.postgres.tables import ledger, nfse
from omie_pipeline.texts.console import notes as texts
from tests.console.conftest import House
from tests.nfse import conftest as nfse_world
from tests.nfse.conftest import Notes
from tests.push.world import World

HERE = "/e/norte/notas"


@pytest.fixture
def notes(clinic: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Notes]:
    """Orders of ``norte`` in Omie; long actions are done by the test itself."""
    monkeypatch.setattr(nfse_world, "EMPRESA", "norte")
    monkeypatch.setattr(works, "launch", lambda _action_id: None)
    found = Notes(clinic)
    found.prepare()
    return found


def _note(house: House, code: str) -> NoteState:
    return states(house.engine, "norte", [code])[code]


def _set(house: House, code: str, **values: object) -> None:
    with house.engine.begin() as connection:
        mine = sa.and_(nfse.c.empresa == "norte", nfse.c.cod_int_os == code)
        connection.execute(sa.update(nfse).where(mine).values(**values))


def _delivered(house: House, code: str) -> None:
    with house.engine.begin() as connection:
        connection.execute(sa.insert(ledger).values(
            empresa="norte", endpoint="ordens_servico", codigo_integracao=code, state="confirmed",
            partition="2026-01-05", run_id="r", confirmed_at=sa.func.now(), omie_id=1,
        ))  # fmt: skip


def test_a_refused_note_says_why_and_what_to_do(house: House, notes: Notes) -> None:
    code = notes.billed()
    words = "E10 - CPF do tomador inválido"
    _set(house, code, state="rejected", message=words)
    browser = house.manager()
    for address in (HERE, f"{HERE}?ver=rejected", f"{HERE}/{code}"):
        page = browser.get(address).text
        assert words in page
        assert correction_for(words)[:30] in page
    assert texts.NOTHING in browser.get(f"{HERE}?ver=issued").text


def test_taxes_are_shown_before_a_note_is_issued_once(house: House, notes: Notes) -> None:
    code = notes.order(1)
    _delivered(house, code)
    browser = house.manager()
    assert texts.NEVER_BILLED in browser.get(f"/e/norte/nota?os=+{code}+").text
    page = browser.get(f"{HERE}/{code}/impostos").text
    for words in ("150,10", "ISS", "2,50%", "3,75", texts.DO_ISSUE):
        assert words in page, words
    # Asked again within the minute, Omie would make a person wait: the page remembers.
    hidden = browser.hidden(f"{HERE}/{code}/impostos")
    unsure = browser.http.post(f"{HERE}/{code}/emitir", data=hidden)
    assert (unsure.status_code, texts.CONFIRM_NEEDED in unsure.text) == (422, True)
    for _ in range(2):
        browser.http.post(f"{HERE}/{code}/emitir", data=hidden | {"sure": "sim"})
    (one,) = actions_of(house.engine, ["norte"])
    assert (one.kind, one.by, dict(one.subject)) == ("issue", "gestora", {"code": code})


def test_a_note_is_cancelled_with_a_reason(house: House, notes: Notes) -> None:
    code = notes.billed()
    browser = house.manager()
    assert browser.send(f"{HERE}/{code}/cancelar", f"{HERE}/{code}").status_code == 422
    browser.send(f"{HERE}/{code}/cancelar", f"{HERE}/{code}", reason="valor errado")
    (one,) = actions_of(house.engine, ["norte"])
    assert run(house.deployment, one.action_id)
    assert _note(house, code).cancellation_requested_at or _note(house, code).state == "cancelled"
    page = browser.get(f"{HERE}/{code}").text
    assert "valor errado" in page
    assert texts.DO_CANCEL not in page.replace(texts.ASKED_KINDS["cancel"], "")
    assert "valor errado" in browser.get("/historico").text


def test_files_come_through_the_console_and_from_omie_only(house: House, notes: Notes) -> None:
    code = notes.billed()
    elsewhere = "https://evil.example/nota.pdf"
    _set(house, code, state="issued", numero="1", url_pdf=elsewhere, issued_at=sa.func.now())
    browser = house.manager()
    page = browser.get(f"{HERE}/{code}").text
    assert texts.PDF in page
    assert "evil.example" not in page
    refused = browser.http.get(f"{HERE}/{code}/arquivo/pdf")
    assert refused.status_code == 422
    assert "location" not in refused.headers
    assert browser.http.get(f"{HERE}/{code}/arquivo/xml").status_code == 422
    assert browser.http.get(f"{HERE}/{code}/arquivo/exe").status_code == 422
    # Names are in the files.
    engineer = house.let_in("eng", Grant("*", Role.ENGINEERING))
    assert texts.NO_NAMES in engineer.get(f"{HERE}/{code}").text
    assert engineer.http.get(f"{HERE}/{code}/arquivo/pdf").status_code == 403


def test_a_file_is_given_as_it_was_stored(
    house: House, notes: Notes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = notes.billed()
    _set(house, code, state="issued", numero="7", issued_at=sa.func.now())
    kept = house.deployment.settings.model_copy(update={"nfse_archive": str(tmp_path / "notas")})
    monkeypatch.setattr(house.deployment, "settings", kept)
    stored = Archive(str(tmp_path / "notas")).store("norte/nota.pdf", b"%PDF-1.7 nota")
    with house.engine.begin() as connection:
        write_file(
            connection, "norte", code, "pdf", path=stored.path, sha256=stored.sha256,
            size_bytes=stored.size_bytes, at=house.deployment.clock.now(),
        )  # fmt: skip
    browser = house.manager()
    answer = browser.http.get(f"{HERE}/{code}/arquivo/pdf")
    assert (answer.status_code, answer.content) == (200, b"%PDF-1.7 nota")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'attachment; filename="NFSe-OS-1.pdf"'
    # What somebody changed in the archive is no note.
    (tmp_path / "notas" / stored.path).write_bytes(b"%PDF-1.7 outra")
    assert browser.http.get(f"{HERE}/{code}/arquivo/pdf").status_code == 422


def test_pages_of_notes_lose_none(house: House, notes: Notes) -> None:
    del notes
    now = house.deployment.clock.now()
    with house.engine.begin() as connection:
        for number in range(55):
            connection.execute(sa.insert(nfse).values(
                empresa="norte", cod_int_os=f"OS-{number:03}x", state="processing", attempts=1,
                billed_at=now, changed_at=now - timedelta(minutes=number // 30),
            ))  # fmt: skip
    browser = house.manager()
    first = browser.get(HERE).text
    address = first.split('href="/e/norte/notas?ver=all&amp;antes=')[1].split('"')[0]
    second = browser.get(f"{HERE}?ver=all&antes={address}").text
    shown = [code for code in (f"OS-{n:03}x" for n in range(55)) if code in first + second]
    assert len(shown) == 55
    assert browser.get(f"{HERE}?antes=x").status_code == 422


def test_who_may_what(house: House, notes: Notes) -> None:
    code = notes.billed()
    only = house.let_in("sul.so", Grant("sul", Role.MANAGER))
    for address in (HERE, f"{HERE}/{code}", f"/e/sul/notas/{code}", f"/e/sul/nota?os={code}"):
        page = only.get(address)
        assert (page.status_code, code in page.text) == (404, False), address
    reception = house.let_in("recepcao", Grant("*", Role.RECEPTION))
    assert code in reception.get(HERE).text
    assert texts.DO_CANCEL not in reception.get(f"{HERE}/{code}").text
    assert reception.get(f"{HERE}/{code}/impostos").status_code == 403
    for what in ("emitir", "cancelar", "esperar"):
        answer = reception.send(f"{HERE}/{code}/{what}", "/", sure="sim", reason="x")
        assert answer.status_code == 403
    assert actions_of(house.engine, ["norte"]) == ()
