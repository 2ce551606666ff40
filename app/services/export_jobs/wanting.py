"""What a job is to write, as the exports take it."""

from dataclasses import replace

from app.access import Actor
from app.config import settings
from app.models.export_jobs import ExportJob, ExportJobCreate
from app.models.exports import ExportAsked
from app.services.exports import Wanted, asked


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


def _query(of: ExportJob | ExportJobCreate) -> ExportAsked:
    kept = {name: getattr(of, name) for name in ExportAsked.model_fields if hasattr(of, name)}
    return ExportAsked.model_validate(kept)
