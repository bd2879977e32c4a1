"""Who may see: roles, masks and rights; what an erasure leaves behind. The DDL is beside this."""

from pathlib import Path

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    raise RuntimeError("The roles belong to the whole cluster: revoke what they hold by hand")
