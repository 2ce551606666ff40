"""The same night as that of concerns, and someone who breaks the glass."""

from typing import Any

from tests.concerns.conftest import Night, night
from tests.story import Caller

__all__ = ["about_the_mentor", "body", "breaks", "night"]


def body(night: Night, **fields: Any) -> dict[str, Any]:
    """What a clinician sends to open the mentor's records."""
    return {
        "person_id": str(night.mentor.person_id),
        "reason_code": "danger_to_life",
        "reason": "Found unresponsive and nobody else is here.",
        **fields,
    }


async def breaks(night: Night, caller: Caller | None = None, **fields: Any) -> Any:
    """The glass broken, by the nurse unless said otherwise."""
    return await (caller or night.wing.nurse).post("break-glass", body(night, **fields))


async def about_the_mentor(night: Night, **fields: Any) -> str:
    """A concern about the mentor's conduct, which is kept from clinicians; answers its path."""
    officer = night.wing.officer
    person_id = str(night.mentor.person_id)
    told = {"immediacy": "within_24h", "kind": "misconduct", "subject_person_id": person_id}
    raised = await night.raises(officer, **{**told, **fields})
    return f"concerns/{raised['id']}"
