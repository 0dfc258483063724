"""Who runs the site: what staff say once about the town, and every app shows.

Nothing here is ever overwritten: each save is a new version, and the newest counts.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from html import unescape
from time import monotonic

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import OuterRef, Subquery
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils.html import strip_tags
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from lenzen.richtext import RichTextField

REMEMBERED = timedelta(seconds=10)
"""How long a process may show what it read before: every page needs it, and it rarely changes."""

OWN_COLOUR = "#1d5c4d"
"""The colour of the style sheet, for a town that names none."""

LONGEST_RULE = 200
"""Characters of one rule of conduct: it is cited as a whole."""

LEAST_CONTRAST = 4.5
"""Between text and what it stands on (WCAG 2.2, 1.4.3)."""

GAP = re.compile(r"\[Bitte [^\]<]*\]")
"""What somebody still has to fill in, as it stands in the starter texts."""

_LIST, _ENTRY = re.compile(r"<ol>(.*?)</ol>", re.DOTALL), re.compile(r"<li>(.*?)</li>", re.DOTALL)
_LINE_END = re.compile(r"<br>|</p>")


SOMEBODY_WAS_FASTER = _(
    "Somebody else has saved this meanwhile. Nothing was overwritten, and your text is still here."
    " Please open the page anew in a second window, and enter there what is to change."
)


class Version(models.Model):
    """Something staff write, kept as it was each time it was saved."""

    number = models.PositiveIntegerField(_("version"), default=1)
    saved_at = models.DateTimeField(_("saved"), db_default=Now(), editable=False)
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("saved by"),
        null=True,
        editable=False,
        on_delete=models.PROTECT,
        related_name="+",
    )

    class Meta:
        abstract = True
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["number"],
                name="%(app_label)s_%(class)s_version_once",
                violation_error_message=SOMEBODY_WAS_FASTER,
            )
        ]


def contrast(colour: str, other: str) -> float:
    """How far two colours (``#rrggbb``) stand apart, from 1 to 21 (WCAG 2.2, contrast ratio)."""
    lighter, darker = sorted(map(_luminance, (colour, other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(int(colour[place : place + 2], 16) / 255) for place in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def lightened(colour: str, wanted: float = 7) -> str:
    """``colour`` with as much white as it takes to be read on black with this contrast."""
    parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    for white in range(0, 101, 5):
        mixed = "#" + "".join(f"{part + (255 - part) * white // 100:02x}" for part in parts)
        if contrast(mixed, "#000000") >= wanted:
            return mixed
    return "#ffffff"


def readable_on_white(colour: str) -> None:
    """Refuse a colour that is none, or too light (WCAG 2.2, 1.4.3)."""
    if not re.fullmatch("#[0-9a-fA-F]{6}", colour):
        raise ValidationError(_("A colour is written like #1d5c4d."))
    if contrast(colour, "#ffffff") < LEAST_CONTRAST:
        raise ValidationError(_("This colour is too light to be read on white. Take a darker one."))


class Town(Version):
    """What the town is called, how it looks and whom people ask."""

    site_name = models.CharField(
        _("name of the website"), max_length=60, help_text=_("Stands at the top of every page.")
    )
    name = models.CharField(
        _("name of the town"),
        max_length=60,
        help_text=_("As in “how … develops”. Nobody can take it as their public name."),
    )
    operator = models.CharField(
        _("who runs the website"), max_length=80, help_text=_("The office in full.")
    )
    operator_genitive = models.CharField(
        _("the same after “A website of”"),
        max_length=90,
        help_text=_("In German with its article: “des Amtes …”, “der Stadt …”."),
    )
    contact = models.CharField(
        _("whom people ask"),
        max_length=200,
        help_text=_("Office, telephone, hours. Stands on every page and in every mail."),
    )
    contact_email = models.EmailField(_("e-mail address for questions"))
    colour = models.CharField(
        _("colour"),
        max_length=7,
        default=OWN_COLOUR,
        validators=[readable_on_white],
        help_text=_("Dark enough to be read on white. In the dark it is lightened by itself."),
    )
    arms = models.BinaryField(_("coat of arms"), default=b"")
    arms_type = models.CharField(max_length=10, blank=True, editable=False)

    class Meta(Version.Meta):
        verbose_name = _("town")
        verbose_name_plural = _("town")

    def __str__(self):
        return gettext("The town, version {number}").format(number=self.number)

    @property
    def has_own_colour(self) -> bool:
        return bool(self.pk) and self.colour.lower() != OWN_COLOUR


class Statement(Version):
    """What the declaration on accessibility says (Directive (EU) 2016/2102, Article 7)."""

    class State(models.TextChoices):
        FULL = "full", _("fully compliant")
        PARTIAL = "partial", _("partially compliant")
        NOT = "not", _("not compliant")

    class Method(models.TextChoices):
        SELF = "self", _("self-assessment")
        OTHERS = "others", _("assessment by others")

    standard = models.CharField(
        _("standard"), max_length=120, default="EN 301 549 (WCAG 2.2, Stufe AA)"
    )
    law = models.CharField(
        _("law of the state"), max_length=200, blank=True, help_text=_("Act and ordinance.")
    )
    state = models.CharField(_("state"), max_length=10, choices=State, blank=True)
    known_gaps = models.TextField(
        _("what is not accessible yet"),
        blank=True,
        help_text=_("One per line, with until when. If nothing is known, say so in a line."),
    )
    made_on = models.DateField(_("made on"), null=True, blank=True)
    reviewed_on = models.DateField(_("last reviewed on"), null=True, blank=True)
    method = models.CharField(_("how it was assessed"), max_length=10, choices=Method, blank=True)
    answer_within = models.CharField(
        _("answer within"), max_length=60, blank=True, help_text=_("For example: zwei Wochen.")
    )
    enforcement_body = models.TextField(
        _("enforcement body"), blank=True, help_text=_("Name, address, telephone, e-mail.")
    )

    class Meta(Version.Meta):
        verbose_name = _("declaration on accessibility")
        verbose_name_plural = _("accessibility")

    def __str__(self):
        return gettext("Declaration on accessibility, version {number}").format(number=self.number)

    @property
    def gaps(self) -> int:
        """How many answers are still missing."""
        answers = [self.law, self.state, self.made_on, self.reviewed_on, self.method]
        answers += [self.answer_within, self.enforcement_body, not self.lacks_known_gaps]
        return sum(not answer for answer in answers)

    @property
    def lacks_known_gaps(self) -> bool:
        """Nothing is said of what is not accessible, and not that everything is."""
        return not self.known_gaps and self.state != self.State.FULL


class Page(models.TextChoices):
    """The pages in the foot that the town writes itself."""

    CONTACT = "contact", _("Contact")
    IMPRINT = "imprint", _("Imprint")
    PRIVACY = "privacy", _("Privacy")
    RULES = "rules", _("Rules of conduct")
    HOW_IT_WORKS = "how_it_works", _("How it works")
    EASY_LANGUAGE = "easy_language", _("Easy language")
    SIGN_LANGUAGE = "sign_language", _("Sign language")


SLOTS = {Page.EASY_LANGUAGE, Page.SIGN_LANGUAGE}
"""Pages that exist only once the town has written something."""


class PageVersion(Version):
    """A page of the foot as the town wrote it. Until there is one, a starter text stands there."""

    page = models.CharField(_("page"), max_length=20, choices=Page)
    text = RichTextField(_("text"), blank=True)
    is_to_be_accepted = models.BooleanField(
        _("Everybody has to agree again before their next contribution"),
        default=False,
        help_text=_("Take the tick away for mere corrections of spelling."),
    )

    class Meta(Version.Meta):
        verbose_name = _("page of the foot")
        verbose_name_plural = _("pages")
        constraints = [
            models.UniqueConstraint(
                fields=["page", "number"],
                name="accounts_page_version_once",
                violation_error_message=SOMEBODY_WAS_FASTER,
            )
        ]

    def __str__(self):
        return gettext("{page}, version {number}").format(
            page=self.get_page_display(), number=self.number
        )

    @property
    def gaps(self) -> list[str]:
        return GAP.findall(self.text)


def current_page(page: str) -> PageVersion:
    """The newest version of a page; before there is one, the unsaved starter text."""
    saved = PageVersion.objects.filter(page=page).first()
    return saved or _starter_page(page)


def current_pages() -> list[PageVersion]:
    """The same for all pages, in one query."""
    of_page = PageVersion.objects.filter(page=OuterRef("page")).values("number")
    newest = PageVersion.objects.filter(number=Subquery(of_page[:1]))
    saved = {version.page: version for version in newest}
    return [saved.get(page) or _starter_page(page) for page in Page.values]


def _starter_page(page: str) -> PageVersion:
    return PageVersion(page=page, number=0, text=starter_text(page))


def starter_text(page: str) -> str:
    """What stands on a page before the town has written it: German, with marked gaps."""
    with override(settings.LANGUAGE_CODE):
        if page in SLOTS:
            return ""
        return render_to_string(f"pages/starter/{page}.html", {"town": town()}).strip()


def numbered_rules(html: str) -> list[str]:
    """The entries of the first numbered list, without their markup."""
    found = _LIST.search(html)
    entries = _ENTRY.findall(found[1]) if found else []
    words = [strip_tags(_LINE_END.sub(" ", entry)) for entry in entries]
    return [" ".join(unescape(entry).split()) for entry in words]


def current_statement() -> Statement:
    return Statement.objects.first() or Statement(number=0)


@dataclass(frozen=True)
class Frame:
    """What every page needs to know about the town."""

    town: Town
    slots: frozenset[str] = frozenset()
    """Which of the pages that need not exist do."""

    rules: PageVersion | None = None
    """The rules that everybody has to agree to; None while those of the start are valid."""


def _starter() -> Town:
    with override(settings.LANGUAGE_CODE):
        return Town(
            number=0,
            site_name=gettext("Have your say"),
            name=gettext("our town"),
            operator=gettext("Town administration"),
            operator_genitive=gettext("the town administration"),
            contact=gettext("[Please add: office, telephone, hours]"),
            contact_email="bitte-ergaenzen@example.org",
        )


class _Memory:
    frame: Frame | None = None
    until = 0.0


def frame() -> Frame:
    """The town as it is now, or was at most ten seconds ago (``REMEMBERED``)."""
    if _Memory.frame is None or monotonic() >= _Memory.until:
        remember(_read())
    return _Memory.frame


def town() -> Town:
    return frame().town


def last_known() -> Town:
    """The town without asking the database: for pages that come when it is away."""
    return _Memory.frame.town if _Memory.frame else _starter()


def remember(found: Frame) -> None:
    _Memory.frame, _Memory.until = found, monotonic() + REMEMBERED.total_seconds()


def forget() -> None:
    """Read it anew before the next page. Other processes do so within ``REMEMBERED``."""
    _Memory.until = 0.0


def _read() -> Frame:
    # Of the picture only its own address needs the bytes.
    town = Town.objects.defer("arms").first() or _starter()
    newest = {}
    for version in PageVersion.objects.filter(page__in=[*SLOTS, Page.RULES]):
        if version.page in SLOTS:
            newest.setdefault(version.page, version.text)
        elif version.is_to_be_accepted:
            newest.setdefault(Page.RULES, version)
    slots = frozenset(page for page in SLOTS if newest.get(page))
    return Frame(town=town, slots=slots, rules=newest.get(Page.RULES))
