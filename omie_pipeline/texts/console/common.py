"""What every page of the console says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# console/backstage.py


def role_missing(*, role: str, login: str) -> str:
    return (
        f"o papel {role} do PostgreSQL não existe e este login não pode criá-lo. Um administrador "
        f"digita: CREATE ROLE {role} NOLOGIN; GRANT {role} TO {login};"
    )


# console/door.py

TOO_LONG: Final = "O envio é grande demais (2 MB no máximo)."
OTHER_SITE: Final = "Este envio veio de outro site e foi recusado."

# console/works.py

INTERRUPTED: Final = (
    "O processo foi interrompido. O que ele já tinha enviado está registrado; pode pedir de novo."
)

GONE_AT_CLINIC: Final = "a clínica não tem mais este registro, ou ele ainda não foi preparado"

# console/failures.py

NOT_FOUND: Final = "Esta página não existe, ou não é de uma empresa sua."
FORBIDDEN: Final = (
    "O seu acesso não permite isto, ou a página ficou aberta tempo demais. "
    "Volte, atualize a página e tente de novo; se não der, fale com quem cuida dos acessos."
)
NOT_UNDERSTOOD: Final = "O que chegou não é o que esta página esperava. Volte e tente de novo."
BROKEN: Final = (
    "Algo falhou do nosso lado, e o que você pediu pode não ter sido feito. O registro do servidor "
    "diz o que foi; quem cuida do sistema precisa olhar."
)
GONE: Final = "O banco de dados não respondeu"
GONE_TEXT: Final = "O banco de dados não respondeu. Nada se perdeu; tente de novo em instantes."
GONE_KEPT: Final = (
    "O que você mandou está guardado nesta página. Clique em “Tentar de novo”: se já tiver sido "
    "feito, não será feito outra vez."
)
TRY_AGAIN: Final = "Tentar de novo"
NOT_POSSIBLE: Final = "Não deu"
BACK_HOME: Final = "Voltar ao início"

# templates/base.html

PRODUCT: Final = "Omie"
SKIP: Final = "Ir direto ao conteúdo"
MENU: Final = "Páginas"
HOME: Final = "Início"
MAPPING: Final = "Categorias"
PLANS: Final = "Planos"
CONFLICTS: Final = "Conflitos"
HISTORY: Final = "Histórico"
TO_CORRECT: Final = "A corrigir"
FIND: Final = "Abrir"
FIND_HINT: Final = "Procurar um registro pelo código, ou uma pessoa pelo nome ou CPF"
FIND_EXAMPLE: Final = "Código, nome…"
SETTINGS: Final = "Configurações"
NOTES: Final = "Notas"
MONEY: Final = "Dinheiro"
PEOPLE: Final = "Pessoas"
ALERTS: Final = "Avisos"
LEAVE: Final = "Sair"

# templates/place.html

PLACES: Final = "Empresas"
EMPRESA: Final = "Empresa"
ACTION_STATES: Final[Mapping[str, str]] = {
    "asked": "na fila",
    "running": "em andamento",
    "done": "feita",
    "failed": "com problema",
}
