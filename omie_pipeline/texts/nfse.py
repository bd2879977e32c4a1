"""Notes of service: what Omie and the city hall say of them, and what a person does."""

from __future__ import annotations

from typing import Final

# nfse/answers.py

NOT_BILLED: Final = "O Omie diz que esta ordem de serviço não está faturada"
NO_LIST: Final = "O Omie respondeu sem a lista de notas ou sem o total de páginas"


def line_with_fix(*, line: str, fix: str) -> str:
    return f"{line} (correção: {fix})"


# nfse/archive.py


def archive_package_missing(protocol: str) -> str:
    return (
        f"OMIE_PIPELINE_NFSE_ARCHIVE: falta o pacote do fsspec para {protocol}:// (s3fs, gcsfs, "
        "adlfs)"
    )


def archive_not_written(cause: str) -> str:
    return f"OMIE_PIPELINE_NFSE_ARCHIVE: não foi possível gravar ({cause})"


def archive_not_read(reason: str) -> str:
    return f"não deu para ler o arquivo de notas: {reason}"


def archive_file_twice(path: str) -> str:
    return f"OMIE_PIPELINE_NFSE_ARCHIVE: {path} já existe duas vezes com outro conteúdo"


NOTE_LOGGED: Final = "NFS-e %s: %s"


# nfse/billing.py

ANY_REASON_FIX: Final = (
    "Corrija na clínica o que a prefeitura apontou e envie de novo: omie-pipeline push clientes "
    "servicos ordens_servico; a OS alterada é faturada mais uma vez. Se nada nela muda, decida "
    "você: omie-pipeline nfse issue"
)
RPS_KNOWN_FIX: Final = (
    "A prefeitura já conhece este RPS: veja no portal se a nota foi emitida antes de faturar de "
    "novo; se não foi, omie-pipeline nfse issue"
)
ADDRESS_FIX: Final = (
    "Corrija o endereço do paciente na clínica (logradouro, número, bairro, CEP, cidade e UF) e "
    "envie de novo o cliente e a ordem de serviço"
)
PERSON_FIX: Final = (
    "Confira o CPF/CNPJ e o nome do paciente na clínica e envie de novo o cliente e a ordem de "
    "serviço"
)
SERVICE_CODE_FIX: Final = (
    "Corrija o código do procedimento (LC 116, código municipal, tributação) na clínica e envie "
    "de novo o serviço e a ordem de serviço"
)
RATE_FIX: Final = (
    "Confira a alíquota e a retenção de ISS do serviço com a contabilidade, corrija e envie de "
    "novo o serviço e a ordem de serviço"
)
CERTIFICATE_FIX: Final = (
    "Confira no Omie o certificado digital, a senha da prefeitura e a inscrição municipal da "
    "empresa; depois fature de novo: omie-pipeline nfse issue"
)
PERIOD_FIX: Final = (
    "Confira a data do serviço e se a competência está aberta na prefeitura; corrija a data na "
    "clínica e envie de novo a ordem de serviço"
)


def order_unconfirmed(order: str) -> str:
    return f"Aguarda a confirmação de ordens_servico {order}"


def order_quarantined(order: str) -> str:
    return f"A OS {order} está em quarentena: não é faturada antes de corrigida"


def order_rejected(order: str) -> str:
    return f"O Omie recusou a última alteração da OS {order}: não é faturada antes de corrigida"


def order_differs(order: str) -> str:
    return f"A OS {order} mudou na clínica e ainda não mudou no Omie: não é faturada antes disso"


CITY_HALL_REFUSED: Final = "A prefeitura recusou a nota"


def order_not_ours(order: str) -> str:
    return f"A OS {order} não foi enviada por este fluxo: envie-a com push ordens_servico"


def order_cancelled(order: str) -> str:
    return (
        f"A nota da {order} foi cancelada, e uma OS cancelada não é faturada de novo: faça a nova "
        "OS direto no Omie, ou cadastre um novo recebimento na clínica"
    )


NOT_SHOWN_AS_BILLED: Final = "O Omie não mostra esta OS como faturada"


def issue_again_fix(order: str) -> str:
    return f"omie-pipeline nfse issue {order}"


# nfse/follow.py

UNKNOWN_TO_OMIE: Final = "O Omie não conhece mais esta ordem de serviço"
ROUND_OUT_OF_TIME: Final = "o tempo desta rodada acabou"


# nfse/ledger.py

ORDER_DELETED: Final = "OS excluída no Omie"


# nfse/one_note.py


def not_billed_here(*, cod_int_os: str, empresa: str) -> str:
    return (
        f"{cod_int_os} ({empresa}) não foi faturada por aqui: omie-pipeline nfse issue {cod_int_os}"
    )


# nfse/record_answer.py

CANCELLED_HERE: Final = "pedido por aqui"
CANCELLED_IN_OMIE: Final = "cancelada no Omie"


# nfse/state.py

STATE_NOT_ALLOWED: Final = "NFS-e %s (%s): %s não vira %s"


# nfse/taxes.py

REGIMES: Final = {
    "1": "Simples Nacional",
    "2": "Simples Nacional, excesso de sublimite",
    "3": "Regime normal (Lucro Presumido ou Lucro Real)",
    "4": "MEI",
}
SIMPLES: Final = "Simples Nacional"
REGIME_UNKNOWN: Final = "não informado no Omie"
