"""Values as clinics write them, in four kinds of source: one build and one push serve each case."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.borders.conftest import Databases, Houses, source_engine
from tests.borders.house import House, Row, write_csv, write_tables

pytestmark = pytest.mark.slow

MOTHER, DOCTOR, OTHER = "529.982.247-25", "390.533.447-05", "111.444.777-35"
UUID = "044fbe60-e82b-9430-4f29-b9aecb0e11{}"
PERSON: Row = {
    "logradouro": "Rua A", "numero": "10", "bairro": "Centro", "cidade": "São Paulo",
    "uf": "SP", "cep": "01310-100", "data_cadastro": "2026-01-02",
}  # fmt: skip
# The clinic keeps no RG at all.
PATIENTS = [
    {**PERSON, "id": "mae", "nome": "Ana Souza", "cpf": MOTHER, "complemento": "\\N",
     "email": "NULL"},
    {**PERSON, "id": "filha", "nome": "Bia Souza", "cpf": MOTHER},
    {**PERSON, "id": "medica", "nome": "Carla Dias", "cpf": DOCTOR, "telefone": "+1 305 555 1234"},
    {**PERSON, "id": "outro", "nome": "Davi Lima", "cpf": OTHER, "complemento": "#N/D",
     "email": "(null)", "telefone": "não tem"},
]  # fmt: skip
PROFESSIONALS = [{**PERSON, "id": "medica", "nome": "Carla Dias", "cpf_cnpj": DOCTOR}]
SUPPLIERS = [{**PERSON, "id": "1", "razao_social": "Limpa Tudo", "cpf_cnpj": "11.222.333/0001-81"}]
METHODS = [
    {"id": "PIX", "nome": "Pix", "tipo": "PIX", "codigo_conta_corrente": "9100000001"},
    {"id": "CRC", "nome": "Cartão", "tipo": "CRC", "codigo_conta_corrente": "9100000003.0"},
    {"id": "DIN", "nome": "Dinheiro", "tipo": "DIN", "codigo_conta_corrente": "nove"},
]
RECEIPT: Row = {
    "paciente_id": "mae", "forma_pagamento_id": "PIX", "data": "2026-03-04",
    "data_vencimento": "2026-04-04", "valor": "350,00",
}  # fmt: skip
RECEIPTS: Mapping[str, Row] = {
    "b1": {"valor": "1.280"},
    "b5": {"valor": "100,00"},
    "b6": {"parcelas": "x"},
    "b6j": {},
    "b7": {"valor": "100,00", "parcelas": "3,0"},
    "b8v": {}, "b8x": {},
    "b9um": {"data": "7/2/2026", "data_vencimento": "7/2/2026"},
    "b9dois": {"data_vencimento": "05/02/26"},
    "b9imp": {"data_vencimento": "31/02/2026"},
    "b10": {"data": "0000-00-00"},
    "b11": {"data_vencimento": "2026-11-01 01:30:00+00"},
    "501": {"parcelas": "2"}, "501-1": {"valor": "77,00"},
    "b18vazia": {"forma_pagamento_id": None}, "b18outra": {"forma_pagamento_id": "PERMUTA"},
    "b19filha": {"paciente_id": "filha"}, "b19medica": {"paciente_id": "medica"},
    "b24": {"valor": "R$\u00a01.000,00"},
    "b25d": {"data_vencimento": "2026-02-30"}, "b25n": {"valor": "NaN"},
    "b31": {"forma_pagamento_id": "CRC"}, "b31n": {"forma_pagamento_id": "DIN"},
    "b33": {"projeto_id": UUID.format("00")},
    "b35a": {"data": "0206-03-04"}, "b35b": {"data": "1926-03-04"},
    "b35c": {"data_vencimento": "2062-03-04"},
}  # fmt: skip
PAYMENT: Row = {"origem": "recebimentos", "data": "2026-03-05", "forma_pagamento_id": "PIX"}
PAYMENTS: Mapping[str, Row] = {
    "b5": {"origem_id": "b5", "valor": "90.00", "desconto": "10,00"},
    "b6j": {"origem_id": "b6j", "valor": "350,00", "juros": "abc"},
    "b8v": {"origem_id": "b8v", "valor": "350,00", "estornado": "VERDADEIRO"},
    "b8x": {"origem_id": "b8x", "valor": "350,00", "estornado": "X"},
    UUID.format("77"): {"origem_id": "b24", "valor": "1000,00"},
}
EXPENSE: Row = {
    "fornecedor_id": "1", "forma_pagamento_id": "PIX", "data": "2026-03-04",
    "data_vencimento": "2026-04-04",
}  # fmt: skip
SHARE: Row = {"profissional_id": "medica", "recebimento_id": "b1", "data": "2026-03-04",
              "data_vencimento": "2026-04-04", "valor": "120,00"}  # fmt: skip
CONTRACT: Row = {
    "paciente_id": "mae", "numero": "C1", "situacao": "10", "vigencia_inicial": "2026-01-01",
    "vigencia_final": "2026-12-31", "dia_faturamento": "5", "tipo_faturamento": "01",
    "data_cadastro": "2026-01-02", "cidade_prestacao": "SAO PAULO (SP)", "tipo_vencimento": "001",
    "dias_vencimento": "5",
}  # fmt: skip
ITEM: Row = {"procedimento_id": "1", "quantidade": "1", "valor_unitario": "100,00",
             "descricao": "Acompanhamento"}  # fmt: skip
TABLES: Mapping[str, Any] = {
    "pacientes": PATIENTS,
    "profissionais": PROFESSIONALS,
    "fornecedores": SUPPLIERS,
    "formas_pagamento": METHODS,
    "recebimentos": [{**RECEIPT, "id": key, **row} for key, row in RECEIPTS.items()],
    "pagamentos": [{**PAYMENT, "id": key, **row} for key, row in PAYMENTS.items()],
    "despesas": [{**EXPENSE, "id": "b2", "valor": "1.280"}],
    "repasses": [{**SHARE, "id": "1"}],
    "projetos": [{"id": UUID.format("00"), "nome": "Unidade Centro"}],
    "contratos": [
        {**CONTRACT, "id": UUID.format("01")},
        {**CONTRACT, "id": "b18c", "tipo_vencimento": None, "dias_vencimento": None},
    ],
    "contratos_itens": [
        {**ITEM, "id": UUID.format("02"), "contrato_id": UUID.format("01")},
        {**ITEM, "id": "b18c", "contrato_id": "b18c"},
    ],
    "procedimentos": [{
        "id": "1", "nome": "Consulta", "codigo_categoria": "1.01.01", "codigo_lc116": "4.01",
        "codigo_servico_municipal": "04030", "codigo_tributacao": "01",
    }],
}  # fmt: skip


REFUSED: Mapping[str, str] = {
    "BXR-b6j": "A coluna juros da origem: o valor 'abc' não é um número.",
    "REC-b6": "A coluna parcelas da origem: o valor 'x' não é um número inteiro",
    "BXR-b8x": "A coluna estornado da origem: o valor 'X' não diz sim nem não.",
    "REC-b9dois": "A coluna data_vencimento da origem: o valor '05/02/26' tem o ano com só dois",
    "REC-b9imp": "A coluna data_vencimento da origem: o valor '31/02/2026' não é uma data",
    "REC-b10": "A coluna data da origem: o valor '0000-00-00' não é uma data",
    "REC-b18vazia": "Forma de pagamento (recebimentos.forma_pagamento_id): falta preencher na",
    "REC-b18outra": "Forma de pagamento 'PERMUTA' (recebimentos.forma_pagamento_id): não existe",
    "CTR-b18c": "Tipo de vencimento do contrato (contratos.tipo_vencimento): falta preencher na",
    "REC-b25d": "A coluna data_vencimento da origem: o valor '2026-02-30' não é uma data",
    "REC-b25n": "A coluna valor da origem: o valor 'NaN' não é um número.",
    "REC-b31n": "A coluna codigo_conta_corrente da origem: o valor 'nove' não é um número inteiro",
    "REC-b35a": "04/03/0206 é uma data improvável",
    "REC-b35b": "04/03/1926 é uma data improvável",
    "REC-b35c": "04/03/2062 é uma data improvável",
}
DELIVERED = {
    "b1", "b5", "b6j", "b7-1", "b7-2", "b7-3", "b8v", "b8x", "b9um", "b11", "501-2", "b19filha",
    "b19medica", "b24", "b31", "b33",
}  # fmt: skip


@pytest.fixture(scope="module", params=["csv", "sqlite", "postgresql", "mariadb"])
def house(request: pytest.FixtureRequest, houses: Houses, databases: Databases) -> House:
    """A clinic with every text of section B, built and sent."""
    one = houses()
    if request.param == "csv":
        one.settings["CLINIC_URL"] = write_csv(one.folder / "clinica", TABLES)
    else:
        engine = (
            request.getfixturevalue("mariadb_database")
            if request.param == "mariadb"
            else source_engine(request.param, one.folder, databases)
        )
        one.settings["CLINIC_URL"] = write_tables(engine, TABLES)
        engine.dispose()
    one.set_defaults()
    one("build")
    one.good("refs")
    one("push", "tudo", "--approve")
    return one


def test_b1_a_thousand_without_cents(house: House) -> None:
    assert house.titles()["b1"][0] == "1280.00"


def test_b2_a_column_that_does_not_tell_is_asked_for_and_nothing_of_it_is_sent(
    house: House,
) -> None:
    told = house.said["build"].err
    asked = told.partition("Falta dizer como se leem estas colunas")[2]
    tables = re.findall(r"^ +- name: (\w+)\n +columns:\n((?: {10}.*\n?)+)", asked, re.MULTILINE)
    assert {table: re.findall(r"- name: (\w+)", columns) for table, columns in tables} == {
        "despesas": ["valor"], "recebimentos": ["data_vencimento"],
    }  # fmt: skip
    assert """meta: {decimal: ","}  # '1.280'""" in asked
    assert "meta: {two_digit_years: 2000}  # '05/02/26'" in asked
    assert "DES-b2" not in house.titles("contas_pagar")
    assert "o valor '1.280' pode ser lido de duas maneiras" in house.reasons()["DES-b2"][0]


def test_b5_a_discount_with_a_decimal_comma(house: House) -> None:
    (paid,) = house.settlements("REC-b5")
    assert (paid["valor"], paid["desconto"]) == (90, 10)
    assert house.omie("contas_receber")["REC-b5"]["status_titulo"] == "RECEBIDO"


def test_b7_three_instalments_of_a_spreadsheet(house: House) -> None:
    titles = house.titles()
    assert [titles[f"b7-{part}"] for part in (1, 2, 3)] == [
        ("33.33", "04/04/2026"), ("33.33", "04/05/2026"), ("33.34", "04/06/2026"),
    ]  # fmt: skip
    assert "b7" not in titles


def test_b8_a_reversed_payment_settles_nothing(house: House) -> None:
    assert house.settlements("REC-b8v") == []
    assert house.settlements("REC-b8x") == []
    assert house.omie("contas_receber")["REC-b8v"]["status_titulo"] != "RECEBIDO"


def test_b9_a_day_of_one_digit(house: House) -> None:
    assert house.titles()["b9um"] == ("350.00", "07/02/2026")


def test_b11_an_instant_is_the_clinics_day(house: House) -> None:
    assert house.titles()["b11"][1] == "31/10/2026"


def test_b14_two_rows_of_one_code_are_named_and_the_build_goes_on(house: House) -> None:
    assert house.said["build"].code == 0
    both = [
        line for line in house.good("quarantine", "--json").lines if line["code"] == "REC-501-1"
    ]
    assert both
    for line in both:
        (reason,) = line["reasons"]
        assert reason.endswith(
            "seria de dois: o recebimento 501-1 e a parcela 1 do recebimento 501."
        )
    assert "501-1" not in house.titles()


def test_b15_empty_in_disguise(house: House) -> None:
    for person in house.omie("clientes").values():
        assert not person.get("email")
        assert not person.get("complemento")


def test_b16_a_foreign_telephone_is_left_out_and_told(house: House) -> None:
    for person in house.omie("clientes").values():
        assert not person.get("telefone1_ddd")
        assert not person.get("telefone1_numero")
    told = {line["code"] for line in house.good("warnings", "--json").lines
            if "telephone" in line["kind"]}  # fmt: skip
    assert told == {"PAC-medica", "PAC-outro"}


def test_b19_people_of_one_cpf_are_one_cliente_and_their_money_is_there(house: House) -> None:
    people = house.omie("clientes")
    assert set(people) == {"PAC-mae", "PAC-medica", "PAC-outro", "FOR-1"}
    ids = {one["codigo_cliente_omie"]: code for code, one in people.items()}
    titles = {**house.omie("contas_receber"), **house.omie("contas_pagar")}
    whose = {code: ids[one["codigo_cliente_fornecedor"]] for code, one in titles.items()}
    assert whose["REC-b19filha"] == "PAC-mae"
    assert whose["REC-b19medica"] == whose["REP-1"] == "PAC-medica"
    assert {one["tag"] for one in people["PAC-medica"]["tags"]} == {"Cliente", "Fornecedor"}


def test_b20_a_clinic_that_keeps_no_rg_delivers_its_patients(house: House) -> None:
    assert not [code for code in house.reasons() if code.startswith("PAC-")]
    assert house.omie("clientes")["PAC-outro"]["razao_social"] == "Davi Lima"


def test_b24_a_no_break_space(house: House) -> None:
    assert house.titles()["b24"][0] == "1000.00"


def test_b31_an_account_that_is_no_number_holds_its_method_alone(house: House) -> None:
    assert house.omie("contas_receber")["REC-b31"]["id_conta_corrente"] == 9100000003
    assert "REC-b31n" not in house.omie("contas_receber")


def test_b33_uuids_become_short_codes_and_are_delivered(house: House) -> None:
    (project,) = [one for one in house.simulator.control.records("projetos")
                  if one["codInt"].startswith("PRJ-")]  # fmt: skip
    (contract,) = [one["cabecalho"] for one in house.simulator.control.records("contratos")
                   if one["cabecalho"]["cCodIntCtr"].startswith("CTR-")]  # fmt: skip
    assert len(project["codInt"]) <= 20
    assert len(contract["cCodIntCtr"]) <= 20
    assert house.omie("contas_receber")["REC-b33"]["codigo_projeto"] == project["codigo"]
    (paid,) = house.settlements("REC-b24")
    assert len(paid["codigo_baixa_integracao"]) <= 20
    again = house.good("push", "projetos", "contratos", "baixas_receber", "--json", code=3)
    assert [line["created"] for line in again.lines] == [0, 0, 0]


@pytest.mark.parametrize(("code", "words"), REFUSED.items())
def test_what_cannot_be_read_is_told_with_column_and_text(
    house: House, code: str, words: str
) -> None:
    """B6, B8, B9, B10, B18, B25, B31 and B35."""
    told = house.reasons()[code]
    assert words in told[0]
    assert not any("falta preencher, e" in reason for reason in told)
    # An improbable day is told of each field that it stands in.
    assert len(told) == 1 or "improvável" in words


def test_the_rest_is_delivered(house: House) -> None:
    assert set(house.titles()) == DELIVERED
    assert set(house.reasons()) == {*REFUSED, "DES-b2", "REC-501-1"}
    assert house.settlements("REC-b6j") == []
