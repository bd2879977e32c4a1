"""geral/clientes: one record per CPF/CNPJ; customers and suppliers alike."""

from __future__ import annotations

from types import MappingProxyType

from omie_pipeline.simulator import check_digits
from omie_pipeline.simulator.engine import faults
from omie_pipeline.simulator.engine.faults import Noun
from omie_pipeline.simulator.engine.state import Record
from omie_pipeline.simulator.rules.base import Context, EndpointRules

_FOREIGN = "EX"


class ClienteRules(EndpointRules):
    noun = Noun("Cliente")
    kept_in_lists = MappingProxyType(
        {"tags": [], "recomendacoes": {}, "enderecoEntrega": {}, "dadosBancarios": {}}
    )
    shown_on_request = MappingProxyType(
        {
            "caracteristicas": "exibir_caracteristicas",
            "observacao": "exibir_obs",
            "obs_detalhadas": "exibir_obs",
        }
    )

    def before_write(self, context: Context, record: Record, sent: Record) -> None:  # noqa: ARG002 (hook)
        document = str(record.get("cnpj_cpf") or "")
        foreign = record.get("estado") == _FOREIGN
        if not document and not foreign and context.behaviour.require_document:
            raise faults.missing_tag("cnpj_cpf")
        if document and not foreign:
            if not check_digits.is_valid(document):
                raise faults.invalid_document()
            document = record["cnpj_cpf"] = check_digits.punctuated(document)
            self._refuse_second(context, record, document)
        record["pessoa_fisica"] = "S" if check_digits.is_person(document) else "N"
        record["exterior"] = "S" if foreign else "N"
        for tag in ("inativo", "bloquear_faturamento"):
            record.setdefault(tag, "N")

    @staticmethod
    def _refuse_second(context: Context, record: Record, document: str) -> None:
        clients = context.collection
        owner = clients.by_document(document)
        if owner is not None and clients.key_of(owner) != record.get("codigo_cliente_omie"):
            raise faults.duplicate_document(document, clients.key_of(owner), clients.code_of(owner))

    def matches(self, context: Context, record: Record, sent: Record) -> bool:
        if not super().matches(context, record, sent):
            return False
        codes = sent.get("clientesPorCodigo")
        if codes and not any(_has_code(record, wanted) for wanted in codes):
            return False
        return _passes_filter(record, sent.get("clientesFiltro") or {})


def _has_code(record: Record, wanted: Record) -> bool:
    return any(
        value and record.get(tag) == value
        for tag, value in wanted.items()
        if tag in {"codigo_cliente_omie", "codigo_cliente_integracao"}
    )


def _passes_filter(record: Record, wanted: Record) -> bool:
    """Texts match if contained; keys that Omie does not know are ignored (omie-api.md#filters)."""
    for tag, value in wanted.items():
        if not value:
            continue
        if tag in {"codigo_cliente_omie", "codigo_cliente_integracao", "inativo"}:
            if record.get(tag) != value:
                return False
        elif tag == "cnpj_cpf":
            if check_digits.bare(value) not in check_digits.bare(str(record.get(tag) or "")):
                return False
        elif tag == "tags":
            held = {item.get("tag") for item in record.get("tags") or ()}
            if not held.intersection(item.get("tag") for item in value):
                return False
        elif tag in {"razao_social", "nome_fantasia"} and (
            value.upper() not in str(record.get(tag) or "").upper()
        ):
            return False
    return True
