"""Exports as streams: in commit order, read back by others, and let go when nobody reads on."""

import asyncio
import gzip
import hashlib
import io
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pandas
import pytest
import zstandard
from pyarrow import parquet
from sqlalchemy import text

from app.access import Actor
from app.db import Database
from app.export_reply import ExportReply
from app.models.base import new_id
from app.models.clients import ClientScope
from app.models.exports import ExportCompression, ExportDataset, ExportFormat
from app.models.staff import Role
from app.services.exports import Told, Wanted, written
from app.services.exports.columns import columns_of
from app.services.exports.datasets import DATASETS
from app.services.exports.parquet import as_parquet
from tests.exports.test_datasets import lived, taken
from tests.story import Wing

SECRET = b"a secret of these tests"
MANY = 30_000
_MORE = """
    INSERT INTO history (prison_id, id, recorded_at, disclosure, noun, thing_id, to_state,
        actor_subject, actor_role, occurred_at)
    SELECT prison_id, gen_random_uuid(), recorded_at, disclosure, 'mentees', thing_id, to_state,
        actor_subject, actor_role, occurred_at FROM history, generate_series(1, :many)
"""


def machine_of(wing: Wing) -> Actor:
    return Actor(wing.prison_id, "evaluator", Role.machine)


async def grown(wing: Wing) -> None:
    """So many moves that no buffer on the way holds them all."""
    await lived(wing)
    async with wing.db.write(wing.prison_id) as session:
        await session.execute(text(_MORE), {"many": MANY})


async def connections(db: Database) -> int:
    """How many exports the database serves."""
    alone = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'wellwing alone'"
    found: int = await db.fetchval(alone)
    return found


async def none_left(db: Database) -> bool:
    for _ in range(100):
        if await connections(db) == 0:
            return True
        await asyncio.sleep(0.05)
    return False


async def last_told(wing: Wing) -> dict[str, Any]:
    """The last entry of the audit about the bytes of an export."""
    params = {"operation": "export_written"}
    found = await wing.governor.get("audit", params=params)
    told: dict[str, Any] = found["items"][0]
    return told


# What a slow writer commits is neither missed nor lost.


async def test_no_row_is_missed_whatever_is_being_written_while_an_export_runs(wing: Wing) -> None:
    world = await lived(wing)
    machine = await wing.lets_in(ClientScope.export_pseudonymised)
    _, before = await taken(machine, "mentees")
    async with wing.db.sessions() as session, session.begin():
        await session.execute(text(f"SET LOCAL app.prison_id = '{wing.prison_id}'"))
        await session.execute(text("UPDATE mentee SET safety_need = NOT safety_need"))
        async with wing.db.write(wing.prison_id) as quick:  # begins later, and is there first
            await quick.execute(text("UPDATE questionnaire SET total = 3"))
        meanwhile, cursor = await taken(machine, "mentees", changed_since=before)
        assert meanwhile == []
    after, last = await taken(machine, "mentees", changed_since=cursor)
    assert [row["safety_need"] for row in after] == [not world["mentee"]["safety_need"]]
    assert (await taken(machine, "mentees", changed_since=last))[0] == []
    # The same under the cursor from before, and under the pseudonyms of the series.
    assert (await taken(machine, "mentees", changed_since=before))[0] == after


async def test_a_series_of_exports_ends_with_what_a_whole_one_has(wing: Wing) -> None:
    """Writers that commit in another order than they began, with an export between every two."""
    await lived(wing)
    machine = await wing.lets_in(ClientScope.export_pseudonymised)
    rows, cursor = await taken(machine, "history")
    have = {row["move"]: row for row in rows}
    open_now: list[Any] = []
    for turn in range(6):
        session = wing.db.sessions()
        await session.execute(text(f"SET LOCAL app.prison_id = '{wing.prison_id}'"))
        await session.execute(text(_MORE.replace(":many", "1")))
        open_now.append(session)
        if turn % 3 == 2:
            for each in (open_now.pop(), open_now.pop(0)):
                await each.commit()
                await each.close()
                rows, cursor = await taken(machine, "history", changed_since=cursor)
                have |= {row["move"]: row for row in rows}
    for each in open_now:
        await each.commit()
        await each.close()
    rows, cursor = await taken(machine, "history", changed_since=cursor)
    have |= {row["move"]: row for row in rows}
    whole, _ = await taken(machine, "history", same_as=cursor)
    assert {row["move"]: row for row in whole} == have


async def test_what_is_no_longer_among_the_rows_is_told_by_its_key_alone(wing: Wing) -> None:
    await lived(wing)
    machine = await wing.lets_in(ClientScope.export_pseudonymised)
    [row], cursor = await taken(machine, "outcomes")
    async with wing.db.write(wing.prison_id) as session:
        await session.execute(text("UPDATE questionnaire SET status = 'entered_in_error'"))
    [gone], _ = await taken(machine, "outcomes", changed_since=cursor)
    assert gone == dict.fromkeys(row) | {"outcome": row["outcome"], "removed": True}
    assert (await taken(machine, "outcomes"))[0] == []


async def test_a_person_who_is_merged_comes_again_under_who_they_are(wing: Wing) -> None:
    await lived(wing)
    machine = await wing.lets_in(ClientScope.export_pseudonymised)
    [row], cursor = await taken(machine, "mentees")
    async with wing.db.write(wing.prison_id) as session:
        kept = await session.execute(text("SELECT id, identity_id FROM person LIMIT 1"))
        [(person, identity)] = kept.all()
        other = new_id()
        await session.execute(
            text(
                "INSERT INTO person (prison_id, id, recorded_at, version, identity_id, number,"
                " first_name, last_name, display_name, presence, no_it_access, source)"
                " SELECT prison_id, :other, recorded_at, 1, :identity, 'A9999ZZ', first_name,"
                " last_name, display_name, presence, no_it_access, source FROM person"
                " WHERE id = :person"
            ),
            {"other": other, "identity": identity, "person": person},
        )
        await session.execute(
            text(
                "UPDATE person SET merged_into = :other, merged_at = now(), presence = 'left'"
                " WHERE id = :person"
            ),
            {"other": other, "person": person},
        )
    [again], _ = await taken(machine, "mentees", changed_since=cursor)
    assert again["mentee"] == row["mentee"]
    assert again["pseudonym"] != row["pseudonym"]


# Whoever stops reading is let go.


async def test_whoever_stops_reading_half_way_leaves_no_connection_and_is_in_the_audit(
    wing: Wing,
) -> None:
    await grown(wing)
    told = Told()
    wanted = Wanted(ExportDataset.history, ExportFormat.ndjson)
    async with aclosing(written(wing.db, machine_of(wing), wanted, SECRET, told)) as pieces:
        left = [await anext(pieces) for _ in range(3)]
        assert await connections(wing.db) == 1
    assert await none_left(wing.db)
    digest = hashlib.sha256(b"".join(left)).hexdigest()
    assert (told.whole, told.sha256) == (False, digest)
    entry = await last_told(wing)
    assert (entry["code"], entry["rows"], entry["sha256"]) == ("broken_off", None, digest)
    assert entry["ids"] == [str(wanted.export_id)]


@pytest.mark.parametrize("goes", ["away", "to sleep"])
async def test_an_answer_that_nobody_takes_ends(
    wing: Wing, goes: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await grown(wing)
    wanted = Wanted(ExportDataset.history, ExportFormat.ndjson)
    reply = ExportReply(wing.db, machine_of(wing), wanted, SECRET)
    reply.patience = 0.3
    sleeping, gone = asyncio.Event(), asyncio.Event()

    async def receive() -> dict[str, str]:
        await (gone if goes == "away" else asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        if message.get("body"):
            sleeping.set()
            gone.set()
            await asyncio.Event().wait()

    if goes == "away":
        await reply({}, receive, send)
    else:
        with pytest.raises(TimeoutError):
            await reply({}, receive, send)
    assert sleeping.is_set()
    assert await none_left(wing.db)
    assert (await last_told(wing))["code"] == "broken_off"


async def test_a_connection_that_breaks_breaks_the_export(wing: Wing) -> None:
    await grown(wing)
    wanted = Wanted(ExportDataset.history, ExportFormat.ndjson)
    told = Told()
    kill = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE application_name = 'wellwing alone'"
    )
    async with aclosing(written(wing.db, machine_of(wing), wanted, SECRET, told)) as pieces:
        await anext(pieces)
        await anext(pieces)
        await wing.db.fetchval(kill)
        with pytest.raises(Exception, match="connection"):
            async for _ in pieces:
                pass
    assert not told.whole
    assert (await last_told(wing))["code"] == "broken_off"


async def test_a_whole_export_is_in_the_audit_with_its_rows_and_its_hash(wing: Wing) -> None:
    await lived(wing)
    machine = await wing.lets_in(ClientScope.export_pseudonymised)
    response = await machine.request("GET", "exports/sessions")
    entry = await last_told(wing)
    assert (entry["code"], entry["rows"], entry["role"]) == (None, 1, "machine")
    assert entry["sha256"] == hashlib.sha256(response.content).hexdigest()
    assert entry["ids"] == [response.headers["X-Export-ID"]]


# Files that others read.


async def files(wing: Wing, dataset: str, folder: Path) -> dict[str, Path]:
    """A dataset in each format, under the same pseudonyms."""
    series = new_id()
    found = {}
    for how in ExportFormat:
        wanted = Wanted(ExportDataset(dataset), how, series=series)
        stream = written(wing.db, machine_of(wing), wanted, SECRET, Told())
        found[how.value] = folder / wanted.file_name
        found[how.value].write_bytes(b"".join([piece async for piece in stream]))
    return found


async def test_duckdb_reads_every_format_back_with_the_right_types(
    wing: Wing, tmp_path: Path
) -> None:
    await lived(wing)
    paths = await files(wing, "sessions", tmp_path)
    read = {"csv": "read_csv", "ndjson": "read_json", "parquet": "read_parquet"}
    rows = {}
    for how, path in paths.items():
        with duckdb.connect() as db:
            db.execute("SET TimeZone = 'UTC'")
            what = f"{read[how]}('{path}')"
            types = {
                name: kind
                for name, kind, *_ in db.execute(f"DESCRIBE SELECT * FROM {what}").fetchall()
            }
            assert types["session"] == types["kind"] == "VARCHAR", how
            assert types["minutes"] == "BIGINT", how
            assert types["noted"] == types["removed"] == "BOOLEAN", how
            spelt = {"ndjson": {"TIMESTAMP", "TIMESTAMP WITH TIME ZONE"}}
            assert types["starts_at"] in spelt.get(how, {"TIMESTAMP WITH TIME ZONE"}), how
            asked = "session, kind, minutes, noted, epoch(starts_at), removed"
            rows[how] = db.execute(f"SELECT {asked} FROM {what}").fetchall()
    assert rows["csv"] == rows["ndjson"] == rows["parquet"]
    assert len(rows["csv"]) == 1


async def test_pandas_reads_every_format_back_with_the_right_types(
    wing: Wing, tmp_path: Path
) -> None:
    world = await lived(wing)
    paths = await files(wing, "outcomes", tmp_path)
    frames = {
        "csv": pandas.read_csv(paths["csv"], parse_dates=["asked_on"]),
        "ndjson": pandas.read_json(paths["ndjson"], lines=True),
        "parquet": pandas.read_parquet(paths["parquet"]),
    }
    for how, frame in frames.items():
        [row] = frame.to_dict("records")
        assert row["total"] == 9.0, how
        assert frame["removed"].dtype == bool, how
        assert frame["instrument_version"].dtype == "int64", how
        assert pandas.Timestamp(row["asked_on"]).date() == world["questionnaire"]["asked_on"], how
        answers = row["answers"]
        assert (json.loads(answers) if isinstance(answers, str) else answers) == {"down": 1}, how
    assert len({frame["outcome"][0] for frame in frames.values()}) == 1


async def test_parquet_says_its_types_and_what_is_empty(wing: Wing, tmp_path: Path) -> None:
    await lived(wing)
    async with wing.db.write(wing.prison_id) as session:
        at = "starts_at = '2026-03-29 01:30:00.25+00', ends_at = '2026-03-29 02:30:00.25+00'"
        await session.execute(text(f"UPDATE session SET {at}, room_id = NULL"))
    table = parquet.read_table((await files(wing, "sessions", tmp_path))["parquet"])
    assert str(table.schema.field("starts_at").type) == "timestamp[us, tz=UTC]"
    [row] = table.to_pylist()
    assert row["starts_at"] == datetime(2026, 3, 29, 1, 30, 0, 250000, UTC)
    assert row["ends_at"] - row["starts_at"] == timedelta(hours=1)
    assert row["room"] is None
    rota = parquet.read_table((await files(wing, "rota", tmp_path))["parquet"])
    assert isinstance(rota["day"][0].as_py(), date)


async def test_an_empty_export_has_its_columns(wing: Wing, tmp_path: Path) -> None:
    paths = await files(wing, "mentors", tmp_path)
    assert paths["csv"].read_text().startswith("mentor,pseudonym,age_band,")
    assert paths["ndjson"].read_bytes() == b""
    assert parquet.read_table(paths["parquet"]).column_names[0] == "mentor"


@pytest.mark.parametrize("how", ["gzip", "zstd"])
async def test_files_are_smaller_and_the_same(wing: Wing, how: str) -> None:
    await lived(wing)
    machine = await wing.lets_in(ClientScope.export_pseudonymised)
    _, cursor = await taken(machine, "rota")
    params = {"same_as": cursor, "format": "csv"}
    plain = await machine.request("GET", "exports/sessions", params=params)
    params["compression"] = how
    smaller = await machine.request("GET", "exports/sessions", params=params)
    if how == "gzip":
        assert gzip.decompress(smaller.content) == plain.content
    else:
        read = zstandard.ZstdDecompressor().stream_reader(io.BytesIO(smaller.content))
        assert read.read() == plain.content


async def test_a_large_file_is_written_in_groups_and_no_row_is_lost() -> None:
    columns = columns_of(DATASETS[ExportDataset.rota], False)
    row = "x{n:024x},x0,,day,ended,2026-01-01,2026-01-01 08:00:00+00,2026-01-01 16:00:00+00,false\n"
    lines = "".join(row.format(n=n) for n in range(5000)).encode()

    async def pieces() -> AsyncGenerator[bytes, None]:
        for at in range(0, len(lines), 7001):  # wherever a line is cut
            yield lines[at : at + 7001]

    made = as_parquet(pieces(), columns, ExportCompression.zstd, 100_000)
    read = parquet.ParquetFile(io.BytesIO(b"".join([piece async for piece in made])))
    assert read.metadata.num_row_groups > 3
    assert read.read(["shift"])["shift"].to_pylist() == [f"x{n:024x}" for n in range(5000)]
