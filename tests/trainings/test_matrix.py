"""Who lacks which module: decided purely, and told as JSON, as a table and as a picture."""

import csv
import io
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4
from xml.etree import ElementTree

import pytest

from app import clock, pictures
from app.models.mentors import Commitment, Mentor, MentorStatus
from app.models.modules import SiteModule
from app.models.trainings import Module, Training, TrainingMatrix, TrainingStatus
from app.services.matrix import Facts, made, table
from tests.story import Wing

S = TrainingStatus
TODAY = date(2027, 6, 15)
NAMES = ["Zed <b>Bold</b>", 'Ann "Quote" & Co', "=cmd|' /C calc'!A0", "Ünal Ó Súilleabháin"]


def mentor_of(status: MentorStatus = MentorStatus.active) -> Mentor:
    person = uuid4()
    return Mentor(prison_id="SLI", person_id=person, commitment=Commitment.voluntary, status=status)


def training_of(mentor: Mentor, module: str, status: TrainingStatus, days: int | None) -> Training:
    return Training(
        prison_id="SLI",
        mentor_id=mentor.id,
        module=module,
        title="A module",
        curriculum="2026-1",
        validity_months=12,
        status=status,
        expires_on=None if days is None else TODAY + timedelta(days=days),
    )


def own(required_from: date | None) -> SiteModule:
    return SiteModule(
        prison_id="SLI", code="sleep", title="Sleep", validity_months=12,
        required=required_from is not None, required_from=required_from,
    )  # fmt: skip


def facts(
    mentors: list[Mentor],
    trainings: list[Training] | None = None,
    site: list[SiteModule] | None = None,
    were_active: frozenset[UUID] = frozenset(),
) -> Facts:
    names = {mentor.id: name for mentor, name in zip(mentors, NAMES, strict=False)}
    known = {(each.mentor_id, each.module): each for each in trainings or []}
    return Facts(TODAY, mentors, names, known, site or [], were_active)


@pytest.mark.parametrize(
    ("status", "days", "lacking", "left"),
    [
        (None, None, True, None),
        (S.not_started, None, True, None),
        (S.attended, None, True, None),
        (S.assessed, None, True, None),
        (S.refer, None, True, None),
        (S.expired, -1, True, -1),
        (S.competent, 90, False, 90),
        (S.competent, 0, False, 0),  # its last day counts
        (S.competent, -1, True, -1),  # expired, and not swept yet
    ],
)
def test_a_required_module_is_lacking_unless_it_is_signed_off_today(
    status: TrainingStatus | None, days: int | None, lacking: bool, left: int | None
) -> None:
    mentor = mentor_of()
    given = [training_of(mentor, Module.managing.value, status, days)] if status else []
    [row] = made(facts([mentor], given)).mentors
    cell = next(each for each in row.cells if each.module == Module.managing.value)
    assert (cell.status, cell.lacking, cell.days_left) == (status, lacking, left)


@pytest.mark.parametrize(
    ("required_days_ago", "was_active", "lacking"),
    [
        (None, True, False),
        (None, False, False),
        (0, False, True),
        (91, True, False),
        (92, True, True),
    ],
)
def test_a_module_of_the_site_is_lacking_where_it_binds(
    required_days_ago: int | None, was_active: bool, lacking: bool
) -> None:
    mentor = mentor_of()
    since = None if required_days_ago is None else TODAY - timedelta(days=required_days_ago)
    were = frozenset({mentor.id}) if was_active else frozenset()
    matrix = made(facts([mentor], site=[own(since)], were_active=were))
    assert [column.module for column in matrix.modules][-1] == "sleep"
    assert matrix.mentors[0].cells[-1].lacking is lacking


def test_mentors_stand_by_name_and_each_has_a_cell_a_module() -> None:
    matrix = made(facts([mentor_of() for _ in NAMES]))
    assert [row.display_name for row in matrix.mentors] == sorted(NAMES, key=str.casefold)
    assert all(len(row.cells) == len(Module) for row in matrix.mentors)


def a_matrix() -> TrainingMatrix:
    mentors = [mentor_of() for _ in NAMES]
    states = [(S.competent, 30), (S.competent, 300), (S.expired, -3), (S.refer, None)]
    given = [
        training_of(mentor, module.value, *states[(number + place) % 4])
        for number, mentor in enumerate(mentors)
        for place, module in enumerate(Module)
    ]
    return made(facts(mentors, given, [own(None)]))


def test_the_table_says_what_the_matrix_says() -> None:
    rows = list(table(a_matrix()))
    assert rows[0][:3] == ["mentor", "status", "Supporting prisoners with mental health concerns"]
    assert {len(row) for row in rows} == {2 + 2 * 6}
    assert any("expired (lacking)" in row for row in rows)
    assert all(row[-2] == "not opened" for row in rows[1:])


async def test_the_picture_names_everyone_and_is_read_aloud_as_well() -> None:
    matrix = a_matrix()
    drawn = await pictures.training_matrix(matrix)
    assert drawn == await pictures.training_matrix(matrix)  # the same bytes
    root = ElementTree.fromstring(drawn)  # well-formed, whatever the names
    space = "{http://www.w3.org/2000/svg}"
    assert root.tag == f"{space}svg"
    assert root.get("role") == "img"
    title, words = root.find(f"{space}title"), root.find(f"{space}desc")
    assert title is not None
    assert title.text == "Training on 15 June 2027"
    assert words is not None
    assert [root[0], root[1]] == [title, words]
    assert root.get("aria-labelledby") == f"{title.get('id')} {words.get('id')}"
    shown = [text.text for text in root.iter(f"{space}text")]
    for name in NAMES:
        assert name in shown
        assert f"{name} lacks" in (words.text or "")
    assert b"<b>" not in drawn
    assert not {each.tag for each in root.iter()} & {f"{space}script", f"{space}image"}


async def test_a_picture_of_nobody_is_a_picture() -> None:
    drawn = await pictures.training_matrix(made(facts([])))
    assert b"No mentors." in drawn


async def test_a_picture_is_drawn_of_whatever_is_kept() -> None:
    """A control character in a text would stop the renderer, and the process with it."""
    unsaid = "\x00\x08\x0b\x1f\x7f\x85\x9f\ud800\ufffe\uffff"
    matrix = a_matrix()
    matrix.mentors[0].display_name = f"Ann{unsaid} Lee"
    matrix.modules[0].title = f"Sle{unsaid}ep"
    root = ElementTree.fromstring(await pictures.training_matrix(matrix))
    shown = "".join(root.itertext())
    assert "Ann\x7f\x85\x9f Lee lacks" in shown
    assert not set(shown) & set("\x00\x08\x0b\x1f\ud800\ufffe\uffff")


async def test_staff_read_everyones_row_and_a_mentor_their_own(wing: Wing) -> None:
    mentor, newcomer = await wing.active_mentor(), await wing.approved()
    ended = await wing.approved()
    await wing.support_worker.move(f"mentors/{ended['id']}", "released")
    for caller in (wing.support_worker, wing.clinician, wing.governor):
        matrix = await caller.get("trainings/matrix")
        found = {row["mentor_id"]: row for row in matrix["mentors"]}
        assert found.keys() == {str(mentor.mentor_id), newcomer["id"]}
        assert not any(cell["lacking"] for cell in found[str(mentor.mentor_id)]["cells"])
        assert all(cell["lacking"] for cell in found[newcomer["id"]]["cells"])
    for kind in ("json", "csv", "svg"):
        own_row = await mentor.request("GET", f"trainings/matrix?format={kind}")
        assert newcomer["display_name"] not in own_row.text
    await wing.officer.get("trainings/matrix", expect=403)
    refused = await wing.nurse.get("trainings/matrix?format=pdf", expect=422)
    assert refused["errors"][0]["field"].endswith("format")
    clock.forward(days=367)
    matrix = await wing.governor.get("trainings/matrix")  # not swept: it is lacking all the same
    assert all(cell["lacking"] for row in matrix["mentors"] for cell in row["cells"])


async def test_the_matrix_is_a_file_where_it_is_asked_for_as_one(wing: Wing) -> None:
    person: dict[str, Any] = {"first_name": "=1+2", "last_name": '"Quoted", he said'}
    applied = await wing.applicant(**person)
    await wing.approve(applied["id"])
    answer = await wing.nurse.request("GET", "trainings/matrix?format=csv")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="training-matrix.csv"'
    [heading, row] = csv.reader(io.StringIO(answer.text))
    assert heading[0] == "mentor"
    assert row[0].startswith("'=1+2")
    assert '"Quoted", he said' in row[0]
    answer = await wing.nurse.request("GET", "trainings/matrix?format=svg")
    assert answer.headers["content-type"] == "image/svg+xml"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert ElementTree.fromstring(answer.content).tag.endswith("svg")
