"""Whatever is sent, the simulator answers with a result or with a fault, never with a crash."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from omie_pipeline.catalog import Field, Service
from omie_pipeline.simulator.clock import ManualClock
from omie_pipeline.simulator.company import APP_KEY, APP_SECRET
from omie_pipeline.simulator.engine.call import Engine
from omie_pipeline.simulator.engine.limits import Limits
from omie_pipeline.simulator.lists import ACTING, ENDPOINTS
from omie_pipeline.simulator.rules import Behaviour

_ODD: tuple[object, ...] = (None, "", "S", "N", 0, 1, -1, 1.5, True, [], {}, [None], [{}], "\ud800")
_LIKELY: dict[str, tuple[object, ...]] = {
    "integer": (0, 1, 2, 5500000001, 9100000001),
    "decimal": (0, 10, 10.5, 1e30),
    "date": ("", "05/01/2026", "10/01/2026", "31/02/2026"),
    "time": ("", "09:00:00", "25:00:00"),
    "string": ("", "S", "N", "A", "B", "1.01.01", "52998224725", "001/001", "x" * 70),
    "text": ("", "texto"),
}

_FITTING: dict[str, object] = {
    "codigo_categoria": "1.01.01",
    "codigo_cliente_fornecedor": 5500000001,
    "codigo_cliente_fornecedor_integracao": "A",
    "id_conta_corrente": 9100000001,
    "codigo_conta_corrente": 9100000001,
    "percentual": 100,
    "data_vencimento": "10/01/2026",
    "valor_documento": 100.5,
    "numero_parcela": "001/001",
    "data": "05/01/2026",
    "cnpj_cpf": "",
    "cCodIntOS": "A",
    "nCodOS": 0,
    "cCodIntCli": "A",
    "nCodCli": 5500000001,
    "cCodParc": "000",
    "cCodCateg": "1.01.01",
    "nCodCC": 9100000001,
    "nCodVend": 0,
    "nCodProj": 0,
    "cCodIntServ": "A",
    "cCodIntServico": "",
    "nCodServico": 0,
    "cAcaoItem": "I",
    "nQtde": 1,
    "nCodCtr": 0,
    "cCodIntCtr": "A",
    "codServico": 0,
    "natOperacao": "01",
    "codServMunic": "04030",
    "codLC116": "4.01",
    "nIdNf": 5500000001,
}

_RUDE = 0.1
_POLITE: dict[str, object] = {"date": "10/01/2026", "time": "09:00:00", "decimal": 10.5}
_NEEDED = {"cCodIntOS", "cCodIntCli", "cCodIntCtr", "cCodIntServ",
           "Cabecalho", "InformacoesAdicionais", "ServicosPrestados", "cabecalho", "intEditar",
           "intIncluir", "itensContrato", "itemCabecalho", "contratoChave"}  # fmt: skip
_FITTING_ORDER = {"cTribServ": "01", "cCodServMun": "04030", "cCodServLC116": "4.01",
                  "cDescServ": "x", "nValUnit": 10}  # fmt: skip
_FITTING.update(_FITTING_ORDER)


def _value(dice: random.Random, service: Service, field: Field, depth: int) -> object:
    if dice.random() < 0.02:
        return dice.choice(_ODD)
    if field.name in _FITTING and dice.random() < 0.9:
        return _FITTING[field.name]
    if field.kind not in {"object", "array"}:
        value = dice.choice(field.values or _LIKELY[field.kind])
        if dice.random() < _RUDE:
            return value
        if isinstance(value, str) and field.kind == "string":
            return value[: field.max_length]
        return _POLITE.get(field.kind, value)
    if depth > 3:
        return None
    items = [
        _param(dice, service, service.type_of(field).fields, depth + 1)
        for _ in range(dice.randint(1, 2))
    ]
    return items if field.kind == "array" else items[0]


def _param(
    dice: random.Random, service: Service, fields: tuple[Field, ...], depth: int = 0
) -> dict[str, Any]:
    share = dice.choice((0.0, 0.05, 0.3, 0.9))
    return {
        field.name: _value(dice, service, field, depth)
        for field in fields
        if not field.read_only
        and (field.required or field.name in _NEEDED or dice.random() < share)
    }


def _fuzz(services: list[Service], rounds: int, seed: int) -> set[str]:
    """Methods that were answered with a result; every other answer was a fault."""
    dice = random.Random(seed)
    engine = Engine(ManualClock(), Limits.off(), Behaviour(stale_reads_seconds=5))
    engine.state.apps[APP_KEY].collections["clientes"].put(
        {"codigo_cliente_omie": 5500000001, "codigo_cliente_integracao": "A", "razao_social": "A"}
    )
    methods = [(service, method) for service in services for method in service.methods.values()]
    reached = set()
    for _ in range(rounds):
        service, method = dice.choice(methods)
        body = {
            "call": method.name,
            "app_key": APP_KEY,
            "app_secret": APP_SECRET,
            "param": [_param(dice, service, method.request.fields)],
        }
        outcome = engine.handle(service.path, json.dumps(body).encode(), "127.0.0.1")
        if outcome.lane is not None:
            engine.leave(outcome.lane, abandoned=False)
        answer = json.loads(outcome.answer.body)
        assert ("faultstring" in answer) == (outcome.answer.status == 500)
        if outcome.answer.status == 200:
            reached.add(method.name)
        engine.clock.advance(1)
    return reached


def _services() -> dict[str, Service]:
    services = {item.service.path: item.service for item in ENDPOINTS}
    return services | {service.path: service for service, _ in ACTING}


@pytest.mark.slow
def test_no_request_makes_it_crash() -> None:
    assert len(_fuzz(list(_services().values()), 8000, 20260105)) >= 30


@pytest.mark.slow
def test_no_request_about_orders_and_contracts_makes_it_crash() -> None:
    asked = [service for path, service in _services().items() if path.startswith("servicos/")]
    reached = _fuzz(asked, 8000, 20260104)
    assert len(reached) >= 15
    assert reached >= {"IncluirOS", "ConsultarOS", "ListarOS", "StatusOS"}
