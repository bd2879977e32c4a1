"""The clinic of the histories: a small source, and the payload rows that its models would hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from tests.push.accept_all import INVALID
from tests.push.world import CLIENTE_COLUMNS, EMPRESA, TITULO_COLUMNS, cliente, titulo

DAY = date(2026, 1, 5)
ACCOUNT = 9100000001
Row = dict[str, Any]

COLUMNS: dict[str, dict[str, Any]] = {
    "categorias": {
        "empresa": sa.Text,
        "_chave": sa.Text,
        "categoria_superior": sa.Text,
        "descricao": sa.Text,
    },
    "clientes": CLIENTE_COLUMNS,
    "servicos": {
        "empresa": sa.Text,
        "intEditar": JSONB,
        "cabecalho": JSONB,
        "descricao": JSONB,
        "impostos": JSONB,
    },
    "estornar_baixas_receber": {
        "empresa": sa.Text,
        "data_particao": sa.Date,
        "codigo_baixa_integracao": sa.Text,
    },
    "contas_receber": TITULO_COLUMNS,
    "baixas_receber": {
        "empresa": sa.Text,
        "data_particao": sa.Date,
        "codigo_baixa_integracao": sa.Text,
        "codigo_lancamento_integracao": sa.Text,
        "codigo_conta_corrente": sa.BigInteger,
        "valor": sa.Numeric(15, 2),
        "data": sa.Date,
    },
    "ordens_servico": {
        "empresa": sa.Text,
        "data_particao": sa.Date,
        "Cabecalho": JSONB,
        "InformacoesAdicionais": JSONB,
        "ServicosPrestados": JSONB,
        "Observacoes": JSONB,
    },
    "faturar_os": {
        "empresa": sa.Text,
        "data_particao": sa.Date,
        "cCodIntOS": sa.Text,
        "_municipio": sa.Text,
        "_valor": sa.Numeric,
    },
}
"""Endpoint -> columns of its model, in the order of a full run."""

CHAIN = tuple(COLUMNS)
REGISTERS = ("categorias", "clientes", "servicos")
"""What waits for no other row."""


@dataclass
class Patient:
    """``state``: ``good``, ``invalid`` (never leaves) or ``homeless`` (the city hall refuses)."""

    number: int
    state: str = "good"
    district: str = "A"


@dataclass
class Payment:
    """Money for a receipt; ``code`` is that of its settlement."""

    code: str
    title: str
    value: int
    reversed: bool = False


@dataclass
class Receipt:
    """A receipt in whole reais."""

    number: int
    patient: int
    value: int = 100
    text: str = "A"
    order: bool = True
    bill: bool = True
    payments: dict[int, Payment] = field(default_factory=dict)

    @property
    def title(self) -> str:
        return f"REC-{self.number}"

    @property
    def order_code(self) -> str:
        return f"OS-{self.number}"


@dataclass(frozen=True)
class Edit:
    """Something that the clinic does to receipt ``number``."""

    what: str
    number: int
    value: int = 100
    place: int = 1


class Clinic:
    """What the source holds now.

    Attributes:
        taxable: whether the service has the codes that a note needs.
        said: code of a settlement -> every value that the clinic ever gave it.
    """

    def __init__(self) -> None:
        self.patients = {number: Patient(number) for number in (1, 2)}
        self.receipts: dict[int, Receipt] = {}
        self.taxable = True
        self.category = "Consultas"
        self.said: dict[str, set[int]] = {}

    def receive(self, number: int) -> Receipt:
        """Receipt ``number``, made where it was not there; odd ones are of paciente 1."""
        return self.receipts.setdefault(number, Receipt(number, 2 - number % 2))

    def pay(self, number: int, place: int, value: int) -> None:
        """A payment of a receipt, or another value of the one in this place."""
        receipt = self.receive(number)
        code = f"BXR-{number}{place}"
        receipt.payments[place] = Payment(code, receipt.title, value)
        self.said.setdefault(code, set()).add(value)

    def change(self, edit: Edit) -> None:
        """Do what an edit says, where there is anything to do it to."""
        if edit.what == "adds":
            self.receive(edit.number).value = edit.value
        elif edit.what == "pays":
            self.pay(edit.number, edit.place, edit.value)
        if (receipt := self.receipts.get(edit.number)) is None:
            return
        if edit.what == "removes":
            del self.receipts[edit.number]
        elif edit.what == "changes":
            receipt.value, receipt.text = edit.value, "B"
        elif edit.what == "takes_back" and edit.place in receipt.payments:
            receipt.payments[edit.place].reversed = True
        elif edit.what == "leaves_order":
            receipt.order = receipt.bill = not receipt.order

    def payments(self) -> Iterator[Payment]:
        for receipt in self.receipts.values():
            yield from receipt.payments.values()

    def rows(self, endpoint: str) -> list[Row]:
        """Rows of an endpoint's model."""
        rows: list[Row] = getattr(self, f"_{endpoint}")()
        return rows

    def _categorias(self) -> list[Row]:
        names = {"categoria_superior": "1.01", "descricao": self.category}
        return [{"empresa": EMPRESA, "_chave": "CAT-1", **names}]

    def _clientes(self) -> list[Row]:
        return [_cliente(patient) for patient in self.patients.values()]

    def _servicos(self) -> list[Row]:
        codes = {"cCodServMun": "04030", "cCodLC116": "4.03"} if self.taxable else {}
        head = {"cDescricao": "Consulta", "cCodigo": "SRV-1", "cIdTrib": "01", "nPrecoUnit": 100}
        return [
            {
                "empresa": EMPRESA,
                "intEditar": {"cCodIntServ": "SRV-1"},
                "cabecalho": {**head, **codes},
                "descricao": {"cDescrCompleta": "Consulta"},
                "impostos": {"nAliqISS": 2},
            }
        ]

    def _estornar_baixas_receber(self) -> list[Row]:
        return [
            {"empresa": EMPRESA, "data_particao": DAY, "codigo_baixa_integracao": payment.code}
            for payment in self.payments()
            if payment.reversed
        ]

    def _contas_receber(self) -> list[Row]:
        return [
            titulo(r.number, r.patient, valor_documento=Decimal(r.value), observacao=r.text)
            for r in self.receipts.values()
        ]

    def _baixas_receber(self) -> list[Row]:
        return [
            {
                "empresa": EMPRESA,
                "data_particao": DAY,
                "codigo_baixa_integracao": payment.code,
                "codigo_lancamento_integracao": payment.title,
                "codigo_conta_corrente": ACCOUNT,
                "valor": Decimal(payment.value),
                "data": DAY,
            }
            for payment in self.payments()
            if not payment.reversed
        ]

    def _ordens_servico(self) -> list[Row]:
        return [_order(receipt) for receipt in self.receipts.values() if receipt.order]

    def _faturar_os(self) -> list[Row]:
        return [
            {
                "empresa": EMPRESA,
                "data_particao": DAY,
                "cCodIntOS": receipt.order_code,
                "_municipio": "SAO PAULO (SP)",
                "_valor": Decimal(receipt.value),
            }
            for receipt in self.receipts.values()
            if receipt.order and receipt.bill
        ]


def _cliente(patient: Patient) -> Row:
    row = cliente(patient.number, bairro=patient.district)
    if patient.state == "invalid":
        row["razao_social"] = f"{INVALID}{row['razao_social']}"
    if patient.state == "homeless":
        row["cep"] = "00000000"
    return row


def _order(receipt: Receipt) -> Row:
    return {
        "empresa": EMPRESA,
        "data_particao": DAY,
        "Cabecalho": {
            "cCodIntOS": receipt.order_code,
            "cCodIntCli": f"PAC-{receipt.patient}",
            "cCodParc": "000",
            "dDtPrevisao": DAY.isoformat(),
            "cEtapa": "50",
            "nQtdeParc": 1,
        },
        "InformacoesAdicionais": {
            "cCodCateg": "1.01.01",
            "nCodCC": ACCOUNT,
            "cCidPrestServ": "SAO PAULO (SP)",
        },
        "ServicosPrestados": [
            {
                "cCodIntServico": "SRV-1",
                "nQtde": 1,
                "nValUnit": receipt.value,
                "cDescServ": "Consulta",
                "cNaoGerarFinanceiro": "S",
            }
        ],
        "Observacoes": {"cObsOS": receipt.text},
    }
