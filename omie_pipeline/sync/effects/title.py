"""Títulos: records under our code that Omie closes as soon as somebody settles them."""

from __future__ import annotations

from omie_pipeline.catalog.acting import SETTLEMENTS
from omie_pipeline.catalog.model import Proof
from omie_pipeline.sync.conflicts import titulo_baixado_no_omie, titulo_cancelado
from omie_pipeline.sync.effects.record import CANNOT_READ, NOT_THERE, RecordEffect
from omie_pipeline.sync.effects.request import Standing
from omie_pipeline.sync.effects.title_entries import CANCELLED, Title, asked, titles_in
from omie_pipeline.warehouse.rows import PlanRow


class TitleEffect(RecordEffect):
    """A título that the bank settled is not changed any more (PROTOCOL section 9, CODE)."""

    def closed(self, row: PlanRow) -> Standing | None:
        """The settlements that stand on the row's título, or its cancellation."""
        if row.action == "delete" or row.omie_id is None:
            return None
        title = self._shown(row)
        if title is None:
            return None
        if title.status == CANCELLED:
            return Standing(conflict=titulo_cancelado(self._endpoint.integration_key))
        if not title.entries:
            return None
        last = title.entries[-1]
        return Standing(
            conflict=titulo_baixado_no_omie(self._endpoint.integration_key, last.day, last.value)
        )

    def _shown(self, row: PlanRow) -> Title | None:
        settlement = SETTLEMENTS[self._endpoint.name]
        proof: Proof | None = settlement.proof
        if proof is None:
            return None
        question = {"nPagina": 1, "nRegPorPagina": 50, "nCodTitulo": row.omie_id}
        try:
            answer = self._client.read(proof.service, proof.method, question)
        except (*NOT_THERE, *CANNOT_READ):
            return None
        return next(iter(titles_in(answer, asked(question))), None)
