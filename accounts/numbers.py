LONGEST_NUMBER = 18
"""Digits: what fits into a number of the database in any case."""


def row_number(written: str | None) -> int | None:
    """The number of a row as somebody sent it, or None when no row can have it."""
    if not written or len(written) > LONGEST_NUMBER:
        return None
    return int(written) if written.isascii() and written.isdecimal() else None
