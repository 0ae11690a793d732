"""The options of faults, and which values they take."""

from __future__ import annotations

import math
from typing import Final

OPTIONS: Final = frozenset(
    ("times", "after", "retry", "window", "at", "seconds", "min", "by", "do", "status", "code")
)
#: Further than this from now, in seconds (a century), a time may be none that a header can say.
FAR: Final = 3_200_000_000
#: Statuses that come without a page.
_PAGELESS: Final = (204, 205, 304)


def problem_of(name: str, value: str) -> str:
    """What is wrong with the value of an option; empty if nothing is."""
    if name == "do":
        return "" if value in ("add", "delete") else "do is add or delete"
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        return f"{name} is a number"
    if name in ("times", "after") and not value.isdigit():
        return f"{name} is a whole number"
    if name == "status" and (number not in range(200, 600) or number in _PAGELESS):
        return "status is one of 200 to 599 that comes with a page"
    if name in ("seconds", "retry", "window") and abs(number) > FAR:
        return f"{name} is at most {FAR}"
    return ""
