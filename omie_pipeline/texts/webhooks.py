"""Events that Omie sends: what the server refuses and says of itself."""

from __future__ import annotations

from typing import Final

# webhooks/app.py

UNKNOWN_ADDRESS: Final = "endereço ou segredo desconhecido"
BODY_TOO_LONG: Final = "corpo longo demais ou incompleto"
KEY_OF_ANOTHER: Final = "appKey de outro aplicativo"
TEST_RECEIVED: Final = "Teste do Omie recebido (%s)"
CALLS_REFUSED: Final = "Chamadas recusadas (%s): %d"


# webhooks/auth.py


def secret_unsafe(variable: str | None) -> str:
    return (
        f"{variable}: use de 24 a 200 letras sem acento, algarismos, - e _ (omie-pipeline "
        "webhooks --new-secret cria um)"
    )


def key_missing(*, empresa: str, variable: str) -> str:
    return f"Empresa {empresa}: defina {variable}, para reconhecer os eventos"


# webhooks/command.py

NOBODY_HAS_ONE: Final = (
    "Nenhuma empresa tem segredo de webhook: crie um com omie-pipeline webhooks --new-secret e "
    "guarde-o em OMIE_WEBHOOK_SECRET (docs/webhooks.md)"
)


def cannot_listen(*, host: str, port: int, error: object) -> str:
    return f"Não foi possível escutar em {host}:{port} ({error})"


def listening(address: str) -> str:
    return f"Webhooks do Omie em {address}"


# webhooks/message.py

UNREADABLE: Final = "corpo que não é JSON"
UNKNOWN_SHAPE: Final = "formato desconhecido (webhook clássico?)"
WITHOUT_KEY: Final = "evento sem appKey"
NOT_MIRRORED: Final = "tópico sem tabela espelhada"


# webhooks/writer.py

UNSTORABLE: Final = "códigos que o banco não consegue guardar"
NOT_STORED_IN_TIME: Final = "O banco do armazém não gravou o evento a tempo"
EVENTS_GIVEN_BACK: Final = "Banco fora do ar (%s): %d eventos voltarão pelo Omie"


def database_silent(kind: str) -> str:
    return f"O banco do armazém não respondeu ({kind})"


EVENTS_STORED: Final = "%d eventos guardados, %d repetidos, %.0f ms"
EVENT_REFUSED_LOGGED: Final = "Evento recusado pelo banco (%s)"


def event_refused(kind: str) -> str:
    return f"O banco do armazém recusou o evento ({kind})"
