"""``map`` is careful: with a person's health, with what nobody feeds, and with rows of others."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa

from omie_pipeline.mapping.proposal import is_clinical
from omie_pipeline.mapping.sampling import SampledColumn
from tests.cli.conftest import Said, Terminal
from tests.cli.mapping_tables import plain_sql
from tests.push.world import World, cpf

PATIENTS = """
create schema sistema;
create table sistema.pacientes (
    id integer primary key, nome text, cpf text, rg text, logradouro text, bairro text,
    cidade text, uf text, cep text, observacoes text, anamnese text, cid text, complemento text
)
"""
PERSON = ("12.345.678-9", "Rua A", "Centro", "Niterói", "RJ", "24020-000")
ENTRIES = """
create table sistema.lancamento (
    num integer, tipo text, cod_paciente integer, vencimento date, valor numeric(12, 2),
    categoria text, conta_corrente bigint, obs text, excluido_em date
);
insert into sistema.lancamento values
    (1, 'R', 1, '2026-01-05', 100.00, '1.01.01', 91, 'fala do tratamento', null),
    (2, 'D', null, '2026-01-05', 90.00, '2.02.01', 91, null, null),
    (3, 'R', 1, '2026-01-06', 50.00, '1.01.01', 91, null, '2026-01-07'),
    (4, 'R', 2, '2026-01-06', 75.00, '1.01.01', 91, null, null)
"""
SECRETS = ("depressão", "F32", "tratamento", "Souza", cpf(1))


class Mapper:
    """Runs ``map`` into a folder of its own; what it says never holds a value of a row."""

    def __init__(self, terminal: Terminal, engine: sa.Engine, folder: Path) -> None:
        self.terminal, self.engine, self.folder = terminal, engine, folder

    def __call__(self, endpoint: str, table: str, *words: str) -> Said:
        file = self.folder / f"omie_{endpoint}.sql"
        said = self.terminal(
            "map", endpoint, "--table", table, "--file", str(file), "--yes", "--overwrite", *words
        )
        for secret in SECRETS:
            assert secret not in said.out + said.err
        return said

    def text(self, endpoint: str) -> str:
        return (self.folder / f"omie_{endpoint}.sql").read_text("utf-8")

    def values(self, endpoint: str, column: str) -> list[object]:
        query = f"select {column} from ({plain_sql(self.text(endpoint))}) as q order by 1"
        with self.engine.connect() as connection:
            return list(connection.exec_driver_sql(query.replace("%", "%%")).scalars())


@pytest.fixture
def mapper(terminal: Terminal, clinic: World, tmp_path: Path) -> Mapper:
    with clinic.engine.begin() as connection:
        connection.exec_driver_sql(PATIENTS)
        connection.exec_driver_sql(ENTRIES)
        for number in range(1, 4):
            connection.exec_driver_sql(
                "insert into sistema.pacientes values"
                " (%s, 'Ana Souza', %s, %s, %s, %s, %s, %s, %s, 'depressão', 'x', 'F32.1', 'A')",
                (number, cpf(number), *PERSON),
            )
    return Mapper(terminal, clinic.engine, tmp_path)


def test_remarks_and_diseases_of_patients_are_never_proposed(mapper: Mapper) -> None:
    said = mapper("clientes", "sistema.pacientes")
    for column in ("observacoes", "anamnese", '"cid"'):
        assert column not in mapper.text("clientes")
    assert "(LGPD, art. 11): observacoes, anamnese, cid. " in said.out
    assert '"cidade"' in mapper.text("clientes")
    assert '"complemento"' in mapper.text("clientes")


def test_a_remark_goes_out_only_where_a_person_says_so(mapper: Mapper) -> None:
    said = mapper("clientes", "sistema.pacientes", "--set", "observacao=observacoes")
    assert '"observacoes"' in mapper.text("clientes")
    assert "o nome é de dado de saúde" in said.out
    assert "(LGPD, art. 11): anamnese, cid. " in said.out


def test_what_validation_asks_for_and_nobody_feeds_is_named(mapper: Mapper) -> None:
    said = mapper("clientes", "sistema.pacientes")
    assert said.code == 3
    missing = said.out.split("Faltam campos obrigatórios: ")[1].splitlines()[0].split(", ")
    assert {"endereco_numero"} <= set(missing) <= {"endereco_numero", "_rg_orgao_emissor"}
    fed = ("--const", "endereco_numero=S/N", "--const", "_rg_orgao_emissor=SSP/RJ")
    assert mapper("clientes", "sistema.pacientes", *fed).code == 0
    # A supplier has no RG.
    supplier = ("--prefix", "FOR-", "--const", "endereco_numero=S/N")
    assert mapper("clientes", "sistema.pacientes", *supplier).code == 0


def test_a_titulo_without_account_or_category_is_told(mapper: Mapper) -> None:
    with mapper.engine.begin() as connection:
        connection.exec_driver_sql(
            "create table sistema.titulo as select num as id, cod_paciente as paciente_id,"
            " vencimento, valor from sistema.lancamento"
        )
    said = mapper("contas_receber", "sistema.titulo")
    assert said.code == 3
    assert "codigo_categoria ou categorias, id_conta_corrente" in said.out


def test_an_order_asks_for_its_patient(mapper: Mapper) -> None:
    with mapper.engine.begin() as connection:
        connection.exec_driver_sql(
            "create table sistema.atendimento as select id as atendimento_id, id as paciente_id,"
            " date '2026-01-05' as data, cpf, 'Rua A' as endereco from sistema.pacientes"
        )
    said = mapper("ordens_servico", "sistema.atendimento", "--set",
                  "Cabecalho.cCodIntOS=atendimento_id")  # fmt: skip
    assert said.code == 3
    missing = said.out.split("Faltam campos obrigatórios: ")[1].splitlines()[0].split(", ")
    assert {"_endereco_numero", "_bairro", "_cep"} <= set(missing)
    assert not {"_cpf", "_endereco"} & set(missing)
    assert " as _cpf" in mapper.text("ordens_servico")


def test_rows_that_may_not_belong_are_told_and_left_out_by_where(mapper: Mapper) -> None:
    key = ("--set", "codigo_lancamento_integracao=num")
    said = mapper("contas_receber", "sistema.lancamento", *key)
    assert "a coluna tipo parece dizer de que tipo é a linha (2 valores" in said.err
    assert "a coluna excluido_em parece dizer se a linha ainda vale" in said.err
    assert len(mapper.values("contas_receber", "valor_documento")) == 4
    where = "tipo = 'R' and excluido_em is null -- só recebimentos"
    said = mapper("contas_receber", "sistema.lancamento", *key, "--where", where)
    assert "parece dizer" not in said.err
    assert "--where deixa passar 2 de 4 linhas" in said.out
    assert mapper.values("contas_receber", "valor_documento") == [Decimal(75), Decimal(100)]


@pytest.mark.parametrize(
    "where",
    [
        "obs like '%:00%' or tipo::text = 'R' or vencimento > '2026-01-05 12:30'",
        "origem.tipo = E'R' or '{{ 7 * 7 }}' = tipo or '{% raw %}' = tipo or ':num' = obs",
    ],
)
def test_a_condition_is_the_persons_own_sql(mapper: Mapper, where: str) -> None:
    key = ("--set", "codigo_lancamento_integracao=num")
    said = mapper("contas_receber", "sistema.lancamento", *key, "--where", where)
    assert "--where deixa passar 3 de 4 linhas" in said.out, said.err
    assert len(mapper.values("contas_receber", "valor_documento")) == 3


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ("tipp = 'R'", "tipp"),
        ("tipo = ", "syntax error"),
        ("tipo = 'R') or (1 = 1", "deixa passar"),
        ("tipo = 'R'); drop table sistema.pacientes; select (1", "--where não serve"),
        ("cast(obs as integer) > 1", "não consegue avaliá-lo em todas as linhas"),
        ("(select count(*) from setval('omie_sync.attempt_attempt_id_seq', 9)) > 0", "não serve"),
    ],
)
def test_a_condition_that_does_not_run_is_refused_and_nothing_is_done(
    mapper: Mapper, where: str, told: str
) -> None:
    key = ("--set", "codigo_lancamento_integracao=num")
    said = mapper("contas_receber", "sistema.lancamento", *key, "--where", where)
    assert told in said.err + said.out
    with mapper.engine.connect() as connection:
        counted = connection.exec_driver_sql("select count(*) from sistema.pacientes").scalar()
    assert counted == 3


def test_an_empty_condition_is_wrong_usage(mapper: Mapper) -> None:
    assert mapper("contas_receber", "sistema.lancamento", "--where", " ").code == 2


def test_a_key_that_is_none_is_told(mapper: Mapper) -> None:
    with mapper.engine.begin() as connection:
        connection.exec_driver_sql("insert into sistema.lancamento (num) values (4), (null)")
    said = mapper(
        "contas_receber", "sistema.lancamento", "--set", "codigo_lancamento_integracao=num"
    )
    assert "a chave num está vazia em 1 de 6 linhas" in said.err
    assert "a chave num se repete em 1 de 6 linhas" in said.err


@pytest.mark.parametrize(
    ("name", "values", "clinical"),
    [
        ("observacoes", (), True),
        ("OBS", (), True),
        ("ds_obs_paciente", (), True),
        ("notes", (), True),
        ("Evolução", (), True),
        ("queixa_principal", (), True),
        ("hist_clinico", (), True),
        ("historico", (), True),
        ("alergias", (), True),
        ("allergies", (), True),
        ("medicações", (), True),
        ("medicacoes_em_uso", (), True),
        ("diagnosticos", (), True),
        ("prontuário", (), True),
        ("cid10", (), True),
        ("CID_10", (), True),
        ("icd10", (), True),
        ("cid", ("F32.1", "M54"), True),
        ("cid", (), True),
        ("cid", ("Niterói", "Campinas"), False),
        ("cid_codigo", ("J11",), True),
        ("cidade", (), False),
        ("complemento", (), False),
        ("descricao_servico", (), False),
        ("fone_celular", (), False),
    ],
)
def test_names_of_clinical_columns(name: str, values: tuple[str, ...], clinical: bool) -> None:
    assert is_clinical(SampledColumn(name, "TEXT", values)) is clinical
