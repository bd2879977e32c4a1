"""Files that lie about their rows, beside a good one: one build, one push."""

from __future__ import annotations

import pytest

from tests.borders.conftest import Houses
from tests.borders.house import House, Row, write_csv

pytestmark = pytest.mark.slow

PATIENT: Row = {
    "id": "1", "nome": "Ana Souza", "cpf": "529.982.247-25", "logradouro": "Rua A", "numero": "10",
    "bairro": "Centro", "cidade": "São Paulo", "uf": "SP", "cep": "01310-100",
    "data_cadastro": "2026-01-02",
}  # fmt: skip
METHOD: Row = {"id": "PIX", "nome": "Pix", "tipo": "PIX", "codigo_conta_corrente": "9100000001"}
COLUMNS = ("empresa", "id", "paciente_id", "procedimento_id", "profissional_id",
           "forma_pagamento_id", "data", "data_vencimento", "valor", "numero_documento",
           "parcela", "observacao", "atualizado_em")  # fmt: skip
RECEIPT = "principal;{};1;;;PIX;2026-03-04;2026-04-04;{};;;;"
RECEIPTS = [
    ";".join(COLUMNS) + ";",
    *(RECEIPT.format(number, "100,00") for number in (1, 2)),
    RECEIPT.format(3, "100,00"),
    RECEIPT.format(3, "900,00"),
    RECEIPT.format("", "50,00"),
    *(RECEIPT.format(number, "100,00") for number in (4, 5)),
    RECEIPT.format(6, "60,00").replace("principal", "pricipal"),
    RECEIPT.format(7, "70,00").replace("principal", ""),
    "TOTAL;;;;;;;;1.234,00;;;;",
]
SALES = [
    "empresa,id,paciente_id,produto,codigo_categoria,forma_pagamento_id,data,data_vencimento,valor,"
    "numero_documento,atualizado_em,observacao",
    *(f"principal,{n},1,Gaze,,PIX,2026-03-04,2026-04-04,500.00,,,ok" for n in (1, 2)),
    'principal,3,1,Gaze,,PIX,2026-03-04,2026-04-04,500.00,,,"ligar amanha',
    *(f"principal,{n},1,Gaze,,PIX,2026-03-04,2026-04-04,500.00,,,ok" for n in (4, 5, 6)),
]


@pytest.fixture(scope="module")
def house(houses: Houses) -> House:
    """A folder in which one file is refused and another has bad rows."""
    one = houses()
    folder = one.folder / "clinica"
    write_csv(folder, {"pacientes": [PATIENT], "formas_pagamento": [METHOD]})
    (folder / "recebimentos.csv").write_text("\n".join(RECEIPTS) + "\n")
    (folder / "vendas_produtos.csv").write_text("\n".join(SALES) + "\n")
    one.settings["CLINIC_URL"] = str(folder)
    one.set_defaults()
    one("build")
    one.good("refs")
    one("push", "tudo", "--approve")
    return one


def test_b23_bad_rows_are_named_with_their_lines_and_stop_no_other(house: House) -> None:
    assert "recebimentos (principal): 7 lidas, 4 novas" in house.said["build"].out
    titles = house.titles()
    assert titles == dict.fromkeys(("1", "2", "4", "5"), ("100.00", "04/04/2026"))
    told = house.good("quarantine").out
    assert "recebimentos.csv, linhas 4, 5" in told
    assert "1 linha(s) sem chave" in told
    # A file of the canonical layout begins with the empresa: the line of totals is nobody's.
    assert "recebimentos: 1 linha(s) da empresa 'TOTAL'" in house.said["build"].err


def test_rows_of_an_empresa_that_nobody_reads_are_told(house: House) -> None:
    told = house.said["build"].err
    assert "recebimentos: 1 linha(s) da empresa 'pricipal', que não está configurada" in told
    assert "recebimentos: 1 linha(s) sem empresa, não são enviadas a ninguém" in told


def test_b28_a_file_with_an_open_quote_is_refused_with_its_line(house: House) -> None:
    said = house.said["build"]
    assert said.code == 1
    assert "vendas_produtos.csv', linha 4: as aspas que abrem ali não fecham" in said.err
    assert not [code for code in house.omie("contas_receber") if code.startswith("VEN-")]
    # Nothing of the swallowed rows stands in a text at Omie.
    assert "ligar" not in str(house.simulator.control.records("contas_receber"))
