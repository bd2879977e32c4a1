"""What a payload model of an endpoint may hold, flat: every field by its dotted path."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from omie_pipeline.catalog import ComplexType, Endpoint, Field
from omie_pipeline.errors import ConfigurationError
from omie_pipeline.texts import mapping as texts
from omie_pipeline.texts.validation import ALTERNATIVES
from omie_pipeline.validation.model import ClinicRules
from omie_pipeline.validation.rules import PATIENT_COLUMNS, names_patient, suite_summary

EMPRESA = "empresa"
PARTITION = "data_particao"
KIND = "_tipo"
"""What a person is at the clinic."""
PATIENT = "paciente"
_UNLESS = "unless "
_GIVEN = " is given"

MARKED: Mapping[str, str] = {
    "nCodCli": "clientes",
    "codigo_cliente_fornecedor": "clientes",
    "nCodVend": "vendedores",
    "codigo_vendedor": "vendedores",
    "nCodProj": "projetos",
    "codigo_projeto": "projetos",
    "codServico": "servicos",
}
"""Fields that want Omie's number of a record that this program itself delivers -> its endpoint."""

_SECTIONS: Mapping[str, frozenset[str]] = {
    "clientes": frozenset({"dadosBancarios"}),
    "clientes_cpf_cnpj": frozenset({"dadosBancarios"}),
    "servicos": frozenset({"intEditar", "cabecalho", "descricao", "impostos"}),
    "contratos": frozenset(
        {"cabecalho", "infAdic", "vencTextos", "itensContrato", "emailCliente", "observacoes"}
    ),
    "ordens_servico": frozenset(
        {"Cabecalho", "InformacoesAdicionais", "ServicosPrestados", "Observacoes"}
    ),
}
"""Objects that a row may fill unasked. The others do something when they are there (settle a
título, repeat it), so only ``--set`` and ``--const`` fill them."""

_RG = ("_rg", "_rg_orgao_emissor")
_PERSON_ASIDES = (KIND, *_RG)
_PATIENT_ASIDES = (*PATIENT_COLUMNS, *_RG)
_DEMANDING = frozenset({"obrigatorio", "endereco_incompleto", "um_dos", "um_bloco"})
_DEMANDING_END = "_ausente"


@dataclass(frozen=True, slots=True)
class Target:
    """One column, or one place inside a ``jsonb`` column, of a payload model.

    Attributes:
        path: dotted through objects and arrays (``itensContrato.itemCabecalho.quant``); an array
            is given one item by a row.
        field: as the catalog has it.
        parents: the objects and arrays around it, outermost first.
        is_key: it holds our integration code.
        reference: endpoint whose integration code it holds or whose Omie number it wants.
        marked: it wants Omie's number, so a code becomes a ``{"$omie_id": ...}`` marker.
        omie_key: Omie's own id of this record: nothing that a clinic's table has by chance.
    """

    path: str
    field: Field
    parents: tuple[Field, ...] = ()
    is_key: bool = False
    reference: str = ""
    marked: bool = False
    omie_key: bool = False

    @property
    def section(self) -> str:
        """Path of the object or array it stands in, ``""`` at the top."""
        return self.path.rpartition(".")[0]

    @property
    def read_only(self) -> bool:
        """Omie computes it, or the object it stands in."""
        return any(field.read_only for field in (self.field, *self.parents))

    @property
    def proposable(self) -> bool:
        """Whether a column may be proposed for it without being asked."""
        retired = any(field.deprecated for field in (self.field, *self.parents))
        return not self.read_only and not retired and self.field.kind not in ("object", "array")


def targets_of(endpoint: Endpoint) -> tuple[Target, ...]:
    """Everything a payload model of ``endpoint`` may hold, in the catalog's order.

    ``empresa`` first, ``data_particao`` for facts, ``_chave`` if Omie has no field for our
    code; objects and arrays stand before what is inside them.
    """
    own = [Target(EMPRESA, Field(EMPRESA, "string", required=True))]
    if endpoint.grain == "fact":
        own.append(Target(PARTITION, Field(PARTITION, "date", required=True)))
    key = endpoint.key_column
    if key.startswith("_"):
        own.append(Target(key, Field(key, "string", required=True), is_key=True))
    names: tuple[str, ...] = _PERSON_ASIDES if endpoint.document_field else ()
    if names_patient(endpoint):
        names = _PATIENT_ASIDES
    asides = [Target(name, Field(name, "string")) for name in names]
    return (*own, *_below(endpoint, endpoint.payload, ()), *asides)


def fills_unasked(endpoint: Endpoint, target: Target) -> bool:
    """Whether a column may be proposed for ``target``, or only put there by a person."""
    outer = target.path.partition(".")[0]
    return not target.parents or outer in _SECTIONS.get(endpoint.name, frozenset())


def target_called(targets: Sequence[Target], endpoint: Endpoint, path: str) -> Target:
    """The target at ``path``, ``[]`` after an array being optional.

    Raises:
        ConfigurationError: no such field, or one that Omie computes.
    """
    wanted = path.replace("[]", "").strip()
    found = next((target for target in targets if target.path == wanted), None)
    if found is None:
        near = [t.path for t in targets if t.path.lower().endswith(wanted.lower()) and wanted]
        hint = texts.perhaps(texts.OR_.join(near[:5])) if near else ""
        raise ConfigurationError(
            texts.no_such_field(endpoint=endpoint.name, field=wanted, hint=hint)
        )
    if found.read_only:
        raise ConfigurationError(texts.field_computed(wanted))
    return found


def missing_of(endpoint: Endpoint, targets: Sequence[Target], given: set[str]) -> tuple[str, ...]:
    """What must be mapped and is not, each as words: a path, or ``a ou b``.

    A required field inside an object counts if the object is the endpoint's own section or
    something else in it (or in an object inside it) is given.
    """
    grouped = {name for group in endpoint.either for name in group}
    told = [
        texts.OR_.join(group) for group in endpoint.either if not any(_has(given, n) for n in group)
    ]
    if endpoint.deletes:
        told = [words for words in told if endpoint.integration_key not in words.split(texts.OR_)]
        if not given & {endpoint.integration_key, endpoint.delete_omie_key}:
            told.append(f"{endpoint.integration_key} ou {endpoint.delete_omie_key}")
    for target in targets:
        demanded = target.field.required or (target.is_key and not endpoint.deletes)
        if not demanded or target.read_only or _has(given, target.path) or target.path in grouped:
            continue
        if _lives(endpoint, target, given) and not _excused(target, given):
            told.append(target.path)
    return tuple(told)


def demanded_of(endpoint: Endpoint, rules: ClinicRules) -> tuple[str, ...]:
    """What validation asks to be filled in every row, each as :func:`missing_of` writes it."""
    return tuple(
        dict.fromkeys(
            one.field
            for one in suite_summary(endpoint, rules)
            if one.rule in _DEMANDING or one.rule.endswith(_DEMANDING_END)
        )
    )


def unfed(paths: Sequence[str], given: set[str], *, patient: bool) -> tuple[str, ...]:
    """Those of ``paths`` that nothing in ``given`` feeds.

    Args:
        patient: the record is a patient's; only patients need an RG.
    """
    return tuple(
        path
        for path in paths
        if not any(_has(given, one) for one in path.split(ALTERNATIVES))
        and (patient or path not in _RG)
    )


def _has(given: set[str], path: str) -> bool:
    """Whether ``path``, something inside it or the whole object around it is given."""
    parts = path.split(".")
    around = {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
    return bool(around & given) or any(one.startswith(f"{path}.") for one in given)


def _lives(endpoint: Endpoint, target: Target, given: set[str]) -> bool:
    section = target.section
    if not section or section == endpoint.section:
        return True
    return any(one.startswith(f"{section}.") for one in given)


def _excused(target: Target, given: set[str]) -> bool:
    """``unless X is given``: mandatory unless the sibling X, or its integration code, is there."""
    words = target.field.required_when
    if not words.startswith(_UNLESS):
        return False
    sibling = words.removeprefix(_UNLESS).removesuffix(_GIVEN)
    by_code = {"nCodServico": "cCodIntServico"}.get(sibling, sibling)
    around = f"{target.section}." if target.section else ""
    return bool(given & {around + sibling, around + by_code})


def _below(
    endpoint: Endpoint, complex_type: ComplexType, parents: tuple[Field, ...]
) -> Iterator[Target]:
    around = "".join(f"{parent.name}." for parent in parents)
    references = dict(endpoint.references)
    for field in complex_type.fields:
        path = around + field.name
        in_section = around == (f"{endpoint.section}." if endpoint.section else "")
        is_key = in_section and field.name == endpoint.integration_key
        marked = field.kind == "integer" and field.name in MARKED
        reference = references.get(path, MARKED[field.name] if marked else "")
        own_id = field.name in (endpoint.omie_key, endpoint.delete_omie_key)
        yield Target(path, field, parents, is_key, reference, marked, in_section and own_id)
        inner = endpoint.service.types.get(field.type_name) if field.type_name else None
        if inner is not None and not field.read_only and field not in parents:
            yield from _below(endpoint, inner, (*parents, field))
