"""The tables of schema ``omie``: the mirror of what Omie has, made from ``catalog.lists``.

The DDL is in ``migrations/``; a test holds the two together.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from omie_pipeline.catalog.lists import MIRROR, ChildTable, Column, MirrorTable
from omie_pipeline.postgres.tables import OMIE, SYNC, metadata

_Time = sa.DateTime(timezone=True)
_Json = JSONB(none_as_null=True)
_KINDS: dict[str, Any] = {
    "text": sa.Text(),
    "bigint": sa.BigInteger(),
    "numeric": sa.Numeric(),
    "date": sa.Date(),
    "jsonb": _Json,
    "boolean": sa.Boolean(),
}
PERSONAL = "personal"
"""Key of a column's ``info``: what it tells of a person, as ``catalog.lists`` names it."""

DIGEST = "impressao"
"""Column with a digest of the record's text and of the rules by which it became the other columns:
where both are the same, so is the row. ``NULL`` where the row is no more what the record says."""

OURS = "omie_pipeline"
"""``feito_por`` of a record that our push created."""


def _typed(column: Column, *, key: bool) -> sa.Column[Any]:
    kind = _KINDS[column.kind]
    return sa.Column(
        column.name,
        kind,
        primary_key=key,
        comment=column.comment,
        info={PERSONAL: column.personal},
    )


def _reading() -> list[sa.Column[Any]]:
    return [
        sa.Column("raw", _Json, nullable=False, comment="O registro como o Omie o deu"),
        sa.Column("lido_em", _Time, nullable=False, comment="Pergunta que trouxe esta versão"),
        sa.Column("excluido_em", _Time, comment="Quando se soube que não existe mais no Omie"),
        sa.Column("excluido_por", sa.Text, comment="webhook ou reconciliacao"),
    ]


def _audit() -> list[sa.Column[Any]]:
    return [
        sa.Column("codigo_integracao", sa.Text, comment="Código de integração"),
        sa.Column("incluido_em", _Time, comment="Inclusão no Omie"),
        sa.Column("incluido_por", sa.Text, comment="Usuário do Omie; WEBSERVICE é integração"),
        sa.Column("alterado_em", _Time, comment="Última alteração no Omie"),
        sa.Column("alterado_por", sa.Text, comment="Usuário da última alteração"),
        sa.Column("feito_por", sa.Text, comment=f"{OURS}, integracao ou pessoa"),
        sa.Column("ledger_codigo", sa.Text, comment="Linha de omie_sync.ledger que o conhece"),
        sa.Column("data_particao", sa.Date, comment="Dia da partição: o da inclusão ou emissão"),
    ]


_CONSTANTS = {"tipo": "NFS-e (serviço) ou NF-e (produto)"}
"""Comments of the columns that tell apart the lists of one table."""


def _make(mirror: MirrorTable) -> sa.Table:
    keys = set(mirror.key)
    constants = [
        sa.Column(name, sa.Text, primary_key=name in keys, comment=_CONSTANTS[name])
        for name, _ in mirror.constants
    ]
    derived = [
        sa.Column(name, _KINDS[kind], comment=comment) for name, kind, comment in mirror.derived
    ]
    title = "Notas fiscais: NFS-e e NF-e" if mirror.constants else mirror.title
    table = sa.Table(
        mirror.table,
        metadata,
        sa.Column("empresa", sa.Text, primary_key=True),
        *constants,
        *(_typed(column, key=column.name in keys) for column in mirror.columns),
        *derived,
        *_audit(),
        *_reading(),
        sa.Column(
            DIGEST, sa.LargeBinary, comment="Resumo do registro e das regras que o puseram aqui"
        ),
        schema=OMIE,
        comment=f"{title}: espelho do Omie ({mirror.service.path})",
    )
    if mirror.grain == "fact":
        sa.Index(f"{mirror.table}_particao", table.c.empresa, table.c.data_particao)
    return table


def _make_child(child: ChildTable) -> sa.Table:
    table = sa.Table(
        child.table,
        metadata,
        sa.Column("empresa", sa.Text, primary_key=True),
        *(_typed(column, key=column.name == child.key) for column in child.columns),
        sa.Column(child.parent, sa.BigInteger, nullable=False, comment="Título a que pertence"),
        *_reading(),
        schema=OMIE,
        comment=f"{child.title}: espelho do Omie",
    )
    sa.Index(f"{child.table}_por_pai", table.c.empresa, table.c[child.parent])
    return table


def _notes(first: MirrorTable, second: MirrorTable) -> None:
    """Two lists, one table: the second brings no column that the first lacks."""
    lacking = {c.name for c in second.columns} - {c.name for c in first.columns}
    if lacking:
        raise AssertionError(f"{first.name} lacks {lacking}")


_tables: dict[str, sa.Table] = {}
_first: dict[str, MirrorTable] = {}
for _mirror in MIRROR.values():
    if _mirror.table in _tables:
        _notes(_first[_mirror.table], _mirror)
        continue
    _first[_mirror.table] = _mirror
    _tables[_mirror.table] = _make(_mirror)
_children = {m.child.table: _make_child(m.child) for m in MIRROR.values() if m.child is not None}

sa.Index(
    "movimentacoes_por_titulo",
    _tables["movimentacoes"].c.empresa,
    _tables["movimentacoes"].c.codigo_titulo,
)
sa.Index(
    "movimentacoes_por_movimento_cc",
    _tables["movimentacoes"].c.empresa,
    _tables["movimentacoes"].c.codigo_movimento_cc,
)

sa.Index(
    "movimentacoes_por_baixa",
    _tables["movimentacoes"].c.empresa,
    _tables["movimentacoes"].c.codigo_baixa,
)


def mirror_table(mirror: MirrorTable) -> sa.Table:
    """The table a list fills."""
    return _tables[mirror.table]


def child_table(mirror: MirrorTable) -> sa.Table | None:
    """The table of the rows inside its records."""
    return None if mirror.child is None else _children[mirror.child.table]


extrato = sa.Table(
    "extrato",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("n_cod_cc", sa.BigInteger, primary_key=True, comment="Conta corrente"),
    sa.Column("periodo_inicial", sa.Date, primary_key=True, comment="Primeiro dia do mês"),
    sa.Column("periodo_final", sa.Date, nullable=False, comment="Último dia lido"),
    sa.Column("descricao", sa.Text, comment="Nome da conta"),
    sa.Column("saldo_anterior", sa.Numeric, comment="Saldo antes do período, em R$"),
    sa.Column("saldo_atual", sa.Numeric, comment="Saldo no fim do período, em R$"),
    sa.Column("saldo_conciliado", sa.Numeric, comment="Saldo conciliado, em R$"),
    sa.Column("saldo_disponivel", sa.Numeric, comment="Saldo com limite, em R$"),
    sa.Column("raw", _Json, nullable=False, comment="Cabeçalho como o Omie o deu"),
    sa.Column("lido_em", _Time, nullable=False),
    schema=OMIE,
    comment="Extrato por conta e mês: saldos que o próprio Omie calcula (financas/extrato/)",
)

extrato_linhas = sa.Table(
    "extrato_linhas",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("n_cod_cc", sa.BigInteger, primary_key=True, comment="Conta corrente"),
    sa.Column("periodo_inicial", sa.Date, primary_key=True, comment="Mês do extrato"),
    sa.Column("ordem", sa.Integer, primary_key=True, comment="Posição no extrato"),
    sa.Column("codigo_lancamento", sa.BigInteger, comment="Lançamento; 0 em linhas de saldo"),
    sa.Column("data", sa.Date, comment="Dia do lançamento"),
    sa.Column("natureza", sa.Text, comment="R entrada, P saída"),
    sa.Column("valor", sa.Numeric, comment="Entrada (+) ou saída (-) em R$"),
    sa.Column("saldo", sa.Numeric, comment="Saldo depois da linha, em R$"),
    sa.Column("realizado", sa.Boolean, nullable=False, comment="Falso para previsões"),
    sa.Column("situacao", sa.Text, comment="Situação da linha"),
    sa.Column("origem", sa.Text, comment="Origem do lançamento (BAXR, EXTP, ...)"),
    sa.Column("codigo_categoria", sa.Text, comment="Categoria"),
    sa.Column("codigo_cliente", sa.BigInteger, comment="Cliente ou fornecedor"),
    sa.Column(
        "nome_cliente", sa.Text, comment="Nome do cliente ou fornecedor", info={PERSONAL: "name"}
    ),
    sa.Column("documento", sa.Text, comment="CPF/CNPJ", info={PERSONAL: "document"}),
    sa.Column("observacao", sa.Text, comment="Observação", info={PERSONAL: "note"}),
    sa.Column("raw", _Json, nullable=False),
    sa.Column("lido_em", _Time, nullable=False),
    schema=OMIE,
    comment="Linhas do extrato; cada leitura do mês substitui as do mês",
)

import_run = sa.Table(
    "import_run",
    metadata,
    sa.Column("run_id", sa.Text, primary_key=True),
    sa.Column("empresa", sa.Text, nullable=False),
    sa.Column("table_name", sa.Text, nullable=False),
    sa.Column("mode", sa.Text, nullable=False, comment="full, incremental"),
    sa.Column("trigger", sa.Text, nullable=False, comment="cli, schedule, sensor, webhook, ui"),
    sa.Column("state", sa.Text, nullable=False, comment="running, done, stopped, failed"),
    sa.Column("started_at", _Time, nullable=False),
    sa.Column("finished_at", _Time),
    sa.Column("window_from", sa.Date),
    sa.Column("window_to", sa.Date),
    sa.Column("counts", _Json, comment="read, inserted, updated, unchanged, excluded, ..."),
    sa.Column("complete", sa.Boolean, comment="Omie's total was reached"),
    sa.Column("error_class", sa.Text),
    sa.Column("error", sa.Text),
    sa.Column("fix", sa.Text, comment="what to do, in Portuguese"),
    sa.Column("dagster_run_id", sa.Text),
    schema=SYNC,
    comment="One row per reading of one table: the history of the way back",
)
sa.Index(
    "import_run_by_table",
    import_run.c.empresa,
    import_run.c.table_name,
    import_run.c.started_at.desc(),
)

sa.Index("import_run_started", import_run.c.started_at)

import_cursor = sa.Table(
    "import_cursor",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("table_name", sa.Text, primary_key=True),
    sa.Column("read_until", _Time, comment="Changes before this are all here"),
    sa.Column("signature", sa.Text, comment="What the last check for changes saw"),
    sa.Column("page_size", sa.Integer, comment="that worked last, where Omie refused more"),
    schema=SYNC,
    comment="How far the incremental windows of each table have come",
)

import_partition = sa.Table(
    "import_partition",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("table_name", sa.Text, primary_key=True),
    sa.Column("partition", sa.Text, primary_key=True, comment="day, or all for registers"),
    sa.Column("total_omie", sa.BigInteger, nullable=False, comment="records Omie has in it"),
    sa.Column("filtered", sa.BigInteger, nullable=False, comment="kept out by a filter"),
    sa.Column("read_at", _Time, nullable=False, comment="question that proved it"),
    sa.Column("run_id", sa.Text, nullable=False),
    schema=SYNC,
    comment="What a complete reading proved of each partition",
)
