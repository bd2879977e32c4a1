"""Errors as messages: what happened, what to do next, and never a secret."""

from __future__ import annotations

import errno
import re
import traceback

from omie_pipeline.cli.output import say
from omie_pipeline.errors import Blocked, GuardrailStopped, OmieFault, OmiePipelineError

FAILED = 1
WRONG_USAGE = 2
UNFINISHED = 3
INTERRUPTED = 130

_LATER = "Repita em alguns minutos; o que ficou pendente sai primeiro"
_NEXT_STEPS = {
    "AuthFailed": "Confira a chave com: omie-pipeline check",
    "GuardrailStopped": (
        "Confira os números acima; se estiverem certos, repita uma vez com --approve"
    ),
    "ModelError": "Refaça os modelos com: omie-pipeline build; se voltar, corrija o modelo dbt",
    "ModelMisfit": (
        "Corrija as colunas no modelo dbt (omie-pipeline models mostra de onde ele vem); depois "
        "rode omie-pipeline build e repita"
    ),
    "WarehouseError": (
        "Confira WAREHOUSE_URL e se o banco está no ar (omie-pipeline db status); "
        "nada saiu sem registro, basta repetir depois"
    ),
    "TakenOver": (
        "Nada se perdeu: espere a outra execução terminar (omie-pipeline status) e repita; o que "
        "já está no Omie não sai de novo"
    ),
    "ClinicSourceError": "Confira a tabela na clínica; depois repita",
    "SourceUnreachable": "Confira CLINIC_URL e o acesso ao banco da clínica; depois repita",
    "Blocked": "Aguarde o prazo; depois: omie-pipeline retry",
    "BudgetSpent": "Corrija as linhas recusadas (omie-pipeline rejected) e aguarde o prazo",
    "Paused": "Aguarde o prazo; depois: omie-pipeline retry",
    "Unreachable": "Depois repita: o que ficou pendente sai primeiro",
    "RetryLater": _LATER,
    "Redundant": _LATER,
    "TurnedAway": _LATER,
    "OutcomeUnknown": "Repita em alguns minutos: o resultado é conferido antes de novo envio",
}
_SMALLER_RANGE = "Se voltar, leia um período menor de cada vez, com --from e --to"
_READING_STEPS = {
    "AuthFailed": _NEXT_STEPS["AuthFailed"],
    "WarehouseError": _NEXT_STEPS["WarehouseError"],
    "TakenOver": "Espere a outra leitura terminar e repita: o que foi lido fica",
    "Blocked": "Aguarde o prazo; depois repita o comando: continua de onde parou",
    "BudgetSpent": "Aguarde o prazo; depois repita o comando: continua de onde parou",
    "Paused": "Aguarde o prazo; depois repita o comando: continua de onde parou",
    "Unreachable": "Depois repita o comando: continua de onde parou",
    "RetryLater": f"Repita em alguns minutos. {_SMALLER_RANGE}",
    "Redundant": "Repita em um minuto",
    "TurnedAway": "Repita em alguns minutos",
    "Busy": "Repita em alguns minutos",
    "Overloaded": f"Repita em alguns minutos. {_SMALLER_RANGE}",
    "OutcomeUnknown": f"Repita em alguns minutos. {_SMALLER_RANGE}",
}
_INTERRUPTED_READING = "Repita: o que foi lido fica, o resto é lido agora"
_INTERRUPTED_RUN = "Repita o envio: o que ficou no meio é conferido no Omie antes de sair de novo"
_SECRET_VARIABLE = re.compile(r"KEY|SECRET|PASSWORD|TOKEN|SENHA|PASSWD|NOTIFY")
_URL_PASSWORD = re.compile(r"(://[^\s:/@]*:)[^\s@]+@")
_SHORTEST_SECRET = 6


def next_step(error_class: str, error: str = "") -> str:
    """What a person does after a run ended in ``error_class``; ``""`` if nothing is known."""
    if not error_class and error:
        return _INTERRUPTED_RUN
    return _NEXT_STEPS.get(error_class, "")


def reading_step(error_class: str, error: str = "") -> str:
    """What a person does after a reading of Omie ended in ``error_class``."""
    if not error_class and error:
        return _INTERRUPTED_READING
    return _READING_STEPS.get(error_class, "")


def print_error(
    error: OmiePipelineError, *, about: str = "", debug: bool = False, reading: bool = False
) -> None:
    """The message of ``error`` and what to do, on stderr.

    Args:
        error: the error.
        about: what was being done, ``clientes (principal)`` say.
        debug: show the traceback first, without secrets.
        reading: it was a question to Omie, nothing was sent.
    """
    if debug:
        say(without_secrets("".join(traceback.format_exception(error))))
    prefix = f"{about}: " if about else ""
    say(without_secrets(f"Erro: {prefix}{_told(error)}"))
    if isinstance(error, GuardrailStopped) and error.commonest:
        from omie_pipeline.omie.masking import mask_text

        say("Motivos mais comuns da quarentena (a lista: omie-pipeline quarantine):")
        for reason in error.commonest:
            say(without_secrets(f"  {mask_text(reason)}"))
    step = error_fix(error, reading=reading)
    if step:
        say(f"O que fazer: {step}")


def tell_os_error(error: OSError, *, debug: bool = False) -> None:
    """What the machine refused: the file or folder, why, and what to do; on stderr."""
    if debug:
        say(without_secrets("".join(traceback.format_exception(error))))
    place = f"{error.filename}: " if error.filename else ""
    cause, step = _REFUSED_BY_THE_MACHINE.get(
        error.errno or 0, (error.strerror or type(error).__name__, _ELSEWHERE)
    )
    say(without_secrets(f"Erro: {place}{cause}"))
    say(f"O que fazer: {step}")


_ELSEWHERE = (
    "Confira a pasta e as permissões dela, ou aponte OMIE_PIPELINE_HOME para outra pasta; --debug "
    "mostra onde foi"
)
_REFUSED_BY_THE_MACHINE = {
    errno.ENOSPC: ("o disco está cheio", "Libere espaço e repita: o que foi confirmado fica"),
    errno.EDQUOT: ("a cota de disco acabou", "Libere espaço e repita: o que foi confirmado fica"),
    errno.EACCES: ("sem permissão", _ELSEWHERE),
    errno.EPERM: ("sem permissão", _ELSEWHERE),
    errno.EROFS: ("a pasta é só de leitura", _ELSEWHERE),
    errno.ENOTDIR: ("há um arquivo no lugar de uma pasta", _ELSEWHERE),
    errno.EEXIST: ("há um arquivo no lugar de uma pasta", _ELSEWHERE),
    errno.EISDIR: ("é uma pasta, não um arquivo", "Confira o caminho digitado"),
    errno.ENOENT: ("não existe e não pôde ser criado", _ELSEWHERE),
    errno.ENAMETOOLONG: ("o caminho é longo demais", _ELSEWHERE),
    errno.EMFILE: ("arquivos abertos demais", "Feche outros programas, ou aumente ulimit -n"),
}


def tell_interrupted() -> None:
    """Say that Ctrl-C ended it, and that nothing is lost."""
    say(
        "Interrompido. O que o Omie confirmou está registrado e o que foi lido fica; o resto é "
        "conferido e enviado, ou lido, na próxima execução."
    )


def without_secrets(text: str) -> str:
    """``text`` without the value of any secret variable and without passwords in URLs."""
    from omie_pipeline.config.settings import environment

    for name, value in environment().items():
        if _SECRET_VARIABLE.search(name) and len(value) >= _SHORTEST_SECRET:
            text = text.replace(value, "***").replace(value.strip(), "***")
    return _URL_PASSWORD.sub(r"\1***@", text)


def _told(error: OmiePipelineError) -> str:
    if isinstance(error, GuardrailStopped):
        return "envio barrado antes da primeira chamada: " + "; ".join(error.reasons)
    if isinstance(error, Blocked):
        from omie_pipeline.cli.output import moment

        return f"{error} (até {moment(error.until)})"
    return str(error)


def error_fix(error: OmiePipelineError, *, reading: bool = False) -> str:
    """What a person does about ``error``; ``""`` if nothing is known."""
    step = (reading_step if reading else next_step)(type(error).__name__)
    if isinstance(error, OmieFault) and error.detail.fix:
        return f"{error.detail.fix} {step}".strip()
    return step
