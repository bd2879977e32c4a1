"""``omie-pipeline duplicates``: what exists twice in Omie, ours beside one typed by hand, or ours
under two forms of one code; and what a person decides of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from omie_pipeline.catalog.relations import SETTLEMENTS
from omie_pipeline.cli.output import Column, count, day, emit, money, show, show_table
from omie_pipeline.cli.portuguese import PortugueseCommand, PortugueseGroup
from omie_pipeline.cli.selection import (
    ByOption,
    EmpresaOption,
    JsonOption,
    chosen_empresas,
    decider,
)
from omie_pipeline.texts.cli import push as texts

if TYPE_CHECKING:
    from omie_pipeline.app.duplicates import ListedDuplicate, Resolved
    from omie_pipeline.push.renamed_codes import SameCode
    from omie_pipeline.reconcile.duplicate_decisions import Decision

duplicates = typer.Typer(cls=PortugueseGroup, rich_markup_mode=None)


@duplicates.callback(invoke_without_command=True)
def list_(
    ctx: typer.Context,
    empresa: EmpresaOption = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Mostra também os que alguém mandou ignorar.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Lista o que parece repetido no Omie: qual é o nosso, e códigos que só mudam de forma."""
    if ctx.invoked_subcommand is not None:
        return
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.app.duplicates import listed_duplicates
    from omie_pipeline.push.renamed_codes import same_codes

    deployment = Deployment()
    empresas = chosen_empresas(deployment, empresa)
    listed = listed_duplicates(deployment, empresas)
    found = [one for one in listed if everything or not one.ignored]
    reformed = same_codes(deployment.engine, empresas)
    if as_json:
        for title in found:
            emit(_record(title))
        for same in reformed:
            emit(asdict(same))
        return
    if not found and not reformed:
        show(texts.NO_DUPLICATES)
    if found:
        _show(found)
    if hidden := len(listed) - len(found):
        show(texts.ignored_hidden(count(hidden)))
    if reformed:
        _show_reformed(reformed)


@duplicates.command(cls=PortugueseCommand)
def resolve(
    titulo: Annotated[
        int, typer.Argument(metavar="ID", help="Id no Omie do título sem vínculo, como na lista.")
    ],
    adopt: Annotated[
        bool,
        typer.Option("--adopt", help="Fica o digitado, ligado à linha da clínica; o nosso sai."),
    ] = False,
    ignore: Annotated[
        bool, typer.Option("--ignore", help="São dois fatos: não listar mais.")
    ] = False,
    relist: Annotated[bool, typer.Option("--relist", help="Listar de novo.")] = False,
    delete_ours: Annotated[
        bool, typer.Option("--delete-ours", help="Plano que exclui o nosso.")
    ] = False,
    delete_theirs: Annotated[
        bool, typer.Option("--delete-theirs", help="Plano que exclui o digitado.")
    ] = False,
    empresa: EmpresaOption = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Decide sobre um título repetido. Nada é excluído sem um plano aprovado."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.app.duplicates import resolve_duplicate

    choices: dict[Decision, bool] = {
        "adopt": adopt,
        "ignore": ignore,
        "relist": relist,
        "delete_ours": delete_ours,
        "delete_theirs": delete_theirs,
    }
    chosen = [name for name, given in choices.items() if given]
    if len(chosen) != 1:
        raise typer.BadParameter(texts.DECIDE_ONE)
    deployment = Deployment()
    empresas = chosen_empresas(deployment, empresa)
    done = resolve_duplicate(deployment, empresas, titulo, chosen[0], decider(by))
    if as_json:
        emit(
            {
                "empresa": done.pair.empresa,
                "ledger_code": done.pair.ledger_code,
                "our_titulo": done.pair.our_titulo,
                "other_titulo": done.pair.other_titulo,
                "decision": done.decision,
                "plan_id": done.plan_id or None,
            }
        )
        return
    _tell(done)


@duplicates.command(cls=PortugueseCommand)
def rule(
    what: Annotated[
        str, typer.Argument(metavar="adopt|list|reset", help="O que fazer daqui em diante.")
    ],
    empresa: EmpresaOption = None,
    by: ByOption = None,
) -> None:
    """Diz o que fazer com títulos que alguém digitar: adotar, listar, ou o que diz o arquivo."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.app.duplicates import decide_rule
    from omie_pipeline.switches.settings import LOOKALIKES

    if what not in (*LOOKALIKES, "reset"):
        raise typer.BadParameter(", ".join([*LOOKALIKES, "reset"]))
    deployment = Deployment()
    chosen = None if what == "reset" else what
    empresas = chosen_empresas(deployment, empresa)
    for one in decide_rule(deployment, empresas, tuple(SETTLEMENTS), chosen, decider(by)):
        told = texts.RULES[one.value]
        show(texts.rule_decided(endpoint=one.endpoint, empresa=one.empresa, rule=told))


def _tell(done: Resolved) -> None:
    pair = done.pair
    show(
        texts.DECIDED[done.decision].format(
            ours=pair.our_titulo, theirs=pair.other_titulo, code=pair.ledger_code
        )
    )
    if done.decision == "adopt":
        show(texts.adopted_next(endpoint=_endpoint(pair.natureza), code=pair.ledger_code))
    if done.plan_id:
        show(texts.deletion_next(done.plan_id))


def _endpoint(natureza: str) -> str:
    return "contas_receber" if natureza == "R" else "contas_pagar"


def _record(one: ListedDuplicate) -> dict[str, Any]:
    decided = one.decision
    return {
        **asdict(one.pair),
        "decision": decided.decision if decided else None,
        "decided_by": decided.decided_by if decided else None,
        "decided_at": decided.decided_at if decided else None,
        "plan_id": (decided.plan_id or None) if decided else None,
    }


def _show_reformed(found: Sequence[SameCode]) -> None:
    show(texts.REFORMED_CODES)
    heads = [Column("empresa"), Column("endpoint"), Column(texts.CODES), Column(texts.IDS_IN_OMIE)]
    rows = [
        [one.empresa, one.endpoint, ", ".join(one.codes), ", ".join(map(str, one.omie_ids))]
        for one in found
    ]
    show_table(heads, rows)


def _show(found: Sequence[ListedDuplicate]) -> None:
    heads = [Column("empresa"), Column("lado"), Column(texts.OUR_CODE),
             Column(texts.OUR_ID), Column(texts.UNLINKED_ID), Column("R$", right=True),
             Column("vencimentos"), Column(texts.TYPED_BY), Column(texts.WHAT_TO_DO)]  # fmt: skip
    rows = [
        [
            one.pair.empresa,
            texts.SIDES.get(one.pair.natureza, one.pair.natureza),
            one.pair.ledger_code,
            str(one.pair.our_titulo),
            str(one.pair.other_titulo),
            money(one.pair.valor_documento),
            f"{day(one.pair.our_due_date)} / {day(one.pair.other_due_date)}",
            one.pair.incluido_por or "–",
            _fix(one),
        ]
        for one in found
    ]
    show_table(heads, rows)
    show(texts.RESOLVE_NEXT)


def _fix(one: ListedDuplicate) -> str:
    """What is to be done, or what somebody decided already."""
    if one.decision is None or one.decision.decision == "relist":
        return one.pair.fix
    word = texts.DECISIONS[one.decision.decision]
    return texts.decided_already(word=word, by=one.decision.decided_by)
