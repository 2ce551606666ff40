"""The board pack: a month that is over, in plain words and in tables, of nobody by name."""

import io
from datetime import date
from pathlib import Path
from typing import Any

from pypdf import PdfReader

from app import clock
from app.models.people import Person
from app.models.report_tables import Report, ReportName, ReportTable, Unit
from app.scope import everything
from app.services.reports import plain
from app.services.reports.tables import counts, medians, shares
from tests.house.test_cli import Command, wellwing
from tests.outcome_cohorts.test_routes import frozen
from tests.publications.test_routes import last_month
from tests.reports.test_routes import YES, survey
from tests.story import Wing

__all__ = ["wellwing"]


def a_report(*tables: ReportTable) -> Report:
    return Report(
        report=ReportName.activity,
        title="What the scheme did",
        definition_version=1,
        first_day=date(2026, 10, 1),
        last_day=date(2026, 10, 31),
        description="",
        tables=list(tables),
    )


def told(now: ReportTable, then: ReportTable) -> str:
    [said] = plain.happened([a_report(now)], [a_report(then)], None)
    return " ".join(said.sentences)


def test_what_happened_is_said_in_plain_words_beside_the_month_before() -> None:
    kinds = {"one_to_one": 20, "group": 4, "art_therapy": 3, "cbt_course": 0, "day_to_day": 1}
    now = counts("kinds", "Sessions held", Unit.sessions, kinds)
    then = counts("kinds", "Sessions held", Unit.sessions, kinds | {"one_to_one": 9})
    assert told(now, then) == (
        "Sessions held: one to one 20 (9 the month before), group 4 (4), art therapy 3 (3);"
        " one more kind."
    )
    nothing = counts("kinds", "Sessions held", Unit.sessions, {"group": 0})
    assert told(nothing, then) == "Sessions held: none."
    many = {each: (place, 10) for place, each in enumerate("ABCD")}
    share = shares("came", "Who came", Unit.people, many)
    assert told(share, share) == "Who came: from 0 of 10 (0 %) (A) to 3 of 10 (30 %) (D)."
    took = medians("wait", "Waiting", Unit.people, {"all": [1.0, 3.0, 9.0]})
    assert told(took, took) == "Waiting: half took no longer than 3 people."
    unknown = medians("wait", "Waiting", Unit.people, {"all": []})
    assert told(unknown, took) == "Waiting: there was nothing to count."
    months = counts("m", "Mentors", Unit.people, {"2026-09": 2, "2026-10": 5}, over_time=True)
    assert told(months, months) == "Mentors: 5 (2 before)."


async def test_a_pack_is_of_a_month_that_is_over_and_names_nobody(wing: Wing) -> None:
    mentee: Any = await wing.engaged()
    await frozen(wing)
    await survey(wing, mentee, "baseline", {**YES, "suicide_attempt": "no"})
    clock.forward(days=70)
    month = await last_month(wing)
    path = f"reports/board-packs/{month}"
    found = await wing.governor.get(path)
    assert found["month"] == month
    assert found["as_at"] == found["outcomes"]["as_at"] == found["reports"][0]["last_day"]
    assert found["before"][0]["last_day"] < found["first_day"]
    assert {each["report"] for each in found["reports"]} == {each.value for each in ReportName}
    clock.forward(days=1)
    first, again = [
        (await wing.governor.request("GET", f"{path}?format=pdf")).content for _ in range(2)
    ]
    assert first == again, "the same facts are the same bytes, whenever it is asked for"
    reader = PdfReader(io.BytesIO(first))
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert b"pdfuaid:part" in root["/Metadata"].get_object().get_data()
    pages = [" ".join(page.extract_text().split()) for page in reader.pages]
    assert "What happened" in pages[0]
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in page
        assert "As at" in page
    whole = " ".join(pages)
    assert "without a comparison group" in whole
    assert "95 % interval" in whole.replace("\u00a0", " ")
    async with wing.db.write(wing.prison_id) as session:
        people = (await session.scalars(everything(Person, wing.prison_id))).all()
    assert people
    for person in people:
        assert person.last_name not in whole


async def test_a_month_that_is_not_over_is_refused_by_its_field(
    wing: Wing,
) -> None:
    refused = await wing.governor.get(f"reports/board-packs/{clock.now():%Y-%m}", expect=422)
    assert [(each["field"], each["code"]) for each in refused["errors"]] == [("month", "not_over")]
    for month in ("2026-13", "october", "1999-10"):
        await wing.governor.get(f"reports/board-packs/{month}", expect=404)
    await wing.officer.get("reports/board-packs/2026-10", expect=403)


async def test_what_was_said_after_the_month_is_not_in_its_pack(wing: Wing) -> None:
    mentee: Any = await wing.engaged()
    await frozen(wing)
    clock.forward(days=70)
    month = await last_month(wing)
    await survey(wing, mentee, "baseline", {**YES, "suicide_attempt": "no"})
    found = await wing.governor.get(f"reports/board-packs/{month}")
    assert found["outcomes"]["lost"] == {"no_baseline": 1}


async def test_the_command_writes_the_same_paper(
    wellwing: Command, wing: Wing, tmp_path: Path
) -> None:
    words = ("report", "board-pack", "--prison", wing.prison_id)
    out = tmp_path / "pack.pdf"
    done = wellwing(*words, "--month", "2026-10", "--out", str(out))
    assert done.returncode == 0, done.stderr
    answer = await wing.governor.request("GET", "reports/board-packs/2026-10?format=pdf")
    assert out.read_bytes() == answer.content
    refused = wellwing(*words, "--month", "2026-13", "--out", str(out))
    assert refused.returncode == 1
    assert "written as 2026-10" in refused.stderr
    gone = wellwing(*words, "--month", "2026-10", "--out", str(tmp_path / "no" / "pack.pdf"))
    assert "cannot be written" in gone.stderr
