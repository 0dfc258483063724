"""What an edit changed, in words."""

import re
from difflib import SequenceMatcher

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")


def differences(before: str, after: str) -> list[tuple[str, str]]:
    """``after`` with what was ``inserted``, ``removed`` and is the ``same``, piece by piece."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    pieces = []
    for what, start, end, new_start, new_end in SequenceMatcher(None, old, new).get_opcodes():
        if what == "equal":
            pieces.append(("same", "".join(old[start:end])))
            continue
        pieces.append(("removed", "".join(old[start:end])))
        pieces.append(("inserted", "".join(new[new_start:new_end])))
    return [(what, words) for what, words in pieces if words]
