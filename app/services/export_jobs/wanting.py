"""What a job is to write, as the exports take it."""

from dataclasses import replace

from app.access import Actor
from app.config import settings
from app.db import Database
from app.models.export_jobs import ExportJob, ExportJobCreate
from app.models.exports import ExportAsked
from app.services.exports import Told, Wanted, asked
from app.services.exports.datasets import DATASETS

_SO_FAR = "SELECT tuples_processed FROM pg_stat_progress_copy WHERE pid = $1"


def secret() -> bytes:
    return settings().secret_key.get_secret_value().encode()


def check(actor: Actor, body: ExportJobCreate) -> None:
    """Raises Invalid, naming the field, for what no export can be of."""
    asked(actor, body.dataset, _query(body), secret(), identifiable=body.identifiable)


def wanted_of(actor: Actor, job: ExportJob) -> Wanted:
    """The export that a job is of. It has the job's id, so that written anew it is the same."""
    named = job.identifiable
    wanted = asked(actor, job.dataset, _query(job), secret(), identifiable=named)
    return replace(wanted, export_id=job.id)


async def rows_so_far(db: Database, told: Told) -> int:
    """How many rows the database has written out."""
    if told.whole or told.pid is None:
        return told.rows
    return await db.fetchval(_SO_FAR, told.pid) or 0


async def rows_expected(db: Database, job: ExportJob) -> int | None:
    """How many rows there will be, where that is known without reading them all: of a whole
    dataset of which every row is told."""
    found = DATASETS[job.dataset]
    narrowed = (job.first_day, job.last_day, job.kind, job.changed_since)
    if any(each is not None for each in narrowed) or (found.told, found.stands) != ("true", "true"):
        return None
    sql = f"SELECT count(*) AS rows FROM {found.table} WHERE prison_id = $1"  # noqa: S608 - ours
    try:
        row = await db.fetchrow(job.prison_id, sql, job.prison_id)
    except TimeoutError:
        return None
    return None if row is None else int(row["rows"])


def _query(of: ExportJob | ExportJobCreate) -> ExportAsked:
    kept = {name: getattr(of, name) for name in ExportAsked.model_fields if hasattr(of, name)}
    return ExportAsked.model_validate(kept)
