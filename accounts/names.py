"""Public names: who may bear which, and what counts as the same name or an imitation."""

import re
import unicodedata

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.town import town

SHORTEST, LONGEST = 2, 40
"""How many characters a public name has."""

PUNCTUATION = " -.'’"

# Latin letters of living languages that are no ASCII letter with a mark.
LATIN_LETTERS = "ßẞæÆœŒøØđĐðÐþÞłŁħĦŋŊıəƏ"

# Alphabets in which names of living people are written, as Unicode calls them. In others, such as
# Lisu and Cherokee, whole words can be written that look Latin.
ALPHABETS = frozenset(
    """
    LATIN CYRILLIC GREEK ARMENIAN GEORGIAN HEBREW ARABIC SYRIAC THAANA ETHIOPIC TIFINAGH
    DEVANAGARI BENGALI GURMUKHI GUJARATI ORIYA TAMIL TELUGU KANNADA MALAYALAM SINHALA THAI LAO
    TIBETAN MYANMAR KHMER MONGOLIAN HANGUL CJK
    """.split()
)

# Letters that readers take for others, after case is folded: first those of other
# alphabets whose capitals look Latin, then those within the Latin one.
LOOKALIKES = str.maketrans(
    "авекмнорстухіјѕ" + "αβεζηικμνορτυχ" + "øœæđðłħŋıə" + "i10",
    "abekmhopctyxljs" + "abezhlkmnoptyx" + "ooaddlhnle" + "llo",
)

# Vowels that readers take for one: ä, ae and a; ö, oe and o; ü, ue and u.
UMLAUT = re.compile("([aou])e+")

RESERVED = """
    Administration Administrator Administratoren Administratorin Admin Amt Amtsdirektor
    Amtsdirektorin Amtsleiter Amtsleiterin Amtsleitung Amtsverwaltung Bauamt Bürgeramt
    Bürgermeister Bürgermeisteramt Bürgermeisterin Gemeinde Gemeindeverwaltung Hauptamt Kämmerei
    Landkreis Landrat Landrätin Moderation Moderationsteam Moderator Moderatoren Moderatorin
    Ordnungsamt Ortsvorsteher Ortsvorsteherin Planungsamt Planungsbüro Polizei Rathaus Redaktion
    Redaktionsteam Stadtplanung Stadtrat Stadtverordnete Stadtverordneter Stadtverwaltung Support
    Systemnachricht Verwaltung Webmaster
""".split()

WEB_ADDRESS = re.compile(
    r"(^|\W)www\.|[\w-]\.(app|at|biz|ch|com|de|eu|info|io|me|net|online|org|pl|shop|site|tv)\b",
    re.IGNORECASE,
)


class NameRefusal(models.TextChoices):
    """Why somebody may not bear a name: the sentence that is shown."""

    TOO_SHORT = "too_short", _("A name has at least two characters.")
    TOO_LONG = "too_long", _("A name has at most 40 characters.")
    CHARACTERS = (
        "characters",
        _("A name has letters, digits, spaces, hyphens, full stops and apostrophes, nothing else."),
    )
    NO_LETTER = "no_letter", _("A name has at least one letter.")
    ALPHABETS = "alphabets", _("Please take all letters from one alphabet.")
    ADDRESS = "address", _("A name must not be an e-mail address or a web address.")
    RESERVED = (
        "reserved",
        _("This name sounds as if the administration were speaking. Please choose another one."),
    )
    TAKEN = (
        "taken",
        _("This name is taken, or looks like one that is taken. Please choose another one."),
    )


def tidy(name: str) -> str:
    """``name`` without superfluous spaces, and each letter in its one form."""
    return " ".join(unicodedata.normalize("NFC", name).split())


def skeleton(name: str) -> str:
    """What is left of ``name`` when everything readers overlook is taken away.

    Two names with one skeleton cannot be told apart at a glance: case, spaces,
    punctuation, marks and umlauts make no difference, nor do I, l and 1, 0 and o,
    rn and m, or letters of other alphabets that look Latin.
    """
    return _plain(name).replace("rn", "m").replace("vv", "w")[:120]


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name).casefold())
    letters = "".join(letter for letter in folded if letter.isalnum())
    return UMLAUT.sub(r"\1", letters.translate(LOOKALIKES))


def refusal(name: str, person) -> NameRefusal | None:
    """Say why ``person`` may not bear the tidy ``name``, or None if they may.

    Whether somebody else bears it, only the database can say: see ``choose_name``.
    """
    if len(name) < SHORTEST:
        return NameRefusal.TOO_SHORT
    if len(name) > LONGEST:
        return NameRefusal.TOO_LONG
    if "@" in name or WEB_ADDRESS.search(name):
        return NameRefusal.ADDRESS
    if not all(_is_allowed(character) for character in name) or _has_piled_marks(name):
        return NameRefusal.CHARACTERS
    if not any(character.isalpha() for character in name):
        return NameRefusal.NO_LETTER
    if len({_alphabet(character) for character in name if character.isalpha()}) > 1:
        return NameRefusal.ALPHABETS
    if not person.is_staff and _is_reserved(name):
        return NameRefusal.RESERVED
    return None


def _is_allowed(character: str) -> bool:
    if character in PUNCTUATION or character in "0123456789":
        return True
    if unicodedata.category(character) in ("Mn", "Mc"):
        return True
    if not character.isalpha():
        return False
    # Mathematical letters, small capitals and phonetic signs only serve to imitate others.
    if unicodedata.normalize("NFKC", character).isascii() and not character.isascii():
        return False
    alphabet = _alphabet(character)
    # A filler is a letter that nobody sees.
    if alphabet not in ALPHABETS or unicodedata.name(character).endswith("FILLER"):
        return False
    base = unicodedata.normalize("NFD", character)[0]
    return alphabet != "LATIN" or base.isascii() or character in LATIN_LETTERS


def _has_piled_marks(name: str) -> bool:
    kinds = "".join(unicodedata.category(character)[0] for character in f" {name}")
    return "MMM" in kinds or "ZM" in kinds


def _alphabet(letter: str) -> str:
    alphabet = unicodedata.name(letter, "?").split()[0]
    # Japanese is written with three of them at once.
    return "CJK" if alphabet in ("HIRAGANA", "KATAKANA") else alphabet


def _is_reserved(name: str) -> bool:
    words = _words(name)
    taboo = [_words(phrase) for phrase in (*RESERVED, *_names_of_the_town())]
    alone = {_shape("".join(words)) for words in (*taboo, _words(town().name))}
    spoken = f" {' '.join(map(_shape, words))} "
    return _shape("".join(words)) in alone or any(
        f" {' '.join(map(_shape, phrase))} " in spoken for phrase in taboo
    )


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[\W_]+", name) if word]


def _shape(word: str) -> str:
    # A Mr Arnt does not imitate the "Amt", though a "Bauarnt" does.
    return _plain(word) if len(word) < 5 else skeleton(word)


def _names_of_the_town() -> list[str]:
    ours = town()
    erased = ["Gelöschtes Konto", "Deleted account"]
    return [ours.operator, ours.site_name, f"Stadt {ours.name}", *erased]
