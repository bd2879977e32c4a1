"""``omie-pipeline duplicates``: títulos that stand twice in Omie, ours and one typed by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from omie_pipeline.cli.output import Column, day, emit, money, show, show_table
from omie_pipeline.cli.selecting import EmpresaOption, JsonOption, chosen_empresas

if TYPE_CHECKING:
    from omie_pipeline.warehouse.reconciliation import Duplicate

_SIDES = {"R": "a receber", "P": "a pagar"}


def duplicates(empresa: EmpresaOption = None, as_json: JsonOption = False) -> None:
    """Lista títulos que parecem repetidos no Omie, e qual deles é o nosso."""
    from omie_pipeline.resources.deployment import Deployment
    from omie_pipeline.warehouse.reconciliation import duplicates as read_duplicates

    deployment = Deployment()
    found = read_duplicates(deployment.engine, chosen_empresas(deployment, empresa))
    if as_json:
        for one in found:
            emit(asdict(one))
    else:
        _show(found)


def _show(found: Sequence[Duplicate]) -> None:
    if not found:
        show("Nenhum título repetido.")
        return
    heads = [Column("empresa"), Column("lado"), Column("nosso (código)"),
             Column("nosso (id no Omie)"), Column("sem vínculo (id)"), Column("R$", right=True),
             Column("vencimentos"), Column("digitado por"), Column("o que fazer")]  # fmt: skip
    rows = [
        [
            one.empresa,
            _SIDES.get(one.natureza, one.natureza),
            one.ledger_codigo,
            str(one.titulo_nosso),
            str(one.titulo_sem_vinculo),
            money(one.valor_documento),
            f"{day(one.vencimento_nosso)} / {day(one.vencimento_sem_vinculo)}",
            one.incluido_por or "–",
            one.o_que_fazer,
        ]
        for one in found
    ]
    show_table(heads, rows)
