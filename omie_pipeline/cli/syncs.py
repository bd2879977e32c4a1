"""Runs of single endpoints or tables put together as what a person started: one sync, one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from omie_pipeline.cli.output import LIST_WIDTH, Column, Record, moment, show, show_table

_LONGEST_PAUSE = timedelta(minutes=5)
"""Between two runs of one sync: reading a list of Omie's takes some seconds, a block ends it."""
_WORST_STATES = ("running", "failed", "stopped", "incomplete")
_TOLD_ERRORS = 3


def syncs_of(records: Sequence[Record]) -> list[list[Record]]:
    """Runs of one direction, grouped: of one empresa, begun by the same, one soon after another,
    none twice. In each, the first run stands first."""
    groups: list[list[Record]] = []
    last: dict[tuple[str, str, str, bool], list[Record]] = {}
    for one in sorted(records, key=lambda record: record["started_at"]):
        who = (one["empresa"], one["trigger"], one["dagster_run_id"], one["state"] == "dry_run")
        group = last.get(who)
        if group is None or not _goes_on(group, one):
            group = last[who] = []
            groups.append(group)
        group.append(one)
    return groups


def show_syncs(
    syncs: Sequence[Sequence[Record]],
    *,
    states: tuple[Mapping[str, str], Mapping[str, str]],
    rows_told: Callable[[Record], str],
) -> None:
    """A line for each sync, and below what went wrong in it and what to do.

    Args:
        states: what states are called, of what is sent and of what is read.
        rows_told: counts in words.
    """
    several = len({sync[0]["empresa"] for sync in syncs}) > 1
    heads = [Column("início"), *([Column("empresa")] if several else [])]
    heads += [Column(title) for title in ("sentido", "o quê", "por", "resultado")]
    heads.append(Column("linhas"))
    rows = []
    for sync in syncs:
        total = _total(sync)
        sent = sync[0]["direction"] == "push"
        state = next((s for s in _WORST_STATES if any(one["state"] == s for one in sync)), None)
        state = state or sync[0]["state"]
        rows.append(
            [
                moment(sync[0]["started_at"]),
                *([sync[0]["empresa"]] if several else []),
                "envio" if sent else "leitura",
                _what(sync, "endpoints" if sent else "tabelas"),
                sync[0]["trigger"],
                states[0 if sent else 1].get(state, state),
                rows_told(total),
            ]
        )
    show_table(heads, rows, plain_width=LIST_WIDTH)
    for sync in syncs:
        for one in [one for one in sync if one["error"]][:_TOLD_ERRORS]:
            show(f"{moment(one['started_at'])} {_name(one)} ({one['empresa']}): {one['error']}")
            if one["fix"]:
                show(f"    → {one['fix']}")
    show("Endpoint por endpoint: omie-pipeline history --details")


def _goes_on(group: Sequence[Record], one: Record) -> bool:
    if any(_name(other) == _name(one) for other in group):
        return False
    if one["dagster_run_id"]:
        return True
    ended = group[-1]["finished_at"]
    return ended is not None and one["started_at"] - ended <= _LONGEST_PAUSE


def _total(sync: Sequence[Record]) -> Record:
    added: Counter[str] = Counter()
    for one in sync:
        added.update({k: v for k, v in one.items() if isinstance(v, int | float)})
    return added


def _what(sync: Sequence[Record], plural: str) -> str:
    return _name(sync[0]) if len(sync) == 1 else f"{len(sync)} {plural}"


def _name(one: Record) -> str:
    return str(one["endpoint"] if one["direction"] == "push" else one["table"])
