"""What the pages to enter by and to change the password say."""

from __future__ import annotations

from typing import Final

# console/pages/enter.py

WRONG: Final = "Login ou senha não conferem."
WAIT: Final = (
    "Foram erros demais a partir deste computador. Espere 15 minutos e tente de novo, ou peça uma "
    "senha nova a quem cuida dos acessos."
)
ENTER: Final = "Entrar"
CHANGE: Final = "Trocar a senha"
CHANGE_FIRST: Final = "Esta senha foi dada por outra pessoa. Escolha uma só sua para continuar."
OLD_WRONG: Final = "A senha atual não confere."
DIFFERENT: Final = "As duas senhas novas não são iguais."

# templates/enter.html

LOGIN: Final = "Login"
PASSWORD: Final = "Senha"
INTRO: Final = "O que foi ao Omie, o que falta corrigir e o que espera uma decisão."
FORGOTTEN: Final = "Esqueceu a senha? Quem cuida dos acessos pode dar outra."

# templates/password.html

OLD: Final = "Senha atual"
NEW: Final = "Senha nova"
AGAIN: Final = "Senha nova, de novo"
HINT: Final = "De 12 a 128 caracteres. Quatro palavras sem ligação entre si servem bem."
