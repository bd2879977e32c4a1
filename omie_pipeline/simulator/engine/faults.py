"""Omie's refusals, word for word if a capture exists.

Texts come from omie-api.md#faults and the recorded faults. The second half of this module holds
texts that no public source records; they are ours, worded after their neighbours, and no client
should depend on their exact form.
"""

from __future__ import annotations

from dataclasses import dataclass

from omie_pipeline.errors import OmiePipelineError


class SimulatedFaultError(OmiePipelineError):
    """An answer ``{"faultstring", "faultcode"}``; ``code`` without its ``SOAP-ENV:`` prefix."""

    def __init__(self, text: str, code: str, status: int = 500) -> None:
        super().__init__(text)
        self.text = text
        self.code = code
        self.status = status

    @property
    def faultcode(self) -> str:
        """The code as it stands in the body."""
        return self.code if self.code == BLOCKED_CODE else f"SOAP-ENV:{self.code}"


class TooManyRequestsError(OmiePipelineError):
    """HTTP 429, whose body is no fault: ``{"error_code":429,...}``."""


BLOCKED_CODE = "MISUSE_API_PROCESS"


@dataclass(frozen=True, slots=True)
class Noun:
    """What Omie calls a record in its texts."""

    name: str
    feminine: bool = False

    @property
    def registered(self) -> str:
        return "cadastrada" if self.feminine else "cadastrado"

    def done(self, verb: str) -> str:
        """``"Cliente alterado com sucesso!"`` for the verb stem ``"alterad"``."""
        return f"{self.name} {verb}{'a' if self.feminine else 'o'} com sucesso!"


# -- recorded -------------------------------------------------------------------------------------


def wrong_secret(status: int = 403) -> SimulatedFaultError:
    return SimulatedFaultError(
        "A chave de acesso está inválida ou o aplicativo está suspenso.", "Server", status
    )


def unknown_app(app_key: str, status: int = 403) -> SimulatedFaultError:
    if not app_key:
        text = "A chave de acesso não está preenchida ou não é válida."
        return SimulatedFaultError(text, "Server", status)
    return SimulatedFaultError(
        f"ERROR: Chave de acesso não cadastrada para o aplicativo [{app_key}]!", "Server", status
    )


def bad_json() -> SimulatedFaultError:
    return SimulatedFaultError("ERROR: JSON request with SyntaxError", "Client")


def unknown_method(name: str) -> SimulatedFaultError:
    return SimulatedFaultError(f"ERROR: Method {name} not exists", "Client")


def no_param() -> SimulatedFaultError:
    return SimulatedFaultError("ERROR: Nenhum parâmetro foi recebido em WS_PARAMS!", "Client-71")


def unknown_tag(tag: str, type_name: str) -> SimulatedFaultError:
    return SimulatedFaultError(
        f"ERROR: Tag [{tag.upper()}] não faz parte da estrutura do tipo complexo [{type_name}]!",
        "Client-5001",
    )


def missing_tag(tag: str, why: str = "") -> SimulatedFaultError:
    return SimulatedFaultError(
        f"ERROR: O preenchimento da tag [{tag}] é obrigatório{why}!", "Client-101"
    )


def missing_either(*tags: str) -> SimulatedFaultError:
    if tags[0] == "nCodCC":
        return SimulatedFaultError(
            "ERROR: O preenchimento das tags [nCodCC] ou [cCodIntCC] é obrigatório!", "Client-1002"
        )
    names = " ou ".join(f"[{tag}]" for tag in tags)
    return SimulatedFaultError(
        f"ERROR: O preenchimento da tag {names} é obrigatório!", "Client-1000"
    )


def too_long(tag: str, limit: int) -> SimulatedFaultError:
    return SimulatedFaultError(
        f"ERROR: O número máximo de caracteres permitido para o elemento [{tag}] é de {limit}",
        "Client-5003",
    )


def not_found_by_id(noun: Noun, omie_id: object) -> SimulatedFaultError:
    return SimulatedFaultError(
        f"ERROR: {noun.name} não {noun.registered} para o Código [{omie_id}] !", "Client-105"
    )


def not_found_by_code(noun: Noun, code: str) -> SimulatedFaultError:
    return SimulatedFaultError(
        f"ERROR: {noun.name} não {noun.registered} para o Código de Integração [{code}] !",
        "Client-103",
    )


def no_account(by_code: bool) -> SimulatedFaultError:
    return SimulatedFaultError(
        "ERROR: Nenhuma conta corrente foi encontrada!", "Client-832" if by_code else "Client-101"
    )


def duplicate_code(noun: Noun, code: str, omie_id: object) -> SimulatedFaultError:
    return SimulatedFaultError(
        f"ERROR: {noun.name} já {noun.registered} para o Código de Integração [{code}] "
        f"com o nCod [{omie_id}] !",
        "Client-102",
    )


def duplicate_document(document: str, omie_id: object, code: str) -> SimulatedFaultError:
    return SimulatedFaultError(
        f"ERROR: Cliente já cadastrado para o CPF/CNPJ [{document}] com o Id [{omie_id}] "
        f"e código de integração [{code}] ! (add)",
        "Client-102",
    )


def invalid_document() -> SimulatedFaultError:
    return SimulatedFaultError("ERROR: O CNPJ ou CPF informado está inválido.", "Client-206")


def empty_page(page: int) -> SimulatedFaultError:
    return SimulatedFaultError(
        f"ERROR: Não existem registros para a página [{page}]!", "Client-5113"
    )


def redundant(seconds: int) -> SimulatedFaultError:
    return SimulatedFaultError(
        f"ERROR: Consumo redundante detectado. Aguarde {seconds} segundos para tentar novamente "
        "(REDUNDANT).",
        "Client-6",
    )


def already_processed(clock_time: str) -> SimulatedFaultError:
    return SimulatedFaultError(
        "ERROR: Esta requisição já foi processada ou está sendo processada e você pode tentar "
        f"novamente às {clock_time}. (1)",
        "Client-8020",
    )


def busy() -> SimulatedFaultError:
    return SimulatedFaultError(
        "ERROR: Já existe uma requisição desse método sendo executada e você pode tentar novamente "
        "em alguns instantes. (1)",
        "Client-1880",
    )


def blocked(seconds: int) -> SimulatedFaultError:
    return SimulatedFaultError(
        f"ERROR: API bloqueada por consumo indevido. Tente novamente em {seconds} segundos.",
        BLOCKED_CODE,
        425,
    )


def broken_bg() -> SimulatedFaultError:
    return SimulatedFaultError("SOAP-ERROR: Broken response from Application Server (BG)", "Server")


def proto_byebye() -> SimulatedFaultError:
    return SimulatedFaultError("PROTO_BYEBYE", "Server")


# -- worded by us: no capture is public -----------------------------------------------------------


def too_many_records(limit: int) -> SimulatedFaultError:
    return SimulatedFaultError(
        f"ERROR: O lote pode ter no máximo {limit} registros!", "Client-5003"
    )


def wrong_type(tag: str, kind: str) -> SimulatedFaultError:
    return SimulatedFaultError(
        f"ERROR: O valor informado na tag [{tag}] não é do tipo [{kind}]!", "Client-5002"
    )


def wrong_value(tag: str, allowed: str) -> SimulatedFaultError:
    return SimulatedFaultError(
        f"ERROR: O valor informado na tag [{tag}] é inválido! Valores aceitos: {allowed}.",
        "Client-5002",
    )


def no_number(tag: str) -> SimulatedFaultError:
    """The code is recorded (omie-api.md#refused-fields), its text is not."""
    return SimulatedFaultError(f"ERROR: O valor da tag [{tag}] não é um número!", "Client-3102")


def wrong_date(tag: str) -> SimulatedFaultError:
    return SimulatedFaultError(
        f"ERROR: A data informada na tag [{tag}] é inválida ou está fora da faixa aceita!",
        "Client-104",
    )


def reference_missing(noun: Noun, code: object) -> SimulatedFaultError:
    """Invalid category or account on a título: code 102 is known, the text is not (reported)."""
    return SimulatedFaultError(
        f"ERROR: {noun.name} não {noun.registered} para o Código [{code}] !", "Client-102"
    )


def reference_inactive(noun: Noun, code: object) -> SimulatedFaultError:
    state = "inativa" if noun.feminine else "inativo"
    return SimulatedFaultError(f"ERROR: {noun.name} [{code}] está {state} !", "Client-102")


def categories_do_not_add_up() -> SimulatedFaultError:
    return SimulatedFaultError(
        "ERROR: A soma dos percentuais da tag [categorias] deve ser igual a 100!", "Client-102"
    )


def settled(action: str) -> SimulatedFaultError:
    return SimulatedFaultError(
        f"ERROR: Não é possível {action} um lançamento que já possui baixa! Cancele a baixa antes.",
        "Client-102",
    )


def cancelled(action: str) -> SimulatedFaultError:
    return SimulatedFaultError(
        f"ERROR: Não é possível {action} um lançamento cancelado!", "Client-102"
    )


def above_balance(balance: object) -> SimulatedFaultError:
    return SimulatedFaultError(
        f"ERROR: O valor da baixa é superior ao saldo em aberto do lançamento [{balance}]!",
        "Client-102",
    )


def settlement_missing(code: object) -> SimulatedFaultError:
    return not_found_by_id(Noun("Baixa", feminine=True), code)


def duplicate_settlement(code: str) -> SimulatedFaultError:
    return SimulatedFaultError(
        f"ERROR: Baixa já cadastrada para o Código de Integração [{code}] !", "Client-102"
    )


def no_service(code: str) -> SimulatedFaultError:
    """Recorded (omie-api.md#missing-records)."""
    return SimulatedFaultError(
        f"ERROR: Serviço não cadastrado para o Código de integração do Serviço [{code}] ! "
        "Tag [cCodIntServ]!",
        "Client-5002",
    )


def not_now(action: str, what: str) -> SimulatedFaultError:
    return SimulatedFaultError(f"ERROR: Não é possível {action} {what}!", "Client-102")


def already(what: str) -> SimulatedFaultError:
    """``what`` is a whole sentence without its end: "OS já faturada"."""
    return SimulatedFaultError(f"ERROR: {what}!", "Client-102")
