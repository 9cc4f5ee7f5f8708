"""Folding: what a search and an order by title compare, the same on every database.

Two texts that differ only in case, accents, width, or in characters that nobody sees fold to the
same text. The rules are Unicode's, as Python has them: compatibility decomposition (NFKD); then
accents go; full case folding; composition (NFC). What that leaves open:

- The letter i without a dot (U+0131) folds to `i`, as `I`, `İ` and `i` do: which of them is the
  other's capital depends on the language.
- Letters with a stroke and ligatures, which Unicode doesn't decompose, count as plain letters:
  `Łódź` folds to `lodz`, `œuvre` to `oeuvre`.
- A mark that makes another letter stays: the voiced marks of Japanese (`が` is not `か`), and what
  Indic, Thai and other scripts write above, below or after a letter. The points of Hebrew and
  Arabic go.
- A syllable of Hangul is one character: `하` is no part of `한`.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import filterfalse
from typing import Any
from unicodedata import combining, normalize

import orjson

from tasks_api.tasks.models import DESCRIPTION_MAX, TITLE_MAX

# The columns, and how many bytes of a folded text they keep: as many as the longest text may have.
# A ligature may decompose into 18 letters.
FOLDED = {"title_folded": 4 * TITLE_MAX, "description_folded": 4 * DESCRIPTION_MAX}

# By their combining class (Unicode, section 4.3) marks are accents, points, or part of a letter.
_MARKS = [mark for mark in map(chr, range(0x300, 0x10000)) if combining(mark)]
_ACCENTS = "".join(m for m in _MARKS if combining(m) in {*range(10, 37), *range(200, 256)})
_LETTERS = "".join(set(_MARKS).difference(_ACCENTS))
_UNSEEN = "\xad\u034f\u200b\u200c\u200d\u200e\u200f\u2060\ufe0e\ufe0f\ufeff"
_IGNORED = re.compile(f"[{_ACCENTS}{_UNSEEN}]")
# Outside the basic plane all marks count as accents: those scripts are mostly historic.
_OUTSIDE = re.compile("[\U00010000-\U0001efff]+")
# To put marks in their order takes the square of their number: no letter has nine.
_SURPLUS = re.compile(f"[{_LETTERS}](?<=[{_LETTERS}]{{9}})")
_PLAIN = {"\u0131": "i", "ł": "l", "ø": "o", "đ": "d", "ħ": "h", "æ": "ae", "œ": "oe"}


def fold(text: str, bytes_max: int) -> bytes:
    """Return what searches and orders compare of a text: UTF-8, cut off at a number of bytes."""
    if text.isascii():
        return text.lower().encode()[:bytes_max]
    # Cut off here already, because each letter costs time.
    decomposed = normalize("NFKD", _SURPLUS.sub("", _without_accents(text)))[:bytes_max]
    folded = _without_accents(decomposed).casefold()
    for letter, plain in _PLAIN.items():
        folded = folded.replace(letter, plain)
    cut = normalize("NFC", folded).encode()[:bytes_max]
    return cut.decode(errors="ignore").encode()


def _without_accents(text: str) -> str:
    return _OUTSIDE.sub(_without_marks, _IGNORED.sub("", text))


def _without_marks(match: re.Match[str]) -> str:
    return "".join(filterfalse(combining, match[0]))


def folded(members: Mapping[str, Any]) -> dict[str, bytes | None]:
    """Return the columns that go with what is set of a task: `title_folded` with `title`."""
    return {
        name: None if members[member] is None else fold(members[member], bytes_max)
        for name, bytes_max in FOLDED.items()
        if (member := name.removesuffix("_folded")) in members
    }


def as_recordset(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return rows as `json_to_recordset` reads them, the folded columns too."""
    return orjson.dumps(rows, default=lambda value: f"\\x{value.hex()}").decode()
