"""Every text of a fault that was seen, under every status and spelling, and the next step it asks
for; and bodies without a fault that are not what was asked for."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from omie_pipeline import errors
from omie_pipeline.catalog import REGISTRY
from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.catalog.services import load_service
from omie_pipeline.errors import (
    AlreadyExists,
    Blocked,
    Broken,
    OmieFault,
    OutcomeUnknown,
    RetryLater,
)
from omie_pipeline.omie.faults import NO_PROMISE, HttpAnswer, Promise, promise_of, read_answer
from tests.omie.test_faults import NOW

SEEN: list[dict[str, Any]] = json.loads(
    (Path(__file__).parent / "seen_texts.json").read_text(encoding="utf-8")
)["texts"]
CLIENTES, ORDENS = REGISTRY["clientes"], REGISTRY["ordens_servico"]
BY_KEY = promise_of(CLIENTES.service, CLIENTES.read)
A_LIST = promise_of(CLIENTES.service, CLIENTES.list)


def spelt(text: str) -> Iterator[str]:
    """The same text as other services and times write it."""
    yield text
    yield text.removeprefix("ERROR: ")
    yield text if text.startswith("ERROR: ") or not text else f"ERROR: {text}"
    yield "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    yield unicodedata.normalize("NFD", text)
    yield text.upper()
    yield text.replace("ã", "&atilde;").replace("é", "&eacute;").replace("[", "&#91;")


def answered(body: Any, status: int = 200, promise: Promise = NO_PROMISE, **how: Any) -> OmieFault:
    text = body if isinstance(body, str) else json.dumps(body)
    with pytest.raises(OmieFault) as caught:
        read_answer(HttpAnswer(status, text), promise=promise, now=NOW, **how)
    return caught.value


@pytest.mark.parametrize("seen", SEEN, ids=lambda seen: f"{seen['code']} {seen['text']}"[:60])
def test_a_text_means_the_same_under_every_status_and_spelling(seen: dict[str, Any]) -> None:
    for status in (500, 200, 403, 400, 404):
        for text in spelt(str(seen["text"])):
            for code in {seen["code"], str(seen["code"]).removeprefix("SOAP-ENV:")}:
                body = {"faultstring": text, "faultcode": code}
                for is_write, promise, name in (
                    (True, NO_PROMISE, seen["write"]),
                    (False, BY_KEY, seen["read"]),
                    (False, A_LIST, seen.get("list", seen["read"])),
                ):
                    expected = name if status != 403 or name == "Blocked" else "AuthFailed"
                    found = answered(body, status, promise, is_write=is_write)
                    assert type(found) is getattr(errors, expected), (status, text, code, name)
                    if status != 403 and "wait" in seen:
                        assert waited(found) == timedelta(seconds=seen["wait"])


def waited(found: OmieFault) -> timedelta:
    if isinstance(found, Blocked):
        until: datetime = found.until
        return until - NOW
    assert isinstance(found, RetryLater)
    return timedelta(seconds=found.wait_seconds)


@pytest.mark.parametrize("status", [200, 425, 429, 500, 503])
def test_a_block_is_one_under_every_status(status: int) -> None:
    body = {"faultstring": "Palavras novas", "faultcode": "MISUSE_API_PROCESS"}
    assert isinstance(answered(body, status, is_write=True), Blocked)


def test_the_code_of_a_record_keeps_its_letters() -> None:
    body = {"faultstring": "O código de integração [Ação-É1] já foi cadastrado anteriormente."}
    found = answered(body, 500, is_write=True)
    assert isinstance(found, AlreadyExists)
    assert (found.integration_code, found.by_document) == ("Ação-É1", False)


@pytest.mark.parametrize(
    ("body", "written", "read"),
    [
        ({"faultcode": "SOAP-ENV:Server"}, "OutcomeUnknown", "Broken"),
        ({"message": 'Method "ListarNFSe" not exists'}, "UnknownFault", "UnknownFault"),
        ({"message": "Palavras novas"}, "UnknownFault", "UnknownFault"),
        ({"status": "error", "message": "Palavras novas"}, "UnknownFault", "UnknownFault"),
        ({"error_code": 500, "error_message": "Oops"}, "OutcomeUnknown", "Broken"),
        ({"error_code": 429, "error_message": "Too Many Requests"}, "TurnedAway", "TurnedAway"),
    ],
)
@pytest.mark.parametrize("status", [200, 404, 500])
def test_half_a_fault_is_no_good_answer(
    body: Mapping[str, Any], written: str, read: str, status: int
) -> None:
    assert type(answered(body, status, is_write=True)) is getattr(errors, written)
    assert type(answered(body, status, is_write=False)) is getattr(errors, read)


def test_no_answer_we_read_has_a_field_called_message() -> None:
    services = {e.service.path: e.service for e in REGISTRY.values()}
    services |= {mirror.service.path: mirror.service for mirror in MIRROR.values()}
    assert services
    for service in services.values():
        for method in service.methods.values():
            assert method.response.field("message") is None


WITHOUT: tuple[Any, ...] = (
    "", "{}", "[]", "null", '"ok"', "true", "0", "<html><body>Manutenção</body></html>",
    '{"ok":true}', '{"codigo_status":null}', '{"data":{}}',
)  # fmt: skip


@pytest.mark.parametrize("body", WITHOUT)
@pytest.mark.parametrize("name", sorted(REGISTRY))
def test_a_body_without_what_was_asked_for_is_never_good(name: str, body: str) -> None:
    endpoint = REGISTRY[name]
    writes = {endpoint.upsert, endpoint.insert, endpoint.update, endpoint.delete, endpoint.link}
    for method in writes - {""}:
        promise = promise_of(endpoint.service, method)
        assert type(answered(body, promise=promise, is_write=True)) is OutcomeUnknown, method
    for method in {endpoint.read, endpoint.list} - {""}:
        promise = promise_of(endpoint.service, method)
        assert type(answered(body, promise=promise, is_write=False)) is Broken, method
    if endpoint.proof is not None:
        promise = promise_of(endpoint.proof.service, endpoint.proof.method)
        assert type(answered(body, promise=promise, is_write=False)) is Broken


@pytest.mark.parametrize("name", sorted(MIRROR))
@pytest.mark.parametrize("body", WITHOUT)
def test_no_list_is_empty_by_accident(name: str, body: str) -> None:
    mirror = MIRROR[name]
    promise = promise_of(mirror.service, mirror.call.method)
    assert type(answered(body, promise=promise, is_write=False)) is Broken


def test_a_list_whose_rows_are_missing_is_not_an_empty_one() -> None:
    counts = {"pagina": 1, "total_de_paginas": 1, "registros": 0}
    full, empty = {**counts, "total_de_registros": 3}, {**counts, "total_de_registros": 0}
    assert isinstance(answered(full, promise=A_LIST, is_write=False), RetryLater)
    for body in (empty, {**full, A_LIST.array: []}):
        read = read_answer(
            HttpAnswer(200, json.dumps(body)), promise=A_LIST, is_write=False, now=NOW
        )
        assert read == body


@pytest.mark.parametrize(
    ("service", "method", "param", "body"),
    [
        ("geral_clientes", "UpsertCliente", {"codigo_cliente_integracao": "A"},
         {"codigo_cliente_omie": 1, "codigo_cliente_integracao": "B", "codigo_status": "0"}),
        ("geral_clientes", "ExcluirCliente", {"codigo_cliente_omie": 2},
         {"codigo_cliente_omie": 1, "codigo_cliente_integracao": "A", "codigo_status": "0"}),
        ("servicos_os", "IncluirOS", {"Cabecalho": {"cCodIntOS": "A"}},
         {"cCodIntOS": "B", "nCodOS": 1, "cCodStatus": "0"}),
        ("servicos_osp", "FaturarOS", {"nCodOS": 7}, {"nCodOS": 8, "cCodStatus": "0"}),
        ("servicos_os", "StatusOS", {"nCodOS": 7}, {"nCodOS": 8, "cFaturada": "N"}),
        ("financas_contareceber", "LancarRecebimento", {"codigo_baixa_integracao": "P1"},
         {"codigo_baixa": 5, "codigo_baixa_integracao": "P2", "codigo_status": "0"}),
        ("servicos_contrato", "ConsultarContrato", {"contratoChave": {"nCodCtr": 7}},
         {"contratoCadastro": {"cabecalho": {"nCodCtr": 8}}}),
    ],
)  # fmt: skip
def test_an_answer_about_another_record_is_not_good(
    service: str, method: str, param: Mapping[str, Any], body: Mapping[str, Any]
) -> None:
    promise = promise_of(load_service(service), method)
    written = answered(body, promise=promise, param=param, is_write=True)
    assert type(written) is OutcomeUnknown
    assert "outro registro" in str(written)
    answer = HttpAnswer(200, json.dumps(body))
    assert read_answer(answer, promise=promise, is_write=True, now=NOW) == body
