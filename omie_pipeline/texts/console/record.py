"""What the page of one record says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# console/pages/record.py

FOUND: Final = "Procurar"

# templates/found.html


def found_for(text: str) -> str:
    return f"Registros para “{text}”"


NOTHING_FOUND: Final = (
    "Nada encontrado. Digite o código inteiro (PAC-12, REC-340), três letras do nome ou os "
    "primeiros números do CPF."
)

# templates/record.html

NOW: Final = "Como está"
SYNC: Final = "Sincronizar este registro"
SYNC_SAYS: Final = (
    "Lê a linha no sistema da clínica agora e manda ao Omie só este registro, e antes dele o que "
    "ele precisa ter lá. Se já estiver igual no Omie, nada muda."
)
NOT_SENT_YET: Final = "Ainda não foi ao Omie."
STATE: Final = "Situação"
OMIE_ID: Final = "Código no Omie"
CONFIRMED: Final = "Confirmado pelo Omie"
CHANGED: Final = "Última mudança"
FIRST: Final = "Visto pela primeira vez"
UNTIL: Final = "Espera até"
MADE_BY: Final = "Quem criou no Omie"
MADE_HERE: Final = "nós"
MADE_THERE: Final = "já estava lá, ou outra pessoa criou"
ACTS_UPON: Final = "Age sobre"
ATTEMPTS: Final = "Tentativas"
WHY_NOT: Final = "Por que não está no Omie como está na clínica"
FIX: Final = "O que fazer"
AT_CLINIC: Final = "Na clínica"
NO_COPY: Final = "A linha da clínica não foi copiada, ou o código não diz qual é."
TO_SEND: Final = "O que vai ao Omie"
NO_PAYLOAD: Final = "A clínica não tem (mais) este registro, ou ele ainda não foi preparado."
CALLS: Final = "Conversas com o Omie"
CALLS_SAY: Final = "As últimas 30, com nomes e documentos escondidos. Ficam guardadas por 90 dias."
NO_CALLS: Final = "Nenhuma conversa guardada."
REQUEST: Final = "O que foi pedido"
ANSWER: Final = "O que o Omie respondeu"
IN_OMIE: Final = "No Omie, na última leitura"
READ_AT: Final = "Lido em"
GONE_AT: Final = "Não existe mais no Omie desde"
CHANGED_BY: Final = "Alterado no Omie por"
NOT_READ: Final = "Ainda não foi lido de volta do Omie."
DEPENDENTS: Final = "O que depende dele"
NO_DEPENDENTS: Final = "Nada depende dele."
RECORD: Final = "Registro"
NOTE: Final = "Nota fiscal"
NUMBER: Final = "Número"
PDF: Final = "Abrir o PDF"
CITY_HALL: Final = "A prefeitura disse"
DEEDS: Final = "O que pessoas fizeram"
NO_DEEDS: Final = "Ninguém mexeu neste registro por aqui."
KINDS: Final[Mapping[str, str]] = {
    "sync_record": "Pediu a sincronização deste registro",
    "plan": "Fez um plano com este registro",
    "kept_clinica": "Decidiu: vale o da clínica",
    "kept_omie": "Decidiu: vale o do Omie",
    "overwritten": "Decidiu: vale o da clínica",
    "gone": "A diferença acabou",
}

HTTP: Final = "HTTP"
