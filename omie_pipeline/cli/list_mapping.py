"""``omie-pipeline mapping``: which code of Omie's stands for a value of the clinic's (de-para)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from omie_pipeline.cli.errors import UNFINISHED
from omie_pipeline.cli.output import Column, count, emit, moment, money, say, show, show_table
from omie_pipeline.cli.portuguese import PortugueseCommand, PortugueseGroup
from omie_pipeline.cli.selection import (
    ByOption,
    EmpresaOption,
    JsonOption,
    chosen_empresas,
    decider,
    parsed_date,
)
from omie_pipeline.texts.cli import list_mapping as texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.app.map_lists import ListedMapping
    from omie_pipeline.app.recategorise import CategoryMove
    from omie_pipeline.app.suggest_mappings import SuggestedValue
    from omie_pipeline.list_mapping.model import MappedCode, SourceKind
    from omie_pipeline.list_mapping.store import Change, Decision

_CLINICS_KINDS: Final[tuple[SourceKind, ...]] = (
    *("category", "procedure", "payment_method", "supplier_kind"),
)
mapping = typer.Typer(cls=PortugueseGroup, no_args_is_help=True, rich_markup_mode=None)

EmpresaArgument = Annotated[
    str, typer.Argument(metavar="EMPRESA", help="Nome da empresa; '*' vale para todas.")
]
KindArgument = Annotated[
    str,
    typer.Argument(
        metavar="TIPO",
        help="category, procedure, payment_method, supplier_kind ou omie_category.",
    ),
]
KindOption = Annotated[
    str | None, typer.Option("--kind", metavar="TIPO", help="Só este tipo de valor.")
]
TargetOption = Annotated[
    str,
    typer.Option(
        "--target",
        metavar="ALVO",
        help="category, department ou project; sem ela, o que o tipo mais vira.",
    ),
]


@mapping.command("list", cls=PortugueseCommand)
def list_(
    empresa: EmpresaOption = None,
    kind: KindOption = None,
    unmapped: Annotated[
        bool, typer.Option("--unmapped", help="O que a clínica tem e nada mapeia.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Mostra os mapeamentos em vigor e os que o Omie não aceita mais. Saída: 3 se houver destes."""
    from omie_pipeline.app.map_lists import listed

    deployment = _opened()
    empresas = chosen_empresas(deployment, empresa)
    only = _kind(kind)
    if unmapped:
        _show_unmapped(deployment, empresas, only, as_json=as_json)
        return
    found = listed(deployment, empresas, only)
    broken = [one for one in found if one.problem]
    if as_json:
        for one in found:
            emit(_record(one))
    elif not found:
        show(texts.NONE)
    else:
        _show_listed(found)
        if broken:
            say(texts.some_broken(len(broken)))
    if broken:
        raise typer.Exit(UNFINISHED)


@mapping.command("set", cls=PortugueseCommand)
def set_(
    empresa: EmpresaArgument,
    kind: KindArgument,
    value: Annotated[
        str,
        typer.Argument(metavar="VALOR", help="Como a clínica o escreve; '*': todos os outros."),
    ],
    code: Annotated[
        str | None, typer.Argument(metavar="[CÓDIGO]", help="O código no Omie.")
    ] = None,
    target: TargetOption = "",
    create: Annotated[
        str | None,
        typer.Option("--create", metavar="NOME", help="Cria a categoria no Omie, se não houver."),
    ] = None,
    under: Annotated[
        str | None,
        typer.Option("--under", metavar="GRUPO", help="O grupo em que ela nasce, como 2.01."),
    ] = None,
    by: ByOption = None,
) -> None:
    """Mapeia um valor da clínica: mapping set principal category Aluguel 2.04.01."""
    from omie_pipeline.app.map_lists import create_and_map, set_codes
    from omie_pipeline.list_mapping.wanted import Wanted

    if (create is None) != (under is None):
        raise typer.BadParameter(texts.BOTH_WORDS, param_hint="--create/--under")
    if (code is None) == (create is None):
        raise typer.BadParameter(texts.CODE_OR_CREATE, param_hint=texts.CODE)
    deployment, who = _opened(), decider(by)
    if create is not None and under is not None:
        wanted = Wanted(empresa, kind, value, "", target)
        made = create_and_map(deployment, wanted, create, under, who)
        told = texts.made if made.created else texts.found
        show(told(code=made.code, name=create, empresa=empresa))
        _tell([made.change])
        _warn(deployment, [made.change])
        return
    changes = set_codes(deployment, [Wanted(empresa, kind, value, code or "", target)], who)
    _tell(changes)
    _warn(deployment, changes)


@mapping.command(cls=PortugueseCommand)
def unset(
    empresa: EmpresaArgument,
    kind: KindArgument,
    values: Annotated[list[str], typer.Argument(metavar="VALOR...")],
    target: TargetOption = "",
    by: ByOption = None,
) -> None:
    """Tira mapeamentos. Saída: 3 se algum valor não estava mapeado."""
    from omie_pipeline.app.map_lists import unset_codes

    changes = unset_codes(_opened(), empresa, kind, values, decider(by), target)
    _tell(changes)
    if any(one.before is None for one in changes):
        raise typer.Exit(UNFINISHED)


@mapping.command("import", cls=PortugueseCommand)
def import_(file: Annotated[Path, typer.Argument(metavar="ARQUIVO")], by: ByOption = None) -> None:
    """Importa um CSV (empresa,kind,source,target,code): tudo ou nada."""
    from omie_pipeline.app.map_lists import import_file

    deployment = _opened()
    changes = import_file(deployment, file, decider(by))
    _tell([one for one in changes if one.changed])
    show(texts.imported(lines=len(changes), changed=sum(one.changed for one in changes)))
    _warn(deployment, changes)


@mapping.command(cls=PortugueseCommand)
def export() -> None:
    """Escreve os mapeamentos como CSV na saída, na forma que import lê."""
    from omie_pipeline.app.map_lists import exported

    show(exported(_opened()).rstrip("\n"))


@mapping.command(cls=PortugueseCommand)
def history(
    empresa: EmpresaOption = None,
    kind: KindOption = None,
    value: Annotated[
        str | None, typer.Option("--value", metavar="VALOR", help="Só este valor.")
    ] = None,
    limit: Annotated[
        int, typer.Option("--limit", metavar="N", min=1, help="Quantas linhas no máximo.")
    ] = 50,
    as_json: JsonOption = False,
) -> None:
    """Mostra quem decidiu o quê e quando, do mais novo ao mais antigo."""
    from omie_pipeline.app.map_lists import decisions

    deployment = _opened()
    empresas = chosen_empresas(deployment, empresa)
    found = decisions(deployment, empresas, _kind(kind), value, limit)
    if as_json:
        for one in found:
            emit(_decision_record(one))
        return
    if not found:
        show(texts.NO_HISTORY)
        return
    heads = [Column(texts.DECIDED_AT), Column(texts.DECIDED_BY), Column(texts.ACTION),
             Column("empresa"), Column(texts.KIND), Column(texts.CLINIC_VALUE),
             Column(texts.BEFORE), Column(texts.AFTER)]  # fmt: skip
    show_table(
        heads,
        [
            [
                moment(one.decided_at),
                one.decided_by,
                texts.ACTIONS[one.action],
                one.key.empresa,
                one.key.kind,
                one.key.source,
                one.code_before or "–",
                one.code_after or "–",
            ]
            for one in found
        ],
    )


@mapping.command(cls=PortugueseCommand)
def suggest(
    empresa: EmpresaOption = None, kind: KindOption = None, as_json: JsonOption = False
) -> None:
    """Sugere códigos para o que nada mapeia, com o motivo e a confiança. Não muda nada."""
    from omie_pipeline.app.suggest_mappings import suggested

    deployment = _opened()
    only = _kind(kind)
    found = suggested(
        deployment, chosen_empresas(deployment, empresa), (only,) if only else _CLINICS_KINDS
    )
    if as_json:
        for one in found:
            emit(_suggested_record(one))
        return
    if not found:
        show(texts.ALL_MAPPED)
        return
    heads = [Column("empresa"), Column(texts.KIND), Column(texts.CLINIC_VALUE),
             Column(texts.CODE), Column(texts.NAME), Column(texts.CONFIDENCE, right=True),
             Column(texts.EVIDENCE)]  # fmt: skip
    lines: list[list[str]] = []
    for one in found:
        called = (
            one.item.source
            if one.item.name == one.item.source
            else (texts.called(source=one.item.source, name=one.item.name))
        )
        place = [one.empresa, one.item.kind, called]
        if not one.suggestions:
            lines.append([*place, "–", texts.NO_SUGGESTION, "", ""])
        for named in one.suggestions:
            told = named.suggestion
            lines.append([*place, told.code, named.name, f"{told.confidence:.0%}", told.evidence])
            place = ["", "", ""]
    show_table(heads, lines)
    say(texts.GO_THROUGH)


@mapping.command(cls=PortugueseCommand)
def accept(
    empresa: EmpresaArgument,
    kind: KindArgument,
    value: Annotated[str, typer.Argument(metavar="VALOR", help="Como a clínica o escreve.")],
    code: Annotated[
        str | None,
        typer.Argument(metavar="[CÓDIGO]", help="Uma das sugestões; sem ele, a primeira."),
    ] = None,
    target: TargetOption = "",
    by: ByOption = None,
) -> None:
    """Aceita uma sugestão; quem, quando e o motivo mostrado ficam no histórico."""
    from omie_pipeline.app.suggest_mappings import accept as accept_suggestion
    from omie_pipeline.list_mapping.wanted import Wanted

    wanted = Wanted(empresa, kind, value, code or "", target)
    _tell([accept_suggestion(_opened(), wanted, decider(by))])


@mapping.command(cls=PortugueseCommand)
def reject(
    empresa: EmpresaArgument,
    kind: KindArgument,
    value: Annotated[str, typer.Argument(metavar="VALOR", help="Como a clínica o escreve.")],
    code: Annotated[str, typer.Argument(metavar="CÓDIGO", help="A sugestão recusada.")],
    target: TargetOption = "",
    by: ByOption = None,
) -> None:
    """Recusa uma sugestão: ela não volta. Saída: 3 se já estava recusada."""
    from omie_pipeline.app.suggest_mappings import refuse
    from omie_pipeline.list_mapping.wanted import Wanted

    if refuse(_opened(), Wanted(empresa, kind, value, code, target), decider(by)):
        show(texts.refused(source=value, empresa=empresa, code=code))
        return
    show(texts.was_refused(source=value, empresa=empresa, code=code))
    raise typer.Exit(UNFINISHED)


@mapping.command(cls=PortugueseCommand)
def apply(
    first: Annotated[
        date,
        typer.Option(
            "--from",
            parser=parsed_date,
            metavar="AAAA-MM-DD",
            help="Desta data de negócio em diante.",
        ),
    ],
    whole: Annotated[bool, typer.Option("--history", help="Os títulos que o Omie já tem.")] = False,
    empresa: EmpresaOption = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Planeja o que os mapeamentos mudam em títulos já entregues; nada é enviado sem aprovação."""
    from omie_pipeline.app.recategorise import recategorise
    from omie_pipeline.cli.push_loop import push_listener

    if not whole:
        raise typer.BadParameter(texts.SAY_HISTORY, param_hint="--history")
    deployment = _opened()
    empresas = chosen_empresas(deployment, empresa)
    found = recategorise(deployment, empresas, first, decider(by), push_listener())
    plan_id = found.plan.plan_id if found.plan else None
    if as_json:
        for one in found.moves:
            emit({"plan_id": plan_id, **asdict(one)})
        return
    if found.plan is None or not found.moves:
        show(texts.HISTORY_STANDS)
        return
    _show_moves(found.moves)
    leaving = [one for one in found.moves if one.state in ("ready", "waiting")]
    show(
        texts.would_change(
            titles=count(sum(one.rows for one in leaving)),
            valor=money(sum((one.valor for one in leaving), Decimal(0))),
        )
    )
    words = [one for one in leaving if one.managerial_before != one.managerial_after]
    if words:
        show(
            texts.would_move_in_analysis(
                titles=count(sum(one.rows for one in words)),
                valor=money(sum((one.valor for one in words), Decimal(0))),
            )
        )
    say(texts.look_and_approve(found.plan.plan_id))


def _show_moves(moves: Sequence[CategoryMove]) -> None:
    heads = [Column("empresa"), Column("endpoint"), Column(texts.BEFORE), Column(texts.AFTER),
             Column(texts.IN_ANALYSIS), Column(texts.TITLES, right=True),
             Column("R$", right=True), Column(texts.STATE)]  # fmt: skip
    show_table(
        heads,
        [
            [
                one.empresa,
                one.endpoint,
                one.before or texts.NOT_READ,
                one.after or "–",
                texts.from_to(one.managerial_before or "–", one.managerial_after or "–"),
                count(one.rows),
                money(one.valor),
                texts.STATES[one.state],
            ]
            for one in moves
        ],
    )


@mapping.command(cls=PortugueseCommand)
def pattern(
    empresa: EmpresaArgument,
    kind: KindArgument,
    glob: Annotated[
        str, typer.Argument(metavar="PADRÃO", help="'*aluguel*': * é qualquer texto, ? um sinal.")
    ],
    code: Annotated[
        str | None, typer.Argument(metavar="[CÓDIGO]", help="O que nomes assim querem dizer.")
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Tira o padrão.")] = False,
    target: TargetOption = "",
    by: ByOption = None,
) -> None:
    """Escreve um padrão: o código vem como primeira sugestão de todo nome que combina com ele.

    Acentos e maiúsculas não importam. Saída: 3 se não havia o padrão que se tira.
    """
    from omie_pipeline.app import mapping_patterns
    from omie_pipeline.list_mapping.wanted import Wanted

    if (code is None) is not remove:
        raise typer.BadParameter(texts.CODE_OR_REMOVE, param_hint=f"{texts.CODE}/--remove")
    wanted, who = Wanted(empresa, kind, glob, code or "", target), decider(by)
    if remove:
        if mapping_patterns.remove(_opened(), wanted, who) is None:
            show(texts.was_no_pattern(glob=glob, empresa=empresa))
            raise typer.Exit(UNFINISHED)
        show(texts.no_more_pattern(glob=glob, empresa=empresa))
        return
    before = mapping_patterns.write(_opened(), wanted, who)
    show(texts.pattern_is(glob=glob, empresa=empresa, code=code or ""))
    if before is not None and before.code != code:
        at = moment(before.written_at)
        show(texts.instead_of(code=before.code, by=before.written_by, at=at))


@mapping.command(cls=PortugueseCommand)
def patterns(empresa: EmpresaOption = None, as_json: JsonOption = False) -> None:
    """Mostra os padrões escritos, por quem e quando."""
    from omie_pipeline.app.mapping_patterns import written

    deployment = _opened()
    found = written(deployment, chosen_empresas(deployment, empresa))
    if as_json:
        for one in found:
            emit(asdict(one))
        return
    if not found:
        show(texts.NO_PATTERNS)
        return
    heads = [Column("empresa"), Column(texts.KIND), Column(texts.PATTERN), Column(texts.TARGET),
             Column(texts.CODE), Column(texts.DECIDED_BY), Column(texts.DECIDED_AT)]  # fmt: skip
    show_table(
        heads,
        [
            [one.empresa, one.kind, one.glob, one.target, one.code, one.written_by,
             moment(one.written_at)]
            for one in found
        ],
    )  # fmt: skip


def _show_unmapped(
    deployment: Deployment, empresas: Sequence[str], only: SourceKind | None, *, as_json: bool
) -> None:
    from omie_pipeline.app.map_lists import not_mapped

    # What analysis calls a category of Omie's is nobody's duty to say.
    kinds = (only,) if only else _CLINICS_KINDS
    found = [one for kind in kinds for one in not_mapped(deployment, empresas, kind)]
    if as_json:
        for one in found:
            emit(
                {
                    "empresa": one.empresa,
                    "kind": one.item.kind,
                    "source": one.item.source,
                    "name": one.item.name,
                    "rows": one.item.rows,
                }
            )
        return
    if not found:
        show(texts.ALL_MAPPED)
        return
    heads = [Column("empresa"), Column(texts.KIND), Column(texts.CLINIC_VALUE),
             Column(texts.CALLED), Column(texts.ROWS, right=True)]  # fmt: skip
    show_table(
        heads,
        [
            [one.empresa, one.item.kind, one.item.source, one.item.name, count(one.item.rows)]
            for one in found
        ],
    )


def _show_listed(found: Sequence[ListedMapping]) -> None:
    heads = [Column("empresa"), Column(texts.KIND), Column(texts.CLINIC_VALUE),
             Column(texts.TARGET), Column(texts.CODE), Column(texts.NAME),
             Column(texts.DECIDED_BY), Column(texts.DECIDED_AT), Column(texts.PROBLEM)]  # fmt: skip
    show_table(
        heads,
        [
            [
                one.mapped.key.empresa,
                one.mapped.key.kind,
                one.mapped.key.source,
                one.mapped.key.target,
                one.mapped.code,
                one.name,
                _who(one.mapped),
                moment(one.mapped.decided_at),
                texts.PROBLEMS[one.problem],
            ]
            for one in found
        ],
    )


def _tell(changes: Sequence[Change]) -> None:
    for one in changes:
        place = {"source": one.key.source, "empresa": one.key.empresa}
        if one.after is None:
            show(texts.no_more(**place) if one.before else texts.was_not_mapped(**place))
            continue
        if not one.changed and one.before is not None:
            at = moment(one.before.decided_at)
            show(texts.was_already(**place, code=one.after.code, by=_who(one.before), at=at))
            continue
        target = "" if one.key.target == "category" else texts.in_brackets(one.key.target)
        show(texts.is_now(**place, code=one.after.code, name=target))
        if one.before is not None:
            at = moment(one.before.decided_at)
            show(texts.instead_of(code=one.before.code, by=_who(one.before), at=at))
    changed = {one.key.target for one in changes if one.changed}
    if changed == {"managerial_category"}:
        say(texts.SHOWN_IN_ANALYSIS)
    elif changed:
        say(texts.NEXT)


def _warn(deployment: Deployment, changes: Sequence[Change]) -> None:
    from omie_pipeline.app.map_lists import strangers

    for key, near in strangers(deployment, changes):
        say(texts.not_at_the_clinic(source=key.source, empresa=key.empresa, near=near))


def _who(one: MappedCode) -> str:
    return one.decided_by or texts.EARLIER_VERSION


def _record(one: ListedMapping) -> dict[str, object]:
    key = one.mapped.key
    return {
        "empresa": key.empresa,
        "kind": key.kind,
        "source": key.source,
        "target": key.target,
        "code": one.mapped.code,
        "name": one.name,
        "origin": one.mapped.origin,
        "decided_by": one.mapped.decided_by,
        "decided_at": one.mapped.decided_at,
        "problem": one.problem,
    }


def _suggested_record(one: SuggestedValue) -> dict[str, object]:
    return {
        "empresa": one.empresa,
        "kind": one.item.kind,
        "source": one.item.source,
        "name": one.item.name,
        "target": one.target,
        "suggestions": [
            {
                "code": named.suggestion.code,
                "name": named.name,
                "confidence": named.suggestion.confidence,
                "evidence": named.suggestion.evidence,
            }
            for named in one.suggestions
        ],
    }


def _decision_record(one: Decision) -> dict[str, object]:
    return {
        "empresa": one.key.empresa,
        "kind": one.key.kind,
        "source": one.key.source,
        "target": one.key.target,
        "action": one.action,
        "code_before": one.code_before,
        "code_after": one.code_after,
        "origin": one.origin,
        "decided_by": one.decided_by,
        "decided_at": one.decided_at,
        "evidence": one.evidence,
        "confidence": one.confidence,
    }


def _kind(text: str | None) -> SourceKind | None:
    from omie_pipeline.list_mapping.wanted import kind_of

    return None if text is None else kind_of(text)


def _opened() -> Deployment:
    from omie_pipeline.app.deployment import Deployment

    return Deployment()
