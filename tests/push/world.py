"""A whole deployment in one object: warehouse, simulator and engine that share one clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import httpx
import sqlalchemy as sa
from pydantic import SecretStr
from sqlalchemy.dialects.postgresql import JSONB

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.clock import Clock
from omie_pipeline.imports.report import ImportReport, ImportRequest, Mode
from omie_pipeline.imports.run import Importer
from omie_pipeline.omie import CallRecord, Credentials, OmieClient
from omie_pipeline.omie.rate_limiter import SharedRateLimiter, scope_of
from omie_pipeline.payload import Selection
from omie_pipeline.postgres.clock import DatabaseClock
from omie_pipeline.push.policy import EndpointPolicy
from omie_pipeline.push.report import PushOptions, PushReport
from omie_pipeline.push.run import Push
from omie_pipeline.simulator.clock import ManualClock
from omie_pipeline.simulator.engine.call import Call
from omie_pipeline.simulator.engine.server import Simulator
from omie_pipeline.simulator.engine.state import Record
from omie_pipeline.validation import ClinicRules
from tests.beginnings import Beginnings, Untouched, beginning

EMPRESA = "principal"
CPFS = (
    "52998224725", "11144477735", "39053344705", "16899535009", "86288366757",
    "71428793860", "87748248800", "98765432100", "12345678909", "01234567890",
)  # fmt: skip

CLIENTE_COLUMNS: dict[str, Any] = {
    "empresa": sa.Text,
    "codigo_cliente_integracao": sa.Text,
    "razao_social": sa.Text,
    "nome_fantasia": sa.Text,
    "cnpj_cpf": sa.Text,
    "endereco": sa.Text,
    "endereco_numero": sa.Text,
    "bairro": sa.Text,
    "cidade": sa.Text,
    "estado": sa.Text,
    "cep": sa.Text,
    "email": sa.Text,
    "observacao": sa.Text,
    "valor_limite_credito": sa.Numeric,
    "tags": JSONB,
    "caracteristicas": JSONB,
    "_tipo": sa.Text,
    "_rg": sa.Text,
    "_rg_orgao_emissor": sa.Text,
    "_origem_tabela": sa.Text,
    "_origem_id": sa.Text,
}
TITULO_COLUMNS: dict[str, Any] = {
    "empresa": sa.Text,
    "data_particao": sa.Date,
    "codigo_lancamento_integracao": sa.Text,
    "codigo_cliente_fornecedor_integracao": sa.Text,
    "data_vencimento": sa.Date,
    "data_previsao": sa.Date,
    "valor_documento": sa.Numeric,
    "codigo_categoria": sa.Text,
    "id_conta_corrente": sa.BigInteger,
    "observacao": sa.Text,
    "_origem_tabela": sa.Text,
    "_origem_id": sa.Text,
}
EXCLUIR_COLUMNS: dict[str, Any] = {
    "empresa": sa.Text,
    "data_particao": sa.Date,
    "chave_lancamento": sa.BigInteger,
    "codigo_lancamento_integracao": sa.Text,
}


def cliente(number: int, **changes: Any) -> dict[str, Any]:
    """A valid paciente of São Paulo; ``number`` picks its code and CPF."""
    return {
        "empresa": EMPRESA,
        "codigo_cliente_integracao": f"PAC-{number}",
        "razao_social": f"Paciente Numero {number}",
        "nome_fantasia": f"Paciente {number}",
        "cnpj_cpf": cpf(number),
        "endereco": "Rua das Flores",
        "endereco_numero": "100",
        "bairro": "Centro",
        "cidade": "SAO PAULO (SP)",
        "estado": "SP",
        "cep": "01001000",
        "email": f"p{number}@exemplo.com.br",
        "tags": [{"tag": "Cliente"}],
        "_tipo": "paciente",
        "_rg": "123456789",
        "_rg_orgao_emissor": "SSP/SP",
        "_origem_tabela": "pacientes",
        "_origem_id": str(number),
        **changes,
    }


def titulo(number: int, cliente_number: int = 1, **changes: Any) -> dict[str, Any]:
    """A valid título of 5 January 2026."""
    return {
        "empresa": EMPRESA,
        "data_particao": date(2026, 1, 5),
        "codigo_lancamento_integracao": f"REC-{number}",
        "codigo_cliente_fornecedor_integracao": f"PAC-{cliente_number}",
        "data_vencimento": date(2026, 2, 5),
        "data_previsao": date(2026, 2, 5),
        "valor_documento": Decimal("150.10"),
        "codigo_categoria": "1.01.01",
        "id_conta_corrente": 9100000001,
        "_origem_tabela": "recebimentos",
        "_origem_id": str(number),
        **changes,
    }


def cpf(number: int) -> str:
    """A valid CPF, another for each number."""
    digits = [int(char) for char in f"{number + 100_000_000:09d}"]
    for length in (9, 10):
        weights = range(length + 1, 1, -1)
        rest = sum(d * w for d, w in zip(digits, weights, strict=True)) * 10 % 11
        digits.append(rest % 10)
    return "".join(map(str, digits))


class SimulatedTime:
    """The simulator's clock, as the package sees time: sleeping moves it on at once."""

    def __init__(self, clock: ManualClock) -> None:
        self._clock = clock
        self.slept_seconds = 0.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._clock.seconds(), UTC)

    def sleep(self, wait_seconds: float) -> None:
        if wait_seconds > 0:
            self.slept_seconds += wait_seconds
            self._clock.advance(wait_seconds)


class World:
    """Warehouse + simulator + engine."""

    def __init__(self, engine: sa.Engine, simulator: Simulator, clock: ManualClock) -> None:
        self.engine = engine
        self.sim = simulator
        self.control = simulator.control
        self.clock = SimulatedTime(clock)
        self.error_budget = 8
        self.timeout_seconds = 5.0
        self.secret = simulator.app_secret
        self.base_url = simulator.base_url
        self.rules = ClinicRules()
        self.on_call: Callable[[CallRecord], None] | None = None
        # Where usual states may be copied from, and whether this world may still take one.
        self.beginnings: Beginnings | None = None
        self.untouched: Untouched | None = None

    def client(
        self, _empresa: str = EMPRESA, on_call: Callable[[CallRecord], None] | None = None
    ) -> OmieClient:
        rate_limiter = SharedRateLimiter(
            self.engine,
            scope_of(self.sim.app_key),
            method_per_minute=235,
            ip_per_minute=940,
            error_budget=self.error_budget,
            clock=self.time if isinstance(self.time, DatabaseClock) else None,
        )
        return OmieClient(
            Credentials(SecretStr(self.sim.app_key), SecretStr(self.secret)),
            self.base_url,
            rate_limiter,
            self.time,
            timeout_seconds=self.timeout_seconds,
            on_call=self._watching(on_call),
            transport=self.transport(),
        )

    @property
    def time(self) -> Clock:
        """What the package takes for the clock."""
        return self.clock

    def elsewhere(self) -> World:
        """The same deployment as another process sees it."""
        other = World(self.engine, self.sim, self.clock._clock)
        other.clock = self.clock
        return other

    def transport(self) -> httpx.BaseTransport | None:
        """What a client's calls go through; ``None`` for httpx's own."""
        return None

    def _watching(
        self, on_call: Callable[[CallRecord], None] | None
    ) -> Callable[[CallRecord], None]:
        def tell(record: CallRecord) -> None:
            for listener in (on_call, self.on_call):
                if listener is not None:
                    listener(record)

        return tell

    def model(
        self,
        endpoint: str,
        rows: Sequence[Mapping[str, Any]],
        columns: Mapping[str, Any] | None = None,
    ) -> sa.Table:
        """(Re)create a payload model with these rows."""
        if columns is None:
            columns = {"clientes": CLIENTE_COLUMNS}.get(
                endpoint, EXCLUIR_COLUMNS if endpoint.startswith("excluir") else TITULO_COLUMNS
            )
        table = sa.Table(
            REGISTRY[endpoint].model,
            sa.MetaData(),
            *(sa.Column(name, kind) for name, kind in columns.items()),
            schema="omie_payload",
        )
        with self.engine.begin() as connection:
            connection.execute(sa.schema.CreateSchema("omie_payload", if_not_exists=True))
            table.drop(connection, checkfirst=True)
            table.create(connection)
            if rows:
                full = [{name: row.get(name) for name in columns} for row in rows]
                connection.execute(sa.insert(table), full)
        return table

    def push(
        self,
        endpoint: str = "clientes",
        *,
        policy: EndpointPolicy | None = None,
        selection: Selection | None = None,
        **options: Any,
    ) -> PushReport:
        engine = Push(self.engine, self.client, self.time, self.rules)
        return engine.run(
            REGISTRY[endpoint],
            selection or Selection(EMPRESA),
            policy or EndpointPolicy(),
            PushOptions(**options),
        )

    def read_references(self) -> None:
        for name in ("categorias", "contas_correntes"):
            self.import_table(name)

    def import_table(
        self, name: str, mode: Mode = "full", *, start: date = date(2026, 1, 1), **changes: Any
    ) -> ImportReport:
        request = ImportRequest(EMPRESA, mode, start, **changes)
        return Importer(self.engine, self.client, self.time).run(MIRROR[name], request)

    def rows(self, query: str) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(sa.text(query)))

    def forget_requests(self) -> None:
        """As if a minute had passed: the same question may be asked again without a wait."""
        with self.engine.begin() as connection:
            connection.execute(sa.text("DELETE FROM omie_sync.quota_request"))

    def methods_called(self) -> list[str]:
        return [call.method for call in self.control.calls()]

    def writes(self, code: str = "") -> list[Call]:
        """Write calls seen, those that name ``code`` only if one is given."""
        return [
            call
            for call in self.control.calls()
            if not call.method.startswith(("Consultar", "Listar"))
            and (not code or code in call.param.values())
        ]

    def reads(self) -> list[Call]:
        return [call for call in self.control.calls() if call.method.startswith("Consultar")]

    def held_by_omie(self, endpoint: str = "clientes") -> dict[str, Record]:
        """The simulator's truth by integration code; fails where a code stands twice."""
        records = self.control.records(endpoint)
        key = REGISTRY[endpoint].integration_key
        found = {str(record.get(key) or ""): record for record in records}
        assert len(found) == len(records), "a code stands twice in Omie"
        return found

    def ledger(self, endpoint: str = "clientes") -> dict[str, str]:
        """State of every row of an endpoint's ledger."""
        return {
            code: state
            for code, state, of in self.rows(
                "SELECT codigo_integracao, state, endpoint FROM omie_sync.ledger"
            )
            if of == endpoint
        }

    def open_intents(self) -> int:
        ((number,),) = self.rows("SELECT count(*) FROM omie_sync.intent WHERE closed_at IS NULL")
        return int(number)

    @beginning
    def confirmed(self, *numbers: int) -> None:
        """Deliver these clientes and forget the calls: the usual state of a clinic."""
        self.model("clientes", [cliente(number) for number in numbers])
        assert self.push().total.created == len(numbers)
        self.clock.sleep(120)
        self.control.clear_calls()
