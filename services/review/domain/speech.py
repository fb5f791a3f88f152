"""How long a text is when it is spoken: syllables, and whether they fit the minutes given (domain.md section 5)."""

from __future__ import annotations

import re
from typing import Literal

from shared.tenancy import Policy

Length = Literal["fits", "long", "too_long"]

DIGITS = "零一二三四五六七八九"
UNITS = (("亿", 10**8), ("万", 10**4), ("千", 10**3), ("百", 10**2), ("十", 10))
NUMERALS_AT_MOST = 16
"""A longer run of digits is a code, not a quantity: it is read digit by digit."""

_HALF_WIDTH = {wide: wide - 0xFEE0 for wide in range(ord("！"), ord("～") + 1) if chr(wide).isalnum()} | {
    ord("％"): ord("%"),
    ord("．"): ord("."),
}

_SPOKEN = re.compile(
    r"""
      (?P<year>    (?<!\d)\d{4}(?=年) )                                   # 2021年: digit by digit
    | (?P<number>  (?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?[%‰]? )      # 1,200   11.8%
    | (?P<range>   (?<=[\d%‰])[-–—~～](?=\d) )                            # 3-5: read 至
    | (?P<letters> [A-Z]{2,}(?![a-z]) | (?<![A-Za-z])[A-Z](?![A-Za-z]) )  # GDP: letter by letter
    | (?P<word>    [A-Za-z]+ )                                            # Wifi
    | (?P<han>     [〇\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff] )
    """,
    re.VERBOSE,
)
_VOWELS = re.compile("[aeiouy]+", re.IGNORECASE)
_SILENT_E = re.compile("[^aeiouy]e$", re.IGNORECASE)


def spoken_syllables(text: str) -> int:
    """Syllables of ``text`` read aloud in Chinese: 11.8% is 百分之十一点八, seven. Punctuation is silent."""
    return sum(_syllables(spoken) for spoken in _SPOKEN.finditer(text.translate(_HALF_WIDTH)))


def length(syllables: int, policy: Policy) -> Length:
    """Does a text of so many syllables fit the time that policy gives? A warning, never a refusal: formal speech has
    200 a minute at most, and nobody is followed at 240 (domain.md 5)."""
    asked = syllables * 60
    if asked > policy.speech_seconds * policy.syllables_a_minute_too_long:
        return "too_long"
    if asked > policy.speech_seconds * policy.syllables_a_minute_long:
        return "long"
    return "fits"


def aimed_at(policy: Policy) -> int:
    """How many syllables a draft should have: 1,440 in eight minutes."""
    return policy.speech_seconds * policy.syllables_a_minute_aimed_at // 60


def read_number(number: str) -> str:
    """``1,205.30‰`` → 千分之一千二百零五点三零: a number as it is read aloud."""
    share = {"%": "百分之", "‰": "千分之"}.get(number[-1], "")
    whole, point, decimals = number.rstrip("%‰").replace(",", "").partition(".")
    return share + _read_whole(whole) + ("点" + _read_digits(decimals) if point else "")


def _syllables(spoken: re.Match[str]) -> int:
    text = spoken.group()
    match spoken.lastgroup:
        case "number":
            return len(read_number(text))
        case "word":
            silent = 1 if _SILENT_E.search(text) else 0
            return max(1, len(_VOWELS.findall(text)) - silent)
        case _:
            return len(text)


def _read_whole(digits: str) -> str:
    if len(digits) > NUMERALS_AT_MOST or (len(digits) > 1 and digits[0] == "0"):
        return _read_digits(digits)
    return re.sub("^一十", "十", _read_quantity(int(digits)))


def _read_digits(digits: str) -> str:
    return "".join(DIGITS[int(digit)] for digit in digits)


def _read_quantity(quantity: int) -> str:
    for unit, size in UNITS:
        if quantity >= size:
            high, low = divmod(quantity, size)
            skipped = "零" if 0 < low < size // 10 else ""
            return _read_quantity(high) + unit + skipped + (_read_quantity(low) if low else "")
    return DIGITS[quantity]
