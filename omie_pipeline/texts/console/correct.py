"""What the page of what is to be corrected says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# console/pages/correct.py

TITLE: Final = "A corrigir"

# templates/correct.html

INTRO: Final = (
    "O que ainda não está no Omie como está na clínica, pelo motivo e por quem pode resolver. "
    "Corrija no sistema da clínica e depois mande de novo daqui."
)
NOTHING: Final = "Nada a corrigir e nada esperando. Tudo o que a clínica tem está no Omie."
ACTORS: Final[Mapping[str, str]] = {
    "reception": "Recepção",
    "finance": "Financeiro",
    "engineering": "Quem cuida do sistema",
    "itself": "Espera sozinho",
}
ACTORS_DO: Final[Mapping[str, str]] = {
    "reception": "Dados de pacientes e fornecedores: CPF, RG, endereço.",
    "finance": "Categorias, contas, valores, o que já foi pago e o que pede uma decisão.",
    "engineering": "A ligação com o sistema da clínica ou com o Omie. Avise quem cuida do sistema.",
    "itself": "Segue sem ninguém fazer nada, assim que aquilo que espera estiver no Omie.",
}
SEARCH: Final = "Código, nome ou CPF"
SEARCH_CODE: Final = "Código"
FIND: Final = "Procurar"
REASON: Final = "Motivo"
FIX: Final = "O que fazer"
KIND: Final = "O que é"
ROWS: Final = "Linhas"
SINCE: Final = "Desde"
EMPRESA: Final = "Empresa"
STATE: Final = "Situação"
SEE_ROWS: Final = "Ver as linhas"
SHEET: Final = "Baixar planilha"
SHEET_PRIVATE: Final = "A planilha pode ter dados de pacientes: guarde-a como guarda um prontuário."

# templates/correct_rows.html

BACK: Final = "Todos os motivos"
RECORD: Final = "Registro"
PERSON: Final = "De quem"
VALUE: Final = "Valor (R$)"
SEND: Final = "Enviar de novo"
SEND_ALL: Final = "Enviar todos de novo"
SEND_ALL_SAYS: Final = (
    "Lê de novo o sistema da clínica e manda ao Omie as linhas deste motivo. O que ainda estiver "
    "errado volta para esta lista; o que já está certo no Omie não muda."
)
NO_ROWS: Final = "Nenhuma linha a corrigir."
OLDER: Final = "Mais antigas"
NEWEST: Final = "Voltar às mais novas"
FIRST_WORDS: Final = "Da primeira vez o Omie disse:"


def found_for(text: str) -> str:
    return f"O que falta corrigir para “{text}”"


def hangs(*, what: str, value: str) -> str:
    return f"Segura {what}, R$ {value}"


def send_label(code: str) -> str:
    return f"Enviar de novo: {code}"
