"""Rules on what stands inside the blocks of services, contracts, orders: beyond types and lengths.

Each is asked of one top-level field and answers with the paths that break it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from omie_pipeline.validation.fields import is_blank
from omie_pipeline.validation.service_items import SERVICE_ITEMS

Finder = Callable[[Any], Iterator[str]]
"""From the content of a block to the paths, below it, of what breaks the rule."""

_LC116: Final = re.compile(r"^[0-9]{1,2}\.[0-9]{2}$")
_LAST_DAY: Final = 31


@dataclass(frozen=True, slots=True)
class BlockRule:
    """One rule on a block.

    Attributes:
        block: the top-level field.
        below: path below it, as the documentation shows it; ``""`` for the block itself.
        rule: see ``messages.RULES``.
    """

    block: str
    below: str
    rule: str
    find: Finder

    @property
    def field(self) -> str:
        """The path that the documentation shows."""
        return f"{self.block}.{self.below}" if self.below else self.block

    @property
    def column(self) -> str:
        """Helper column: true if the rule holds."""
        return f"_{self.field}_{self.rule}"

    def paths(self, value: Any) -> list[str]:
        """Full paths of what breaks the rule in one row."""
        return [f"{self.block}{path}" for path in self.find(value)]


def _text(block: Any, name: str) -> str:
    value = block.get(name) if isinstance(block, Mapping) else None
    return value.strip(" ") if isinstance(value, str) else ""


def _blank(name: str) -> Finder:
    """``name`` is not filled in."""

    def find(block: Any) -> Iterator[str]:
        if isinstance(block, Mapping) and is_blank(block.get(name)):
            yield f".{name}"

    return find


def _blank_when(condition: str, value: str, name: str) -> Finder:
    """``name`` is not filled in though ``condition`` has ``value``."""

    def find(block: Any) -> Iterator[str]:
        if _text(block, condition) == value and is_blank(block.get(name)):
            yield f".{name}"

    return find


def _no_day(name: str) -> Finder:
    """``name`` is a number that is no day of a month."""

    def find(block: Any) -> Iterator[str]:
        day = block.get(name) if isinstance(block, Mapping) else None
        if isinstance(day, int) and not isinstance(day, bool) and not 1 <= day <= _LAST_DAY:
            yield f".{name}"

    return find


def _malformed_lc116(block: Any) -> Iterator[str]:
    code = _text(block, "cCodLC116")
    if code and not _LC116.match(code):
        yield ".cCodLC116"


def _ends_before_it_begins(block: Any) -> Iterator[str]:
    first, last = _date(block, "dVigInicial"), _date(block, "dVigFinal")
    if first is not None and last is not None and last <= first:
        yield ".dVigFinal"


def _date(block: Any, name: str) -> date | None:
    try:
        return date.fromisoformat(_text(block, name))
    except ValueError:
        return None


def _no_customer(block: Any) -> Iterator[str]:
    if isinstance(block, Mapping) and all(
        is_blank(block.get(n)) for n in ("nCodCli", "cCodIntCli")
    ):
        yield ".cCodIntCli"


def _no_items(block: Any) -> Iterator[str]:
    if block == []:
        yield ""


def _contract_items_without_service(block: Any) -> Iterator[str]:
    names = SERVICE_ITEMS["itemCabecalho"]
    for number, item in enumerate(block if isinstance(block, list) else (), start=1):
        head = item.get("itemCabecalho") if isinstance(item, Mapping) else None
        if isinstance(item, Mapping) and names.says_nothing(head if isinstance(head, dict) else {}):
            yield f"[{number}]"


def _order_items_without_service(block: Any) -> Iterator[str]:
    names = SERVICE_ITEMS["ServicosPrestados"]
    for number, item in enumerate(block if isinstance(block, list) else (), start=1):
        if isinstance(item, Mapping) and names.says_nothing(item):
            yield f"[{number}]"


BLOCK_RULES: Final[Mapping[str, tuple[BlockRule, ...]]] = {
    "servicos": (
        BlockRule("cabecalho", "cDescricao", "obrigatorio", _blank("cDescricao")),
        BlockRule("cabecalho", "cCodLC116", "lc116_ausente", _blank("cCodLC116")),
        BlockRule("cabecalho", "cCodLC116", "lc116_formato", _malformed_lc116),
        BlockRule("cabecalho", "cCodServMun", "servico_municipal_ausente", _blank("cCodServMun")),
    ),
    "contratos": (
        BlockRule("cabecalho", "dVigFinal", "vigencia_invertida", _ends_before_it_begins),
        BlockRule("cabecalho", "nDiaFat", "dia_do_mes", _no_day("nDiaFat")),
        BlockRule("itensContrato", "", "sem_itens", _no_items),
        BlockRule("itensContrato", "", "item_sem_servico", _contract_items_without_service),
        BlockRule("vencTextos", "nDias", "vencimento_dias", _blank_when("cTpVenc", "001", "nDias")),
        BlockRule(
            "vencTextos",
            "nDiaFixo",
            "vencimento_dia_fixo",
            _blank_when("cTpVenc", "002", "nDiaFixo"),
        ),
        BlockRule("vencTextos", "nDiaFixo", "dia_do_mes", _no_day("nDiaFixo")),
    ),
    "ordens_servico": (
        BlockRule("Cabecalho", "cCodIntCli", "os_sem_cliente", _no_customer),
        BlockRule("ServicosPrestados", "", "sem_itens", _no_items),
        BlockRule("ServicosPrestados", "", "item_sem_servico", _order_items_without_service),
    ),
}
"""By endpoint. The format of an LC 116 code (servicos_lc116) and the days 1 to 31 are official.
That a service needs a description is a guess: Omie's form asks for it."""
