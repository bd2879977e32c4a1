"""How an item of a contract or of an order says which service it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from omie_pipeline.validation.fields import is_blank


@dataclass(frozen=True, slots=True)
class ServiceNames:
    """Fields that name a registered service, and those that describe one from scratch."""

    registered: tuple[str, ...]
    described: tuple[str, ...]

    def says_registered(self, item: Mapping[str, Any]) -> bool:
        """The item names a service that is in Omie's register."""
        return any(not is_blank(item.get(name)) for name in self.registered)

    def says_nothing(self, item: Mapping[str, Any]) -> bool:
        """Neither a registered service nor any part of a description."""
        names = (*self.registered, *self.described)
        return all(is_blank(item.get(name)) for name in names)


SERVICE_ITEMS: Final[Mapping[str, ServiceNames]] = {
    "itemCabecalho": ServiceNames(("codServico",), ("natOperacao", "codServMunic", "codLC116")),
    "ServicosPrestados": ServiceNames(
        ("nCodServico", "cCodIntServico"), ("cTribServ", "cCodServMun", "cCodServLC116")
    ),
}
"""By complex type of servicos_contrato and servicos_os; the conditions are official."""
