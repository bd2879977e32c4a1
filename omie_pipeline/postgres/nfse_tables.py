"""The tables of schema ``omie_sync`` that follow a service order until its NFS-e is a PDF.

The DDL is in ``migrations/``; a test holds the two together.
"""

from __future__ import annotations

import sqlalchemy as sa

from omie_pipeline.postgres.tables import SYNC, metadata

_Time = sa.DateTime(timezone=True)

nfse = sa.Table(
    "nfse",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("cod_int_os", sa.Text, primary_key=True, comment="our code of the service order"),
    sa.Column("n_cod_os", sa.BigInteger),
    sa.Column(
        "estado",
        sa.Text,
        nullable=False,
        comment="submitted, processing, issued, rejected, cancelled, error",
    ),
    sa.Column("numero", sa.Text),
    sa.Column("serie", sa.Text),
    sa.Column("codigo_verificacao", sa.Text),
    sa.Column("n_cod_nf", sa.BigInteger),
    sa.Column("url_pdf", sa.Text),
    sa.Column("url_xml", sa.Text),
    sa.Column("url_portal", sa.Text),
    sa.Column("valor", sa.Numeric(15, 2)),
    sa.Column("municipio", sa.Text, comment="of the service, for the limits of the alerts"),
    sa.Column("mensagem", sa.Text, comment="the city hall's words, masked"),
    sa.Column("tentativas", sa.Integer, nullable=False, server_default="1"),
    sa.Column("enviada_em", _Time, nullable=False, comment="last time it was billed"),
    sa.Column("emitida_em", _Time),
    sa.Column("cancelamento_pedido_em", _Time),
    sa.Column("mudou_em", _Time, nullable=False, comment="last change of estado"),
    sa.Column("consultada_em", _Time),
    sa.Column("proxima_consulta_em", _Time, comment="not asked for alone before this moment"),
    sa.Column("alertada_em", _Time),
    schema=SYNC,
    comment="One row per service order that was billed: where its NFS-e stands",
)
sa.Index("nfse_open", nfse.c.empresa, nfse.c.estado, nfse.c.proxima_consulta_em)
sa.Index("nfse_by_order", nfse.c.empresa, nfse.c.n_cod_os)

nfse_transition = sa.Table(
    "nfse_transition",
    metadata,
    sa.Column("transition_id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("empresa", sa.Text, nullable=False),
    sa.Column("cod_int_os", sa.Text, nullable=False),
    sa.Column("de", sa.Text, comment="empty for the first"),
    sa.Column("para", sa.Text, nullable=False),
    sa.Column("em", _Time, nullable=False),
    sa.Column("motivo", sa.Text, comment="masked"),
    sa.Column("fonte", sa.Text, nullable=False, comment="push, status, lista, cancelamento"),
    schema=SYNC,
    comment="Every change of state of every note, with its time",
)
sa.Index("nfse_transition_of", nfse_transition.c.empresa, nfse_transition.c.cod_int_os)

nfse_file = sa.Table(
    "nfse_file",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("cod_int_os", sa.Text, primary_key=True),
    sa.Column("tipo", sa.Text, primary_key=True, comment="pdf or xml"),
    sa.Column("caminho", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("guardado_em", _Time, nullable=False),
    schema=SYNC,
    comment="Files of issued notes in the archive, with their hash",
)

billing_request = sa.Table(
    "billing_request",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("data_particao", sa.Date, nullable=False),
    sa.Column("cCodIntOS", sa.Text, primary_key=True),
    sa.Column("_pedido_em", _Time, nullable=False),
    sa.Column("_pedido_por", sa.Text, nullable=False),
    schema=SYNC,
    comment="A person's decision to bill an order that no payload model asks to bill",
)
