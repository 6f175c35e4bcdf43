"""The first tables: gemeente, melding, opdracht, journal, outbox and what hangs from them.

Reversible. HUIS "from the first migration" says why gemeente_id, composite keys and the append-only journal stand here.
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

# The journal is append-only (HUIS Journal): upkeep alone may delete, and says so within its own transaction.
JOURNAL_GUARD = """
CREATE FUNCTION journal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('meldingen.upkeep', true) = 'on' THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'journal is append-only';
END $$
"""


def upgrade() -> None:
    for extension in ("postgis", "pg_trgm", "unaccent"):
        op.execute(f"CREATE EXTENSION IF NOT EXISTS {extension}")
    op.execute("CREATE SEQUENCE melding_number")
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("username", name=op.f("uq_account_username")),
    )
    op.create_table(
        "gemeente",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("served", sa.Boolean(), nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("hours", sa.Text(), server_default="", nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("website", sa.Text(), server_default="", nullable=False),
        sa.Column("host", sa.Text(), nullable=True),
        sa.Column("theme_css", sa.Text(), server_default="", nullable=False),
        sa.Column("theme_class", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "policy", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column(
            "border",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_gemeente")),
        sa.UniqueConstraint("code", name=op.f("uq_gemeente_code")),
        sa.UniqueConstraint("host", name=op.f("uq_gemeente_host")),
        sa.UniqueConstraint("slug", name=op.f("uq_gemeente_slug")),
    )
    op.create_index("ix_gemeente_border", "gemeente", ["border"], unique=False, postgresql_using="gist")
    op.create_table(
        "idempotency",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("resource_id", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotency")),
        sa.UniqueConstraint("scope", "key", name=op.f("uq_idempotency_scope_key")),
    )
    op.create_index("ix_idempotency_created_at", "idempotency", ["created_at"], unique=False)
    op.create_table(
        "klok",
        sa.Column("single", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("offset_s", sa.BigInteger(), server_default="0", nullable=False),
        sa.CheckConstraint("single", name=op.f("ck_klok_single")),
        sa.PrimaryKeyConstraint("single", name=op.f("pk_klok")),
    )
    op.create_table(
        "api_key",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_api_key_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_api_key_gemeente_id_id")),
        sa.UniqueConstraint("gemeente_id", "name", name=op.f("uq_api_key_gemeente_id_name")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_api_key_secret_hash")),
    )
    op.create_table(
        "area",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column(
            "shape",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('wijk', 'buurt', 'teamgebied', 'water')", name=op.f("ck_area_kind")),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_area_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_area_gemeente_id_id")),
        sa.UniqueConstraint(
            "gemeente_id",
            "kind",
            "code",
            "year",
            name=op.f("uq_area_gemeente_id_kind_code_year"),
            postgresql_nulls_not_distinct=True,
        ),
    )
    op.create_index("ix_area_shape", "area", ["shape"], unique=False, postgresql_using="gist")
    op.create_table(
        "category",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("phrase", sa.Text(), server_default="", nullable=False),
        sa.Column("term_days", sa.Integer(), nullable=False),
        sa.Column("team_kind", sa.Text(), nullable=False),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column(
            "questions", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'::jsonb"), nullable=False
        ),
        sa.Column("questions_version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("join_radius_m", sa.Integer(), nullable=True),
        sa.Column("join_days", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), server_default="0", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("urgency IN ('laag', 'normaal', 'hoog', 'spoed')", name=op.f("ck_category_urgency")),
        sa.CheckConstraint("term_days BETWEEN 1 AND 260", name=op.f("ck_category_term_days")),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "parent_id"],
            ["category.gemeente_id", "category.id"],
            name=op.f("fk_category_gemeente_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_category_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_category")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_category_gemeente_id_id")),
        sa.UniqueConstraint("gemeente_id", "slug", name=op.f("uq_category_gemeente_id_slug")),
    )
    op.create_table(
        "closing_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_closing_day_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closing_day")),
        sa.UniqueConstraint("gemeente_id", "day", name=op.f("uq_closing_day_gemeente_id_day")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_closing_day_gemeente_id_id")),
    )
    op.create_table(
        "journal",
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("melding_id", sa.BigInteger(), nullable=True),
        sa.Column("opdracht_id", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("on_behalf_of", sa.BigInteger(), nullable=True),
        sa.Column(
            "facts", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_journal_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_journal_gemeente_id_id")),
    )
    op.create_index("ix_journal_melding_id", "journal", ["melding_id", "id"], unique=False)
    op.create_index("ix_journal_opdracht_id", "journal", ["opdracht_id", "id"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=True),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("urgency", sa.SmallInteger(), nullable=False),
        sa.Column("payload", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("request_id", sa.Text(), server_default="", nullable=False),
        sa.Column("key", sa.Text(), nullable=True),
        sa.Column("order_key", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default="0", nullable=False),
        sa.Column("lease", sa.Uuid(), nullable=True),
        sa.Column("lease_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_outbox_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index(
        "ix_outbox_done_at", "outbox", ["done_at"], unique=False, postgresql_where=sa.text("done_at IS NOT NULL")
    )
    op.create_index(
        "ix_outbox_due",
        "outbox",
        ["urgency", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL AND parked_at IS NULL"),
    )
    op.create_index(
        "ix_outbox_order_key",
        "outbox",
        ["order_key", "id"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL AND order_key IS NOT NULL"),
    )
    op.create_index(
        "ix_outbox_parked",
        "outbox",
        ["parked_at"],
        unique=False,
        postgresql_where=sa.text("parked_at IS NOT NULL AND done_at IS NULL"),
    )
    op.create_table(
        "staff_session",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_staff_session_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_session")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_staff_session_secret_hash")),
    )
    op.create_index("ix_staff_session_account_id", "staff_session", ["account_id"], unique=False)
    op.create_table(
        "team",
        sa.Column("slug", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("vangnet", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('serviceteam', 'groen', 'afval', 'verlichting', 'riolering', 'handhaving', 'verkeer', 'water', 'spelen', 'plaagdieren', 'piket', 'kcc', 'partij')",
            name=op.f("ck_team_kind"),
        ),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_team_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_team_gemeente_id_id")),
        sa.UniqueConstraint("gemeente_id", "slug", name=op.f("uq_team_gemeente_id_slug")),
    )
    op.create_index("uq_team_vangnet", "team", ["gemeente_id"], unique=True, postgresql_where=sa.text("vangnet"))
    op.create_table(
        "tombstone",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("melding_id", sa.BigInteger(), nullable=False),
        sa.Column("category", sa.Text(), server_default="", nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_tombstone_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tombstone")),
        sa.UniqueConstraint("number", name=op.f("uq_tombstone_number")),
    )
    op.create_table(
        "account_role",
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "role IN ('team', 'piket', 'kcc', 'coordinator', 'beheer')", name=op.f("ck_account_role_role")
        ),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_account_role_account_id")),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "team_id"],
            ["team.gemeente_id", "team.id"],
            name=op.f("fk_account_role_gemeente_id_team_id"),
        ),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_account_role_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_role")),
        sa.UniqueConstraint(
            "gemeente_id",
            "account_id",
            "role",
            "team_id",
            name=op.f("uq_account_role_gemeente_id_account_id_role_team_id"),
            postgresql_nulls_not_distinct=True,
        ),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_account_role_gemeente_id_id")),
    )
    op.create_table(
        "melding",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column(
            "location",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("location_source", sa.Text(), nullable=False),
        sa.Column("location_note", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("wijk_code", sa.Text(), nullable=True),
        sa.Column("buurt_code", sa.Text(), nullable=True),
        sa.Column("area_year", sa.Integer(), nullable=True),
        sa.Column("category_id", sa.BigInteger(), nullable=True),
        sa.Column(
            "answers", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("questions_version", sa.Integer(), nullable=True),
        sa.Column("danger", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("flags", sa.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("intake_channel", sa.Text(), nullable=False),
        sa.Column("partner_name", sa.Text(), server_default="", nullable=False),
        sa.Column("entered_by", sa.BigInteger(), nullable=True),
        sa.Column("same_as_opdracht_id", sa.BigInteger(), nullable=True),
        sa.Column("photos_expected", sa.Integer(), server_default="0", nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("first_promised_on", sa.Date(), nullable=False),
        sa.Column("promised_on", sa.Date(), nullable=False),
        sa.Column("term_days", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("referred_to", sa.Text(), server_default="", nullable=False),
        sa.Column("token_generation", sa.Integer(), server_default="1", nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "status IN ('ontvangen', 'in_behandeling', 'ingepland', 'wacht_op_melder', 'doorgezet', 'heropend', 'afgehandeld', 'ingetrokken', 'doorverwezen')",
            name=op.f("ck_melding_status"),
        ),
        sa.CheckConstraint("char_length(description) <= 500", name=op.f("ck_melding_description")),
        sa.ForeignKeyConstraint(["entered_by"], ["account.id"], name=op.f("fk_melding_entered_by")),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "category_id"],
            ["category.gemeente_id", "category.id"],
            name=op.f("fk_melding_gemeente_id_category_id"),
        ),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_melding_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_melding")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_melding_gemeente_id_id")),
        sa.UniqueConstraint("number", name=op.f("uq_melding_number")),
    )
    op.create_index("ix_melding_entered_by", "melding", ["entered_by"], unique=False)
    op.create_index(
        "ix_melding_gemeente_id_received_at",
        "melding",
        ["gemeente_id", sa.literal_column("received_at DESC"), sa.literal_column("id DESC")],
        unique=False,
    )
    op.create_index("ix_melding_location", "melding", ["location"], unique=False, postgresql_using="gist")
    op.create_table(
        "opdracht",
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=False),
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("urgency", sa.Text(), nullable=False),
        sa.Column("danger", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "location",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("location_note", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("wijk_code", sa.Text(), nullable=True),
        sa.Column("buurt_code", sa.Text(), nullable=True),
        sa.Column("rule_id", sa.BigInteger(), nullable=True),
        sa.Column("routing_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=True),
        sa.Column("taken_up_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_up_by", sa.BigInteger(), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_days", sa.Integer(), server_default="0", nullable=False),
        sa.Column("moves_count", sa.Integer(), server_default="0", nullable=False),
        sa.Column("split_from_id", sa.BigInteger(), nullable=True),
        sa.Column("reopened_from_id", sa.BigInteger(), nullable=True),
        sa.Column("last_closed_by", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('opgelost', 'niet_opgelost', 'overgedragen')", name=op.f("ck_opdracht_outcome")
        ),
        sa.CheckConstraint(
            "status IN ('nieuw', 'opgepakt', 'ingepland', 'wacht_op_melder', 'bij_partij', 'gereed', 'vervallen')",
            name=op.f("ck_opdracht_status"),
        ),
        sa.CheckConstraint("urgency IN ('laag', 'normaal', 'hoog', 'spoed')", name=op.f("ck_opdracht_urgency")),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "category_id"],
            ["category.gemeente_id", "category.id"],
            name=op.f("fk_opdracht_gemeente_id_category_id"),
        ),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "reopened_from_id"],
            ["opdracht.gemeente_id", "opdracht.id"],
            name=op.f("fk_opdracht_gemeente_id_reopened_from_id"),
        ),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "split_from_id"],
            ["opdracht.gemeente_id", "opdracht.id"],
            name=op.f("fk_opdracht_gemeente_id_split_from_id"),
        ),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "team_id"], ["team.gemeente_id", "team.id"], name=op.f("fk_opdracht_gemeente_id_team_id")
        ),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_opdracht_gemeente_id")),
        sa.ForeignKeyConstraint(["last_closed_by"], ["account.id"], name=op.f("fk_opdracht_last_closed_by")),
        sa.ForeignKeyConstraint(["taken_up_by"], ["account.id"], name=op.f("fk_opdracht_taken_up_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opdracht")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_opdracht_gemeente_id_id")),
    )
    op.create_index(
        "ix_opdracht_closed",
        "opdracht",
        ["gemeente_id", sa.literal_column("closed_at DESC")],
        unique=False,
        postgresql_where=sa.text("closed_at IS NOT NULL"),
    )
    op.create_index(
        "ix_opdracht_open_gemeente",
        "opdracht",
        ["gemeente_id", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("status IN ('nieuw', 'opgepakt', 'ingepland', 'wacht_op_melder', 'bij_partij')"),
    )
    op.create_index(
        "ix_opdracht_open_location",
        "opdracht",
        ["location"],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("status IN ('nieuw', 'opgepakt', 'ingepland', 'wacht_op_melder', 'bij_partij')"),
    )
    op.create_index(
        "ix_opdracht_open_near",
        "opdracht",
        [sa.literal_column("(location::geography)")],
        unique=False,
        postgresql_using="gist",
        postgresql_where=sa.text("status IN ('nieuw', 'opgepakt', 'ingepland', 'wacht_op_melder', 'bij_partij')"),
    )
    op.create_index(
        "ix_opdracht_open_team",
        "opdracht",
        ["team_id", "due_at", "id"],
        unique=False,
        postgresql_where=sa.text("status IN ('nieuw', 'opgepakt', 'ingepland', 'wacht_op_melder', 'bij_partij')"),
    )
    op.create_table(
        "routing_rule",
        sa.Column("team_id", sa.BigInteger(), nullable=False),
        sa.Column("category_id", sa.BigInteger(), nullable=True),
        sa.Column("area_code", sa.Text(), nullable=True),
        sa.Column("moment", sa.Text(), nullable=True),
        sa.Column("danger", sa.Boolean(), nullable=True),
        sa.Column("position", sa.Integer(), server_default="100", nullable=False),
        sa.Column("active", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("moment IN ('kantooruren', 'piket')", name=op.f("ck_routing_rule_moment")),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "category_id"],
            ["category.gemeente_id", "category.id"],
            name=op.f("fk_routing_rule_gemeente_id_category_id"),
        ),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "team_id"],
            ["team.gemeente_id", "team.id"],
            name=op.f("fk_routing_rule_gemeente_id_team_id"),
        ),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_routing_rule_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing_rule")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_routing_rule_gemeente_id_id")),
    )
    op.create_table(
        "closure",
        sa.Column("opdracht_id", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("sentence", sa.Text(), server_default="", nullable=False),
        sa.Column("partner", sa.Text(), server_default="", nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("outcome IN ('opgelost', 'niet_opgelost', 'overgedragen')", name=op.f("ck_closure_outcome")),
        sa.ForeignKeyConstraint(["closed_by"], ["account.id"], name=op.f("fk_closure_closed_by")),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "opdracht_id"],
            ["opdracht.gemeente_id", "opdracht.id"],
            name=op.f("fk_closure_gemeente_id_opdracht_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_closure_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_closure")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_closure_gemeente_id_id")),
    )
    op.create_index("ix_closure_opdracht_id", "closure", ["opdracht_id"], unique=False)
    op.create_table(
        "contact",
        sa.Column("melding_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("email", sa.Text(), server_default="", nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("mobile", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("preference", sa.Text(), nullable=True),
        sa.Column("only_when_done", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("email_refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("preference IN ('email', 'sms', 'bellen')", name=op.f("ck_contact_preference")),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "melding_id"],
            ["melding.gemeente_id", "melding.id"],
            name=op.f("fk_contact_gemeente_id_melding_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_contact_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_contact_gemeente_id_id")),
        sa.UniqueConstraint("gemeente_id", "melding_id", name=op.f("uq_contact_gemeente_id_melding_id")),
    )
    op.create_index(
        "ix_contact_email",
        "contact",
        [sa.literal_column("lower(email)")],
        unique=False,
        postgresql_where=sa.text("email <> ''"),
    )
    op.create_index("ix_contact_phone", "contact", ["phone"], unique=False, postgresql_where=sa.text("phone <> ''"))
    op.create_table(
        "contact_view",
        sa.Column("melding_id", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=False),
        sa.Column("context", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_contact_view_account_id")),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "melding_id"],
            ["melding.gemeente_id", "melding.id"],
            name=op.f("fk_contact_view_gemeente_id_melding_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_contact_view_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_view")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_contact_view_gemeente_id_id")),
    )
    op.create_table(
        "melding_opdracht",
        sa.Column("melding_id", sa.BigInteger(), nullable=False),
        sa.Column("opdracht_id", sa.BigInteger(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("from_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "melding_id"],
            ["melding.gemeente_id", "melding.id"],
            name=op.f("fk_melding_opdracht_gemeente_id_melding_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "opdracht_id"],
            ["opdracht.gemeente_id", "opdracht.id"],
            name=op.f("fk_melding_opdracht_gemeente_id_opdracht_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_melding_opdracht_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_melding_opdracht")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_melding_opdracht_gemeente_id_id")),
    )
    op.create_index("ix_melding_opdracht_opdracht_id", "melding_opdracht", ["opdracht_id"], unique=False)
    op.create_index(
        "uq_melding_opdracht_now",
        "melding_opdracht",
        ["melding_id", "opdracht_id"],
        unique=True,
        postgresql_where=sa.text("until_at IS NULL"),
    )
    op.create_table(
        "note",
        sa.Column("melding_id", sa.BigInteger(), nullable=True),
        sa.Column("opdracht_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("account_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('notitie', 'aanvulling', 'vraag', 'weigering')", name=op.f("ck_note_kind")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_note_account_id")),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "melding_id"],
            ["melding.gemeente_id", "melding.id"],
            name=op.f("fk_note_gemeente_id_melding_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "opdracht_id"],
            ["opdracht.gemeente_id", "opdracht.id"],
            name=op.f("fk_note_gemeente_id_opdracht_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_note_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_note")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_note_gemeente_id_id")),
    )
    op.create_index("ix_note_melding_id", "note", ["melding_id"], unique=False)
    op.create_index("ix_note_opdracht_id", "note", ["opdracht_id"], unique=False)
    op.create_table(
        "notice",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("melding_id", sa.BigInteger(), nullable=True),
        sa.Column("team_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "event_id"],
            ["journal.gemeente_id", "journal.id"],
            name=op.f("fk_notice_gemeente_id_event_id"),
        ),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "melding_id"],
            ["melding.gemeente_id", "melding.id"],
            name=op.f("fk_notice_gemeente_id_melding_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "team_id"], ["team.gemeente_id", "team.id"], name=op.f("fk_notice_gemeente_id_team_id")
        ),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_notice_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_notice_gemeente_id_id")),
    )
    op.create_index("ix_notice_melding_id", "notice", ["melding_id"], unique=False)
    op.create_index(
        "uq_notice_event_melding",
        "notice",
        ["event_id", "melding_id"],
        unique=True,
        postgresql_where=sa.text("melding_id IS NOT NULL"),
    )
    op.create_index(
        "uq_notice_event_team",
        "notice",
        ["event_id", "team_id"],
        unique=True,
        postgresql_where=sa.text("team_id IS NOT NULL"),
    )
    op.create_table(
        "photo",
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("melding_id", sa.BigInteger(), nullable=True),
        sa.Column("opdracht_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("status", sa.Text(), server_default="ontvangen", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("upload_key", sa.Text(), server_default="", nullable=False),
        sa.Column("small_key", sa.Text(), server_default="", nullable=False),
        sa.Column("large_key", sa.Text(), server_default="", nullable=False),
        sa.Column("width", sa.Integer(), nullable=True),
        sa.Column("height", sa.Integer(), nullable=True),
        sa.Column("public", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("far_away", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("processed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('melder', 'team')", name=op.f("ck_photo_kind")),
        sa.CheckConstraint("status IN ('ontvangen', 'klaar', 'onleesbaar')", name=op.f("ck_photo_status")),
        sa.CheckConstraint("(melding_id IS NULL) <> (opdracht_id IS NULL)", name=op.f("ck_photo_owner")),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "melding_id"],
            ["melding.gemeente_id", "melding.id"],
            name=op.f("fk_photo_gemeente_id_melding_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "opdracht_id"],
            ["opdracht.gemeente_id", "opdracht.id"],
            name=op.f("fk_photo_gemeente_id_opdracht_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_photo_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photo")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_photo_gemeente_id_id")),
        sa.UniqueConstraint("public_id", name=op.f("uq_photo_public_id")),
    )
    op.create_index(
        "uq_photo_melding_sha256",
        "photo",
        ["melding_id", "sha256"],
        unique=True,
        postgresql_where=sa.text("melding_id IS NOT NULL"),
    )
    op.create_index(
        "uq_photo_opdracht_sha256",
        "photo",
        ["opdracht_id", "sha256"],
        unique=True,
        postgresql_where=sa.text("opdracht_id IS NOT NULL"),
    )
    op.create_table(
        "delivery",
        sa.Column("notice_id", sa.BigInteger(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="gepland", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("html", sa.Text(), server_default="", nullable=False),
        sa.Column("provider_id", sa.Text(), server_default="", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("maybe_double", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("channel IN ('email', 'sms', 'telefoon')", name=op.f("ck_delivery_channel")),
        sa.CheckConstraint(
            "status IN ('gepland', 'bezig', 'verzonden', 'bezorgd', 'mislukt')", name=op.f("ck_delivery_status")
        ),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "notice_id"],
            ["notice.gemeente_id", "notice.id"],
            name=op.f("fk_delivery_gemeente_id_notice_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_delivery_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delivery")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_delivery_gemeente_id_id")),
        sa.UniqueConstraint("notice_id", "channel", name=op.f("uq_delivery_notice_id_channel")),
        sa.UniqueConstraint("reference", name=op.f("uq_delivery_reference")),
    )
    op.create_index(
        "uq_delivery_unfinished",
        "delivery",
        ["notice_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('gepland', 'bezig')"),
    )
    op.create_table(
        "terugbelnotitie",
        sa.Column("melding_id", sa.BigInteger(), nullable=False),
        sa.Column("notice_id", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="open", nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("result", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_by", sa.BigInteger(), nullable=True),
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("gemeente_id", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("status IN ('open', 'gesproken', 'vervallen')", name=op.f("ck_terugbelnotitie_status")),
        sa.ForeignKeyConstraint(["finished_by"], ["account.id"], name=op.f("fk_terugbelnotitie_finished_by")),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "melding_id"],
            ["melding.gemeente_id", "melding.id"],
            name=op.f("fk_terugbelnotitie_gemeente_id_melding_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["gemeente_id", "notice_id"],
            ["notice.gemeente_id", "notice.id"],
            name=op.f("fk_terugbelnotitie_gemeente_id_notice_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["gemeente_id"], ["gemeente.id"], name=op.f("fk_terugbelnotitie_gemeente_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_terugbelnotitie")),
        sa.UniqueConstraint("gemeente_id", "id", name=op.f("uq_terugbelnotitie_gemeente_id_id")),
    )
    op.create_index("ix_terugbelnotitie_melding_id", "terugbelnotitie", ["melding_id"], unique=False)
    op.create_index(
        "ix_terugbelnotitie_open",
        "terugbelnotitie",
        ["gemeente_id", "due_at"],
        unique=False,
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index(
        "uq_terugbelnotitie_notice",
        "terugbelnotitie",
        ["notice_id"],
        unique=True,
        postgresql_where=sa.text("notice_id IS NOT NULL"),
    )
    op.execute("INSERT INTO klok DEFAULT VALUES")
    op.execute(JOURNAL_GUARD)
    op.execute(
        "CREATE TRIGGER journal_append_only BEFORE UPDATE OR DELETE ON journal "
        "FOR EACH ROW EXECUTE FUNCTION journal_append_only()"
    )


def downgrade() -> None:
    op.execute("DROP TRIGGER journal_append_only ON journal")
    op.execute("DROP FUNCTION journal_append_only()")
    op.drop_index(
        "uq_terugbelnotitie_notice", table_name="terugbelnotitie", postgresql_where=sa.text("notice_id IS NOT NULL")
    )
    op.drop_index("ix_terugbelnotitie_open", table_name="terugbelnotitie", postgresql_where=sa.text("status = 'open'"))
    op.drop_index("ix_terugbelnotitie_melding_id", table_name="terugbelnotitie")
    op.drop_table("terugbelnotitie")
    op.drop_index(
        "uq_delivery_unfinished", table_name="delivery", postgresql_where=sa.text("status IN ('gepland', 'bezig')")
    )
    op.drop_table("delivery")
    op.drop_index("uq_photo_opdracht_sha256", table_name="photo", postgresql_where=sa.text("opdracht_id IS NOT NULL"))
    op.drop_index("uq_photo_melding_sha256", table_name="photo", postgresql_where=sa.text("melding_id IS NOT NULL"))
    op.drop_table("photo")
    op.drop_index("uq_notice_event_team", table_name="notice", postgresql_where=sa.text("team_id IS NOT NULL"))
    op.drop_index("uq_notice_event_melding", table_name="notice", postgresql_where=sa.text("melding_id IS NOT NULL"))
    op.drop_index("ix_notice_melding_id", table_name="notice")
    op.drop_table("notice")
    op.drop_index("ix_note_opdracht_id", table_name="note")
    op.drop_index("ix_note_melding_id", table_name="note")
    op.drop_table("note")
    op.drop_index(
        "uq_melding_opdracht_now", table_name="melding_opdracht", postgresql_where=sa.text("until_at IS NULL")
    )
    op.drop_index("ix_melding_opdracht_opdracht_id", table_name="melding_opdracht")
    op.drop_table("melding_opdracht")
    op.drop_table("contact_view")
    op.drop_index("ix_contact_phone", table_name="contact", postgresql_where=sa.text("phone <> ''"))
    op.drop_index("ix_contact_email", table_name="contact", postgresql_where=sa.text("email <> ''"))
    op.drop_table("contact")
    op.drop_index("ix_closure_opdracht_id", table_name="closure")
    op.drop_table("closure")
    op.drop_table("routing_rule")
    op.drop_index(
        "ix_opdracht_open_team",
        table_name="opdracht",
        postgresql_where=sa.text("status IN ('nieuw', 'opgepakt', 'ingepland', 'wacht_op_melder', 'bij_partij')"),
    )
    op.drop_index(
        "ix_opdracht_open_near",
        table_name="opdracht",
        postgresql_using="gist",
        postgresql_where=sa.text("status IN ('nieuw', 'opgepakt', 'ingepland', 'wacht_op_melder', 'bij_partij')"),
    )
    op.drop_index(
        "ix_opdracht_open_location",
        table_name="opdracht",
        postgresql_using="gist",
        postgresql_where=sa.text("status IN ('nieuw', 'opgepakt', 'ingepland', 'wacht_op_melder', 'bij_partij')"),
    )
    op.drop_index(
        "ix_opdracht_open_gemeente",
        table_name="opdracht",
        postgresql_where=sa.text("status IN ('nieuw', 'opgepakt', 'ingepland', 'wacht_op_melder', 'bij_partij')"),
    )
    op.drop_index("ix_opdracht_closed", table_name="opdracht", postgresql_where=sa.text("closed_at IS NOT NULL"))
    op.drop_table("opdracht")
    op.drop_index("ix_melding_location", table_name="melding", postgresql_using="gist")
    op.drop_index("ix_melding_gemeente_id_received_at", table_name="melding")
    op.drop_index("ix_melding_entered_by", table_name="melding")
    op.drop_table("melding")
    op.drop_table("account_role")
    op.drop_table("tombstone")
    op.drop_index("uq_team_vangnet", table_name="team", postgresql_where=sa.text("vangnet"))
    op.drop_table("team")
    op.drop_index("ix_staff_session_account_id", table_name="staff_session")
    op.drop_table("staff_session")
    op.drop_index(
        "ix_outbox_parked", table_name="outbox", postgresql_where=sa.text("parked_at IS NOT NULL AND done_at IS NULL")
    )
    op.drop_index(
        "ix_outbox_order_key",
        table_name="outbox",
        postgresql_where=sa.text("done_at IS NULL AND order_key IS NOT NULL"),
    )
    op.drop_index(
        "ix_outbox_due", table_name="outbox", postgresql_where=sa.text("done_at IS NULL AND parked_at IS NULL")
    )
    op.drop_index("ix_outbox_done_at", table_name="outbox", postgresql_where=sa.text("done_at IS NOT NULL"))
    op.drop_table("outbox")
    op.drop_index("ix_journal_opdracht_id", table_name="journal")
    op.drop_index("ix_journal_melding_id", table_name="journal")
    op.drop_table("journal")
    op.drop_table("closing_day")
    op.drop_table("category")
    op.drop_index("ix_area_shape", table_name="area", postgresql_using="gist")
    op.drop_table("area")
    op.drop_table("api_key")
    op.drop_table("klok")
    op.drop_index("ix_idempotency_created_at", table_name="idempotency")
    op.drop_table("idempotency")
    op.drop_index("ix_gemeente_border", table_name="gemeente", postgresql_using="gist")
    op.drop_table("gemeente")
    op.drop_table("account")
    op.execute("DROP SEQUENCE melding_number")
