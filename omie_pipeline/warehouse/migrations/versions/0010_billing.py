"""Billing and settlements: what a code acts upon, Omie's ids that are no numbers, and the NFS-e."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column(
        "ledger",
        sa.Column("omie_code", sa.Text(), comment="Omie's id where it is no number (categorias)"),
        schema="omie_sync",
    )
    op.add_column(
        "ledger",
        sa.Column("parent_code", sa.Text(), comment="code of the record that this one acts upon"),
        schema="omie_sync",
    )
    op.create_index(
        "ledger_by_parent",
        "ledger",
        ["empresa", "endpoint", "parent_code"],
        schema="omie_sync",
        postgresql_where=sa.text("parent_code IS NOT NULL"),
    )
    _create_nfse()
    _create_around_nfse()


def _create_nfse() -> None:
    op.create_table(
        "nfse",
        sa.Column("empresa", sa.Text(), nullable=False),
        sa.Column("cod_int_os", sa.Text(), nullable=False, comment="our code of the service order"),
        sa.Column("n_cod_os", sa.BigInteger()),
        sa.Column(
            "estado",
            sa.Text(),
            nullable=False,
            comment="submitted, processing, issued, rejected, cancelled, error",
        ),
        sa.Column("numero", sa.Text()),
        sa.Column("serie", sa.Text()),
        sa.Column("codigo_verificacao", sa.Text()),
        sa.Column("n_cod_nf", sa.BigInteger()),
        sa.Column("url_pdf", sa.Text()),
        sa.Column("url_xml", sa.Text()),
        sa.Column("url_portal", sa.Text()),
        sa.Column("valor", sa.Numeric(15, 2)),
        sa.Column("municipio", sa.Text(), comment="of the service, for the limits of the alerts"),
        sa.Column("mensagem", sa.Text(), comment="the city hall's words, masked"),
        sa.Column("tentativas", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("enviada_em", _TIME, nullable=False, comment="last time it was billed"),
        sa.Column("emitida_em", _TIME),
        sa.Column("cancelamento_pedido_em", _TIME),
        sa.Column("mudou_em", _TIME, nullable=False, comment="last change of estado"),
        sa.Column("consultada_em", _TIME),
        sa.Column("proxima_consulta_em", _TIME, comment="not asked for alone before this moment"),
        sa.Column("alertada_em", _TIME),
        sa.PrimaryKeyConstraint("empresa", "cod_int_os"),
        schema="omie_sync",
        comment="One row per service order that was billed: where its NFS-e stands",
    )
    open_notes = ["empresa", "estado", "proxima_consulta_em"]
    op.create_index("nfse_open", "nfse", open_notes, schema="omie_sync")
    op.create_index("nfse_by_order", "nfse", ["empresa", "n_cod_os"], schema="omie_sync")


def _create_around_nfse() -> None:
    op.create_table(
        "nfse_transition",
        sa.Column("transition_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("empresa", sa.Text(), nullable=False),
        sa.Column("cod_int_os", sa.Text(), nullable=False),
        sa.Column("de", sa.Text(), comment="empty for the first"),
        sa.Column("para", sa.Text(), nullable=False),
        sa.Column("em", _TIME, nullable=False),
        sa.Column("motivo", sa.Text(), comment="masked"),
        sa.Column("fonte", sa.Text(), nullable=False, comment="push, status, lista, cancelamento"),
        sa.PrimaryKeyConstraint("transition_id"),
        schema="omie_sync",
        comment="Every change of state of every note, with its time",
    )
    op.create_index(
        "nfse_transition_of", "nfse_transition", ["empresa", "cod_int_os"], schema="omie_sync"
    )
    op.create_table(
        "nfse_file",
        sa.Column("empresa", sa.Text(), nullable=False),
        sa.Column("cod_int_os", sa.Text(), nullable=False),
        sa.Column("tipo", sa.Text(), nullable=False, comment="pdf or xml"),
        sa.Column("caminho", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("guardado_em", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("empresa", "cod_int_os", "tipo"),
        schema="omie_sync",
        comment="Files of issued notes in the archive, with their hash",
    )
    op.create_table(
        "billing_request",
        sa.Column("empresa", sa.Text(), nullable=False),
        sa.Column("data_particao", sa.Date(), nullable=False),
        sa.Column("cCodIntOS", sa.Text(), nullable=False),
        sa.Column("_pedido_em", _TIME, nullable=False),
        sa.Column("_pedido_por", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("empresa", "cCodIntOS"),
        schema="omie_sync",
        comment="A person's decision to bill an order that no payload model asks to bill",
    )


def downgrade() -> None:
    for name in ("billing_request", "nfse_file", "nfse_transition", "nfse"):
        op.drop_table(name, schema="omie_sync")
    op.drop_index("ledger_by_parent", table_name="ledger", schema="omie_sync")
    op.drop_column("ledger", "parent_code", schema="omie_sync")
    op.drop_column("ledger", "omie_code", schema="omie_sync")
