"""Search over everything public: strategies, goals and the comments whose words are shown."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from html import unescape

from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchRank, SearchVector
from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import BooleanField, F, FloatField, Func, Model, QuerySet, TextField, Value
from django.db.models.functions import Concat
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from comments.models import Comment
from comments.threads import prepare
from lenzen.richtext import ALLOWED_TAGS
from strategies.constraints import SEARCH_CONFIG
from strategies.models import Goal, Strategy

PAGE_SIZE = 20
MOST_WORDS = 10

MOST_RANKED = 500
"""Of more hits nobody knows the best: to rank them, all their words would be read anew."""

SHORTEST_BEGINNING = 3
"""How many letters begin a word: with fewer, every index entry is read for nothing."""

BEFORE, AFTER = 12, 28
"""How many words of context a hit shows."""

# Characters of nobody's language, around each found word until it becomes <mark>.
START, STOP = "\ue000", "\ue001"

_MARKED = re.compile(f"{START}([^{START}{STOP}]*){STOP}")
_INLINE = re.compile(r"</?(?:strong|em|a)\b[^>]*>")
_TAG = re.compile(rf"</?(?:{'|'.join(ALLOWED_TAGS)})\b[^>]*>")


@dataclass(frozen=True)
class Hit:
    """What was found: ``title`` and ``text`` are HTML in which the found words are marked."""

    kind: str
    row: Model
    title: SafeString
    text: SafeString


def words_of(typed: str) -> list[str]:
    """The words that somebody searches for, at most ten."""
    return re.findall(r"[^\W_]+", unicodedata.normalize("NFC", typed))[:MOST_WORDS]


def search(words: list[str], number: str | int) -> Page:
    """Page ``number`` of the hits that hold all ``words``, best first, or newest first when
    they are very many: at most five queries."""
    sought = _sought(words)
    found = [
        rows.annotate(place=Value(place), moment=moment).order_by()
        for place, (rows, moment) in enumerate(sought.values())
    ]
    number_of_hits = _together(found, "place", "pk").count()
    if number_of_hits <= MOST_RANKED:
        ranked = _together(found, "place", "pk", "rank", "moment")
        ordered = ranked.order_by("-rank", "place", "-moment")
    else:
        ordered = _together(found, "place", "pk", "moment").order_by("place", "-moment")
    paginator = Paginator(ordered, PAGE_SIZE)
    paginator.count = number_of_hits
    page = paginator.get_page(number)
    page.object_list = _hits(list(page.object_list), sought)
    return page


def _together(found, *columns):
    first, *rest = (rows.values_list(*columns) for rows in found)
    return first.union(*rest, all=True)


def _sought(words):
    """What is searched, each with the moment by which equal hits are ordered."""
    said = Comment.objects.visible().select_related("author", "goal__strategy", "phase__strategy")
    introduced = Concat(
        *("summary", Value(" "), "introduction", Value(" "), "next_steps"),
        output_field=TextField(),
    )
    public = Strategy.objects.published()
    goals = Goal.objects.published().select_related("strategy")
    return {
        "strategy": (matching(public, words, introduced, "title"), F("published_at")),
        "goal": (matching(goals, words, F("text"), "title"), F("strategy__published_at")),
        "comment": (matching(said, words, F("text")), F("posted_at")),
    }


def _hits(found, sought):
    hits = {}
    for place, (kind, (rows, _moment)) in enumerate(sought.items()):
        numbers = [number for its_place, number, *_rest in found if its_place == place]
        for row in rows.filter(pk__in=numbers) if numbers else ():
            text = row.marked_text if kind == "comment" else plain(row.marked_text)
            hits[place, row.pk] = Hit(kind, row, marked(row.marked_title), excerpt(text))
    prepare(hit.row for hit in hits.values() if hit.kind == "comment")
    # One that was hidden between two queries is missing.
    return [hits[key] for place, number, *_rest in found if (key := (place, number)) in hits]


# Where the databases differ


def knows_word_forms() -> bool:
    return connection.vendor == "postgresql"


def matching(rows: QuerySet, words: list[str], text, title: str = "") -> QuerySet:
    """Those of ``rows`` that hold every one of ``words``, with their ``rank``, and with
    ``marked_title`` and ``marked_text``, where found words stand between START and STOP.

    PostgreSQL knows German: „Häuser“ finds „Haus“, and what begins with it, not „Rathaus“;
    one or two letters find themselves; titles weigh more. SQLite looks for the letters,
    wherever they stand: „haus“ finds „Rathaus“, „Häuser“ does not find „Haus“, and all hits
    rank alike.
    """
    find = _by_form if knows_word_forms() else _by_letters
    return find(rows, words, text, F(title) if title else None)


def _by_form(rows, words, text, title):
    # Nothing but letters and digits is in a word, so that nothing in it is an operator.
    every = " & ".join(f"'{word}'{':*' * (len(word) >= SHORTEST_BEGINNING)}" for word in words)
    query = SearchQuery(every, search_type="raw", config=SEARCH_CONFIG)
    vector = SearchVector(text, config=SEARCH_CONFIG)
    if title:
        # Without a title the vector stays as FullTextIndex has it.
        vector = SearchVector(title, config=SEARCH_CONFIG, weight="A") + vector
    return (
        rows.annotate(vector=vector)
        .filter(vector=query)
        .annotate(
            rank=SearchRank(vector, query, normalization=Value(1)),
            marked_title=_headline(title, query) if title else Value(""),
            marked_text=_headline(text, query),
        )
    )


def _headline(text, query):
    return SearchHeadline(
        text, query, config=SEARCH_CONFIG, start_sel=START, stop_sel=STOP, highlight_all=True
    )


def _by_letters(rows, words, text, title):
    # Every row is read, by a function of ours: SQLite itself knows no case beyond ASCII.
    connection.ensure_connection()
    for function in (_holds, _mark):
        connection.connection.create_function(function.__name__, 2, function, deterministic=True)
    wanted = Value(" ".join(words))
    whole = Concat(title, Value(" "), text, output_field=TextField()) if title else text
    holds = Func(whole, wanted, function="_holds", output_field=BooleanField())
    return (
        rows.annotate(holds=holds)
        .filter(holds=True)
        .annotate(
            rank=Value(0.0, output_field=FloatField()),
            marked_title=_marking(title, wanted) if title else Value(""),
            marked_text=_marking(text, wanted),
        )
    )


def _marking(text, wanted):
    return Func(text, wanted, function="_mark", output_field=TextField())


@lru_cache(maxsize=100)
def _letters(word: str) -> re.Pattern:
    # „Strasse“ finds „Straße“, and the other way round.
    return re.compile(word.casefold().replace("ss", "(?:ss|ß)"), re.IGNORECASE)


def _holds(text: str, wanted: str) -> bool:
    text = unicodedata.normalize("NFC", plain(text))
    return all(_letters(word).search(text) for word in wanted.split())


def _mark(text: str, wanted: str) -> str:
    longest_first = sorted(wanted.split(), key=len, reverse=True)
    letters = "|".join(_letters(word).pattern for word in longest_first)
    # Tags and entities are passed over: they are not words.
    every = re.compile(rf"({_TAG.pattern}|&#?\w+;)|{letters}", re.IGNORECASE)
    return every.sub(
        lambda found: found[0] if found[1] else f"{START}{found[0]}{STOP}",
        unicodedata.normalize("NFC", text),
    )


# What is shown of a text


def plain(html: str) -> str:
    """Rich text as plain words."""
    return unescape(_TAG.sub(" ", _INLINE.sub("", html)))


def excerpt(text: str) -> SafeString:
    """The first found word among its neighbours, as HTML."""
    words = text.split()
    first = next((number for number, word in enumerate(words) if START in word), 0)
    begin, end = max(0, first - BEFORE), first + AFTER
    shown = " ".join(words[begin:end])
    return format_html(
        "{}{}{}", "… " if begin else "", marked(shown), " …" if end < len(words) else ""
    )


def marked(text: str) -> SafeString:
    """``text`` as HTML: escaped, whatever it holds, and the found words marked."""
    parts = _MARKED.split(text)
    # What stands between START and STOP is every second part.
    return mark_safe(  # noqa: S308
        "".join(
            f"<mark>{escape(part)}</mark>" if number % 2 else escape(part)
            for number, part in enumerate(parts)
        ).translate({ord(START): None, ord(STOP): None})
    )
