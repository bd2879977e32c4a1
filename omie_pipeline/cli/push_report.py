"""The report of a push, as people and programs read it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from omie_pipeline.cli.output import Column, count, show, show_entry, show_table
from omie_pipeline.texts.cli import push as texts

if TYPE_CHECKING:
    import sqlalchemy as sa

    from omie_pipeline.push.lots import LotTally
    from omie_pipeline.push.report import Counts, PushReport
    from omie_pipeline.push.rows_to_fix import WorstRow

_COLUMNS = (
    ("selecionadas", "selected"),
    ("entregues", "delivered"),
    ("inalteradas", "unchanged"),
    ("rejeitadas", "rejected"),
    ("quarentena", "quarantined"),
    ("retidas", "held"),
    ("chamadas", "calls"),
    ("segundos", "seconds"),
)
_WORST_ROWS = 5
_WORST_FIRST = {"rejected": 0, "quarantined": 1, "held": 2}


def report_lines(
    report: PushReport, empty_partition: str, *, dry_run: bool
) -> list[dict[str, Any]]:
    """One object per partition with the keys ``--json`` promises.

    Args:
        empty_partition: the partition's name if the selection had no row.
        dry_run: adds ``dry_run`` and ``would_send``: rows that validation lets through.

    In the first one stand ``lots`` (what became of them) where any left, and ``not_emptied``
    (field -> rows) where Omie keeps what the clinic emptied; and what is switched: why nothing is
    sent, the fields that are left out, that only new records are sent.
    """
    from omie_pipeline.push.report import Counts

    parts = report.partitions or (Counts(empty_partition),)
    lines = []
    for part in parts:
        line = {"empresa": report.empresa, "endpoint": report.endpoint.name, **part.to_json()}
        if dry_run:
            line |= {"dry_run": True, "would_send": _left_to_send(part)}
        lines.append(line)
    if report.lots.calls:
        lines[0]["lots"] = report.lots.to_json()
    if report.not_emptied:
        lines[0]["not_emptied"] = report.not_emptied
    if report.switched_off:
        lines[0]["switched_off"] = report.switched_off
    if report.left_out:
        lines[0]["left_out"] = list(report.left_out)
    if report.new_only:
        lines[0]["new_only"] = True
    return lines


def show_reports(reports: Sequence[PushReport], *, dry_run: bool = False) -> None:
    """The table endpoint × counts, on stdout; endpoints without a row are left out."""
    several = len({report.empresa for report in reports}) > 1
    heads = [Column("empresa")] if several else []
    heads.append(Column("endpoint"))
    heads += [Column(title, right=True) for title, _ in _COLUMNS]
    if dry_run:
        heads.append(Column(texts.WOULD_BE_SENT, right=True))
    rows = []
    # A clinic without contracts or goods does not want to read so many zeros.
    shown = [report for report in reports if report.total.selected] or reports
    for report in shown:
        total = report.total
        cells = [report.empresa] if several else []
        cells.append(report.endpoint.name)
        cells += [count(getattr(total, name)) for _, name in _COLUMNS[:-1]]
        cells.append(count(float(total.seconds)))
        if dry_run:
            cells.append(count(report.would_send))
        rows.append(cells)
    show_table(heads, rows)


def worst_of(engine: sa.Engine, reports: Sequence[PushReport]) -> list[tuple[str, WorstRow]]:
    """The five rows to look at first, each with its endpoint; those Omie refused on top."""
    from omie_pipeline.push.rows_to_fix import worst_rows

    found = [
        (report.endpoint.name, row)
        for report in reports
        if unfinished((report,))
        for row in worst_rows(engine, report.empresa, report.endpoint.name, report.run_id)
    ]
    found.sort(key=lambda pair: _WORST_FIRST.get(pair[1].state, 0))
    return found[:_WORST_ROWS]


def show_worst(rows: Sequence[tuple[str, WorstRow]]) -> None:
    """Rows that were not delivered, with the reason and what to do, on stdout.

    What a push says is often kept as a log, so documents that the source has are masked.
    """
    from omie_pipeline.omie.masking import mask_text
    from omie_pipeline.push.rows_to_fix import STATE_WORDS

    if not rows:
        return
    show(texts.ROWS_TO_LOOK_AT)
    by_head: dict[str, list[tuple[str, str]]] = {}
    for endpoint, row in rows:
        head = f"  {row.codigo_integracao} ({endpoint}, {STATE_WORDS[row.state]})"
        by_head.setdefault(head, []).append((mask_text(row.reason), row.fix))
    for head, reasons in by_head.items():
        show_entry(head, reasons)


def show_would_stay(reports: Sequence[PushReport], most: int) -> None:
    """What a dry run would keep back: the commonest reasons, then row by row, on stdout.

    A dry run remembers nothing, so that no other command can list these.
    """
    from omie_pipeline.omie.masking import mask_text

    common = [(one, report.endpoint.name) for report in reports for one in report.commonest]
    if common:
        show(texts.COMMONEST_REASONS)
        for one, endpoint in common:
            show(
                texts.reason_counted(
                    rows=count(one.rows), endpoint=endpoint, example=mask_text(one.example)
                )
            )
    rows = [(report.endpoint.name, row) for report in reports for row in report.would_stay]
    codes = list(dict.fromkeys((name, row.codigo_integracao) for name, row in rows))
    shown = set(codes[:most])
    show_worst([(name, row) for name, row in rows if (name, row.codigo_integracao) in shown])
    kept = sum(report.total.quarantined + report.total.held for report in reports)
    if kept > len(shown):
        show(texts.only_the_first(shown=count(len(shown)), kept=count(kept)))


def show_not_emptied(reports: Sequence[PushReport]) -> None:
    """Fields that the clinic emptied and that this run could not empty in Omie, on stdout."""
    for report in reports:
        if report.not_emptied:
            told = ", ".join(
                f"{name} ({rows})" for name, rows in sorted(report.not_emptied.items())
            )
            show(texts.not_emptied(endpoint=report.endpoint.name, fields=told))


def show_next_step(reports: Sequence[PushReport], *, dry_run: bool) -> None:
    """What to type next, on stdout."""
    if dry_run:
        show(texts.SEND_NEXT)
        return
    totals = [report.total for report in reports]
    steps = []
    if any(part.rejected for part in totals):
        steps.append(texts.SEE_REJECTED)
    if any(part.quarantined for part in totals):
        steps.append(texts.SEE_QUARANTINE)
    if any(part.rejected for part in totals) or any(report.stopped_by for report in reports):
        steps.append(texts.SEE_RETRY)
    if any(report.not_emptied for report in reports):
        steps.append(texts.SEE_NOT_EMPTIED)
    steps = steps or [texts.SEE_STATUS]
    show(texts.NEXT_STEPS + "\n".join(f"  {step}" for step in steps))


def lots_told(lots: LotTally) -> list[str]:
    """What became of the lots of a run, a line for each thing; nothing where none left."""
    if not lots.calls:
        return [texts.LOTS_PAUSED] if lots.paused else []
    calls, rows, singly = _lots(lots.calls), count(lots.rows), count(lots.singly)
    told = [texts.went_in_lots(lots=calls, rows=rows, singly=singly)]
    if lots.refused:
        told.append(texts.lots_refused(_lots(lots.refused)))
    if lots.left_open:
        found = [texts.lot_rows_found(count(lots.found))]
        if lots.not_there:
            found.append(texts.lot_rows_not_there(count(lots.not_there)))
        if lots.unsettled:
            found.append(texts.lot_rows_unsettled(count(lots.unsettled)))
        told.append(texts.lots_read_back(rows=count(lots.left_open), told=", ".join(found)))
    if lots.given_up:
        told.append(texts.lots_given_up(lots.given_up))
    if lots.paused:
        told.append(texts.LOTS_PAUSED)
    return told


def _lots(number: int) -> str:
    return texts.ONE_LOT if number == 1 else texts.several_lots(number)


def unfinished(reports: Sequence[PushReport]) -> bool:
    """Whether any row was rejected, quarantined or held."""
    totals = [report.total for report in reports]
    return any(part.rejected or part.quarantined or part.held for part in totals)


def _left_to_send(part: Counts) -> int:
    ended = part.unchanged + part.rejected + part.quarantined + part.held + part.delivered
    return part.selected - ended
