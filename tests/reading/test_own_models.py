"""A staging set of one's own: joins, dialects of single columns, types, arithmetic, plain texts."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from omie_pipeline.cli.build import question_lines, reading_lines
from omie_pipeline.postgres.engine import open_engine
from omie_pipeline.status.unread_values import clinic_reading
from tests.dbt_mapping.scenario import Row, Scenario, ScenarioFactory

SET = "duvidosa"
SOURCES = """\
version: 2
sources:
  - name: duvidosa
    schema: sistema
    tables:
      - name: pessoa
      - name: endereco
      - name: lanc
        columns:
          - name: DECLARADO
            meta: {decimal: "."}
          - name: AMERICANA
            meta: {date_order: mdy}
          - name: CURTA
            meta: {two_digit_years: 2000}
"""
PATIENTS = """\
{% set p = source('duvidosa', 'pessoa') %}
{% set e = source("duvidosa", "endereco") %}
select
    {{ empresa(p) }} as empresa, {{ texto('pes."id"') }} as id, pes.nome, cpf,
    cast(null as text) as rg, cast(null as text) as rg_orgao_emissor,
    nascimento as data_nascimento, cast(null as text) as email, cast(null as text) as telefone,
    ender.rua as logradouro, cast(null as text) as numero, cast(null as text) as complemento,
    cast(null as text) as bairro, cast(null as text) as cidade, cast(null as text) as uf,
    cast(null as text) as cep, cast(null as date) as data_cadastro,
    cast(null as timestamptz) as atualizado_em
from {{ p }} as pes
left join {{ e }} ender on pes.id = ender.pessoa and {{ empresa(e) }} = {{ empresa(p) }}
"""
RECEIPTS = """\
{{% set fonte = source('duvidosa', 'lanc') %}}
select
    'principal' as empresa, id, '1' as paciente_id, cast(null as text) as procedimento_id,
    cast(null as text) as profissional_id, cast(null as text) as forma_pagamento_id,
    {{{{ data('"{day}"') }}}} as data, {{{{ data('"{day}"') }}}} as data_vencimento,
    {value} as valor, cast(null as text) as numero_documento, cast(null as text) as parcela,
    cast(null as text) as observacao, cast(null as timestamptz) as atualizado_em
from {{{{ fonte }}}}
"""
TEN = (
    "profissionais", "fornecedores", "procedimentos", "formas_pagamento", "repasses", "despesas",
    "compras_produtos", "vendas_produtos",
)  # fmt: skip


@pytest.fixture(scope="module")
def own(scenarios: ScenarioFactory) -> Scenario:
    project = scenarios.copy_of_the_project(SET)
    folder = project / "models/staging" / SET
    folder.mkdir()
    (folder / "_sources.yml").write_text(SOURCES)
    (folder / f"stg_{SET}__pacientes.sql").write_text(PATIENTS)
    for table in TEN:
        (folder / f"stg_{SET}__{table}.sql").write_text(f"{{{{ tabela_vazia('{table}') }}}}\n")
    scenario = scenarios.new(SET, project)
    scenario.load("sistema", "pessoa", [
        {"id": "1", "nome": "Ana", "cpf": "1", "nascimento": "31/02/1980", "_empresa": "principal"},
        {"id": "2", "nome": "Rui", "cpf": "2", "nascimento": "7/2/1980", "_empresa": " "},
    ])  # fmt: skip
    scenario.load("sistema", "endereco", [
        {"pessoa": "1", "rua": "Rua A", "_empresa": "principal"}
    ])  # fmt: skip
    with scenario.connect() as connection:
        connection.execute(
            'create table sistema.lanc (id text, "SO" text, "MISTO" text, "DECLARADO" text,'
            ' "COMENTADO" text, "EXATO" numeric(12, 3), "REAL" double precision,'
            ' "AMERICANA" text, "CONTRARIA" text, "CURTA" text, "INSTANTE" timestamptz,'
            ' "VIZINHA" text, "VIZINHA_BR" text)'
        )
        connection.execute(
            "comment on column sistema.lanc.\"COMENTADO\" is 'omie_pipeline decimal=.'"
        )
        connection.execute(
            "insert into sistema.lanc values"
            " ('a', '1.280', '1.280', '1.280', '1.280', 1.280, 12500.53,"
            "  '2/7/2026', '2/7/2026', '05/02/26', '2026-11-01 01:30+00',"
            "  '5/2/2026', '5/2/2026'),"
            " ('b', '2.500', '350,00', '1,280', '35.26', 35.26, 0.1,"
            "  '2/25/2026', '2/25/2026', '31/02/26', '2026-11-01 03:00+00',"
            "  '7/7/2026', '31/10/2026'),"
            " ('c', '90', '35.26', '350,00', null, null, 'NaN',"
            "  '2026-02-07', '7/7/2026', null, 'infinity', null, '2026-02-07')"
        )
    return scenario


@pytest.fixture(scope="module")
def readings(own: Scenario) -> dict[str, Row]:
    columns = ("SO", "MISTO", "DECLARADO", "COMENTADO", "EXATO", "REAL")
    days = ("AMERICANA", "CONTRARIA", "CURTA", "INSTANTE", "VIZINHA", "VIZINHA_BR")
    probe = [f'    {{{{ numero(\'"{name}"\') }}}} as "{name}",' for name in columns]
    probe += [f'    {{{{ data(\'"{name}"\') }}}} as "{name}",' for name in days]
    probe += [
        "    {{ numero_br('\"EXATO\"') }} as br_exato,",
        "    {{ calculado('{0} - {1}', [numero('\"DECLARADO\"'), numero('\"MISTO\"')]) }}"
        " as conta,",
    ]
    folder = own.project / "models/staging" / SET
    (folder / "probe.sql").write_text(
        "select\n" + "\n".join(probe) + "\n    id\nfrom {{ source('duvidosa', 'lanc') }}\n"
    )
    value = "{{ numero('\"SO\"') }}"
    (folder / f"stg_{SET}__recebimentos.sql").write_text(
        RECEIPTS.format(day="CONTRARIA", value=value)
    )
    result = own.dbt("run", "--select", "probe", "+recebimentos", "+pacientes")
    assert result.success, [one.message for one in getattr(result.result, "results", [])]
    return {row["id"]: row for row in own.rows("select * from staging.probe")}


def _kind(text: str | None) -> str | None:
    return text.split("\x01")[1] if text and text.startswith("\x01") else text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("column", "read"),
    [
        ("SO", ["ambiguous_number", "ambiguous_number", "90"]),
        ("MISTO", ["ambiguous_number", "350.00", "35.26"]),
        ("DECLARADO", ["1.2800", "1280", "350.00"]),
        ("COMENTADO", ["1.2800", "35.26", None]),
        ("EXATO", ["1.2800", "35.2600", None]),
        ("br_exato", ["1.2800", "35.2600", None]),
        ("REAL", ["12500.53", "0.1", "number"]),
        ("AMERICANA", ["2026-02-07", "2026-02-25", "2026-02-07"]),
        ("CONTRARIA", ["ambiguous_date", "ambiguous_date", "2026-07-07"]),
        ("VIZINHA", ["ambiguous_date", "2026-07-07", None]),
        ("VIZINHA_BR", ["2026-02-05", "2026-10-31", "2026-02-07"]),
        ("CURTA", ["2026-02-05", "date", None]),
        ("INSTANTE", ["2026-10-31", "2026-11-01", "date"]),
        ("conta", ["ambiguous_number", "930.00", "314.74"]),
    ],
)
def test_a_column_is_read_in_its_own_dialect(
    readings: dict[str, Row], column: str, read: list[str | None]
) -> None:
    assert [_kind(readings[key][column]) for key in "abc"] == read


@pytest.mark.slow
def test_a_join_builds_without_an_alias_and_plain_texts_stop_nothing(
    own: Scenario, readings: dict[str, Row]
) -> None:
    assert readings
    rows = {row["id"]: row for row in own.rows("select * from clinica.pacientes")}
    assert (rows["1"]["empresa"], rows["1"]["logradouro"]) == ("principal", "Rua A")
    assert rows["1"]["data_nascimento"] is None
    assert rows["1"]["_unreadable"] == [{
        "column": "data_nascimento", "source_column": "data_nascimento", "text": "31/02/1980",
        "kind": "date",
    }]  # fmt: skip
    assert rows["2"]["empresa"] is None
    assert rows["2"]["data_nascimento"].isoformat() == "1980-02-07"


@pytest.mark.slow
def test_the_build_asks_once_for_what_it_cannot_know(
    own: Scenario, readings: dict[str, Row]
) -> None:
    assert readings
    receipts = {row["id"]: row for row in own.rows("select * from clinica.recebimentos")}
    assert [receipts[key]["valor"] for key in "abc"] == [None, None, Decimal(90)]
    url = sa.make_url(own.server_url).set(database=own.database)
    engine = open_engine(url.render_as_string(hide_password=False))
    reading = clinic_reading(engine)
    engine.dispose()
    told = "\n".join(reading_lines(reading))
    assert "pacientes: 1 linha(s) sem empresa (id 2)" in told
    asked = [one for one in reading.unread if one.kind.startswith("ambiguous")]
    question = "\n".join(question_lines(asked, [("lanc", "SO"), ("lanc", "CONTRARIA")]))
    assert question.count("- name: lanc") == 1
    assert "- name: SO" in question
    assert "meta: {decimal: \",\"}  # '1.280'" in question
    assert "meta: {date_order: mdy}" in question


@pytest.mark.slow
def test_a_join_whose_text_does_not_tell_is_refused_with_what_to_write(
    own: Scenario, readings: dict[str, Row], tmp_path: Path
) -> None:
    assert readings
    model = own.project / "models/staging" / SET / f"stg_{SET}__pacientes.sql"
    model.write_text(PATIENTS.replace("from {{ p }} as pes", "from (select * from {{ p }}) as pes"))
    result = replace(own, target=tmp_path / "target").dbt("run", "--select", model.stem)
    assert not result.success
    told = str([one.message for one in getattr(result.result, "results", [])])
    assert "alias='THE_ALIAS'" in told
    model.write_text(PATIENTS)
