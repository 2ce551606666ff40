"""The datasets: where their rows are read, and what each column is in SQL.

`t` is the dataset's own table. A pseudonym is written as what it is of: `Of` makes one for every
row, `Through` takes it from the prison's few mentors or mentees, made once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.dialects import postgresql

from app.concern_scope import for_machines
from app.models.base import Output
from app.models.exports import EXPORTED, NAMED, ExportDataset


@dataclass(frozen=True, slots=True)
class Of:
    """The pseudonym of an id."""

    value: str


@dataclass(frozen=True, slots=True)
class Through:
    """The pseudonym of an id of a small table."""

    value: str
    table: str


Column = str | Of | Through


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """One dataset. The first column is its key."""

    name: ExportDataset
    table: str
    columns: Mapping[str, Column]
    day_of: str
    joins: str = ""
    kind_of: str | None = None
    changed: str = "t.changed_xid"
    told: str = "true"
    """Which rows are told of at all."""
    stands: str = "true"
    """Which of those stand; of the others it is told that they were removed."""
    said: frozenset[str] = field(default_factory=frozenset)
    """Columns that hold what somebody wrote, which a spreadsheet must not run."""

    @property
    def key(self) -> str:
        return next(iter(self.columns))

    @property
    def row(self) -> type[Output]:
        return EXPORTED[self.name]

    def shape(self, named: bool) -> type[Output]:
        return NAMED.get(self.name, self.row) if named else self.row


_MACHINES_CONCERNS = str(
    for_machines().compile(
        dialect=postgresql.dialect(),  # type: ignore[no-untyped-call]
        compile_kwargs={"literal_binds": True},
    )
)


def _same(*names: str) -> dict[str, Column]:
    return {name: f"t.{name}" for name in names}


def _band(on: str) -> str:
    """As `episodes.age_band` says it."""
    years = f"date_part('year', age(({on} AT TIME ZONE z.zone)::date, p.date_of_birth))"
    return (
        f"CASE WHEN p.date_of_birth IS NULL THEN NULL WHEN {years} < 18 THEN 'under 18'"
        f" WHEN {years} < 21 THEN '18-20' WHEN {years} < 25 THEN '21-24'"
        f" WHEN {years} < 30 THEN '25-29' WHEN {years} < 40 THEN '30-39'"
        f" WHEN {years} < 50 THEN '40-49' WHEN {years} < 60 THEN '50-59' ELSE '60+' END"
    )


_PEOPLE = "JOIN person p ON p.prison_id = t.prison_id AND p.id = t.person_id"
_OF_PEOPLE = {
    "joins": _PEOPLE,
    "changed": "greatest(t.changed_xid, p.changed_xid)",
    "said": frozenset({"display_name"}),
}
_NAMES: dict[str, Column] = {"number": "p.number", "display_name": "p.display_name"}
_WHO = Of("coalesce(p.merged_into, p.id)")

DATASETS: Mapping[ExportDataset, Dataset] = {
    ExportDataset.sessions: Dataset(
        ExportDataset.sessions,
        "session",
        {
            "session": Of("t.id"),
            **_same("kind", "status"),
            "mentor": Through("t.mentor_id", "mentor"),
            "room": Through("t.room_id", "room"),
            **_same("starts_at", "ends_at"),
            "minutes": "(extract(epoch FROM t.ends_at - t.starts_at) / 60)::int",
            "noted": "t.noted_at IS NOT NULL",
        },
        day_of="starts_at",
        kind_of="kind",
    ),
    ExportDataset.attendance: Dataset(
        ExportDataset.attendance,
        "participation",
        {
            "attendance": Of("t.id"),
            "session": Of("t.session_id"),
            "mentee": Through("t.mentee_id", "mentee"),
            **_same("status", "reason"),
            "starts_at": "lower(t.during)",
        },
        day_of="starts_at",
        kind_of="status",
    ),
    ExportDataset.mentors: Dataset(
        ExportDataset.mentors,
        "mentor",
        {
            "mentor": Of("t.id"),
            "pseudonym": _WHO,
            "age_band": _band("t.recorded_at"),
            **_same("status", "commitment"),
            "applied_at": "t.recorded_at",
            **_same("agreement_signed_at"),
            "merged_into": Of("t.merged_into"),
            **_NAMES,
        },
        day_of="applied_at",
        kind_of="status",
        **_OF_PEOPLE,  # type: ignore[arg-type]
    ),
    ExportDataset.mentees: Dataset(
        ExportDataset.mentees,
        "mentee",
        {
            "mentee": Of("t.id"),
            "pseudonym": _WHO,
            "age_band": _band("t.referred_at"),
            **_same("status"),
            "referred_by": "CASE t.referred_by WHEN 'acct_review' THEN 'wing_staff'"
            " ELSE t.referred_by END",
            **_same("safety_need", "referred_at", "waiting_since", "offered_at", "engaged_at"),
            **_same("outreach_attempts"),
            "merged_into": Of("t.merged_into"),
            **_NAMES,
        },
        day_of="referred_at",
        kind_of="status",
        **_OF_PEOPLE,  # type: ignore[arg-type]
    ),
    ExportDataset.concerns: Dataset(
        ExportDataset.concerns,
        "concern",
        {
            "concern": Of("t.id"),
            "pseudonym": Of("t.subject_person_id"),
            **_same("kind", "status", "immediacy", "mentions_self_harm", "occurred_at"),
            **_same("raised_at", "acknowledged_at", "seen_at", "decided_at", "feedback"),
            **_same("closed_at"),
        },
        day_of="raised_at",
        kind_of="kind",
        told=_MACHINES_CONCERNS.replace("concern.", "t."),
    ),
    ExportDataset.outcomes: Dataset(
        ExportDataset.outcomes,
        "questionnaire",
        {
            "outcome": Of("t.id"),
            "mentee": Through("t.mentee_id", "mentee"),
            **_same("instrument", "instrument_version", "occasion", "result", "asked_on"),
            **_same("answers", "total", "unanswered", "prorated"),
        },
        day_of="asked_on",
        kind_of="instrument",
        stands="t.status = 'recorded'",
    ),
    ExportDataset.rota: Dataset(
        ExportDataset.rota,
        "shift",
        {
            "shift": Of("t.id"),
            "rota": Through("t.rota_id", "rota"),
            "mentor": Through("t.mentor_id", "mentor"),
            **_same("role", "status", "day", "starts_at", "ends_at"),
        },
        day_of="day",
        kind_of="role",
        told="t.status <> 'draft'",
        stands="t.superseded_at IS NULL",
    ),
    ExportDataset.history: Dataset(
        ExportDataset.history,
        "history",
        {
            "move": Of("t.id"),
            **_same("noun"),
            "thing": Of("t.thing_id"),
            **_same("from_state", "to_state"),
            "reason": "CASE t.noun WHEN 'mentors' THEN NULL ELSE t.reason END",
            **_same("actor_role", "occurred_at", "recorded_at"),
        },
        day_of="occurred_at",
        kind_of="noun",
        told=(
            "(t.noun IN ('mentors', 'mentees', 'sessions', 'participations', 'questionnaires',"
            " 'shifts') OR t.noun = 'concerns' AND EXISTS (SELECT FROM concern"
            " WHERE concern.prison_id = t.prison_id AND concern.id = t.thing_id"
            f" AND {_MACHINES_CONCERNS}))"
        ),
    ),
}
