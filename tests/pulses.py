"""Pulses of every prison at once: in a worker's database there are those of all tests before."""

from app.db import Database

_EVERY = """
    DO $$ DECLARE p text; BEGIN FOR p IN SELECT id FROM prison LOOP
        PERFORM set_config('app.prison_id', p, true);
        INSERT INTO sweep_pulse (prison_id, swept_at, skew_seconds)
            VALUES (p, clock_timestamp(), 0)
            ON CONFLICT (prison_id) DO UPDATE
            SET swept_at = excluded.swept_at, oldest_overdue_at = NULL, skewed_at = NULL;
        UPDATE sweep_pulse SET last_resort_tested_at = now() + interval '5 years'
            WHERE {tested} AND prison_id = p;
    END LOOP; END $$
"""


async def all_well(db: Database, *, tested: bool = False) -> None:
    """Every prison was swept just now, and nothing is overdue in those of other tests; `tested`:
    nor is a test of their last resort."""
    async with db.pool.acquire() as connection, connection.transaction():
        await connection.execute(_EVERY.format(tested="true" if tested else "false"))
