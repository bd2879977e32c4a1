"""Every call that Omie would take twice: how it comes about, and what it leaves in Omie."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from omie_pipeline.push.policy import EndpointPolicy
from tests.effects import rows
from tests.push.world import EMPRESA, World, cliente, cpf


@dataclass(frozen=True)
class Kind:
    """One write call.

    Attributes:
        prepare: brings the clinic to where the next push of ``endpoint`` makes the call once.
        truth: what stands in Omie, and ``expected`` what has to in the end.
        code: of the row that is sent.
    """

    endpoint: str
    method: str
    code: str
    prepare: Callable[[World], None]
    truth: Callable[[World], object]
    expected: object
    policy: EndpointPolicy = rows.CONFLICT


def _orders(world: World) -> object:
    return [
        [str(one["nValUnit"]) for one in record["ServicosPrestados"]]
        for record in world.control.twins("ordens_servico", "OS-1")
    ]


def _new_order(world: World) -> None:
    rows.with_service(world)
    rows.model(world, "ordens_servico", rows.ordem(1))


def _longer_order(world: World) -> None:
    rows.with_order(world, rows.ordem(1, rows.item("10.00")))
    rows.model(world, "ordens_servico", rows.ordem(1, rows.item("11.00"), rows.item("12.00")))


def _shorter_order(world: World) -> None:
    items = [rows.item(value) for value in ("10.00", "11.00", "12.00")]
    rows.with_order(world, rows.ordem(1, *items))
    rows.model(world, "ordens_servico", rows.ordem(1, rows.item("13.00"), items[1]))


def _to_bill(world: World) -> None:
    rows.with_order(world)
    rows.model(world, "faturar_os", rows.faturamento(1))


def _to_settle(endpoint: str) -> Callable[[World], None]:
    def prepare(world: World) -> None:
        rows.with_title(world, endpoint=endpoint)
        rows.model(world, endpoint.replace("contas", "baixas"), rows.baixa(1, "50.00"))

    return prepare


def _to_take_back(endpoint: str) -> Callable[[World], None]:
    """Of two settlements of one título the first."""

    def prepare(world: World) -> None:
        first, second = rows.baixa(1, "50.00"), rows.baixa(2, "50.00")
        rows.with_settled_title(world, first, second, endpoint=endpoint)
        rows.model(world, endpoint.replace("contas", "baixas"), second)
        rows.model(world, endpoint.replace("contas", "estornar_baixas"), rows.estorno(1))

    return prepare


def _settlements(endpoint: str) -> Callable[[World], object]:
    def truth(world: World) -> object:
        found = world.control.settlements("REC-1", endpoint)
        return [one["codigo_baixa_integracao"] for one in found]

    return truth


def _new_category(world: World) -> None:
    rows.model(world, "categorias", rows.categoria(1))


def categories(world: World, name: str = "Consultas novas") -> list[str]:
    """Codes of the categories of a name."""
    return [
        str(record["codigo"])
        for record in world.control.records("categorias")
        if record["descricao"] == name
    ]


def _new_contract(world: World) -> None:
    rows.with_service(world)
    rows.model(world, "contratos", rows.contrato())


def _contracts(world: World) -> object:
    return [len(one["itensContrato"]) for one in world.control.twins("contratos", "CTR-1")]


def situation(world: World) -> object:
    """The situation of CTR-1."""
    return [one["cabecalho"]["cCodSit"] for one in world.control.twins("contratos", "CTR-1")]


def _to_situation(*codes: str) -> Callable[[World], None]:
    def prepare(world: World) -> None:
        rows.with_contract(world)
        for code in codes[:-1]:
            rows.model(world, "situacao_contratos", rows.situacao(code))
            assert rows.push(world, "situacao_contratos").total.delivered == 1
            rows.settle_down(world)
        rows.model(world, "situacao_contratos", rows.situacao(codes[-1]))

    return prepare


def _stranger(world: World) -> None:
    """A cliente that a person entered in Omie."""
    record = {"razao_social": "Antes", "nome_fantasia": "Antes", "cnpj_cpf": cpf(1)}
    (omie_id,) = world.control.seed("clientes", [record])
    row = {
        "empresa": EMPRESA,
        "codigo_cliente_omie": omie_id,
        "codigo_cliente_integracao": "PAC-1",
    }
    rows.model(world, "associar_clientes", row)
    rows.settle_down(world)


def _clientes(world: World) -> object:
    return [
        (record["codigo_cliente_integracao"] or "", record["razao_social"])
        for record in world.control.records("clientes")
    ]


def _by_document(world: World) -> None:
    kept = ("empresa", "razao_social", "nome_fantasia", "cnpj_cpf")
    row = {name: cliente(1)[name] for name in kept}
    rows.model(world, "clientes_cpf_cnpj", {**row, "_chave": "P-1"})


ORDER = Kind("ordens_servico", "IncluirOS", "OS-1", _new_order, _orders, [["100.0"]])
BILLING = Kind(
    "faturar_os",
    "FaturarOS",
    "OS-1",
    _to_bill,
    lambda world: len(world.control.notes("OS-1")),
    1,
)
RECEIPT = Kind(
    "baixas_receber",
    "LancarRecebimento",
    "BXR-1",
    _to_settle("contas_receber"),
    _settlements("contas_receber"),
    ["BXR-1"],
)
CATEGORY = Kind("categorias", "IncluirCategoria", "CAT-1", _new_category, categories, ["1.01.04"])
LONGER = Kind("ordens_servico", "AlterarOS", "OS-1", _longer_order, _orders, [["11.0", "12.0"]])
SHORTER = Kind("ordens_servico", "AlterarOS", "OS-1", _shorter_order, _orders, [["13.0", "11.0"]])
PAYMENT = Kind(
    "baixas_pagar",
    "LancarPagamento",
    "BXR-1",
    _to_settle("contas_pagar"),
    _settlements("contas_pagar"),
    ["BXR-1"],
)
RECEIPT_BACK = Kind(
    "estornar_baixas_receber",
    "CancelarRecebimento",
    "BXR-1",
    _to_take_back("contas_receber"),
    _settlements("contas_receber"),
    ["BXR-2"],
)
PAYMENT_BACK = Kind(
    "estornar_baixas_pagar",
    "CancelarPagamento",
    "BXR-1",
    _to_take_back("contas_pagar"),
    _settlements("contas_pagar"),
    ["BXR-2"],
)
CONTRACT = Kind("contratos", "UpsertContrato", "CTR-1", _new_contract, _contracts, [1])
SITUATIONS = tuple(
    Kind("situacao_contratos", method, "CTR-1", _to_situation(*codes), situation, [codes[-1]])
    for method, codes in (
        ("AtivarContrato", ("10",)),
        ("SuspenderContrato", ("10", "90")),
        ("ReativarContrato", ("10", "90", "10")),
        ("CancelarContrato", ("99",)),
    )
)
LINK = Kind(
    "associar_clientes",
    "AssociarCodIntCliente",
    "PAC-1",
    _stranger,
    _clientes,
    [("PAC-1", "Antes")],
)
DOCUMENT = Kind(
    "clientes_cpf_cnpj",
    "UpsertClienteCpfCnpj",
    "P-1",
    _by_document,
    _clientes,
    [("", "Paciente Numero 1")],
)

FULL = (ORDER, BILLING, RECEIPT)
"""Met by every fault."""
OTHERS = (
    CATEGORY, LONGER, SHORTER, PAYMENT, RECEIPT_BACK, PAYMENT_BACK, CONTRACT, *SITUATIONS, LINK,
    DOCUMENT,
)  # fmt: skip
"""Met by one fault of each sort."""
