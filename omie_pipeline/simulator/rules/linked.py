"""Records that another record names: they have to be there."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from omie_pipeline.simulator.engine import faults
from omie_pipeline.simulator.engine.faults import Noun
from omie_pipeline.simulator.engine.state import Record
from omie_pipeline.simulator.rules.base import Context, is_inactive
from omie_pipeline.simulator.rules.titulos import check_account

_CENT, _TOO_MUCH = Decimal("0.01"), Decimal(10) ** 15
_CLIENTE = Noun("Cliente")
_CATEGORIA = Noun("Categoria", feminine=True)
_NOUNS = {"vendedores": Noun("Vendedor"), "projetos": Noun("Projeto")}


def block(record: Mapping[str, Any], name: str) -> Record:
    """An inner object, empty if there is none."""
    value = record.get(name)
    return dict(value) if isinstance(value, Mapping) else {}


def cents(value: Decimal) -> Decimal:
    """Reais with two places.

    Raises:
        SimulatedFaultError: no sum of money is that large.
    """
    if abs(value) >= _TOO_MUCH:
        raise faults.wrong_value("nValorTotal", "um valor menor")
    return value.quantize(_CENT)


def linked_cliente(context: Context, omie_id: object, code: object = "") -> Record | None:
    """The cliente named by Omie's id, else by our code; ``None`` when neither is given.

    Raises:
        SimulatedFaultError: there is none, or it is inactive.
    """
    clientes = context.other("clientes")
    if clientes is None or not (omie_id or code):
        return None
    found = clientes.get(int(str(omie_id))) if omie_id else clientes.by_code(str(code))
    if found is None:
        if omie_id:
            raise faults.not_found_by_id(_CLIENTE, omie_id)
        raise faults.not_found_by_code(_CLIENTE, str(code))
    if is_inactive(found):
        raise faults.reference_inactive(_CLIENTE, omie_id or code)
    return found


def check_category(context: Context, code: object) -> None:
    """A category that takes entries: known, active, no group."""
    categories = context.other("categorias")
    if not code or categories is None:
        return
    category = categories.get(str(code))
    if category is None or category.get("totalizadora") == "S":
        raise faults.reference_missing(_CATEGORIA, code)
    if is_inactive(category):
        raise faults.reference_inactive(_CATEGORIA, code)


def check_links(context: Context, block: Mapping[str, Any]) -> None:
    """Category, account, seller and project of an order or a contract, if they are given."""
    check_category(context, block.get("cCodCateg"))
    check_account(context, block.get("nCodCC"))
    for tag, endpoint in (
        ("nCodVend", "vendedores"),
        ("nCodProj", "projetos"),
    ):
        others, omie_id = context.other(endpoint), block.get(tag)
        if omie_id and others is not None and others.get(omie_id) is None:
            raise faults.reference_missing(_NOUNS[endpoint], omie_id)
