"""What is said of those who may enter the console, and of their passwords."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# console/access/people.py


def no_login(login: str) -> str:
    return (
        f"'{login}' não serve de login: de 2 a 80 letras minúsculas, números ou . _ @ + - "
        "(um e-mail serve)"
    )


def login_taken(login: str) -> str:
    return f"já existe uma pessoa com o login {login}"


def nobody(login: str) -> str:
    return f"ninguém tem o login {login}; omie-pipeline console people mostra quem tem acesso"


def password_length(shortest: int, longest: int) -> str:
    return f"a senha precisa de {shortest} a {longest} caracteres"


PASSWORD_GUESSED: Final = (
    "a senha é fácil de adivinhar: use palavras que não sejam o seu nome, o login ou 'omie'"
)

# cli/console.py

ROLES: Final[Mapping[str, str]] = {
    "reception": "recepção",
    "finance": "financeiro",
    "manager": "gestão",
    "accountant": "contador (só consulta)",
    "engineering": "engenharia",
}
"""Roles as people call them."""

ASK_PASSWORD: Final = "Senha"
ASK_AGAIN: Final = "Senha de novo"
PASSWORDS_DIFFER: Final = "as duas senhas não são iguais"


def unknown_role(*, role: str, known: str) -> str:
    return f"'{role}' não é um papel; existem: {known}"


def unknown_empresa(*, empresa: str, known: str) -> str:
    return f"não há empresa '{empresa}'; existem: {known} (e * para todas)"


def added(*, login: str, role: str, empresas: str) -> str:
    return f"{login} pode entrar: {role} em {empresas}. Na primeira vez escolhe uma senha própria"


def granted(*, login: str, role: str, empresas: str) -> str:
    return f"{login}: {role} em {empresas}"


def revoked(*, login: str, empresas: str) -> str:
    return f"{login} não vê mais {empresas}"


def had_nothing(*, login: str, empresas: str) -> str:
    return f"{login} não tinha acesso próprio a {empresas}; nada mudou"


def disabled(login: str) -> str:
    return f"{login} não entra mais; as sessões abertas terminaram"


def enabled(login: str) -> str:
    return f"{login} pode entrar de novo"


def password_set(login: str) -> str:
    return f"senha de {login} trocada; as sessões abertas terminaram"


NOBODY_YET: Final = (
    "Ninguém pode entrar ainda: omie-pipeline console add LOGIN --name NOME --role manager"
)
LOGIN: Final = "login"
NAME: Final = "nome"
ROLE: Final = "papel"
EMPRESA: Final = "empresa"
STATE: Final = "situação"
MAY_ENTER: Final = "entra"
MAY_NOT_ENTER: Final = "bloqueado"


def listening(url: str) -> str:
    return f"Console em {url} (Ctrl-C termina)"


def cannot_listen(*, host: str, port: int, error: object) -> str:
    return f"não dá para escutar em {host}:{port}: {error}"


NOT_LOOPBACK: Final = (
    "fora desta máquina o console só atende atrás de um proxy com TLS: use --public-url https://… "
    "(veja docs/console.md)"
)


# console/pages/people.py

TITLE: Final = "Pessoas"
NOT_YOURSELF: Final = "O próprio acesso só outra pessoa muda."
NAME_NEEDED: Final = "Escreva o nome da pessoa: é com ele que as ações são assinadas."
AND_ENTRIES: Final = ", com os lançamentos que só o Omie tem"

# templates/people.html

WHO_ENTERS: Final = "Quem entra"
ADD: Final = "Dar acesso a uma pessoa"
LOGIN_LABEL: Final = "Login (um e-mail serve)"
NAME_LABEL: Final = "Nome"
ROLE_LABEL: Final = "Papel"
EMPRESA_LABEL: Final = "Empresa"
ALL_EMPRESAS: Final = "todas"
ENTRIES: Final = "Conta e mostra também os lançamentos que só o Omie tem"
GRANT: Final = "Dar ou mudar este acesso"
NEW_PASSWORD: Final = "Dar uma senha nova"
NEW_PASSWORD_ABOUT: Final = "As sessões abertas da pessoa terminam, e ela troca a senha ao entrar."
DISABLE: Final = "Bloquear"
ENABLE: Final = "Desbloquear"
PASSWORD_ONCE: Final = (
    "Anote e entregue agora: ela não aparece de novo. A pessoa escolhe uma própria ao entrar."
)
PASSWORD_SHOWN: Final = "A senha já foi mostrada uma vez. Se ela se perdeu, dê outra."


def password_of(login: str) -> str:
    return f"Senha de {login}"


def take_away(empresa: str) -> str:
    return f"Tirar o acesso a {empresa}"


EVERY_EMPRESA: Final = "todas"
