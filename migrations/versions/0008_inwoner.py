"""What *De inwoner* remembers: the form half filled in, what stands in public space, and what a category says first.

A concept is a form that was not sent; it lives a day. An object is a lamp post, a container, a playground: a thing with
a number on it. Reversible; going back loses the concepts, the objects, and what was learned and said about enough.
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.create_table(
        "concept",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("filled", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        sa.Column("photos", JSONB(), server_default=sa.text("'[]'::jsonb"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        *_own("concept"),
        sa.UniqueConstraint("key", name=op.f("uq_concept_key")),
    )
    op.create_index("ix_concept_changed_at", "concept", ["changed_at"])

    op.create_table(
        "object",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("category_slug", sa.Text(), server_default="", nullable=False),
        sa.Column("location", Geometry("POINT", 4326, spatial_index=False), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.true(), nullable=False),
        *_own("object"),
        sa.UniqueConstraint("gemeente_id", "kind", "code", name=op.f("uq_object_gemeente_id_kind_code")),
    )
    op.create_index("ix_object_location", "object", ["location"], postgresql_using="gist")
    op.create_index("ix_object_code", "object", ["gemeente_id", "code"])

    op.create_table(
        "category_model",
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("weights", sa.LargeBinary(), nullable=False),
        sa.Column("facts", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False),
        *_own("category_model"),
        sa.UniqueConstraint("gemeente_id", name=op.f("uq_category_model_gemeente_id")),
    )

    op.create_table(
        "access_code",
        sa.Column("address_hash", sa.LargeBinary(), nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        *_own("access_code"),
        sa.CheckConstraint("channel IN ('email', 'sms')", name=op.f("ck_access_code_channel")),
    )
    op.create_index("ix_access_code_address_hash", "access_code", ["gemeente_id", "address_hash", "made_at"])
    op.create_index("ix_access_code_made_at", "access_code", ["made_at"])

    op.add_column("category", sa.Column("synonyms", sa.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.add_column("category", sa.Column("examples", sa.ARRAY(sa.Text()), server_default="{}", nullable=False))
    op.add_column("category", sa.Column("beforehand", JSONB(), server_default=sa.text("'{}'::jsonb"), nullable=False))
    op.add_column("melding", sa.Column("object_kind", sa.Text(), server_default="", nullable=False))
    op.add_column("melding", sa.Column("object_code", sa.Text(), server_default="", nullable=False))
    op.add_column("opdracht", sa.Column("danger_suspected", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("verdict", sa.Column("enough", sa.Boolean(), nullable=True))
    op.add_column("verdict", sa.Column("mark", sa.SmallInteger(), nullable=True))
    op.create_check_constraint(op.f("ck_verdict_mark"), "verdict", "mark BETWEEN 1 AND 10")


def downgrade() -> None:
    op.drop_constraint(op.f("ck_verdict_mark"), "verdict")
    for table, column in (
        ("verdict", "mark"),
        ("verdict", "enough"),
        ("opdracht", "danger_suspected"),
        ("melding", "object_code"),
        ("melding", "object_kind"),
        ("category", "beforehand"),
        ("category", "examples"),
        ("category", "synonyms"),
    ):
        op.drop_column(table, column)
    for table in ("access_code", "category_model", "object", "concept"):
        op.drop_table(table)


def _own(table: str) -> list[sa.schema.SchemaItem]:
    return [
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f(f"fk_{table}_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f(f"uq_{table}_gemeente_id_id")),
    ]
