"""Three tables as clinics keep them, and a payload model's SQL without dbt around it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import jinja2
import sqlalchemy as sa
import yaml

from tests.push.world import cpf

PROJECT = Path(__file__).parents[2] / "dbt_mapping"
MACROS = PROJECT / "macros"

CLIENTES = """
create schema sistema;
create table sistema.cad_pacientes (
    "CodPaciente" integer primary key, "NOME COMPLETO" text, "Documento" text, nome_mae text,
    dt_nascimento text, "RG" text, "Órgão Emissor" text, "E-mail" text, fone_celular text,
    rua text, nro text, compl text, bairro text, municipio text, uf text, cep text,
    ativo boolean, campo_x text
)
"""

RECEBIMENTOS = """
create table sistema.fin_receb (
    id bigint primary key, paciente_id integer, dt_atendimento text, due_date text,
    vlr_total text, parcela text, obs text, unidade text, cod_categoria text, conta_corrente text
)
"""

CONTRATOS = """
create table sistema.contrato (
    contrato_id text primary key, patient_id integer, numero_contrato text, status text,
    start_date date, vigencia_final date, dia_faturamento integer, tipo_faturamento text,
    procedimento_id integer, mensalidade numeric(12,2), quantidade numeric, descricao_servico text,
    vendedor_id integer, categoria text, tipo_vencimento text, dias_vencimento integer
)
"""


def clinic_tables(engine: sa.Engine) -> None:
    """Make and fill all three."""
    with engine.begin() as connection:
        for statement in (CLIENTES, RECEBIMENTOS, CONTRATOS):
            connection.exec_driver_sql(statement)
        pacientes = [(n, f"Ana Secreta {n}", cpf(n), f"Mae Secreta {n}", "29/02/1980", f"12345{n}",
             "SSP/RJ", f"ana{n}@secreto.com.br", f"(21) 98888-000{n}", "Rua Oculta", str(n),
             None, "Centro", "Niterói", "rj", "24020-000", n != 2, f"ana{n}@outro.com")
            for n in range(1, 6)]  # fmt: skip
        marks = ", ".join(["%s"] * 18)
        for row in pacientes:
            connection.exec_driver_sql(f"insert into sistema.cad_pacientes values ({marks})", row)
        connection.exec_driver_sql(
            "insert into sistema.fin_receb values (17, 1, '05/01/2026 10:20', '05/02/2026',"
            " 'R$ 1.234,56', '2/3', 'pago em mãos', 'principal', '1.01.01', '9100000001'),"
            " (18, 2, 'sem data', '06/02/2026', '10,00', null, null, 'principal', null, null)"
        )
        connection.exec_driver_sql(
            "insert into sistema.contrato values ('C1', 7, '2026/1', '10', '2026-01-01',"
            " '2026-12-31', 5, '01', 3, 150.10, 1, 'Acompanhamento', 9, '1.01.01', '001', 30)"
        )


def plain_sql(model: str) -> str:
    """The SQL that dbt would make of ``model``: the project's own macros, its own Jinja."""
    return _environment().from_string(model).render()


@cache
def _environment() -> jinja2.Environment:
    """What dbt and the project's macros offer; read once, for they take longer than a model."""
    names = ("leitura", "dialeto", "omie", "telefones", "estados", "documentos")
    macros = "".join((MACROS / f"{name}.sql").read_text() for name in names)
    variables = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)
    environment.globals |= {
        "config": lambda **_: "",
        "dbt": SimpleNamespace(string_literal=lambda text: f"'{text}'"),
        "env_var": lambda _name, default="": {"OMIE_PIPELINE_START_DATE": "2026-01-01"}.get(
            _name, default
        ),
        "run_started_at": datetime(2026, 1, 5, tzinfo=UTC),
        "modules": SimpleNamespace(pytz=SimpleNamespace(timezone=lambda _name: UTC), re=re),
        "var": lambda name, default="": variables.get(name, default),
        "ref": lambda name: f'"{name}"',
        "esquema": lambda name: name,
    }
    environment.globals |= vars(environment.from_string(macros).module)
    return environment
