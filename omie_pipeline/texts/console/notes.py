"""What the pages of notes say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# console/pages/notes.py

TITLE: Final = "Notas"
STATES: Final[Mapping[str, str]] = {
    "submitted": "enviada",
    "processing": "na prefeitura",
    "issued": "emitida",
    "rejected": "recusada pela prefeitura",
    "cancelled": "cancelada",
    "error": "com erro",
    "deleted": "OS excluída no Omie",
}
VIEWS: Final[Mapping[str, str]] = {
    "all": "Todas",
    "open": "Em andamento",
    "issued": "Emitidas",
    "rejected": "Recusadas",
    "cancelled": "Canceladas",
}
REASON_NEEDED: Final = "Escreva o motivo do cancelamento: quem olhar depois precisa entender."
CONFIRM_NEEDED: Final = "Marque a confirmação antes de emitir."
NO_FILE: Final = "O Omie ainda não deu este arquivo. Tente de novo mais tarde."


def title_of(code: str) -> str:
    return f"Nota da OS {code}"


# templates/notes.html

INTRO: Final = "As notas que passaram por aqui, da que mudou por último à mais antiga."
STATE: Final = "Situação"
SHOW: Final = "Mostrar"
ORDER: Final = "OS"
NUMBER: Final = "Número"
VALUE: Final = "Valor (R$)"
CHANGED: Final = "Mudou em"
CITY: Final = "Município"
SAID: Final = "O que a prefeitura disse"
NOTHING: Final = "Nenhuma nota aqui."
OLDER: Final = "Mais antigas"
NEWEST: Final = "Voltar às mais novas"
FIND: Final = "Emitir ou procurar pela OS"
FIND_HINT: Final = "O código da ordem de serviço, como OS-17."
OPEN: Final = "Abrir"

# templates/note.html

BACK: Final = "Todas as notas"
NEVER_BILLED: Final = "A nota desta OS ainda não foi pedida."
BILLED_AT: Final = "Pedida em"
ISSUED_AT: Final = "Emitida em"
CODE: Final = "Código de verificação"
CANCEL_ASKED: Final = "Cancelamento pedido em"
WHAT_TO_DO: Final = "O que fazer"
FILES: Final = "Arquivos"
NO_FILES: Final = "O PDF e o XML aparecem aqui depois da emissão."
NO_NAMES: Final = "Os arquivos têm dados do paciente, que o seu acesso não mostra."
PDF: Final = "Baixar o PDF"
XML: Final = "Baixar o XML"
STEPS: Final = "O que aconteceu"
WHEN: Final = "Quando"
SOURCE: Final = "Soubemos por"
WHY: Final = "Motivo"
SOURCES: Final[Mapping[str, str]] = {
    "push": "envio",
    "status": "consulta ao Omie",
    "list": "lista do Omie",
    "cancellation": "cancelamento",
}
ISSUE: Final = "Emitir a nota"
ISSUE_ABOUT: Final = (
    "Veja os impostos antes: depois de emitida, a nota só pode ser cancelada, e a prefeitura tem "
    "prazo para isso."
)
SEE_TAXES: Final = "Ver os impostos e emitir"
CANCEL: Final = "Cancelar a nota"
CANCEL_ABOUT: Final = (
    "O pedido vai ao Omie, que cancela a OS e a nota na prefeitura. Não tem volta."
)
REASON: Final = "Motivo do cancelamento"
DO_CANCEL: Final = "Cancelar a nota"
WAIT: Final = "Perguntar ao Omie e esperar a prefeitura"
WAIT_ABOUT: Final = "Pergunta de tempo em tempo por até 5 minutos. Pode fechar a página."
ASKED: Final = "Pedidos desta nota"
ASKED_KINDS: Final[Mapping[str, str]] = {
    "issue": "Emissão",
    "cancel": "Cancelamento",
    "wait": "Espera pela prefeitura",
}

# templates/note_taxes.html

TAXES: Final = "Impostos desta nota"
TAXES_ABOUT: Final = "Pelo cadastro no Omie; a prefeitura pode calcular de outro modo."
REGIME: Final = "Regime"
TAX: Final = "Imposto"
RATE: Final = "Alíquota"
BASE: Final = "Base (R$)"
WITHHELD: Final = "Retido (R$)"
GROSS: Final = "Bruto"
NET: Final = "Líquido"
SEVERAL: Final = "várias"
NO_TAXES: Final = "O Omie não disse os impostos agora:"
CONFIRM: Final = "Conferi e quero emitir esta nota"
DO_ISSUE: Final = "Emitir a nota"
