"""The clinic's defaults for Omie: categories and accounts, out of the tracked files."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "empresa_default",
        sa.Column(
            "empresa", sa.Text(), nullable=False, comment="name of the empresa, or * for all"
        ),
        sa.Column("receipt_category", sa.Text(), comment="of receipts whose procedure has none"),
        sa.Column("repasse_category", sa.Text(), comment="of shares due to professionals"),
        sa.Column("sale_category", sa.Text(), comment="of product sales that name none"),
        sa.Column("expense_category", sa.Text(), comment="of expenses that name none"),
        sa.Column("purchase_category", sa.Text(), comment="of product purchases that name none"),
        sa.Column(
            "account", sa.BigInteger(), comment="nCodCC where the payment method says nothing"
        ),
        sa.Column("bill_orders", sa.Text(), comment="S: every service order is billed at once"),
        sa.Column(
            "order_for_every_receipt",
            sa.Text(),
            comment="S: a service order for every receipt, whatever its flag",
        ),
        sa.Column(
            "professionals_are_sellers",
            sa.Text(),
            comment="S: professionals are Omie's vendedores",
        ),
        sa.Column(
            "repasse_days", sa.Integer(), comment="from receipt to repasse, where no rule says"
        ),
        sa.Column("lc116", sa.Text(), comment="LC 116 code of procedures that have none"),
        sa.Column(
            "municipal_service", sa.Text(), comment="municipal code of procedures without one"
        ),
        sa.Column("taxation", sa.Text(), comment="cIdTrib of procedures that have none"),
        sa.Column(
            "service_city", sa.Text(), comment="where services are provided, as Omie spells it"
        ),
        sa.Column("order_terms", sa.Text(), comment="cCodParc of orders"),
        sa.PrimaryKeyConstraint("empresa"),
        *(
            sa.CheckConstraint(f"{name} IN ('S', 'N')", name=f"empresa_default_{name}")
            for name in ("bill_orders", "order_for_every_receipt", "professionals_are_sellers")
        ),
        schema="omie_sync",
        comment="What a row takes where neither it nor its procedure says otherwise",
    )
    op.create_table(
        "payment_account",
        sa.Column(
            "empresa", sa.Text(), nullable=False, comment="name of the empresa, or * for all"
        ),
        sa.Column(
            "payment_method",
            sa.Text(),
            nullable=False,
            comment="its id at the clinic, or its Omie type",
        ),
        sa.Column("account", sa.BigInteger(), nullable=False, comment="Omie's nCodCC"),
        sa.PrimaryKeyConstraint("empresa", "payment_method"),
        schema="omie_sync",
        comment="Account of each payment method whose own row gives none",
    )
    op.create_table(
        "default_import",
        sa.Column("import_id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column(
            "source", sa.Text(), nullable=False, comment="file or table the defaults came from"
        ),
        sa.Column("settings", sa.Integer(), nullable=False, comment="how many it had"),
        sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("import_id"),
        schema="omie_sync",
        comment="Where defaults were imported from, and when",
    )


def downgrade() -> None:
    for name in ("default_import", "payment_account", "empresa_default"):
        op.drop_table(name, schema="omie_sync")
