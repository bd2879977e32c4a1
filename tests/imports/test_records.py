"""From Omie's records to typed columns: recorded bodies, and everything that is odd in one."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.omie.wire import storable_text
from tests.imports.mirrored import ids, merge, stored
from tests.imports.titles import info, seed
from tests.push.world import World

RECORDED = Path(__file__).parent / "recorded"
DAY = date(2026, 1, 3)


@pytest.mark.slow
def test_every_table_comes_in(world: World) -> None:
    keys = seed(world, 2, DAY, valor_documento=100)
    seed(world, 2, DAY, "contas_pagar")
    world.control.settle("contas_receber", keys[0], value=Decimal("33.33"))
    world.control.lancar_em_conta(9100000001, Decimal("-5.5"))
    world.control.transferir(9100000001, 9100000002, 10)
    world.control.seed("clientes", [{"razao_social": "A"}])
    world.control.issue_note("notas_servico", 10)
    world.control.issue_note("notas_produto", 20)
    counts = {}
    for name in MIRROR:
        report = world.import_table(name)
        assert report.complete, name
        assert report.new_fields == (), name
        counts[name] = report.read
        assert len(ids(world, name)) >= report.read
    assert min(counts.values()) >= 1, counts
    assert counts["notas_servico"] == counts["notas_produto"] == 1
    assert counts["movimentacoes"] == 4 + 1 + 1 + 2
    kinds = world.rows("SELECT tipo, valor FROM omie.notas_fiscais ORDER BY 1")
    assert [tuple(row) for row in kinds] == [("NF-e", 20), ("NFS-e", 10)]


@pytest.mark.parametrize(
    ("file", "table", "expected"),
    [
        (
            "clientes",
            "clientes",
            {
                "codigo_cliente_omie": 617700984,
                "razao_social": "EMPRESA FICTICIA LTDA",
                "codigo_integracao": None,
                "complemento": None,
                "incluido_em": datetime(2019, 4, 16, 14, 7, 33, tzinfo=UTC),
                "alterado_em": datetime(2021, 11, 12, 19, 53, 38, tzinfo=UTC),
                "tags": [{"tag": "Cliente"}],
                "feito_por": "pessoa",
            },
        ),
        (
            "categorias",
            "categorias",
            {"codigo": "1.01", "descricao": "Receitas Diretas", "codigo_dre": None},
        ),
        (
            "contas_correntes",
            "contas_correntes",
            {
                "n_cod_cc": 630881258,
                "saldo_inicial": Decimal(0),
                "saldo_data": date(2019, 7, 1),
                "incluido_em": datetime(2019, 7, 19, 17, 24, 36, tzinfo=UTC),
                "alterado_por": "P000117233",
            },
        ),
        ("empresas", "empresas", {"codigo_empresa": 617693136, "estado": "DF"}),
        ("departamentos", "departamentos", {"codigo": "617693138", "estrutura": "001"}),
        ("projetos", "projetos", {"codigo": 617693956, "nome": "ADM Geral"}),
        (
            "baixas_receber",
            "saldos_titulos",
            {
                "codigo_titulo": 618738728,
                "valor_titulo": Decimal("13215.44"),
                "valor_aberto": Decimal(0),
                "data_pagamento": date(2019, 5, 7),
                "liquidado": "S",
            },
        ),
        (
            "movimentacoes",
            "movimentacoes",
            {
                "chave": "TCONTA_A_PAGAR:618738728",
                "valor_titulo": Decimal(195),
                "alterado_em": datetime(2022, 1, 27, 19, 3, 50, tzinfo=UTC),
                "data_particao": date(2019, 5, 3),
            },
        ),
        (
            "notas_servico",
            "notas_fiscais",
            {
                "tipo": "NFS-e",
                "codigo_nf": 618754182,
                "valor": Decimal("13215.44"),
                "data_emissao": date(2019, 5, 3),
            },
        ),
        (
            "notas_produto",
            "notas_fiscais",
            {"tipo": "NF-e", "codigo_nf": 915658260, "valor": Decimal("240.5")},
        ),
    ],
)
def test_recorded_bodies(
    engine: sa.Engine, file: str, table: str, expected: dict[str, Any]
) -> None:
    name = file.split("_", maxsplit=1)[0] if file.startswith("baixas") else file
    body = (RECORDED / f"{file}.json").read_text()
    records = json.loads(body)[MIRROR[name].array]
    merged = merge(engine, name, body)
    assert (merged.records, merged.inserted) == (len(records), len(records))
    row = stored(engine, table)[0]
    assert {column: row[column] for column in expected} == expected
    assert merge(engine, name, body).updated == 0


def test_the_baixas_of_recorded_titulos(engine: sa.Engine) -> None:
    for file in ("baixas_receber", "baixas_pagar"):
        merge(engine, "baixas", (RECORDED / f"{file}.json").read_text())
    rows = [
        (row["codigo_baixa"], row["codigo_titulo"], row["valor"], row["data"], row["natureza"])
        for row in stored(engine, "baixas")
    ]
    assert rows == [
        (662377930, 618738728, Decimal("13215.44"), date(2019, 5, 7), "R"),
        (1641228744, 618738728, Decimal(195), date(2019, 5, 3), "P"),
    ]


def title_row(engine: sa.Engine, text: str) -> dict[str, Any]:
    """The stored row of one título, given as the text between the braces of its record."""
    body = f'{{"conta_receber_cadastro":[{{"codigo_lancamento_omie":9809218643,{text}}}]}}'
    merge(engine, "contas_receber", storable_text(body))
    (row,) = stored(engine, "contas_receber")
    assert row["codigo_lancamento_omie"] == 9809218643
    return row


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("652", Decimal(652)),
        ("15870.04", Decimal("15870.04")),
        ("0.1", Decimal("0.1")),
        ("1612.050000000000000001", Decimal("1612.050000000000000001")),
        ("99999999999999.99", Decimal("99999999999999.99")),
        ("-0.01", Decimal("-0.01")),
        ("1e3", Decimal(1000)),
        ('"150.10"', Decimal("150.10")),
        ('"150,10"', None),
        ('""', None),
        ("null", None),
        ("[]", None),
        ("{}", None),
        ("true", None),
        ("1" * 40, None),
    ],
)
def test_money_is_exact_or_empty(engine: sa.Engine, written: str, read: Decimal | None) -> None:
    assert title_row(engine, f'"valor_documento":{written}')["valor_documento"] == read
    kept = f'{{"conta_receber_cadastro":[{{"valor_documento":{written}}}]}}'
    with engine.connect() as connection:
        query = sa.text("SELECT (raw->'valor_documento')::text FROM omie.contas_receber")
        raw = connection.execute(query).scalar_one()
    assert json.loads(kept)["conta_receber_cadastro"][0]["valor_documento"] == json.loads(raw)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("03/01/2026", date(2026, 1, 3)),
        ("29/02/2024", date(2024, 2, 29)),
        ("29/02/2000", date(2000, 2, 29)),
        ("29/02/2023", None),
        ("29/02/1900", None),
        ("31/02/2026", None),
        ("31/04/2026", None),
        ("30/02/2026", None),
        ("00/01/2026", None),
        ("01/13/2026", None),
        ("2026-01-03", None),
        ("3/1/2026", None),
        ("03/01/26", None),
        ("00/00/0000", None),
        ("", None),
    ],
)
def test_days(engine: sa.Engine, written: str, read: date | None) -> None:
    assert title_row(engine, f'"data_vencimento":"{written}"')["data_vencimento"] == read


@pytest.mark.parametrize(
    ("day", "hour", "read"),
    [
        ("03/01/2026", "12:00:00", datetime(2026, 1, 3, 15, 0, tzinfo=UTC)),
        ("03/01/2026", "23:59:59", datetime(2026, 1, 4, 2, 59, 59, tzinfo=UTC)),
        ("03/01/2018", "12:00:00", datetime(2018, 1, 3, 14, 0, tzinfo=UTC)),
        ("03/01/2026", "", datetime(2026, 1, 3, 3, 0, tzinfo=UTC)),
        ("03/01/2026", "24:00:00", datetime(2026, 1, 3, 3, 0, tzinfo=UTC)),
        ("04/11/2018", "00:00:00", datetime(2018, 11, 4, 3, 0, tzinfo=UTC)),
        ("31/02/2026", "12:00:00", None),
        ("", "12:00:00", None),
    ],
)
def test_moments_are_of_brasilia(
    engine: sa.Engine, day: str, hour: str, read: datetime | None
) -> None:
    row = title_row(engine, f'"info":{{"dInc":"{day}","hInc":"{hour}"}}')
    assert row["incluido_em"] == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Jo\\u00e3o", "João"),
        ("A &quot;B&quot; &amp; C &lt;d&gt;", 'A "B" & C <d>'),
        ("&amp;lt;", "&lt;"),
        ("D&#039;Ávila e D&#39;Ávila", "D'Ávila e D'Ávila"),
        ("nulo \\u0000 fim", "nulo ? fim"),
        ("meio \\ud83d fim", "meio ? fim"),
        ("par \\ud83d\\ude00", "par 😀"),
        ("barra \\\\u0000", "barra \\u0000"),
        ("  ", "  "),
        ("", None),
    ],
)
def test_texts(engine: sa.Engine, written: str, read: str | None) -> None:
    assert title_row(engine, f'"observacao":"{written}"')["observacao"] == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("11489512176", 11489512176),
        ('"11489512176"', 11489512176),
        ("9" * 40, None),
        ("9223372036854775808", None),
        ("0", 0),
        ('"abc"', None),
        ('""', None),
        ("12.5", None),
    ],
)
def test_ids(engine: sa.Engine, written: str, read: int | None) -> None:
    row = title_row(engine, f'"codigo_cliente_fornecedor":{written}')
    assert row["codigo_cliente_fornecedor"] == read


@pytest.mark.parametrize("block", ["null", "{}", "[]", '"texto"', "5"])
def test_blocks_that_are_none(engine: sa.Engine, block: str) -> None:
    row = title_row(engine, f'"info":{block},"categorias":{block}')
    assert (row["incluido_em"], row["feito_por"], row["data_particao"]) == (None, None, None)


def test_one_record_twice_on_a_page(engine: sa.Engine) -> None:
    record = {"codigo_lancamento_omie": 1, "info": info(DAY)}
    merged = merge(engine, "contas_receber", [record, record])
    assert (merged.records, merged.first_seen, merged.inserted) == (1, 1, 1)


def test_odd_texts_through_the_whole_way(world: World) -> None:
    world.control.set_behaviour(html_escapes=True)
    names = ['Maria "Mia" & Cia', "Z\x00ero", "Ávila", "x" * 4000]
    world.control.seed("clientes", [{"razao_social": name} for name in names])
    report = world.import_table("clientes")
    assert (report.complete, report.read) == (True, 4)
    here = [row["razao_social"] for row in stored(world.engine, "clientes")]
    assert here == [names[0], "Z?ero", *names[2:]]
