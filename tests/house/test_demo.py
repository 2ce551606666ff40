"""The demo wing is of the published size, obeys every rule, and is the same each time."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from app import clock, demo, migrate
from app.access import Actor
from app.config import ConfigurationError, settings
from app.db import Database
from app.embedded import EmbeddedPostgres
from app.models.concerns import ConcernStatus
from app.models.outcome_cohorts import OutcomeCohort
from app.models.report_tables import ReportName
from app.models.staff import Role
from app.scope import everything
from app.services.export_jobs.shelf import Shelf
from app.services.reports import outcomes, report

pytestmark = pytest.mark.xdist_group("demo")  # one worker loads what they share

PRISON = "SLI"
GOVERNOR = Actor(PRISON, "governor.sli", Role.governor)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where files of exports are put."""
    folder = tmp_path_factory.mktemp("exports")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WELLWING_EXPORT_DIR", str(folder))
        settings.cache_clear()
        yield folder
    settings.cache_clear()


@pytest.fixture(scope="module")
async def loaded(postgres: EmbeddedPostgres, shelf: Path) -> AsyncIterator[Database]:
    """A database of its own with the demo wing in it."""
    postgres.drop_database("demo_wing")
    postgres.ensure_database("demo_wing")
    await asyncio.to_thread(migrate.upgrade, postgres.owner_url("demo_wing"))
    db = Database(postgres.application_url("demo_wing"))
    await db.open()
    await demo.load(db, PRISON)
    yield db
    await db.close()


async def counted(db: Database, sql: str) -> dict[str, int]:
    return {str(row[0]): row[1] for row in await db.fetch(PRISON, sql)}


async def one(db: Database, sql: str) -> Any:
    row = await db.fetchrow(PRISON, sql)
    assert row is not None
    return row[0]


async def test_it_has_the_published_size(loaded: Database) -> None:
    assert await one(loaded, "SELECT count(*) FROM mentor") == 10
    assert await one(loaded, "SELECT count(*) FROM mentee") == 250
    by_day = "SELECT count(DISTINCT starts_at::date) FROM session WHERE kind <> 'night_callout'"
    assert await one(loaded, by_day) >= 20
    assert await one(loaded, "SELECT count(*) FROM wing WHERE dedicated") == 1
    assert await one(loaded, "SELECT count(*) FROM room") >= 4


async def test_mentors_stand_in_different_states_of_life(loaded: Database) -> None:
    states = await counted(loaded, "SELECT status, count(*) FROM mentor GROUP BY 1")
    assert states["active"] == 5
    assert {"paused", "suspended", "shadowing", "governor_review", "submitted"} <= set(states)


async def test_there_is_a_concern_in_every_state(loaded: Database) -> None:
    states = await counted(loaded, "SELECT status, count(*) FROM concern GROUP BY 1")
    assert set(states) == {status.value for status in ConcernStatus}


async def test_concerns_reach_people_as_two_agreed_and_are_handed_on(loaded: Database) -> None:
    policy = "SELECT status, count(*) FROM escalation_policy GROUP BY 1"
    assert await counted(loaded, policy) == {"in_force": 1}
    texts = "SELECT status, count(*) FROM delivery WHERE notification_id IS NOT NULL"
    texts += " AND channel = 'sms' GROUP BY 1"
    assert await counted(loaded, texts) == {"delivered": 1, "failed": 1}
    sooner = "SELECT count(*) FROM history WHERE reason = 'page_not_delivered'"
    assert await one(loaded, sooner) == 1
    taken = "SELECT status, count(*) FROM handover GROUP BY 1"
    assert await counted(loaded, taken) == {"accepted": 2}
    as_said = "SELECT count(*) FROM concern WHERE immediacy_as_said = 'HIGH!!'"
    assert await one(loaded, as_said) == 1
    there = "SELECT count(*) FROM concern WHERE received_there_by = 'Nurse Testwell'"
    assert await one(loaded, there) == 1


async def test_clinicians_share_the_nights_and_the_last_was_handed_over_with_a_note(
    loaded: Database,
) -> None:
    nights = "SELECT post, count(*) FROM duty_pattern WHERE made_until > now() GROUP BY 1"
    assert await counted(loaded, nights) == {"clinician": 2}
    to_come = "SELECT count(*) FROM duty WHERE pattern_id IS NOT NULL AND starts_at > now()"
    assert await one(loaded, to_come) >= 160
    overnight = (
        "SELECT count(*) FROM handover h WHERE notes <> '' AND accepted_at IS NOT NULL"
        " AND EXISTS (SELECT FROM duty d WHERE d.staff_id = h.to_staff_id"
        " AND d.pattern_id IS NOT NULL AND h.recorded_at >= d.starts_at"
        " AND h.recorded_at < d.ends_at)"
    )
    assert await one(loaded, overnight) >= 1


async def test_last_months_figures_wait_for_a_governor_and_a_file_was_written(
    loaded: Database,
) -> None:
    assert await one(loaded, "SELECT status FROM publication") == "prepared"
    assert await one(loaded, "SELECT jsonb_array_length(tables) FROM publication") >= 10
    job = await loaded.fetchrow(PRISON, "SELECT * FROM export_job")
    assert job is not None
    assert (job["status"], job["dataset"], job["identifiable"]) == ("ready", "sessions", False)
    assert job["rows"] >= 200
    assert Shelf(settings()).whole(PRISON, job["id"], job["attempts"], job["bytes"])


async def test_a_glass_was_broken_and_its_review_is_done(loaded: Database) -> None:
    assert await one(loaded, "SELECT status FROM break_glass") == "reviewed_justified"
    tasks = "SELECT kind, count(*) FROM task WHERE status = 'done' GROUP BY 1"
    assert (await counted(loaded, tasks))["break_glass_review"] == 1


async def test_a_clearance_about_to_end_was_extended_and_a_suspension_looked_at(
    loaded: Database,
) -> None:
    stands = "SELECT count(*) FROM clearance WHERE superseded_at IS NULL"
    assert await one(loaded, stands) == await one(
        loaded, "SELECT count(*) FROM mentor WHERE clearance IS NOT NULL"
    )
    assert await one(loaded, f"{stands} AND extended_to IS NOT NULL") == 1
    tasks = "SELECT kind || ' ' || status, count(*) FROM task GROUP BY 1"
    counts = await counted(loaded, tasks)
    assert counts["clearance_review open"] == 1
    assert counts["suspension_review done"] == counts["suspension_review open"] == 1


async def test_every_referral_was_triaged_or_waits_for_it(loaded: Database) -> None:
    tasks = "SELECT status, count(*) FROM task WHERE kind = 'triage_due' GROUP BY 1"
    assert await counted(loaded, tasks) == {"done": 242, "open": 8}


async def test_plans_are_shared_in_part_and_complaints_answered_or_waiting(
    loaded: Database,
) -> None:
    shared = "SELECT share_with_mentor::text, count(*) FROM goal GROUP BY 1"
    assert await counted(loaded, shared) == {"true": 6, "false": 3}
    states = await counted(loaded, "SELECT status, count(*) FROM complaint GROUP BY 1")
    assert states == {"closed": 1, "received": 1}
    assert await one(loaded, "SELECT count(*) FROM turned_away") == 2


async def test_the_published_figures_come_from_sixty_of_its_mentees(loaded: Database) -> None:
    assert await one(loaded, "SELECT size FROM outcome_cohort WHERE status = 'frozen'") == 60
    async with loaded.write("SLI") as session:
        cohort = (await session.scalars(everything(OutcomeCohort, "SLI"))).one()
        found = await outcomes.report(session, cohort)
    told = {each.indicator: (each.percent, each.ratio) for each in found.indicators}
    assert told == {
        "ever_self_harm": (63, "38/60"),
        "current_self_harm": (24, "14/59"),
        "self_harm_improved": (57, "8/14"),
        "suicidal": (78, "47/60"),
        "suicidal_improved": (66, "31/47"),
    }
    assert (found.followed_up, found.lost) == (60, {})
    assert await one(loaded, "SELECT count(*) FROM task WHERE kind = 'answer_review'") == 0


async def test_lives_are_told_by_three_kinds_of_fact_and_a_round_of_the_survey_is_counted(
    loaded: Database,
) -> None:
    facts = await counted(loaded, "SELECT fact, count(*) FROM life_event GROUP BY 1")
    assert facts == {"staff_recorded": 24, "self_report": 16, "clinical_finding": 16}
    assert await one(loaded, "SELECT sum(number) FROM survey_tally WHERE question = 'forms'") == 14
    assert await one(loaded, "SELECT count(*) FROM survey_code") == 0
    year_ago = clock.now().date() - timedelta(days=365)
    async with loaded.write(PRISON) as session:
        found = {
            name: {
                each.table: each
                for each in (await report(session, GOVERNOR, name, year_ago, None)).tables
            }
            for name in (ReportName.life_events, ReportName.experience)
        }
    assert found[ReportName.life_events]["staff_recorded"].rows
    assert [row.value for row in found[ReportName.life_events]["incidents_by_month"].rows] == [
        13, 12, 12, 9, 7, 6,
    ]  # fmt: skip
    assert {row.of for row in found[ReportName.experience]["mentees_1"].rows} == {14}


async def test_clinicians_wrote_notes_and_a_plan_is_shared_in_part(loaded: Database) -> None:
    assert await one(loaded, "SELECT count(*) FROM clinical_note") == 2
    ticked = "SELECT shared_with_mentor::text, count(*) FROM safety_item GROUP BY 1"
    assert await counted(loaded, ticked) == {"true": 4, "false": 3}
    fields = "SELECT field, count(*) FROM text_version WHERE noun = 'clinical_note' GROUP BY 1"
    assert await counted(loaded, fields) == {"text": 4, "addendum": 2}


async def test_sessions_lie_behind_us_and_ahead(loaded: Database) -> None:
    states = await counted(loaded, "SELECT status, count(*) FROM session GROUP BY 1")
    assert {"planned", "held", "noted", "cancelled"} <= set(states)
    parts = await counted(loaded, "SELECT status, count(*) FROM participation GROUP BY 1")
    assert {"offered", "attended", "dna", "cancelled"} <= set(parts)
    late = "SELECT count(*) FROM session WHERE status = 'planned' AND starts_at < now()"
    assert await one(loaded, late) <= 8  # today's, at the most


async def test_a_course_is_full_and_two_wait_for_a_place(loaded: Database) -> None:
    states = await counted(loaded, "SELECT status, count(*) FROM enrolment GROUP BY 1")
    assert states == {"accepted": 6, "waiting": 2}
    assert await one(loaded, "SELECT count(*) FROM occurrence WHERE superseded_at IS NULL") == 8
    assert await one(loaded, "SELECT count(*) FROM prison_event") == 3


async def test_a_rota_stands_and_was_served_day_and_night(loaded: Database) -> None:
    assert await one(loaded, "SELECT status FROM rota") == "published"
    states = await counted(loaded, "SELECT status, count(*) FROM shift GROUP BY 1")
    assert {"ended", "accepted", "uncovered", "swap_requested"} <= set(states)
    late = "SELECT count(*) FROM shift WHERE status IN ('published', 'accepted')"
    assert await one(loaded, f"{late} AND starts_at < now() - interval '1 minute'") == 0
    requests = await counted(loaded, "SELECT status, count(*) FROM contact_request GROUP BY 1")
    assert sum(requests.values()) >= 2
    assert set(requests) <= {"ended", "unmet"}
    called = "SELECT count(*) FROM session WHERE kind = 'night_callout'"
    assert await one(loaded, called) == requests.get("ended", 0)


async def test_everything_that_stands_somewhere_has_a_history(loaded: Database) -> None:
    for table in ("mentor", "mentee", "session", "concern", "pairing", "training", "task", "shift"):
        without = (
            f"SELECT count(*) FROM {table} t WHERE NOT EXISTS"
            " (SELECT FROM history h WHERE h.thing_id = t.id AND h.to_state = t.status)"
        )
        assert await one(loaded, without) == 0, table


async def test_every_active_mentor_has_all_that_it_takes(loaded: Database) -> None:
    missing = (
        "SELECT count(*) FROM mentor m WHERE status = 'active' AND (clearance <> 'cleared'"
        " OR clearance_to < current_date OR agreement_signed_at IS NULL OR supervisor_id IS NULL"
        " OR 5 <> (SELECT count(*) FROM training t WHERE t.mentor_id = m.id"
        "          AND t.status = 'competent' AND t.expires_on >= current_date))"
    )
    assert await one(loaded, missing) == 0


async def test_nobody_in_it_could_be_mistaken_for_a_real_person(loaded: Database) -> None:
    assert await one(loaded, "SELECT count(*) FROM person WHERE number NOT LIKE 'Z%'") == 0
    assert await loaded.pool.fetchval("SELECT demo FROM prison WHERE id = 'SLI'")


async def test_the_worker_finds_nothing_overdue_by_hours(loaded: Database) -> None:
    overdue = (
        "SELECT count(*) FROM concern WHERE status NOT IN ('closed', 'merged_duplicate')"
        " AND next_step_at < now() - interval '1 hour'"
    )
    assert await one(loaded, overdue) == 0


async def test_loading_leaves_the_clock_and_refuses_a_second_time(loaded: Database) -> None:
    before = clock.offset()
    with pytest.raises(ConfigurationError, match="already"):
        await demo.load(loaded, PRISON)
    assert clock.offset() == before
