"""The engine under measure: a payload model of clientes, and a client of a simulator."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import psutil
import sqlalchemy as sa
from pydantic import SecretStr

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.clock import Clock, SystemClock
from omie_pipeline.omie import CallRecord, Credentials, OmieClient
from omie_pipeline.omie.rate_limiter import SharedRateLimiter, scope_of
from omie_pipeline.payload import Selection
from omie_pipeline.postgres.engine import open_engine
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.push.report import PushReport
from omie_pipeline.push.run import Push
from omie_pipeline.simulator.company import APP_KEY, APP_SECRET
from omie_pipeline.validation.model import ClinicRules

EMPRESA = "principal"
CLIENTES = REGISTRY["clientes"]
UNPACED_PER_MINUTE = 10_000_000.0

# The columns of dbt_mapping's omie_clientes, its index and its statistics.
_FILL = r"""
CREATE TABLE omie_payload.omie_clientes AS
SELECT 'principal' AS empresa, 'PAC-' || i AS codigo_cliente_integracao,
    'Paciente de Souza ' || i AS razao_social, 'Paciente ' || i AS nome_fantasia,
    lpad(i\:\:text, 11, '0') AS cnpj_cpf, '11' AS telefone1_ddd, '99999-0000' AS telefone1_numero,
    'p' || i || '@exemplo.com.br' AS email, 'Rua das Palmeiras' AS endereco,
    (i % 3000 + 1)\:\:text AS endereco_numero, NULL\:\:text AS complemento, 'Centro' AS bairro,
    'SAO PAULO (SP)' AS cidade, '3550308' AS cidade_ibge, 'SP' AS estado, '01001-000' AS cep,
    '1058' AS codigo_pais, NULL\:\:text AS inscricao_estadual, 'Prefere a manhã' AS observacao,
    jsonb_build_array(jsonb_build_object('tag', 'Cliente')) AS tags,
    NULL\:\:jsonb AS "dadosBancarios",
    jsonb_build_array(
        jsonb_build_object('campo', 'RG', 'conteudo', lpad(i\:\:text, 9, '1')),
        jsonb_build_object('campo', 'RG_ORGAO_EMISSOR', 'conteudo', 'SSP/SP')) AS caracteristicas,
    'paciente' AS _tipo, lpad(i\:\:text, 9, '1') AS _rg, 'SSP/SP' AS _rg_orgao_emissor,
    'pacientes' AS _origem_tabela, i\:\:text AS _origem_id
FROM generate_series(1, cast(:rows AS integer)) i
"""


def fill_clientes(engine: sa.Engine, rows: int) -> None:
    """Make ``omie_payload.omie_clientes`` with pacientes ``PAC-1`` to ``PAC-<rows>``."""
    with engine.begin() as connection:
        connection.execute(sa.schema.CreateSchema("omie_payload", if_not_exists=True))
        connection.execute(sa.text(_FILL), {"rows": rows})
        connection.exec_driver_sql(
            "CREATE INDEX ON omie_payload.omie_clientes (empresa, codigo_cliente_integracao)"
        )
        connection.exec_driver_sql("ANALYZE omie_payload.omie_clientes")


def give_documents(engine: sa.Engine, rows: int) -> None:
    """Give every paciente a CPF of its own whose digits are right."""
    statement = sa.text(
        "UPDATE omie_payload.omie_clientes SET cnpj_cpf = :cpf "
        "WHERE codigo_cliente_integracao = :code"
    )
    values = [{"cpf": cpf(number), "code": f"PAC-{number}"} for number in range(1, rows + 1)]
    with engine.begin() as connection:
        connection.execute(statement, values)
        connection.exec_driver_sql("ANALYZE omie_payload.omie_clientes")


def cpf(number: int) -> str:
    """A valid CPF, another for each number."""
    digits = [int(char) for char in f"{number + 100_000_000:09d}"]
    for length in (9, 10):
        weights = range(length + 1, 1, -1)
        rest = sum(d * w for d, w in zip(digits, weights, strict=True)) * 10 % 11
        digits.append(rest % 10)
    return "".join(map(str, digits))


def postgres_cpu_seconds(url: str) -> float:
    """CPU seconds of the PostgreSQL server on this machine so far, all of its processes'."""
    engine = open_engine(url)
    with engine.connect() as connection:
        text = connection.execute(sa.text("SELECT pg_read_file('postmaster.pid')")).scalar_one()
    engine.dispose()
    server = psutil.Process(int(text.split()[0]))
    own = server.cpu_times()
    total = own.user + own.system + own.children_user + own.children_system
    for process in server.children():
        with suppress(psutil.NoSuchProcess):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def client(
    engine: sa.Engine,
    base_url: str,
    clock: Clock,
    *,
    per_minute: float = UNPACED_PER_MINUTE,
    ip_per_minute: float = UNPACED_PER_MINUTE,
    on_call: Callable[[CallRecord], None] | None = None,
) -> OmieClient:
    """The client of the simulated company, paced through the warehouse as always."""
    rate_limiter = SharedRateLimiter(
        engine,
        scope_of(APP_KEY),
        method_per_minute=per_minute,
        ip_per_minute=ip_per_minute,
        error_budget=8,
    )
    keys = Credentials(SecretStr(APP_KEY), SecretStr(APP_SECRET))
    return OmieClient(keys, base_url, rate_limiter, clock, on_call=on_call)


def push_clientes(engine: sa.Engine, base_url: str) -> PushReport:
    """One whole push of all clientes, unpaced."""
    clock = SystemClock()

    def make_client(_empresa: str, on_call: Callable[[CallRecord], None]) -> OmieClient:
        return client(engine, base_url, clock, on_call=on_call)

    push = Push(engine, make_client, clock, ClinicRules())
    return push.run(CLIENTES, Selection(EMPRESA), EndpointPolicy())
