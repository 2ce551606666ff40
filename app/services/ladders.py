"""Ladders: who is paged about a concern, in which order and how soon. Pure.

The ladder of `app/reference/escalation.toml` stands until a prison puts its own in force. One of
its own can be stricter than the domain's table of clocks, never looser (`too_loose`).
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, WithJsonSchema, model_validator

from app.services.working_days import LONDON, Zone, at_wall, is_bank_holiday, local_date, utc

POLICY_FILE = Path(__file__).parents[1] / "reference" / "escalation.toml"


class Immediacy(StrEnum):
    """How soon a person must act, strictest first. Never how likely harm is."""

    now = "now"
    this_session = "this_session"
    within_24h = "within_24h"
    routine = "routine"


class Target(StrEnum):
    """Whom a step pages: whoever is on duty in a role, or one of the two last resorts."""

    clinician = "clinician"
    orderly_officer = "orderly_officer"
    support_worker = "support_worker"
    duty_governor = "duty_governor"
    last_resort = "last_resort"
    last_resort_outside = "last_resort_outside"


class HoursDay(StrEnum):
    """The day on which hours begin. A bank holiday takes the place of its weekday."""

    monday = "monday"
    tuesday = "tuesday"
    wednesday = "wednesday"
    thursday = "thursday"
    friday = "friday"
    saturday = "saturday"
    sunday = "sunday"
    bank_holiday = "bank_holiday"


@dataclass(frozen=True, slots=True)
class Most:
    """The longest times of one immediacy, in minutes: the domain's table. Acknowledging a routine
    concern by 17:00 of the next day leaves at most 42 hours, on the day of 25."""

    acknowledge_minutes: int
    seen_minutes: int
    decided_minutes: int


MOST: Mapping[Immediacy, Most] = {
    Immediacy.now: Most(15, 60, 60),
    Immediacy.this_session: Most(60, 240, 1440),
    Immediacy.within_24h: Most(240, 1440, 4320),
    Immediacy.routine: Most(2520, 10_080, 10_080),
}


class PolicyStep(BaseModel, frozen=True, extra="forbid"):
    """Page these; if nothing happens, take the following step so many minutes later. A target is
    a role, or the id of a member of staff, who is paged on duty or not."""

    targets: Annotated[tuple[Target | UUID, ...], Field(min_length=1, max_length=20)]
    after_minutes: Annotated[int, Field(strict=True, ge=1, le=2880)]


Ladder = Annotated[tuple[PolicyStep, ...], Field(max_length=20)]
Minutes = Annotated[int, Field(strict=True, ge=1, le=10_080)]


class Stricter(BaseModel, frozen=True, extra="forbid"):
    """The clocks of one immediacy where they are stricter than the domain's; absent: as there."""

    acknowledge_minutes: Minutes | None = None
    seen_minutes: Minutes | None = None
    decided_minutes: Minutes | None = None


def _of_the_wall(at: time) -> time:
    if at.tzinfo is not None:
        raise ValueError("is a time on the prison's wall, without an offset")
    return at


WallTime = Annotated[
    time,
    AfterValidator(_of_the_wall),
    WithJsonSchema({"type": "string", "pattern": r"^\d{2}:\d{2}(:\d{2})?$"}),
]


class Hours(BaseModel, frozen=True, extra="forbid"):
    """From then until then by the clock on the wall; an end at or before the start is on the next
    day."""

    from_time: WallTime
    to_time: WallTime


class OutOfHours(BaseModel, frozen=True, extra="forbid"):
    """The ladders outside of the `hours`; an immediacy that is absent has its ordinary one. A day
    without hours is out of hours from midnight to midnight."""

    hours: Mapping[HoursDay, Hours]
    ladders: Annotated[Mapping[Immediacy, Ladder], Field(min_length=1)]

    def is_open(self, at: datetime, zone: Zone) -> bool:
        """Whether the instant lies in the hours of its day, or of the day before past midnight."""
        day = local_date(at, zone)
        return any(self._lies_in(each, at, zone) for each in (day - timedelta(days=1), day))

    def _lies_in(self, day: date, at: datetime, zone: Zone) -> bool:
        name = HoursDay.bank_holiday if is_bank_holiday(day) else list(HoursDay)[day.weekday()]
        hours = self.hours.get(name)
        if hours is None:
            return False
        last = day + timedelta(days=hours.to_time <= hours.from_time)
        begins, ends = at_wall(day, hours.from_time, zone), at_wall(last, hours.to_time, zone)
        return begins <= utc(at) < ends


class Policy(BaseModel, frozen=True, extra="forbid"):
    """One ladder an immediacy; snapshotted with each concern as JSON, of the TOML file's shape.

    An unsound one cannot be made: the refusal says what and where.
    """

    schema_version: Literal[1]
    ladders: Mapping[Immediacy, Ladder]
    handover_every_minutes: Annotated[int, Field(strict=True, ge=1, le=3)]
    reminder_every_minutes: Annotated[int, Field(strict=True, ge=1, le=1440)]
    out_of_hours: OutOfHours | None = None
    clocks: Mapping[Immediacy, Stricter] = {}

    @model_validator(mode="after")
    def _reaches_someone(self) -> Self:
        for immediacy in Immediacy:
            _ends_in_last_resort(immediacy, self.ladders.get(immediacy))
        _pages_both_first(self.ladders)
        if self.out_of_hours is not None:
            for immediacy, ladder in self.out_of_hours.ladders.items():
                _ends_in_last_resort(immediacy, ladder)
            _pages_both_first(self.out_of_hours.ladders)
        return self

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, for the snapshot."""
        return self.model_dump(mode="json", exclude_defaults=True)

    @classmethod
    def from_json(cls, data: object) -> Self:
        """The policy of a snapshot, or of the TOML file; ValidationError if it is unsound."""
        return cls.model_validate(data)

    def ladder(self, immediacy: Immediacy, at: datetime, zone: Zone = LONDON) -> Ladder:
        """The ladder that is climbed at an instant."""
        out = self.out_of_hours
        if out is None or immediacy not in out.ladders or out.is_open(at, zone):
            return self.ladders[immediacy]
        return out.ladders[immediacy]

    def longest_pause(self, immediacy: Immediacy) -> int:
        """Minutes between two steps at most, in hours or out of them."""
        ladders = [self.ladders[immediacy]]
        if self.out_of_hours is not None and immediacy in self.out_of_hours.ladders:
            ladders.append(self.out_of_hours.ladders[immediacy])
        return max(step.after_minutes for ladder in ladders for step in ladder)


def _ends_in_last_resort(immediacy: Immediacy, ladder: Ladder | None) -> None:
    if not ladder or Target.last_resort not in ladder[-1].targets:
        raise ValueError(f"ladders: the ladder of {immediacy} must end in a step with last_resort")


def _pages_both_first(ladders: Mapping[Immediacy, Ladder]) -> None:
    ladder = ladders.get(Immediacy.now)
    both = {Target.orderly_officer, Target.clinician}
    if ladder and not set(ladder[0].targets) >= both:
        raise ValueError("ladders: now must page orderly_officer and clinician together, first")


@lru_cache(maxsize=1)
def default_policy() -> Policy:
    """The policy of `app/reference/escalation.toml`; ValidationError if it is unsound."""
    return Policy.from_json(tomllib.loads(POLICY_FILE.read_text("utf-8")))


@dataclass(frozen=True, slots=True)
class Place:
    """One place of a policy that is refused: the path of its field, and why."""

    path: str
    message: str


def too_loose(policy: Policy) -> list[Place]:
    """Where a policy would be slower than the domain's table: in its clocks, or in a pause longer
    than there is time to acknowledge. Empty for one that may be used."""
    return [*_slow_clocks(policy), *_long_pauses("ladders", policy.ladders), *_outside(policy)]


def _outside(policy: Policy) -> Iterator[Place]:
    if policy.out_of_hours is not None:
        yield from _long_pauses("out_of_hours.ladders", policy.out_of_hours.ladders)


def _slow_clocks(policy: Policy) -> Iterator[Place]:
    for immediacy, own in policy.clocks.items():
        most, before = MOST[immediacy], 0
        for name in ("acknowledge_minutes", "seen_minutes", "decided_minutes"):
            longest, minutes = getattr(most, name), getattr(own, name)
            path = f"clocks.{immediacy}.{name}"
            if minutes is not None and minutes > longest:
                words = f"a prison can only be stricter: at most {longest} minutes, for safety"
                yield Place(path, words)
            elif minutes is not None and minutes < before:
                yield Place(path, "must not be before the clock that comes first")
            before = min(longest, minutes or longest)


def _long_pauses(path: str, ladders: Mapping[Immediacy, Ladder]) -> Iterator[Place]:
    for immediacy, ladder in ladders.items():
        longest = MOST[immediacy].acknowledge_minutes
        for number, step in enumerate(ladder):
            if step.after_minutes > longest:
                where = f"{path}.{immediacy}.{number}.after_minutes"
                yield Place(where, f"at most the {longest} minutes to acknowledge, for safety")


def named(policy: Policy) -> Iterator[tuple[str, UUID]]:
    """Everyone whom the policy pages by name, with the path of the field."""
    groups = [("ladders", policy.ladders)]
    if policy.out_of_hours is not None:
        groups.append(("out_of_hours.ladders", policy.out_of_hours.ladders))
    for path, ladders in groups:
        for immediacy, ladder in ladders.items():
            for number, step in enumerate(ladder):
                for place, target in enumerate(step.targets):
                    if isinstance(target, UUID):
                        yield f"{path}.{immediacy}.{number}.targets.{place}", target
