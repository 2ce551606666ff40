"""Negative controls: what the service relies on is taken away, and the check must then fail."""

import asyncpg

from benchmarks.fault.system import System

# A page's outbox row vanishes as soon as it is written, and nobody is told.
OUTBOX = """
    CREATE FUNCTION vanish() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        DELETE FROM public.outbox WHERE prison_id = NEW.prison_id AND id = NEW.id;
        RETURN NULL;
    END $$;
    CREATE TRIGGER vanish AFTER INSERT ON public.outbox FOR EACH ROW
        WHEN (NEW.topic = 'notification.page') EXECUTE FUNCTION vanish();
"""

# A commit is answered before it is on the disk, and a power cut takes it back.
FSYNC = "ALTER DATABASE fault SET synchronous_commit = off"

# An answer is kept under its key until the commit and no longer: whoever asks again raises again.
IDEMPOTENCY = """
    CREATE FUNCTION forget() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        DELETE FROM public.idempotency_key WHERE prison_id = NEW.prison_id AND id = NEW.id;
        RETURN NULL;
    END $$;
    CREATE CONSTRAINT TRIGGER forget AFTER INSERT ON public.idempotency_key
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION forget();
"""

CONTROLS = {"outbox": OUTBOX, "fsync": FSYNC, "idempotency": IDEMPOTENCY}


async def take_away(system: System, what: str) -> None:
    """Before anything connects: a setting of the database holds for new connections."""
    connection = await asyncpg.connect(system.postgres.superuser_url("fault"))
    try:
        await connection.execute(CONTROLS[what])
    finally:
        await connection.close()
