"""Two numbers that are one person: nothing is lost, and either number finds it."""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import text

from app import clock, worker
from app.cli import merging
from app.config import Settings
from app.db import Database
from app.integrations.prison import merged_events, synthetic
from app.integrations.prison.documents import FileRefused
from app.models.base import metadata
from app.models.retention import Expiry
from app.services.people.carrying import NOT_CARRIED, pointing_at
from tests.story import Caller, Wing


async def merge(wing: Wing, kept: Any, gone: Any, expect: int = 200, **how: Any) -> Any:
    by: Caller = how.get("by") or wing.support_worker
    body = {"number": kept["number"], "removed_number": gone["number"]}
    return await by.post("people/merges", body, expect)


async def two(wing: Wing, **fields: Any) -> tuple[Any, Any]:
    return await wing.person(), await wing.person(**fields)


async def found(wing: Wing, number: str) -> list[str]:
    page = await wing.support_worker.get("people", params={"number": number})
    return [each["id"] for each in page["items"]]


async def mentee_of(wing: Wing, person: Any, *ways: str) -> Any:
    body = {"person_id": person["id"], "referred_by": "support_worker"}
    mentee = await wing.support_worker.post("mentees", body)
    for to in ways:
        mentee = await wing.support_worker.move(f"mentees/{mentee['id']}", to)
    return mentee


async def engaged(wing: Wing, person: Any) -> Any:
    mentee = await mentee_of(wing, person, "triage", "accepted", "waiting", "offered")
    await wing.consents(mentee["id"])
    await wing.checks(mentee["id"], "compatibility")
    return await wing.support_worker.move(f"mentees/{mentee['id']}", "engaged")


async def person_of(wing: Wing, caller: Caller) -> Any:
    return await wing.support_worker.get(f"people/{caller.person_id}")


async def test_either_number_finds_the_one_person_and_the_removed_is_not_listed(
    wing: Wing,
) -> None:
    kept, gone = await two(wing)
    merged = await merge(wing, kept, gone)
    assert merged["outcome"] == "merged"
    assert merged["warnings"] == []
    assert merged["person_id"] == kept["id"]
    assert merged["numbers"] == sorted([kept["number"], gone["number"]])
    assert await found(wing, kept["number"]) == await found(wing, gone["number"]) == [kept["id"]]
    assert [each["id"] for each in (await wing.support_worker.get("people"))["items"]] == [
        kept["id"]
    ]
    await wing.support_worker.get(f"people/{gone['id']}", 404)
    refused = await wing.support_worker.post("people", _new(gone["number"]), 409)
    assert refused["code"] == "already_exists"


def _new(number: str) -> dict[str, Any]:
    return {"number": number, "first_name": "Jo", "last_name": "Sampleford"}


async def test_the_same_merge_again_changes_nothing(wing: Wing) -> None:
    kept, gone = await two(wing)
    await merge(wing, kept, gone)
    before = await wing.support_worker.get(f"people/{kept['id']}")
    again = await merge(wing, kept, gone)
    assert (again["outcome"], again["ended"], again["aside"]) == ("unchanged", [], [])
    assert await wing.support_worker.get(f"people/{kept['id']}") == before


async def test_dates_of_birth_that_differ_are_told_and_stop_nothing(wing: Wing) -> None:
    kept, gone = await two(wing, date_of_birth="1971-05-01")
    assert (await merge(wing, kept, gone))["warnings"] == ["date_of_birth_differs"]
    assert (await wing.support_worker.get(f"people/{kept['id']}"))["date_of_birth"] == "1990-02-28"


async def test_who_may_tell_of_a_merge(wing: Wing) -> None:
    kept, gone = await two(wing)
    for caller in (wing.governor, wing.clinician, wing.officer, wing.as_person(kept["id"])):
        await merge(wing, kept, gone, 403, by=caller)
    reader = await wing.lets_in("concerns.read")
    await merge(wing, kept, gone, 403, by=reader)
    machine = await wing.lets_in("events.write")
    told = await merge(wing, kept, gone, by=machine)
    assert told == {"number": kept["number"], "outcome": "merged", "warnings": []}


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"number": "A1234BC", "removed_number": "a1234bc"}, "removed_number"),
        ({"number": "1234", "removed_number": "A1234BC"}, "number"),
        ({"number": "A1234BC"}, "removed_number"),
    ],
)
async def test_a_mistake_names_its_field(wing: Wing, body: dict[str, str], named: str) -> None:
    refused = await wing.support_worker.post("people/merges", body, 422)
    assert refused["errors"][0]["field"].endswith(named)


async def test_a_number_that_is_nobodys_here_is_noted_or_taken_on(wing: Wing) -> None:
    one, other = await two(wing)
    elsewhere = {"number": "Z9999ZA"}
    noted = await merge(wing, one, elsewhere)
    assert (noted["outcome"], noted["numbers"]) == ("noted", sorted([one["number"], "Z9999ZA"]))
    assert await found(wing, "Z9999ZA") == [one["id"]]
    assert (await merge(wing, one, elsewhere))["outcome"] == "unchanged"
    renumbered = await merge(wing, {"number": "Z9999ZB"}, other)
    assert (renumbered["outcome"], renumbered["number"]) == ("renumbered", "Z9999ZB")
    assert await found(wing, other["number"]) == await found(wing, "Z9999ZB") == [other["id"]]
    assert (await merge(wing, {"number": "Z9999ZC"}, {"number": "Z9999ZD"}, 404))["status"] == 404


async def test_chains_come_to_one_in_either_order(wing: Wing) -> None:
    for forwards in (True, False):
        a, b, c = [await wing.person() for _ in range(3)]
        steps = [(b, a), (c, b)]
        for kept, gone in steps if forwards else reversed(steps):
            await merge(wing, kept, gone)
        for number in (a["number"], b["number"], c["number"]):
            assert await found(wing, number) == [c["id"]]
        assert (await merge(wing, c, a))["outcome"] == "unchanged"


async def test_opposite_merges_at_once_make_one_person(wing: Wing) -> None:
    one, other = await two(wing)
    answers = await asyncio.gather(merge(wing, one, other), merge(wing, other, one))
    assert sorted(each["outcome"] for each in answers) == ["merged", "unchanged"]
    assert len({each["person_id"] for each in answers}) == 1
    late = next(each for each in answers if each["outcome"] == "unchanged")
    assert late["warnings"] == ["kept_under_another_number"]


async def test_the_token_of_the_removed_number_opens_nothing(wing: Wing) -> None:
    mentor = await wing.active_mentor()
    kept = await wing.person()
    await mentor.get("mentors")
    await merge(wing, kept, await person_of(wing, mentor))
    for path in ("mentors", "people", "wing-places"):
        await mentor.get(path, 403)
    now = wing.as_person(kept["id"], str(mentor.mentor_id))
    assert [each["id"] for each in (await now.get("mentors"))["items"]] == [str(mentor.mentor_id)]


async def test_a_suspension_is_never_merged_away(wing: Wing) -> None:
    """The younger is suspended, the older active; and the token becomes a suspended mentor's."""
    active, suspended = await wing.active_mentor(), await wing.active_mentor()
    mentee = await wing.engaged()
    pairing = await wing.pairs(active, mentee["id"])
    path = f"mentors/{suspended.mentor_id}"
    await wing.clinician.move(path, "suspended", reason="conduct")
    merged = await merge(wing, await person_of(wing, active), await person_of(wing, suspended))
    assert {each["id"] for each in merged["ended"]} == {str(active.mentor_id)}
    ended = await wing.support_worker.get(f"mentors/{active.mentor_id}")
    stays = await wing.support_worker.get(path)
    assert (ended["status"], stays["status"]) == ("merged", "suspended")
    assert stays["person_id"] == ended["person_id"] == str(active.person_id)
    shown = await wing.support_worker.get(f"pairings/{pairing['id']}")
    assert (shown["status"], shown["mentor_id"]) == ("to_reassign", str(suspended.mentor_id))
    history = await wing.governor.get(f"mentors/{active.mentor_id}/history")
    assert (history["items"][-1]["to_state"], history["items"][-1]["reason"]) == (
        "merged", "merged",
    )  # fmt: skip
    token = wing.as_person(str(active.person_id))
    await token.get("pairings", 403)
    await token.get("concerns")
    moves = (await wing.governor.get(f"mentors/{active.mentor_id}"))["moves"]
    assert moves == []


async def test_support_goes_on_and_the_request_beside_it_ends(wing: Wing) -> None:
    kept, gone = await two(wing)
    waiting = await mentee_of(wing, kept, "triage", "accepted", "waiting")
    supported = await engaged(wing, gone)
    mentor = await wing.active_mentor()
    pairing = await wing.pairs(mentor, supported["id"])
    merged = await merge(wing, kept, gone)
    assert [each["id"] for each in merged["ended"]] == [waiting["id"]]
    shown = await wing.support_worker.get(f"mentees/{supported['id']}")
    assert (shown["status"], shown["person_id"]) == ("engaged", kept["id"])
    assert (await wing.support_worker.get(f"mentees/{waiting['id']}"))["status"] == "merged"
    assert (await wing.support_worker.get(f"pairings/{pairing['id']}"))["status"] == "live"
    assert [each["id"] for each in (await mentor.get("mentees"))["items"]] == [supported["id"]]


async def test_pairings_and_plans_of_both_go_on_where_they_do_not_collide(wing: Wing) -> None:
    kept, gone = await two(wing)
    one, other = await engaged(wing, kept), await engaged(wing, gone)
    mentor, second = await wing.active_mentor(), await wing.active_mentor()
    first_pair = await wing.pairs(mentor, one["id"])
    double = await wing.pairs(mentor, other["id"])
    carried = await wing.pairs(second, other["id"])
    at = clock.now() + timedelta(hours=2)
    clashing = await _plans(wing, mentor, one, at), await _plans(wing, second, other, at)
    later = await _plans(wing, second, other, at + timedelta(hours=3))
    merged = await merge(wing, kept, gone)
    ended = {each["id"] for each in merged["ended"]}
    assert {double["id"], other["id"]} <= ended
    status = {each["id"]: each["status"] for each in await _all(wing, "pairings")}
    assert status[first_pair["id"]] == status[carried["id"]] == "live"
    assert status[double["id"]] == "ended"
    assert await _state(wing, "sessions", clashing[0]) == "planned"
    assert await _state(wing, "sessions", clashing[1]) == "cancelled"
    shown = await wing.support_worker.get(f"sessions/{later['id']}")
    assert shown["status"] == "planned"
    assert [each["mentee_id"] for each in shown["participations"]] == [one["id"]]


async def _plans(wing: Wing, mentor: Caller, mentee: Any, at: Any) -> Any:
    body = {
        "kind": "one_to_one",
        "mentor_id": str(mentor.mentor_id),
        "mentee_ids": [mentee["id"]],
        "starts_at": str(at),
        "ends_at": str(at + timedelta(hours=1)),
    }
    return await wing.support_worker.post("sessions", body)


async def _all(wing: Wing, path: str) -> list[Any]:
    return list((await wing.support_worker.get(path))["items"])


async def _state(wing: Wing, path: str, thing: Any) -> str:
    return str((await wing.support_worker.get(f"{path}/{thing['id']}"))["status"])


async def test_nobody_becomes_their_own_mentor(wing: Wing) -> None:
    mentor, mentee = await wing.active_mentor(), await wing.engaged()
    pairing = await wing.pairs(mentor, mentee["id"])
    plan = await _plans(wing, mentor, mentee, clock.now() + timedelta(hours=2))
    kept = await person_of(wing, mentor)
    gone = await wing.support_worker.get(f"people/{mentee['person_id']}")
    await merge(wing, kept, gone)
    assert await _state(wing, "pairings", pairing) == "ended"
    assert await _state(wing, "sessions", plan) == "cancelled"
    assert await _state(wing, "mentees", mentee) == "engaged"


async def test_of_what_one_can_have_once_one_stays(wing: Wing) -> None:
    kept, gone = await two(wing)
    for person in (kept, gone):
        await engaged(wing, person)
        for caller in (wing.clinician, wing.nurse)[: 1 if person is kept else 2]:
            await caller.post("caseloads", {"person_id": person["id"]})
        plan = {"person_id": person["id"], "review_on": str(clock.now().date())}
        made = await wing.clinician.post("safety-plans", plan)
        item = {"kind": "reason_for_living", "text": f"For {person['last_name']}."}
        await wing.clinician.post(f"safety-plans/{made['id']}/items", item)
        opened = {"person_id": person["id"], "opened_on": str(clock.now().date())}
        await wing.clinician.post("acct-pointers", opened)
        place = {"person_id": person["id"], "wing_id": wing.wing_id}
        await wing.officer.post("wing-places", place)
        given = {
            "person_id": person["id"], "recipient": "chaplaincy", "purpose": "referral",
            "how": "spoken", "given_at": str(clock.now()),
        }  # fmt: skip
        await wing.support_worker.post("permissions", given)
        hold = {"person_id": person["id"], "reason": "investigation"}
        await wing.governor.post("legal-holds", hold)
    merged = await merge(wing, kept, gone)
    tables = sorted(each["table"] for each in merged["ended"])
    assert tables == ["acct_pointer", "caseload", "legal_hold", "mentee", "safety_plan",
                      "wing_place"]  # fmt: skip
    assert {each["table"] for each in merged["aside"]} == {"sharing_permission"}
    assert merged["warnings"] == ["some_rows_stay_aside"]
    of = {"person_id": kept["id"]}
    live = await wing.nurse.get("caseloads", params={**of, "live": "true"})
    assert {each["staff_id"] for each in live["items"]} == {
        str(wing.clinician.staff_id), str(wing.nurse.staff_id),
    }  # fmt: skip
    [plan, _] = sorted(
        (await wing.clinician.get("safety-plans", params=of))["items"],
        key=lambda each: each["ended_at"] or "",
    )
    told = await wing.clinician.get(f"safety-plans/{plan['id']}")
    assert {each["text"] for each in told["items"]} == {
        f"For {each['last_name']}." for each in (kept, gone)
    }
    accts = (await wing.clinician.get("acct-pointers", params=of))["items"]
    assert sorted(each["status"] for each in accts) == ["closed", "open"]
    again = await merge(wing, kept, gone)
    assert (again["outcome"], again["ended"]) == ("unchanged", [])


async def test_the_last_word_on_sharing_counts(wing: Wing) -> None:
    """Given under one number, taken back later under the other: taken back."""
    kept, gone = await two(wing)
    mentee = await engaged(wing, kept)
    permission = {"recipient": "mentor", "purpose": "peer_support", "how": "spoken"}
    clock.forward(minutes=1)
    later = {**permission, "person_id": gone["id"], "given_at": str(clock.now())}
    made = await wing.support_worker.post("permissions", later)
    clock.forward(minutes=1)
    path = f"permissions/{made['id']}"
    await wing.support_worker.move(path, "revoked", reason="spoken_word")
    await merge(wing, kept, gone)
    assert await _state(wing, "mentees", mentee) == "paused"


async def test_what_was_given_again_after_it_was_taken_back_stays_given(wing: Wing) -> None:
    kept, gone = await two(wing)

    async def gives(person: Any) -> Any:
        clock.forward(minutes=1)
        given = {"recipient": "mentor", "purpose": "peer_support", "how": "spoken"}
        given |= {"person_id": person["id"], "given_at": str(clock.now())}
        return await wing.support_worker.post("permissions", given)

    await gives(kept)
    taken_back = await gives(gone)
    clock.forward(minutes=1)
    path = f"permissions/{taken_back['id']}"
    await wing.support_worker.move(path, "revoked", reason="spoken_word")
    last = await gives(gone)
    await merge(wing, kept, gone)
    page = await wing.support_worker.get("permissions", params={"person_id": kept["id"]})
    assert [each["id"] for each in page["items"] if each["status"] == "given"] == [last["id"]]


async def test_a_hold_on_either_holds_both(wing: Wing, db: Database) -> None:
    kept, gone = await two(wing)
    await wing.governor.post("legal-holds", {"person_id": gone["id"], "reason": "court_order"})
    await merge(wing, kept, gone)
    [hold] = (await wing.governor.get("legal-holds"))["items"]
    assert hold["person_id"] == kept["id"]
    chronology = await wing.governor.get(f"people/{kept['id']}/chronology")
    told = {each["thing"]["id"] for each in chronology["items"]}
    assert {kept["id"], gone["id"]} <= told


async def test_a_death_under_one_number_ends_what_is_live_under_the_other(wing: Wing) -> None:
    kept, gone = await two(wing)
    mentee = await engaged(wing, kept)
    place = await wing.officer.post(
        "wing-places", {"person_id": kept["id"], "wing_id": wing.wing_id}
    )
    death = {"occurred_at": str(clock.now()), "source": "hospital"}
    await wing.officer.post(f"people/{gone['id']}/death", death)
    await merge(wing, kept, gone)
    assert await _state(wing, "mentees", mentee) == "deceased"
    assert (await wing.support_worker.get(f"people/{kept['id']}"))["presence"] == "left"
    await worker.housekeeping(wing.db, wing.prison_id)
    assert await _state(wing, "wing-places", place) == "withdrawn"


async def test_who_is_here_under_one_number_is_here(wing: Wing) -> None:
    kept, gone = await two(wing, cell_location="B-3-001")
    await wing.presence(kept["id"], "left")
    await merge(wing, kept, gone)
    shown = await wing.support_worker.get(f"people/{kept['id']}")
    assert (shown["presence"], shown["cell_location"]) == ("here", "B-3-001")


async def test_a_number_that_was_removed_is_no_longer_referred_to(wing: Wing) -> None:
    kept, gone = await two(wing)
    await merge(wing, kept, gone)
    body = {"person_id": gone["id"], "referred_by": "support_worker"}
    refused = await wing.support_worker.post("mentees", body, 422)
    assert refused["errors"][0]["code"] == "merged"
    assert kept["id"] in refused["errors"][0]["message"]


async def test_a_concern_about_the_removed_number_is_about_the_person(wing: Wing) -> None:
    kept, gone = await two(wing)
    before = await _raises(wing, gone)
    await merge(wing, kept, gone)
    after = await _raises(wing, gone)
    for concern in (before, after):
        shown = await wing.support_worker.get(f"concerns/{concern['id']}")
        assert shown["subject_person_id"] == kept["id"]


async def _raises(wing: Wing, person: Any) -> Any:
    body = {"kind": "welfare", "subject_person_id": person["id"], "account": "He has not eaten.",
            "immediacy": "this_session"}  # fmt: skip
    return await wing.officer.post("concerns", body)


async def test_what_is_written_to_the_removed_number_meanwhile_follows(
    wing: Wing, db: Database
) -> None:
    kept, gone = await two(wing)
    concern = await _raises(wing, kept)
    await merge(wing, kept, gone)
    late = text("UPDATE concern SET subject_person_id = :gone WHERE id = :id")
    async with db.write(wing.prison_id) as session:
        await session.execute(late, {"gone": gone["id"], "id": concern["id"]})
    await worker.housekeeping(db, wing.prison_id)
    shown = await wing.support_worker.get(f"concerns/{concern['id']}")
    assert shown["subject_person_id"] == kept["id"]


async def test_an_import_of_either_number_tells_of_the_one_person(wing: Wing) -> None:
    kept, gone = await two(wing)
    await merge(wing, kept, gone)
    document = synthetic.page(1, prison_id=wing.prison_id, wing="D")["content"][0]
    of_gone = {**document, "prisonerNumber": gone["number"], "lastName": "MERGEWELL"}
    of_kept = {**document, "prisonerNumber": kept["number"], "lastName": "KEPTFORD"}
    report = await _import(wing, [of_gone])
    assert [(each["outcome"], each["person_id"]) for each in report["rows"]] == [
        ("updated", kept["id"])
    ]
    report = await _import(wing, [of_kept, of_gone])
    assert [each["outcome"] for each in report["rows"]] == ["updated", "kept_out"]
    shown = await wing.support_worker.get(f"people/{kept['id']}")
    assert (shown["last_name"], shown["number"]) == ("Keptford", kept["number"])
    assert len((await wing.support_worker.get("people"))["items"]) == 1


async def _import(wing: Wing, documents: list[Any]) -> Any:
    answer = await wing.support_worker.request(
        "POST",
        "people/import",
        content=orjson.dumps(documents),
        headers={"content-type": "application/json"},
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_subject_access_tells_both_numbers_by_either(wing: Wing) -> None:
    kept, gone = await two(wing)
    ended = await mentee_of(wing, gone)
    gone_reason = {"to": "declined_by_person", "reason": "not_now"}
    await wing.support_worker.post(f"mentees/{ended['id']}/moves", gone_reason, 200)
    await mentee_of(wing, kept)
    await merge(wing, kept, gone)
    token = wing.issuer.issue(
        "sar-service",
        ["sar_data_access"],
        [],
        client_id="sar-service",
        grant_type="client_credentials",
    )
    answers = []
    for number in (kept["number"], gone["number"]):
        answer = await wing.http.get(
            f"/subject-access-request?prn={number}", headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == 200, answer.text
        content = answer.json()["content"]
        told = content.get(wing.prison_id, content)
        assert {each["number"] for each in told["person"]} == {kept["number"], gone["number"]}
        assert len(told["mentee"]) == 2
        answers.append({name: told[name] for name in ("person", "mentee")})
    assert answers[0] == answers[1]


def test_every_table_that_names_a_person_is_carried_or_excused() -> None:
    """By the tables themselves: one that is added is missed by none."""
    naming = {
        table.name
        for table in metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name == "person" and key.column.name == "id"
    }
    carried = {str(model.__tablename__) for model, _ in pointing_at("person")}
    assert carried | {str(each.__tablename__) for each in NOT_CARRIED} == naming
    assert set(NOT_CARRIED) == {Expiry}
    assert all(NOT_CARRIED.values())
    concern = {column for model, column in pointing_at("person") if model.__name__ == "Concern"}
    assert concern == {"subject_person_id", "raised_by_person_id"}


async def test_the_service_may_change_whatever_it_carries(wing: Wing, db: Database) -> None:
    async with db.write(wing.prison_id) as session:
        for of in ("person", "mentor", "mentee"):
            for model, _ in pointing_at(of):
                may = text("SELECT has_table_privilege(:name, 'UPDATE')")
                name = {"name": str(model.__tablename__)}
                assert (await session.execute(may, name)).scalar_one(), name


RECORDED = Path(__file__).parents[3] / "shared/data/hmpps/non-associations"
EVENT = {"number": "B8888CC", "removed_number": "A7777BB"}


def event(at: str | None = None, **changes: Any) -> dict[str, Any]:
    """An event as it stands on the queue."""
    about = {"nomsNumber": "B8888CC", "removedNomsNumber": "A7777BB", "reason": "MERGE"}
    message = {"version": "1.0", "additionalInformation": {**about, **changes}}
    message |= {"occurredAt": at} if at else {}
    kind = {"Type": "String", "Value": "prison-offender-events.prisoner.merged"}
    return {"Message": json.dumps(message), "MessageAttributes": {"eventType": kind}}


def test_events_come_in_the_order_in_which_they_happened_and_others_are_passed_over() -> None:
    other = {**event(), "MessageAttributes": {"eventType": {"Value": "prisoner.released"}}}
    lines = [event(at="2024-10-12T15:14:24Z"), other, {"Message": "{}"},
             event(at="2024-10-11T15:14:24Z", nomsNumber="A7777BB", removedNomsNumber="C1111CC"),
             event(nomsNumber="no number")]  # fmt: skip
    told = merged_events.read(b"\n".join(orjson.dumps(each) for each in lines))
    merges = [each.merge.removed_number for each in told if each.merge is not None]
    assert merges == ["C1111CC", "A7777BB"]
    assert [each.passed_over for each in told if each.passed_over] == ["prisoner.released"]
    assert sorted(each.position for each in told if each.refused) == [3, 5]
    assert merged_events.read(orjson.dumps(lines)) == told
    with pytest.raises(FileRefused):
        merged_events.read(b'{"Message": ')


@pytest.mark.parametrize("at", ["yesterday", "0001-01-01T00:00:00", 7, None])
def test_a_time_that_cannot_be_read_loses_no_merge(at: Any) -> None:
    (told,) = merged_events.read(orjson.dumps(event(at=at)))
    assert told.merge is not None


def test_a_time_without_an_offset_is_the_wall_clocks() -> None:
    """In summer half past three there is half past two by Greenwich."""
    times = ["2024-08-12T15:00:00+00:00", "2024-08-12T15:30:00", "2024-08-12T14:00:00Z"]
    told = merged_events.read(orjson.dumps([event(at=at) for at in times]))
    assert [(each.position, each.refused) for each in told] == [(3, None), (2, None), (1, None)]


async def test_the_recorded_event_is_taken_in_twice_and_makes_one(
    wing: Wing, settings: Settings, tmp_path: Path
) -> None:
    kept = await wing.person(number=EVENT["number"])
    await wing.person(number=EVENT["removed_number"])
    path = RECORDED / "prison-offender-events.prisoner.merged.json"
    if not path.exists():
        path = tmp_path / "merged.json"
        path.write_bytes(orjson.dumps(event(at="2024-10-12T15:14:24Z")))
    for _ in range(2):
        assert await merging.take_in(settings, wing.prison_id, [path])
    assert await found(wing, EVENT["removed_number"]) == [kept["id"]]
    spoilt = tmp_path / "spoilt.json"
    spoilt.write_text("{")
    assert not await merging.take_in(settings, wing.prison_id, [spoilt])
    elsewhere = tmp_path / "elsewhere.json"
    numbers = {"nomsNumber": "Z1111ZZ", "removedNomsNumber": "Z2222ZZ"}
    elsewhere.write_bytes(orjson.dumps(event(**numbers)))
    assert await merging.take_in(settings, wing.prison_id, [elsewhere])
