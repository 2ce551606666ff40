"""Concerns sent together: each is looked at by itself, and none is lost or doubled."""

import asyncio
import json
from typing import Any

from app import clock
from tests.concerns.conftest import Night, concern
from tests.story import Caller


def item(key: str, **fields: Any) -> dict[str, Any]:
    return {"key": key, **concern(immediacy="today"), **fields}


async def sends(caller: Caller, *items: Any, expect: int = 201) -> Any:
    return await caller.post("concerns/batch", {"items": list(items)}, expect)


async def count(night: Night) -> int:
    return len((await night.wing.clinician.get("concerns"))["items"])


def outcomes(answer: Any) -> list[str]:
    return [each["outcome"] for each in answer["results"]]


async def test_what_was_written_down_is_saved_together_each_with_its_receipt(night: Night) -> None:
    early = clock.spell(clock.now())
    clock.forward(hours=5)
    answer = await sends(night.mentor, item("b", occurred_at=early), item("a", immediacy="now"))
    assert (answer["saved"], answer["not_saved"], outcomes(answer)) == (2, 0, ["saved"] * 2)
    assert [each["key"] for each in answer["results"]] == ["b", "a"]
    first, second = answer["results"]
    assert second["detail"].startswith("Tell an officer or press the cell bell NOW")
    shown = await night.wing.clinician.get(f"concerns/{first['concern_id']}")
    assert shown["occurred_at"] == early
    assert shown["raised_at"] > early  # its clocks run from when it came
    assert await night.sweep() == 2


async def test_a_mistake_in_one_keeps_no_other_and_says_not_saved(night: Night) -> None:
    nobody = {"key": "k2", "account": "Something was wrong."}
    answer = await sends(night.mentor, item("k1"), nobody, "no concern", item("k4"), expect=207)
    assert (answer["saved"], answer["not_saved"]) == (2, 2)
    assert outcomes(answer) == ["saved", "not_saved", "not_saved", "saved"]
    lost = answer["results"][1]
    assert lost["detail"].startswith("NOT SAVED, tell an officer now")
    assert lost["errors"][0]["field"] == "subject_as_told"
    assert (lost["key"], answer["results"][2]["key"]) == ("k2", None)
    assert await count(night) == 2
    mended = await sends(night.mentor, item("k1"), {**item("k2"), **nobody}, item("k4"))
    assert outcomes(mended) == ["saved_before", "saved", "saved_before"]
    assert await count(night) == 3


async def test_what_a_service_refuses_leaves_its_key_free(night: Night) -> None:
    ahead = clock.spell(clock.now().replace(year=2199))
    answer = await sends(night.mentor, item("k", occurred_at=ahead), expect=207)
    assert answer["results"][0]["errors"][0]["field"] == "occurred_at"
    assert outcomes(await sends(night.mentor, item("k"))) == ["saved"]


async def test_words_of_risk_on_paper_are_kept_and_taken_for_this_session(night: Night) -> None:
    answer = await sends(night.wing.officer, item("k", immediacy="HIGH risk!!"))
    [kept] = answer["results"]
    assert kept["concern"]["warnings"] == [
        "How soon is kept as it was said, and taken for this_session."
    ]
    shown = await night.wing.clinician.get(f"concerns/{kept['concern_id']}")
    assert (shown["immediacy"], shown["immediacy_as_said"]) == ("this_session", "HIGH risk!!")
    again = await sends(night.wing.officer, item("k", immediacy="HIGH risk!!"))
    assert outcomes(again) == ["saved_before"]


async def test_sent_again_after_no_answer_it_is_the_same_concern(night: Night) -> None:
    first = await sends(night.mentor, item("k1"), item("k2"))
    again = await sends(night.mentor, item("k2"), item("k1"))
    ids = [each["concern_id"] for each in first["results"]]
    assert [each["concern_id"] for each in again["results"]] == ids[::-1]
    assert outcomes(again) == ["saved_before"] * 2
    assert await count(night) == 2


async def test_raised_by_itself_and_then_in_a_batch_it_is_one_and_other_words_are_added(
    night: Night,
) -> None:
    body = concern(immediacy="today")
    raised = await night.mentor.post("concerns", body, headers={"Idempotency-Key": "k"})
    answer = await sends(night.mentor, item("k"))
    assert outcomes(answer) == ["saved_before"]
    assert answer["results"][0]["concern_id"] == raised["id"]
    other = await sends(night.mentor, item("k", account="Now he has cut his arm."))
    assert outcomes(other) == ["words_added"]
    assert outcomes(await sends(night.mentor, item("k", account="Now he has cut his arm."))) == [
        "saved_before"
    ]
    shown = await night.wing.clinician.get(f"concerns/{raised['id']}")
    assert [each["account"] for each in shown["addenda"]] == ["Now he has cut his arm."]
    assert await count(night) == 1


async def test_a_flag_of_self_harm_under_a_used_key_is_not_passed_over(night: Night) -> None:
    first = await sends(night.mentor, item("k"))
    again = await sends(night.mentor, item("k", mentions_self_harm=True))
    assert outcomes(again) == ["words_added"]
    path = f"concerns/{first['results'][0]['concern_id']}"
    assert (await night.wing.clinician.get(path))["mentions_self_harm"] is True


async def test_one_key_twice_in_a_batch_is_one_concern_with_all_its_words(night: Night) -> None:
    answer = await sends(night.mentor, item("k"), item("k", account="He asked for his sister."))
    assert outcomes(answer) == ["saved", "words_added"]
    assert len({each["concern_id"] for each in answer["results"]}) == 1


async def test_ten_devices_at_once_with_the_same_items_make_each_once(night: Night) -> None:
    items = [item(f"k{number}") for number in range(6)]
    turned = [items[turn % 6 :] + items[: turn % 6] for turn in range(10)]
    answers = await asyncio.gather(*(sends(night.mentor, *each) for each in turned))
    found = [outcome for answer in answers for outcome in outcomes(answer)]
    assert (found.count("saved"), found.count("saved_before")) == (6, 54)
    assert await count(night) == 6


async def test_another_persons_key_is_not_mine(night: Night) -> None:
    mine = await sends(night.mentor, item("k"))
    theirs = await sends(night.wing.support_worker, item("k"))
    assert outcomes(theirs) == ["saved"]
    assert mine["results"][0]["concern_id"] != theirs["results"][0]["concern_id"]


async def test_what_is_no_batch_is_not_saved_and_says_so(night: Night) -> None:
    for body in ({}, {"items": []}, {"items": [item("k")] * 101}, {"items": "all"}):
        refused = await night.mentor.post("concerns/batch", body, 422)
        assert refused["detail"].startswith("NOT SAVED")
        assert refused["errors"][0]["field"] == "items"
    assert await count(night) == 0


async def test_half_a_sign_in_one_item_loses_none_of_the_others(night: Night) -> None:
    broken = '{"items": [{"key": "\\ud800", "account": "A.", "\\udfff": 1}, %s]}'
    sent = broken % json.dumps(item("k"))
    headers = {"Content-Type": "application/json"}
    answer = await night.mentor.request("POST", "concerns/batch", content=sent, headers=headers)
    assert answer.status_code == 207, answer.text
    lost, saved = answer.json()["results"]
    assert (lost["outcome"], lost["key"], saved["outcome"]) == ("not_saved", None, "saved")
    assert await count(night) == 1


async def test_how_soon_is_kept_to_its_last_word_whatever_it_is(night: Night) -> None:
    long = "as soon as somebody can, " * 11 + "please"
    for number, (said, kept) in enumerate([(long, long), (7, "7"), ("  ", None), (None, None)]):
        answer = await sends(night.wing.officer, item(f"k{number}", immediacy=said))
        path = f"concerns/{answer['results'][0]['concern_id']}"
        shown = await night.wing.clinician.get(path)
        assert (shown["immediacy"], shown["immediacy_as_said"]) == ("this_session", kept)


async def test_how_soon_is_kept_of_words_that_are_added_or_made_new(night: Night) -> None:
    officer = night.wing.officer
    await sends(officer, item("k", immediacy="can_wait_a_day"))
    again = await sends(officer, item("k", immediacy="HIGH"))
    assert outcomes(again) == ["saved"]  # more urgent: a concern of its own
    path = f"concerns/{again['results'][0]['concern_id']}"
    assert (await night.wing.clinician.get(path))["immediacy_as_said"] == "HIGH"
    assert outcomes(await sends(officer, item("k2", immediacy="HIGH"))) == ["saved"]
    assert outcomes(await sends(officer, item("k2", immediacy="very HIGH"))) == ["words_added"]
    assert outcomes(await sends(officer, item("k2", immediacy="very HIGH"))) == ["saved_before"]


async def test_whatever_one_item_holds_the_others_are_saved(night: Night) -> None:
    base = {"subject_as_told": "the lad in the end cell", "account": "He gave his radio away."}
    odd: list[Any] = [
        None,
        7,
        [],
        {},
        {"key": "\x00"},
        {**base, "key": "k" * 201},
        {**base, "key": "a", "occurred_at": "9999-12-31T23:59:59-14:00"},
        {**base, "key": "b", "occurred_at": "0001-01-01T00:00:00+14:00"},
        {**base, "key": "c", "account": "\x00"},
        {**base, "key": "d", "account": "x" * 60_000},
        {**base, "key": "e", "immediacy": "!" * 400},
        {**base, "key": "f", "immediacy": {"how": "soon"}},
        {**base, "key": "g", "subject_person_id": "nobody"},
        {**base, "key": "h", "raised_by_person_id": "0198c0de-0000-7000-8000-000000000000"},
        {**base, "key": "i", "handover": {"to": "", "at": "yesterday"}},
        {**base, "key": "j", "kind": "a new kind"},
    ]
    good = {**base, "key": "good"}
    answer = await night.wing.officer.post("concerns/batch", {"items": [*odd, good]}, 207)
    assert answer["saved"] + answer["not_saved"] == len(odd) + 1
    last = answer["results"][-1]
    assert (last["key"], last["outcome"]) == ("good", "saved")
    lost = [each for each in answer["results"] if each["outcome"] == "not_saved"]
    assert all(each["detail"].startswith("NOT SAVED") for each in lost)
    assert all(each["errors"] for each in lost)
