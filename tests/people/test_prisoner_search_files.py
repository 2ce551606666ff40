"""Whole files: four shapes, right line numbers, and a refusal that says what is wrong and where."""

import json
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.integrations.prison.prisoner_search import FileRefused, PrisonerRow, RowRefused, parse
from app.integrations.prison.synthetic import document, page

TODAY = date(2026, 11, 1)


def refusal(data: bytes) -> FileRefused:
    with pytest.raises(FileRefused) as caught:
        parse(data, today=TODAY)
    return caught.value


# The four shapes, and where each document stands ------------------------------------------------


def test_a_document_a_list_a_page_and_ndjson_read_the_same() -> None:
    one, two = document(0), document(1)
    lines = json.dumps(one) + "\n\n" + json.dumps(two) + "\r\n"
    numbers = ["Z0001ZZ", "Z0002ZZ"]
    for text in (json.dumps([one, two]), json.dumps(page(2)), lines):
        rows = parse(text.encode())
        assert [r.number for r in rows] == numbers
        assert [r.position for r in rows] == [1, 2]
    assert [r.line for r in parse(lines.encode())] == [1, 3]
    assert [r.number for r in parse(json.dumps(one).encode())] == numbers[:1]


def test_an_empty_list_or_page_is_no_error() -> None:
    assert parse(b" [ ] ") == []
    assert parse(json.dumps(page(0)).encode()) == []


def test_a_byte_order_mark_is_tolerated_and_counted() -> None:
    assert len(parse(b"\xef\xbb\xbf" + json.dumps(page(3)).encode())) == 3
    assert refusal(b"\xef\xbb\xbf[nil]").byte == 4


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("indent", [None, 1, 4])
def test_lines_are_right_however_it_is_printed(indent: int | None, end: str) -> None:
    text = json.dumps(page(7), indent=indent).replace("\n", end)
    lines = text.split("\n")
    for got in parse(text.encode()):
        if indent is None:
            assert got.line == 1
        else:
            assert lines[got.line - 1].strip() == "{"
            assert f'"{got.number}"' in lines[got.line]


def test_content_may_stand_last_or_twice() -> None:
    text = f'{{"number":0,\n"content":[{{}}],\n"content":[\n{json.dumps(document(4))}]}}'
    (got,) = parse(text.encode())
    assert (got.number, got.line) == ("Z0005ZZ", 4)


def test_the_last_of_equal_keys_counts() -> None:
    text = json.dumps(document(0))[:-1] + ', "firstName": "Later"}'
    (got,) = parse(text.encode())
    assert isinstance(got, PrisonerRow)
    assert got.first_name == "Later"


def test_a_bad_row_spoils_no_other() -> None:
    told: list[Any] = [document(0), None, document(0) | {"lastName": 7}, [], "x", document(1)]
    rows = parse(json.dumps(told).encode())
    assert [type(r) for r in rows] == [PrisonerRow, *[RowRefused] * 4, PrisonerRow]
    assert [r.position for r in rows] == [1, 2, 3, 4, 5, 6]


# Files that are refused whole -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "why", "line", "column", "byte"),
    [
        (b"", "empty", 1, 1, 0),
        (b" \n\n ", "empty", 3, 2, 4),
        (b"<html>", "no document", 1, 1, 0),
        (b'"A1234BC"', "no document", 1, 1, 0),
        (b"null", "no document", 1, 1, 0),
        (b"\n 12", "no document", 2, 2, 2),
        (b'{"status": 404, "userMessage": "no"}', "without prisonerNumber", 1, 1, 0),
        (b"{}", "without prisonerNumber", 1, 1, 0),
        (b'{"content": null}', "not a list", 1, 1, 0),
        (b'{"content": {"a": 1}}', "not a list", 1, 1, 0),
        (b'{"content": [], "content": 1}', "not a list", 1, 1, 0),
        (b"[1,\n2,]", "not valid JSON", 2, 3, 6),
        (b"[1 2]", "expected ']'", 1, 4, 3),
        (b"[] []", "goes on after", 1, 4, 3),
        (b'{"content": []}\n{}', "goes on after", 2, 1, 16),
        (b'{"prisonerNumber": 1} {}', "new line", 1, 23, 22),
        (b'{"a": 1}\n{"b":', "cut off", 2, 6, 14),
        (b"{1: 2}", "double quotes", 1, 2, 1),
        (b'{"a" 2}', "expected ':'", 1, 6, 5),
        ('[{"é":\n"é" x'.encode(), "not valid JSON", 2, 5, 13),
        (b'["a\tb"]', "not valid JSON", 1, 4, 3),
        (b'["a\x00b"]', "not valid JSON", 1, 4, 3),
        (b"[NaN]", "NaN", 1, 2, 1),
        (b"[-Infinity]", "Infinity", 1, 2, 1),
        (b'{"a":' + b"9" * 65 + b"}", "more than 64 digits", 1, 6, 5),
        (b"[" + b"1" * 10**6 + b"]", "more than 64 digits", 1, 2, 1),
        (b"[" * 100_000, "nested too deeply", 1, 2, 1),
        (b'{"content":' * 100_000, "nested too deeply", 1, 12, 11),
        (b'[{"a":' + b"[" * 100_000, "nested too deeply", 1, 2, 1),
        (b"[\xff]", "not UTF-8", 1, 2, 1),
        ('[\n"é'.encode() + b"\xc3", "not UTF-8", 2, 3, 5),
        ("[]".encode("utf-16"), "not UTF-8", 1, 1, 0),
        (b"\xef\xbb\xbf", "empty", 1, 1, 3),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_a_bad_file_says_what_and_where(
    data: bytes, why: str, line: int, column: int, byte: int
) -> None:
    error = refusal(data)
    assert why in str(error)
    assert (error.line, error.column, error.byte) == (line, column, byte)
    assert str(error).endswith(f"(line {line}, column {column}, byte {byte})")


@pytest.mark.parametrize("indent", [None, 2])
def test_a_page_cut_off_anywhere_is_refused_whole(indent: int | None) -> None:
    data = json.dumps(page(3) | {"note": "é"}, indent=indent, ensure_ascii=False).encode()
    for length in range(0, len(data), 7):
        error = refusal(data[:length])
        assert error.byte <= length
        assert error.line == 1 + data[: error.byte].count(b"\n")
    assert len(parse(data)) == 3


@pytest.mark.parametrize("shape", ["list", "document", "last line"])
def test_other_shapes_cut_off_are_refused_too(shape: str) -> None:
    one = json.dumps(document(7))
    text = {"list": f"[{one}]", "document": one, "last line": f"{one}\n{one}"}[shape]
    first = len(one) + 2 if shape == "last line" else 0
    for length in range(first, len(text), 11):
        refusal(text[:length].encode())


# Whatever comes ---------------------------------------------------------------------------------

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**60), 10**60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused_or_read(data: bytes) -> None:
    with suppress(FileRefused):
        assert isinstance(parse(data, today=TODAY), list)


@given(st.text(alphabet='{}[]:,"\\u0aE-. \n1ntrueflsco', max_size=60))
@settings(max_examples=200)
def test_nearly_json_is_read_just_as_python_reads_it(text: str) -> None:
    try:
        told = json.loads(text)
    except ValueError:
        told = None
    try:
        rows = parse(text.encode(), today=TODAY)
    except FileRefused:
        assert not isinstance(told, list)
        return
    assert len(rows) == len(told) if isinstance(told, list) else rows


@given(st.sampled_from(sorted(document(0))), anything, st.lists(anything, max_size=3))
def test_arbitrary_values_in_rows_spoil_only_their_row(
    key: str, value: Any, others: list[Any]
) -> None:
    documents = [{**document(0), key: value}, document(1), *others, document(2)]
    rows = parse(json.dumps(documents).encode(), today=TODAY)
    assert len(rows) == len(documents)
    assert all(isinstance(got, PrisonerRow | RowRefused) for got in rows)
    assert [rows[1].number, rows[-1].number] == ["Z0002ZZ", "Z0003ZZ"]
    for got in rows:
        json.dumps(repr(got)).encode()  # nothing that cannot be written
        assert "\x00" not in (got.number or "")
