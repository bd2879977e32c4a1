"""Bodies as Omie posts them: the two recorded finance shapes, shortened, and what varies."""

from __future__ import annotations

import json
import uuid
from typing import Any

APP_KEY = "38333295000"
SECRET = "segredo-de-teste_com-24-letras-ou-mais"
CPF = "529.982.247-25"
NAME = "Maria Aparecida da Silva"


def body(topic: str, event: Any, *, message_id: str = "", app_key: str | None = APP_KEY) -> bytes:
    """One event (shape recorded in 2023, ``origin`` omie-connect-1.6)."""
    content: dict[str, Any] = {
        "messageId": message_id or str(uuid.uuid4()),
        "topic": topic,
        "event": event,
        "author": {"email": "maria@clinica.test", "name": NAME, "userId": 89},
        "appHash": "xxxx",
        "origin": "omie-connect-1.6",
    }
    if app_key is not None:
        content["appKey"] = app_key
    return json.dumps(content).encode()


def title(codigo: int) -> dict[str, Any]:
    """The ``event`` of a receivable."""
    return {
        "baixa_bloqueada": "",
        "codigo_categoria": "1.01.02",
        "codigo_cliente_fornecedor": 6289226831,
        "codigo_lancamento_integracao": "",
        "codigo_lancamento_omie": codigo,
        "data_vencimento": "2023-03-05T00:00:00-03:00",
        "observacao": f"{NAME} CPF {CPF}",
        "situacao": "A vencer",
        "valor_documento": 8.75,
    }


def settlement(codigo_baixa: int, *titles: int) -> list[dict[str, Any]]:
    """The ``event`` of a settlement: an array."""
    return [
        {
            "codigo_baixa": codigo_baixa,
            "codigo_baixa_integracao": "",
            "codigo_cliente_fornecedor": 6289226831,
            "codigo_conta_corrente": 6247915297,
            "conta_a_receber": [{"codigo_lancamento_omie": one} for one in titles],
            "data": "2023-03-05T00:00:00-03:00",
            "valor": 8.75,
        }
    ]
