"""Public names: what counts as the same name or as an imitation of it."""

import unicodedata


def skeleton(name: str) -> str:
    """What is left of ``name`` when everything readers overlook is taken away."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in decomposed if letter.isalnum())
