"""Reads the day that a line of a page states, and never a wrong one."""

import datetime
import re
from collections.abc import Iterable, Mapping

# Other years are of other calendars.
_YEARS = range(1900, 2101)
_WORD = re.compile(r"[^\W\d_]+")


class DateReader:
    """Finds dates in folded text: numbers in either order of a calendar date, or with the name of a month."""

    def __init__(self, months: Mapping[str, int], words: Iterable[str]) -> None:
        """Takes folded names in lower case.

        Args:
            months: The number of each month by every name that it has.
            words: What else a line says that is only a date.
        """
        self._months = dict(months)
        names = "|".join(re.escape(name) for name in sorted(months, key=len, reverse=True))
        # A second name of the same month may follow, as in "November / Tishrin II".
        month = rf"(?P<month>{names})(?:\s?[/\-(،,]?\s?(?P<other>{names})\s?\)?)?(?![^\W\d_])"
        forms = (
            r"(?P<year>\d{4})\s?[-/.]\s?(?P<number>\d{1,2})\s?[-/.]\s?(?P<day>\d{1,2})(?!\d)",
            r"(?P<day>\d{1,2})\s?[-/.]\s?(?P<number>\d{1,2})\s?[-/.]\s?(?P<year>\d{4})(?!\d)",
            rf"(?P<day>\d{{1,2}})\s?[-/.،,]?\s?{month}\s?[-/.،,]?\s?(?P<year>\d{{4}})(?!\d)",
            rf"(?<![^\W\d_]){month}\s?(?P<day>\d{{1,2}})\s?[-/.،,]?\s(?P<year>\d{{4}})(?!\d)",
        )
        self._forms = tuple(re.compile(rf"(?<!\d){form}") for form in forms)
        self._words = frozenset(word for phrase in (*words, *months) for word in _WORD.findall(phrase))

    def read(self, folded: str) -> str | None:
        """The first date, as ISO 8601; None if there is none or the first is not a day of the calendar.

        In a date of numbers the day stands before the month, unless the year comes first.
        """
        text = " ".join(folded.lower().split())
        found = [match for form in self._forms for match in form.finditer(text)]
        for match in sorted(found, key=re.Match.start):
            parts = match.groupdict()
            if int(parts["year"]) in _YEARS:
                return self._date(parts)
        return None

    def only(self, folded: str) -> bool:
        """Whether the text says when and nothing else: a number, and no other word."""
        words = _WORD.findall(folded.lower())
        return self._words.issuperset(words) and any(character.isdigit() for character in folded)

    def _date(self, parts: Mapping[str, str | None]) -> str | None:
        names = {self._months[name] for name in (parts.get("month"), parts.get("other")) if name}
        numbers = names or {int(parts["number"] or 0)}
        if len(numbers) > 1:
            return None
        try:
            return datetime.date(int(parts["year"] or 0), numbers.pop(), int(parts["day"] or 0)).isoformat()
        except ValueError:
            return None
