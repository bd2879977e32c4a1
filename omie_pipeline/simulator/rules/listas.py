"""Departamentos, projetos, vendedores, DRE, account entries, notas, and the derived lists."""

from __future__ import annotations

from types import MappingProxyType

from omie_pipeline.simulator.engine import faults
from omie_pipeline.simulator.engine.faults import Noun
from omie_pipeline.simulator.engine.fields import is_blank
from omie_pipeline.simulator.engine.state import AppState, Record, RecordKey
from omie_pipeline.simulator.rules.base import (
    Context,
    EmptyList,
    EndpointRules,
    in_change_window,
    in_day_window,
)
from omie_pipeline.simulator.rules.ordens import OrderNumbers

_EMITTED = ("dEmiInicial", "dEmiFinal")


class DepartamentoRules(EndpointRules):
    noun = Noun("Departamento")
    kept_in_lists = MappingProxyType({"inativo": "N"})


class ProjetoRules(EndpointRules):
    noun = Noun("Projeto")
    kept_in_lists = MappingProxyType({"codInt": "", "inativo": "N"})

    def matches(self, context: Context, record: Record, sent: Record) -> bool:
        wanted = str(sent.get("nome_projeto") or "").upper()
        return super().matches(context, record, sent) and wanted in str(record.get("nome")).upper()


class VendedorRules(EndpointRules):
    noun = Noun("Vendedor")
    empty_list: EmptyList = "zero"
    kept_in_lists = MappingProxyType({"codInt": "", "inativo": "N"})
    indexed_window = False

    def matches(self, context: Context, record: Record, sent: Record) -> bool:  # noqa: ARG002 (hook)
        asked = {"filtrar_por_email": "email", "filtrar_por_nome": "nome"}
        return all(
            str(sent.get(tag) or "").upper() in str(record.get(name) or "").upper()
            for tag, name in asked.items()
        )


class DreRules(EndpointRules):
    noun = Noun("Conta do DRE", feminine=True)

    def matches(self, context: Context, record: Record, sent: Record) -> bool:  # noqa: ARG002 (hook)
        return sent.get("apenasContasAtivas") != "S" or record.get("naoExibirDRE") != "S"


class LancamentoRules(EndpointRules):
    noun = Noun("Lançamento")


class NotaServicoRules(EndpointRules):
    """``ListarNFSEs`` gives 0 rows if others fault (omie-api.md#empty-lists)."""

    noun = Noun("NFS-e", feminine=True)
    empty_list: EmptyList = "zero"
    _SAME = MappingProxyType(
        {
            "nCodNF": ("Cabecalho", "nCodNF"),
            "nNumeroNFSe": ("Cabecalho", "nNumeroNFSe"),
            "cStatusNFSe": ("Cabecalho", "cStatusNFSe"),
            "cAmbienteNFSe": ("Cabecalho", "cAmbienteNFSe"),
            "nCodigoCliente": ("Cabecalho", "nCodigoCliente"),
            "nCodigoOS": ("OrdemServico", "nCodigoOS"),
            "cCodigoCategoria": ("Adicionais", "cCodigoCategoria"),
            "nCodigoCC": ("Adicionais", "nCodigoCC"),
        }
    )

    def adopt(self, app: AppState, record: Record) -> None:
        head = record["Cabecalho"] = {**(record.get("Cabecalho") or {})}
        head["nCodNF"] = record["_id"] = record.get("_id") or head.get("nCodNF") or app.new_id()

    def candidates(self, context: Context, sent: Record) -> list[RecordKey] | None:
        order = sent.get("nCodigoOS")
        return [*context.app.view(OrderNumbers).notes_of.get(order, ())] if order else None

    def matches(self, context: Context, record: Record, sent: Record) -> bool:  # noqa: ARG002 (hook)
        day = (record.get("Emissao") or {}).get("cDataEmissao")
        return in_day_window(day, *(sent.get(tag) for tag in _EMITTED)) and all(
            is_blank(sent.get(tag)) or (record.get(block) or {}).get(name) == sent[tag]
            for tag, (block, name) in self._SAME.items()
        )

    def listed(self, shown: Record, sent: Record) -> Record:
        row: Record = {tag: _filled(value) for tag, value in shown.items()}
        if sent.get("cExibirDepartamentos") != "S" and "OrdemServico" in row:
            order = row["OrdemServico"]
            row["OrdemServico"] = {k: v for k, v in order.items() if k != "Departamentos"}
        return row


class NotaProdutoRules(EndpointRules):
    """``ListarNF`` ignores its window unless one flag is "S" (omie-api.md#windows-of-days)."""

    noun = Noun("NF-e", feminine=True)
    indexed_window = False

    def adopt(self, app: AppState, record: Record) -> None:
        more = record["compl"] = {**(record.get("compl") or {})}
        more["nIdNF"] = record["_id"] = record.get("_id") or more.get("nIdNF") or app.new_id()

    def matches(self, context: Context, record: Record, sent: Record) -> bool:  # noqa: ARG002 (hook)
        head = record.get("ide") or {}
        flags = {sent.get("filtrar_apenas_inclusao"), sent.get("filtrar_apenas_alteracao")}
        if "S" in flags and not in_change_window(record, sent):
            return False
        status = sent.get("filtrar_por_status")
        if status and (status == "C") != bool(head.get("dCan")):
            return False
        days = (("dEmi", _EMITTED), ("dCan", ("dCanInicial", "dCanFinal")))
        cliente = (record.get("nfDestInt") or {}).get("nCodCli")
        return sent.get("nIdCliente") in {None, 0, cliente} and all(
            in_day_window(head.get(name), *(sent.get(tag) for tag in window))
            for name, window in days
        )

    def listed(self, shown: Record, sent: Record) -> Record:
        hidden = {"det"} if sent.get("cApenasResumo") == "S" else set()
        return {tag: value for tag, value in shown.items() if tag not in hidden}


def _filled(value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {tag: _filled(inner) for tag, inner in value.items() if not is_blank(inner)}


# The lists we only read: categorias, contas correntes, empresas.


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
