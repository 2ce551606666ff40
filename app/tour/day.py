"""The tour's lockdown: plans are called off, nobody is left alone, and all is planned anew."""

from datetime import datetime, timedelta

from app.clock import spell
from app.tour.cast import Cast
from app.tour.teller import check


async def lockdown(cast: Cast) -> None:
    cast.teller.begin("A lockdown, and what it took")
    worker, officer = cast.support_worker, cast.wing_duty
    planned = (await worker.asks("looks at what is planned", "sessions?status=planned"))["items"]
    ends = [datetime.fromisoformat(each["ends_at"]) for each in planned]
    first = min(datetime.fromisoformat(each["starts_at"]) for each in planned)
    body = {"from": spell(first - timedelta(hours=1)), "to": spell(max(ends))}
    made = await worker.sends("declares a lockdown over it", "lockdowns", body)
    check(len(made["cancelled"]) == len(planned), "everything that was planned is called off")
    reasons = {reason for each in made["welfare_checks"] for reason in each["reasons"]}
    check("first_session" in reasons, "a man whose first session it takes is looked in on")
    path = f"lockdowns/{made['id']}"
    one = f"{path}/welfare-checks/{made['welfare_checks'][0]['id']}/looked-in"
    await officer.sends("looks in on him, and says so", one, {}, 200)
    again = await worker.asks("reads the list again", f"{path}/welfare-checks")
    check(again["items"][0]["looked_in_at"] is not None, "the list says who was looked in on")
    asked = (
        f"sessions/slots?mentor_id={cast.mentor_id}&mentee_ids={cast.mentee_id}"
        f"&kind=one_to_one&from={body['from'].replace('+00:00', 'Z')}&limit=1"
    )
    [free] = (await cast.mentor.asks("asks when he could see his man", asked))["items"]
    check(free["starts_at"] >= body["to"], "no time is offered within it, and none says why")
    anew = await worker.sends("has it all planned anew", f"{path}/reoffers", {})
    outcomes = {each["outcome"] for each in anew["items"]}
    check(outcomes == {"planned"}, f"each at the next free time: {', '.join(sorted(outcomes))}")
