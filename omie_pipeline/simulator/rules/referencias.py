"""The lists we only read: categorias, contas correntes, empresas."""

from __future__ import annotations

from types import MappingProxyType

from omie_pipeline.simulator.engine import faults
from omie_pipeline.simulator.engine.faults import Noun
from omie_pipeline.simulator.engine.state import Record
from omie_pipeline.simulator.rules.base import Context, EmptyList, EndpointRules


class CategoriaRules(EndpointRules):
    noun = Noun("Categoria", feminine=True)
    empty_list: EmptyList = "zero"
    kept_in_lists = MappingProxyType({"dadosDRE": {}, "codigo_dre": "", "natureza": ""})

    def matches(self, context: Context, record: Record, sent: Record) -> bool:
        flag = {"R": "conta_receita", "D": "conta_despesa"}.get(sent.get("filtrar_por_tipo", ""))
        return super().matches(context, record, sent) and (flag is None or record.get(flag) == "S")


class ContaCorrenteRules(EndpointRules):
    noun = Noun("Conta Corrente", feminine=True)

    def not_found(self, *, by_code: bool, value: object) -> faults.SimulatedFaultError:  # noqa: ARG002 (hook)
        return faults.no_account(by_code)

    def empty_page(self, page: int) -> faults.SimulatedFaultError:  # noqa: ARG002 (hook)
        return faults.no_account(by_code=False)

    def check_list(self, sent: Record) -> None:
        # Only the end of the window is Client-101 (omie-api.md#paging); its text is not recorded.
        if sent.get("filtrar_por_data_ate") and not sent.get("filtrar_por_data_de"):
            raise faults.missing_tag("filtrar_por_data_de")

    def matches(self, context: Context, record: Record, sent: Record) -> bool:
        return (
            super().matches(context, record, sent)
            and sent.get("codigo") in {None, 0, record.get("nCodCC")}
            and sent.get("codigo_integracao") in {None, "", record.get("cCodCCInt")}
        )


class EmpresaRules(EndpointRules):
    noun = Noun("Empresa", feminine=True)
    empty_list: EmptyList = "first_page"
