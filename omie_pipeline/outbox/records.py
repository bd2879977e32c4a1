"""What Omie knows of every record now: one query over the copy of Omie, the ledger and the notes.

A record is one of Omie's, by its id: a título, a settlement, a service order, a cliente. It is
the clinic's if the ledger has it, under our code or linked to it (``same_as``). What a list that
was not read yet would say is left NULL and never guessed: ``whole`` tells whether all were read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from omie_pipeline.catalog import REGISTRY
from omie_pipeline.catalog.lists import MIRROR
from omie_pipeline.clinic.origins import MADE_OF
from omie_pipeline.imports.covered import SETTLES, is_covered
from omie_pipeline.postgres import omie_tables
from omie_pipeline.postgres.schemas import PAYLOAD
from omie_pipeline.postgres.tables import OMIE, change, ledger, metadata, nfse
from omie_pipeline.privacy.codes import key_of, tables_of

Kind = Literal[
    "clientes",
    "contas_receber",
    "contas_pagar",
    "baixas_receber",
    "baixas_pagar",
    "ordens_servico",
]
"""Kinds of records that are told; the ledger's endpoints of the same names deliver them."""

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)

State = Literal[
    "unread",
    "open",
    "partly_paid",
    "paid",
    "cancelled",
    "billed",
    "active",
    "inactive",
    "removed",
]
"""Where a record stands: ``unread`` is delivered and was not read from Omie since."""

TOLD: Final = (
    "integration_code", "only_in_omie", "state", "due_date", "amount", "open_amount", "paid_date",
    "paid_amount", "titulo_id", "client_id", "order_id", "order_code", "note_number", "note_state",
    "note_pdf",
)  # fmt: skip
"""What makes a change if it differs from what was told last."""

_PAID_WORDS = ("RECEBIDO", "PAGO", "LIQUIDADO")
_CANCELLED_WORD = "CANCELADO"

_Columns = Mapping[str, sa.ColumnElement[Any]]


def _mirror(name: str) -> sa.Table:
    return omie_tables.mirror_table(MIRROR[name])


_BALANCES = _mirror("baixas")
_NOTES = _mirror("notas_servico")
_SETTLEMENTS = metadata.tables[f"{OMIE}.baixas"]


def current(empresa: str, kinds: Sequence[Kind]) -> sa.Subquery:
    """Every record of these kinds as Omie has it now.

    Columns: ``kind``, ``omie_id``, those of :data:`TOLD`, ``happened_at`` and ``whole``.

    Args:
        empresa: the empresa whose records are meant.
        kinds: the kinds that are told.
    """
    made: Mapping[Kind, Callable[[], sa.Select[Any]]] = {
        "clientes": lambda: _clients(empresa),
        "contas_receber": lambda: _titles(empresa, "contas_receber"),
        "contas_pagar": lambda: _titles(empresa, "contas_pagar"),
        "baixas_receber": lambda: _settlements(empresa, "baixas_receber", "R"),
        "baixas_pagar": lambda: _settlements(empresa, "baixas_pagar", "P"),
        "ordens_servico": lambda: _orders(empresa),
    }
    return sa.union_all(*(made[kind]() for kind in kinds)).subquery("current")


def _row(kind: Kind, columns: _Columns) -> sa.Select[Any]:
    """One kind's part of the union: what it does not know is NULL."""
    typed = {name: change.c[name].type for name in (*TOLD, "happened_at")}
    told = [
        sa.cast(columns.get(name, sa.null()), kind_of).label(name)
        for name, kind_of in typed.items()
    ]
    return sa.select(
        sa.literal(kind, sa.Text).label("kind"),
        columns["omie_id"].label("omie_id"),
        *told,
        columns["whole"].label("whole"),
    )


def _ours(empresa: str, endpoint: str) -> sa.Subquery:
    """The ledger's records of an endpoint by Omie's id, each once."""
    c = ledger.c
    omie_id = sa.func.coalesce(c.same_as, c.omie_id)
    return (
        sa.select(
            omie_id.label("omie_id"),
            c.codigo_integracao.label("code"),
            (c.state == "deleted").label("deleted"),
            *(c.confirmed_at, c.first_seen_at, c.created_here, c.parent_code),
        )
        .ext(distinct_on(omie_id))
        .where(c.empresa == empresa, c.endpoint == endpoint, omie_id.is_not(None))
        # One that stands goes before one that we deleted.
        .order_by(omie_id, c.state == "deleted", c.codigo_integracao)
        .subquery(f"our_{endpoint}")
    )


def _of_omie(table: sa.Table, empresa: str, *where: sa.ColumnElement[bool]) -> sa.Subquery:
    # The columns of the whole record and of its digest are wide, and nobody asks for them here.
    narrow = [one for one in table.columns if one.name not in ("raw", omie_tables.DIGEST)]
    return sa.select(*narrow).where(table.c.empresa == empresa, *where).subquery()


def _latest(*times: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.func.greatest(*times)


def _titles(empresa: str, kind: Literal["contas_receber", "contas_pagar"]) -> sa.Select[Any]:
    ours = _ours(empresa, kind)
    mirror = _of_omie(_mirror(kind), empresa)
    balances = _of_omie(_BALANCES, empresa)
    orders = _ours(empresa, "ordens_servico")
    notes = _newest_note(empresa)
    theirs = mirror.c
    order_id = (
        sa.func.nullif(theirs.codigo_os, 0)
        if "codigo_os" in theirs
        else sa.cast(sa.null(), sa.BigInteger)
    )
    omie_id = sa.func.coalesce(ours.c.omie_id, theirs.codigo_lancamento_omie)
    source = (
        ours.outerjoin(mirror, theirs.codigo_lancamento_omie == ours.c.omie_id, full=True)
        .outerjoin(balances, balances.c.codigo_titulo == theirs.codigo_lancamento_omie)
        .outerjoin(orders, orders.c.omie_id == order_id)
        .outerjoin(notes, notes.c.n_cod_os == order_id)
    )
    there = theirs.codigo_lancamento_omie.is_not(None)
    read = balances.c.codigo_titulo.is_not(None)
    word = sa.func.upper(sa.func.coalesce(balances.c.status_titulo, theirs.status_titulo))
    cancelled = sa.or_(balances.c.data_cancelamento.is_not(None), word == _CANCELLED_WORD)
    removed = _removed(ours, theirs.excluido_em)
    state = sa.case(
        (removed, "removed"),
        (sa.and_(sa.not_(there), _gone(empresa, kind, ours)), "removed"),
        (sa.not_(there), "unread"),
        (cancelled, "cancelled"),
        (sa.and_(read, balances.c.liquidado == "S"), "paid"),
        (sa.and_(read, balances.c.valor_pago > 0), "partly_paid"),
        (read, "open"),
        (word.in_(_PAID_WORDS), "paid"),
        else_="open",
    )
    only_in_omie = sa.and_(ours.c.omie_id.is_(None), orders.c.omie_id.is_(None))
    return _row(
        kind,
        {
            "omie_id": omie_id,
            "integration_code": ours.c.code,
            "only_in_omie": only_in_omie,
            "state": state,
            "due_date": theirs.data_vencimento,
            "amount": theirs.valor_documento,
            "open_amount": balances.c.valor_aberto,
            "paid_date": balances.c.data_pagamento,
            "paid_amount": balances.c.valor_pago,
            "client_id": theirs.codigo_cliente_fornecedor,
            "order_id": order_id,
            "order_code": orders.c.code,
            "note_number": sa.func.coalesce(
                notes.c.numero, sa.func.nullif(theirs.numero_documento_fiscal, "")
            ),
            "note_state": notes.c.state,
            "note_pdf": notes.c.url_pdf,
            "happened_at": _latest(
                theirs.alterado_em, theirs.excluido_em, balances.c.alterado_em, ours.c.confirmed_at
            ),
            "whole": sa.or_(read, sa.and_(there, cancelled), removed),
        },
    ).select_from(source)


def _removed(ours: sa.Subquery, gone_at: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """We deleted it, or a list that had shown it does not any more."""
    return sa.or_(sa.func.coalesce(ours.c.deleted, sa.false()), gone_at.is_not(None))


def _gone(empresa: str, kind: Kind, ours: sa.Subquery) -> sa.ColumnElement[bool]:
    """No list shows it, though one that had to was read whole.

    It tells of a record that was never read, and is no word of the list itself (``whole``): what
    was read once is not taken back because its rows are missing here.
    """
    return sa.and_(ours.c.omie_id.is_not(None), is_covered(empresa, REGISTRY[kind], ours))


def _newest_note(empresa: str) -> sa.Subquery:
    """The note of each service order that we billed, by Omie's id of the order.

    One that Omie's list showed and has no longer is ``deleted``, unless it was seen again since.
    """
    c, listed = nfse.c, _NOTES.alias("listed_note")
    gone = sa.exists().where(
        listed.c.empresa == empresa,
        listed.c.tipo == "NFS-e",
        listed.c.codigo_os == c.n_cod_os,
        listed.c.numero == c.numero,
        listed.c.excluido_em > c.changed_at,
    )
    return (
        sa.select(
            c.n_cod_os,
            c.numero,
            sa.case((gone, _GONE_NOTE), else_=c.state).label("state"),
            sa.case((gone, None), else_=c.url_pdf).label("url_pdf"),
            c.valor,
            c.changed_at,
        )
        .ext(distinct_on(c.n_cod_os))
        .where(c.empresa == empresa, c.n_cod_os.is_not(None))
        .order_by(c.n_cod_os, c.changed_at.desc())
        .subquery()
    )


_GONE_NOTE: Final = "deleted"


def _settlements(
    empresa: str, kind: Literal["baixas_receber", "baixas_pagar"], side: str
) -> sa.Select[Any]:
    ours = _ours(empresa, kind)
    titles = _of_omie(_BALANCES, empresa, _BALANCES.c.natureza == side)
    paid = _of_omie(_SETTLEMENTS, empresa)
    mirror = (
        sa.select(paid, titles.c.codigo_cliente, titles.c.alterado_em)
        .join(titles, titles.c.codigo_titulo == paid.c.codigo_titulo)
        .subquery()
    )
    there = mirror.c.codigo_baixa.is_not(None)
    # Its título was read since, and does not name it.
    parent = _ours(empresa, "contas_receber" if side == "R" else "contas_pagar")
    read_since = sa.exists().where(
        parent.c.code == ours.c.parent_code,
        titles.c.codigo_titulo == parent.c.omie_id,
        titles.c.lido_em >= ours.c.confirmed_at + SETTLES,
    )
    removed = _removed(ours, mirror.c.excluido_em)
    gone = sa.and_(sa.not_(there), read_since)
    source = ours.outerjoin(mirror, mirror.c.codigo_baixa == ours.c.omie_id, full=True)
    return _row(
        kind,
        {
            "omie_id": sa.func.coalesce(ours.c.omie_id, mirror.c.codigo_baixa),
            "integration_code": ours.c.code,
            "only_in_omie": ours.c.omie_id.is_(None),
            "state": sa.case((sa.or_(removed, gone), "removed"), (there, "paid"), else_="unread"),
            "paid_date": mirror.c.data,
            "paid_amount": mirror.c.valor,
            "titulo_id": mirror.c.codigo_titulo,
            "client_id": mirror.c.codigo_cliente,
            "happened_at": _latest(mirror.c.alterado_em, mirror.c.excluido_em, ours.c.confirmed_at),
            "whole": sa.or_(there, removed),
        },
    ).select_from(source)


def _orders(empresa: str) -> sa.Select[Any]:
    """Service orders that we delivered, and those that Omie's notes name."""
    ours = _ours(empresa, "ordens_servico")
    followed = _newest_note(empresa)
    n = _NOTES.c
    listed = (
        sa.select(
            n.codigo_os, n.numero, n.status, n.valor, n.codigo_cliente, n.alterado_em, n.excluido_em
        )
        .ext(distinct_on(n.codigo_os))
        .where(n.empresa == empresa, n.tipo == "NFS-e", n.codigo_os > 0)
        # One that stands goes before one that Omie has no longer.
        .order_by(
            n.codigo_os,
            n.excluido_em.is_not(None),
            n.data_emissao.desc(),
            n.codigo_nf.desc(),
        )
        .subquery()
    )
    source = ours.outerjoin(listed, listed.c.codigo_os == ours.c.omie_id, full=True)
    omie_id = sa.func.coalesce(ours.c.omie_id, listed.c.codigo_os)
    source = source.outerjoin(followed, followed.c.n_cod_os == omie_id)
    noted = sa.or_(listed.c.codigo_os.is_not(None), followed.c.n_cod_os.is_not(None))
    listed_state = sa.case(
        (listed.c.excluido_em.is_not(None), _GONE_NOTE),
        (listed.c.status == "C", "cancelled"),
        else_="issued",
    )
    note_state = sa.func.coalesce(
        followed.c.state, sa.case((listed.c.codigo_os.is_not(None), listed_state))
    )
    billed = sa.and_(noted, note_state != _GONE_NOTE)
    deleted = sa.func.coalesce(ours.c.deleted, sa.false())
    return _row(
        "ordens_servico",
        {
            "omie_id": omie_id,
            "integration_code": ours.c.code,
            "only_in_omie": ours.c.omie_id.is_(None),
            "state": sa.case((deleted, "removed"), (billed, "billed"), else_="open"),
            "amount": sa.func.coalesce(followed.c.valor, listed.c.valor),
            "client_id": listed.c.codigo_cliente,
            "order_id": omie_id,
            "order_code": ours.c.code,
            "note_number": sa.func.coalesce(followed.c.numero, listed.c.numero),
            "note_state": note_state,
            "note_pdf": followed.c.url_pdf,
            "happened_at": _latest(
                followed.c.changed_at,
                listed.c.alterado_em,
                listed.c.excluido_em,
                ours.c.confirmed_at,
            ),
            "whole": sa.or_(noted, deleted),
        },
    ).select_from(source)


def _clients(empresa: str) -> sa.Select[Any]:
    """Clientes of ours alone: of others there is nothing to tell but a name, and that stays."""
    ours = _ours(empresa, "clientes")
    mirror = _of_omie(_mirror("clientes"), empresa)
    there = mirror.c.codigo_cliente_omie.is_not(None)
    removed = _removed(ours, mirror.c.excluido_em)
    source = ours.outerjoin(mirror, mirror.c.codigo_cliente_omie == ours.c.omie_id)
    return _row(
        "clientes",
        {
            "omie_id": ours.c.omie_id,
            "integration_code": ours.c.code,
            "only_in_omie": sa.false(),
            "state": sa.case(
                (removed, "removed"),
                (sa.and_(sa.not_(there), _gone(empresa, "clientes", ours)), "removed"),
                (sa.not_(there), "unread"),
                (mirror.c.inativo == "S", "inactive"),
                else_="active",
            ),
            "client_id": ours.c.omie_id,
            "happened_at": _latest(mirror.c.alterado_em, mirror.c.excluido_em, ours.c.confirmed_at),
            "whole": sa.or_(there, removed),
        },
    ).select_from(source)


def origin_by_code(
    kind: sa.ColumnElement[str], code: sa.ColumnElement[str]
) -> tuple[sa.ColumnElement[Any], sa.ColumnElement[Any]]:
    """Canonical table and id that one of our codes names; NULL where it does not say it for sure.

    ``REC-7-2`` may be an instalment of receipt 7 or receipt ``7-2``, and what follows the prefix of
    a settlement's code may be a digest of an id that was too long.
    """
    pairs = {pair for endpoint in KINDS for pair in MADE_OF[endpoint]}
    longest_first = sorted(pairs, key=lambda pair: (-len(pair[0]), pair))
    unsure = sa.or_(
        sa.and_(code.startswith("REC-"), code.regexp_match(_INSTALMENT)),
        sa.and_(kind.startswith("baixas_"), sa.func.length(code) >= _SETTLEMENT_CODE),
    )
    tables = [(code.startswith(start), table) for start, table in longest_first]
    ids = [
        (code.startswith(start), sa.func.substr(code, len(start) + 1)) for start, _ in longest_first
    ]
    return sa.case((unsure, None), *tables), sa.case((unsure, None), *ids)


def origins_in_models(
    connection: sa.Connection, empresa: str, kinds: Sequence[Kind]
) -> sa.Subquery | None:
    """Table and id that the payload models name for each of our codes; ``None`` without models.

    Columns: ``kind``, ``code``, ``clinic_table``, ``clinic_id``.
    """
    present = {table.name: table for table in tables_of(connection, PAYLOAD)}
    parts = []
    for kind in kinds:
        endpoint = REGISTRY[kind]
        table = present.get(endpoint.model)
        if table is None or not {"empresa", *_ORIGIN} <= set(table.c.keys()):
            continue
        key = key_of(endpoint, table)
        if key is None:
            continue
        named = [sa.cast(table.c[name], sa.Text) for name in _ORIGIN]
        parts.append(
            sa.select(
                sa.literal(kind, sa.Text).label("kind"),
                key.label("code"),
                named[0].label("clinic_table"),
                named[1].label("clinic_id"),
            ).where(table.c.empresa == empresa, table.c[_ORIGIN[1]].is_not(None))
        )
    return sa.union_all(*parts).subquery("origins") if parts else None


_ORIGIN: Final = ("_origem_tabela", "_origem_id")
_INSTALMENT: Final = "-[1-9][0-9]{0,2}$"
_SETTLEMENT_CODE: Final = 20
"""Longest code of a settlement: one as long as this may end in a digest (`nosso_codigo`)."""
