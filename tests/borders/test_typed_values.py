"""Columns with a database's own types, through models of the clinic's own: one build serves all."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.borders.conftest import Databases, Houses
from tests.borders.house import House

pytestmark = pytest.mark.slow

EMPTY_TABLES = (
    "profissionais", "fornecedores", "procedimentos", "formas_pagamento", "repasses", "despesas",
    "compras_produtos", "vendas_produtos",
)  # fmt: skip
SOURCES = """\
version: 2
sources:
  - name: minha
    schema: clinic_raw
    tables:
      - name: pessoa
        meta: {grain: register, key: [id], updated_at: null, empresa: null}
      - name: endereco
        meta: {grain: register, key: [pessoa], updated_at: null, empresa: null}
      - name: lanc
        meta: {grain: fact, key: [num], business_date: dia, updated_at: null, empresa: null}
"""
PATIENTS = """\
{% set a = source('minha', 'pessoa') %}
{% set b = source('minha', 'endereco') %}
select
    {{ empresa(a) }} as empresa, {{ texto('a.id') }} as id, {{ texto('nome') }} as nome,
    {{ documento('cpf', a) }} as cpf, cast(null as text) as rg,
    cast(null as text) as rg_orgao_emissor, cast(null as date) as data_nascimento,
    cast(null as text) as email, cast(null as text) as telefone,
    {{ texto('rua') }} as logradouro, {{ texto('nro') }} as numero,
    {{ texto('dias') }} as complemento, 'Centro' as bairro, 'São Paulo' as cidade, 'SP' as uf,
    {{ cep('cep', b) }} as cep, cast(null as date) as data_cadastro,
    cast(null as timestamptz) as atualizado_em
from {{ a }} as a join {{ b }} as b on b.pessoa = a.id
"""
RECEIPTS = """\
{% set fonte = source('minha', 'lanc') %}
select
    {{ empresa(fonte) }} as empresa, {{ texto('num') }} as id, {{ texto('pessoa') }} as paciente_id,
    cast(null as text) as procedimento_id, cast(null as text) as profissional_id,
    cast(null as text) as forma_pagamento_id, {{ data('dia') }} as data,
    {{ data('venc') }} as data_vencimento,
    coalesce({{ numero_br('valor') }}, {{ numero('flutuante') }}) as valor,
    cast(null as text) as numero_documento, cast(null as text) as parcela,
    cast(null as text) as observacao, cast(null as timestamptz) as atualizado_em
from {{ fonte }}
"""
# São Paulo's CEPs and every tenth CPF begin with a zero.
PEOPLE = "insert into pessoa values (1, 'Ana Souza', 01234567890), (2, 'Bia Lima', 52998224725)"
ADDRESSES = (
    "insert into endereco values (1, 'Rua A', 10, 01001000, 'b,a'), (2, 'Rua B', 20, 01310100, '')"
)
VALUES = """\
insert into lanc values
    (1, 1, '2026-03-04', '2026-11-01 01:30:00{utc}', 35.26, null),
    (2, 1, '2026-03-04', '2026-11-01 03:00:00{utc}', 1234.5, null),
    (3, 2, '2026-03-04', '2026-04-04 12:00:00{utc}', null, 12500.53),
    (4, 2, '2026-03-04', '2026-04-04 12:00:00{utc}', null, 0.1)"""
MARIADB = (
    "create table pessoa (id int primary key, nome varchar(60), cpf bigint)",
    "create table endereco (pessoa int primary key, rua varchar(60), nro int, cep int,"
    " dias set('a','b'))",
    "create table lanc (num int primary key, pessoa int, dia date, venc timestamp null,"
    " valor decimal(12, 2), flutuante float)",
    "set time_zone = '+00:00'",
    PEOPLE,
    ADDRESSES,
    VALUES.format(utc=""),
    "insert into lanc select 1000 + seq, 2, '2026-03-04', '2026-04-04 12:00:00', 70, null"
    " from seq_1_to_60",
    "insert into lanc values (5, 2, '0000-00-00', '2026-04-04 12:00:00', 80, null)",
)
POSTGRESQL = (
    "create table pessoa (id int primary key, nome text, cpf bigint)",
    "create table endereco (pessoa int primary key, rua text, nro int, cep int, dias text)",
    "create table lanc (num int primary key, pessoa int, dia date, venc timestamptz,"
    " valor numeric(12, 2), flutuante real)",
    PEOPLE,
    ADDRESSES.replace("b,a", "a,b"),
    VALUES.format(utc="+00"),
    "insert into lanc values (5, 2, 'infinity', '2026-04-04 12:00:00', 80, null)",
)


@pytest.fixture(scope="module", params=["postgresql", "mariadb"])
def house(request: pytest.FixtureRequest, houses: Houses, databases: Databases) -> House:
    """Two patients whose address is in a table of its own, and their receipts."""
    mariadb = request.param == "mariadb"
    engine = (
        request.getfixturevalue("mariadb_database") if mariadb else sa.create_engine(databases())
    )
    with engine.begin() as connection:
        for statement in MARIADB if mariadb else POSTGRESQL:
            connection.exec_driver_sql(statement)
    one: House = houses(
        CLINIC_URL=engine.url.render_as_string(hide_password=False),
        OMIE_PIPELINE_STAGING="minha",
    )
    engine.dispose()
    staging = one.folder / "my_models" / "staging" / "minha"
    staging.mkdir(parents=True)
    (staging / "_sources.yml").write_text(SOURCES)
    for table in EMPTY_TABLES:
        (staging / f"stg_minha__{table}.sql").write_text(f"{{{{ tabela_vazia('{table}') }}}}\n")
    (staging / "stg_minha__pacientes.sql").write_text(PATIENTS)
    (staging / "stg_minha__recebimentos.sql").write_text(RECEIPTS)
    one.set_defaults()
    one("build")
    one.good("refs")
    one("push", "tudo", "--approve")
    return one


def test_b3_b4_money_of_numeric_and_floating_columns(house: House) -> None:
    values = {code: value for code, (value, _) in house.titles().items() if len(code) == 1}
    assert values == {"1": "35.26", "2": "1234.50", "3": "12500.53", "4": "0.10"}


def test_b10_the_row_of_a_day_that_is_none_stops_no_other(house: House) -> None:
    (told,) = house.reasons()["REC-5"]
    text = "0000-00-00" if len(house.titles()) > 4 else "infinity"
    assert told.startswith(f"A coluna dia da origem: o valor '{text}' não é uma data")
    assert set(house.reasons()) == {"REC-5"}
    again = house.good("push", "contas_receber", "--json", code=3).lines
    assert sum(line["selected"] - line["unchanged"] for line in again) == 1


def test_b11_an_instant_is_the_clinics_day(house: House) -> None:
    titles = house.titles()
    assert (titles["1"][1], titles["2"][1]) == ("31/10/2026", "01/11/2026")


def test_b17_a_set_is_a_stable_text(house: House) -> None:
    assert house.omie("clientes")["PAC-1"]["complemento"] == "a,b"
    built = house.good("build", "--full")
    assert "pessoa (principal): 2 lidas, 0 novas, 0 alteradas, 0 retiradas" in built.out
    assert "endereco (principal): 2 lidas, 0 novas, 0 alteradas, 0 retiradas" in built.out
    (line,) = house.good("push", "clientes", "--json").lines
    assert (line["unchanged"], line["calls"]) == (2, 0)


def test_b26_a_join_of_two_source_tables_builds(house: House) -> None:
    assert house.said["build"].code == 0
    assert house.omie("clientes")["PAC-2"]["endereco"] == "Rua B"


def test_b34_zeros_that_a_number_lost_are_put_back(house: House) -> None:
    people = house.omie("clientes")
    assert (people["PAC-1"]["cnpj_cpf"], people["PAC-1"]["cep"]) == ("012.345.678-90", "01001000")
    assert (people["PAC-2"]["cnpj_cpf"], people["PAC-2"]["cep"]) == ("529.982.247-25", "01310100")
