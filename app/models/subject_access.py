"""Subject access: what is asked, and what is answered."""

from typing import Any

from sqlmodel import Field

from app.models.base import Day, Input, Output


class SubjectAccessQuery(Input):
    """Whose data, and from when. HMPPS's own spelling of the parameters."""

    prn: str | None = Field(default=None, max_length=20, description="Prisoner number.")
    crn: str | None = Field(default=None, max_length=20, description="Case reference: not served.")
    fromDate: Day | None = Field(default=None, description="Recorded on this day or later.")
    toDate: Day | None = Field(default=None, description="Recorded on this day or before.")


class SubjectAccessRead(Output):
    """What is held about the person, prison by prison, and of nobody else."""

    content: dict[str, Any] = Field(
        description="By prison: a list for each kind of record, `looked_at` (in which roles, how"
        " often), and `withheld_texts` (how many free texts were not written to be disclosed).",
        schema_extra={
            "examples": [
                {
                    "SLI": {
                        "person": [{"number": "A1234BC", "last_name": "Sampleford"}],
                        "looked_at": [{"role": "clinician", "times": 3}],
                        "withheld_texts": {"clinical_note": 1},
                    }
                }
            ]
        },
    )
