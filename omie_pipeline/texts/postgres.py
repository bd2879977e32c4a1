"""The database: what fails there, and what a person or an administrator does."""

from __future__ import annotations

from typing import Final

# postgres/binaries.py


def folder_of_another_account(*, data_folder: object, owner_uid: int | None) -> str:
    return (
        f"A pasta do banco de dados {data_folder} pertence a outra conta do sistema (uid "
        f"{owner_uid}). Rode com essa conta ou defina OMIE_PIPELINE_HOME."
    )


def no_account(accounts: str) -> str:
    return (
        f"O PostgreSQL não roda como root e não há conta sem privilégios para ele ({accounts}). "
        "Crie uma ou defina WAREHOUSE_URL."
    )


def folder_without_account(owner_uid: int) -> str:
    return (
        f"A pasta do banco de dados pertence ao uid {owner_uid}, que não existe nesta máquina: o "
        "PostgreSQL não pode rodar com ele."
    )


def programs_missing(package: str) -> str:
    return (
        f"O pacote {package} não está instalado ou não traz programas para este sistema. Rode "
        "`make setup` ou defina WAREHOUSE_URL com um servidor PostgreSQL seu."
    )


# postgres/clock.py


def seconds(number: float) -> str:
    return f"{number:.0f} segundos"


def minutes(number: float) -> str:
    return f"{number:.0f} minutos"


def clock_differs(*, size: str, direction: str) -> str:
    return (
        f"O relógio desta máquina está {size} {direction} em relação ao do banco. Vale o do "
        "banco; acerte o da máquina (NTP)."
    )


# postgres/embedded.py


def embedded_not_ready(*, seconds: float, data: object, failure: str) -> str:
    return f"O PostgreSQL embutido não ficou pronto em {seconds:.0f} segundos ({data}).\n{failure}"


def embedded_not_started(failure: str) -> str:
    return f"O PostgreSQL embutido não iniciou.\n{failure}"


def record_damaged(file: object) -> str:
    return f"{file} está danificado; apague-o para que seja refeito."


def embedded_being_started(*, seconds: float, file: object) -> str:
    return (
        f"Outro processo está iniciando o PostgreSQL embutido há mais de {seconds:.0f} segundos "
        f"({file})."
    )


NO_FREE_PORT: Final = "Nenhuma porta livre em 127.0.0.1 para o PostgreSQL embutido."


# postgres/engine.py

MUST_BE_POSTGRESQL: Final = "WAREHOUSE_URL deve ser um endereço PostgreSQL (postgresql://…)"
NO_ANSWER: Final = "O banco do armazém não respondeu ou recusou a gravação"
COMMAND_REFUSED: Final = "O banco do armazém recusou um comando"


# postgres/failures.py

ESCAPES: Final = "@ é %40, / é %2F, : é %3A, # é %23, ? é %3F, % é %25"
NOTHING_ANSWERS: Final = (
    "nada responde no endereço de {variable}: confira servidor e porta, e se o banco está no ar"
)
LOGIN_WRONG: Final = f"usuário ou senha errados em {{variable}} (numa senha, {ESCAPES})"
IN_A_PASSWORD: Final = f" (numa senha, {ESCAPES})"


def address_invalid(*, variable: str, hint: str) -> str:
    return f"{variable} não é um endereço de banco válido{hint}"


def password_has_at(variable: str) -> str:
    return f"{variable}: a senha tem @: escreva %40 no lugar dele ({ESCAPES})"


LOGIN_REFUSED: Final = (
    "o servidor não deixa este usuário entrar: confira o usuário em {variable}, e no servidor a "
    "linha dele em pg_hba.conf e o direito LOGIN"
)
DATABASE_MISSING: Final = (
    "o banco de dados de {variable} não existe no servidor: crie-o ou corrija o nome"
)
NO_CONNECTIONS_LEFT: Final = (
    "o servidor está sem conexões livres: feche programas que o usam ou aumente max_connections"
)
SERVER_ENDED_CONNECTION: Final = "o servidor encerrou a conexão: repita quando estiver no ar"
SERVER_STARTING: Final = "o servidor está ligando ou desligando: repita em um minuto"
DISK_FULL: Final = "o disco do servidor está cheio"
READ_ONLY_SERVER: Final = (
    "o servidor só aceita leitura (é uma réplica): aponte {variable} para o principal"
)
STATEMENT_TIMEOUT: Final = "o comando passou do tempo que o servidor permite (statement_timeout)"
NO_ACCESS_MYSQL: Final = (
    "o usuário de {variable} não tem acesso a este banco: GRANT SELECT ON {database}.* TO {role}"
)
MACHINE_REFUSED_MYSQL: Final = (
    "o servidor não aceita conexões desta máquina: crie o usuário para este endereço"
)
NO_READING_MYSQL: Final = "falta o direito de leitura: GRANT SELECT ON {database}.* TO {role}"
HOST_UNKNOWN: Final = "o nome do servidor em {variable} não foi encontrado: confira o nome e o DNS"
CONNECTION_LOST_READING: Final = (
    "a conexão caiu no meio da leitura: repita; se voltar, veja o registro do servidor"
)
SSL_FAILED_MYSQL: Final = (
    "a conexão segura (SSL) falhou: confira os certificados e as opções de SSL em {variable}"
)
SSL_REQUIRED: Final = "o servidor só aceita conexões com SSL: peça-o em {variable}"
SSLMODE_UNKNOWN: Final = (
    "sslmode em {variable} não existe: use disable, prefer, require, verify-ca ou verify-full"
)
OPTION_UNKNOWN: Final = (
    "{variable} tem depois de ? uma opção que o PostgreSQL não conhece: confira como se escreve "
    "(sslmode, sslrootcert, options …)"
)
PORT_INVALID: Final = "a porta em {variable} deve ser um número de 1 a 65535"
OPTION_INVALID: Final = (
    "{variable} tem depois de ? uma opção com um valor que o PostgreSQL não aceita"
)
CERTIFICATE_MISSING: Final = (
    "um arquivo de certificado que {variable} nomeia não existe ou não pode ser lido: confira "
    "sslrootcert, sslcert e sslkey"
)
SERVER_WITHOUT_SSL: Final = (
    "o servidor não tem SSL, e {variable} o exige (sslmode): ligue o SSL no servidor, ou, numa "
    "rede de confiança, tire sslmode de {variable}"
)
SSL_FAILED: Final = "a conexão segura (SSL) falhou: confira os certificados e sslmode em {variable}"
PG_HBA_MISSING: Final = (
    "o servidor não aceita este usuário desta máquina: acrescente uma linha em pg_hba.conf para "
    "{role} e {database}"
)
NO_ANSWER_IN_TIME: Final = (
    "o servidor de {variable} não respondeu a tempo: confira servidor, porta e firewall"
)
FILE_NOT_OPENED: Final = (
    "o arquivo do banco em {variable} não pode ser aberto: confira o caminho e as permissões"
)
CONNECTION_LOST: Final = "a conexão caiu: repita quando o servidor estiver no ar"
RIGHT_MISSING: Final = "falta um direito ao usuário de {variable} no servidor"


def object_not_ours(object: str) -> str:
    return (
        f"já existe um objeto {object} que não é deste programa; mova-o ou escolha outro prefixo "
        "(OMIE_PIPELINE_SCHEMA_PREFIX)"
    )


def right_missing_fix(grant: str) -> str:
    return f"falta um direito ao usuário de {{variable}}. Um administrador executa: {grant};"


# postgres/locks.py

TAKEN_OVER: Final = (
    "Esta execução perdeu a vez (a conexão com o banco caiu ou o computador parou) e outra "
    "assumiu o lugar dela. Nada mais foi enviado nem gravado por esta"
)


# postgres/migrate.py

NOT_PREPARED: Final = "O banco do armazém não pôde ser preparado"


def development_version(version: str) -> str:
    return (
        "O banco foi preparado por uma versão de desenvolvimento, anterior à primeira publicação, "
        "e esta não conhece os passos dela. Nada foi alterado. Passe uma vez pela versão que os "
        f"tem: git checkout {version}, make setup, omie-pipeline build; depois volte a esta"
    )


NEWER_VERSION: Final = (
    "O banco foi preparado por uma versão mais nova deste programa, e esta não o conhece. Nada "
    "foi alterado. Use a mesma versão em todas as máquinas: git pull e make setup, ou restaure a "
    "cópia de antes da atualização"
)


def too_old(*, version: str, oldest: int) -> str:
    return f"O PostgreSQL {version} do armazém é antigo demais: use da versão {oldest} à 18"


# postgres/ownership.py

OTHER_SCHEMAS_FIX: Final = (
    "Nada foi alterado. O que fazer: escolha um prefixo para os esquemas deste programa "
    "(OMIE_PIPELINE_SCHEMA_PREFIX=clinica1_) ou outro banco em WAREHOUSE_URL"
)
OTHER_OBJECTS_FIX: Final = (
    "Nada foi alterado. O que fazer: renomeie ou mova o objeto (ALTER … RENAME TO, SET SCHEMA)"
)


def schemas_of_several(named: str) -> str:
    return f"Os esquemas pertencem a instalações diferentes: {named}. {OTHER_SCHEMAS_FIX}"


def schemas_not_ours(names: str) -> str:
    return (
        "O banco já tem esquemas com os nomes dos nossos, que não foram criados por este "
        f"programa: {names}. {OTHER_SCHEMAS_FIX}"
    )


def name_of_owner(*, name: str, owner: str) -> str:
    return f"{name} (de {owner})"


def schemas_of_another(names: str) -> str:
    return (
        f"O banco já tem esquemas vazios que são de outro usuário: {names}. "
        f"{OTHER_SCHEMAS_FIX}; se são para este programa: ALTER SCHEMA … OWNER TO "
        "(usuário de WAREHOUSE_URL)"
    )


def schema_comment(*, purpose: str, installation: str) -> str:
    return (
        f"{purpose}. Criado e mantido por omie-pipeline, instalação {installation}: não crie nem "
        "altere nada aqui."
    )


def objects_not_ours(names: str) -> str:
    return (
        f"Há objetos que não são deste programa com o nome de modelos ou tabelas dele: {names}. "
        f"{OTHER_OBJECTS_FIX}"
    )


def and_more(rest: int) -> str:
    return f"; e mais {rest}"


# postgres/poolers.py

POOLER_FIX: Final = (
    "Aponte WAREHOUSE_URL para o próprio PostgreSQL (em serviços na nuvem, o endereço direto, não "
    "o do pooler) ou mude o pooler para o modo de sessão (no pgbouncer: pool_mode = session)"
)
POOLER_SHARES: Final = (
    "O endereço do armazém passa por um pooler que troca de sessão a cada {unit}: as travas que "
    "impedem dois envios ao mesmo tempo não valeriam. Nada foi feito. " + POOLER_FIX
)
POOLER_GIVES_TOO_FEW: Final = (
    "O pooler do armazém não deu uma segunda conexão em {seconds:.0f} segundos: este programa usa "
    "várias ao mesmo tempo (até {sessions} por processo). Aumente o limite dele (no pgbouncer: "
    "default_pool_size e max_db_connections) ou use o endereço direto do PostgreSQL"
)
TRANSACTION: Final = "transação"


# postgres/schemas.py

LEDGER_SCHEMA: Final = "Livro-razão, execuções, quarentena"
COPY_SCHEMA: Final = "Espelho do Omie"
INBOX_SCHEMA: Final = "Eventos dos webhooks do Omie"
OUTBOX_SCHEMA: Final = "Caixa de saída: o que o Omie sabe, para a clínica"
RAW_SCHEMA: Final = "Cópia das tabelas da clínica"
DAGSTER_SCHEMA: Final = "Execuções e eventos do Dagster"
STAGING_SCHEMA: Final = "Modelos dbt: as tabelas da clínica, lidas"
CLINIC_SCHEMA: Final = "Modelos dbt: as tabelas canônicas da clínica"
PAYLOAD_SCHEMA: Final = "Modelos dbt: o que vai para o Omie"
ANALYSIS_SCHEMA: Final = "Visões para análise: o único esquema aberto aos papéis de pessoas"


def own_schema(schema: str) -> str:
    return (
        f"CLINIC_URL=warehouse://{schema}: este esquema é do próprio programa, que leria a si "
        "mesmo. Aponte para o esquema onde o sistema da clínica grava; se é ele que tem este "
        "nome, escolha um prefixo para os nossos (OMIE_PIPELINE_SCHEMA_PREFIX)"
    )


# postgres/server.py


def other_version(*, folder: object, found: str, installed: str) -> str:
    return (
        f"A pasta {folder} é do PostgreSQL {found}, mas o programa instalado é o {installed}. "
        "Instale a versão anterior, exporte com pg_dump e importe na nova, ou escolha outra pasta "
        "em OMIE_PIPELINE_HOME."
    )


def program_ended(*, program: str, code: int, said: str) -> str:
    return f"{program} terminou com {code}: {said}"
