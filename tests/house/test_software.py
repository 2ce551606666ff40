"""What an investigator asks years later: under what the processes ran, and when none did."""

from datetime import timedelta

from sqlalchemy import text

from app import __version__, clock
from app.config import Settings
from app.models.software import Process
from app.services import software
from app.worker import pulse
from tests.story import Wing


async def test_a_start_names_the_software_and_what_it_decides_by(
    wing: Wing, settings: Settings
) -> None:
    await software.started(wing.db, Process.api, settings)
    row = await wing.db.pool.fetchrow("SELECT * FROM software_start ORDER BY id DESC LIMIT 1")
    assert (row["process"], row["software_version"]) == ("api", __version__)
    assert row["build"] == software.build()
    files = {each["file"] for each in software.reference_digests()}
    assert {"escalation.toml", "curriculum.toml", "confidentiality.toml"} <= files


def test_secrets_leave_no_trace_in_the_digest_and_decisions_do(settings: Settings) -> None:
    before = software.settings_digest(settings)
    secret = settings.model_copy(update={"secret_key": settings.rate_limit_storage})
    assert software.settings_digest(secret) == before
    decided = settings.model_copy(update={"rate_limit_pairs": "1/hour"})
    assert software.settings_digest(decided) != before


async def outages(wing: Wing) -> list[float]:
    rows = await wing.db.fetch(wing.prison_id, "SELECT began_at, ended_at FROM outage")
    return [(row["ended_at"] - row["began_at"]).total_seconds() for row in rows]


async def swept_before(wing: Wing, seconds: float) -> None:
    at = clock.real_now() - timedelta(seconds=seconds)
    change = text("UPDATE sweep_pulse SET swept_at = :at WHERE prison_id = :prison")
    async with wing.db.write(wing.prison_id) as session:
        await session.execute(change, {"at": at, "prison": wing.prison_id})


async def test_a_gap_between_pulses_is_an_outage_and_a_breath_is_none(wing: Wing) -> None:
    await pulse(wing.db, wing.prison_id)
    await swept_before(wing, 50)
    await pulse(wing.db, wing.prison_id)
    assert await outages(wing) == []
    await swept_before(wing, 300)
    await pulse(wing.db, wing.prison_id)
    await pulse(wing.db, wing.prison_id)
    (seconds,) = await outages(wing)
    assert 300 <= seconds < 360


async def test_an_outage_stands_in_the_chronology(wing: Wing) -> None:
    person = await wing.person()
    body = {"person_id": person["id"], "reason": "investigation"}
    await wing.governor.post("legal-holds", body)
    await pulse(wing.db, wing.prison_id)
    await swept_before(wing, 300)
    await pulse(wing.db, wing.prison_id)
    told = (await wing.governor.get(f"people/{person['id']}/chronology"))["items"]
    assert [each["kind"] for each in told if each["thing"]["noun"] == "outage"] == ["outage"]


async def test_what_was_so_cannot_be_changed(wing: Wing) -> None:
    granted = await wing.db.pool.fetch(
        "SELECT table_name FROM information_schema.role_table_grants WHERE grantee = current_user"
        " AND privilege_type IN ('UPDATE', 'TRUNCATE')"
        " AND table_name IN ('former_value', 'software_start', 'outage')"
    )
    assert granted == []
