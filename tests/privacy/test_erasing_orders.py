"""What a person's settlements, orders, contracts and notes leave behind: exported and erased."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from omie_pipeline import decimal_json
from omie_pipeline.catalog import WRITABLE
from omie_pipeline.postgres.all_tables import tables
from omie_pipeline.privacy import codes
from omie_pipeline.privacy.erase import ErasureReport, erase
from omie_pipeline.privacy.export import export_person
from omie_pipeline.privacy.find import Person, find_person
from tests.effects.rows import baixa, columns_of, item, model, ordem, push, with_order
from tests.privacy.acts import CODES, MODELS, NOTE, add_acts
from tests.privacy.people import CPF, EMPRESA, NOW, add_people
from tests.push.conftest import unvalidated, world
from tests.push.world import World, cliente, titulo

__all__ = ["unvalidated", "world"]

EMAIL, LONG_AGO = "ana.souza@gmail.com", date(2015, 3, 1)


@pytest.fixture
def acts(engine: sa.Engine) -> sa.Engine:
    add_people(engine, paid_on=LONG_AGO)
    with engine.begin() as connection:
        add_acts(connection)
    return engine


def maria(connection: sa.Connection) -> Person:
    return find_person(connection, EMPRESA, document=CPF)


def erased(engine: sa.Engine) -> ErasureReport:
    with engine.begin() as connection:
        return erase(connection, maria(connection), NOW)


def left(engine: sa.Engine, query: str) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(sa.text(query)).scalars())


def test_every_endpoint_of_a_person_is_known() -> None:
    """A new endpoint must say whose its records are."""
    named = [name for names, _ in Person(EMPRESA, "").codes() for name in names]
    assert sorted([*named, *codes.NOBODY]) == sorted(one.name for one in WRITABLE)


def test_codes_of_a_person_by_endpoint(acts: sa.Engine) -> None:
    with acts.connect() as connection:
        one = maria(connection)
        two = find_person(connection, EMPRESA, code="PAC-2")
    for endpoint, code in CODES.items():
        assert code.format(1) in one.codes_of(endpoint), endpoint
        assert code.format(2) in two.codes_of(endpoint), endpoint
        assert code.format(2) not in one.codes_of(endpoint), endpoint


@pytest.mark.parametrize(
    "table", ["attempt", "quarantine", "rejected", "ledger", "plan", "stored_plan_row"]
)
def test_rows_of_every_endpoint_lose_their_content(acts: sa.Engine, table: str) -> None:
    content = {
        "attempt": "request", "ledger": "last_error", "plan": "extra",
        "stored_plan_row": "coalesce(reasons::text, nullif(changes::text, '{{}}'))",
    }.get(table, "nullif(row_masked::text, '{{}}')")  # fmt: skip
    query = (
        f"SELECT codigo_integracao FROM omie_sync.{table} WHERE {content} IS NOT NULL "
        "AND codigo_integracao LIKE '%{}'"
    )
    erased(acts)
    assert left(acts, query.format(1)) == []
    assert len(left(acts, query.format(2))) >= len(CODES)


def test_the_note_stays_without_its_words(acts: sa.Engine) -> None:
    report = erased(acts)
    assert left(acts, "SELECT message FROM omie_sync.nfse ORDER BY cod_int_os") == [
        None, "Tomador JOÃO LIMA aceito"
    ]  # fmt: skip
    assert left(acts, "SELECT reason FROM omie_sync.nfse_transition WHERE reason <> ''") == [
        "Tomador JOÃO LIMA aceito"
    ]
    kept = {table.name: table for table in report.tables}
    for name in ("omie_sync.nfse", "omie_sync.nfse_file"):
        assert "CTN 173, 174 e 195" in kept[name].kept
    assert kept["omie_sync.nfse_file"].erased == 0
    assert report.files == (("principal/OS-1.pdf", date(2032, 1, 1)),)
    assert report.retained_until == date(2032, 1, 1)


def test_a_refused_note_keeps_the_words_that_hold_it_back_without_the_name(
    acts: sa.Engine,
) -> None:
    with acts.begin() as connection:
        connection.execute(sa.text("UPDATE omie_sync.nfse SET state = 'rejected', numero = NULL"))
    erased(acts)
    words = left(acts, "SELECT message FROM omie_sync.nfse ORDER BY cod_int_os")
    assert words == ["Tomador *** aceito", "Tomador JOÃO LIMA aceito"]


def test_the_export_tells_of_orders_contracts_notes_and_payments(acts: sa.Engine) -> None:
    with acts.connect() as connection:
        sections = export_person(connection, maria(connection))
    found = {section["table"]: len(section["rows"]) for section in sections}
    told = {f"omie_payload.{name}" for name in MODELS} | {
        "clinica.pagamentos", "clinica.contratos", "clinica.contratos_itens",
        "omie_sync.nfse", "omie_sync.nfse_transition", "omie_sync.nfse_file",
        "omie_sync.billing_request",
    }  # fmt: skip
    assert {name: found.get(name) for name in told} == dict.fromkeys(told, 1)
    text = decimal_json.dumps(sections)
    assert NOTE in text
    assert "Lima" not in text
    assert "OS-2" not in text


def test_an_order_is_found_by_the_note_that_omie_has(engine: sa.Engine) -> None:
    """Model and calls are gone; Omie's note still names the order."""
    add_people(engine)
    with engine.begin() as connection:
        connection.execute(sa.text(
            "UPDATE omie.notas_fiscais SET raw = raw || "
            "jsonb_build_object('OrdemServico', jsonb_build_object('nCodigoOS', codigo_nf))"
        ))  # fmt: skip
        for order, number in (("OS-1", 11), ("OS-2", 22)):
            connection.execute(sa.insert(tables.ledger).values(
                empresa=EMPRESA, run_id="r", endpoint="ordens_servico", codigo_integracao=order,
                state="confirmed", omie_id=number, partition="all",
            ))  # fmt: skip
        assert maria(connection).order_codes == ("OS-1",)


@pytest.mark.usefixtures("unvalidated")
def test_nothing_of_a_sent_order_or_payment_is_left(world: World) -> None:
    with_order(world)
    order = ordem(1, item("120.00")) | {"Email": {"cEnviarPara": EMAIL}}
    columns = dict(columns_of("ordens_servico") or {}) | {"Email": JSONB}
    world.model("ordens_servico", [order], columns)
    push(world, "ordens_servico")
    model(world, "contas_receber", titulo(1))
    push(world, "contas_receber")
    model(world, "baixas_receber", baixa(1, "50.00"))
    push(world, "baixas_receber")
    with world.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE omie_payload.omie_ordens_servico"))
        person = find_person(connection, EMPRESA, document=cliente(1)["cnpj_cpf"], code="PAC-1")
        erase(connection, person, world.clock.now())
    wanted = "SELECT count(*) FROM omie_sync.attempt WHERE codigo_integracao IN ('OS-1', 'BXR-1')"
    ((calls,),) = world.rows(wanted)
    ((told,),) = world.rows(f"{wanted} AND (request IS NOT NULL OR response IS NOT NULL)")
    assert calls > 0
    assert told == 0
