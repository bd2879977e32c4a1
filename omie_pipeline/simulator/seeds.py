"""The company that a fresh simulator knows, and how records are seeded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from omie_pipeline.simulator import documents
from omie_pipeline.simulator.rules.base import BY_PERSON
from omie_pipeline.simulator.state import AppState, Collection, Record, RecordKey, State, hash_of

COMPANY_NAME = "Clínica Modelo Ltda"
APP_KEY = "1234567890"
APP_SECRET = "segredo-do-simulador"  # noqa: S105 (published: it opens nothing but this simulator)

_SEEDED_IDS_FROM = 9_000_000_000
"""The reference lists live above this; ids given by the simulator stay below."""

_CATEGORIES = (
    ("1.01", "Receitas diretas", "S", "N"),
    ("1.01.01", "Receita de consultas", "S", "N"),
    ("1.01.02", "Receita de procedimentos", "S", "N"),
    ("1.01.03", "Venda de produtos", "S", "N"),
    ("2.01", "Custos diretos", "N", "S"),
    ("2.01.01", "Repasse a profissionais", "N", "S"),
    ("2.01.02", "Compra de produtos", "N", "S"),
    ("2.02", "Despesas da clínica", "N", "S"),
    ("2.02.01", "Despesas administrativas", "N", "S"),
    ("2.02.02", "Aluguel", "N", "S"),
    ("2.99.99", "Categoria inativa", "N", "S"),
)
_ACCOUNTS: tuple[dict[str, Any], ...] = (
    {"nCodCC": 9_100_000_001, "descricao": "Caixa", "tipo_conta_corrente": "CX"},
    {
        "nCodCC": 9_100_000_002,
        "descricao": "Banco Itaú",
        "tipo_conta_corrente": "CC",
        "codigo_banco": "341",
        "codigo_agencia": "0001",
        "numero_conta_corrente": "12345-6",
    },
    {"nCodCC": 9_100_000_003, "descricao": "Nubank Cartões", "tipo_conta_corrente": "AC"},
    {
        "nCodCC": 9_100_000_004,
        "descricao": "Conta encerrada",
        "tipo_conta_corrente": "CC",
        "inativo": "S",
    },
)
_COMPANY: dict[str, Any] = {
    "codigo_empresa": 9_000_000_001,
    "codigo_empresa_integracao": "",
    "cnpj": "11.222.333/0001-81",
    "razao_social": COMPANY_NAME,
    "nome_fantasia": "Clínica Modelo",
    "endereco": "RUA DAS FLORES",
    "endereco_numero": "100",
    "bairro": "CENTRO",
    "cidade": "SAO PAULO (SP)",
    "estado": "SP",
    "cep": "01001-000",
    "codigo_pais": "1058",
    "inativa": "N",
    "optante_simples_nacional": "S",
    "regime_tributario": "1",
}


def seed_company(state: State, now: datetime) -> AppState:
    """Add the model company; its lists are those of a small clinic."""
    app = state.add_app(APP_KEY, hash_of(APP_SECRET), COMPANY_NAME)
    seed_reference_lists(app, now)
    return app


def seed_reference_lists(app: AppState, now: datetime) -> None:
    """Give ``app`` the model company's categories and accounts, and its own company record."""
    lists: dict[str, Iterable[Mapping[str, Any]]] = {
        "categorias": map(_category, _CATEGORIES),
        "contas_correntes": (_account(item, now) for item in _ACCOUNTS),
        "empresas": ({**_COMPANY, "razao_social": app.name},),
    }
    for name, records in lists.items():
        if name in app.collections:
            put_records(app, app.collections[name], records, now)


def _category(row: tuple[str, str, str, str]) -> Record:
    code, text, income, expense = row
    return {
        "codigo": code,
        "descricao": text,
        "descricao_padrao": text,
        "conta_inativa": "S" if code == "2.99.99" else "N",
        "conta_receita": income,
        "conta_despesa": expense,
        "definida_pelo_usuario": "S",
        "nao_exibir": "N",
        "totalizadora": "S" if code.count(".") == 1 else "N",
        "transferencia": "N",
        "categoria_superior": code.rpartition(".")[0],
    }


def _account(item: Mapping[str, Any], now: datetime) -> Record:
    opened = now.strftime("01/01/%Y")
    return {
        "cCodCCInt": "",
        "inativo": "N",
        "bloqueado": "N",
        "saldo_inicial": 0,
        "saldo_data": opened,
        "nao_fluxo": "N",
        "nao_resumo": "N",
        "data_inc": opened,
        "hora_inc": "09:00:00",
        "user_inc": BY_PERSON,
        **item,
    }


def put_records(
    app: AppState, collection: Collection, records: Iterable[Mapping[str, Any]], now: datetime
) -> tuple[RecordKey, ...]:
    """Store ``records`` as they are, without rules; ids and codes are given where missing.

    A record created "by a person" long ago: nothing of it says WEBSERVICE.
    """
    endpoint, keys = collection.endpoint, []
    tags = {item.name for item in endpoint.record.fields}
    day, hour = now.strftime("%d/%m/%Y"), now.strftime("%H:%M:%S")
    for given in records:
        record: Record = dict(given)
        if collection.numbered and not record.get(endpoint.omie_key):
            record[endpoint.omie_key] = app.new_id()
        if endpoint.integration_key:
            record.setdefault(endpoint.integration_key, "")
        if "info" in tags:
            stamp = {"dInc": day, "hInc": hour, "uInc": BY_PERSON, "cImpAPI": "N"}
            record.setdefault("info", {**stamp, "dAlt": day, "hAlt": hour, "uAlt": BY_PERSON})
        if endpoint.document_field and record.get(endpoint.document_field):
            record[endpoint.document_field] = documents.punctuated(record[endpoint.document_field])
        app.put(collection, record)
        key = collection.key_of(record)
        if isinstance(key, int) and app.next_id <= key < _SEEDED_IDS_FROM:
            app.next_id = key + 1
        keys.append(key)
    return tuple(keys)
