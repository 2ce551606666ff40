"""What migrations build tables of: the columns every scoped table has, closed lists, keys within
the prison, and the policy that keeps a table to its prison.

Migrations that have run are made of these: add to them, but change none that a migration uses.
"""

from typing import Any

import sqlalchemy as sa

from alembic import op

DISCLOSURE = ("ordinary", "third_party", "serious_harm_test", "restricted")
_IN_PRISON = "prison_id = current_setting('app.prison_id', true)"


def choice(name: str, *values: str) -> sa.Enum:
    """A closed list: text with a CHECK of its values."""
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=60)


def chosen(name: str, *values: str, nullable: bool = False, kind: str = "") -> sa.Column[Any]:
    """A column of a closed list; `kind` where the list is called otherwise than the column."""
    return sa.Column(name, choice(kind or name, *values), nullable=nullable)


def moment(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def word(name: str, length: int, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(length=length), nullable=nullable)


def story(name: str, *, nullable: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.String(), nullable=nullable)


def changed() -> sa.Column[Any]:
    """Which transaction wrote an exported row last; its trigger keeps it."""
    xid = sa.text("(pg_current_xact_id()::text::bigint)")
    return sa.Column("changed_xid", sa.BigInteger(), server_default=xid, nullable=False)


def points(column: str, table: str, *, name: str = "", **options: Any) -> sa.ForeignKeyConstraint:
    """A foreign key within the prison; `name` only where the model gives one."""
    return sa.ForeignKeyConstraint(
        ["prison_id", column], [f"{table}.prison_id", f"{table}.id"], name=name or None, **options
    )


def scoped(
    table: str, *columns: sa.schema.SchemaItem, versioned: bool = True, written: bool = False
) -> None:
    """Create a table with the columns of every scoped one, guarded by its prison.

    `versioned`: rows change; `written`: they hold free text and so its disclosure.
    """
    base: list[sa.schema.SchemaItem] = [
        word("prison_id", 3),
        sa.Column("id", sa.Uuid(), nullable=False),
        moment("recorded_at"),
    ]
    base += [sa.Column("version", sa.Integer(), nullable=False)] if versioned else []
    base += [chosen("disclosure", *DISCLOSURE)] if written else []
    op.create_table(
        table,
        *base,
        *columns,
        sa.ForeignKeyConstraint(["prison_id"], ["prison.id"], name=op.f(f"fk_{table}_prison_id")),
        sa.PrimaryKeyConstraint("prison_id", "id", name=op.f(f"pk_{table}")),
    )
    op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
    op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    op.execute(f"CREATE POLICY in_prison ON {table} USING ({_IN_PRISON})")
