"""The mapping rules, on rows made for them, in the canonical layout."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest

from omie_pipeline.config.defaults import DEFAULTS as DEFAULT_NAMES
from tests.dbt_mapping.scenario import SAMPLE_DEFAULTS, Row, Scenario, ScenarioFactory

LONG_NAME = "Ana 🦷 " + "de Souza " * 9 + "Filha"
START = "2026-01-01"

PATIENT: Mapping[str, object] = {
    "empresa": None, "id": "1", "nome": "  José da Silva  ", "cpf": "529.982.247-25",
    "rg": "12.345.678-9", "rg_orgao_emissor": "SSP/SP", "data_nascimento": "1980-02-29",
    "email": "", "telefone": "+55 (11) 98765-4321", "logradouro": "Rua A", "numero": "S/N",
    "complemento": None, "bairro": "Centro", "cidade": "Santa Bárbara d’Oeste", "uf": "sp",
    "cep": "13450-000", "data_cadastro": "2026-01-02", "atualizado_em": "2026-01-02T10:00:00Z",
    "_empresa": "principal",
}  # fmt: skip
RECEIPT: Mapping[str, object] = {
    "empresa": "", "id": "1", "paciente_id": "1", "procedimento_id": "1", "profissional_id": None,
    "forma_pagamento_id": "1", "data": "2026-03-04", "data_vencimento": "2026-04-04",
    "valor": "100", "numero_documento": "77", "parcela": "1/3", "observacao": "obs",
    "atualizado_em": None, "_empresa": "principal",
}  # fmt: skip
SALE: Mapping[str, object] = {
    "empresa": None, "id": "1", "paciente_id": "1", "produto": "Luvas", "codigo_categoria": "9.01",
    "forma_pagamento_id": None, "data": "2026-03-04", "data_vencimento": "2026-03-04",
    "valor": "10.50", "numero_documento": None, "atualizado_em": None, "_empresa": "principal",
}  # fmt: skip
METHOD: Mapping[str, object] = {
    "empresa": None, "id": "1", "nome": "Pix", "tipo": "PIX", "codigo_conta_corrente": None,
    "data_cadastro": None, "atualizado_em": None, "_empresa": "principal",
}  # fmt: skip
PROCEDURE: Mapping[str, object] = {
    "empresa": None, "id": "1", "nome": "Consulta", "codigo_categoria": "5.05", "valor": "1",
    "ativo": "S", "data_cadastro": None, "atualizado_em": None, "_empresa": "principal",
}  # fmt: skip

# The columns that say what was paid; the others are left out.
PAYMENT: Mapping[str, object] = {
    "id": "1", "origem": " recebimentos ", "origem_id": "1", "parcela": "2.0",
    "data": "2026-03-05T08:00:00", "valor": "10.50", "estornado": "S", "_empresa": "principal",
}  # fmt: skip

TABLES: Mapping[str, list[Mapping[str, object]]] = {
    "pacientes": [
        PATIENT,
        {
            **PATIENT,
            "id": "longo",
            "nome": LONG_NAME,
            "telefone": "3333-4444",
            "rg": None,
            "cpf": "390.533.447-05",
        },
        {
            **PATIENT,
            "id": "fora",
            "cidade": "Niterói",
            "telefone": "1234567890123456789",
            "cpf": "111.444.777-35",
        },
        {**dict.fromkeys(PATIENT), "id": "vazio", "nome": "Só Nome", "_empresa": "principal"},
        {**PATIENT, "id": "da-filial", "empresa": "filial"},
    ],
    "recebimentos": [
        RECEIPT,
        {**RECEIPT, "id": "sem-procedimento", "procedimento_id": None, "forma_pagamento_id": "2"},
        {**RECEIPT, "id": "por-tipo", "forma_pagamento_id": "3", "valor": "10.0055"},
        {**RECEIPT, "id": "por-id", "forma_pagamento_id": "VALE", "valor": "NaN"},
        {**RECEIPT, "id": "antigo", "data": "2025-12-31", "parcela": "única"},
        {**RECEIPT, "id": "sem-data", "data": "31/02/2026"},
        {**RECEIPT, "id": "da-filial", "empresa": "filial", "forma_pagamento_id": None},
    ],
    "vendas_produtos": [SALE, {**SALE, "id": "padrao", "codigo_categoria": " "}],
    "formas_pagamento": [
        METHOD,
        {**METHOD, "id": "2", "tipo": "DIN", "codigo_conta_corrente": "42"},
        {**METHOD, "id": "3", "tipo": "CRC"},
        {**METHOD, "id": "3", "tipo": "CRC", "atualizado_em": "2020-01-01"},
    ],
    "procedimentos": [PROCEDURE, {**PROCEDURE, "codigo_categoria": "5.04", "atualizado_em": None}],
    "pagamentos": [PAYMENT, {**PAYMENT, "id": "sujo", "parcela": "duas", "estornado": "talvez"}],
}
DEFAULTS = """\
empresa,categoria_padrao_agenda,categoria_padrao_repasse,categoria_padrao_venda,\
categoria_padrao_despesa,categoria_padrao_compra,conta_corrente_padrao
principal,1.01,2.01,,2.02,2.03,91
*,8.01,8.02,8.03,8.04,8.05,98
"""
ACCOUNTS = """\
empresa,forma_pagamento,codigo_conta_corrente
principal,PIX,92
principal,VALE,93
*,CRC,94
*,PIX,95
"""


@pytest.fixture(scope="session")
def clinic(scenarios: ScenarioFactory) -> Scenario:
    scenario = scenarios.new("canonica", defaults=(DEFAULTS, ACCOUNTS))
    for table, rows in TABLES.items():
        scenario.load("clinic_raw", table, rows)
    scenario.build(OMIE_PIPELINE_START_DATE=START)
    return scenario


@pytest.fixture(scope="session")
def clientes(clinic: Scenario) -> dict[str, Row]:
    return clinic.by_key("omie_clientes", "codigo_cliente_integracao")


@pytest.fixture(scope="session")
def receber(clinic: Scenario) -> dict[str, Row]:
    return clinic.by_key("omie_contas_receber", "codigo_lancamento_integracao")


def test_a_patient_as_omie_wants_one(clientes: dict[str, Row]) -> None:
    patient = clientes["PAC-1"]
    assert patient["razao_social"] == "José da Silva"
    assert patient["cnpj_cpf"] == "529.982.247-25"
    assert (patient["telefone1_ddd"], patient["telefone1_numero"]) == ("11", "987654321")
    assert (patient["cidade"], patient["estado"]) == ("SANTA BARBARA D'OESTE (SP)", "SP")
    assert (patient["cidade_ibge"], patient["codigo_pais"]) == ("3545803", "1058")
    assert patient["tags"] == [{"tag": "Cliente"}]
    assert patient["email"] is None, "empty text at the source is nothing to send"
    assert patient["caracteristicas"] == [
        {"campo": "RG", "conteudo": "12.345.678-9"},
        {"campo": "RG_ORGAO_EMISSOR", "conteudo": "SSP/SP"},
    ]
    assert (patient["_tipo"], patient["_rg"]) == ("paciente", "12.345.678-9")
    assert (patient["_origem_tabela"], patient["_origem_id"]) == ("pacientes", "1")


def test_nothing_is_cut_or_cleaned_away(clientes: dict[str, Row]) -> None:
    assert clientes["PAC-longo"]["razao_social"] == LONG_NAME
    assert clientes["PAC-longo"]["telefone1_ddd"] is None
    assert clientes["PAC-longo"]["telefone1_numero"] == "3333-4444"
    assert clientes["PAC-longo"]["caracteristicas"] == [
        {"campo": "RG_ORGAO_EMISSOR", "conteudo": "SSP/SP"}
    ]
    assert clientes["PAC-fora"]["telefone1_numero"] is None, "no telephone, and that is told"
    assert [one["column"] for one in clientes["PAC-fora"]["_warnings"]] == ["telefone"]


def test_a_city_of_another_uf_keeps_its_name_and_gets_no_code(clientes: dict[str, Row]) -> None:
    assert clientes["PAC-fora"]["cidade"] == "NITEROI (SP)"
    assert clientes["PAC-fora"]["cidade_ibge"] is None


def test_a_bare_patient_is_there_to_be_refused(clientes: dict[str, Row]) -> None:
    bare = clientes["PAC-vazio"]
    sent = {name for name, value in bare.items() if value is not None and name[0] != "_"}
    assert sent == {
        *("empresa", "codigo_cliente_integracao", "razao_social", "nome_fantasia"),
        *("codigo_pais", "tags"),
    }


def test_the_rows_own_empresa_comes_before_the_extracts(clientes: dict[str, Row]) -> None:
    assert clientes["PAC-da-filial"]["empresa"] == "filial"
    assert clientes["PAC-1"]["empresa"] == "principal"


@pytest.mark.parametrize(
    ("code", "category", "account", "kind"),
    [
        ("REC-1", "5.05", 92, "PIX"),
        ("REC-sem-procedimento", "1.01", 42, "DIN"),
        ("REC-por-tipo", "5.05", 94, "CRC"),
        ("REC-por-id", "5.05", 93, None),
        ("REC-da-filial", "8.01", 98, None),
        ("VEN-1", "9.01", 91, None),
        ("VEN-padrao", "8.03", 91, None),
    ],
)
def test_category_account_and_document_type(
    receber: dict[str, Row], code: str, category: str, account: int, kind: str | None
) -> None:
    title = receber[code]
    found = (
        title["codigo_categoria"], title["id_conta_corrente"], title["codigo_tipo_documento"]
    )  # fmt: skip
    assert found == (category, account, kind)


def test_a_register_row_given_twice_doubles_no_titulo(clinic: Scenario) -> None:
    assert clinic.row("select count(*) as linhas from omie_payload.omie_contas_receber") == {
        "linhas": len(TABLES["recebimentos"]) + len(TABLES["vendas_produtos"])
    }


def test_money_is_exact_and_shows_what_does_not_fit(receber: dict[str, Row]) -> None:
    assert str(receber["REC-1"]["valor_documento"]) == "100.00"
    assert receber["REC-por-tipo"]["valor_documento"] == Decimal("10.0055")
    assert receber["REC-por-id"]["valor_documento"] is None, "NaN is no amount"


def test_dates_instalment_and_remark(receber: dict[str, Row]) -> None:
    title = receber["REC-1"]
    assert title["data_emissao"].isoformat() == "2026-03-04"
    assert title["data_vencimento"].isoformat() == "2026-04-04"
    assert title["data_previsao"] == title["data_vencimento"]
    assert (title["numero_parcela"], title["numero_documento"]) == ("001/003", "77")
    assert receber["REC-antigo"]["numero_parcela"] == "única"
    assert receber["VEN-1"]["observacao"] == "Luvas"


def test_a_row_without_a_readable_date_is_selected_and_cannot_pass(
    receber: dict[str, Row],
) -> None:
    undated = receber["REC-sem-data"]
    assert undated["data_particao"].isoformat() == START
    assert undated["data_vencimento"] is undated["data_emissao"] is None


def test_before_the_start_falls_on_the_start_only_when_asked(
    clinic: Scenario, receber: dict[str, Row]
) -> None:
    assert receber["REC-antigo"]["data_particao"].isoformat() == "2025-12-31"
    clinic.run(
        "omie_contas_receber",
        OMIE_PIPELINE_START_DATE=START,
        OMIE_PIPELINE_INCLUDE_BEFORE_START="true",
    )
    moved = clinic.by_key("omie_contas_receber", "codigo_lancamento_integracao")
    assert moved["REC-antigo"]["data_particao"].isoformat() == START
    assert moved["REC-antigo"]["data_emissao"].isoformat() == "2025-12-31"
    assert moved["REC-1"]["data_particao"].isoformat() == "2026-03-04"


@pytest.mark.parametrize(
    ("destination", "text"),
    [
        ("observacao", "RG: 12.345.678-9 Órgão emissor: SSP/SP"),
        ("inscricao_estadual", "12.345.678-9 SSP/SP"),
    ],
)
def test_rg_travels_where_the_variable_says(
    clinic: Scenario, clientes: dict[str, Row], destination: str, text: str
) -> None:
    assert clientes["PAC-1"][destination] is None
    clinic.run("omie_clientes", "--vars", f"{{rg_destino: {destination}}}")
    moved = clinic.by_key("omie_clientes", "codigo_cliente_integracao")["PAC-1"]
    assert (moved[destination], moved["caracteristicas"]) == (text, None)


def test_a_table_the_clinic_lacks_is_empty(clinic: Scenario) -> None:
    assert clinic.rows("select * from clinica.fornecedores") == []
    assert clinic.rows("select * from omie_payload.omie_contas_pagar") == []


def test_a_clinic_without_the_optional_columns_says_nothing_in_them(clinic: Scenario) -> None:
    receipts = clinic.rows(
        "select distinct parcelas, gerar_os, faturar, projeto_id from clinica.recebimentos"
    )
    assert [set(row.values()) for row in receipts] == [{None}]
    services = clinic.rows(
        "select distinct codigo_lc116, codigo_servico_municipal, codigo_tributacao, codigo_nbs,"
        " descricao_completa, aliquota_iss, retem_iss from clinica.procedimentos"
    )
    assert [set(row.values()) for row in services] == [{None}]


@pytest.mark.parametrize(
    "table", ["regras_repasse", "contratos", "contratos_itens", "projetos", "categorias"]
)
def test_an_optional_table_that_the_clinic_lacks_is_empty(clinic: Scenario, table: str) -> None:
    assert clinic.rows(f"select * from clinica.{table}") == []


def test_an_optional_table_is_read_and_what_it_lacks_is_null(clinic: Scenario) -> None:
    rows = {row["id"]: row for row in clinic.rows("select * from clinica.pagamentos")}
    paid = rows["1"]
    assert (paid["empresa"], paid["origem"], paid["parcela"]) == ("principal", "recebimentos", 2)
    assert (paid["data"].isoformat(), paid["valor"]) == ("2026-03-05", Decimal("10.50"))
    assert paid["estornado"] is True
    assert {paid[name] for name in ("desconto", "juros", "multa", "conciliado")} == {None}
    assert (rows["sujo"]["parcela"], rows["sujo"]["estornado"]) == (None, None)


def test_the_samples_defaults_decide_no_tax() -> None:
    named = {line.split(",")[1] for line in SAMPLE_DEFAULTS.splitlines()[1:]}
    # What decides tax is the company's own to say: a code given here would go out as its word.
    assert DEFAULT_NAMES.keys() - named == {
        "lc116", "municipal_service", "taxation", "service_city",
    }  # fmt: skip
