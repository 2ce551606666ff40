"""Paper: what is printed is what stands on the sheet, whatever it looks like."""

import asyncio
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pypdf import PdfReader

from app.errors import Busy
from app.services.prints import paper
from app.services.prints.page import Block, Column, Layout
from app.services.prints.words import words
from app.services.working_days import LONDON

AT = datetime(2026, 7, 1, 20, 30, 15, tzinfo=UTC)  # 21:30 on the wall
HOSTILE = [
    '#import "@preview/x:1.0.0": *',
    '#read("/etc/passwd")',
    "$ x^2 $",
    "*bold* _lean_ `raw` <label> @reference",
    "\\ #{ panic() } // not a comment /* nor this */",
    "= Heading - list + number / term",
    "[ ] ( ) { } ~ -- --- ...",
    "Łukasz Nguyễn Ó Súilleabháin",
    "Ivan Иван Ἰωάννης",
]


def layout(*names: str, empty: str = "Nobody.") -> Layout:
    columns = [Column("Name", 1, bold=True), Column("Gone", tick=True)]
    rows: list[list[Any]] = [[name, None] for name in names]
    return Layout("A sheet", "Delta wing", [Block("Morning", empty, columns, rows)])


async def printed(*names: str, by: str = "Officer Sample") -> PdfReader:
    made = await paper.pdf(layout(*names), by, AT, LONDON)
    return PdfReader(io.BytesIO(made))


def squeezed(text: str) -> str:
    return "".join(text.replace("\u200b", "").split())


def said(reader: PdfReader) -> str:
    return squeezed("".join(page.extract_text() for page in reader.pages))


@pytest.mark.parametrize("name", HOSTILE)
async def test_a_name_prints_as_itself_whatever_it_looks_like(name: str) -> None:
    assert squeezed(name) in said(await printed(name))
    assert squeezed(name) in said(await printed("Jo", by=name))


async def test_every_page_says_who_printed_it_when_which_it_is_and_what_to_do() -> None:
    reader = await printed(*[f"Person {number}" for number in range(100)])
    count = len(reader.pages)
    assert count > 2
    for number, page in enumerate(reader.pages, start=1):
        text = squeezed(page.extract_text())
        assert "PrintedbyOfficerSampleonWednesday1July2026at21:30" in text
        assert f"Page{number}of{count}" in text
        for line in (words().classification, words().handling, words().found):
            assert squeezed(line) in text
        assert "Name" in text  # the heading of the table comes again on each page
        assert "Asheet" in text  # and the title, should they come apart
        assert "Deltawing" in text


async def test_a_sheet_is_a4_tagged_and_titled() -> None:
    reader = await printed("Jo")
    box = reader.pages[0].mediabox
    assert (round(box.width), round(box.height)) == (595, 842)
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en-GB"
    assert b"pdfuaid:part" in root["/Metadata"].get_object().get_data()
    assert reader.metadata is not None
    assert reader.metadata.title == "A sheet, Delta wing"


async def test_a_sign_that_no_font_has_stops_no_print() -> None:
    reader = await printed("Zoë 🙂 Sample")
    assert "Sample" in said(reader)
    root: Any = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]  # still tagged, if not by the standard
    lacking = squeezed(words().notice["lacking"])
    assert lacking in said(reader)
    assert lacking not in said(await printed("Zoë Sample"))


async def test_equal_sheets_of_one_minute_are_equal_bytes() -> None:
    one = await paper.pdf(layout("Jo"), "Officer Sample", AT, LONDON)
    again = await paper.pdf(layout("Jo"), "Officer Sample", AT.replace(second=59), LONDON)
    other = await paper.pdf(layout("Al"), "Officer Sample", AT, LONDON)
    assert one == again != other


async def test_an_empty_sheet_says_so() -> None:
    made = await paper.pdf(layout(empty="Nobody is due."), "Officer Sample", AT, LONDON)
    assert "Nobodyisdue." in said(PdfReader(io.BytesIO(made)))


async def test_what_turns_the_text_round_or_breaks_the_line_is_not_printed() -> None:
    text = said(await printed("Jo \u202eelpmaS\u202c One\u2028Two"))
    assert "JoelpmaSOneTwo" in text


async def test_a_very_long_word_stays_within_its_column() -> None:
    reader = await printed("Q" * 200)
    assert said(reader).count("Q") == 200
    places: list[float] = []

    def visit(text: str, cm: Any, tm: Any, font: Any, size: Any) -> None:
        if "Q" in text:
            places.append(tm[4])

    reader.pages[0].extract_text(visitor_text=visit)
    assert len(places) > 5  # lines, none of which runs off the page


async def test_a_print_that_is_slow_is_stopped() -> None:
    with pytest.raises(Busy):
        await paper.pdf(layout("Jo"), "Officer Sample", AT, LONDON, seconds=0.001)


async def test_a_few_wait_for_their_turn_and_more_are_refused() -> None:
    """Each keeps a connection meanwhile: a flood of prints leaves some for a concern."""
    room = paper.TURNS.at_once + paper.TURNS.most_waiting
    prints = [paper.pdf(layout("Jo"), "Officer Sample", AT, LONDON) for _ in range(room + 5)]
    made = await asyncio.gather(*prints, return_exceptions=True)
    assert sum(isinstance(each, Busy) for each in made) == 5
    assert sum(isinstance(each, bytes) for each in made) == room
    assert await paper.pdf(layout("Jo"), "Officer Sample", AT, LONDON)


async def test_a_name_keeps_the_signs_that_it_is_written_with() -> None:
    """A Persian name has a sign between its parts that is no space; marks stand on their letter."""
    persian = "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627"
    marked = "e\u0301" * 20
    told = paper.readable([persian, marked])
    assert isinstance(told, list)
    assert told[0] == persian
    assert "\u200b\u0301" not in told[1]
    assert told[1].replace("\u200b", "") == marked
    reader = await printed(persian)
    assert len(reader.pages) == 1


def template(folder: Path, source: str) -> dict[str, object]:
    file = folder / "own.typ"
    file.write_text(source)
    return {"template": str(file), "fonts": [], "at": 0, "data": {"x": 1}}


async def test_a_template_reads_nothing_outside_its_folder(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside.txt"
    inside.mkdir()
    outside.write_text("secret")
    (inside / "beside.txt").write_text("beside")
    made = await paper.typeset(template(inside, '#set document(title: "x")\n#read("beside.txt")'))
    assert "beside" in said(PdfReader(io.BytesIO(made)))
    for path in ("../outside.txt", str(outside), "/../outside.txt", "/etc/passwd"):
        with pytest.raises(paper.NotSet) as refused:
            await paper.typeset(template(inside, f'#read("{path}")'))
        assert "secret" not in str(refused.value)
