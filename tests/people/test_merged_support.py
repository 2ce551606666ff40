"""What was supported, planned and asked for under two numbers that are one person."""

from datetime import timedelta

import pytest

from app import clock
from tests.non_associations.test_routes import between, imports
from tests.people.test_merges import _all, _plans, _state, mentee_of, merge, person_of, two
from tests.story import Wing


@pytest.mark.parametrize("supports", [True, False], ids=["the mentor", "the mentee"])
async def test_who_is_kept_apart_from_the_removed_number_is_no_longer_a_pair(
    wing: Wing, supports: bool
) -> None:
    """Whichever of the two turns out to have the number; a pair that nothing forbids stays."""
    mentor, mentee, other = await wing.active_mentor(), await wing.engaged(), await wing.engaged()
    forbidden = await wing.pairs(mentor, mentee["id"])
    allowed = await wing.pairs(mentor, other["id"])
    mentors = await person_of(wing, mentor)
    mentees = await wing.support_worker.get(f"people/{mentee['person_id']}")
    kept, apart_from = (mentors, mentees) if supports else (mentees, mentors)
    gone = await wing.person()
    await imports(wing, between(gone["number"], apart_from["number"]))
    assert await _state(wing, "pairings", forbidden) == "live"
    await merge(wing, kept, gone)
    assert await _state(wing, "pairings", forbidden) == "to_reassign"
    assert await _state(wing, "pairings", allowed) == "live"


async def test_who_is_kept_apart_from_a_number_not_known_here_is_no_longer_a_pair(
    wing: Wing,
) -> None:
    """Noted beside the one that is known, or taken on instead of it."""
    for source_id, number, renumbered in ((1, "Z8888YA", False), (2, "Z8888YB", True)):
        mentor, mentee = await wing.active_mentor(), await wing.engaged()
        pairing = await wing.pairs(mentor, mentee["id"])
        theirs = (await person_of(wing, mentor))["number"]
        await imports(wing, between(number, theirs, id=source_id))
        known = await wing.support_worker.get(f"people/{mentee['person_id']}")
        elsewhere = {"number": number}
        both = (elsewhere, known) if renumbered else (known, elsewhere)
        assert (await merge(wing, *both))["outcome"] == ("renumbered" if renumbered else "noted")
        assert await _state(wing, "pairings", pairing) == "to_reassign"


async def test_a_suspended_survivor_leaves_the_work_that_the_active_one_was_to_do(
    wing: Wing,
) -> None:
    active, suspended = await wing.active_mentor(), await wing.active_mentor()
    await wing.clinician.move(f"mentors/{suspended.mentor_id}", "suspended", reason="conduct")
    mentee, learner = await wing.engaged(), await wing.approved()
    pairing = await wing.pairs(active, mentee["id"])
    plan = await _plans(wing, active, mentee, clock.now() + timedelta(hours=2))
    placement = await wing.placed(learner["id"], active)
    supervision = await wing.supervision_of(active)
    await merge(wing, await person_of(wing, active), await person_of(wing, suspended))
    for path, thing, state, reason in (
        ("pairings", pairing, "to_reassign", None),
        ("sessions", plan, "cancelled", "mentor_unavailable"),
        ("placements", placement, "ended", "host_left"),
        ("supervisions", supervision, "cancelled", "mentor_not_active"),
    ):
        assert await _state(wing, path, thing) == state
        history = (await wing.support_worker.get(f"{path}/{thing['id']}/history"))["items"]
        assert (history[-1]["to_state"], history[-1]["reason"]) == (state, reason)
    for kind, whose in (
        ("reassignment_due", str(suspended.mentor_id)),
        ("placement_ended", placement["id"]),
    ):
        [task] = await _all(wing, f"tasks?kind={kind}&status=open")
        assert task["thing_id"] == whose


async def test_a_turn_is_not_lost_with_the_number_it_was_asked_for_under(wing: Wing) -> None:
    """Of two who wait the older entry stays; asked and waiting for longer was the other."""
    kept, gone = await two(wing)
    first = await mentee_of(wing, kept)
    body = {"person_id": gone["id"], "referred_by": "support_worker"}
    asked = clock.now() - timedelta(days=30)
    last = await wing.support_worker.post("mentees", {**body, "occurred_at": str(asked)})
    for mentee in (last, first):
        for to in ("triage", "accepted", "waiting"):
            shown = await wing.support_worker.move(f"mentees/{mentee['id']}", to)
        clock.forward(days=1)
    last = await wing.support_worker.get(f"mentees/{last['id']}")
    assert last["waiting_since"] < shown["waiting_since"]
    await merge(wing, kept, gone)
    stays = await wing.support_worker.get(f"mentees/{first['id']}")
    assert stays["status"] == "waiting"
    assert stays["referred_at"] == last["referred_at"] == clock.spell(asked)
    assert stays["waiting_since"] == last["waiting_since"]
    [waits] = (await wing.support_worker.get("waiting-list"))["items"]
    assert (waits["referred_at"], waits["since"]) == (last["referred_at"], last["waiting_since"])


async def test_who_waits_keeps_their_wait_and_the_earlier_day_they_asked(wing: Wing) -> None:
    kept, gone = await two(wing)
    asked_first = await mentee_of(wing, kept)
    clock.forward(days=2)
    waiting = await mentee_of(wing, gone, "triage", "accepted", "waiting")
    await merge(wing, kept, gone)
    stays = await wing.support_worker.get(f"mentees/{waiting['id']}")
    assert stays["referred_at"] == asked_first["referred_at"]
    assert stays["waiting_since"] == waiting["waiting_since"]
