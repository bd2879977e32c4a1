"""The inbox of Omie's webhooks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("empresa", sa.Text(), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False, comment="messageId do Omie, ou resumo"),
        sa.Column(
            "topic", sa.Text(), nullable=False, comment="Vazio quando o corpo não tem tópico"
        ),
        sa.Column("recebido_em", _TIME, nullable=False),
        sa.Column("autor", sa.Text(), comment="Número do usuário do Omie, sem nome nem e-mail"),
        sa.Column("raw", JSONB(), nullable=False, comment="Como chegou, sem appKey e appHash"),
        sa.Column("registros", JSONB(), nullable=False, comment="Ids citados, por tabela"),
        sa.Column("tabelas", ARRAY(sa.Text()), nullable=False, comment="Tabelas a ler de novo"),
        sa.Column("faltam", ARRAY(sa.Text()), nullable=False, comment="As que ainda faltam ler"),
        sa.Column(
            "estado",
            sa.Text(),
            nullable=False,
            comment="pendente, feito, ignorado, sem_registro",
        ),
        sa.Column("tentativas", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("proxima_em", _TIME, comment="Não ler antes disto"),
        sa.Column("feito_em", _TIME, comment="Quando saiu de pendente"),
        sa.Column("run_id", sa.Text(), comment="Execução que o tratou por último"),
        sa.Column("erro", sa.Text(), comment="Por que espera ou foi ignorado; sem dados pessoais"),
        sa.PrimaryKeyConstraint("empresa", "message_id"),
        schema="omie_inbox",
        comment="Eventos dos webhooks do Omie: avisam o que ler de novo, nunca são o dado",
    )
    op.create_index(
        "events_pendentes",
        "events",
        ["empresa", "proxima_em"],
        schema="omie_inbox",
        postgresql_where=sa.text("estado = 'pendente'"),
    )
    op.create_index(
        "events_feitos",
        "events",
        ["feito_em"],
        schema="omie_inbox",
        postgresql_where=sa.text("feito_em IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("events", schema="omie_inbox")
