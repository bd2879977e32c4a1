"""No document, name, contact or key in anything that is kept, raised, printed or logged."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from random import Random
from typing import Any
from unicodedata import category

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from omie_pipeline.catalog import REGISTRY, WRITABLE, ComplexType, Endpoint, Field, Service
from omie_pipeline.catalog.services import load_service
from omie_pipeline.clock import ManualClock
from omie_pipeline.errors import OmieFault
from omie_pipeline.omie import Credentials, LocalRateLimiter, OmieClient
from omie_pipeline.omie.faults import HttpAnswer, read_answer
from omie_pipeline.omie.masking import mask, mask_text, personal_texts
from tests.omie.harmless_fields import HARMLESS

NOW = datetime(2026, 1, 5, tzinfo=UTC)
LONG, WORDS = 99, "Maria Souza"
# Written down by hand, so that a name lost from the masking's pattern is noticed.
PERSONAL = {
    "razao_social", "nome_fantasia", "cnpj_cpf", "contato", "endereco", "endereco_numero", "bairro",
    "complemento", "logradouro", "cep", "telefone1_numero", "telefone2_numero", "fax_numero",
    "email", "homepage", "inscricao_estadual", "inscricao_municipal", "inscricao_suframa",
    "observacao", "obs_detalhadas", "nif", "documento_exterior", "entRazaoSocial", "entCnpjCpf",
    "entEndereco", "entNumero", "entComplemento", "entBairro", "entCEP", "entTelefone", "entIE",
    "agencia", "conta_corrente", "doc_titular", "nome_titular", "cChavePix", "email_fatura",
    "conteudo", "pix_qrcode", "cpf_cnpj_transferencia", "nome_transferencia",
    "agencia_transferencia", "conta_corrente_transferencia", "codigo_cmc7_cheque", "cEnviarPara",
    "cUtilizarEmails", "cObsOS", "cObsContrato", "cDadosAdicNF", "cDadosAdicItem", "cDescServ",
    "descrCompleta", "cDescrCompleta", "cDescReemb", "cDescMateriais", "cEndEvento", "cContato",
    "cNumEndEvento", "cComplEvento", "cBairroEvento", "cCepEvento", "cEndExtEvento",
}  # fmt: skip
WORD = st.text(
    st.characters(categories=["Lu", "Ll", "Nd"], max_codepoint=255), min_size=6, max_size=20
)
LETTERS = [char for char in map(chr, range(256)) if category(char) in ("Lu", "Ll", "Nd")]
GENERATED = settings(derandomize=True, max_examples=60, deadline=None)


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    else:
        yield str(value)


def fields(service: Service, kind: ComplexType, above: tuple[str, ...] = ()) -> Iterator[Field]:
    """Every text field of a type, nested ones too."""
    for field in kind.fields:
        if field.kind in ("string", "text"):
            yield field
        elif field.type_name and field.type_name not in above:
            yield from fields(service, service.type_of(field), (*above, field.type_name))


def is_flag(field: Field) -> bool:
    """Nobody's name fits into it."""
    return bool(field.values) or (field.max_length or LONG) <= 2


def filled(endpoint: Endpoint, kind: ComplexType, words: Iterator[str]) -> dict[str, Any]:
    """Every text field of a type, nested ones too, with a word of its own."""
    return {
        field.name: _value(endpoint, field, words)
        for field in kind.fields
        if field.kind in ("string", "text", "object", "array") and field.type_name != kind.name
    }


def _value(endpoint: Endpoint, field: Field, words: Iterator[str]) -> Any:
    if field.kind in ("string", "text"):
        return next(words)
    inner = filled(endpoint, endpoint.service.type_of(field), words)
    return inner if field.kind == "object" else [inner]


def different_words(seed: int) -> Iterator[str]:
    """As ``WORD`` gives them, no two the same; hypothesis takes 15 ms for as many as are needed."""
    random, given_out = Random(seed), set[str]()
    while True:
        word = "".join(random.choices(LETTERS, k=random.randint(6, 20)))
        if word not in given_out:
            given_out.add(word)
            yield word


def personal(value: Any, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from personal(item, key)
    elif isinstance(value, list):
        for item in value:
            yield from personal(item, name)
    elif name in PERSONAL:
        yield str(value)


@pytest.mark.parametrize("endpoint", WRITABLE, ids=lambda e: e.name)
@given(seed=st.integers(0, 2**32))
@GENERATED
def test_no_personal_value_survives(endpoint: Endpoint, seed: int) -> None:
    payload = filled(endpoint, endpoint.payload, different_words(seed))
    hidden = set(personal(payload))
    kept = set(texts(mask(payload)))
    assert not hidden & kept
    assert set(personal_texts(payload)) >= hidden


@pytest.mark.slow
@given(st.sampled_from(sorted(PERSONAL)), WORD, st.text(max_size=20), st.text(max_size=20))
@GENERATED
def test_a_fault_does_not_repeat_what_it_was_sent(
    name: str, value: str, before: str, after: str
) -> None:
    told = f"ERROR: {before} [{value}] {after}"
    body = json.dumps({"faultstring": told, "faultcode": "SOAP-ENV:Client-1"})
    with pytest.raises(OmieFault) as caught:
        read_answer(
            HttpAnswer(500, body), is_write=True, now=NOW, hidden=personal_texts({name: value})
        )
    for shown in (str(caught.value), repr(caught.value), caught.value.detail.text):
        assert value not in shown.replace(before, "").replace(after, "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("CPF 529.982.247-25 e 52998224725", "CPF ***25 e ***25"),
        ("CNPJ 11.222.333/0001-81", "CNPJ ***81"),
        ("CNPJ 12.ABC.345/01DE-35", "CNPJ ***35"),
        ("com o Id [5522173861] de 55221738612", "com o Id [5522173861] de ***12"),
        ("com o Id [55221738612]", "com o Id [55221738612]"),
        ("fale com maria.s+x@clinica.com.br", "fale com ***@***"),
        ("para o aplicativo [1234567890]!", "para o aplicativo [***]!"),
    ],
)
def test_texts(text: str, expected: str) -> None:
    assert mask_text(text) == expected


def test_every_text_of_a_request_is_masked_or_known_to_be_harmless() -> None:
    """A field that a later catalog brings stands here until somebody has decided."""
    undecided, outdated = set(), set(HARMLESS)
    for endpoint in REGISTRY.values():
        for field in fields(endpoint.service, endpoint.payload):
            is_masked = mask({field.name: WORDS})[field.name] != WORDS
            if is_masked == (field.name in HARMLESS) and not is_flag(field):
                undecided.add(f"{endpoint.name}.{field.name}")
            outdated.discard(field.name)
    assert undecided == set()
    assert outdated == set()


@pytest.mark.parametrize("name", ["servicos_os", "servicos_osdocs"])
def test_no_link_to_a_document_is_kept(name: str) -> None:
    service = load_service(name)
    links = [
        field.name
        for method in service.methods.values()
        for field in fields(service, method.response)
        if re.match(r"c?(url|pdf|xml|link|danfe)", field.name, re.IGNORECASE)
    ]
    assert links
    for link in links:
        assert mask({link: "portal/nota?hash=1"}) == {link: "***"}


def test_free_texts_of_orders_and_contracts() -> None:
    told = mask({
        "Email": {"cEnviarPara": "ana.souza@gmail.com"},
        "Observacoes": {"cObsOS": "Ana Souza, diabetes"},
        "infAdic": {"cDadosAdicNF": "Ana Souza CPF 529.982.247-25"},
        "observacoes": {"cObsContrato": "Ana Souza"},
        "ServicosPrestados": [{"cDescServ": "Ana Souza", "nValUnit": 150, "cCodLC116": "4.03"}],
        "itemDescrServ": {"descrCompleta": "Ana Souza"},
        "ListaRpsNfse": [{"nNfse": "12", "cUrlNfse": "https://prefeitura/n/1", "mensagens": [
            {"cCodigo": "E10", "cDescricao": "Tomador Ana Souza", "cCorrecao": "Ana Souza",
             "cSituacao": "ERRO"}]}],
    })  # fmt: skip
    shown = str(told)
    assert "Souza" not in shown
    assert "souza" not in shown
    assert "prefeitura" not in shown
    assert told["ServicosPrestados"][0] == {
        "cDescServ": "A***a", "nValUnit": 150, "cCodLC116": "4.03"
    }  # fmt: skip
    message = told["ListaRpsNfse"][0]["mensagens"][0]
    assert (message["cCodigo"], message["cSituacao"]) == ("E10", "ERRO")


@pytest.mark.parametrize("text", [
    "de 529.982.247-25", "de 52998224725", "ana@x.com.br", "11 99887-7665", "(11) 3333-4444",
    "(11)998877665", "+55 11 99887-7665", "99887-7665", "ver https://prefeitura/n/1",
])  # fmt: skip
def test_patterns_are_hidden_in_every_other_text(text: str) -> None:
    for value in ({"campo_de_amanha": f"a {text} b"}, {"lista": [f"a {text} b"]}, f"a {text} b"):
        told = str(mask(value))
        assert not re.search(r"[1-8]{3}|ana|prefeitura", told), told


def test_what_staff_needs_stays() -> None:
    record = {
        "cCodIntOS": "OS-52998224725", "_chave": "PAC-52998224725", "cNumCtr": "2026-0001",
        "dDtPrevisao": "05/01/2026", "cCodCateg": "1.01.01", "cCidPrestServ": "SAO PAULO (SP)",
        "nCodCli": {"$omie_id": ["clientes", "PAC-52998224725"]}, "nCodOS": 55221738612,
        "cDescricao": "Consulta de retorno", "valor": 150.1, "nNfse": "20260000000123",
        "codigo_barras_boleto": "34191790010104351004791020150008291070026000",
        "cEnvLink": "N", "dVigInicial": "2026-01-05", "hora": "2026-01-05T10:00:00",
    }  # fmt: skip
    assert mask(record) == record


def test_addresses_of_documents_are_not_logged() -> None:
    assert not logging.getLogger("httpx").isEnabledFor(logging.INFO)
    assert not logging.getLogger("httpcore").isEnabledFor(logging.DEBUG)


def test_keys_disappear_and_codes_stay() -> None:
    record = {
        "app_key": "k", "app_secret": "s", "codigo_cliente_integracao": "PAC-1",
        "numero_documento": "77", "id_conta_corrente": 9100000001, "valor_documento": 5,
    }  # fmt: skip
    assert mask(record) == {k: v for k, v in record.items() if not k.startswith("app_")}


def test_nothing_prints_a_key() -> None:
    keys = Credentials(SecretStr("chave-secreta"), SecretStr("segredo-secreto"))
    client = OmieClient(keys, "http://127.0.0.1:9/", LocalRateLimiter(), ManualClock(NOW))
    shown = f"{client!r} {keys!r} {keys} {client}"
    assert "chave-secreta" not in shown
    assert "segredo-secreto" not in shown
    client.close()


@pytest.mark.parametrize("name", ["empresas"])
def test_what_the_catalog_calls_sensitive_exists(name: str) -> None:
    fields = REGISTRY[name].record.fields
    assert any(field.sensitive for field in fields)
