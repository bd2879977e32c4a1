"""What changes at the clinic and at the bank after a first day: two builds serve every case."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from tests.borders.conftest import Databases, Houses, source_engine
from tests.borders.house import House, Row, write_tables
from tests.push.world import cpf

pytestmark = pytest.mark.slow

NEWEST = "2026-01-29 15:00:00"
PERSON: Row = {
    "logradouro": "Rua A", "numero": "10", "bairro": "Centro", "cidade": "São Paulo", "uf": "SP",
    "cep": "01310-100", "data_cadastro": "2026-01-02", "atualizado_em": NEWEST,
}  # fmt: skip
PATIENTS: Mapping[str, Row] = {
    "1": {"email": "ana@exemplo.com.br", "complemento": "Apto 1", "telefone": "11 98765-4321"},
    "2027": {"atualizado_em": "2027-06-01 08:00:00"},
    "local": {"atualizado_em": "2026-01-20 09:00:00"},
    "apagado": {},
}
RECEIPT: Row = {
    "paciente_id": "1", "forma_pagamento_id": "PIX", "data": "2026-01-05",
    "data_vencimento": "2026-01-05", "valor": "200,00",
}  # fmt: skip
BOLETOS = [f"boleto-{number}" for number in range(1, 13)]
GOOD = [f"bom-{number}" for number in range(1, 4)]
RECEIPTS: Mapping[str, Row] = {
    "doc": {"numero_documento": "NF 1", "observacao": "retorno"},
    "metade": {},
    **dict.fromkeys([*BOLETOS, *GOOD], RECEIPT),
}
EXPENSE: Row = {**RECEIPT, "fornecedor_id": "1", "valor": "72,00"}
PAYMENT: Row = {"origem": "recebimentos", "forma_pagamento_id": "PIX", "data": "2026-01-06"}
TABLES: Mapping[str, Any] = {
    "pacientes": [
        {**PERSON, "id": key, "nome": f"Pessoa {key}", "cpf": cpf(number), **row}
        for number, (key, row) in enumerate(PATIENTS.items())
    ],
    "fornecedores": [
        {**PERSON, "id": "1", "razao_social": "Limpa Tudo", "cpf_cnpj": "11.222.333/0001-81"}
    ],
    "formas_pagamento": [
        {"id": "PIX", "nome": "Pix", "tipo": "PIX", "codigo_conta_corrente": "9100000001"}
    ],
    "recebimentos": [{**RECEIPT, "id": key, **row} for key, row in RECEIPTS.items()],
    "despesas": [{**EXPENSE, "id": str(701 + n), "valor": f"{72 + n},00"} for n in range(3)],
    # One that settles nothing, for the table to be there on the first day.
    "pagamentos": [
        {**PAYMENT, "id": "nada", "origem_id": "doc", "valor": "200,00", "estornado": "S"}
    ],
}
SECOND_DAY = (
    "update pacientes set email = null, complemento = '', telefone = ' ' where id = '1'",
    "update recebimentos set numero_documento = null, observacao = '' where id = 'doc'",
    "update despesas set id = id || '.0'",
    "delete from pacientes where id = 'apagado'",
    "update pacientes set nome = 'Corrigida Depois' where id = '2027'",
    # A writer three hours behind the one of NEWEST, and a row committed eight minutes late.
    "update pacientes set nome = 'Corrigida Local', atualizado_em = '2026-01-29 12:10:00'"
    " where id = 'local'",
    "insert into pacientes select empresa, 'tardia', 'Pessoa Tardia', '{cpf}', rg,"
    " rg_orgao_emissor, data_nascimento, email, telefone, logradouro, numero, complemento, bairro,"
    " cidade, uf, cep, data_cadastro, '2026-01-29 14:52:00' from pacientes where id = 'local'",
)


@pytest.fixture(scope="module")
def house(houses: Houses, databases: Databases) -> House:
    """A clinic after its second day."""
    one = houses()
    engine = source_engine("sqlite", one.folder, databases)
    one.settings["CLINIC_URL"] = write_tables(engine, TABLES)
    engine.dispose()
    one.set_defaults()
    one.good("build")
    one.good("refs")
    one.good("push", "tudo")

    control = one.simulator.control
    control.settle("contas_receber", "REC-metade", value=Decimal(100), day=date(2026, 1, 7))
    for boleto in BOLETOS:
        control.settle("contas_receber", f"REC-{boleto}", day=date(2026, 1, 20))
    with sqlite3.connect(one.folder / "clinica.db") as source:
        for statement in SECOND_DAY:
            source.execute(statement.format(cpf=cpf(50)))
        payments = [(boleto, "200,00") for boleto in BOLETOS] + [("metade", "100,00")]
        source.executemany(
            "insert into pagamentos (empresa, id, origem, origem_id, forma_pagamento_id, data,"
            " valor) values ('principal', ?1, 'recebimentos', ?1, 'PIX', '2026-01-06', ?2)",
            [*payments, *((good, "200,00") for good in GOOD)],
        )
    one.good("build")
    control.clear_calls()
    one("push", "tudo")
    return one


def test_b12_what_was_emptied_is_emptied_in_omie(house: House) -> None:
    person = house.omie("clientes")["PAC-1"]
    for field in ("email", "complemento", "telefone1_ddd", "telefone1_numero"):
        assert not person.get(field), field
    title = house.omie("contas_receber")["REC-doc"]
    told = {
        (line["code"], field)
        for line in house.good("not-emptied", "--json").lines
        for field in line["fields"]
    }
    for field in ("numero_documento", "observacao"):
        assert bool(title.get(field)) == (("REC-doc", field) in told), field


def test_b13_ids_that_changed_form_make_nothing_again(house: House) -> None:
    said = house.said["push tudo"]
    assert said.code == 1
    assert "os identificadores mudaram de forma" in said.err
    assert "DES-701 → DES-701.0" in said.err
    assert set(house.omie("contas_pagar")) == {"DES-701", "DES-702", "DES-703"}


def test_b21_who_was_deleted_leaves_the_copy(house: House) -> None:
    assert "pacientes (principal)" in house.said["build"].out
    assert "1 retiradas" in house.said["build"].out
    assert house.rows("select id from clinica.pacientes where id = 'apagado'") == []


def test_b29_money_of_the_bank_is_not_settled_again(house: House) -> None:
    (bank,) = house.settlements("REC-metade")
    assert (bank["valor"], bank["data"]) == (100, "07/01/2026")
    assert house.omie("contas_receber")["REC-metade"]["status_titulo"] != "RECEBIDO"
    assert "R$ 100,00 em 07/01/2026" in " ".join(house.reasons()["BXR-metade"])


def test_b30_no_correction_is_hidden_by_stamps(house: House) -> None:
    people = house.omie("clientes")
    assert people["PAC-2027"]["razao_social"] == "Corrigida Depois"
    assert people["PAC-local"]["razao_social"] == "Corrigida Local"
    assert people["PAC-tardia"]["razao_social"] == "Pessoa Tardia"


def test_b32_boletos_that_the_bank_settled_stop_no_other_payment(house: House) -> None:
    for good in GOOD:
        assert house.omie("contas_receber")[f"REC-{good}"]["status_titulo"] == "RECEBIDO"
    reasons = house.reasons()
    for boleto in BOLETOS:
        assert len(house.settlements(f"REC-{boleto}")) == 1
        assert "já está liquidado no Omie" in " ".join(reasons[f"BXR-{boleto}"])
    control = house.simulator.control
    assert len(control.calls(method="LancarRecebimento", failed=True)) <= 1
    control.clear_calls()
    house.forget_requests()
    (line,) = house.good("push", "baixas_receber", "--json", code=3).lines
    assert (line["quarantined"], line["unchanged"]) == (len(BOLETOS) + 1, len(GOOD))
    assert control.calls(method="LancarRecebimento") == ()
