"""Every body Omie is known to answer, and what each one means for the next step."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from omie_pipeline.errors import (
    AlreadyExists,
    AuthFailed,
    Blocked,
    Busy,
    Empty,
    OmieFault,
    OutcomeUnknown,
    Overloaded,
    RecordNotFound,
    RecordRejected,
    Redundant,
    RetryLater,
    TurnedAway,
    UnknownFault,
)
from omie_pipeline.omie.faults import HttpAnswer, classify, read_answer

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
RECORDED = json.loads((Path(__file__).parent / "recorded_faults.json").read_text(encoding="utf-8"))[
    "faults"
]

# Beginning of the recorded text -> what a write and a read of it mean (omie-api.md#faults).
MEANING: dict[str, tuple[type[OmieFault], type[OmieFault]]] = {
    "ERROR: Não existem registros para a página [1]!": (RecordNotFound, Empty),
    "ERROR: Esta requisição já foi processada": (Redundant, Redundant),
    "ERROR: Consumo redundante detectado.": (Redundant, Redundant),
    "ERROR: Já existe uma requisição desse método": (Busy, Busy),
    "ERROR: API bloqueada por consumo indevido.": (Blocked, Blocked),
    '{"error_code":429': (TurnedAway, TurnedAway),
    "A chave de acesso está inválida": (AuthFailed, AuthFailed),
    "SOAP-ERROR: Broken response": (OutcomeUnknown, Overloaded),
    "ERROR: Nenhuma conta corrente foi encontrada!": (RecordNotFound, Empty),
    "ERROR: Lançamento não cadastrado": (RecordNotFound, RecordNotFound),
    "ERROR: Cliente não cadastrado": (RecordNotFound, RecordNotFound),
    "ERROR: Pedido não cadastrado": (RecordNotFound, RecordNotFound),
    "ERROR: OS não cadastrada": (RecordNotFound, RecordNotFound),
    "ERROR: Serviço não cadastrado": (RecordNotFound, RecordNotFound),
    "ERROR: Cliente já cadastrado": (AlreadyExists, AlreadyExists),
    "Lançamento já cadastrado": (AlreadyExists, AlreadyExists),
}


def answer_of(recorded: dict[str, object]) -> HttpAnswer:
    text = str(recorded["faultstring"])
    if recorded["http_status"] == 429:
        return HttpAnswer(429, text)
    body = {"faultstring": text, "faultcode": recorded["faultcode"]}
    return HttpAnswer(int(str(recorded["http_status"])), json.dumps(body))


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda r: str(r["faultstring"])[:40])
@pytest.mark.parametrize("is_write", [True, False])
def test_recorded_bodies(recorded: dict[str, object], is_write: bool) -> None:
    text = str(recorded["faultstring"])
    of_write, of_read = next(
        (kinds for start, kinds in MEANING.items() if text.startswith(start)),
        (RecordRejected, RecordRejected),
    )
    with pytest.raises(OmieFault) as caught:
        read_answer(answer_of(recorded), is_write=is_write, now=NOW)
    assert type(caught.value) is (of_write if is_write else of_read)


def test_every_meaning_was_recorded() -> None:
    texts = [str(recorded["faultstring"]) for recorded in RECORDED]
    assert [start for start in MEANING if not any(t.startswith(start) for t in texts)] == []


def fault(text: str, code: str = "", status: int = 500, *, is_write: bool = True) -> OmieFault:
    return classify(text, code, status, is_write=is_write, now=NOW)


def raised(status: int, text: str, *, is_write: bool = True, **headers: float) -> OmieFault:
    with pytest.raises(OmieFault) as caught:
        read_answer(HttpAnswer(status, text, **headers), is_write=is_write, now=NOW)
    return caught.value


@pytest.mark.parametrize("seconds", [5, 16, 60])
def test_redundant_waits_one_second_longer_than_told(seconds: int) -> None:
    text = f"ERROR: Consumo redundante detectado. Aguarde {seconds} segundos para tentar novamente"
    found = fault(text, "Client-6")
    assert isinstance(found, Redundant)
    assert found.wait_seconds == seconds + 1


def test_a_block_ends_when_omie_says() -> None:
    text = "API bloqueada por consumo indevido. Tente novamente em 1797 segundos."
    found = fault(text, "MISUSE_API_PROCESS", 425)
    assert isinstance(found, Blocked)
    assert found.until == NOW + timedelta(seconds=1798)


@pytest.mark.parametrize("text", ["ERROR: algo novo", "ERROR: categoria", "Aguarde"])
def test_status_425_is_a_block_whatever_it_says(text: str) -> None:
    found = fault(text, "Client-102", 425)
    assert isinstance(found, Blocked)
    assert found.until == NOW + timedelta(seconds=1801)


@pytest.mark.parametrize("body", ["", "<html>Too Early</html>", '{"x": 1}'])
def test_status_425_without_a_fault_is_a_block(body: str) -> None:
    assert isinstance(raised(425, body), Blocked)


@pytest.mark.parametrize("body", ["", "<html>Forbidden</html>", '{"faultstring":"ERROR: não"}'])
def test_status_403_is_the_key(body: str) -> None:
    assert isinstance(raised(403, body), AuthFailed)


def test_429_says_how_long_or_a_minute() -> None:
    body = '{"error_code":429,"error_message":"Too Many Requests","error_hash":"x"}'
    assert raised(429, body).wait_seconds == 60  # type: ignore[attr-defined]
    assert raised(429, body, retry_after_seconds=7.0).wait_seconds == 7  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "omie_id", "code"),
    [
        ("Cliente já cadastrado para o CPF/CNPJ [1] com o Id [5522173861] e código de integração "
         "[65007887191] ! (add)", 5522173861, "65007887191"),
        ("Cliente já cadastrado para o CPF/CNPJ [1] com o Id [5522173861] e código de integração "
         "[] ! (add)", 5522173861, ""),
        ("Cliente já cadastrado para o CPF/CNPJ [1] com o Id [5] !", 5, ""),
        ("Cliente já cadastrado para o CPF/CNPJ [1], código de integração [AB]", None, "AB"),
        ("Cliente já cadastrado para o CPF/CNPJ!", None, ""),
    ],
)  # fmt: skip
def test_the_owner_of_a_document(text: str, omie_id: int | None, code: str) -> None:
    found = fault(f"ERROR: {text}", "Client-102")
    assert isinstance(found, AlreadyExists)
    assert (found.by_document, found.omie_id, found.integration_code) == (True, omie_id, code)


def test_the_owner_of_a_code() -> None:
    text = "ERROR: Cliente já cadastrado para o Código de Integração [AB] com o nCod [2274524288] !"
    found = fault(text, "Client-102")
    assert isinstance(found, AlreadyExists)
    assert (found.by_document, found.omie_id, found.integration_code) == (False, 2274524288, "AB")


@pytest.mark.parametrize("noun", ["Categoria", "Conta Corrente"])
def test_a_missing_reference_is_not_a_missing_record(noun: str) -> None:
    found = fault(f"ERROR: {noun} não cadastrada para o Código [9.9] !", "Client-102")
    assert type(found) is RecordRejected
    assert "Omie" in found.detail.fix


def test_the_text_is_read_after_json_and_html() -> None:
    body = (
        r'{"faultstring":"ERROR: J\u00e1 existe uma requisi&ccedil;&atilde;o desse m&eacute;todo'
        r' sendo executada &quot;agora&quot;","faultcode":"SOAP-ENV:Client-1880"}'
    )
    found = raised(500, body)
    assert isinstance(found, TurnedAway)
    assert found.detail.text.endswith('executada "agora"')
    assert found.detail.code == "Client-1880"


def test_a_fault_in_a_200() -> None:
    body = '{"faultstring":"PROTO_BYEBYE","faultcode":"SOAP-ENV:Server"}'
    assert isinstance(raised(200, body), OutcomeUnknown)


@pytest.mark.parametrize("tag", ["codigo_status", "cCodStatus"])
def test_a_status_above_zero_in_a_200(tag: str) -> None:
    words = "descricao_status" if tag == "codigo_status" else "cDesStatus"
    found = raised(200, json.dumps({tag: "719", words: "Boleto já enviado ao banco"}))
    assert type(found) is RecordRejected
    assert (found.detail.code, found.detail.text) == ("719", "Boleto já enviado ao banco")
    missing = raised(200, json.dumps({tag: "103", words: "Título não encontrado"}))
    assert type(missing) is RecordNotFound
    redundant = {tag: "6", words: "ERROR: Consumo redundante detectado. Aguarde 9 segundos"}
    assert isinstance(raised(200, json.dumps(redundant)), Redundant)


@pytest.mark.parametrize("status", ["0", "00", 0, "", None])
def test_status_zero_is_good(status: object) -> None:
    body = {"codigo_status": status, "descricao_status": "ok"}
    assert read_answer(HttpAnswer(200, json.dumps(body)), is_write=True, now=NOW) == body


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, ""),
        (200, '{"codigo_status":"0","descri'),
        (200, "[]"),
        (200, "null"),
        (500, "<html><h1>500</h1></html>"),
        (502, "<html><h1>Bad Gateway</h1></html>"),
        (503, ""),
        (504, "upstream timed out"),
        (500, "{}"),
    ],
)
def test_a_broken_road_leaves_a_write_unknown_and_a_read_to_be_repeated(
    status: int, body: str
) -> None:
    assert isinstance(raised(status, body), OutcomeUnknown)
    assert isinstance(raised(status, body, is_write=False), RetryLater)


@pytest.mark.parametrize(
    "text", ["PROTO_BYEBYE", "SOAP-ERROR: Internal Error [PBB]", "ERROR: Request timeout"]
)
def test_infrastructure_in_a_faults_clothes(text: str) -> None:
    assert isinstance(fault(text, "Client-9"), OutcomeUnknown)
    assert isinstance(fault("algo", "Server"), OutcomeUnknown)


def test_codes_decide_only_where_no_text_does() -> None:
    assert type(fault("sem prefixo", "Client-1070")) is RecordRejected
    assert type(fault("sem prefixo", "Novo")) is UnknownFault


def test_the_third_shape_of_errors() -> None:
    found = raised(
        500,
        '{"status":"error","message":"ERROR: Tag [X] não faz parte da estrutura '
        'do tipo complexo [y]!"}',
    )
    assert type(found) is RecordRejected


def test_every_refusal_tells_what_to_do() -> None:
    for recorded in RECORDED:
        with pytest.raises(OmieFault) as caught:
            read_answer(answer_of(recorded), is_write=True, now=NOW)
        if isinstance(caught.value, RecordRejected) and "página" not in str(caught.value):
            assert caught.value.detail.fix
