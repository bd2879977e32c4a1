"""The company of a fresh simulator, and how records are seeded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from omie_pipeline.simulator import check_digits
from omie_pipeline.simulator.engine.state import (
    AppState,
    Collection,
    Record,
    RecordKey,
    State,
    hash_of,
)
from omie_pipeline.simulator.rules import rules_for
from omie_pipeline.simulator.rules.base import BY_PERSON

# The short lists of a small clinic, as a fresh simulator holds them.

COMPANY_NAME = "Clínica Modelo Ltda"

_CATEGORIES = (
    ("1.01", "Receitas diretas", "S", "N", ""),
    ("1.01.01", "Receita de consultas", "S", "N", "1.1"),
    ("1.01.02", "Receita de procedimentos", "S", "N", "1.1"),
    ("1.01.03", "Venda de produtos", "S", "N", "1.2"),
    ("2.01", "Custos diretos", "N", "S", ""),
    ("2.01.01", "Repasse a profissionais", "N", "S", "2.1"),
    ("2.01.02", "Compra de produtos", "N", "S", "2.1"),
    ("2.02", "Despesas da clínica", "N", "S", ""),
    ("2.02.01", "Despesas administrativas", "N", "S", "3.1"),
    ("2.02.02", "Aluguel", "N", "S", "3.1"),
    ("2.99.99", "Categoria inativa", "N", "S", ""),
)
_DRE = (
    ("1", "Receita bruta", 1, "+", "S", "N"),
    ("1.1", "Receita de serviços", 2, "+", "N", "N"),
    ("1.2", "Receita de produtos", 2, "+", "N", "N"),
    ("2", "Custos variáveis", 1, "-", "S", "N"),
    ("2.1", "Custo dos serviços prestados", 2, "-", "N", "N"),
    ("3", "Despesas fixas", 1, "-", "S", "N"),
    ("3.1", "Despesas administrativas", 2, "-", "N", "N"),
    ("9", "Contas sem uso", 1, "-", "N", "S"),
)
_DEPARTAMENTOS = (
    ("9200000001", "Clínica Modelo Ltda", "001", "N"),
    ("9200000002", "Atendimento", "001.001", "N"),
    ("9200000003", "Procedimentos", "001.002", "N"),
    ("9200000004", "Administração", "001.003", "N"),
    ("9200000005", "Unidade encerrada", "001.004", "S"),
)
_PARCELAS = (
    ("000", "A Vista", 1),
    ("001", "1 Parcela", 1),
    ("002", "2 Parcelas", 2),
    ("A30", "Para 30 dias", 1),
    ("S02", "30/60", 2),
)
_PROJETOS = (
    (9_300_000_001, "UNIDADE-CENTRO", "Unidade Centro", "N"),
    (9_300_000_002, "UNIDADE-NORTE", "Unidade Norte", "N"),
    (9_300_000_003, "", "Reforma 2024", "S"),
)
_VENDEDORES = (
    (9_400_000_001, "REC-01", "Recepção Centro", "recepcao.centro@exemplo.com.br", Decimal("1.5")),
    (9_400_000_002, "REC-02", "Recepção Norte", "recepcao.norte@exemplo.com.br", Decimal(0)),
)
_LC116 = (
    ("4.01", "Medicina e biomedicina"),
    ("4.02", "Análises clínicas, patologia, eletricidade médica, radioterapia e congêneres"),
    ("4.03", "Hospitais, clínicas, laboratórios, sanatórios, casas de saúde e congêneres"),
    ("4.06", "Enfermagem, inclusive serviços auxiliares"),
    ("4.08", "Terapia ocupacional, fisioterapia e fonoaudiologia"),
    ("4.10", "Nutrição"),
    ("4.12", "Odontologia"),
    ("4.16", "Psicologia"),
    ("6.02", "Esteticistas, tratamento de pele, depilação e congêneres"),
    ("8.02", "Instrução, treinamento e avaliação de conhecimentos de qualquer natureza"),
)
_MUNICIPAL = (
    ("04030", "4.01", "Medicina e biomedicina"),
    ("04197", "4.02", "Análises clínicas"),
    ("04146", "4.03", "Clínicas"),
    ("04510", "4.08", "Fisioterapia"),
    ("04839", "4.12", "Odontologia"),
    ("05118", "4.16", "Psicologia"),
    ("08494", "6.02", "Estética"),
)
_TAXED = (
    ("01", "SP", "Tributação no município"),
    ("02", "SP", "Tributação fora do município"),
    ("03", "SP", "Isenção"),
    ("04", "SP", "Imune"),
)
_ACCOUNTS: tuple[dict[str, Any], ...] = (
    {
        "nCodCC": 9_100_000_001,
        "descricao": "Caixa",
        "tipo_conta_corrente": "CX",
        "saldo_inicial": 500,
    },
    {
        "nCodCC": 9_100_000_002,
        "descricao": "Banco Itaú",
        "tipo_conta_corrente": "CC",
        "codigo_banco": "341",
        "codigo_agencia": "0001",
        "numero_conta_corrente": "12345-6",
        "saldo_inicial": Decimal("12345.67"),
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


def reference_lists(company: str, now: datetime) -> dict[str, Iterable[Mapping[str, Any]]]:
    """Records by endpoint, for a company of that name."""
    return {
        "categorias": map(_category, _CATEGORIES),
        "contas_correntes": (_account(item, now) for item in _ACCOUNTS),
        "empresas": ({**_COMPANY, "razao_social": company},),
        "dre": map(_dre, _DRE),
        "departamentos": (
            {"codigo": code, "descricao": text, "estrutura": place, "inativo": inactive}
            for code, text, place, inactive in _DEPARTAMENTOS
        ),
        "parcelas": (
            {"nCodigo": code, "cDescricao": text, "nParcelas": count}
            for code, text, count in _PARCELAS
        ),
        "projetos": (
            {"codigo": key, "codInt": code, "nome": name, "inativo": inactive}
            for key, code, name, inactive in _PROJETOS
        ),
        "vendedores": (
            {
                "codigo": key, "codInt": code, "nome": name, "email": email,
                "comissao": percent, "inativo": "N", "fatura_pedido": "N",
                "visualiza_pedido": "N",
            }
            for key, code, name, email, percent in _VENDEDORES
        ),
        "lc116": (
            {"cCodigo": code, "cDescricao": text, "cDescrCompleta": text} for code, text in _LC116
        ),
        "servicos_municipais": (
            {
                "nIdCodServMun": 9_500_000_001 + place, "cCodServMun": code, "cDescricao": text,
                "cDescrCompleta": text, "cCodServLC116": lc116, "cCidade": "SAO PAULO (SP)",
            }
            for place, (code, lc116, text) in enumerate(_MUNICIPAL)
        ),
        "tributacoes": (
            {"cIdTrib": key, "cTipo": kind, "cDescricao": text} for key, kind, text in _TAXED
        ),
    }  # fmt: skip


def _dre(row: tuple[str, str, int, str, str, str]) -> Record:
    code, text, level, sign, totals, hidden = row
    return {
        "codigoDRE": code,
        "descricaoDRE": text,
        "nivelDRE": level,
        "sinalDRE": sign,
        "totalizaDRE": totals,
        "naoExibirDRE": hidden,
    }


def _dre_of_category(code: str) -> Record:
    line = next((_dre(row) for row in _DRE if row[0] == code), {})
    return {**line, "codigoDRE": code} if line else {}


def _category(row: tuple[str, str, str, str, str]) -> Record:
    code, text, income, expense, dre = row
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
        "codigo_dre": dre,
        "dadosDRE": _dre_of_category(dre),
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


APP_KEY = "1234567890"
APP_SECRET = "segredo-do-simulador"  # noqa: S105 (published: it opens nothing but this simulator)

_SEEDED_IDS_FROM = 9_000_000_000
"""The reference lists live above this; ids given by the simulator stay below."""


def seed_company(state: State, now: datetime) -> AppState:
    """Add the model company; its lists are those of a small clinic."""
    app = state.add_app(APP_KEY, hash_of(APP_SECRET), COMPANY_NAME)
    seed_reference_lists(app, now)
    return app


def seed_reference_lists(app: AppState, now: datetime) -> None:
    """Give ``app`` the model company's short lists, and its own company record."""
    for name, records in reference_lists(app.name, now).items():
        if name in app.collections:
            put_records(app, app.collections[name], records, now)


def put_records(
    app: AppState, collection: Collection, records: Iterable[Mapping[str, Any]], now: datetime
) -> tuple[RecordKey, ...]:
    """Store ``records`` as they are, without rules; ids and codes are given if missing.

    A record created "by a person" long ago: nothing of it says WEBSERVICE.

    Args:
        app: the app that gets them.
        collection: the collection of the endpoint.
        records: as Omie has them.
        now: their time of creation.
    """
    endpoint, made, rules = collection.endpoint, [], rules_for(collection.endpoint)
    stamped = _stamp(collection, now)
    for given in records:
        record: Record = dict(given)
        keys = endpoint.keys_of(record)
        if collection.numbered and endpoint.omie_key[0] != "_" and not keys.get(endpoint.omie_key):
            record = collection.with_keys(record, **{endpoint.omie_key: app.new_id()})
        if endpoint.integration_key:
            code = keys.get(endpoint.integration_key) or ""
            record = collection.with_keys(record, **{endpoint.integration_key: code})
        if stamped:
            record.setdefault("info", stamped)
        if endpoint.document_field and record.get(endpoint.document_field):
            record[endpoint.document_field] = check_digits.punctuated(
                record[endpoint.document_field]
            )
        rules.adopt(app, record)
        app.put(collection, record)
        key = collection.key_of(record)
        if isinstance(key, int) and app.next_id <= key < _SEEDED_IDS_FROM:
            app.next_id = key + 1
        made.append(key)
    return tuple(made)


def _stamp(collection: Collection, now: datetime) -> Record:
    """The ``info`` block of a record typed now by a person, empty if the list has none."""
    endpoint = collection.endpoint
    field = endpoint.record.field("info")
    if field is None:
        return {}
    day, hour = now.strftime("%d/%m/%Y"), now.strftime("%H:%M:%S")
    if endpoint.service.type_of(field).field("data_inc"):
        since = {"data_inc": day, "hora_inc": hour, "user_inc": BY_PERSON}
        return {**since, "data_alt": day, "hora_alt": hour, "user_alt": BY_PERSON}
    since = {"dInc": day, "hInc": hour, "uInc": BY_PERSON, "cImpAPI": "N"}
    return {**since, "dAlt": day, "hAlt": hour, "uAlt": BY_PERSON}


# Many títulos at once, for benchmarks and demonstrations.

_SECONDS_OF_WORK = 36_000
_EARNED_AS = ("1.01.01", "1.01.02", "1.01.03")
_PAID_INTO = (9_100_000_001, 9_100_000_002)


def receivables(app: AppState, count: int, days: int, now: datetime) -> Iterator[Record]:
    """``count`` títulos a receber, included evenly over the ``days`` before ``now``.

    Every one has an id and a code of its own; records share what they can, so that half a
    million of them fit into memory.

    Args:
        app: the app that gets them.
        count: how many.
        days: over which they are spread.
        now: their last moment.
    """
    shares = {
        (code, value): [{"codigo_categoria": code, "percentual": 100, "valor": value}]
        for code in _EARNED_AS
        for value in (Decimal(5000 + cents) / 100 for cents in range(97))
    }
    prices = list(shares.items())
    for number in range(count):
        past = days - 1 - number * days // max(1, count)
        second = number * 7 % _SECONDS_OF_WORK
        included = now - timedelta(days=past)
        day, due = f"{included:%d/%m/%Y}", f"{included + timedelta(days=30):%d/%m/%Y}"
        (category, value), share = prices[number % len(prices)]
        hour = f"{8 + second // 3600:02d}:{second // 60 % 60:02d}:{second % 60:02d}"
        omie_id = app.new_id()
        yield {
            "codigo_lancamento_omie": omie_id,
            "codigo_lancamento_integracao": f"GERADO-{omie_id}",
            "codigo_cliente_fornecedor": 0,
            "data_emissao": day,
            "data_registro": day,
            "data_vencimento": due,
            "data_previsao": due,
            "valor_documento": value,
            "codigo_categoria": category,
            "categorias": share,
            "id_conta_corrente": _PAID_INTO[number % len(_PAID_INTO)],
            "numero_parcela": "001/001",
            "numero_documento": str(number + 1),
            "id_origem": "MANR",
            "operacao": "01",
            "info": {
                "dInc": day, "hInc": hour, "uInc": BY_PERSON,
                "dAlt": day, "hAlt": hour, "uAlt": BY_PERSON, "cImpAPI": "N",
            },
        }  # fmt: skip
