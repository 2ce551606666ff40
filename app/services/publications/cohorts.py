"""A frozen cohort's figures as tables that may go out, and what is known of how they hang together.

No mean, interval or p value is among them: each of these gives away the exact counts behind it.
"""

from collections.abc import Iterator

from app.models.report_tables import ReportTable, Unit
from app.models.reports import Indicator, OutcomeReport, Question
from app.services.publications.guard import Link, total, within
from app.services.publications.tables import Named, denominator, named
from app.services.reports.tables import counts, shares

REPORT = "outcomes"
FIRST_OF = {
    Indicator.self_harm_improved: Indicator.current_self_harm,
    Indicator.suicidal_improved: Indicator.suicidal,
}
INDICATOR_OF = {Question.current_self_harm: Indicator.current_self_harm}
PEOPLE = Unit.people


def tables(found: OutcomeReport) -> tuple[list[Named], list[Link]]:
    """The tables of a cohort, and how their cells belong together."""
    made = [(REPORT, each) for each in _tables(found)]
    return made, list(_links(found))


def _tables(found: OutcomeReport) -> Iterator[ReportTable]:
    size = {"episodes": found.cohort.size or 0, "followed_up": found.followed_up}
    yield counts("cohort", "Episodes in the cohort", PEOPLE, size)
    yield counts("lost", "Not followed up, by reason", PEOPLE, found.lost)
    shared = {each.indicator.value: (each.numerator, each.denominator) for each in found.indicators}
    yield shares("indicators", "Of those whose answer is known", PEOPLE, shared)
    eligible = {each.indicator.value: each.eligible for each in found.indicators}
    yield counts("eligible", "Whom each concerns, answered or not", PEOPLE, eligible)
    for each in found.indicators:
        name = f"missing_{each.indicator.value}"
        yield counts(name, f"No answer: {_words(each.indicator)}", PEOPLE, each.missing)
    for pair in found.paired:
        told = {
            name: getattr(pair, name) for name in ("both_yes", "resolved", "new_onset", "both_no")
        }
        title = f"Before and after: {_words(pair.question)}"
        yield counts(f"paired_{pair.question.value}", title, PEOPLE, told)
    for score in found.scores:
        if score.reliably_improved is not None:
            classes = {
                "improved": score.reliably_improved,
                "no_reliable_change": score.no_reliable_change or 0,
                "deteriorated": score.reliably_deteriorated or 0,
            }
            title = f"Reliable change: {_words(score.instrument)}"
            yield counts(f"change_{score.instrument.value}", title, PEOPLE, classes)


def _words(code: str) -> str:
    return code.replace("_", " ")


def _links(found: OutcomeReport) -> Iterator[Link]:
    """Parts and wholes by what they mean; equal wholes are found by themselves."""
    episodes, followed = named(REPORT, "cohort", "episodes"), named(REPORT, "cohort", "followed_up")
    yield total(episodes, [followed, *(named(REPORT, "lost", each) for each in found.lost)])
    for each in found.indicators:
        name = each.indicator.value
        eligible = named(REPORT, "eligible", name)
        missing = [named(REPORT, f"missing_{name}", why) for why in each.missing]
        yield total(eligible, [denominator(REPORT, "indicators", name), *missing])
        first = FIRST_OF.get(each.indicator)
        whole = named(REPORT, "indicators", first.value) if first else episodes
        yield total(whole, [eligible])
    for pair in found.paired:
        table = f"paired_{pair.question.value}"
        parts = [named(REPORT, table, each) for each in ("both_yes", "resolved")]
        yield Link({episodes: 1, **dict.fromkeys(parts, -1)}, at_least=True)
        if indicator := INDICATOR_OF.get(pair.question):
            yes = named(REPORT, "indicators", indicator.value)
            yield Link({yes: 1, **dict.fromkeys(parts, -1)}, at_least=True)
    ever, now = (
        named(REPORT, "indicators", each.value)
        for each in (Indicator.ever_self_harm, Indicator.current_self_harm)
    )
    unknown = [
        named(REPORT, f"missing_{Indicator.ever_self_harm.value}", why)
        for each in found.indicators
        if each.indicator is Indicator.ever_self_harm
        for why in each.missing
    ]
    if unknown:
        yield Link({ever: 1, **dict.fromkeys(unknown, 1), now: -1}, at_least=True)
    else:
        yield within(now, ever)
