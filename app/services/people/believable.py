"""Which dates of birth are believed of a prisoner. Pure."""

from datetime import date

from app.services.working_days import add_calendar_months

EARLIEST_BIRTH = date(1900, 1, 1)
YOUNGEST = 15  # years: the youngest age at which a young offender institution takes anyone


def unbelievable(born: date, today: date) -> str | None:
    """Why a date of birth is not believed, as the end of a sentence; None when it is."""
    if born > today:
        return "must not be in the future"
    if born < EARLIEST_BIRTH:
        return "must not be before 1900"
    if add_calendar_months(born, 12 * YOUNGEST) > today:
        return f"makes the person younger than {YOUNGEST}"
    return None
