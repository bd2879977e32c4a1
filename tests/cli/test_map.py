"""``map``: a payload model from a clinic's own table, by names and samples, without SQL."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from omie_pipeline.catalog import REGISTRY, WRITABLE
from omie_pipeline.cli.app import app
from omie_pipeline.cli.mapping_files import described_columns, relation
from omie_pipeline.config.dbt_project import mapping_dir
from omie_pipeline.mapping.choices import split_table, start_mapping
from omie_pipeline.mapping.sampling import SampledColumn, SampledTable, sample_table
from omie_pipeline.mapping.words import words_of
from tests.cli.conftest import Said, Terminal
from tests.cli.mapping_tables import clinic_tables, plain_sql
from tests.push.world import World, cpf

GOLDEN = Path(__file__).parent / "golden"
TABLES = {
    "clientes": "sistema.cad_pacientes",
    "contas_receber": "sistema.fin_receb",
    "contratos": "sistema.contrato",
}
SECRETS = ("Secreta", "secreto", "Oculta", "98888", "1.234", "mãos", "Acompanhamento", cpf(1))


@pytest.fixture
def tables(clinic: World) -> sa.Engine:
    clinic_tables(clinic.engine)
    return clinic.engine


class Mapper:
    """Runs ``map`` into a folder of its own; what it says never holds a value of a row."""

    def __init__(self, terminal: Terminal, folder: Path) -> None:
        self._terminal = terminal
        self._folder = folder

    def file(self, endpoint: str) -> Path:
        return self._folder / f"omie_{endpoint}.sql"

    def __call__(self, endpoint: str, *words: str, table: str = "") -> Said:
        said = self._terminal(
            "--debug", "map", endpoint, "--table", table or TABLES[endpoint],
            "--file", str(self.file(endpoint)), *words,
        )  # fmt: skip
        for secret in SECRETS:
            assert secret not in said.out + said.err
        return said


@pytest.fixture
def mapper(terminal: Terminal, tables: sa.Engine, tmp_path: Path) -> Mapper:
    return Mapper(terminal, tmp_path)


def rows_of(engine: sa.Engine, model: str) -> list[dict[str, Any]]:
    """What the model holds: NULLs left out, as nothing sends them."""
    query = f"select jsonb_strip_nulls(to_jsonb(q)) from ({plain_sql(model)}) as q"
    with engine.connect() as connection:
        found = [row[0] for row in connection.exec_driver_sql(query.replace("%", "%%"))]
    return sorted(found, key=lambda row: str(row["_origem_id"]))


def fields(said: Said) -> dict[str, str]:
    """Field -> where it comes from, as the table on the screen says."""
    lines = (re.split(r"\s{2,}", line.strip()) for line in said.out.splitlines())
    return {cells[0]: " ".join(cells[1:]) for cells in lines if len(cells) > 2}


@pytest.mark.parametrize("endpoint", sorted(TABLES))
def test_the_model_is_the_golden_one(mapper: Mapper, endpoint: str) -> None:
    assert mapper(endpoint, "--yes").code == 0
    written = mapper.file(endpoint).read_text("utf-8")
    # The project's YAML adds NULL columns; they change with it.
    kept = [line for line in written.splitlines() if not line.startswith("    cast(null as")]
    assert "\n".join(kept) + "\n" == (GOLDEN / f"map_{endpoint}.sql").read_text("utf-8")


def test_patients_become_clientes(mapper: Mapper, tables: sa.Engine) -> None:
    assert mapper("clientes", "--yes").code == 0
    first, second, *_ = rows_of(tables, mapper.file("clientes").read_text("utf-8"))
    assert first == {
        "empresa": "principal",
        "codigo_cliente_integracao": "PAC-1",
        "razao_social": "Ana Secreta 1",
        "nome_fantasia": "Ana Secreta 1",
        "cnpj_cpf": cpf(1),
        "telefone1_ddd": "21",
        "telefone1_numero": "988880001",
        "email": "ana1@secreto.com.br",
        "endereco": "Rua Oculta",
        "endereco_numero": "1",
        "bairro": "Centro",
        "cidade": "NITEROI (RJ)",
        "estado": "RJ",
        "cep": "24020-000",
        "tags": [{"tag": "Cliente"}],
        "inativo": "N",
        "_tipo": "paciente",
        "_rg": "123451",
        "_rg_orgao_emissor": "SSP/RJ",
        "_origem_tabela": "cad_pacientes",
        "_origem_id": "1",
    }
    assert second["inativo"] == "S"


def test_receipts_become_titulos_and_an_unreadable_date_withholds(
    mapper: Mapper, tables: sa.Engine
) -> None:
    assert mapper("contas_receber", "--yes").code == 0
    good, bad = rows_of(tables, mapper.file("contas_receber").read_text("utf-8"))
    assert good["valor_documento"].as_tuple().exponent == -2
    assert {name: str(value) for name, value in good.items()} == {
        "empresa": "principal",
        "data_particao": "2026-01-05",
        "codigo_lancamento_integracao": "REC-17",
        "codigo_cliente_fornecedor_integracao": "PAC-1",
        "data_vencimento": "2026-02-05",
        "data_previsao": "2026-02-05",
        "valor_documento": "1234.56",
        "codigo_categoria": "1.01.01",
        "id_conta_corrente": "9100000001",
        "numero_parcela": "002/003",
        "data_emissao": "2026-01-05",
        "data_registro": "2026-01-05",
        "_origem_tabela": "fin_receb",
        "_origem_id": "17",
    }
    assert bad["data_particao"] == "2026-01-01"
    assert "data_emissao" not in bad


def test_contracts_are_nested_and_point_by_markers(mapper: Mapper, tables: sa.Engine) -> None:
    assert mapper("contratos", "--yes").code == 0
    (row,) = rows_of(tables, mapper.file("contratos").read_text("utf-8"))
    assert row["cabecalho"] == {
        "cCodIntCtr": "CTR-C1",
        "nCodCli": {"$omie_id": ["clientes", "PAC-7"]},
        "cNumCtr": "2026/1",
        "cCodSit": "10",
        "dVigInicial": "2026-01-01",
        "dVigFinal": "2026-12-31",
        "nDiaFat": 5,
        "cTipoFat": "01",
    }
    (item,) = row["itensContrato"]
    assert str(item["itemCabecalho"]["valorUnit"]) == "150.10"
    assert item["itemCabecalho"]["codServico"] == {"$omie_id": ["servicos", "SRV-3"]}
    assert row["infAdic"]["nCodVend"] == {"$omie_id": ["vendedores", "PRO-9"]}
    assert row["vencTextos"] == {"cTpVenc": "001", "nDias": 30}


def test_reasons_name_patterns_and_counts(mapper: Mapper) -> None:
    shown = fields(mapper("clientes", "--dry-run"))
    assert "CPF ou CNPJ válido em 5 de 5 linhas" in shown["cnpj_cpf"]
    assert shown["codigo_cliente_integracao"].startswith("sim PAC-… CodPaciente alta")
    assert "nome_mae" not in " ".join(shown.values())
    assert not {"pessoa_fisica", "codigo_cliente_omie", "logradouro"} & set(shown)
    # An object that settles the título is never filled unasked.
    assert not any("." in name for name in fields(mapper("contas_receber", "--dry-run")))


def test_values_tell_what_a_name_does_not(mapper: Mapper, tables: sa.Engine) -> None:
    with tables.begin() as connection:
        connection.exec_driver_sql(
            'create table sistema.p as select "CodPaciente" as id, "NOME COMPLETO" as campo_1, '
            '"Documento" as campo_2, "E-mail" as campo_3, fone_celular as campo_4 '
            "from sistema.cad_pacientes"
        )
    said = mapper("clientes", "--dry-run", table="sistema.p")
    shown = fields(said)
    assert "campo_2 baixa o nome não diz; CPF ou CNPJ válido" in shown["cnpj_cpf"]
    assert "campo_3" in shown["email"]
    assert "campo_4" in shown["telefone1_numero"]
    assert said.code == 3
    assert "Faltam campos obrigatórios: razao_social" in said.out


def test_the_zeros_that_a_column_of_numbers_loses_are_put_back(
    mapper: Mapper, tables: sa.Engine
) -> None:
    with tables.begin() as connection:
        connection.exec_driver_sql(
            "create table sistema.p (id integer primary key, nome text, cpf bigint, cep integer,"
            " uf text)"
        )
        connection.exec_driver_sql(
            "insert into sistema.p values (1, 'Ana', 1234567890, 1310100, 'São Paulo')"
        )
    mapper("clientes", "--yes", table="sistema.p")
    (row,) = rows_of(tables, mapper.file("clientes").read_text())
    assert (row["cnpj_cpf"], row["cep"], row["estado"]) == ("01234567890", "01310100", "SP")


def test_a_name_that_the_values_belie_is_not_believed(mapper: Mapper, tables: sa.Engine) -> None:
    with tables.begin() as connection:
        connection.exec_driver_sql("update sistema.fin_receb set due_date = 'quinzena'")
    said = mapper("contas_receber", "--dry-run")
    assert said.code == 3
    assert "data_vencimento, data_previsao" in said.out.split("Faltam campos")[1]


def test_set_const_skip_and_prefix(mapper: Mapper, tables: sa.Engine) -> None:
    said = mapper(
        "clientes", "--yes", "--set", "nome_fantasia=nome_mae", "--const", "codigo_pais=1058",
        "--skip", "email", "--prefix", "FOR-", "--const", "tags=[]",
        "--set", "enderecoEntrega.entCidade=municipio",
    )  # fmt: skip
    assert said.code == 0
    first, *_ = rows_of(tables, mapper.file("clientes").read_text("utf-8"))
    assert first["nome_fantasia"] == "Mae Secreta 1"
    assert (first["codigo_pais"], first["tags"]) == ("1058", [])
    assert "email" not in first
    assert (first["codigo_cliente_integracao"], first["_tipo"]) == ("FOR-1", "fornecedor")
    assert first["enderecoEntrega"] == {"entCidade": "Niterói"}


@pytest.mark.parametrize(
    ("endpoint", "words", "told"),
    [
        ("clientes", ("--set", "pessoa_fisica=ativo"), "calculado pelo Omie"),
        ("contratos", ("--const", "cabecalho.nValTotMes=1"), "calculado pelo Omie"),
        ("contas_receber", ("--set", "info.dInc=due_date"), "não tem o campo info.dInc"),
        ("clientes", ("--set", "Razao=uf"), "não tem o campo Razao"),
        ("contratos", ("--set", "dVigFinal=status"), "seria cabecalho.dVigFinal?"),
        ("clientes", ("--set", "bairro=nada"), "não tem a coluna nada"),
        ("clientes", ("--const", "estado=Rio"), "mais de 2 caracteres"),
        ("contratos", ("--const", "cabecalho.cCodSit=11"), "00, 10, 90, 99"),
        ("contas_receber", ("--const", "data_vencimento=31/02/2026"), "deve ser uma data"),
        ("contas_receber", ("--const", "valor_documento=1,5"), "número com ponto"),
        ("clientes", ("--const", "codigo_cliente_integracao=X"), "precisa de uma coluna"),
        ("clientes", ("--skip", "empresa"), "Sem isto o modelo não existe: a empresa"),
        ("contratos", ("--set", "cabecalho=status"), "a coluna status não é jsonb"),
    ],
)
def test_what_cannot_be_is_refused(
    mapper: Mapper, endpoint: str, words: tuple[str, ...], told: str
) -> None:
    said = mapper(endpoint, "--yes", *words)
    assert said.code == 1
    assert told in said.err
    assert not mapper.file(endpoint).exists()


def test_a_jsonb_column_fills_a_whole_section(mapper: Mapper, tables: sa.Engine) -> None:
    with tables.begin() as connection:
        connection.exec_driver_sql(
            "alter table sistema.contrato add itens jsonb default "
            """'[{"itemDescrServ": {"descrCompleta": "a"}}, {"itemDescrServ": {}}]'"""
        )
    words = ("--yes", "--set", "itensContrato=itens")
    assert mapper("contratos", *words).code == 0
    (row,) = rows_of(tables, mapper.file("contratos").read_text("utf-8"))
    assert row["itensContrato"][0] == {"itemDescrServ": {"descrCompleta": "a"}}
    said = mapper(
        "contratos",
        *words,
        "--overwrite",
        "--set",
        "itensContrato.itemCabecalho.seq=dia_faturamento",
    )
    assert said.code == 1
    assert "itensContrato já vem inteiro" in said.err


def test_an_existing_model_is_never_lost(mapper: Mapper) -> None:
    file = mapper.file("clientes")
    file.write_text("select 1")
    assert "já existe e não foi mexido" in mapper("clientes", "--yes").err
    assert file.read_text() == "select 1"
    assert mapper("clientes", "--dry-run").code == 0
    assert file.read_text() == "select 1"
    assert mapper("clientes", "--yes", "--overwrite").code == 0
    assert file.read_text().startswith("{{ config(")
    assert sorted(file.parent.glob("*.novo")) == []


def test_without_a_person_it_asks_for_yes(mapper: Mapper) -> None:
    said = mapper("clientes")
    assert said.code == 2
    assert "confirme com --yes" in said.err
    assert not mapper.file("clientes").exists()


def test_a_person_corrects_field_by_field(
    terminal: Terminal, tables: sa.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _self: True)
    answers = [
        "nada",
        "uf",
        "nome_fantasia",
        "",
        "contato",
        "nome_mae",
        "codigo_pais",
        "=1058",
        "",
        "s",
    ]
    file = tmp_path / "omie_clientes.sql"
    result = CliRunner().invoke(
        app,
        ["map", "clientes", "--table", TABLES["clientes"], "--file", str(file)],
        input="\n".join(answers) + "\n",
        catch_exceptions=False,
    )
    assert result.exit_code == 0
    assert "Não deu: clientes não tem o campo nada" in result.stderr
    first, *_ = rows_of(tables, file.read_text("utf-8"))
    assert (first["contato"], first["codigo_pais"]) == ("Mae Secreta 1", "1058")
    assert "nome_fantasia" not in first


def test_wrong_tables_and_files_are_named(mapper: Mapper, terminal: Terminal) -> None:
    assert "fin_receb" in mapper("clientes", "--dry-run", table="sistema.nada").err
    assert "esquema nada" in mapper("clientes", "--dry-run", table="nada.nada").err
    assert mapper("clientes", "--dry-run", table="a.b.c").code == 2
    words = ("map", "clientes", "--table", TABLES["clientes"], "--dry-run")
    assert "omie_clientes.sql" in terminal(*words, "--file", "outro.sql").err
    assert terminal(*words[:1], "tudo", *words[2:]).code == 2
    assert terminal(*words, "--empresa", "nenhuma").code == 2


def test_an_empty_table_and_strange_names_build(mapper: Mapper, tables: sa.Engine) -> None:
    strange = sa.Table(
        'a"b {{ 7 * 7 }}', sa.MetaData(), sa.Column("id", sa.Integer),
        sa.Column("no'me {% raw %}", sa.Text), sa.Column("x\\y", sa.Text), schema="sistema",
    )  # fmt: skip
    strange.create(tables)
    words = ("--set", "razao_social=no'me {% raw %}", "--set", "observacao=x\\y",
             "--const", "bairro={{ 1 }}' ou", "--yes")  # fmt: skip
    said = mapper("clientes", *words, table='sistema."a""b {{ 7 * 7 }}"')
    assert said.code == 3
    assert "sem linhas para conferir" in said.out
    with tables.begin() as connection:
        connection.execute(strange.insert(), {"id": 1, "no'me {% raw %}": "Ana", "x\\y": "z"})
    (row,) = rows_of(tables, mapper.file("clientes").read_text("utf-8"))
    assert (row["razao_social"], row["observacao"], row["bairro"]) == ("Ana", "z", "{{ 1 }}' ou")
    assert row["_origem_tabela"] == 'a"b {{ 7 * 7 }}'


@pytest.mark.parametrize("endpoint", [endpoint.name for endpoint in WRITABLE])
def test_every_endpoint_gets_a_model_that_runs(
    mapper: Mapper, tables: sa.Engine, endpoint: str
) -> None:
    """The same plain table for all: whatever is proposed of it, the SQL is sound."""
    with tables.begin() as connection:
        connection.exec_driver_sql(
            "create table sistema.geral as select 7 as id, 'Nome' as nome,"
            " date '2026-01-05' as data, 150.10 as valor, 3 as paciente_id,"
            " 4 as procedimento_id, 5 as titulo_id,"
            " '1.01.01' as categoria, 9 as conta_corrente, 'obs' as observacao, '10' as situacao,"
            " date '2026-02-05' as vencimento, 77 as codigo_omie, 'texto' as descricao"
        )
    said = mapper(endpoint, "--yes", table="sistema.geral")
    assert said.code in (0, 3), said.err
    (row,) = rows_of(tables, mapper.file(endpoint).read_text("utf-8"))
    found = REGISTRY[endpoint]
    key = row[found.section][found.integration_key] if found.section else row[found.key_column]
    assert str(key).endswith("-7")
    assert (row["empresa"], row["_origem_id"]) == ("principal", "7")
    assert ("data_particao" in row) is (found.grain == "fact")
    computed = {field.name for field in found.payload.fields if field.read_only}
    assert not computed & set(row)


def test_a_settlement_points_at_its_titulo(mapper: Mapper, tables: sa.Engine) -> None:
    with tables.begin() as connection:
        connection.exec_driver_sql(
            "create table sistema.pagto as select 'P1' as id, 17 as recebimento_id,"
            " date '2026-01-06' as data_pagamento, 100.00 as valor_pago, 1.50 as juros,"
            " 0 as desconto, null::numeric as multa, 9100000001 as conta_corrente_id"
        )
    assert mapper("baixas_receber", "--yes", table="sistema.pagto").code == 0
    (row,) = rows_of(tables, mapper.file("baixas_receber").read_text("utf-8"))
    del row["_origem_tabela"], row["_origem_id"]
    assert {name: str(value) for name, value in row.items()} == {
        "empresa": "principal",
        "data_particao": "2026-01-06",
        "codigo_baixa_integracao": "BXR-P1",
        "codigo_lancamento_integracao": "REC-17",
        "codigo_conta_corrente": "9100000001",
        "valor": "100.00",
        "juros": "1.50",
        "desconto": "0",
        "data": "2026-01-06",
    }


def test_several_empresas_need_a_column_or_a_name(tables: sa.Engine) -> None:
    sampled = sample_table(tables, "sistema", "fin_receb")
    named = start_mapping(REGISTRY["contas_receber"], sampled, ["principal", "outra"])
    assert named.chosen[0].source == "unidade"
    unknown = start_mapping(REGISTRY["contas_receber"], sampled, ["uma", "outra"])
    assert unknown.missing == ("empresa",)


def test_samples_never_show_in_a_repr(tables: sa.Engine) -> None:
    sampled = sample_table(tables, "sistema", "cad_pacientes")
    found = sampled.column("nome completo")
    assert found is not None
    assert found.values[0] == "Ana Secreta 1"
    assert "Secreta" not in repr(sampled)
    assert sampled.primary_key == ("CodPaciente",)


def test_a_model_or_source_of_the_project_is_named_as_such() -> None:
    def named(schema: str, name: str) -> str:
        table = SampledTable(schema, name, (SampledColumn("id", "TEXT", ()),), 0)
        return relation(mapping_dir(), table, [("clinic_raw", "pacientes", "canonica")])

    assert named("clinica", "pacientes") == "{{ ref('pacientes') }}"
    assert named("clinic_raw", "pacientes") == "{{ source('canonica', 'pacientes') }}"
    assert named("sistema", "pacientes") == '"sistema"."pacientes"'
    assert "_tipo" in described_columns(mapping_dir(), "omie_clientes")
    assert described_columns(mapping_dir(), "nada") == ()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("ds_logradouro", {"logradouro"}),
        ("DtVencto", {"data", "vencimento"}),
        ("due_date", {"data", "vencimento"}),
        ("VL_DOCUMENTOS", {"valor", "documento"}),
        ("Órgão Emissor", {"orgao", "emissor"}),
        ("E-mail", {"email"}),
        ("zip_code", {"cep", "codigo"}),
        ("cNumCtr", {"numero", "contrato"}),
        ("observações", {"observacao"}),
        ("customer_id", {"cliente", "id"}),
    ],
)
def test_names_lose_case_accents_and_abbreviations(name: str, words: set[str]) -> None:
    assert words_of(name) == words


def test_table_names() -> None:
    assert split_table("sistema.cad") == ("sistema", "cad")
    assert split_table("cad") == ("public", "cad")
    assert split_table('"Meu.Esquema"."A""b"') == ("Meu.Esquema", 'A"b')
    assert split_table("a.b.c") is None
