"""``omie-pipeline duplicates``: what exists twice in Omie, ours beside one typed by hand, or ours
under two forms of one code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from omie_pipeline.cli.output import Column, day, emit, money, show, show_table
from omie_pipeline.cli.selection import EmpresaOption, JsonOption, chosen_empresas
from omie_pipeline.texts.cli import push as texts

if TYPE_CHECKING:
    from omie_pipeline.push.renamed_codes import SameCode
    from omie_pipeline.reconcile.differences import Duplicate


def duplicates(empresa: EmpresaOption = None, as_json: JsonOption = False) -> None:
    """Lista o que parece repetido no Omie: qual é o nosso, e códigos que só mudam de forma."""
    from omie_pipeline.app.deployment import Deployment
    from omie_pipeline.push.renamed_codes import same_codes
    from omie_pipeline.reconcile.differences import duplicates as read_duplicates

    deployment = Deployment()
    empresas = chosen_empresas(deployment, empresa)
    found = read_duplicates(deployment.engine, empresas)
    reformed = same_codes(deployment.engine, empresas)
    if as_json:
        for title in found:
            emit(asdict(title))
        for same in reformed:
            emit(asdict(same))
        return
    if not found and not reformed:
        show(texts.NO_DUPLICATES)
    if found:
        _show(found)
    if reformed:
        _show_reformed(reformed)


def _show_reformed(found: Sequence[SameCode]) -> None:
    show(texts.REFORMED_CODES)
    heads = [Column("empresa"), Column("endpoint"), Column(texts.CODES), Column(texts.IDS_IN_OMIE)]
    rows = [
        [one.empresa, one.endpoint, ", ".join(one.codes), ", ".join(map(str, one.omie_ids))]
        for one in found
    ]
    show_table(heads, rows)


def _show(found: Sequence[Duplicate]) -> None:
    heads = [Column("empresa"), Column("lado"), Column(texts.OUR_CODE),
             Column(texts.OUR_ID), Column(texts.UNLINKED_ID), Column("R$", right=True),
             Column("vencimentos"), Column(texts.TYPED_BY), Column(texts.WHAT_TO_DO)]  # fmt: skip
    rows = [
        [
            one.empresa,
            texts.SIDES.get(one.natureza, one.natureza),
            one.ledger_code,
            str(one.our_titulo),
            str(one.other_titulo),
            money(one.valor_documento),
            f"{day(one.our_due_date)} / {day(one.other_due_date)}",
            one.incluido_por or "–",
            one.fix,
        ]
        for one in found
    ]
    show_table(heads, rows)
