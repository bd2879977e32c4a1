"""servicos/servico, and the short lists that a service's taxation names (shapes as recorded)."""

from __future__ import annotations

from omie_pipeline.simulator.engine import faults
from omie_pipeline.simulator.engine.faults import Noun
from omie_pipeline.simulator.engine.fields import is_blank
from omie_pipeline.simulator.engine.state import AppState, Record
from omie_pipeline.simulator.rules.base import Context, EndpointRules, in_day_window
from omie_pipeline.simulator.rules.linked import block, check_category

SERVICO = Noun("Serviço")
_RETAINED = ("cRetCOFINS", "cRetCSLL", "cRetINSS", "cRetIR", "cRetISS", "cRetPIS")
_RATES = ("COFINS", "CSLL", "INSS", "IR", "ISS", "PIS")


class ServicoRules(EndpointRules):
    """The catalogue of services; one without LC 116 or municipal code is accepted here."""

    noun = SERVICO

    def before_write(self, context: Context, record: Record, sent: Record) -> None:  # noqa: ARG002 (hook)
        head = block(record, "cabecalho")
        if is_blank(head.get("cDescricao")):
            raise faults.missing_tag("cDescricao")
        check_category(context, head.get("cCodCateg"))
        head.setdefault("cCodigo", f"SRV{len(context.collection) + 1:05d}")
        _complete(record, head)

    def adopt(self, app: AppState, record: Record) -> None:  # noqa: ARG002 (hook)
        _complete(record, block(record, "cabecalho"))

    def not_found(self, *, by_code: bool, value: object) -> faults.SimulatedFaultError:
        return (
            faults.no_service(str(value))
            if by_code
            else super().not_found(by_code=False, value=value)
        )

    def matches(self, context: Context, record: Record, sent: Record) -> bool:  # noqa: ARG002 (hook)
        info, head = block(record, "info"), block(record, "cabecalho")
        wanted = str(sent.get("cDescricao") or "").upper()
        return (
            in_day_window(
                info.get("dInc"), sent.get("dInclusaoInicial"), sent.get("dInclusaoFinal")
            )
            and in_day_window(
                info.get("dAlt"), sent.get("dAlteracaoInicial"), sent.get("dAlteracaoFinal")
            )
            and wanted in str(head.get("cDescricao") or "").upper()
            and sent.get("cCodigo") in {None, "", head.get("cCodigo")}
            and sent.get("inativo") in {None, "", info.get("inativo") or "N"}
        )


def _complete(record: Record, head: Record) -> None:
    """What Omie shows of every service."""
    blank = dict.fromkeys(("cCodCateg", "cCodLC116", "cCodServMun", "cIdTrib", "nIdNBS"), "")
    record["cabecalho"] = {**blank, "nPrecoUnit": 0, **head}
    said = block(record, "descricao")
    record["descricao"] = {"cDescrCompleta": head.get("cDescricao") or "", **said}
    rates = {f"nAliq{tax}": 0 for tax in _RATES}
    taxes = {**dict.fromkeys(_RETAINED, "N"), **rates, "nRedBaseINSS": 0}
    record["impostos"] = {**taxes, **block(record, "impostos")}
    record["info"] = {"inativo": "N", **block(record, "info")}


class Lc116Rules(EndpointRules):
    noun = Noun("Código da LC 116")

    def matches(self, context: Context, record: Record, sent: Record) -> bool:  # noqa: ARG002 (hook)
        return sent.get("cCodigo") in {None, "", record.get("cCodigo")}


class ServicoMunicipalRules(EndpointRules):
    noun = Noun("Serviço no município")

    def matches(self, context: Context, record: Record, sent: Record) -> bool:  # noqa: ARG002 (hook)
        return all(
            sent.get(tag) in {None, "", record.get(tag)} for tag in ("cCodServMun", "cCodServLC116")
        )


class TributacaoRules(EndpointRules):
    noun = Noun("Tipo de tributação")
