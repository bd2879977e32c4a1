"""Every stored state that names a record is found of a person, or says why it is not looked at."""

from __future__ import annotations

from datetime import date

import pytest
import sqlalchemy as sa

from omie_pipeline.outbox.read import changes_after
from omie_pipeline.outbox.records import KINDS
from omie_pipeline.outbox.write import write_changes
from omie_pipeline.postgres.all_tables import tables
from omie_pipeline.postgres.schemas import INBOX, OUTBOX, SYNC
from omie_pipeline.privacy.erase import erase
from omie_pipeline.privacy.export import export_person
from omie_pipeline.privacy.find import CHANGES, EVENTS, STATES, find_person
from tests.privacy.acts import add_acts
from tests.privacy.people import CPF, NOW, add_people
from tests.push.world import EMPRESA

NAMES_A_RECORD = {
    "codigo_integracao", "ledger_code", "codigo_lancamento_integracao", "chave_lancamento",
    "cod_int_os", "cCodIntOS", "n_cod_os", "omie_id", "client_id", "titulo_id", "client_ids",
    "our_titulo", "other_titulo", "parent_code", "same_as", "row_key", "subject", "raw",
}  # fmt: skip
"""Names of columns that say which record a row is about, or hold it."""

EXCEPTIONS = {
    "omie_sync.erasure": "the memory of the erasure itself: Omie's ids and a digest",
    "omie_sync.outbox_record": "Omie's id and a digest of what is found in omie_saida",
    "omie_sync.stored_plan": "its subject says what the plan is about, of no record",
    "omie_sync.console_action": "its subject names codes alone; what was done is found",
}


def test_every_table_that_names_a_record_is_found_or_says_why_not() -> None:
    found = {state.table.fullname for state in STATES} | {CHANGES.fullname, EVENTS.fullname}
    naming = {
        table.fullname
        for table in tables.metadata.tables.values()
        if table.schema in (SYNC, OUTBOX, INBOX) and NAMES_A_RECORD & set(table.columns.keys())
    }
    assert naming - found == set(EXCEPTIONS)


@pytest.fixture
def people(engine: sa.Engine) -> sa.Engine:
    add_people(engine, paid_on=date(2015, 3, 1))
    with engine.begin() as connection:
        add_acts(connection)
        for number, title in ((1, 11), (2, 22)):
            connection.execute(
                sa.insert(tables.duplicate_decision).values(
                    empresa=EMPRESA, endpoint="contas_receber", ledger_code=f"REC-T{number}",
                    our_titulo=title, other_titulo=900 + number, decision="adopt",
                    decided_by="bia", decided_at=NOW,
                )
            )  # fmt: skip
            # Of a título that only Omie has: by its id.
            connection.execute(
                sa.insert(tables.deletion_request).values(
                    _plan_id="p1", _endpoint="excluir_contas_receber", _number=number,
                    empresa=EMPRESA, data_particao=NOW.date(), chave_lancamento=title,
                )
            )  # fmt: skip
            connection.execute(
                sa.insert(tables.conflict).values(
                    empresa=EMPRESA, endpoint="clientes", codigo_integracao=f"PAC-{number}",
                    field="email", policy="pessoa", clinic_new="maria@exemplo.com",
                    omie_new="maria@exemplo.com", state="open", seen_at=NOW, run_id="r1",
                )
            )  # fmt: skip
    return engine


def test_decisions_about_a_person_are_exported_and_kept(people: sa.Engine) -> None:
    with people.begin() as connection:
        person = find_person(connection, EMPRESA, document=CPF)
        sections = {one["table"]: one["rows"] for one in export_person(connection, person)}
        done = {one.name: one for one in erase(connection, person, NOW).tables}
    (decision,) = sections["omie_sync.duplicate_decision"]
    assert (decision["ledger_code"], decision["decided_by"]) == ("REC-T1", "bia")
    (chosen,) = sections["omie_sync.deletion_request"]
    assert chosen["chave_lancamento"] == 11
    for name in ("omie_sync.duplicate_decision", "omie_sync.deletion_request"):
        assert (done[name].found, done[name].erased) == (1, 0)
        assert "o que foi decidido" in done[name].kept


def test_an_open_conflict_ends_with_its_values(people: sa.Engine) -> None:
    """A person would decide between two values that are gone; the other one's stays open."""
    with people.begin() as connection:
        erase(connection, find_person(connection, EMPRESA, document=CPF), NOW)
        c = tables.conflict.c
        left = connection.execute(
            sa.select(c.state, c.clinic_new, c.omie_new)
            .where(c.field == "email")
            .order_by(c.codigo_integracao)
        ).all()
    assert [tuple(row) for row in left] == [
        ("gone", None, None),
        ("open", "maria@exemplo.com", "maria@exemplo.com"),
    ]


def test_an_erasure_is_no_news_and_loses_no_change_that_was_not_told(people: sa.Engine) -> None:
    write_changes(people, EMPRESA, KINDS, NOW)
    before = changes_after(people, EMPRESA, 0)
    with people.begin() as connection:
        erase(connection, find_person(connection, EMPRESA, document=CPF), NOW)
    assert changes_after(people, EMPRESA, 0) == before
    assert write_changes(people, EMPRESA, KINDS, NOW) == 0
