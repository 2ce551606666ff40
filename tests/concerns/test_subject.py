"""Who a concern is about: as told until staff resolve it, and then kept from their line."""

import pytest

from app.models.staff import StaffRole
from tests.concerns.conftest import Night


async def test_staff_say_whom_it_turned_out_to_be_about(night: Night) -> None:
    raised = await night.raises()
    person = await night.wing.person()
    path = f"concerns/{raised['id']}"
    body = {"subject_person_id": person["id"]}
    await night.wing.clinician.put(f"{path}/subject", body, 428, headers={})
    shown = await night.wing.clinician.put(f"{path}/subject", body)
    assert shown["subject_person_id"] == person["id"]
    assert shown["subject_as_told"] == "the lad in the end cell"
    assert "subject_person_id" not in await night.mentor.get(path)
    await night.mentor.put(f"{path}/subject", body, 403)
    await night.wing.officer.put(f"{path}/subject", body, 403)
    unknown = {"subject_person_id": "0198c0de-0000-7000-8000-000000000000"}
    refused = await night.wing.clinician.put(f"{path}/subject", unknown, 422)
    assert refused["errors"][0]["field"] == "subject_person_id"


async def test_resolved_to_a_mentor_misconduct_is_routed_anew_and_paged_again(
    night: Night,
) -> None:
    raised = await night.raises(night.wing.officer, kind="misconduct", immediacy="today")
    await night.sweep()
    path = f"concerns/{raised['id']}"
    body = {"subject_person_id": str(night.mentor.person_id)}
    await night.wing.clinician.put(f"{path}/subject", body)
    await night.wing.clinician.get(path, 404)
    assert await night.sweep() == 1
    assert (await night.wing.governor.get(path))["about_mentor"] is True


async def test_a_mentors_supervisor_learns_nothing_of_a_concern_about_them(night: Night) -> None:
    other = await night.wing.hires(StaffRole.support_worker)
    supervisor = {"staff_id": str(night.wing.support_worker.staff_id)}
    await other.put(f"mentors/{night.mentor.mentor_id}/supervisor", supervisor)
    raised = await night.raises(
        night.wing.officer,
        kind="misconduct",
        immediacy="today",
        subject_person_id=str(night.mentor.person_id),
    )
    path = f"concerns/{raised['id']}"
    await night.wing.support_worker.get(path, 404)
    assert (await other.get(path))["about_mentor"] is True
    await night.passes(minutes=65)
    assert await night.pages(night.wing.support_worker) == []
    assert await night.pages(night.wing.governor)


async def test_the_mentors_own_word_is_kept(night: Night) -> None:
    raised = await night.raises(immediacy="today")
    seen = await night.wing.clinician.get(f"concerns/{raised['id']}")
    assert (seen["immediacy"], seen["immediacy_as_said"]) == ("this_session", "today")


@pytest.mark.parametrize("kinds", [("misconduct", "misconduct"), ("misconduct", "welfare")])
@pytest.mark.parametrize("other_way", [False, True])
async def test_what_was_merged_into_it_is_kept_from_the_same(
    night: Night, kinds: tuple[str, str], other_way: bool
) -> None:
    """A duplicate tells of the same, and of what it was merged into."""
    supervisor, other = night.wing.support_worker, await night.wing.hires(StaffRole.support_worker)
    mentor = f"mentors/{night.mentor.mentor_id}/supervisor"
    await other.put(mentor, {"staff_id": str(supervisor.staff_id)})
    raised = [await night.raises(night.wing.officer, kind=kind) for kind in kinds]
    ids = [each["id"] for each in (reversed(raised) if other_way else raised)]
    double, survivor = (f"concerns/{each}" for each in ids)
    await other.post(f"{double}/merge", {"survivor_id": ids[1]}, 200)
    assert (await supervisor.get(double))["merged_into"] == ids[1]
    subject = {"subject_person_id": str(night.mentor.person_id)}
    await other.put(f"{survivor}/subject", subject)
    for path in (double, survivor):
        await supervisor.get(path, 404)
        assert (await other.get(path))["about_mentor"] is True
    await other.put(mentor, {"staff_id": str(other.staff_id)})
    for path in (double, survivor):
        await other.get(path, 404)


async def test_conduct_told_of_in_words_is_not_merged_into_what_the_line_reads(
    night: Night,
) -> None:
    officer, person = night.wing.officer, str(night.mentor.person_id)
    told = await night.raises(officer, kind="misconduct")
    named = await night.raises(officer, kind="welfare", subject_person_id=person)
    body = {"survivor_id": named["id"]}
    refused = await night.wing.clinician.post(f"concerns/{told['id']}/merge", body, 422)
    assert refused["errors"][0]["code"] == "routed_otherwise"
