"""Settlements: a baixa stands among the entries of its título, or it does not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType

from omie_pipeline.omie import wire
from omie_pipeline.sync.effects.record import CANNOT_READ, NOT_THERE, RecordEffect, as_id
from omie_pipeline.sync.effects.request import (
    ABSENT,
    UNREADABLE,
    Finding,
    Found,
    Request,
    Standing,
)
from omie_pipeline.warehouse.rows import PlanRow

_TITLE_CODE = "codigo_lancamento_integracao"
_TITLE_ID = "codigo_lancamento"
_TWIN = "O título já tem uma baixa do mesmo valor e dia sem código de integração: confira no Omie"
_NOT_SHOWN = Found(
    "unreadable",
    text="O Omie não mostra o título desta baixa, nem se ela já foi lançada; se alguém excluiu o "
    "título lá, confira com omie-pipeline reconcile",
)
_HIDDEN_SECONDS = 3600.0
_OTHER = "O título já tem no Omie uma baixa com este código, de outro valor ou dia"
_OTHER_FIX = (
    "Confira com o financeiro: estorne no Omie a baixa errada (esta sai em seguida), ou corrija o "
    "pagamento na clínica."
)
_TWIN_FIX = "Se for o mesmo pagamento, estorne no Omie a baixa lançada à mão: esta sai em seguida."
_LOOK_ROWS, _FIRST_LOOK_ROWS = 20, 50
"""Two page sizes, so that Omie does not take one question for a repetition of the other."""


class SettlementEffect(RecordEffect):
    """``LancarRecebimento``, ``LancarPagamento`` and taking them back, seen through
    ``PesquisarLancamentos``: a título with its settlements (PROTOCOL section 5, OFF)."""

    _titles: Mapping[str, str] = MappingProxyType({})

    def load(self, rows: Sequence[PlanRow]) -> None:
        """For deletions, the título that each settlement belongs to."""
        super().load(rows)
        if self._endpoint.deletes:
            codes = [row.codigo_integracao for row in rows if row.codigo_integracao]
            self._titles = self._known.parents(self._endpoint.deletes, codes)

    def look_first(self, rows: Sequence[PlanRow]) -> Mapping[int, Standing]:
        """Settlements that Omie has under our code though the ledger does not know them, and those
        that a person entered by hand. One that was taken back is not looked for: a list may still
        show it."""
        if not self._endpoint.look_first:
            return {}
        known = self._known.ever_confirmed(
            self._endpoint.name, [row.codigo_integracao or "" for row in rows]
        )
        read: dict[str, list[wire.Json] | Found] = {}
        standing: dict[int, Standing] = {}
        for row in rows:
            question = self._question(row, _FIRST_LOOK_ROWS)
            if row.omie_id is not None or row.codigo_integracao in known or question is None:
                continue
            title = str(question)
            if title not in read:
                read[title] = self._entries(question)
            found = self._standing(row, read[title])
            if found is not None:
                standing[row.linha] = found
        return standing

    def _standing(self, row: PlanRow, entries: list[wire.Json] | Found) -> Standing | None:
        if isinstance(entries, Found):
            pause_seconds = _HIDDEN_SECONDS if entries is _NOT_SHOWN else 0.0
            return Standing(unreadable=True, text=entries.text, pause_seconds=pause_seconds)
        sent = self.sent(row)
        for entry in entries:
            if str(entry.get("cCodIntLanc") or "") == row.codigo_integracao:
                if not _as_sent(entry, sent):
                    return Standing(refusal=_OTHER, fix=_OTHER_FIX)
                return Standing(done=True, omie_id=as_id(entry.get("nCodLanc")))
        if any(_twin(entry, sent) for entry in entries):
            return Standing(refusal=_TWIN, fix=_TWIN_FIX)
        return None

    def look(self, row: PlanRow, request: Request) -> Found:
        """The row's settlement among those of its título."""
        question = self._question(row, _LOOK_ROWS)
        if question is None:
            # Taking back once more the very settlement that is meant changes nothing.
            return Found("different") if row.action == "delete" else UNREADABLE
        entries = self._entries(question)
        if isinstance(entries, Found):
            # A título that is gone may have taken its settlement along: asking is harmless.
            again = row.action == "delete" and entries is _NOT_SHOWN
            return Found("different") if again else entries
        code, omie_id = row.codigo_integracao or "", row.omie_id
        for entry in entries:
            same_id = omie_id is not None and as_id(entry.get("nCodLanc")) == omie_id
            if same_id or str(entry.get("cCodIntLanc") or "") == code:
                if row.action != "delete" and not _as_sent(entry, request.param):
                    return Found("different", as_id(entry.get("nCodLanc")), text=_OTHER)
                finding: Finding = "different" if row.action == "delete" else "arrived"
                return Found(finding, as_id(entry.get("nCodLanc")), untouched=True)
        if row.action != "delete" and any(_twin(entry, request.param) for entry in entries):
            return Found("unreadable", text=_TWIN)
        return ABSENT

    def _question(self, row: PlanRow, page_rows: int) -> wire.Json | None:
        page = {"nPagina": 1, "nRegPorPagina": page_rows}
        code = row.payload.get(_TITLE_CODE) or self._title_of(row)
        if code:
            return {**page, "cCodIntTitulo": str(code)}
        omie_id = as_id(row.payload.get(_TITLE_ID))
        return {**page, "nCodTitulo": omie_id} if omie_id else None

    def _title_of(self, row: PlanRow) -> str:
        if not self._endpoint.deletes:
            return ""
        return self._titles.get(row.codigo_integracao or "", "")

    def _entries(self, question: wire.Json) -> list[wire.Json] | Found:
        """Settlements of the título asked for, or why they cannot be read.

        Omie has confirmed the título: an answer without it says nothing of its settlements.
        """
        proof = self.proof
        try:
            answer = self._client.read(proof.service, proof.method, question)
        except NOT_THERE:
            return _NOT_SHOWN
        except CANNOT_READ:
            return UNREADABLE
        name = "cCodIntTitulo" if "cCodIntTitulo" in question else "nCodTitulo"
        shown = [
            title
            for title in answer.get("titulosEncontrados") or []
            if str((title.get("cabecTitulo") or {}).get(name)) == str(question[name])
        ]
        return [e for title in shown for e in title.get("lancamentos") or []] or (
            [] if shown else _NOT_SHOWN
        )


def _as_sent(entry: wire.Json, sent: wire.Json) -> bool:
    """Whether a settlement has the value and day that are sent; what Omie leaves out is no
    difference."""
    value, day = entry.get("nValLanc"), entry.get("dDtLanc")
    same_value = value is None or Decimal(str(value)) == Decimal(str(sent.get("valor") or 0))
    return same_value and (not day or day == sent.get("data"))


def _twin(entry: wire.Json, sent: wire.Json) -> bool:
    """A settlement without a code that could be ours, were the code lost on the way."""
    return (
        not entry.get("cCodIntLanc")
        and entry.get("dDtLanc") == sent.get("data")
        and Decimal(str(entry.get("nValLanc") or 0)) == Decimal(str(sent.get("valor") or 0))
    )
