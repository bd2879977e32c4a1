"""A person's data exported and erased, and what the law keeps."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline import decimal_json
from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.clinic.set_aside import SET_ASIDE
from omie_pipeline.postgres.all_tables import tables
from omie_pipeline.postgres.tables import erasure
from omie_pipeline.privacy.erase import ErasureReport, erase
from omie_pipeline.privacy.export import export_person
from omie_pipeline.privacy.find import find_person
from omie_pipeline.privacy.keep_erased import apply_erasures
from omie_pipeline.privacy.places import HELD
from omie_pipeline.privacy.retention import kept_before
from tests.privacy.people import (
    CPF,
    EMPRESA,
    MARIA,
    NOW,
    OTHER,
    SECRETS,
    add_cliente,
    add_people,
    insert,
)

LONG_AGO = date(2015, 3, 1)
STORED = [f"omie.{held.name}" for held in HELD] + ["omie_sync.attempt", "omie_inbox.events"]


def erased(engine: sa.Engine, document: str = CPF) -> ErasureReport:
    with engine.begin() as connection:
        person = find_person(connection, EMPRESA, document=document)
        return erase(connection, person, NOW)


def everything(engine: sa.Engine, skip_client: int) -> str:
    """All rows of the stored tables as one text, the other patient's left out."""
    texts = []
    with engine.connect() as connection:
        for name in STORED:
            rows = connection.execute(sa.text(f"SELECT to_jsonb(t)::text FROM {name} t")).scalars()
            texts += [row for row in rows if not _belongs(json.loads(row), skip_client)]
    return "\n".join(texts)


def _belongs(row: dict[str, Any], client: int) -> bool:
    title = {OTHER: 22, MARIA: 11}[client]
    code = {OTHER: "PAC-2", MARIA: "PAC-1"}[client]
    return (
        client in (row.get("codigo_cliente_omie"), row.get("codigo_cliente"))
        or client == row.get("codigo_cliente_fornecedor")
        or title in (row.get("codigo_titulo"), row.get("ordem"), row.get("codigo_nf"))
        or row.get("codigo_integracao") == code
        or row.get("message_id") == f"m{client}"
    )


def one(engine: sa.Engine, statement: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(sa.text(statement)).one()


def test_contacts_and_notes_go_while_the_law_keeps_name_and_document(engine: sa.Engine) -> None:
    add_people(engine)
    report = erased(engine)
    assert report.retained_until == date(2032, 1, 1)
    left = everything(engine, skip_client=OTHER)
    assert [secret for secret in SECRETS if secret in left] == []
    row = one(engine, f"SELECT razao_social, cnpj_cpf, contato, cidade, raw->>'cnpj_cpf' AS r "
                      f"FROM omie.clientes WHERE codigo_cliente_omie = {MARIA}")  # fmt: skip
    assert tuple(row) == ("Maria de Souza", CPF, None, "SAO PAULO (SP)", CPF)
    assert one(engine, "SELECT raw->'Cabecalho'->>'cCPFDestinatario' FROM omie.notas_fiscais "
                       "WHERE codigo_nf = 11")[0] == CPF  # fmt: skip


def test_name_and_document_go_when_nothing_keeps_them(engine: sa.Engine) -> None:
    add_people(engine, paid_on=LONG_AGO)
    assert erased(engine).retained_until is None
    left = everything(engine, skip_client=OTHER)
    hidden = (*SECRETS, CPF, "Maria de Souza", "Fulana")
    assert [secret for secret in hidden if secret in left] == []
    row = one(engine, "SELECT razao_social, cnpj_cpf FROM omie.clientes "
                      f"WHERE codigo_cliente_omie = {MARIA}")  # fmt: skip
    assert tuple(row) == ("Titular removido", None)


def test_values_dates_and_ids_stay(engine: sa.Engine) -> None:
    add_people(engine, paid_on=LONG_AGO)
    facts = (
        "SELECT (SELECT sum(valor_documento) FROM omie.contas_receber),"
        " (SELECT sum(valor_movimentado) FROM omie.movimentacoes),"
        " (SELECT raw->>'valor_documento' FROM omie.contas_receber"
        "  WHERE codigo_lancamento_omie = 11),"
        " (SELECT raw->>'numero_documento' FROM omie.contas_receber"
        "  WHERE codigo_lancamento_omie = 11),"
        " (SELECT raw->'Cabecalho'->>'cCNPJEmissor' FROM omie.notas_fiscais WHERE codigo_nf = 11),"
        " (SELECT sum(codigo_cliente) FROM omie.notas_fiscais)"
    )
    before = one(engine, facts)
    erased(engine)
    assert one(engine, facts) == before


def test_nobody_else_loses_anything(engine: sa.Engine) -> None:
    add_people(engine, paid_on=LONG_AGO)
    before = everything(engine, skip_client=MARIA)
    assert "maria@exemplo.com" in before
    erased(engine)
    assert everything(engine, skip_client=MARIA) == before


def test_an_open_title_keeps_the_name(engine: sa.Engine) -> None:
    add_people(engine, paid_on=LONG_AGO)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE omie.saldos_titulos SET valor_aberto = 1"))
    assert erased(engine).retained_until == date(2032, 1, 1)


@pytest.mark.parametrize(("year", "kept"), [(2020, True), (2019, False)])
def test_five_years_count_from_the_next_first_of_january(
    engine: sa.Engine, year: int, kept: bool
) -> None:
    last = date(year, 12, 31)
    assert kept_before(last) == date(year + 6, 1, 1)
    add_people(engine, paid_on=last)
    with engine.begin() as connection:
        person = find_person(connection, EMPRESA, document=CPF)
        report = erase(connection, person, NOW.replace(year=2025))
    assert (report.retained_until is not None) is kept


def test_found_by_code_as_well(engine: sa.Engine) -> None:
    add_people(engine)
    with engine.connect() as connection:
        by_code = find_person(connection, EMPRESA, code="PAC-1")
        assert by_code == find_person(connection, EMPRESA, document="52998224725")
        assert (by_code.client_ids, by_code.title_ids) == ((MARIA,), (11,))
        assert by_code.title_codes == ("REC-11",)
        assert find_person(connection, "outra", document=CPF).client_ids == ()


def test_the_memory_holds_no_personal_data(engine: sa.Engine) -> None:
    add_people(engine)
    erased(engine)
    erased(engine)
    row = one(engine, "SELECT to_jsonb(e)::text, salt, client_ids FROM omie_sync.erasure e")
    assert row.client_ids == [MARIA]
    assert len(row.salt) == 32
    for secret in (*SECRETS, CPF, "52998224725", "Maria"):
        assert secret not in row[0]


def test_erasing_twice_changes_nothing_more(engine: sa.Engine) -> None:
    add_people(engine, paid_on=LONG_AGO)
    assert sum(table.erased for table in erased(engine).tables) > 0
    again = erased(engine)
    assert again.tables != ()
    assert sum(table.erased for table in again.tables) == 0


@pytest.mark.parametrize("number", [MARIA, 909])
@pytest.mark.parametrize("paid_on", [date(2026, 3, 1), LONG_AGO])
def test_what_omie_gives_again_is_erased_again(
    engine: sa.Engine, number: int, paid_on: date
) -> None:
    """The same client, or the same person under a new id of Omie's."""
    add_people(engine, paid_on=paid_on)
    erased(engine)
    with engine.begin() as connection:
        connection.execute(
            sa.text(f"DELETE FROM omie.clientes WHERE codigo_cliente_omie = {MARIA}")
        )
        add_cliente(connection, number)
        changed = apply_erasures(
            connection, EMPRESA, today=NOW.date(), names=("clientes",), since=NOW
        )
    assert changed == 1
    left = everything(engine, skip_client=OTHER)
    assert [secret for secret in SECRETS if secret in left] == []
    assert ("Maria de Souza" in left) is (paid_on != LONG_AGO)


def test_facts_read_again_lose_their_notes_again(engine: sa.Engine) -> None:
    add_people(engine, paid_on=LONG_AGO)
    erased(engine)
    with engine.begin() as connection:
        for name in ("baixas", "contas_receber", "movimentacoes"):
            connection.execute(sa.text(f"UPDATE omie.{name} SET observacao = 'paga em dinheiro'"))
        connection.execute(sa.text(f"UPDATE omie.movimentacoes SET documento = '{CPF}'"))
        assert apply_erasures(connection, EMPRESA, today=NOW.date()) == 4
    left = everything(engine, skip_client=OTHER)
    assert "paga em dinheiro" not in left
    assert CPF not in left


def test_nothing_is_done_where_nobody_was_erased(engine: sa.Engine) -> None:
    add_people(engine)
    with engine.begin() as connection:
        assert apply_erasures(connection, EMPRESA, today=NOW.date()) == 0
    assert "maria@exemplo.com" in everything(engine, skip_client=OTHER)


def test_the_end_of_the_retention_takes_name_and_document(engine: sa.Engine) -> None:
    add_people(engine)
    until = erased(engine).retained_until
    assert until is not None
    with engine.begin() as connection:
        assert apply_erasures(connection, EMPRESA, today=until - timedelta(days=1)) == 0
        assert apply_erasures(connection, EMPRESA, today=until) > 0
    assert "Maria de Souza" not in everything(engine, skip_client=OTHER)


@pytest.mark.slow
@pytest.mark.parametrize("table", ["contas_receber", "baixas", "notas_fiscais"])
def test_a_later_fact_puts_the_day_off(engine: sa.Engine, table: str) -> None:
    add_people(engine)
    assert erased(engine).retained_until == date(2032, 1, 1)
    until, later = date(2032, 1, 1), date(2030, 5, 1)
    name = f"SELECT razao_social FROM omie.clientes WHERE codigo_cliente_omie = {MARIA}"
    facts: dict[str, dict[str, Any]] = {
        "contas_receber": {"codigo_lancamento_omie": 12, "codigo_cliente_fornecedor": MARIA,
                           "data_emissao": later},
        "baixas": {"codigo_baixa": 111, "codigo_titulo": 11, "data": later},
        "notas_fiscais": {"tipo": "NFS-e", "codigo_nf": 12, "documento_cpf": CPF,
                          "data_emissao": later},
    }  # fmt: skip
    with engine.begin() as connection:
        insert(connection, table, {"raw": {}, **facts[table]})
        apply_erasures(connection, EMPRESA, today=later, names=[table], since=NOW)
        apply_erasures(connection, EMPRESA, today=until)
    assert one(engine, name)[0] == "Maria de Souza", "the law asks for it until 2036"
    with engine.begin() as connection:
        apply_erasures(connection, EMPRESA, today=date(2036, 1, 1))
    assert one(engine, name)[0] == "Titular removido"


def test_the_export_has_every_table_and_exact_values(engine: sa.Engine) -> None:
    add_people(engine)
    with engine.connect() as connection:
        sections = export_person(connection, find_person(connection, EMPRESA, document=CPF))
    names = [section["table"] for section in sections]
    assert names == [
        "omie.clientes", "omie.contas_receber", "omie.saldos_titulos", "omie.baixas",
        "omie.movimentacoes", "omie.notas_fiscais", "omie.extrato_linhas", "omie_sync.ledger",
        "omie_sync.attempt", "omie_inbox.events", "clinic_raw.pacientes", "clinica.pacientes",
        "clinica.recebimentos",
    ]  # fmt: skip
    assert {len(section["rows"]) for section in sections} == {1}
    text = decimal_json.dumps(sections)
    assert '"valor_documento":150.10' in text
    assert "Lima" not in text
    assert "2026-03-01" in text


def test_personal_fields_of_the_catalog_leave_the_raw_record(engine: sa.Engine) -> None:
    """Every field that the catalog calls personal is one the SQL function knows."""
    with engine.connect() as connection:
        for mirror in MIRROR.values():
            if mirror.grain != "fact":
                continue
            columns = (*mirror.columns, *(mirror.child.columns if mirror.child else ()))
            for column in columns:
                if not column.personal:
                    continue
                raw: Any = "valor"
                for part in reversed(column.path.split(".")):
                    raw = {part: raw}
                identity = column.personal in ("name", "document")
                query = sa.select(sa.func.omie.sem_dados_pessoais(
                    sa.cast(raw, tables.attempt.c.request.type), identity, type_=sa.Text
                ))  # fmt: skip
                assert "valor" not in str(connection.scalar(query)), column.path


def test_every_personal_column_of_the_mirror_is_erased(engine: sa.Engine) -> None:
    """A column that the catalog marks personal must be in one of the lists of ``person.HELD``."""
    held = {h.name: {*h.names, *h.contacts, *h.documents} for h in HELD}
    for mirror in MIRROR.values():
        if mirror.table not in held:
            continue
        marked = {c.name for c in mirror.columns if c.personal}
        assert marked <= held[mirror.table], mirror.name
        if mirror.child is not None:
            marked = {c.name for c in mirror.child.columns if c.personal}
            assert marked <= held[mirror.child.table]


def test_an_open_intent_is_kept_and_said(engine: sa.Engine) -> None:
    add_people(engine)
    with engine.begin() as connection:
        connection.execute(sa.insert(tables.intent).values(
            run_id="r1", empresa=EMPRESA, endpoint="clientes", codigo_integracao="PAC-1",
            partition="all", action="upsert", payload={"email": "x"}, fingerprint="f",
            created_at=NOW,
        ))  # fmt: skip
    intent = next(t for t in erased(engine).tables if t.name == "omie_sync.intent")
    assert (intent.found, intent.erased) == (1, 0)
    assert "retry" in intent.kept
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(erasure)) == 1


def test_reasons_lose_what_the_source_had(engine: sa.Engine) -> None:
    add_people(engine)
    told = "A coluna nasc da origem: o valor 'Maria d'Ávila, 52998224725' não é uma data."
    seen = {"first_seen_at": NOW, "last_seen_at": NOW, "partition": "all", "run_id": "r1"}
    with engine.begin() as connection:
        for code in ("PAC-1", "PAC-2"):
            reasons = [{"field": "x", "rule": "ilegivel", "reason": told, "fix": "Corrija"}]
            connection.execute(sa.insert(tables.quarantine).values(
                empresa=EMPRESA, endpoint="clientes", row_key=code, codigo_integracao=code,
                reasons=reasons, row_masked={"nome": "M***a"}, **seen,
            ))  # fmt: skip
    assert {t.name: t.erased for t in erased(engine).tables}["omie_sync.quarantine"] == 1
    query = "SELECT reasons->0->>'reason', row_masked::text FROM omie_sync.quarantine "
    row = one(engine, f"{query} WHERE codigo_integracao = 'PAC-1'")
    assert tuple(row) == ("A coluna nasc da origem: o valor '***' não é uma data.", "{}")
    assert one(engine, f"{query} WHERE codigo_integracao = 'PAC-2'")[0] == told
    assert {t.name: t.erased for t in erased(engine).tables}["omie_sync.quarantine"] == 0


def test_rows_set_aside_are_found_by_key_and_by_document(engine: sa.Engine) -> None:
    add_people(engine)
    with engine.begin() as connection:
        connection.execute(
            sa.text("ALTER TABLE clinic_raw.pacientes ADD PRIMARY KEY (_empresa, id)")
        )
        SET_ASIDE.create(connection)
        for table, key in (
            ("pacientes", "1"), ("pacientes", "2"), ("recebimentos", "1"),
            ("convenios", f"{CPF}/7"), ("convenios", "52998224725"),
        ):  # fmt: skip
            connection.execute(sa.insert(SET_ASIDE).values(
                empresa=EMPRESA, table_name=table, kind="doubled_key", key=key, rows=2, lines=[],
                file="", first_seen_at=NOW, last_seen_at=NOW,
            ))  # fmt: skip
        sections = export_person(connection, find_person(connection, EMPRESA, document=CPF))
    (aside,) = [one for one in sections if one["table"] == "clinic_raw._set_aside"]
    found = sorted((row["table_name"], row["key"]) for row in aside["rows"])
    assert found == [("convenios", f"{CPF}/7"), ("convenios", "52998224725"), ("pacientes", "1")]
