"""What an edit changed, in words."""

import re
from difflib import SequenceMatcher
from functools import lru_cache

# Each with the space before it: half as many to compare.
_WORDS = re.compile(r"\s*\w+|\s*[^\w\s]|\s+")

MOST_COMPARED = 1_000
"""Words and signs of a text that is compared word by word: more than ordinary words make
of the longest comment. What it costs grows with the cube, and anybody may ask for it."""


@lru_cache(maxsize=100)
def differences(before: str, after: str) -> tuple[tuple[str, str], ...]:
    """``after`` with what was ``inserted``, ``removed`` and is the ``same``, piece by piece.

    Of texts that are made of too many signs to compare, the whole is removed and inserted.
    """
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    pieces = []
    for what, start, end, new_start, new_end in _changes(old, new):
        if what == "equal":
            pieces.append(("same", "".join(old[start:end])))
            continue
        pieces.append(("removed", "".join(old[start:end])))
        pieces.append(("inserted", "".join(new[new_start:new_end])))
    return tuple((what, words) for what, words in pieces if words)


def _changes(old, new):
    if max(len(old), len(new)) > MOST_COMPARED:
        return [("replace", 0, len(old), 0, len(new))]
    return SequenceMatcher(None, old, new).get_opcodes()
