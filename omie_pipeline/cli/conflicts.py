"""``omie-pipeline conflicts``: fields that a person changed in Omie, and whose value stands."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from omie_pipeline.cli.errors import UNFINISHED
from omie_pipeline.cli.output import Column, emit, moment, say, show, show_entry, show_table
from omie_pipeline.cli.portuguese import PortugueseCommand, PortugueseGroup
from omie_pipeline.cli.rows_to_fix import EndpointOption
from omie_pipeline.cli.selection import (
    ByOption,
    EmpresaOption,
    JsonOption,
    chosen_empresas,
    chosen_endpoints,
    decider,
)
from omie_pipeline.texts.cli import conflicts as texts

if TYPE_CHECKING:
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.push.both_sides.decide import (
        ConflictState,
        FieldConflict,
        Resolved,
        WantedConflicts,
    )

conflicts = typer.Typer(cls=PortugueseGroup, no_args_is_help=True, rich_markup_mode=None)


class _Keep(StrEnum):
    """Whose value stands."""

    CLINICA = "clinica"
    OMIE = "omie"


CodeArgument = Annotated[
    str, typer.Argument(metavar="CÓDIGO", help="Código de integração, como PAC-17.")
]
FieldOption = Annotated[
    str, typer.Option("--field", metavar="CAMPO", help="Só este campo; sem ela, todos.")
]
ValuesOption = Annotated[
    bool,
    typer.Option(
        "--with-values",
        help="Dados pessoais por extenso: só para quem pode ver dados de pacientes.",
    ),
]


@conflicts.command("list", cls=PortugueseCommand)
def list_(
    empresa: EmpresaOption = None,
    endpoint: EndpointOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Também o que já foi decidido, por pessoas e pela regra.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Mostra os campos que esperam uma decisão, sem os valores. Saída: 3 se houver algum."""
    from omie_pipeline.app.conflicts import list_conflicts
    from omie_pipeline.push.both_sides.decide import UNDECIDED

    deployment, wanted = _wanted(empresa, endpoint, states=() if everything else UNDECIDED)
    found = list_conflicts(deployment, wanted)
    if as_json:
        for one in found:
            emit(_record(one, values=False))
    elif not found:
        show(texts.NONE_FOUND if everything else texts.NONE_OPEN)
    else:
        _show_table(found)
    if any(one.state in UNDECIDED for one in found):
        if not as_json:
            say(texts.DECIDE_HINT)
        raise typer.Exit(UNFINISHED)


@conflicts.command("show", cls=PortugueseCommand)
def show_(
    code: CodeArgument,
    empresa: EmpresaOption = None,
    endpoint: EndpointOption = None,
    field: FieldOption = "",
    values: ValuesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Mostra os dois lados de cada campo de um registro, antes e agora, e o que foi decidido."""
    from omie_pipeline.app.conflicts import list_conflicts
    from omie_pipeline.push.both_sides.decide import UNDECIDED, digest_of

    deployment, wanted = _wanted(empresa, endpoint, code, field)
    found = list_conflicts(deployment, wanted)
    if as_json:
        for one in found:
            emit({**_record(one, values=values), "seen": digest_of([one])})
        return
    if not found:
        show(texts.NONE_FOUND)
        raise typer.Exit(UNFINISHED)
    say(texts.VALUES_SHOWN if values else texts.VALUES_HIDDEN)
    for one in found:
        _show_one(one, values=values)
    if waiting := [one for one in found if one.state in UNDECIDED]:
        say(texts.decide_what_was_shown(code=code, seen=digest_of(waiting)))


@conflicts.command(cls=PortugueseCommand)
def resolve(
    code: CodeArgument,
    keep: Annotated[
        _Keep, typer.Option("--keep", help="De quem é o valor que fica.", show_choices=True)
    ],
    empresa: EmpresaOption = None,
    endpoint: EndpointOption = None,
    field: FieldOption = "",
    seen: Annotated[
        str | None,
        typer.Option(
            "--seen", metavar="RESUMO", help="Só decide se ainda é o que show mostrou (RESUMO)."
        ),
    ] = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide de quem é o valor que fica. Saída: 3 se não havia nada aberto."""
    from omie_pipeline.app.conflicts import list_conflicts, resolve_conflicts
    from omie_pipeline.push.both_sides.decide import UNDECIDED

    deployment, wanted = _wanted(empresa, endpoint, code, field)
    places = {
        (one.empresa, one.endpoint)
        for one in list_conflicts(deployment, wanted)
        if one.state in UNDECIDED
    }
    if len(places) > 1:
        raise typer.BadParameter(texts.several(code), param_hint=texts.CODE_HINT)
    done = resolve_conflicts(deployment, wanted, keep.value, decider(by), seen)
    if as_json:
        for one in (*done.decided, *done.before):
            emit({**_record(one, values=False), "decided_now": one in done.decided})
    else:
        _tell(code, done)
    if not done.decided:
        raise typer.Exit(UNFINISHED)


def _tell(code: str, done: Resolved) -> None:
    if done.changed:
        show(texts.changed_since_shown(code))
        return
    for one in done.decided:
        told = texts.kept_omie if one.state == "kept_omie" else texts.kept_clinica
        show(told(code=code, field=_field(one)))
    for one in done.before:
        show(
            texts.decided_before(
                code=code,
                field=_field(one),
                by=one.decided_by or "",
                at=moment(one.decided_at),
                state=texts.STATES[one.state],
            )
        )
    if done.decided:
        show(texts.send_now(endpoint=done.decided[0].endpoint, code=code))
    elif not done.before:
        show(texts.nothing_open(code))


def _wanted(
    empresa: str | None,
    endpoint: str | None,
    code: str = "",
    field: str = "",
    *,
    states: tuple[ConflictState, ...] = (),
) -> tuple[Deployment, WantedConflicts]:
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.push.both_sides.decide import WantedConflicts

    (name,) = (one.name for one in chosen_endpoints([endpoint])) if endpoint else ("",)
    deployment = Deployment()
    empresas = chosen_empresas(deployment, empresa) if empresa else ()
    return deployment, WantedConflicts(empresas, name, code.strip(), field, states)


def _record(one: FieldConflict, *, values: bool) -> Mapping[str, Any]:
    record = asdict(one)
    for name in ("clinic_old", "clinic_new", "omie_old", "omie_new"):
        record[name] = record[name] if values else _masked(one.field, record[name])
    return record


def _masked(field: str, value: Any) -> Any:
    from omie_pipeline.omie.masking import mask

    name = field.rpartition(".")[2]
    return mask({name: value})[name]


def _show_table(found: Sequence[FieldConflict]) -> None:
    heads = [Column("empresa"), Column("endpoint"), Column(texts.CODE), Column(texts.FIELD),
             Column(texts.STATE), Column(texts.WHO_WINS), Column(texts.SINCE),
             Column(texts.DECIDED)]  # fmt: skip
    rows = [
        [
            one.empresa,
            one.endpoint,
            one.codigo_integracao,
            _field(one),
            texts.STATES[one.state],
            one.policy,
            moment(one.seen_at),
            _decided(one),
        ]
        for one in found
    ]
    show_table(heads, rows)


def _field(one: FieldConflict) -> str:
    return texts.ANY_FIELD if one.field == "*" else one.field


def _decided(one: FieldConflict) -> str:
    if one.decided_at is None or one.state == "gone":
        return "–"
    by = texts.by_person(one.decided_by) if one.decided_by else texts.BY_POLICY
    return f"{moment(one.decided_at)}, {by}"


def _show_one(one: FieldConflict, *, values: bool) -> None:
    def told(value: Any) -> str:
        shown = value if values else _masked(one.field, value)
        if shown is None or shown == "":
            return texts.EMPTY
        return shown if isinstance(shown, str) else json.dumps(shown, ensure_ascii=False,
                                                               default=str)  # fmt: skip

    lines = [
        texts.clinic_side(old=told(one.clinic_old), new=told(one.clinic_new)),
        texts.omie_side(old=told(one.omie_old), new=told(one.omie_new)),
    ]
    if one.omie_changed_at is not None:
        by = one.omie_changed_by or "–"
        lines.append(texts.changed_in_omie(at=moment(one.omie_changed_at), by=by))
    if one.decided_at is not None and one.state != "gone":
        by = texts.by_person(one.decided_by) if one.decided_by else texts.BY_POLICY
        lines.append(texts.decided(at=moment(one.decided_at), by=by))
    head = texts.head(
        code=one.codigo_integracao,
        empresa=one.empresa,
        endpoint=one.endpoint,
        field=_field(one),
        state=texts.STATES[one.state],
    )
    show_entry(head, [(line, "") for line in lines])
