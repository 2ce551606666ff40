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


async def lived(cast: Cast) -> None:
    """What happens in lives, by whose word; and what people think, of which nobody is known."""
    cast.teller.begin("What happened in lives, and what people think of it")
    day = str(cast.watch.now.date())
    work = {
        "mentee_id": cast.mentee_id,
        "kind": "work_started",
        "fact": "staff_recorded",
        "source": "wing_book",
        "first_day": day,
    }
    worker = cast.support_worker
    await worker.sends("writes down that he has begun to work", "life-events", work)
    ahead = {**work, "first_day": str(cast.watch.now.date() + timedelta(days=2))}
    refused = await worker.sends("cannot say what is still to come", "life-events", ahead, 422)
    check(refused["errors"][0]["field"] == "first_day", "the day is named")
    await cast.governor.asks("reads none of them", "life-events", 403)
    opened = await worker.sends(
        "asks mentees what they think", "survey-rounds", {"audience": "mentees"}
    )
    path = f"survey-rounds/{opened['id']}"
    codes = await worker.sends("prints a code for each", f"{path}/codes", {"number": 9}, 200)
    answer = {"answers": {"listened": 5, "respected": 4}}
    url = f"/v1/prisons/{cast.governor.prison_id}/survey-rounds/answers"
    for code in codes["codes"]:
        said = await cast.http.post(url, json={"code": code, **answer})
        check(said.status_code == 204, "an answer needs no token, and is nobody's")
    cast.teller.tell(cast.watch.now, "nine people", "answer, each with a code from a paper")
    again = await cast.http.post(url, json={"code": codes["codes"][0], **answer})
    check(again.status_code == 422, "a code is one answer")
    await worker.moves("closes it", path, "closed")
    told = await cast.governor.asks("reads what people think", "reports/experience")
    check(told["tables"], "counted, of nobody")


async def taken_out(cast: Cast) -> None:
    """Reports of a period, and what a machine takes out under pseudonyms."""
    cast.teller.begin("What goes out, and of whom it tells nothing")
    for report in ("activity", "mentor_pipeline", "fidelity", "unmet_demand"):
        found = await cast.governor.asks(f"reads {report.replace('_', ' ')}", f"reports/{report}")
        check(found["tables"], "it has tables")
    table = await cast.governor.asks("takes one as a table", "reports/activity?format=csv")
    check(table.startswith(b"table,key"), "for a spreadsheet")
    month = f"{cast.watch.now.date().replace(day=1) - timedelta(days=1):%Y-%m}"
    pack = await cast.governor.asks(
        "takes the month's pack to the board", f"reports/board-packs/{month}?format=pdf"
    )
    check(pack.startswith(b"%PDF"), "it is paper")
    prepared = await cast.support_worker.sends(
        "prepares what may be published of it", "publications", {"period": month}
    )
    path = f"publications/{prepared['id']}"
    await cast.support_worker.moves("cannot let it out herself", path, "published", 403)
    out = await cast.governor.moves("lets it out: {0[status]}", path, "published")
    check(len(out["digest"]) == 64, "as it is for good")
    machine = await cast.machine("evaluation", "export.pseudonymised")
    lines = await machine.asks("takes every session out", "exports/sessions?format=ndjson")
    check(lines, "a line a session")
    check(cast.mentee_id.encode() not in lines, "under pseudonyms of this export alone")
    await machine.asks("reads no record", f"mentees/{cast.mentee_id}", 403)
    await cast.support_worker.asks("takes none out", "exports/sessions", 403)
