"""The statement of every account, month by month (financas/extrato, ListarExtrato).

The balances in it are Omie's own: what our movements add up to is compared with them. The method
has no pages and refuses paging tags (omie-api.md#bank-statement).
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from omie_pipeline.catalog.lists import MIRROR, STATEMENT
from omie_pipeline.catalog.services import load_service
from omie_pipeline.clock import BRASILIA
from omie_pipeline.errors import Empty, OmieFault, OmiePipelineError, WarehouseError
from omie_pipeline.imports.range import by_month, month_end
from omie_pipeline.imports.report import ImportReport, ImportRequest, Tally
from omie_pipeline.imports.run import Importer
from omie_pipeline.imports.state import close_import_run, open_import_run, read_cursor, write_cursor
from omie_pipeline.omie import OmieClient
from omie_pipeline.postgres.engine import warehouse_errors
from omie_pipeline.postgres.locks import lane, reading_lane
from omie_pipeline.postgres.omie_tables import extrato, extrato_linhas, mirror_table
from omie_pipeline.privacy.keep_erased import apply_erasures

# ``omie.extrato`` and its lines: each reading of an account's month replaces the month.


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One line; ``valor`` is signed, ``realizado`` false for a forecast."""

    ordem: int
    codigo_lancamento: int | None
    data: date | None
    natureza: str | None
    valor: Decimal | None
    saldo: Decimal | None
    realizado: bool
    situacao: str | None
    origem: str | None
    codigo_categoria: str | None
    codigo_cliente: int | None
    nome_cliente: str | None
    documento: str | None
    observacao: str | None
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Statement:
    """An account's month: balances that Omie itself computed, in R$."""

    n_cod_cc: int
    periodo_inicial: date
    periodo_final: date
    descricao: str | None
    saldo_anterior: Decimal | None
    saldo_atual: Decimal | None
    saldo_conciliado: Decimal | None
    saldo_disponivel: Decimal | None
    raw: dict[str, Any]
    lines: tuple[StatementLine, ...]

    @property
    def adds_up(self) -> bool:
        """Whether the lines that moved money lead from one balance to the other, to the cent."""
        if self.saldo_anterior is None or self.saldo_atual is None:
            return False
        moved = (line.valor for line in self.lines if line.realizado and line.valor is not None)
        return self.saldo_anterior + sum(moved, Decimal(0)) == self.saldo_atual


_HEADER = (
    "descricao", "periodo_final", "saldo_anterior", "saldo_atual", "saldo_conciliado",
    "saldo_disponivel", "raw",
)  # fmt: skip


def store_statement(
    engine: sa.Engine, empresa: str, statement: Statement, asked_at: datetime
) -> int:
    """Replace an account's month, unless a newer answer stands there; the number of new lines.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        statement: as Omie gave it.
        asked_at: time of the question.
    """
    key = {
        "empresa": empresa,
        "n_cod_cc": statement.n_cod_cc,
        "periodo_inicial": statement.periodo_inicial,
    }
    header = {name: getattr(statement, name) for name in _HEADER}
    merge = insert(extrato).values(**key, **header, lido_em=asked_at)
    merge = merge.on_conflict_do_update(
        index_elements=list(key),
        set_={name: merge.excluded[name] for name in (*header, "lido_em")},
        where=extrato.c.lido_em <= merge.excluded.lido_em,
    )
    fields = list(StatementLine.__slots__)
    rows = [
        {**key, **{name: getattr(line, name) for name in fields}, "lido_em": asked_at}
        for line in statement.lines
    ]
    with warehouse_errors(), engine.begin() as connection:
        if connection.execute(merge).rowcount == 0:
            return 0
        mine = [extrato_linhas.c[name] == value for name, value in key.items()]
        connection.execute(sa.delete(extrato_linhas).where(*mine))
        if rows:
            connection.execute(sa.insert(extrato_linhas), rows)
        apply_erasures(
            connection,
            empresa,
            today=asked_at.date(),
            names=(extrato_linhas.name,),
            since=asked_at,
        )
    return len(rows)


def account_numbers(engine: sa.Engine, empresa: str) -> list[int]:
    """Accounts of the mirror that Omie still has, closed ones too: they have a past."""
    t = mirror_table(MIRROR["contas_correntes"])
    query = sa.select(t.c.n_cod_cc).where(t.c.empresa == empresa, t.c.excluido_em.is_(None))
    with warehouse_errors(), engine.connect() as connection:
        return list(connection.execute(query.order_by(t.c.n_cod_cc)).scalars())


def moved_since(engine: sa.Engine, empresa: str, since: datetime | None) -> dict[int, date]:
    """Account -> first day on which money moved, or moved no more, by what was read since then."""
    t = mirror_table(MIRROR["movimentacoes"])
    query = sa.select(t.c.id_conta_corrente, sa.func.min(t.c.data_pagamento)).where(
        t.c.empresa == empresa, t.c.id_conta_corrente.is_not(None), t.c.data_pagamento.is_not(None)
    )
    if since is not None:
        query = query.where(sa.or_(t.c.lido_em >= since, t.c.excluido_em >= since))
    with warehouse_errors(), engine.connect() as connection:
        rows = connection.execute(query.group_by(t.c.id_conta_corrente))
        return {row[0]: row[1] for row in rows}


def read_since(
    engine: sa.Engine, empresa: str, account: int, month: date, last: date, since: datetime
) -> bool:
    """Whether the month was read up to ``last`` by a question asked since then.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        account: id of the account.
        month: its first day.
        last: day up to which it has to be read.
        since: readings asked before this do not count.
    """
    c = extrato.c
    query = sa.select(sa.func.count()).where(
        c.empresa == empresa,
        c.n_cod_cc == account,
        c.periodo_inicial == month,
        c.periodo_final >= last,
        c.lido_em >= since,
    )
    with warehouse_errors(), engine.connect() as connection:
        return connection.execute(query).scalar_one() > 0


@dataclass(frozen=True, slots=True)
class CashCheck:
    """An account's month in R$: what the statement says, and what our movements add up to.

    Attributes:
        of_statement: saldo_atual - saldo_anterior.
        of_lines: sum of the statement's realised lines.
        of_movements: sum of ``movimentacoes.valor_movimentado``.
    """

    n_cod_cc: int
    periodo_inicial: date
    periodo_final: date
    of_statement: Decimal
    of_lines: Decimal
    of_movements: Decimal

    @property
    def closes(self) -> bool:
        """All three agree to the cent."""
        return self.of_statement == self.of_lines == self.of_movements


def cash_checks(engine: sa.Engine, empresa: str, first: date, last: date) -> list[CashCheck]:
    """One check for each account and month whose statement is here and begins in the range.

    Args:
        engine: the warehouse.
        empresa: the empresa whose rows are meant.
        first: the first of the months.
        last: the last of the months.
    """
    movements = mirror_table(MIRROR["movimentacoes"])
    zero = sa.literal(Decimal(0), sa.Numeric)
    lines = (
        sa.select(sa.func.coalesce(sa.func.sum(extrato_linhas.c.valor), zero))
        .where(
            extrato_linhas.c.empresa == extrato.c.empresa,
            extrato_linhas.c.n_cod_cc == extrato.c.n_cod_cc,
            extrato_linhas.c.periodo_inicial == extrato.c.periodo_inicial,
            extrato_linhas.c.realizado,
        )
        .scalar_subquery()
    )
    moved = (
        sa.select(sa.func.coalesce(sa.func.sum(movements.c.valor_movimentado), zero))
        .where(
            movements.c.empresa == extrato.c.empresa,
            movements.c.id_conta_corrente == extrato.c.n_cod_cc,
            movements.c.excluido_em.is_(None),
            movements.c.data_pagamento.between(extrato.c.periodo_inicial, extrato.c.periodo_final),
        )
        .scalar_subquery()
    )
    c = extrato.c
    query = (
        sa.select(
            c.n_cod_cc,
            c.periodo_inicial,
            c.periodo_final,
            sa.func.coalesce(c.saldo_atual - c.saldo_anterior, zero),
            lines,
            moved,
        )
        .where(c.empresa == empresa, c.periodo_inicial.between(first, last))
        .order_by(c.n_cod_cc, c.periodo_inicial)
    )
    with warehouse_errors(), engine.connect() as connection:
        return [
            CashCheck(row[0], row[1], row[2], row[3], row[4], row[5])
            for row in connection.execute(query)
        ]


_SERVICE = load_service("financas_extrato")
_METHOD, _ARRAY = "ListarExtrato", "listaMovimentos"
_REREAD = timedelta(days=35)
# A line whose word says that the money has yet to move; the others have moved.
_FORECASTS = ("PREVIST", "A VENCER", "AVENCER", "ATRASAD", "VENCE HOJE", "EM ABERTO")


class StatementReader:
    """Reads ``omie.extrato`` with an importer's warehouse, client and clock."""

    def __init__(self, importer: Importer) -> None:
        self._i = importer

    def run(self, request: ImportRequest) -> ImportReport:
        """Read the months of the range, or since the cursor less 35 days.

        Raises:
            OmieFault: the reading stopped; the months read stay.
            TakenOver: another reader has the accounts by now; the months read before stay.
        """
        name = reading_lane(request.empresa, STATEMENT)
        with lane(self._i.engine, name, self._i.clock, self._i.progress.on_wait) as held:
            return StatementReader(replace(self._i, engine=held.engine))._run(request)

    def _run(self, request: ImportRequest) -> ImportReport:
        started_at = self._i.clock.now()
        first, last = self._days(request, started_at)
        run_id = uuid.uuid4().hex
        open_import_run(self._i.engine, _opening(run_id, request, started_at, first, last))
        tally = Tally()
        try:
            complete = self._read(request, first, last, tally)
        except OmiePipelineError as error:
            self._close(run_id, tally, error, complete=False)
            raise
        self._close(run_id, tally, None, complete=complete)
        if last >= started_at.astimezone(BRASILIA).date():
            write_cursor(self._i.engine, request.empresa, STATEMENT, read_until=started_at)
        return ImportReport(
            run_id=run_id,
            table=STATEMENT,
            empresa=request.empresa,
            mode=request.mode,
            window_from=first,
            window_to=last,
            total_omie=tally.read,
            read=tally.read,
            inserted=tally.inserted,
            pages=tally.pages,
            complete=complete,
            reused=not tally.pages and bool(tally.rereads),
        )

    def _days(self, request: ImportRequest, started_at: datetime) -> tuple[date, date]:
        today = started_at.astimezone(BRASILIA).date()
        start = max(request.start, request.filters.since or request.start)
        read_until = read_cursor(self._i.engine, request.empresa, STATEMENT).read_until
        if request.mode == "incremental" and read_until is not None:
            recent = read_until.astimezone(BRASILIA).date() - _REREAD
            return max(start, recent), today
        first = request.date_from or start
        return first, min(request.date_to or today, request.filters.until or today, today)

    def _read(self, request: ImportRequest, first: date, last: date, tally: Tally) -> bool:
        """Read; whether every account answered with lines that add up to its balances."""
        engine, today = self._i.engine, self._i.clock.now().astimezone(BRASILIA).date()
        accounts = request.filters.accounts or tuple(account_numbers(engine, request.empresa))
        # Whole months, as far as they have come: a part of one would replace what stands there.
        ends = min(request.filters.until or today, today)
        wanted = self._wanted_months(request, accounts, first, last, ends)
        complete = bool(accounts) or request.trigger == "webhook"
        with self._i.make_client(request.empresa) as client:
            for done, (account, (month, end)) in enumerate(wanted, start=1):
                since = request.not_before
                if since and read_since(engine, request.empresa, account, month, end, since):
                    tally.rereads += 1
                    continue
                asked_at = self._i.clock.now()
                found = _ask(client, account, month, end)
                tally.pages += 1
                complete = complete and found is not None and found.adds_up
                if found is not None:
                    tally.read += len(found.lines)
                    tally.inserted += store_statement(engine, request.empresa, found, asked_at)
                if self._i.progress.on_rows is not None:
                    self._i.progress.on_rows(done, len(wanted))
        return complete

    def _wanted_months(
        self, request: ImportRequest, accounts: Sequence[int], first: date, last: date, ends: date
    ) -> list[tuple[int, tuple[date, date]]]:
        """Account and month, in order: money that moved in the past changes every month since."""
        moved: dict[int, date] = {}
        if request.mode == "incremental":
            cursor = read_cursor(self._i.engine, request.empresa, STATEMENT)
            moved = moved_since(self._i.engine, request.empresa, cursor.read_until)
        earliest = max(request.start, request.filters.since or request.start)
        if request.trigger == "webhook":
            # Only what the events moved: the rest follows with the schedule.
            accounts, first = [one for one in accounts if one in moved], last
        return [
            (account, (begin.replace(day=1), min(month_end(end), ends)))
            for account in accounts
            for begin, end in by_month(max(earliest, min(first, moved.get(account, first))), last)
        ]

    def _close(
        self, run_id: str, tally: Tally, error: OmiePipelineError | None, *, complete: bool
    ) -> None:
        if isinstance(error, WarehouseError):
            return
        state = "done" if error is None else "stopped"
        values = {
            "state": state,
            "finished_at": self._i.clock.now(),
            "counts": {"read": tally.read, "pages": tally.pages},
            "complete": complete,
            "error_class": type(error).__name__ if error else None,
            "error": str(error) if error else None,
            "fix": error.detail.fix if isinstance(error, OmieFault) else None,
        }
        close_import_run(self._i.engine, run_id, values)


def _opening(
    run_id: str, request: ImportRequest, started_at: datetime, first: date, last: date
) -> dict[str, Any]:
    return {
        "run_id": run_id,
        "empresa": request.empresa,
        "table_name": STATEMENT,
        "mode": request.mode,
        "trigger": request.trigger,
        "started_at": started_at,
        "window_from": first,
        "window_to": last,
        "dagster_run_id": request.dagster_run_id,
    }


def _ask(client: OmieClient, account: int, first: date, last: date) -> Statement | None:
    param = {
        "nCodCC": account,
        "dPeriodoInicial": first.strftime("%d/%m/%Y"),
        "dPeriodoFinal": last.strftime("%d/%m/%Y"),
    }
    try:
        answer = client.read(_SERVICE, _METHOD, param)
    except Empty:
        return None
    before = _money(answer.get("nSaldoAnterior"))
    return Statement(
        n_cod_cc=account,
        periodo_inicial=first,
        periodo_final=last,
        descricao=_text(answer.get("cDescricao")),
        saldo_anterior=before,
        saldo_atual=_money(answer.get("nSaldoAtual")),
        saldo_conciliado=_money(answer.get("nSaldoConciliado")),
        saldo_disponivel=_money(answer.get("nSaldoDisponivel")),
        raw={name: value for name, value in answer.items() if name != _ARRAY},
        lines=tuple(
            _line(order, item) for order, item in enumerate(answer.get(_ARRAY) or [], start=1)
        ),
    )


def _line(order: int, item: dict[str, Any]) -> StatementLine:
    nature, value = _text(item.get("cNatureza")), _money(item.get("nValorDocumento"))
    code = item.get("nCodLancamento") or 0
    signed = value if value is None or value < 0 or nature != "P" else -value
    word = (_text(item.get("cSituacao")) or "").upper()
    # Lines that only state a balance name no entry: they move nothing.
    happened = bool(code) and not any(forecast in word for forecast in _FORECASTS)
    return StatementLine(
        ordem=order,
        codigo_lancamento=code,
        data=_day(item.get("dDataLancamento")),
        natureza=nature,
        valor=signed,
        saldo=_money(item.get("nSaldo")),
        realizado=happened,
        situacao=_text(item.get("cSituacao")),
        origem=_text(item.get("cOrigem")),
        codigo_categoria=_text(item.get("cCodCategoria")),
        codigo_cliente=item.get("nCodCliente") or None,
        nome_cliente=_text(item.get("cRazCliente") or item.get("cDesCliente")),
        documento=_text(item.get("cDocCliente")),
        observacao=_text(item.get("cObservacoes")),
        raw=item,
    )


def _money(value: object) -> Decimal | None:
    return Decimal(value) if isinstance(value, (int, Decimal)) else None


def _text(value: object) -> str | None:
    return str(value) if value not in (None, "") else None


def _day(value: object) -> date | None:
    try:
        return datetime.strptime(str(value), "%d/%m/%Y").date()  # noqa: DTZ007 (a day)
    except ValueError:
        return None
