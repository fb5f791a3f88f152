"""Business dates: working days, rolling to the next of them, and three months from a day (domain.md section 4).

Pure. The data of a year comes in from outside; a year without data is never guessed.
"""

from shared.calendar.working_days import (
    Calendar,
    Due,
    Year,
    YearNotPublished,
    months_after,
)

__all__ = ["Calendar", "Due", "Year", "YearNotPublished", "months_after"]
