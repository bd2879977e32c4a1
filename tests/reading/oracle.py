"""What a person says that a cell means: the rules of docs/own-system.md, once more in Python.

Nothing here looks at the SQL: the property test holds the two against each other.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("America/Sao_Paulo")
EMPTY = {
    "", "\\N", "NULL", "null", "(NULL)", "(null)", "<NULL>", "<null>", "[NULL]", "[null]", "#N/D",
    "#N/A",
}  # fmt: skip
OUTER = " \t\r\n\u00a0\u202f"
BLANKS = " \u00a0\u2009\u202f"


class Refused:
    """The row has to be refused with its text."""

    def __repr__(self) -> str:
        return "REFUSED"


REFUSED = Refused()


def number(text: str | None, mark: str | None = None) -> Decimal | Refused | None:
    """A number; ``mark`` is the decimal separator that the column's other values show."""
    if text is None or text.strip(OUTER) in EMPTY:
        return None
    sign, body = _signed(re.sub(f"[{BLANKS}]+", " ", text).strip())
    if body is None:
        return REFUSED
    if " " in body:
        head, *groups = body.split(" ")
        *whole, last = groups
        last, separator, cents = last.partition(",") if "," in last else last.partition(".")
        if not _grouped([head, *whole, last]) or (separator and len(cents) == 3):
            return REFUSED
        body = "".join([head, *whole, last]) + separator + cents
    points, commas = body.count("."), body.count(",")
    if not points and not commas:
        return _decimal(sign, body)
    if points and commas:
        decimal = "," if body.rindex(",") > body.rindex(".") else "."
        thousand = "." if decimal == "," else ","
        if body.count(decimal) != 1:
            return REFUSED
        whole_part, cents = body.split(decimal)
        if not _grouped(whole_part.split(thousand)) or not cents.isdigit():
            return REFUSED
        return _decimal(sign, whole_part.replace(thousand, "") + "." + cents)
    separator = "." if points else ","
    parts = body.split(separator)
    if len(parts) > 2:
        return _decimal(sign, "".join(parts)) if _grouped(parts) else REFUSED
    if not parts[1]:
        return REFUSED
    if _grouped(parts):  # thousands or three decimals
        if mark is None or mark == separator:
            return REFUSED
        return _decimal(sign, "".join(parts))
    return _decimal(sign, f"{parts[0] or '0'}.{parts[1]}")


def _signed(text: str) -> tuple[int, str | None]:
    """Sign and digits; no digits where the sign is written twice or something else stands there."""
    signs = 0
    negative = False
    if text.startswith("(") != text.endswith(")"):
        return 1, None
    if text.startswith("("):
        text, signs, negative = text[1:-1].strip(), 1, True
    for _ in range(2):
        if text[:1] in tuple("+-\u2212"):
            negative, signs = negative or text[0] != "+", signs + 1
            text = text[1:]
            text = text[1:] if text.startswith(" ") else text
        if text[:2] in ("R$", "r$") and _ == 0:
            text = text[2:]
            text = text[1:] if text.startswith(" ") else text
        else:
            break
    if text.endswith("-"):
        negative, signs, text = True, signs + 1, text[:-1].rstrip(" ")
    digits = re.fullmatch(r"[0-9][0-9., ]*|[.,][0-9]+", text, re.ASCII)
    return (-1 if negative else 1), text if digits and signs <= 1 else None


def _grouped(parts: list[str]) -> bool:
    """Thousands as people write them: 1 to 3 digits without a zero in front, then threes."""
    return (
        len(parts) > 1
        and re.fullmatch("[1-9][0-9]{0,2}", parts[0]) is not None
        and all(re.fullmatch("[0-9]{3}", part) for part in parts[1:])
    )


def _decimal(sign: int, digits: str) -> Decimal | Refused:
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", digits):
        return REFUSED
    return sign * Decimal(digits)


def whole(text: str | None) -> Decimal | Refused | None:
    """A small whole number."""
    found = number(text)
    if isinstance(found, Decimal) and (
        found != found.to_integral_value() or found < 0 or found >= 10**9 or found.is_signed()
    ):
        return REFUSED
    return found


def yes_no(text: str | None) -> bool | Refused | None:
    """Yes or no."""
    if text is None or text.strip(OUTER) in EMPTY:
        return None
    word = text.strip(OUTER).lower().replace("ã", "a")
    if word in {"s", "sim", "v", "verdadeiro", "verdade", "t", "true", "y", "yes", "on", "1", "-1",
                "1.0", "1,0", "1.00", "1,00"}:  # fmt: skip
        return True
    if word in {"n", "nao", "f", "falso", "false", "no", "off", "0", "0.0", "0,0", "0.00", "0,00"}:
        return False
    return REFUSED


def day(text: str | None) -> date | Refused | None:
    """A day, day before month; with an offset the day in São Paulo."""
    if text is None or text.strip(OUTER) in EMPTY:
        return None
    found = re.fullmatch(
        r"(?:(\d{4})([-/.])(\d{1,2})\2(\d{1,2})|(\d{1,2})([-/.])(\d{1,2})\6(\d{4})|((?:19|20)\d{6}))"
        r"(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d{1,9})?)?"
        r" ?(Z|z|UTC|[-+]\d{2}(?::?\d{2})?)?)?",
        text.strip(OUTER),
        re.ASCII,
    )
    if found is None:
        return REFUSED
    if found[9]:
        year, month, number_ = int(found[9][:4]), int(found[9][4:6]), int(found[9][6:])
    elif found[1]:
        year, month, number_ = int(found[1]), int(found[3]), int(found[4])
    else:
        year, month, number_ = int(found[8]), int(found[7]), int(found[5])
    hour, minute, second = (int(found[n] or 0) for n in (10, 11, 12))
    try:
        moment = datetime(year, month, number_, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return REFUSED
    offset = found[13]
    if not offset:
        return moment.date()
    if offset[0] in "+-":
        digits = offset[1:].replace(":", "").ljust(4, "0")
        hours, minutes = int(digits[:2]), int(digits[2:])
        if hours > 15 or minutes > 59:
            return REFUSED
        shift = timedelta(hours=hours, minutes=minutes) * (-1 if offset[0] == "-" else 1)
        moment = moment.replace(tzinfo=timezone(shift))
    return moment.astimezone(ZONE).date()
