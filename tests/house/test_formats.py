"""Files: cells that no spreadsheet runs, and rows that come back as they were."""

import csv
import io

import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from app.formats import CSV, SVG, cell, csv_text

WORDS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    "start",
    [
        "=",
        "+",
        "-",
        "@",
        "\t",
        "\r",
        "\n",
        " =",
        "\u00a0@",
        "\u200b=",
        "\ufeff+",
        "\uff1d",
        "\uff0b",
        "\uff0d",
        "\uff20",
    ],
)
def test_a_cell_that_a_spreadsheet_would_run_is_shown(start: str) -> None:
    assert cell(f"{start}1+2") == f"'{start}1+2"


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), (3, "3"), ("a=b", "a=b"), ("", ""), (-3, "'-3")]
)
def test_every_other_cell_is_as_it_is(value: object, text: str) -> None:
    assert cell(value) == text


@given(st.lists(st.lists(WORDS, min_size=2, max_size=4), min_size=1, max_size=4))
def test_rows_come_back_as_they_were_and_none_begins_a_formula(rows: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(csv_text(rows), newline="")))
    assert read == [[cell(value) for value in row] for row in rows]
    assert not any(
        value.startswith(("=", "+", "-", "@", "\t", "\r")) for row in read for value in row
    )


def test_what_is_answered_as_a_file_is_declared(app: FastAPI) -> None:
    path = "/v1/prisons/{prison_id}/trainings/matrix"
    declared = app.openapi()["paths"][path]["get"]["responses"]["200"]["content"]
    assert set(declared) == {"application/json", CSV.media, SVG.media}
