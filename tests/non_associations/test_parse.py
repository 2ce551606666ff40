"""Reading HMPPS's non-associations, without a database: the shapes, and what is doubtful."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.integrations.prison.documents import FileRefused
from app.integrations.prison.non_associations import (
    DOUBTFUL_RESTRICTION,
    DOUBTFUL_STATE,
    PairRefused,
    PairRow,
    parse,
)
from app.models.non_associations import Restriction

RECORDED = Path(__file__).parents[3] / "shared/data/hmpps/non-associations"
recorded = pytest.mark.skipif(not RECORDED.exists(), reason="the recorded HMPPS data is not here")


def pair(**changes: Any) -> dict[str, Any]:
    """One of the `involving` answer."""
    return {
        "id": 1111,
        "firstPrisonerNumber": "G0346VF",
        "secondPrisonerNumber": "A4065DZ",
        "restrictionType": "LANDING",
        "reason": "VIOLENCE",
        "comment": "kept back",
        "whenUpdated": "2024-08-08T12:37:16",
        "isClosed": False,
        "isOpen": True,
        **changes,
    }


def own_list(*entries: dict[str, Any], number: str = "A1143DZ") -> dict[str, Any]:
    """A prisoner's own answer, its counts as wrong as recorded ones."""
    return {
        "prisonerNumber": number,
        "openCount": 0,
        "closedCount": 9,
        "nonAssociations": list(entries),
    }


def entry(other: Any = "G9353UC", **changes: Any) -> dict[str, Any]:
    body = pair(**changes)
    for name in ("firstPrisonerNumber", "secondPrisonerNumber"):
        del body[name]
    return {**body, "otherPrisonerDetails": {"prisonerNumber": other}}


def read(document: Any) -> list[PairRow | PairRefused]:
    return parse(json.dumps(document).encode())


def only(document: Any) -> PairRow:
    (row,) = read(document)
    assert isinstance(row, PairRow), row
    return row


def refused(document: Any) -> PairRefused:
    (row,) = read(document)
    assert isinstance(row, PairRefused), row
    return row


def test_a_pair_is_read_without_order_and_without_its_story() -> None:
    row = only([pair()])
    assert (row.low, row.high, row.source_id) == ("A4065DZ", "G0346VF", 1111)
    assert (row.restriction, row.is_open) == (Restriction.landing, True)
    assert "kept back" not in repr(row)
    assert "VIOLENCE" not in repr(row)


@pytest.mark.parametrize(
    "document",
    [[pair()], {"content": [pair()], "totalElements": 7}, own_list(entry())],
    ids=["involving", "page", "own"],
)
def test_every_shape_is_read(document: Any) -> None:
    assert only(document).is_open


def test_lines_of_own_lists_count_on_over_the_file() -> None:
    lines = [own_list(entry(), entry(id=2)), own_list(entry(id=3), number="A1144DZ")]
    rows = parse("\n".join(json.dumps(each) for each in lines).encode())
    assert [(row.position, row.line) for row in rows] == [(1, 1), (2, 1), (3, 2)]


@recorded
def test_the_recorded_answers_are_read() -> None:
    own = parse((RECORDED / "A1143DZ-nonassociations.json").read_bytes())
    assert [type(row) for row in own] == [PairRefused, PairRow]  # A11111A is no prisoner number
    assert isinstance(own[0], PairRefused)
    assert own[0].field == "nonAssociations[0].otherPrisonerDetails.prisonerNumber"
    involving = parse((RECORDED / "non-associations-involving.json").read_bytes())
    good = [row.source_id for row in involving if isinstance(row, PairRow)]
    assert good == [3333, 4444]


@pytest.mark.parametrize(
    ("changes", "is_open", "doubt"),
    [
        ({"isOpen": True, "isClosed": False}, True, None),
        ({"isOpen": False, "isClosed": True}, False, None),
        ({"isOpen": None, "isClosed": True}, False, None),
        ({"isOpen": True, "isClosed": None}, True, None),
        ({"isOpen": True, "isClosed": True}, True, DOUBTFUL_STATE),
        ({"isOpen": False, "isClosed": False}, True, DOUBTFUL_STATE),
        ({"restrictionType": "EXERCISE_YARD"}, True, DOUBTFUL_RESTRICTION),
        ({"restrictionType": None}, True, DOUBTFUL_RESTRICTION),
    ],
)
def test_what_is_doubtful_is_read_as_the_stricter(
    changes: dict[str, Any], is_open: bool, doubt: str | None
) -> None:
    row = only([pair(**changes)])
    assert (row.is_open, row.doubt) == (is_open, doubt)
    if doubt == DOUBTFUL_RESTRICTION:
        assert row.restriction is Restriction.wing


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ([pair(firstPrisonerNumber="A11111A")], "firstPrisonerNumber"),
        ([pair(secondPrisonerNumber=None)], "secondPrisonerNumber"),
        ([pair(secondPrisonerNumber="g0346vf")], "secondPrisonerNumber"),
        ([pair(id="1111")], "id"),
        ([pair(id=True)], "id"),
        ([pair(id=2**63)], "id"),
        ([pair(isOpen="yes")], "isOpen"),
        ([pair(isOpen=None, isClosed=None)], "isOpen"),
        (["A4065DZ"], "document"),
        (own_list(entry(other=7)), "nonAssociations[0].otherPrisonerDetails.prisonerNumber"),
        (own_list(entry("A1143DZ")), "nonAssociations[0].otherPrisonerDetails.prisonerNumber"),
        (
            own_list({**entry(), "otherPrisonerDetails": None}),
            "nonAssociations[0].otherPrisonerDetails",
        ),
        (own_list(entry(), number="none"), "prisonerNumber"),
        ({"prisonerNumber": "A1143DZ", "nonAssociations": {}}, "nonAssociations"),
    ],
)
def test_what_cannot_be_read_names_its_field_and_quotes_nothing(document: Any, field: str) -> None:
    row = refused(document)
    assert row.field == field
    assert "A4065DZ" not in row.reason


def test_a_bad_one_spoils_no_other() -> None:
    rows = read([pair(id=None), pair(id=2)])
    assert [type(row) for row in rows] == [PairRefused, PairRow]


@pytest.mark.parametrize("data", [b"", b"[{", b'{"a": 1}', b"\xff"])
def test_a_file_that_is_none_is_refused_whole(data: bytes) -> None:
    with pytest.raises(FileRefused):
        parse(data)
