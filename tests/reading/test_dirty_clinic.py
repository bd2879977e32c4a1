"""A clinic's files with every kind of doubtful value, from the command line to Omie."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.cli.conftest import Said, Terminal
from tests.push.world import World
from tests.reading.clinic_files import METHODS, PATIENT, RECEIPT, write_clinic

RECEIPTS: Mapping[str, Mapping[str, str]] = {
    "milhar": {"valor": "1.280"},
    "nbsp": {"valor": "R$\u00a01.000,00"},
    "letra": {"valor": "R$ 1.000,0O"},
    "nan": {"valor": "NaN"},
    "negativo": {"valor": "(5,00)"},
    "um-digito": {"data": "7/2/2026"},
    "dois-digitos": {"data": "05/02/26"},
    "impossivel": {"data": "31/02/2026"},
    "zero": {"data_vencimento": "0000-00-00"},
    "fevereiro": {"data_vencimento": "2026-02-30"},
    "utc": {"data_vencimento": "2026-11-01T01:30:00Z"},
    "ano-206": {"data": "0206-03-04"},
    "ano-1926": {"data": "1926-03-04"},
    "ano-2062": {"data_vencimento": "2062-03-04"},
    "dia-2062": {"data": "2062-03-04", "data_vencimento": "2026-04-04"},
    "tres": {"valor": "100,00", "parcelas": "3,0"},
    "parcelas-x": {"parcelas": "x"},
    "conta-decimal": {"forma_pagamento_id": "CRC"},
    "conta-nove": {"forma_pagamento_id": "DIN"},
    "os-talvez": {"gerar_os": "talvez"},
    "forma-nbsp": {"forma_pagamento_id": "PIX\u00a0"},
    "duas-formas": {"forma_pagamento_id": "TED"},
    "enorme": {"valor": "99999999999999999"},
    "centavos": {"valor": "0,02", "parcelas": "3"},
}
PAYMENTS: Mapping[str, Mapping[str, str]] = {
    "desconto": {"origem_id": "milhar", "valor": "1270,00", "desconto": "10,00"},
    "juros": {"origem_id": "nbsp", "valor": "100", "juros": "abc"},
    "estornado": {"origem_id": "um-digito", "valor": "350,00", "estornado": "VERDADEIRO"},
    "xis": {"origem_id": "utc", "valor": "350,00", "estornado": "X"},
    "hifen": {"origem_id": "utc", "valor": "350,00", "estornado": "-"},
}
READ = {
    "REC-milhar": ("1280.00", "2026-04-04"),
    "REC-nbsp": ("1000.00", "2026-04-04"),
    "REC-um-digito": ("350.00", "2026-04-04"),
    "REC-utc": ("350.00", "2026-10-31"),
    "REC-tres-1": ("33.33", "2026-04-04"),
    "REC-tres-2": ("33.33", "2026-05-04"),
    "REC-tres-3": ("33.34", "2026-06-04"),
    "REC-conta-decimal": ("350.00", "2026-04-04"),
    "REC-os-talvez": ("350.00", "2026-04-04"),
    "REC-forma-nbsp": ("350.00", "2026-04-04"),
}
REFUSED = {
    "REC-letra": "A coluna valor da origem: o valor 'R$ 1.000,0O' não é um número.",
    "REC-nan": "A coluna valor da origem: o valor 'NaN' não é um número.",
    "REC-negativo": "Valor: deve ser maior que zero.",
    "REC-dois-digitos": "A coluna data da origem: o valor '05/02/26' tem o ano com só dois",
    "REC-impossivel": "A coluna data da origem: o valor '31/02/2026' não é uma data que exista",
    "REC-zero": "A coluna data_vencimento da origem: o valor '0000-00-00' não é uma data",
    "REC-fevereiro": "A coluna data_vencimento da origem: o valor '2026-02-30' não é uma data",
    "REC-ano-206": "04/03/0206 é uma data improvável",
    "REC-ano-1926": "04/03/1926 é uma data improvável",
    "REC-ano-2062": "04/03/2062 é uma data improvável",
    "REC-dia-2062": "04/03/2062 é uma data improvável",
    "REC-parcelas-x": "A coluna parcelas da origem: o valor 'x' não é um número inteiro",
    "REC-duas-formas": "Forma de pagamento 'TED' (recebimentos.forma_pagamento_id): há mais de um",
    "REC-enorme": "Valor: passa de treze algarismos antes da vírgula.",
    "REC-centavos-1": "Valor: tem mais de duas casas decimais.",
    "REC-centavos-2": "Valor: tem mais de duas casas decimais.",
    "REC-centavos-3": "Valor: tem mais de duas casas decimais.",
    "REC-conta-nove": "A coluna codigo_conta_corrente da origem: o valor 'nove' não é um número",
}


@pytest.fixture
def built(
    terminal: Terminal, clinic: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Said:
    folder = tmp_path / "clinica"
    folder.mkdir()
    patients = [
        {**PATIENT, "complemento": "\\N", "email": "NULL", "data_nascimento": "31/02/1980"},
        {**PATIENT, "id": "2", "cpf": "390.533.447-05", "complemento": "\u00a0", "email": "(null)"},
    ]
    receipts = [{**RECEIPT, "id": key, **changes} for key, changes in RECEIPTS.items()]
    common = {"origem": "recebimentos", "data": "2026-03-05"}
    payments = [{"id": key, **common, **changes} for key, changes in PAYMENTS.items()]
    tables = {"pacientes": patients, "recebimentos": receipts, "pagamentos": payments,
              "formas_pagamento": METHODS}  # fmt: skip
    write_clinic(folder, tables)
    monkeypatch.setenv("CLINIC_URL", str(folder))
    assert terminal("defaults", "set", "principal", "receipt_category=1.01.01").code == 0
    said = terminal("build")
    assert said.code == 0, said.err
    return said


@pytest.mark.slow
def test_what_is_read_is_delivered_and_the_rest_is_refused_with_its_text(
    built: Said, terminal: Terminal, clinic: World
) -> None:
    assert "pacientes: 1 valor(es) da coluna data_nascimento não puderam ser lidos" in built.err
    assert "two_digit_years: 2000" in built.err
    assert "decimal:" not in built.err, "350,00 says what 1.280 is"
    assert terminal("refs").code == 0
    said = terminal("push", "clientes", "contas_receber", "--json", "--approve")
    assert said.code == 3, said.err
    titles = clinic.rows(
        "select codigo_lancamento_integracao, valor_documento::text, data_vencimento::text"
        " from omie_payload.omie_contas_receber"
    )
    delivered = clinic.ledger("contas_receber")
    assert {code: tuple(rest) for code, *rest in titles if code in delivered} == READ
    assert set(delivered.values()) == {"confirmed"}
    told = {line["code"]: line["reasons"] for line in terminal("quarantine", "--json").lines}
    assert set(told) == set(REFUSED)
    for code, words in REFUSED.items():
        assert any(words in reason for reason in told[code]), (code, told[code])
        assert not any("falta preencher" in reason for reason in told[code]), (code, told[code])
        # An improbable day is told of each field that it stands in.
        assert len(told[code]) == 1 or "improvável" in words, (code, told[code])
    patients = clinic.held_by_omie("clientes")
    assert {code: (one.get("complemento"), one.get("email")) for code, one in patients.items()} == {
        "PAC-1": (None, None), "PAC-2": (None, None),
    }  # fmt: skip

    terminal("push", "ordens_servico", "--json", "--approve")
    terminal("push", "baixas_receber", "estornar_baixas_receber", "--json", "--approve")
    told = {line["code"]: line["reasons"] for line in terminal("quarantine", "--json").lines}
    assert told["OS-os-talvez"][0].startswith("A coluna gerar_os da origem: o valor 'talvez' não")
    assert told["BXR-juros"] == ["A coluna juros da origem: o valor 'abc' não é um número."]
    assert told["BXR-xis"] == ["A coluna estornado da origem: o valor 'X' não diz sim nem não."]
    assert told["BXR-hifen"] == ["A coluna estornado da origem: o valor '-' não diz sim nem não."]
    settled = clinic.rows("select valor::text, desconto::text from omie_payload.omie_baixas_receber"
                          " where codigo_baixa_integracao = 'BXR-desconto'")  # fmt: skip
    assert [tuple(row) for row in settled] == [("1270.00", "10.00")]
    assert clinic.ledger("baixas_receber").get("BXR-desconto") == "confirmed"
    assert "BXR-estornado" not in clinic.ledger("baixas_receber")
