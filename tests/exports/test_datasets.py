"""Datasets: streamed from one snapshot under pseudonyms, as files that others read."""

import csv
import hashlib
import hmac
import io
import json
import re
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import text

from app import clock
from app.access import Actor
from app.config import settings
from app.models.base import new_id
from app.models.clients import ClientScope
from app.models.exports import ExportDataset, ExportFormat
from app.models.staff import Role
from app.services.exports import Told, Wanted, dictionary, package, written
from app.services.exports.columns import columns_of
from app.services.exports.cursors import Cursor
from app.services.exports.datasets import DATASETS
from tests.exports.test_routes import released
from tests.house.rows import one_of_each
from tests.story import Caller, Wing

EVERY = list(ExportDataset)
UUIDS = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-")


async def lived(wing: Wing) -> dict[str, dict[str, Any]]:
    """A row of every table: what is exported of them."""
    async with wing.db.write(wing.prison_id) as session:
        world = await one_of_each(await session.connection(), wing.prison_id)
        for told in (
            "shift SET status = 'published', superseded_at = NULL",
            "concern SET about_mentor = false, about_staff_id = NULL, about_staff_as_told = NULL",
            "history SET noun = 'mentees'",
        ):
            await session.execute(text(f"UPDATE {told}"))
    return world


async def taken(who: Caller, dataset: str, **query: str) -> tuple[list[dict[str, Any]], str]:
    """The rows of a dataset, and its cursor."""
    params = {"format": "ndjson", **query}
    response = await who.request("GET", f"exports/{dataset}", params=params)
    assert response.status_code == 200, response.text
    rows = [json.loads(line) for line in response.content.splitlines()]
    return rows, response.headers["X-Export-Cursor"]


@pytest.mark.parametrize("dataset", EVERY)
async def test_a_row_of_every_dataset_is_what_its_model_says(wing: Wing, dataset: str) -> None:
    await lived(wing)
    machine = await wing.lets_in(ClientScope.export_pseudonymised)
    rows, _ = await taken(machine, dataset)
    assert rows
    of = DATASETS[ExportDataset(dataset)]
    names = [each.name for each in columns_of(of, False)]
    for row in rows:
        assert list(row) == names
        of.row.model_validate(row)
        assert row["removed"] is False
    response = await machine.request("GET", f"exports/{dataset}")
    for told in (json.dumps(rows), response.text):
        assert not UUIDS.search(told)
    assert next(csv.reader(io.StringIO(response.text))) == names
    assert len(response.text.splitlines()) == len(rows) + 1


async def test_pseudonyms_are_keyed_hashes_that_hold_in_one_series_alone(wing: Wing) -> None:
    world = await lived(wing)
    machine = await wing.lets_in(ClientScope.export_pseudonymised)
    [session], cursor = await taken(machine, "sessions")
    [part], _ = await taken(machine, "attendance", same_as=cursor)
    [again], _ = await taken(machine, "sessions")
    assert part["session"] == session["session"] != again["session"]
    secret, series = settings().secret_key.get_secret_value().encode(), new_id()
    actor = Actor(wing.prison_id, machine.subject, Role.machine)
    wanted = Wanted(ExportDataset.sessions, ExportFormat.ndjson, series=series)
    pieces = [piece async for piece in written(wing.db, actor, wanted, secret, Told())]
    row = json.loads(b"".join(pieces))
    key = HKDF(SHA256(), 32, salt=series.bytes, info=b"wellwing export pseudonyms").derive(secret)
    hashed = hmac.new(key, world["session"]["id"].bytes, hashlib.sha256).hexdigest()
    assert row["session"] == f"x{hashed[:24]}"


async def test_names_leave_once_and_never_in_a_series_without_them(wing: Wing) -> None:
    world = await lived(wing)
    both = await wing.lets_in(ClientScope.export_pseudonymised, ClientScope.export_identifiable)
    _, cursor = await taken(both, "mentees")
    path, lines = "exports/mentees/identifiable", {"format": "ndjson"}
    assert (await both.post(path, lines, expect=403))["code"] == "release_needed"
    await released(wing)
    for wrong in ({"changed_since": cursor}, {"same_as": cursor}):
        assert (await both.post(path, wrong, expect=422))["errors"][0]["field"] == next(iter(wrong))
    refused = await both.post("exports/sessions/identifiable", {}, expect=422)
    assert refused["errors"][0]["field"] == "dataset"
    response = await both.request("POST", path, json=lines)
    row = json.loads(response.content)
    assert (row["number"], row["display_name"]) == (world["person"]["number"], "Jo Sample")
    assert (await both.post(path, lines, expect=403))["code"] == "release_needed"


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("prison_id", {"prison_id": "ZZZ"}),
        ("kind", {"kind": "nonsense"}),
        ("last_day", {"first_day": "2026-02-01", "last_day": "2026-01-01"}),
        ("changed_since", {"changed_since": "AAAA"}),
        ("same_as", {"same_as": "\u00e9"}),
    ],
)
async def test_a_filter_that_is_wrong_is_refused_by_its_name(
    wing: Wing, field: str, asked: dict[str, str]
) -> None:
    machine = await wing.lets_in(ClientScope.export_pseudonymised)
    refused = await machine.get("exports/sessions", params=asked, expect=422)
    assert [each["field"] for each in refused["errors"]] == [field]


async def test_a_cursor_is_of_one_client_and_one_dataset(wing: Wing) -> None:
    machine = await wing.lets_in(ClientScope.export_pseudonymised)
    another = await wing.lets_in(ClientScope.export_pseudonymised)
    _, cursor = await taken(machine, "sessions")
    params = {"changed_since": cursor}
    await machine.request("GET", "exports/sessions", params=params)
    refused = await machine.get("exports/rota", params=params, expect=422)
    assert refused["errors"][0]["code"] == "another_dataset"
    await another.get("exports/sessions", params=params, expect=422)
    clock.forward(days=401)
    refused = await machine.get("exports/sessions", params=params, expect=422)
    assert refused["errors"][0]["code"] == "too_old"


async def test_a_cursor_of_a_database_that_was_restored_since_is_refused(wing: Wing) -> None:
    machine = await wing.lets_in(ClientScope.export_pseudonymised)
    actor = Actor(wing.prison_id, machine.subject, Role.machine)
    _, told = await taken(machine, "sessions")
    secret = settings().secret_key.get_secret_value().encode()
    cursor = Cursor.read(told, "changed_since", actor, secret, named=False)
    for of in ({"numbered_by": "1.1"}, {"xid": cursor.xid + 10**9}):
        params = {"changed_since": replace(cursor, **of).spelt(actor, secret)}
        refused = await machine.get("exports/sessions", params=params, expect=422)
        assert refused["errors"][0]["code"] == "restored"


async def test_what_a_spreadsheet_would_run_is_text_in_csv_and_itself_elsewhere(wing: Wing) -> None:
    await lived(wing)
    async with wing.db.write(wing.prison_id) as session:
        await session.execute(text("UPDATE person SET display_name = '=1+1, \"x\"'"))
    machine = await wing.lets_in(ClientScope.export_identifiable)
    told = {}
    for how in ("csv", "ndjson"):
        await released(wing)
        body = {"format": how}
        response = await machine.request("POST", "exports/mentors/identifiable", json=body)
        told[how] = response.text
    names = {row["display_name"] for row in csv.DictReader(io.StringIO(told["csv"]))}
    assert names == {'\'=1+1, "x"'}
    assert json.loads(told["ndjson"].splitlines()[0])["display_name"] == '=1+1, "x"'


async def test_days_are_the_prisons_own(wing: Wing) -> None:
    await lived(wing)
    async with wing.db.write(wing.prison_id) as session:
        times = "referred_at = '2026-06-30 23:30+00'"  # the first of July in London
        await session.execute(text(f"UPDATE mentee SET {times}"))
    machine = await wing.lets_in(ClientScope.export_pseudonymised)
    day = {"first_day": "2026-07-01", "last_day": "2026-07-01"}
    assert len((await taken(machine, "mentees", **day))[0]) == 1
    assert (await taken(machine, "mentees", last_day="2026-06-30"))[0] == []


async def test_concerns_about_staff_or_mentors_leave_in_no_dataset(wing: Wing) -> None:
    world = await lived(wing)
    machine = await wing.lets_in(ClientScope.export_pseudonymised)
    async with wing.db.write(wing.prison_id) as session:
        await session.execute(
            text("UPDATE history SET noun = 'concerns', thing_id = :id"),
            {"id": world["concern"]["id"]},
        )
    assert len((await taken(machine, "history"))[0]) == 1
    _, cursor = await taken(machine, "concerns")
    async with wing.db.write(wing.prison_id) as session:
        await session.execute(text("UPDATE concern SET about_mentor = true"))
    for dataset in ("concerns", "history"):
        assert (await taken(machine, dataset))[0] == []
    assert (await taken(machine, "concerns", changed_since=cursor))[0] == []


def test_the_dictionary_knows_every_column_of_every_row() -> None:
    for of in dictionary().datasets:
        row = DATASETS[ExportDataset(of.name)].row
        assert {each.name for each in of.columns} == set(row.model_fields)
        assert of.columns[0].name == of.key
        described = [each.name for each in of.columns if each.pseudonym]
        assert of.key in described
        fields = next(each for each in package()["resources"] if each["name"] == of.name)["schema"]
        assert [each["name"] for each in fields["fields"]] == [each.name for each in of.columns]
