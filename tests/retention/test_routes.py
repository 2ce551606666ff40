"""What has expired loses its words, and at last its person; never under a legal hold."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from app import clock
from app.db import Database
from app.worker import expire
from tests.story import Wing

YEAR = timedelta(days=365.25)
WORDS = "Keeps to his cell since Monday."


@contextmanager
def ago(years: float) -> Iterator[None]:
    """What happens inside happened so many years ago."""
    before = clock.offset()
    clock.set_offset(before - years * YEAR)
    try:
        yield
    finally:
        clock.set_offset(before)


async def gone(wing: Wing, years: float) -> Any:
    """A man whose support ended, and who left, so many years ago."""
    with ago(years):
        mentee = await wing.engaged(referral_reason=WORDS)
        path = f"mentees/{mentee['id']}"
        await wing.support_worker.move(path, "transferred", note="To the north.")
        await wing.presence(mentee["person_id"], "left")
    return mentee


async def kept(db: Database, prison_id: str, words: str) -> int:
    """How many rows of any table still hold these words."""
    found = 0
    async with db.write(prison_id) as session:
        tables = await session.execute(
            text(
                "SELECT table_name FROM information_schema.columns WHERE column_name = 'prison_id'"
                " AND table_schema = 'public'"
            )
        )
        for name in tables.scalars().all():
            if name == "idempotency_key":
                continue
            rows = await session.execute(
                text(f"SELECT count(*) FROM {name} t WHERE t::text LIKE :words"),
                {"words": f"%{words}%"},
            )
            found += rows.scalar_one()
    return found


async def test_after_twenty_years_the_words_are_gone_and_the_man_is_a_pseudonym(
    wing: Wing, db: Database
) -> None:
    mentee = await gone(wing, 21)
    person = await wing.support_worker.get(f"people/{mentee['person_id']}")
    assert await kept(db, wing.prison_id, WORDS) > 0
    assert await expire(db, wing.prison_id) == 3
    assert await kept(db, wing.prison_id, WORDS) == 0
    after = await wing.support_worker.get(f"people/{mentee['person_id']}")
    assert after["display_name"].startswith("Former participant *")
    for name in ("date_of_birth", "cell_location", "middle_names"):
        assert after[name] is None
    for word in (person["number"], person["last_name"], person["cell_location"]):
        assert await kept(db, wing.prison_id, word) == 0
    assert (await wing.governor.get(f"mentees/{mentee['id']}"))["status"] == "transferred"


async def test_before_its_years_are_over_nothing_is_taken(wing: Wing, db: Database) -> None:
    await gone(wing, 6.9)
    assert await expire(db, wing.prison_id) == 0
    assert await kept(db, wing.prison_id, WORDS) > 0


async def test_each_class_has_its_own_years(wing: Wing, db: Database) -> None:
    mentee = await gone(wing, 8)
    shown = await wing.governor.get("retention")
    due = {each["retention_class"]: each["due"] for each in shown["classes"]}
    assert due == {"scheme_administration": 1, "mental_health_record": 0, "audit": 0}
    assert shown["due"][0]["person_id"] == mentee["person_id"]
    assert await expire(db, wing.prison_id) == 1
    assert await kept(db, wing.prison_id, WORDS) > 0  # the mental-health record stays
    assert await expire(db, wing.prison_id) == 0  # once is enough


async def test_a_dry_run_says_what_and_changes_nothing(wing: Wing, db: Database) -> None:
    await gone(wing, 21)
    before = await wing.governor.get("retention")
    assert sum(each["due"] for each in before["classes"]) == 3
    assert await wing.governor.get("retention") == before
    assert await kept(db, wing.prison_id, WORDS) > 0


async def test_a_legal_hold_keeps_everything(wing: Wing, db: Database) -> None:
    mentee = await gone(wing, 21)
    body = {"person_id": mentee["person_id"], "reason": "investigation"}
    await wing.governor.post("legal-holds", body)
    assert (await wing.governor.get("retention"))["held"] == 1
    assert await expire(db, wing.prison_id) == 0
    assert await kept(db, wing.prison_id, WORDS) > 0


async def test_whoever_is_here_or_still_supported_keeps_their_record(
    wing: Wing, db: Database
) -> None:
    with ago(21):
        mentee = await wing.engaged(referral_reason=WORDS)
    assert await expire(db, wing.prison_id) == 0
    await wing.presence(mentee["person_id"], "left")
    assert await expire(db, wing.prison_id) == 0  # a live episode


async def test_what_a_man_said_of_another_stays_with_the_other(wing: Wing, db: Database) -> None:
    with ago(21):
        mentor = await wing.active_mentor()
        other = await wing.person()
        body = {"kind": "welfare", "immediacy": "today", "account": "He has stopped eating."}
        await mentor.post("concerns", {**body, "subject_person_id": other["id"]})
        path = f"mentors/{mentor.mentor_id}"
        await wing.support_worker.move(path, "stepped_down", reason="own_wish")
        await wing.presence(str(mentor.person_id), "left")
    assert await expire(db, wing.prison_id) > 0
    assert await kept(db, wing.prison_id, "He has stopped eating.") > 0


@pytest.mark.parametrize("name", ["support_worker", "clinician", "nurse", "officer"])
async def test_only_governors_ask_what_is_due(wing: Wing, name: str) -> None:
    await getattr(wing, name).get("retention", expect=403)


async def test_answers_kept_under_keys_go_after_a_week(wing: Wing, db: Database) -> None:
    body = {"number": "A3333AA", "first_name": "Jo", "last_name": "Keyless"}
    await wing.support_worker.post("people", body, headers={"Idempotency-Key": "k"})
    clock.forward(days=8)
    await expire(db, wing.prison_id)
    async with db.write(wing.prison_id) as session:
        left = await session.execute(text("SELECT count(*) FROM idempotency_key"))
    assert left.scalar_one() == 0


async def test_nobody_empties_a_version_that_is_younger(wing: Wing, db: Database) -> None:
    mentee = await wing.engaged(referral_reason=WORDS)
    async with db.write(wing.prison_id) as session:
        emptied = await session.execute(
            text("SELECT expire_texts(:prison, ARRAY[CAST(:id AS uuid)], 'infinity')"),
            {"prison": wing.prison_id, "id": mentee["id"]},
        )
    assert emptied.scalar_one() == 0
    assert await kept(db, wing.prison_id, WORDS) > 0


async def test_whom_a_man_knew_and_was_kept_from_goes_with_him(wing: Wing, db: Database) -> None:
    mentee = await gone(wing, 21)
    person = await wing.support_worker.get(f"people/{mentee['person_id']}")
    said = {"person_id": person["id"], "other_as_told": "Danny off C wing", "relation": "debt"}
    pair = {
        "id": 1,
        "firstPrisonerNumber": person["number"],
        "secondPrisonerNumber": "Y6001YY",
        "restrictionType": "WING",
        "isOpen": True,
    }
    with ago(21):
        await wing.support_worker.post("acquaintances", said)
        await wing.support_worker.post("non-associations/import", [pair])
    await expire(db, wing.prison_id)
    for word in (person["number"], "Y6001YY", "Danny off C wing"):
        assert await kept(db, wing.prison_id, word) == 0
