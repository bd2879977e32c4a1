"""Instalments, payments, orders, contracts and repasses, as the payload models make them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.dbt_mapping.billing_clinic import START
from tests.dbt_mapping.scenario import Row, Scenario

Rows = Mapping[str, list[Row]]


def _by(rows: list[Row], column: str, key: str = "", empresa: str = "principal") -> dict[str, Row]:
    own = [row for row in rows if row["empresa"] == empresa]
    return {(row[column][key] if key else row[column]): row for row in own}


def _sent(row: Row) -> Row:
    return {
        name: value
        for name, value in row.items()
        if value is not None and name[0] != "_" and name not in ("empresa", "data_particao")
    }


def _marker(endpoint: str, code: str) -> dict[str, list[str]]:
    return {"$omie_id": [endpoint, code]}


def test_instalments_of_a_receipt(billing_rows: Rows) -> None:
    titles = _by(billing_rows["contas_receber"], "codigo_lancamento_integracao")
    parts = [titles[f"REC-1-{number}"] for number in (1, 2, 3)]
    assert [str(part["valor_documento"]) for part in parts] == ["33.33", "33.33", "33.34"]
    assert [part["data_vencimento"] for part in parts] == [
        date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)
    ]  # fmt: skip
    assert [part["numero_parcela"] for part in parts] == ["001/003", "002/003", "003/003"]
    assert {part["_origem_id"] for part in parts} == {"1"}
    assert {part["data_particao"] for part in parts} == {date(2026, 1, 20)}
    assert all(part["codigo_projeto"] == _marker("projetos", "PRJ-A") for part in parts)


def test_a_receipt_that_is_one_titulo(billing_rows: Rows) -> None:
    titles = _by(billing_rows["contas_receber"], "codigo_lancamento_integracao")
    single = titles["REC-simples"]
    assert (single["numero_parcela"], single["codigo_projeto"]) == (None, None)
    assert titles["REC-sem-ninguem"]["numero_parcela"] == "002/003"
    assert titles["REC-demais"]["numero_parcela"] == "1/1000", "refused: Omie numbers 999 at most"
    assert {str(titles[f"REC-sujo-{k}"]["valor_documento"])[:5] for k in (1, 2, 3)} == {"3.335"}


def test_a_payment_settles_its_instalment(billing_rows: Rows) -> None:
    paid = _by(billing_rows["baixas_receber"], "codigo_baixa_integracao")
    assert _sent(paid["BXR-1"]) == {
        "codigo_baixa_integracao": "BXR-1",
        "codigo_lancamento_integracao": "REC-1-2",
        "codigo_conta_corrente": 94,
        "valor": Decimal("30.00"),
        "desconto": Decimal("3.33"),
        "data": date(2026, 5, 6),
        "observacao": "no caixa",
        "conciliar_documento": "S",
    }
    assert paid["BXR-1"]["data_particao"] == date(2026, 5, 6)
    single = paid["BXR-so"]
    assert single["codigo_conta_corrente"] == 92, "the receipt's method, where the payment has none"
    assert (single["juros"], single["multa"]) == (Decimal(1), Decimal("0.5"))
    assert single["conciliar_documento"] is None


@pytest.mark.parametrize(
    ("payment", "title"),
    [
        ("BXR-so", "REC-simples"),
        ("BXR-segunda", "REC-sem-ninguem"),
        ("BXR-qual", "REC-1"),  # of three instalments, which? There is no REC-1
        ("BXR-quarta", "REC-simples-4"),
        ("BXR-de-nada", None),
    ],
)
def test_a_payment_never_settles_what_it_may_not_mean(
    billing_rows: Rows, payment: str, title: str | None
) -> None:
    paid = _by(billing_rows["baixas_receber"], "codigo_baixa_integracao")
    assert paid[payment]["codigo_lancamento_integracao"] == title


def test_payments_to_pay_and_payments_reversed(billing_rows: Rows) -> None:
    paid = _by(billing_rows["baixas_pagar"], "codigo_baixa_integracao")
    assert {key: row["codigo_lancamento_integracao"] for key, row in paid.items()} == {
        "BXP-repasse": "REP-1",
        "BXP-regra": "REP-Rsimples",
    }
    assert [_sent(row) for row in billing_rows["estornar_baixas_receber"]] == [
        {"codigo_baixa_integracao": "BXR-volta"}
    ]
    assert [_sent(row) for row in billing_rows["estornar_baixas_pagar"]] == [
        {"codigo_baixa_integracao": "BXP-volta-p"}
    ]


def test_an_order_of_service(billing_rows: Rows) -> None:
    orders = _by(billing_rows["ordens_servico"], "Cabecalho", "cCodIntOS")
    assert set(orders) == {"OS-1", "OS-faturado"}
    assert _sent(orders["OS-1"]) == {
        "Cabecalho": {
            "cCodIntOS": "OS-1",
            "cCodIntCli": "PAC-1",
            "cCodParc": "000",
            "dDtPrevisao": "2026-01-20",
            "cEtapa": "50",
            "nQtdeParc": 1,
            "nCodVend": _marker("vendedores", "PRO-5"),
        },
        "InformacoesAdicionais": {
            "cCodCateg": "5.05",
            "nCodCC": 92,
            "cCidPrestServ": "SAO PAULO (SP)",
            "nCodProj": _marker("projetos", "PRJ-A"),
        },
        "ServicosPrestados": [
            {
                "cCodIntServico": "SRV-1",
                "nQtde": 1,
                "nValUnit": 100.0,
                "cDescServ": "Consulta médica",
                "cNaoGerarFinanceiro": "S",
                "cCodCategItem": "5.05",
            }
        ],
        "Email": {"cEnvRecibo": "N", "cEnvLink": "N", "cEnvBoleto": "N", "cEnvPix": "N"},
        "Observacoes": {"cObsOS": "obs"},
    }
    patient = {name: value for name, value in orders["OS-1"].items() if name[0] == "_"}
    assert patient == {
        "_missing": None, "_nome": "José da Silva", "_cpf": "529.982.247-25", "_rg": "12.345.678-9",
        "_rg_orgao_emissor": "SSP/SP", "_endereco": "Rua A", "_endereco_numero": "S/N",
        "_bairro": "Centro", "_cidade": "Santa Bárbara d’Oeste", "_estado": "SP",
        "_cep": "13450-000", "_municipio": "SAO PAULO (SP)", "_faturar": False,
        "_origem_tabela": "recebimentos", "_origem_id": "1", "_unreadable": None, "_unmapped": None,
    }  # fmt: skip


def test_orders_by_the_empresas_defaults(billing_rows: Rows) -> None:
    orders = _by(billing_rows["ordens_servico"], "Cabecalho", "cCodIntOS", "filial")
    order = orders["OS-1"]
    assert set(orders) == {"OS-1", "OS-2"}
    assert "cCidPrestServ" not in order["InformacoesAdicionais"]
    assert order["Cabecalho"]["cCodParc"] == "001"
    assert "nCodVend" not in order["Cabecalho"]
    assert "cCodIntServico" not in order["ServicosPrestados"][0], "there to be refused"
    assert order["_rg"] is None
    billed = {(row["empresa"], row["cCodIntOS"]) for row in billing_rows["faturar_os"]}
    assert billed == {("principal", "OS-faturado"), ("filial", "OS-1"), ("filial", "OS-2")}
    assert {(row["empresa"], row["codInt"]) for row in billing_rows["vendedores"]} == {
        ("principal", "PRO-5")
    }


def test_a_billing_says_where_and_how_much(billing_rows: Rows) -> None:
    """Both columns go into ``omie_sync.nfse``: the limits of the alerts are by city."""
    orders = _by(billing_rows["ordens_servico"], "Cabecalho", "cCodIntOS")
    billings = _by(billing_rows["faturar_os"], "cCodIntOS")
    assert billings
    for code, row in billings.items():
        order = orders[code]
        assert row["_municipio"] == order["InformacoesAdicionais"]["cCidPrestServ"]
        assert row["_valor"] == Decimal(str(order["ServicosPrestados"][0]["nValUnit"]))
        assert row["data_particao"] == order["data_particao"]


def test_what_a_person_asks_to_bill_is_in_the_model(billing: Scenario, billing_rows: Rows) -> None:
    asked_by_nobody = _by(billing_rows["ordens_servico"], "Cabecalho", "cCodIntOS").keys()
    asked_by_nobody -= _by(billing_rows["faturar_os"], "cCodIntOS").keys()
    code = min(asked_by_nobody)
    with billing.connect() as connection:
        connection.execute(
            "insert into omie_sync.billing_request values"
            " ('principal', '2026-01-20', %s, now(), 'ana')",
            (code,),
        )
        try:
            models = ("run", "--select", "omie_faturar_os")
            assert billing.dbt(*models, OMIE_PIPELINE_START_DATE=START).success
            asked = billing.by_key("omie_faturar_os", "cCodIntOS")
            assert asked.keys() > {code}
            assert asked[code]["_valor"] is not None
        finally:
            connection.execute("delete from omie_sync.billing_request")
            assert billing.dbt(*models, OMIE_PIPELINE_START_DATE=START).success


def test_services_take_the_empresas_defaults(billing_rows: Rows) -> None:
    services = _by(billing_rows["servicos"], "intEditar", "cCodIntServ")
    assert _sent(services["SRV-1"]) == {
        "intEditar": {"cCodIntServ": "SRV-1"},
        "cabecalho": {
            "cDescricao": "Consulta", "cIdTrib": "03", "cCodServMun": "04030",
            "cCodLC116": "4.01", "nIdNBS": "123012200", "nPrecoUnit": 150.0, "cCodCateg": "5.05",
        },
        "descricao": {"cDescrCompleta": "Consulta médica"},
        "impostos": {"nAliqISS": 2, "cRetISS": "N"},
    }  # fmt: skip
    other = services["SRV-2"]
    assert (other["cabecalho"]["cCodLC116"], other["cabecalho"]["cCodCateg"]) == ("4.03", "1.01")
    assert (other["descricao"], other["impostos"]) == ({"cDescrCompleta": "Curativo"}, None)


def test_only_what_is_billed_is_a_service(billing_rows: Rows) -> None:
    services = _by(billing_rows["servicos"], "intEditar", "cCodIntServ")
    assert set(services) == {"SRV-1", "SRV-2"}, "its own codes, and the item of a contract"
    ordered = _by(billing_rows["servicos"], "intEditar", "cCodIntServ", "filial")
    assert set(ordered) == {"SRV-em-ordem"}
    head = ordered["SRV-em-ordem"]["cabecalho"]
    assert not head.keys() & {"cCodLC116", "cCodServMun"}, "there to be refused"


def test_services_before_the_first_extract_of_receipts(billing: Scenario) -> None:
    with billing.connect() as connection:
        connection.execute("drop view clinica.recebimentos cascade")
    try:
        billing.run("omie_servicos", OMIE_PIPELINE_START_DATE=START)
        assert len(billing.rows("select * from omie_payload.omie_servicos")) == 2
    finally:
        result = billing.dbt("run", "--select", "recebimentos", OMIE_PIPELINE_START_DATE=START)
        assert result.success, result.exception


def test_a_contract_with_its_items(billing_rows: Rows) -> None:
    contracts = _by(billing_rows["contratos"], "cabecalho", "cCodIntCtr")
    contract = contracts["CTR-1"]
    assert contract["cabecalho"] == {
        "cCodIntCtr": "CTR-1", "nCodCli": _marker("clientes", "PAC-1"), "cNumCtr": "2026/01",
        "cCodSit": "10", "dVigInicial": "2026-01-01", "dVigFinal": "2026-12-31", "nDiaFat": 5,
        "cTipoFat": "01",
    }  # fmt: skip
    first, second = contract["itensContrato"]
    assert first == {
        "itemCabecalho": {
            "codIntItem": "ITC-0", "seq": 1, "codServico": _marker("servicos", "SRV-2"),
            "quant": 2, "valorUnit": 50.0,
        },
        "itemDescrServ": {"descrCompleta": "Curativo em casa"},
    }  # fmt: skip
    assert second["itemCabecalho"]["valorDesconto"] == 1.5
    assert second["itemCabecalho"]["cTpDesconto"] == "V"
    assert second["itemImpostos"] == {"aliqISS": 2, "retISS": "N"}
    assert contract["infAdic"] == {
        "cCodCateg": "1.01", "nCodCC": 77, "nCodVend": _marker("vendedores", "PRO-5"),
        "nCodProj": _marker("projetos", "PRJ-A"), "cContato": "Ana",
        "cCidPrestServ": "SAO PAULO (SP)",
    }  # fmt: skip
    assert contract["vencTextos"] == {"cTpVenc": "001", "nDias": 10}
    assert contract["emailCliente"]["cUtilizarEmails"] == "ana@exemplo.com.br"
    draft = contracts["CTR-rascunho"]
    assert (draft["itensContrato"], draft["vencTextos"]) == (None, None)
    assert draft["infAdic"]["nCodCC"] == 91
    item = contracts["CTR-fim"]["itensContrato"][0]
    assert "codServico" not in item["itemCabecalho"], "there to be refused"


def test_a_contract_names_every_category_that_nothing_maps(billing_rows: Rows) -> None:
    contracts = _by(billing_rows["contratos"], "cabecalho", "cCodIntCtr")
    told = contracts["CTR-palavras"]["_unmapped"]
    assert [(one["field"], one["source"]) for one in told] == [
        ("infAdic", "Acompanhamento"),
        ("itensContrato[2]", "Visita"),
    ]
    others = {row["_unmapped"] for code, row in contracts.items() if code != "CTR-palavras"}
    assert others == {None}


def test_situations_projects_and_categories(billing_rows: Rows) -> None:
    asked = {row["cCodIntCtr"]: row["cCodSit"] for row in billing_rows["situacao_contratos"]}
    assert asked == {"CTR-1": "10", "CTR-fim": "99"}
    assert {row["codInt"]: row["inativo"] for row in billing_rows["projetos"]} == {
        "PRJ-A": "N",
        "PRJ-B": "S",
    }
    (category,) = billing_rows["categorias"]
    assert category["_chave"] == "CAT-9"
    assert _sent(category) == {"categoria_superior": "1.01", "descricao": "Cirurgias"}


def test_clientes_by_document(billing: Scenario, billing_rows: Rows) -> None:
    assert billing_rows["clientes_cpf_cnpj"] == []
    models = "omie_clientes omie_clientes_cpf_cnpj omie_contas_receber omie_ordens_servico"
    result = billing.dbt(
        "run", "--select", models, "--vars", "{clientes_por: documento, nfse_por_email: S}",
        OMIE_PIPELINE_START_DATE=START,
    )  # fmt: skip
    assert result.success, result.exception
    assert billing.rows("select * from omie_payload.omie_clientes") == []
    by_document = billing.rows("select * from omie_payload.omie_clientes_cpf_cnpj")
    before = [
        {**row, "_chave": row["codigo_cliente_integracao"]} for row in billing_rows["clientes"]
    ]
    for row in before:
        del row["codigo_cliente_integracao"]
    order = sorted(map(_ordered, by_document)), sorted(map(_ordered, before))
    assert order[0] == order[1]
    marker = _marker("clientes_cpf_cnpj", "PAC-1")
    titles = billing.rows("select * from omie_payload.omie_contas_receber")
    assert all(title["codigo_cliente_fornecedor"] == marker for title in titles)
    assert {title["codigo_cliente_fornecedor_integracao"] for title in titles} == {None}
    orders = billing.by_key("omie_ordens_servico", "_origem_id")
    assert orders["faturado"]["Cabecalho"]["nCodCli"] == marker
    assert "cCodIntCli" not in orders["faturado"]["Cabecalho"]
    assert orders["faturado"]["Email"]["cEnviarPara"] == "jose@exemplo.com.br"


def _ordered(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    return sorted((name, str(value)) for name, value in row.items())
