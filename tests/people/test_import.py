"""Files of prisoner documents over HTTP: a report on each document, and nothing spoiled."""

import json
import time
from asyncio import gather
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from app.access import the_system
from app.integrations.prison.synthetic import document, page
from app.services.people import import_documents
from tests.story import Wing

RECORDED = Path(__file__).parents[3] / "shared/data/hmpps/prisoner-search"
NDJSON = {"Content-Type": "application/x-ndjson"}


async def imports(wing: Wing, body: Any, expect: int = 201) -> Any:
    if isinstance(body, bytes):
        return await wing.support_worker.post("people/import", expect=expect, content=body)
    return await wing.support_worker.post("people/import", body, expect)


def here(wing: Wing, index: int, **changes: Any) -> dict[str, Any]:
    return {**document(index, prison_id=wing.prison_id), **changes}


def outcomes(report: Any) -> list[str]:
    return [row["outcome"] for row in report["rows"]]


async def test_a_page_is_taken_in_and_the_second_time_nothing_changes(wing: Wing) -> None:
    sent = page(3, prison_id=wing.prison_id)
    first = await imports(wing, sent)
    assert first["counts"]["created"] == 3
    assert (await imports(wing, sent))["counts"] == {
        "created": 0,
        "updated": 0,
        "unchanged": 3,
        "marked_away": 0,
        "kept_out": 0,
        "refused": 0,
    }
    person = await wing.officer.get(f"people/{first['rows'][0]['person_id']}")
    assert (person["number"], person["source"], person["version"]) == (
        "Z0001ZZ",
        "prisoner_search",
        1,
    )


async def test_one_document_and_one_a_line_are_taken_in_too(wing: Wing) -> None:
    assert outcomes(await imports(wing, here(wing, 0))) == ["created"]
    lines = "\n".join(json.dumps(here(wing, index)) for index in (0, 1)).encode()
    report = await wing.support_worker.post("people/import", content=lines, headers=NDJSON)
    assert [(row["line"], row["outcome"]) for row in report["rows"]] == [
        (1, "unchanged"),
        (2, "created"),
    ]


async def test_a_bad_document_spoils_no_other(wing: Wing) -> None:
    report = await imports(
        wing,
        [
            here(wing, 0),
            here(wing, 1, prisonerNumber="nonsense"),
            here(wing, 2, dateOfBirth="2990-01-01"),
            here(wing, 3, cellLocation="x" * 61),
            here(wing, 4, prisonerNumber="z0005zz"),
            "no document at all",
        ],
    )
    assert outcomes(report) == ["created", *["refused"] * 3, "created", "refused"]
    assert [row["field"] for row in report["rows"][1:4]] == [
        "prisonerNumber",
        "dateOfBirth",
        "cellLocation",
    ]
    assert report["rows"][4]["number"] == "Z0005ZZ"
    assert len((await wing.officer.get("people"))["items"]) == 2


async def test_people_of_elsewhere_are_kept_out_and_known_ones_marked(wing: Wing) -> None:
    await imports(wing, [here(wing, 0), here(wing, 1)])
    report = await imports(
        wing,
        [
            here(wing, 0, prisonId="OUT", cellLocation=None),
            here(wing, 1, inOutStatus="OUT", lastMovementTypeCode="CRT", cellLocation="COURT"),
            here(wing, 2, prisonId="TRN"),
            here(wing, 3, prisonId=None),
            here(wing, 4, prisonId="ZZY"),
        ],
    )
    assert outcomes(report) == ["marked_away", "marked_away", *["kept_out"] * 3]
    assert [row["reason"] for row in report["rows"]] == [
        "released (OUT)",
        "court",
        "being moved (TRN)",
        "no prison is given",
        "held in another prison",
    ]
    people = (await wing.officer.get("people"))["items"]
    assert {person["number"]: person["presence"] for person in people} == {
        "Z0001ZZ": "left",
        "Z0002ZZ": "away",
    }


async def test_the_last_of_two_documents_of_one_prisoner_counts(wing: Wing) -> None:
    report = await imports(wing, [here(wing, 0), here(wing, 0, cellLocation="B-2-002")])
    assert outcomes(report) == ["kept_out", "created"]
    person = await wing.officer.get(f"people/{report['rows'][1]['person_id']}")
    assert person["cell_location"] == "B-2-002"


async def test_what_is_entered_by_hand_is_found_by_its_number(wing: Wing) -> None:
    person = await wing.person(number="z0001zz")
    report = await imports(wing, here(wing, 0))
    assert (report["rows"][0]["outcome"], report["rows"][0]["person_id"]) == (
        "updated",
        person["id"],
    )


async def test_two_imports_at_once_add_each_person_once(wing: Wing) -> None:
    sent = page(20, prison_id=wing.prison_id)
    reports = await gather(imports(wing, sent), imports(wing, sent))
    assert sorted(report["counts"]["created"] for report in reports) == [0, 20]


async def test_events_name_ids_and_presence_only(wing: Wing) -> None:
    await imports(wing, [here(wing, 0)])
    await imports(wing, [here(wing, 0, cellLocation="B-2-002")])
    await imports(wing, [here(wing, 0, prisonId="OUT")])
    await imports(wing, [here(wing, 0, prisonId="OUT")])
    async with wing.db.write(wing.prison_id) as db:
        found = await db.execute(
            text(
                "SELECT topic, payload FROM outbox WHERE prison_id = :p AND topic LIKE 'person.%'"
                " ORDER BY recorded_at"
            ),
            {"p": wing.prison_id},
        )
    assert [tuple(row) for row in found] == [
        ("person.created", {"presence": "here"}),
        ("person.updated", {"presence": "here"}),
        ("person.left", {"presence": "left"}),
    ]


@pytest.mark.parametrize("cut", [1, 20, 2000])
async def test_a_file_cut_off_is_refused_whole_with_its_position(wing: Wing, cut: int) -> None:
    whole = json.dumps([here(wing, 0), here(wing, 1)], indent=1).encode()
    refused = await imports(wing, whole[:-cut], 422)
    (error,) = refused["errors"]
    assert (error["field"], error["code"]) == ("body", "file_refused")
    assert f"line {refused['line']}, column {refused['column']}" in error["message"]
    assert len(whole) - cut - 30 < refused["byte"] <= len(whole) - cut  # the text it cuts begins
    assert (await wing.officer.get("people"))["items"] == []


@pytest.mark.parametrize("body", [b"", b"number;name\nA1234BC;Jo\n", b"\xff\xfe", b"42"])
async def test_what_is_no_json_is_refused_whole(wing: Wing, body: bytes) -> None:
    refused = await imports(wing, body, 422)
    assert refused["errors"][0]["field"] == "body"
    assert refused["line"] == 1


async def test_a_key_used_again_answers_the_first_report(wing: Wing) -> None:
    headers = {"Idempotency-Key": "monday"}
    first = await wing.support_worker.post("people/import", here(wing, 0), headers=headers)
    again = await wing.support_worker.post("people/import", here(wing, 0), headers=headers)
    assert again == first
    assert outcomes(again) == ["created"]


async def test_a_file_larger_than_other_bodies_is_taken_in(wing: Wing) -> None:
    padded = b"[" + b" " * 20_000_000 + json.dumps(here(wing, 0)).encode() + b"]"
    assert outcomes(await imports(wing, padded)) == ["created"]


async def test_a_file_over_the_limit_is_refused(wing: Wing) -> None:
    async def endless() -> Any:
        for _ in range(65):
            yield b" " * 1_000_000

    response = await wing.support_worker.request("POST", "people/import", content=endless())
    assert response.status_code == 413
    assert response.json()["code"] == "too_large"


async def test_a_thousand_people_are_taken_in_within_seconds(wing: Wing) -> None:
    sent = json.dumps(page(1000, prison_id=wing.prison_id)).encode()
    steps: list[tuple[int, int]] = []
    began = time.monotonic()
    async with wing.db.write(wing.prison_id) as db:
        actor = the_system(wing.prison_id)
        report = await import_documents(
            db, actor, sent, progress=lambda done, total: steps.append((done, total))
        )
    assert report.counts["created"] == 1000  # type: ignore[index]
    assert steps == [(500, 1000), (1000, 1000)]
    assert time.monotonic() - began < 20  # a few seconds; generous, for a machine under load
    async with wing.db.write(wing.prison_id) as db:
        report = await import_documents(db, actor, sent)
    assert report.counts["unchanged"] == 1000  # type: ignore[index]


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded files are not here")
@pytest.mark.parametrize("path", sorted(RECORDED.rglob("*.json")), ids=lambda path: path.stem)
async def test_recorded_files_are_reported_on_document_by_document(wing: Wing, path: Path) -> None:
    raw = path.read_bytes()  # noqa: ASYNC240
    held = json.loads(raw)
    documents = held.get("content", [held])
    report = await imports(wing, raw)
    assert set(outcomes(report)) <= {"kept_out", "refused"}  # they hold other prisons
    assert len(report["rows"]) == len(documents)
    assert (await imports(wing, raw))["rows"] == report["rows"]


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the recorded files are not here")
async def test_the_recorded_prison_page_is_taken_in_as_if_it_were_here(wing: Wing) -> None:
    held = json.loads((RECORDED / "all-prisoners.json").read_bytes())
    for each in held["content"]:
        if each.get("prisonId") not in {None, "OUT", "TRN"}:
            each["prisonId"] = wing.prison_id
    first = await imports(wing, held)
    assert first["counts"]["created"] > 0
    assert first["counts"]["refused"] == 0
    again = await imports(wing, held)
    assert again["counts"]["unchanged"] == first["counts"]["created"]
