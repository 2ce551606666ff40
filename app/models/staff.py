"""Staff: who works in the prison's scheme, and as what."""

from enum import StrEnum
from uuid import UUID

from pydantic import field_validator
from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from app.models.base import Identified, Input, Line, Name, Versioned, choice, given, reference


class Role(StrEnum):
    """Who someone is to the scheme. Professions refine the four roles (`family`)."""

    support_worker = "support_worker"
    wing_duty = "wing_duty"
    mentor = "mentor"
    suspended_mentor = "suspended_mentor"
    applicant = "applicant"
    clinician = "clinician"
    nurse = "nurse"
    mental_health_lead = "mental_health_lead"
    governor = "governor"
    machine = "machine"
    system = "system"

    @property
    def family(self) -> "Role":
        """The one of the four roles that this one refines."""
        return {
            Role.wing_duty: Role.support_worker,
            Role.suspended_mentor: Role.mentor,
            Role.applicant: Role.mentor,
            Role.nurse: Role.clinician,
            Role.mental_health_lead: Role.clinician,
        }.get(self, self)


class StaffRole(StrEnum):
    """The roles a staff row may have."""

    support_worker = "support_worker"
    wing_duty = "wing_duty"
    clinician = "clinician"
    nurse = "nurse"
    mental_health_lead = "mental_health_lead"
    governor = "governor"


class Staff(Versioned, table=True):
    """A member of staff in one prison. `subject` is the `sub` of their tokens."""

    __tablename__ = "staff"
    __table_args__ = (
        reference("staff", "confirmation_asked_by", name="fk_staff_confirmation_asked_by"),
        UniqueConstraint("prison_id", "subject", name="uq_staff_subject"),
        CheckConstraint("confirmation_asked_by IS NULL OR NOT active", name="confirmed"),
    )

    subject: str = Field(max_length=200)
    name: str = Field(max_length=100)
    role: StaffRole = Field(sa_type=choice(StaffRole, "role"))
    contact: str | None = Field(default=None, max_length=300)
    active: bool = Field(default=True, nullable=False)
    confirmation_asked_by: UUID | None = None


class StaffCreate(Input):
    """A member of staff to add."""

    subject: Line = Field(max_length=200, schema_extra={"examples": ["nurse.sli"]})
    name: Name = Field(schema_extra={"examples": ["N. Mockham"]})
    role: StaffRole = Field(schema_extra={"examples": ["nurse"]})
    contact: Line | None = Field(default=None, schema_extra={"examples": ["ext. 2231"]})


class StaffUpdate(Input):
    """What may change of a member of staff. What is left out stays; only `contact` may be null."""

    name: Name | None = Field(default=None, schema_extra={"examples": ["N. Mockham"]})
    role: StaffRole | None = Field(default=None, schema_extra={"examples": ["nurse"]})
    contact: Line | None = Field(default=None, schema_extra={"examples": ["ext. 2231"]})
    active: bool | None = Field(default=None, schema_extra={"examples": [False]})

    _given = field_validator("name", "role", "active")(given)


class StaffRead(Identified):
    """A member of staff."""

    subject: str
    name: str
    role: StaffRole
    contact: str | None
    active: bool
    confirmation_asked_by: UUID | None = Field(
        description="Who asks for this; set until a second person confirms it."
    )
