"""Who may do what in the database: roles, database, extensions and default privileges.

The one place for this SQL. The embedded server uses it without passwords (`peer` lets the service's
operating-system user in); an external server is provisioned with them, outside Alembic.
"""

import base64
import hashlib
import hmac
import secrets
from typing import Any

import asyncpg

OWNER = "wellwing_owner"
APPLICATION = "wellwing_app"
EXTENSIONS = ("btree_gist", "pg_trgm")

_ITERATIONS = 4096
_ADVISORY_LOCK = 0x77656C6C  # two provisioners at once would race on CREATE ROLE and DATABASE
_POWERLESS = "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION"

# Functions are EXECUTE to PUBLIC unless told, which would hand SECURITY DEFINER to everyone: a
# migration grants each by name. No GRANT on existing tables: it would undo a migration's REVOKE.
_PRIVILEGES = f"""
ALTER SCHEMA public OWNER TO {OWNER};
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO {APPLICATION};
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} REVOKE USAGE ON TYPES FROM PUBLIC;
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public
    GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APPLICATION};
ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public
    GRANT USAGE ON SEQUENCES TO {APPLICATION};
"""


async def provision(
    superuser_url: str,
    database: str,
    owner_password: str | None = None,
    app_password: str | None = None,
    template: str | None = None,
) -> None:
    """Make `database` ready for migrations: both roles, the database, extensions, privileges.

    Idempotent, and safe when two run at once. A password left out is left as it is. `template` is
    the database to copy when `database` does not exist yet; nobody may be connected to it.
    Raises ValueError for a name or password PostgreSQL would change silently, and asyncpg's own
    errors for the rest.
    """
    quoted = quote_name(database)
    passwords = {OWNER: owner_password, APPLICATION: app_password}
    verifiers = {role: scram(word) for role, word in passwords.items() if word is not None}
    admin = await asyncpg.connect(superuser_url)
    try:
        await admin.execute("SELECT pg_advisory_lock($1)", _ADVISORY_LOCK)
        for role in (OWNER, APPLICATION):
            await _ensure_role(admin, role, verifiers.get(role))
        if not await admin.fetchval("SELECT true FROM pg_database WHERE datname = $1", database):
            source = quote_name(template) if template else "template0 ENCODING 'UTF8'"
            await admin.execute(f"CREATE DATABASE {quoted} OWNER {OWNER} TEMPLATE {source}")
        await admin.execute(
            f"ALTER DATABASE {quoted} OWNER TO {OWNER};"
            f"REVOKE ALL ON DATABASE {quoted} FROM PUBLIC;"
            f"GRANT CONNECT ON DATABASE {quoted} TO {APPLICATION};"
        )
        await _prepare(superuser_url, database)
    finally:
        await admin.close()


async def drop(superuser_url: str, database: str) -> None:
    """Drop `database` if it exists, and end every session in it."""
    admin = await asyncpg.connect(superuser_url)
    try:
        await admin.execute(f"DROP DATABASE IF EXISTS {quote_name(database)} WITH (FORCE)")
    finally:
        await admin.close()


async def _ensure_role(admin: Any, role: str, verifier: str | None) -> None:
    if not await admin.fetchval("SELECT true FROM pg_roles WHERE rolname = $1", role):
        await admin.execute(f"CREATE ROLE {role}")
    password = f"PASSWORD '{verifier}'" if verifier else ""
    await admin.execute(f"ALTER ROLE {role} {_POWERLESS} {password}")


async def _prepare(superuser_url: str, database: str) -> None:
    inside = await asyncpg.connect(superuser_url, database=database)
    try:
        for extension in EXTENSIONS:
            await inside.execute(f"CREATE EXTENSION IF NOT EXISTS {extension} SCHEMA public")
        await inside.execute(_PRIVILEGES)
    finally:
        await inside.close()


def quote_name(name: str) -> str:
    """`name` as a quoted SQL identifier. Raises ValueError for one PostgreSQL cannot hold whole."""
    if not 0 < len(name.encode()) <= 63 or "\0" in name:
        raise ValueError("A database name has 1 to 63 bytes and no NUL.")
    return '"' + name.replace('"', '""') + '"'


def scram(password: str) -> str:
    """The SCRAM-SHA-256 verifier PostgreSQL keeps for `password`.

    Made here, so that the password itself is in no statement, log or pg_stat_statements, and needs
    no quoting. Raises ValueError unless it is printable ASCII (the rest would need SASLprep).
    """
    if not password or not password.isascii() or not password.isprintable():
        raise ValueError("A database password must be printable ASCII and not empty.")
    salt = secrets.token_bytes(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    server_key = hmac.digest(salted, b"Server Key", "sha256")
    stored_key = hashlib.sha256(client_key).digest()
    salt64, stored64, server64 = (
        base64.b64encode(part).decode() for part in (salt, stored_key, server_key)
    )
    return f"SCRAM-SHA-256${_ITERATIONS}:{salt64}${stored64}:{server64}"
