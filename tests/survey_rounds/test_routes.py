"""Rounds of the experience survey over HTTP: one answer a code, and nobody's."""

import asyncio
from typing import Any

import httpx
from sqlalchemy import text

from app.models.base import metadata
from app.services.reports.experience import FEWEST
from tests.questionnaires.test_routes import fields
from tests.story import Wing

YES: dict[str, Any] = {"listened": 5, "held_back": ["times"]}


async def opened(wing: Wing, audience: str = "mentees", codes: int = FEWEST) -> tuple[Any, Any]:
    made = await wing.support_worker.post("survey-rounds", {"audience": audience})
    path = f"survey-rounds/{made['id']}/codes"
    return made, (await wing.support_worker.post(path, {"number": codes}, 200))["codes"]


async def says(wing: Wing, code: str, answers: Any = None) -> httpx.Response:
    """Somebody at a tablet: no token at all."""
    url = wing.support_worker.url("survey-rounds/answers")
    return await wing.http.post(url, json={"code": code, "answers": answers or YES})


async def tables(wing: Wing) -> Any:
    return (await wing.governor.get("reports/experience"))["tables"]


async def test_each_code_is_one_answer_and_a_closed_round_is_counted(wing: Wing) -> None:
    made, codes = await opened(wing)
    assert len(set(codes)) == FEWEST
    for code in codes[:-1]:
        assert (await says(wing, code)).status_code == 204
    spelled = codes[-1].lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert (await says(wing, spelled, {"listened": 1})).status_code == 204
    assert await tables(wing) == []
    closed = await wing.clinician.move(f"survey-rounds/{made['id']}", "closed")
    assert closed["codes_made"] == FEWEST
    agree, _, reasons = await tables(wing)
    assert [(row["value"], row["of"]) for row in agree["rows"]] == [(7, 8)]
    assert reasons["rows"] == []


async def test_a_code_that_is_used_or_never_was_or_is_of_a_closed_round_is_one_refusal(
    wing: Wing,
) -> None:
    made, (used, late, *_) = await opened(wing)
    both = await asyncio.gather(says(wing, used), says(wing, used))
    assert sorted(each.status_code for each in both) == [204, 422]
    await wing.support_worker.move(f"survey-rounds/{made['id']}", "closed")
    again = [await says(wing, each) for each in (used, "0000-0000-0000-0000", late)]
    assert {each.status_code for each in again} == {422}
    problems = [each.json() for each in again]
    assert all(fields(each) == [("code", "unusable")] for each in problems)
    assert len({each["detail"] for each in problems}) == 1
    (table,) = await tables(wing)
    assert (table["rows"], table["missing"]) == ([], {"rounds_with_too_few_answers": 1})
    path = f"survey-rounds/{made['id']}/codes"
    await wing.support_worker.post(path, {"number": 1}, 409)


async def test_a_wrong_answer_uses_up_no_code_and_is_refused_by_its_question(wing: Wing) -> None:
    _, (code, *_) = await opened(wing, "staff")
    refused = (await says(wing, code, {"calmer": 9})).json()
    assert fields(refused) == [("answers.calmer", "out_of_range")]
    assert (await says(wing, code, {"calmer": 2})).status_code == 204


async def test_who_answered_what_stands_nowhere(wing: Wing) -> None:
    """After an answer every table is as it was, but for a code less and counters more; and an
    entry in the audit that names nobody."""
    made, (code, *_) = await opened(wing)

    async def everything() -> dict[str, list[str]]:
        async with wing.db.write(wing.prison_id) as session:
            return {
                name: [
                    str(row)
                    for row in await session.scalars(
                        text(f"SELECT t::text FROM {name} t WHERE t.prison_id = :p"),
                        {"p": wing.prison_id},
                    )
                ]
                for name, table in metadata.tables.items()
                if "prison_id" in table.columns
            }

    before = await everything()
    token = {"Authorization": f"Bearer {wing.clinician.token}"}
    url = wing.support_worker.url("survey-rounds/answers")
    body = {"code": code, "answers": {"listened": 5}}
    answer = await wing.http.post(url, json=body, headers={**token, "Idempotency-Key": "once"})
    assert answer.status_code == 204
    after = await everything()
    changed = {name for name in before if sorted(before[name]) != sorted(after[name])}
    assert changed - {"audit_link"} == {"survey_code", "survey_tally", "audit_entry"}
    assert len(before["survey_code"]) - len(after["survey_code"]) == 1
    assert set(after["survey_code"]) < set(before["survey_code"])
    (entry,) = set(after["audit_entry"]) - set(before["audit_entry"])
    assert "answer_survey" in entry
    assert wing.clinician.subject not in entry
    assert made["id"] not in entry
    raised = set(after["survey_tally"]) - set(before["survey_tally"])
    assert len(raised) == 2
    assert not any(code.replace("-", "") in row for rows in after.values() for row in rows)


async def test_those_who_run_the_scheme_open_rounds_and_governors_only_read(wing: Wing) -> None:
    made, _ = await opened(wing)
    assert (await wing.governor.get(f"survey-rounds/{made['id']}"))["moves"] == []
    await wing.governor.post("survey-rounds", {"audience": "staff"}, 403)
    await wing.officer.get("survey-rounds", expect=403)
    await wing.support_worker.move(f"survey-rounds/{made['id']}", "withdrawn", reason="codes_lost")
    assert await tables(wing) == []
    asked = await wing.officer.get("/v1/reference/experience-surveys")
    assert {each["audience"] for each in asked["items"]} == {"mentees", "clinicians", "staff"}
