"""Reference: the code lists, with words for people."""

from app.models.base import Output
from app.models.participations import CancelReason, HmppsOutcome, ParticipationStatus


class CodeRead(Output):
    """One code: `label` for staff, `easy_read` in plain words for everyone."""

    code: str
    label: str
    easy_read: str


class HmppsRead(Output):
    """What HMPPS calls a part in a session in this state, cancelled for this reason."""

    status: ParticipationStatus
    reason: CancelReason | None = None
    outcome: HmppsOutcome


class ReferenceRead(Output):
    """Every closed list of the API by its name; codes stand in the order of the list. And what
    HMPPS calls what became of a session for somebody."""

    lists: dict[str, list[CodeRead]]
    hmpps_outcomes: list[HmppsRead]
