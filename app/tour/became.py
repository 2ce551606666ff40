"""What became of people, in the tour: asked, and counted from a cohort agreed on before."""

from datetime import timedelta

from app.tour.cast import Cast
from app.tour.teller import check, codes

ANSWERS = {"ever_self_harm": "yes", "current_self_harm": "yes", "suicidal_thoughts": "yes"}
LATER = {
    "current_self_harm": "no",
    "suicidal_thoughts": "yes",
    "suicide_attempt": "no",
    "self_harm_change": "stopped",
    "thoughts_change": "reduced",
}


async def counted(cast: Cast) -> None:
    """Two surveys of one man, eight weeks apart; a cohort that is fixed before anybody looks."""
    cast.teller.begin("What became of people, counted")
    about = {"mentee_id": cast.mentee_id, "instrument": "survey", "occasion": "baseline"}
    first = {**about, "answers": {**ANSWERS, "suicide_attempt": "no"}}
    await cast.clinician.sends("asks him as he begins, and writes it down", "questionnaires", first)
    hurt = {"better_off_dead": 1}
    body = {**about, "instrument": "phq9", "answers": hurt, "share_total": True}
    await cast.clinician.sends("asks one more, of which one answer counts", "questionnaires", body)
    looked = await cast.clinician.asks("finds it among the tasks", "tasks?kind=answer_review")
    check(looked["items"], "whatever the total is, somebody looks at that answer")
    hidden = await cast.governor.asks("finds no such task", "tasks?kind=answer_review")
    check(hidden["items"] == [], "the governor learns nothing of it")
    day = cast.watch.now.date()
    plan = {
        "name": f"Who came this year {cast.run}",
        "referred_from": str(day - timedelta(days=360)),
        "referred_to": str(day),
    }
    said = "says of whom it will be counted, before anybody looks"
    cohort = await cast.support_worker.sends(said, "outcome-cohorts", plan)
    path = f"outcome-cohorts/{cohort['id']}"
    early = await cast.governor.moves("cannot freeze it today", path, "frozen", 409)
    check(codes(early) == ["all_were_referred"], "somebody may still come")
    await cast.forward(days=56)
    then = {**about, "occasion": "follow_up", "answers": LATER}
    await cast.clinician.sends("asks again after eight weeks", "questionnaires", then)
    frozen = await cast.governor.moves("freezes it: {0[size]} episodes", path, "frozen")
    check(len(frozen["digest"]) == 64, "with a digest of who is in it")
    report = await cast.governor.asks(
        "reads what became of them", f"reports/outcomes/{cohort['id']}"
    )
    for each in report["indicators"]:
        told = f"{each['indicator'].replace('_', ' ')}: {each['ratio']}"
        cast.teller.tell(cast.watch.now, "the report", told)
    check(report["label"] == "before and after, without a comparison group", "and what it is not")
    picture = await cast.governor.asks(
        "as a picture", f"reports/outcomes/{cohort['id']}?format=svg"
    )
    check(b"<svg" in picture, "it is one")
    await cast.mentor.asks("reads none of it", f"reports/outcomes/{cohort['id']}", 403)
