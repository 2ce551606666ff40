"""Reports: figures counted from records, each with what it was counted from."""

from datetime import date
from enum import StrEnum

from sqlmodel import Field

from app.models.base import Output
from app.models.concerns import Interval
from app.models.life_events import FactKind
from app.models.outcome_cohorts import OutcomeCohortRow
from app.models.questionnaires import Instrument


class Indicator(StrEnum):
    """What is counted of a sample."""

    ever_self_harm = "ever_self_harm"
    current_self_harm = "current_self_harm"
    self_harm_improved = "self_harm_improved"
    suicidal = "suicidal"
    suicidal_improved = "suicidal_improved"


class Question(StrEnum):
    """What the scheme's own survey asks. Thoughts and attempts are two questions, never one."""

    ever_self_harm = "ever_self_harm"
    current_self_harm = "current_self_harm"
    suicidal_thoughts = "suicidal_thoughts"
    suicide_attempt = "suicide_attempt"


class CountedEvent(StrEnum):
    """What is counted of people's lives: what was entered, and what other records tell."""

    self_seclusion = "self_seclusion"
    education_started = "education_started"
    work_started = "work_started"
    full_time_work_started = "full_time_work_started"
    family_contact = "family_contact"
    self_care = "self_care"
    other_service = "other_service"
    mental_health_contact = "mental_health_contact"
    disruptive_incident = "disruptive_incident"
    group_attended = "group_attended"
    became_mentor = "became_mentor"


class IfMissing(Output):
    """In whole percent of all who are eligible."""

    no: int
    yes: int


class IndicatorRead(Output):
    """A share of a sample, with what it was counted from and how sure it is."""

    indicator: Indicator
    numerator: int
    denominator: int = Field(description="Those whose answer is known.")
    eligible: int = Field(description="Those whom it concerns, with an answer or without.")
    missing: dict[str, int] = Field(description="Of whom no answer is known, by reason.")
    ratio: str = Field(description="Exact: numerator and denominator.")
    percent: int | None = Field(description="Whole, halves upwards. Null: there is no denominator.")
    interval: Interval | None
    if_missing: IfMissing | None = Field(
        description="What it would be had none of the missing said yes, and had all."
    )


class PairedRead(Output):
    """A yes-or-no question before and after, of those who answered both times."""

    question: Question
    pairs: int
    both_yes: int
    resolved: int = Field(description="Yes at first, no then.")
    new_onset: int = Field(description="No at first, yes then.")
    both_no: int
    increased: int = Field(description="Said that it increased, whatever they answered before.")
    p_value: float | None = Field(
        description="McNemar's exact test, of two sides. Null: nobody changed."
    )


class MeanInterval(Output):
    """Between what a mean lies in 95 of 100 such samples (Student's t), in points."""

    low: float
    high: float


class ScoreChangeRead(Output):
    """A questionnaire's totals before and after, of those who have both."""

    instrument: Instrument
    pairs: int
    mean_first: float | None
    mean_difference: float | None = Field(description="The later total less the first.")
    interval: MeanInterval | None
    reliably_improved: int | None = Field(
        description="Null: what is reliable is not known of this questionnaire."
    )
    no_reliable_change: int | None
    reliably_deteriorated: int | None
    cases_first: int | None = Field(description="Past the threshold at first.")
    cases_recovered: int | None = Field(description="Of these, no longer.")


class EventRate(Output):
    """How often something happened in so many days, of all of them together."""

    events: int
    days: int = Field(description="Days on which it would have counted, both ends included.")
    per_1000: float | None = Field(description="In 1,000 days. Null: there were none.")
    interval: Interval | None = Field(description="In 1,000 days; exact, of a Poisson rate.")


class EventRateRead(Output):
    """One event by one kind of fact: waiting for support, and in it."""

    event: CountedEvent
    fact: FactKind
    before: EventRate
    after: EventRate


class EventDays(Output):
    """Days in self-seclusion, of so many."""

    secluded: int
    days: int


class SeclusionRead(Output):
    """Days in self-seclusion by one kind of fact: waiting for support, and in it."""

    fact: FactKind
    before: EventDays
    after: EventDays


class OutcomeReport(Output):
    """What became of a cohort, from its records."""

    cohort: OutcomeCohortRow
    as_at: date
    label: str = Field(description="What these figures cannot show.")
    followed_up: int = Field(description="Who answered the scheme's survey both times.")
    lost: dict[str, int] = Field(description="Who did not, by reason.")
    exposure_days: int = Field(
        description="Days in support, of all of them together, up to this day and with it."
    )
    indicators: list[IndicatorRead]
    paired: list[PairedRead]
    scores: list[ScoreChangeRead]
    events: list[EventRateRead] = Field(
        description="Of those whose support began: from referral to its beginning, and in it."
    )
    seclusion: list[SeclusionRead]
    description: str = Field(description="The figures in words.")
