"""What runs on this machine: database, simulator, `dev` and `demo`."""

from __future__ import annotations

from typing import Final

# cli/database.py

SEES: Final = {
    "omie_analyst": "tudo, com CPF, nomes e contatos mascarados",
    "omie_finance": "tudo, por inteiro",
    "omie_clinic": "por inteiro, só o que a clínica enviou ao Omie",
}
OWN_SERVER_START: Final = (
    "WAREHOUSE_URL aponta para um servidor próprio: só as tabelas são preparadas"
)
DATABASE_READY: Final = "Banco pronto"
OWN_SERVER_STOP: Final = (
    "WAREHOUSE_URL aponta para um servidor próprio; desligo só o embutido, se houver"
)
DATABASE_STOPPED: Final = "PostgreSQL embutido desligado"
DATABASE_WAS_STOPPED: Final = "O PostgreSQL embutido já estava parado"


def ledger_bound(empresa: str) -> str:
    return f"Livro-razão da empresa {empresa} ligado à chave atual"


def database_down(data_folder: object) -> str:
    return f"PostgreSQL embutido parado (dados em {data_folder})"


def database_up(
    *, version: str, host: str, port: int, process: int, account: str, folder: object
) -> str:
    return (
        f"PostgreSQL embutido {version} em {host}:{port}, processo {process}, conta {account}\n"
        f"Dados em {folder}"
    )


def server_answers(*, version: str, host: str) -> str:
    return f"PostgreSQL {version} de WAREHOUSE_URL responde em {host}"


def zone_of_session(zone: str) -> str:
    return f"Fuso de uma sessão comum neste banco: {zone}"


def zone_differs(*, time_zone: str, database: str | None) -> str:
    return (
        f"A clínica está em {time_zone}: numa sessão comum, current_date é outro às vezes. Para "
        f"cada analista: ALTER ROLE ana IN DATABASE {database} SET timezone TO '{time_zone}';"
    )


DEFAULT_ADDRESS: Final = "endereço padrão do PostgreSQL"
USERS: Final = "usuários"
SEES_HEAD: Final = "vê"
NO: Final = "não"


def new_user(*, role: str, database: str | None, time_zone: str) -> str:
    return (
        f"Novo usuário: CREATE ROLE ana LOGIN PASSWORD '...' IN ROLE {role}; ALTER ROLE ana IN "
        f"DATABASE {database} SET timezone TO '{time_zone}';"
    )


ROLES_NOT_CREATED: Final = (
    "Este usuário do banco não pode criar papéis. Um administrador deve executar:"
)


# cli/demo.py

STEP_1: Final = "[1/6] Simulador do Omie e banco embutido"


# cli/demo_run.py


def notes(told: str) -> str:
    return f"      notas: {told}"


FIRST_NOTES: Final = "Primeiras notas (NFS-e)"
NUMBER: Final = "número"
ORDER: Final = "ordem de serviço"


def simulated_at(base_url: str) -> str:
    return f"      Omie simulado em {base_url}"


STEP_5: Final = "[5/6] Notas: a prefeitura simulada responde às ordens faturadas"
STEP_2: Final = "[2/6] Definições do Dagster (na primeira vez o dbt lê o projeto)"
STEP_3: Final = "[3/6] Cadastros: clínica, dbt, validação, clientes, serviços e contratos"
STEP_4: Final = "[4/6] Lançamentos: títulos, baixas, ordens de serviço e seu faturamento"
INTERRUPTED: Final = "A demonstração foi interrompida"


def whole_log(log: object) -> str:
    return f"        registro completo em {log}"


STEP_6: Final = "[6/6] O que aconteceu\n"
CLINIC_TO_OMIE: Final = "Clínica de exemplo → Omie (simulado)"
WORST_ROWS: Final = "\nAs piores linhas"
NEXT_STEPS: Final = (
    "\nA seguir\n  make demo         de novo: nada a entregar, nenhuma chamada de escrita\n  make "
    "dev          a interface do Dagster, com estas execuções;\n                    enquanto ela "
    "está no ar, os PDFs das notas abrem,\n                    e o console para a equipe atende em "
    "http://127.0.0.1:8780\n                    (login demo, senha: clinica-de-exemplo)\n"
    "  docs/own-system.pt-BR.md   como ligar as tabelas da sua clínica"
)


# cli/dev.py


def ended_before_answer(name: str) -> str:
    return f"{name} terminou antes de responder: veja as linhas acima"


def nobody_listens(name: str, minutes: int) -> str:
    return f"{name} não respondeu em {minutes} min: veja as linhas acima e tente de novo"


def still_starting(seconds: float) -> str:
    return f"  … o Dagster ainda está subindo ({seconds:.0f} s)"


def definitions_not_read(cause: str) -> str:
    return f"O Dagster não leu as definições: {cause}"


WITHOUT_KEY: Final = "Sem chave do Omie: tudo corre contra o simulador e a clínica de exemplo."


def simulator_at(base_url: str) -> str:
    return f"  Omie simulado:          {base_url}"


def simulator_control(address: str) -> str:
    return f"  Controle do simulador:  {address}"


def dead_runs(runs: int) -> str:
    return f"  {runs} execuções interrompidas foram encerradas; seguem sozinhas."


MODELS_STEP: Final = "2/3 Modelos dbt (na primeira vez, ou quando mudaram, leva até um minuto)…"


def ready(page: str) -> str:
    return f"Pronto. Interface do Dagster: {page}"


def console_at(port: int, login: str) -> str:
    return f"  Console para a equipe:  http://127.0.0.1:{port}{login}"


def console_login(*, login: str, password: str) -> str:
    return f"   (login {login}, senha: {password})"


def data_docs_at(docs_port: int) -> str:
    return f"  Validação (Data Docs):  http://127.0.0.1:{docs_port}"


def webhooks_at(address: str) -> str:
    return f"  Webhooks do Omie:       {address}"


def database_at(address: str) -> str:
    return f"  Banco (psql):           {address}"


CTRL_C: Final = "Ctrl-C encerra tudo."


def ended_alone(name: str) -> str:
    return f"{name} terminou sozinho: veja as linhas acima"


ENDING: Final = "Encerrando… (Ctrl-C de novo encerra à força)"
BY_FORCE: Final = "À força: o que estava no meio é conferido na próxima vez."
ENDED_WITH_DEV: Final = "Encerrada com o omie-pipeline dev"


def stopping_runs(runs: int) -> str:
    return f"  {runs} execuções em andamento: parando…"


# cli/sandbox.py

SIMULATOR_SILENT: Final = "O simulador do Omie não começou a responder"
