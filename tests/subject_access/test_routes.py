"""Subject access in HMPPS's convention: all that is held of one person, and of nobody else."""

from typing import Any

import httpx
import pytest

from app.models.base import metadata
from app.records import NOBODYS
from app.services.subject_access import RULES, tables
from tests.story import Wing

PATH = "/subject-access-request"


@pytest.fixture
def officer(wing: Wing) -> dict[str, str]:
    """HMPPS's subject access service, with its own token."""
    token = wing.issuer.issue(
        "sar-service",
        ["sar_data_access"],
        [],
        client_id="sar-service",
        grant_type="client_credentials",
    )
    return {"Authorization": f"Bearer {token}"}


async def asked(http: httpx.AsyncClient, who: dict[str, str], **params: str) -> httpx.Response:
    return await http.get(PATH, params=params, headers=who)


async def told(http: httpx.AsyncClient, who: dict[str, str], wing: Wing, number: str) -> Any:
    response = await asked(http, who, prn=number)
    assert response.status_code == 200, response.text
    return response.json()["content"][wing.prison_id]


async def test_what_is_held_is_told_and_the_ask_is_in_the_audit(
    wing: Wing, http: httpx.AsyncClient, officer: dict[str, str]
) -> None:
    mentee = await wing.engaged(referral_reason="Keeps to his cell since Monday.")
    person = await wing.clinician.get(f"people/{mentee['person_id']}")
    content = await told(http, officer, wing, person["number"].lower())
    assert content["person"][0]["last_name"] == person["last_name"]
    assert content["mentee"][0]["referral_reason"] == "Keeps to his cell since Monday."
    assert {each["role"] for each in content["looked_at"]} == {"clinician"}
    found = await wing.governor.get("audit", params={"operation": "subject_access_request"})
    assert [each["subject"] for each in found["items"]] == ["sar-service"]
    assert person["id"] in found["items"][0]["ids"]


@pytest.mark.parametrize("disclosure", ["third_party", "serious_harm_test", "restricted"])
async def test_a_text_not_written_to_be_disclosed_is_withheld_and_counted(
    wing: Wing, http: httpx.AsyncClient, officer: dict[str, str], disclosure: str
) -> None:
    text = "His brother told us of the debt."
    mentee = await wing.referred(referral_reason=text, disclosure=disclosure)
    person = await wing.clinician.get(f"people/{mentee['person_id']}")
    response = await asked(http, officer, prn=person["number"])
    assert text not in response.text
    assert response.json()["content"][wing.prison_id]["withheld_texts"] == {"mentee": 1}


async def test_a_concern_is_told_without_who_raised_it_and_one_raised_without_its_subject(
    wing: Wing, http: httpx.AsyncClient, officer: dict[str, str]
) -> None:
    mentor = await wing.active_mentor()
    mentee = await wing.engaged()
    body = {"kind": "welfare", "immediacy": "today", "account": "He has stopped eating."}
    await mentor.post("concerns", {**body, "subject_person_id": mentee["person_id"]})
    about = await wing.clinician.get(f"people/{mentee['person_id']}")
    by = await wing.clinician.get(f"people/{mentor.person_id}")
    content = await told(http, officer, wing, about["number"])
    assert content["concern"][0]["account"] == "He has stopped eating."
    assert by["last_name"] not in str(content)
    assert str(mentor.person_id) not in str(content)
    assert mentor.subject not in str(content)
    raised = await told(http, officer, wing, by["number"])
    assert raised["concern_raised"][0]["account"] == "He has stopped eating."
    assert "concern" not in raised
    assert about["last_name"] not in str(raised)
    assert mentee["person_id"] not in str(raised)


async def test_a_concern_about_a_mentors_conduct_is_not_told_to_him(
    wing: Wing, http: httpx.AsyncClient, officer: dict[str, str]
) -> None:
    mentor, other = await wing.active_mentor(), await wing.active_mentor()
    body = {"kind": "misconduct", "immediacy": "today", "account": "He asks for tobacco."}
    await other.post("concerns", {**body, "subject_person_id": str(mentor.person_id)})
    person = await wing.clinician.get(f"people/{mentor.person_id}")
    response = await asked(http, officer, prn=person["number"])
    assert "tobacco" not in response.text
    assert "misconduct" not in response.text


async def test_only_days_asked_for_are_told(
    wing: Wing, http: httpx.AsyncClient, officer: dict[str, str]
) -> None:
    person = await wing.person()
    number = person["number"]
    assert (await asked(http, officer, prn=number, toDate="2020-01-01")).status_code == 204
    assert (await asked(http, officer, prn=number, fromDate="2020-01-01")).status_code == 200
    assert (await asked(http, officer, prn=number, fromDate="soon")).status_code == 422


async def test_the_answers_of_the_convention(
    wing: Wing, http: httpx.AsyncClient, officer: dict[str, str]
) -> None:
    assert (await asked(http, officer, prn="Z9999ZZ")).status_code == 204
    assert (await asked(http, officer, crn="X123456")).status_code == 209
    for wrong in ({}, {"prn": "A1234BC", "crn": "X123456"}, {"prn": "nobody"}):
        response = await asked(http, officer, **wrong)
        assert response.status_code == 400
        assert response.json()["code"] == "bad_request"


async def test_only_who_carries_the_role_may_ask(wing: Wing, http: httpx.AsyncClient) -> None:
    person = await wing.person()
    mentor = await wing.active_mentor()
    for caller in (wing.governor, wing.clinician, wing.support_worker, mentor):
        await caller.get(PATH, expect=403, params={"prn": person["number"]})
    assert (await http.get(PATH, params={"prn": person["number"]})).status_code == 401
    token = wing.issuer.issue(  # a person who says so is no machine
        wing.clinician.subject, ["clinician", "sar_data_access"], [wing.prison_id]
    )
    headers = {"Authorization": f"Bearer {token}"}
    response = await http.get(PATH, params={"prn": person["number"]}, headers=headers)
    assert response.status_code == 403


def test_every_table_says_what_is_told_of_it() -> None:
    about_people = {
        table.name
        for table in metadata.tables.values()
        if "prison_id" in table.columns and table.name not in NOBODYS
    }
    assert about_people - {"sweep_pulse"} == set(tables())


def test_every_column_named_is_one_and_every_rule_is_known() -> None:
    for name, table in tables().items():
        columns = set(metadata.tables[name].columns.keys())
        assert {*table.told, *table.texts, *table.kept_back} <= columns, name
        assert {table.whose, table.texts_when} - {None} <= set(RULES), name


def test_nothing_told_names_somebody_else() -> None:
    named = ("staff", "subject_", "_by", "person_id", "mentor_id", "mentee_id", "owner", "author")
    harmless = {"referred_by", "shared_with_staff"}
    for name, table in tables().items():
        for column in table.told:
            naming = any(part in column for part in named)
            assert not naming or column in harmless, f"{name}.{column}"
