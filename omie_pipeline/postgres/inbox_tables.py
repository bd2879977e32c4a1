"""The table of schema ``omie_inbox``: Omie's webhook events, until they are worked on.

The DDL is in ``migrations/``; a test holds the two together.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from omie_pipeline.postgres import schemas
from omie_pipeline.postgres.tables import metadata

INBOX = schemas.INBOX
_Time = sa.DateTime(timezone=True)
_Json = JSONB(none_as_null=True)

events = sa.Table(
    "events",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True),
    sa.Column("message_id", sa.Text, primary_key=True, comment="messageId do Omie, ou resumo"),
    sa.Column("topic", sa.Text, nullable=False, comment="Vazio quando o corpo não tem tópico"),
    sa.Column("recebido_em", _Time, nullable=False),
    sa.Column("autor", sa.Text, comment="Número do usuário do Omie, sem nome nem e-mail"),
    sa.Column("raw", _Json, nullable=False, comment="Como chegou, sem appKey e appHash"),
    sa.Column("registros", _Json, nullable=False, comment="Ids citados, por tabela"),
    sa.Column("tabelas", ARRAY(sa.Text), nullable=False, comment="Tabelas a ler de novo"),
    sa.Column("faltam", ARRAY(sa.Text), nullable=False, comment="As que ainda faltam ler"),
    sa.Column("estado", sa.Text, nullable=False, comment="pendente, feito, ignorado, sem_registro"),
    sa.Column("tentativas", sa.Integer, nullable=False, server_default="0"),
    sa.Column("proxima_em", _Time, comment="Não ler antes disto"),
    sa.Column("feito_em", _Time, comment="Quando saiu de pendente"),
    sa.Column("run_id", sa.Text, comment="Execução que o tratou por último"),
    sa.Column("erro", sa.Text, comment="Por que espera ou foi ignorado; sem dados pessoais"),
    schema=INBOX,
    comment="Eventos dos webhooks do Omie: avisam o que ler de novo, nunca são o dado",
)
sa.Index(
    "events_pendentes",
    events.c.empresa,
    events.c.proxima_em,
    postgresql_where=events.c.estado == sa.literal_column("'pendente'"),
)
sa.Index("events_feitos", events.c.feito_em, postgresql_where=events.c.feito_em.is_not(None))
