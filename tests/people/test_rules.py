"""What becomes of a document, decided without a database."""

import json
from dataclasses import replace
from datetime import date
from typing import Any
from uuid import uuid4

import pytest

from app.integrations.prison.prisoner_search import PrisonerRow, RowRefused, parse
from app.integrations.prison.synthetic import document
from app.models.base import new_id
from app.models.people import ImportOutcome, Person, Presence, Source
from app.services.people.believable import unbelievable
from app.services.people.imports import Decision, decide

TODAY = date(2026, 11, 22)
HERE = "SLI"


def row(**changes: Any) -> PrisonerRow:
    (made,) = parse(json.dumps(document(0)).encode(), today=TODAY)
    assert isinstance(made, PrisonerRow)
    return replace(made, **changes)


def known(**changes: Any) -> Person:
    """The person of `row()`, as the import would have left them."""
    made = decide(row(), {}, {}, HERE, TODAY)
    columns = {**made.sets, "number": row().number, **changes}
    return Person(prison_id=HERE, id=new_id(), identity_id=uuid4(), **columns)


def judged(document: PrisonerRow, person: Person | None = None) -> Decision:
    return decide(document, {person.number: person} if person else {}, {}, HERE, TODAY)


@pytest.mark.parametrize(
    ("prison_id", "reason"),
    [
        ("LEI", "held in another prison"),
        ("OUT", "released (OUT)"),
        ("TRN", "being moved (TRN)"),
        (None, "no prison is given"),
    ],
)
def test_people_who_are_not_here_are_kept_out_or_marked(prison_id: str | None, reason: str) -> None:
    elsewhere = row(prison_id=prison_id, cell_location="B-1-001")
    stranger = judged(elsewhere)
    assert (stranger.outcome, stranger.reason, stranger.sets) == ("kept_out", reason, {})
    marked = judged(elsewhere, known())
    assert (marked.outcome, marked.reason) == (ImportOutcome.marked_away, reason)
    assert marked.sets == {"presence": Presence.left, "cell_location": None}
    again = judged(elsewhere, known(presence=Presence.left, cell_location=None))
    assert (again.outcome, again.sets) == (ImportOutcome.unchanged, {})


def test_someone_at_court_keeps_their_cell() -> None:
    court = row(in_out="OUT", last_movement="CRT", cell_location="COURT")
    marked = judged(court, known(cell_location="A-1-001"))
    assert (marked.outcome, marked.reason) == (ImportOutcome.marked_away, "court")
    assert marked.sets == {"presence": Presence.away}


def test_someone_new_on_temporary_absence_is_created_away() -> None:
    made = judged(row(in_out="OUT", last_movement="TAP", cell_location="TAP"))
    assert (made.outcome, made.reason) == (ImportOutcome.created, "temporary_absence")
    assert (made.sets["presence"], made.sets["cell_location"]) == (Presence.away, None)


def test_someone_who_comes_back_is_updated() -> None:
    back = judged(row(), known(presence=Presence.left, cell_location=None))
    assert back.outcome is ImportOutcome.updated
    assert back.sets == {"presence": Presence.here, "cell_location": row().cell_location}


def test_only_what_changed_is_set() -> None:
    moved = judged(row(cell_location="A-2-002"), known())
    assert (moved.outcome, moved.sets) == ("updated", {"cell_location": "A-2-002"})
    assert judged(row(), known()).outcome is ImportOutcome.unchanged


def test_someone_entered_by_hand_is_taken_over() -> None:
    taken = judged(row(), known(source=Source.manual))
    assert taken.sets == {"source": Source.prisoner_search}


def test_no_access_to_it_is_read_from_the_alert() -> None:
    assert judged(row(alerts=("HA", "XIT"))).sets["no_it_access"] is True
    assert judged(row(alerts=("HA",))).sets["no_it_access"] is False


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cell_location": "A" * 61}, "cellLocation"),
        ({"first_name": "ß" + "-ß" * 49}, "firstName"),  # one capital a part: "Ss"
        ({"date_of_birth": date(2012, 1, 1)}, "dateOfBirth"),
    ],
)
def test_what_the_table_would_refuse_is_refused_before(changes: dict[str, Any], field: str) -> None:
    refused = judged(row(**changes))
    assert (refused.outcome, refused.about, refused.sets) == ("refused", field, {})


def test_a_document_that_could_not_be_read_is_refused_with_its_field() -> None:
    bad = RowRefused(1, 1, None, "prisonerNumber", "is missing or blank")
    refused = decide(bad, {}, {}, HERE, TODAY)
    assert (refused.outcome, refused.about) == ("refused", "prisonerNumber")


def test_the_last_document_of_a_prisoner_counts() -> None:
    decision = decide(row(), {}, {1: 3}, HERE, TODAY)
    assert decision.outcome is ImportOutcome.kept_out
    assert decision.reason == "the same prisoner stands again in document 3"


@pytest.mark.parametrize(
    ("born", "believed"),
    [
        (date(1899, 12, 31), False),
        (date(1900, 1, 1), True),
        (date(2011, 11, 22), True),  # 15 today
        (date(2011, 11, 23), False),
        (date(2026, 11, 23), False),
    ],
)
def test_dates_of_birth_are_believed_within_bounds(born: date, believed: bool) -> None:
    assert (unbelievable(born, TODAY) is None) is believed
