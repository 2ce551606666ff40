"""Prints: what stands on a sheet of paper, the same as JSON, as a table and as a PDF.

No shape names the kind of a session, nor a prisoner number: a sheet is left on a table.
"""

from datetime import date
from enum import StrEnum
from typing import Literal
from uuid import UUID

from sqlmodel import Field

from app.models.base import Day, Input, Instant, Output
from app.models.concerns import ConcernStatus
from app.models.duties import Post
from app.models.regimes import LocalTime, RegimeSource, Slot
from app.models.rota_demands import RotaRole
from app.services.ladders import Immediacy


class PrintFormat(StrEnum):
    """As what a sheet is answered."""

    json = "json"
    csv = "csv"
    pdf = "pdf"


class PrintQuery(Input):
    format: PrintFormat = Field(
        default=PrintFormat.json, description="As JSON, as a table, or as a PDF to print."
    )


class DayQuery(PrintQuery):
    on: Day | None = Field(default=None, description="The day at the prison; absent: today.")


class MovementQuery(DayQuery):
    slot: Slot | None = Field(
        default=None,
        description="The regime slot; absent: today the one that is on, or the next; of another"
        " day the first.",
    )


class WeekQuery(PrintQuery):
    on: Day | None = Field(
        default=None, description="A day of the week wanted, Monday to Sunday; absent: today."
    )


class MonthQuery(PrintQuery):
    on: Day | None = Field(default=None, description="A day of the month wanted; absent: today.")


class SheetLine(Output):
    """Somebody who is to be somewhere for a time."""

    display_name: str
    cell_location: str | None = Field(description="Null where it is not known.")
    starts_at: Instant
    ends_at: Instant
    room: str | None = Field(description="With its wing where that is another; null: none is set.")
    activity: str = Field(description="One neutral word for whatever it is.")


class SheetSlot(Output):
    """A slot of the regime, and who goes where in it. Without a slot: at other times."""

    slot: Slot | None
    starts: LocalTime | None
    ends: LocalTime | None
    lines: list[SheetLine]


class SheetLockdown(Output):
    """A time in which nobody is unlocked."""

    starts_at: Instant
    ends_at: Instant


class OnCallLine(Output):
    """Somebody on duty that day."""

    post: Post
    name: str
    starts_at: Instant
    ends_at: Instant | None


class WingSheet(Output):
    """A wing's day: who goes where when, slot by slot, and who is on call."""

    sheet: Literal["wing_sheet"] = "wing_sheet"
    wing_id: UUID
    wing: str
    on: date
    regime: RegimeSource = Field(description="Where the day's slots and lock-up come from.")
    lock_up: LocalTime | None
    lockdowns: list[SheetLockdown] = Field(description="Those that stand on that day, in order.")
    slots: list[SheetSlot]
    on_call: list[OnCallLine]


class MovementList(Output):
    """Whom to move from their cell to a room in one slot of the regime, in the order of cells."""

    sheet: Literal["movements"] = "movements"
    wing_id: UUID
    wing: str
    on: date
    regime: RegimeSource = Field(description="Where the slot comes from.")
    slot: Slot
    starts: LocalTime | None = Field(description="Null where the day has no such slot.")
    ends: LocalTime | None
    lockdowns: list[SheetLockdown] = Field(description="Those that stand in the slot, in order.")
    lines: list[SheetLine]


class WeekLine(Output):
    """One meeting of a mentor's week, and whom they meet as far as they may know them."""

    starts_at: Instant
    ends_at: Instant
    room: str | None
    activity: str
    people: list[str]


class WeekShift(Output):
    """A shift of a mentor's own."""

    role: RotaRole
    starts_at: Instant
    ends_at: Instant


class WeekDay(Output):
    on: date
    lines: list[WeekLine]
    shifts: list[WeekShift] = Field(description="Those that begin on this day.")


class MentorWeek(Output):
    """A mentor's week as the mentor may see it, whoever prints it: it ends in their hands."""

    sheet: Literal["week"] = "week"
    mentor_id: UUID
    display_name: str
    days: list[WeekDay]


class Register(Output):
    """Who is expected at one session, by name, to be ticked on paper and entered afterwards."""

    sheet: Literal["register"] = "register"
    session_id: UUID
    starts_at: Instant
    ends_at: Instant
    room: str | None
    activity: str
    led_by: str
    people: list[str]


class RotaLine(Output):
    """A shift, and who has it."""

    role: RotaRole
    starts_at: Instant
    ends_at: Instant
    gap: bool = Field(description="Nobody has it.")
    display_name: str | None = Field(description="Null of a gap, and of whoever has left.")


class RotaMonthDay(Output):
    """The shifts that begin on a day."""

    on: date
    lines: list[RotaLine]


class RotaMonth(Output):
    """A month of the rota as it stands, for the wall: who serves when, and when nobody does."""

    sheet: Literal["rota_month"] = "rota_month"
    first: date
    last: date
    days: list[RotaMonthDay]


class RotaLineForMentor(Output):
    """A shift as its mentor has it on paper."""

    role: RotaRole
    starts_at: Instant
    ends_at: Instant
    mine: bool = Field(description="False: it may be taken over.")


class RotaDayForMentor(Output):
    """A mentor's shifts that begin on a day, and those that they may take over."""

    on: date
    lines: list[RotaLineForMentor]


class RotaMonthForMentor(Output):
    """A mentor's own month."""

    sheet: Literal["rota_month"] = "rota_month"
    first: date
    last: date
    display_name: str
    days: list[RotaDayForMentor]


class OutageQuery(PrintQuery):
    hours: int = Field(
        default=24, ge=1, le=72, description="For how many hours from now who is on duty is told."
    )


class OutageDuty(Output):
    """Somebody who has a post for a time, and how to reach them; without a name nobody has."""

    post: Post
    name: str | None
    contact: str | None
    starts_at: Instant
    ends_at: Instant | None


class ConcernWaitsFor(StrEnum):
    """What somebody is to do next about an open concern."""

    acknowledge = "acknowledge"
    see = "see"
    decide = "decide"
    close = "close"


class OutageConcern(Output):
    """An open concern: its reference, how soon, what is next and its clocks. No person and no
    story: they stand in the concern, for whoever may read it."""

    reference: str
    immediacy: Immediacy
    status: ConcernStatus
    waits_for: ConcernWaitsFor
    acknowledge_by: Instant
    acknowledged_at: Instant | None
    seen_by: Instant
    seen_at: Instant | None
    decide_by: Instant
    decided_at: Instant | None


class OutageSheet(Output):
    """What whoever is on duty needs where the service is away: who has which post, how to reach
    them, the open concerns by their references, and lines to write on."""

    sheet: Literal["outage"] = "outage"
    as_at: Instant
    until: Instant
    call_back_number: str | None
    outside_last_resort: str | None
    on_duty: list[OutageDuty] = Field(
        description="By post and time, the times without anybody too."
    )
    on_duty_left_out: int = Field(default=0, description="How many lines of these do not fit.")
    concerns: list[OutageConcern] = Field(description="The soonest deadline first.")
    concerns_left_out: int = Field(
        default=0, description="How many more are open, all due later, and do not fit."
    )


Sheet = (
    WingSheet | MovementList | MentorWeek | Register | RotaMonth | RotaMonthForMentor | OutageSheet
)
