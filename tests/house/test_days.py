"""A few simulated days in a few prisons: nothing is missed, and the checker sees what would be."""

from collections.abc import Iterator

import pytest
import structlog
from sqlalchemy import text

from app import logs
from app.db import Database
from benchmarks.days import changing
from benchmarks.days.__main__ import HARM, SOUGHT, failed, figures
from benchmarks.days.checker import Verdict
from benchmarks.days.living import Days, Plan

WELL: dict[str, object] = {**dict.fromkeys(HARM, 0), **dict.fromkeys(SOUGHT, 1)}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    before = structlog.get_config()
    logs.configure("CRITICAL")
    yield
    structlog.configure(**before)


async def lives(
    db: Database, seed: str, *prisons: str, concerns: float = 1.5, broken: str = ""
) -> Days:
    """Two days in these prisons, with rows put off past the engine more often than in a month."""
    parts = frozenset({broken} if broken else ())
    lived = Days(db, Plan(seed, prisons, 2, concerns, breaks_a_day=3, broken=parts))
    await lived.live()
    return lived


async def test_two_days_in_two_prisons_miss_no_deadline(db: Database) -> None:
    found = figures(await lives(db, "1", "YAA", "YAB"))
    assert not failed(found), found
    assert found["mended"], "a next step was put off, and brought back"


@pytest.mark.parametrize(
    ("broken", "harm", "concerns"),
    [("reconciler", "open_without_next_step", 1.5), ("lapse", "held_by_nobody", 4)],
)
async def test_without_a_part_of_the_engine_harm_is_seen(
    db: Database, broken: str, harm: str, concerns: float
) -> None:
    for name in "ABC":  # chance may spare two days, hardly six
        lived = await lives(
            db, name, f"Y{broken[0].upper()}{name}", concerns=concerns, broken=broken
        )
        found = figures(lived)
        if found[harm]:
            break
    assert found[harm], found
    assert failed(found)


async def test_a_shift_handed_over_of_which_nobody_was_told_is_seen(db: Database) -> None:
    lived = await lives(db, "1", "YHA")
    assert lived.verdict.handovers > lived.verdict.unanswered_untold == 0
    async with db.write("YHA") as session:
        sooner = "UPDATE notification SET recorded_at = recorded_at - interval '9 days'"
        await session.execute(text(f"{sooner} WHERE task_id IS NOT NULL"))
    seen = Verdict()
    await changing.judge(db, "YHA", seen, lived.outages, lived.plan.last)
    assert seen.unanswered_untold


def test_a_run_without_harm_passes() -> None:
    assert not failed(WELL)


@pytest.mark.parametrize("name", HARM)
def test_any_harm_fails_the_run(name: str) -> None:
    assert failed({**WELL, name: 1})


@pytest.mark.parametrize("name", SOUGHT)
def test_a_run_in_which_nothing_happened_fails(name: str) -> None:
    assert failed({**WELL, name: 0})
