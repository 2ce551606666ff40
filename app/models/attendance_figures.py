"""How often people came, in sums for those who run the scheme and the prison."""

from datetime import date

from sqlmodel import Field

from app.models.base import Output
from app.models.regimes import Slot
from app.models.sessions import SessionKind


class AttendanceSum(Output):
    """What became of people's parts in sessions: sums, of nobody by themselves. Planned and walked
    in together are as many as all the others."""

    planned: int = Field(description="Parts that were planned, whatever became of them.")
    walked_in: int = Field(description="Came without having been planned.")
    attended: int = Field(description="Came; those who walked in, too.")
    dna: int = Field(
        description="Did not come and no reason is known: the only absence that counts."
    )
    excused: int = Field(description="Said no, were ill, or were needed elsewhere.")
    cancelled_by_prison: int = Field(
        description="For the regime, staff, a room, an escort, segregation, transfer or safety."
    )
    cancelled_by_mentor: int
    cancelled_otherwise: int
    open: int = Field(description="To come, or begun and not marked.")


class AttendanceOfKind(AttendanceSum):
    """Of one kind of session."""

    kind: SessionKind


class AttendanceOfSlot(AttendanceSum):
    """Of sessions that begin in one slot of the regime."""

    slot: Slot | None = Field(description="Null: outside of every slot, or none is set.")


class AttendanceOfWeek(AttendanceSum):
    """Of one week."""

    monday: date


class AttendanceFigures(Output):
    """How often people came in whole weeks, Mondays to Sundays: by kind, by slot and by week."""

    first_day: date
    last_day: date
    all: AttendanceSum
    kinds: list[AttendanceOfKind]
    slots: list[AttendanceOfSlot]
    weeks: list[AttendanceOfWeek]
