"""The clinical room: two mentees who are patients too, their notes, a plan shared in part."""

from datetime import timedelta

from app import clock
from app.demo.wing import Wing
from app.models.base import Disclosure
from app.models.caseloads import CaseloadCreate
from app.models.clinical_notes import (
    ClinicalNoteCreate,
    ClinicalNoteKind,
    ClinicalNoteUpdate,
    NoteAddendumCreate,
)
from app.models.safety_plans import (
    SafetyItemCreate,
    SafetyItemKind,
    SafetyPlanCreate,
    SafetyReview,
)
from app.services import caseloads, clinical_notes, safety_plans

PATIENTS = (12, 13)
SLEEPS_BADLY = "Sleeps four hours, eats little; no plan to harm himself."
SISTER_RANG = "His sister is worried by his last letter."
NOTES = [
    (PATIENTS[0], ClinicalNoteKind.assessment, SLEEPS_BADLY, Disclosure.ordinary),
    (PATIENTS[1], ClinicalNoteKind.telephone, SISTER_RANG, Disclosure.third_party),
]
# What the item says, and whether its person ticked it for the mentor and for support workers.
ITEMS = [
    (SafetyItemKind.warning_sign, "I stop eating and keep my light off.", False, True),
    (SafetyItemKind.coping_strategy, "Draw, or count my breaths to a hundred.", True, True),
    (SafetyItemKind.distraction, "Walk the yard with my mentor.", True, False),
    (SafetyItemKind.person_to_contact, "My sister, on Sundays.", True, False),
    (SafetyItemKind.professional_to_contact, "The mental health nurse.", True, True),
    (SafetyItemKind.safer_surroundings, "Leave my razors at the office.", False, False),
    (SafetyItemKind.reason_for_living, "To see my daughter start school.", False, False),
]


async def live(wing: Wing) -> None:
    """Taken on six days ago, written of since; the first of them has a plan, gone through once."""
    async with wing.db.write(wing.prison_id) as session:
        for patient, kind, words, disclosure in NOTES:
            wing.at(days=6)
            person_id = wing.person_ids[patient]
            mine = CaseloadCreate(person_id=person_id)
            await caseloads.take_on(session, wing.clinician, mine)
            clock.forward(hours=1)
            first = ClinicalNoteCreate(
                person_id=person_id, kind=kind, text=words, disclosure=disclosure
            )
            note = await clinical_notes.write(session, wing.clinician, first)
            clock.forward(hours=2)
            more = ClinicalNoteUpdate(text=f"{words} To be seen twice a week.")
            await clinical_notes.rewrite(session, wing.clinician, note, more)
            clock.forward(days=2)
            added = NoteAddendumCreate(text="Seen on the wing: brighter, and back at work.")
            await clinical_notes.add(session, wing.nurse, note, added)
    await _plan(wing)


async def _plan(wing: Wing) -> None:
    """The plan of the first, made with the nurse, of which he shares some with his mentor."""
    wing.at(days=4)
    today = clock.now().date()
    async with wing.db.write(wing.prison_id) as session:
        begun = SafetyPlanCreate(
            person_id=wing.person_ids[PATIENTS[0]], review_on=today + timedelta(days=3)
        )
        plan = await safety_plans.begin(session, wing.nurse, begun)
        for kind, words, for_mentor, for_staff in ITEMS:
            item = SafetyItemCreate(
                kind=kind, text=words, shared_with_mentor=for_mentor, shared_with_staff=for_staff
            )
            await safety_plans.add_item(session, wing.nurse, plan, item)
        clock.forward(days=2)
        again = SafetyReview(review_on=today + timedelta(days=30))
        await safety_plans.review(session, wing.nurse, plan, again)
