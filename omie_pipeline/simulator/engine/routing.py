"""From the catalog to a table of methods: a new endpoint gets its calls without a line here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from omie_pipeline.catalog import Endpoint, Method, Service
from omie_pipeline.simulator import billing, contracts, documents_obtained, listing, orders
from omie_pipeline.simulator.engine import faults, operations
from omie_pipeline.simulator.engine.fields import FieldChecks
from omie_pipeline.simulator.engine.operations import Action
from omie_pipeline.simulator.engine.state import holds_records
from omie_pipeline.simulator.mirror_lists import ACTING
from omie_pipeline.simulator.money import book_lists, entries, settlements, statements
from omie_pipeline.simulator.rules import categories

_BY_NAME: dict[str, Action] = {
    "UpsertClienteCpfCnpj": operations.upsert_by_document,
    "LancarRecebimento": settlements.settle,
    "LancarPagamento": settlements.settle,
    "CancelarRecebimento": settlements.undo,
    "CancelarPagamento": settlements.undo,
    "CancelarContaReceber": settlements.cancel,
    "ListarMovimentos": book_lists.list_movements,
    "PesquisarLancamentos": book_lists.search_titles,
    "IncluirLancCC": entries.include,
    "ListarLancCC": book_lists.list_entries,
    "ListarExtrato": statements.list_statement,
    "ListarCadastroDRE": listing.list_whole,
    "ConciliarRecebimento": settlements.conciliate,
    "IncluirCategoria": categories.create,
    "AlterarCategoria": categories.change,
    "TrocarEtapaOS": orders.change_stage,
    "StatusOS": orders.status,
    "ValidarOS": billing.validate,
    "FaturarOS": billing.bill,
    "CancelarOS": billing.cancel,
    **contracts.SITUATIONS,
    **documents_obtained.OBTAINED,
}
_BY_PREFIX: tuple[tuple[str, Action], ...] = (
    ("Upsert", operations.upsert),
    ("Incluir", operations.create),
    ("Alterar", operations.update),
    ("Excluir", operations.delete),
    ("Associar", operations.link),
    ("Consultar", listing.read),
    ("Listar", listing.list_page),
)
_READS = ("Consultar", "Listar", "Obter", "Pesquisar", "Status", "Validar")


@dataclass(frozen=True, slots=True)
class Operation:
    """One method, bound to the endpoint whose records it works on."""

    endpoint: Endpoint
    method: Method
    checks: FieldChecks
    action: Action
    is_read: bool


class Routes:
    """Every path and method of the catalog."""

    def __init__(self, endpoints: Iterable[Endpoint]) -> None:
        self._paths: dict[str, dict[str, Operation]] = {}
        holders = {item.name: item for item in endpoints if holds_records(item)}
        for endpoint in holders.values():
            self._add(endpoint, endpoint.service)
        for service, name in ACTING:
            if name in holders:
                self._add(holders[name], service)

    def _add(self, endpoint: Endpoint, service: Service) -> None:
        checks = FieldChecks(service)
        self._paths.setdefault(service.path, {}).update(
            {
                name: Operation(endpoint, method, checks, action, name.startswith(_READS))
                for name, method in service.methods.items()
                if (action := _action(endpoint, name)) is not None
            }
        )

    def knows(self, path: str) -> bool:
        """True for ``<module>/<service>/``."""
        return path in self._paths

    def find(self, path: str, call: str) -> Operation:
        """The operation behind ``call``.

        Raises:
            SimulatedFaultError: the service has no such method.
        """
        operation = self._paths[path].get(call)
        if operation is None:
            raise faults.unknown_method(call)
        return operation


def _action(endpoint: Endpoint, name: str) -> Action | None:
    special = endpoint.effect == "category" or name.startswith(_READS)
    if special and name in _BY_NAME:
        return _BY_NAME[name]
    declared: dict[str, Action] = {
        endpoint.upsert: operations.upsert,
        endpoint.insert: operations.create,
        endpoint.delete: operations.delete,
        endpoint.read: listing.read,
        endpoint.list: listing.list_page,
        endpoint.link: operations.link,
    }
    action = declared.get(name) or _BY_NAME.get(name)
    if action is None:
        action = next((act for prefix, act in _BY_PREFIX if name.startswith(prefix)), None)
    if action is None:
        return None
    if action in {operations.upsert, operations.create} and endpoint.value_field:
        action = settlements.settling(action)
    return operations.lot_of(action) if name.endswith("PorLote") else action
