"""The tables of schema ``omie_sync`` that hold the clinic's defaults for Omie.

``dbt_mapping/macros/padroes.sql`` reads them; ``defaults`` writes them. The DDL is in
``migrations/``; a test holds the two together.
"""

from __future__ import annotations

import sqlalchemy as sa

from omie_pipeline.postgres.tables import SYNC, metadata

YES, NO = "S", "N"


def _yes_no(name: str, comment: str) -> sa.Column[str]:
    return sa.Column(
        name,
        sa.Text,
        sa.CheckConstraint(f"{name} IN ('{YES}', '{NO}')", name=f"empresa_default_{name}"),
        comment=comment,
    )


empresa_default = sa.Table(
    "empresa_default",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True, comment="name of the empresa, or * for all"),
    sa.Column("receipt_category", sa.Text, comment="of receipts whose procedure has none"),
    sa.Column("repasse_category", sa.Text, comment="of shares due to professionals"),
    sa.Column("sale_category", sa.Text, comment="of product sales that name none"),
    sa.Column("expense_category", sa.Text, comment="of expenses that name none"),
    sa.Column("purchase_category", sa.Text, comment="of product purchases that name none"),
    sa.Column("account", sa.BigInteger, comment="nCodCC where the payment method says nothing"),
    _yes_no("bill_orders", "S: every service order is billed at once"),
    _yes_no("order_for_every_receipt", "S: a service order for every receipt, whatever its flag"),
    _yes_no("professionals_are_sellers", "S: professionals are Omie's vendedores"),
    sa.Column("repasse_days", sa.Integer, comment="from receipt to repasse, where no rule says"),
    sa.Column("lc116", sa.Text, comment="LC 116 code of procedures that have none"),
    sa.Column("municipal_service", sa.Text, comment="municipal code of procedures without one"),
    sa.Column("taxation", sa.Text, comment="cIdTrib of procedures that have none"),
    sa.Column("service_city", sa.Text, comment="where services are provided, as Omie spells it"),
    sa.Column("order_terms", sa.Text, comment="cCodParc of orders"),
    schema=SYNC,
    comment="What a row takes where neither it nor its procedure says otherwise",
)

payment_account = sa.Table(
    "payment_account",
    metadata,
    sa.Column("empresa", sa.Text, primary_key=True, comment="name of the empresa, or * for all"),
    sa.Column(
        "payment_method",
        sa.Text,
        primary_key=True,
        comment="its id at the clinic, or its Omie type",
    ),
    sa.Column("account", sa.BigInteger, nullable=False, comment="Omie's nCodCC"),
    schema=SYNC,
    comment="Account of each payment method whose own row gives none",
)

default_import = sa.Table(
    "default_import",
    metadata,
    sa.Column("import_id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("source", sa.Text, nullable=False, comment="file or table the defaults came from"),
    sa.Column("settings", sa.Integer, nullable=False, comment="how many it had"),
    sa.Column("imported_at", sa.DateTime(timezone=True), nullable=False),
    schema=SYNC,
    comment="Where defaults were imported from, and when",
)
