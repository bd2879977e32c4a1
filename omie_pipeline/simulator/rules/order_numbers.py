"""The last numbers given to orders, RPS and notes of one company, and which orders wait."""

from __future__ import annotations

from omie_pipeline.simulator.engine.state import AppState, Record

RPS = "_rps"
"""What the city hall was asked for, oldest first; never on the wire."""

_NEVER = float("inf")


class OrderNumbers:
    """Follows the records: ``app.view(OrderNumbers)``."""

    def __init__(self, app: AppState) -> None:
        self.order = self.rps = self.note = 0
        self.waiting: dict[int, float] = {}
        """Orders with an RPS under way -> simulated second of the first answer due."""
        self._earliest = _NEVER
        self.notes_of: dict[int, list[int]] = {}
        """Notes by the order they were issued for, ascending."""
        for name, told in (("ordens_servico", self._order), ("notas_servico", self._note)):
            collection = app.collections.get(name)
            if collection is not None:
                for record in collection:
                    told(None, record)
                collection.listeners.append(told)

    def next_order(self) -> str:
        return str(self.order + 1)

    def next_rps(self) -> str:
        return str(self.rps + 1)

    def next_note(self) -> str:
        return f"{self.note + 1:08d}"

    def due(self, now: float) -> list[int]:
        """Orders whose answer is due, oldest first."""
        if now < self._earliest:
            return []
        self._earliest = min(self.waiting.values(), default=_NEVER)
        return sorted(key for key, at in self.waiting.items() if at <= now)

    def _order(self, before: Record | None, after: Record | None) -> None:
        held = (after or before or {})["Cabecalho"]
        key = int(held["nCodOS"])
        self.waiting.pop(key, None)
        if after is None:
            return
        self.order = max(self.order, _number(held.get("cNumOS")))
        for item in after.get(RPS) or ():
            self.rps = max(self.rps, _number(item["nRps"]))
            if item["state"] == "processing":
                at = self.waiting[key] = min(float(item["due"]), self.waiting.get(key, _NEVER))
                self._earliest = min(at, self._earliest)

    def _note(self, before: Record | None, after: Record | None) -> None:
        record = after or before or {}
        held = record.get("Cabecalho") or {}
        self.note = max(self.note, _number(held.get("nNumeroNFSe")))
        order = (record.get("OrdemServico") or {}).get("nCodigoOS") or 0
        kept = [key for key in self.notes_of.get(order, ()) if key != record["_id"]]
        self.notes_of[order] = sorted([*kept, record["_id"]]) if after else kept


def _number(text: object) -> int:
    plain = str(text or "")
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 16 else 0
