"""The mail that messages leave as: plain text, and simple HTML beside it."""

from collections.abc import Callable
from dataclasses import dataclass
from email.utils import formataddr, parseaddr
from functools import wraps
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.signing import BadSignature, Signer
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from accounts.models import Notification, User
from accounts.town import town

_signer = Signer(salt="no news")


def absolute(path: str) -> str:
    """The whole address of one of our pages, as others than our own pages need it."""
    return f"{settings.SITE_URL}{path}"


def host() -> str:
    return urlsplit(settings.SITE_URL).hostname


def in_town_language(write: Callable) -> Callable:
    """What ``write`` writes is read by others than who acts: it is German, whatever page
    they act on."""

    @wraps(write)
    def written(*args, **kwargs):
        with override(settings.LANGUAGE_CODE):
            return write(*args, **kwargs)

    return written


@in_town_language
def no_news_url(person: User) -> str:
    """The link that ends all news to ``person``, without sign-in."""
    return absolute(reverse("no_news", args=[_signer.sign(person.pk)]))


def read_no_news_token(token: str) -> int | None:
    """The person of such a link, or None when it is not one of ours."""
    try:
        return int(_signer.unsign(token))
    except (BadSignature, ValueError):
        return None


@in_town_language
def second_step_removed_subject() -> str:
    return _("Your account has no second step any more ({site})").format(site=town().site_name)


@in_town_language
def second_step_removed() -> str:
    return _(
        "We have removed the second step of your account, because somebody asked us to, and"
        " signed you out everywhere. You can sign in with a code again.\n\nIf you did not ask for"
        " it, please contact us at once.\n\nYou get this message because you have an account here."
    )


@dataclass(frozen=True)
class Block:
    """A paragraph of a message: words, somebody's quoted words, or the link."""

    kind: str
    text: str


def blocks(body: str) -> list[Block]:
    """The paragraphs of a message, for pages and HTML."""
    return [_block(paragraph) for paragraph in body.strip().split("\n\n") if paragraph.strip()]


def _block(paragraph: str) -> Block:
    lines = paragraph.strip("\n").split("\n")
    if all(line.startswith(">") for line in lines):
        return Block("quote", "\n".join(line.removeprefix(">").strip() for line in lines))
    is_link = len(lines) == 1 and lines[0].startswith(("https://", "http://"))
    return Block("link" if is_link and " " not in lines[0] else "words", "\n".join(lines))


@in_town_language
def as_email(letter: list[Notification]) -> EmailMultiAlternatives:
    """The mail as it leaves: its messages, newest first, who sends it, how to hear no more.

    No text can keep it from leaving: a line break in what stands in its head becomes a space.
    """
    letter = sorted(letter, key=lambda message: (message.created_at, message.pk), reverse=True)
    first = letter[0]
    context = {
        "is_gathered": first.is_gathered,
        "messages": [{"subject": m.subject, "blocks": blocks(m.body)} for m in letter],
        "subject": in_one_line(_subject(letter)),
        "unsubscribe_url": _unsubscribe_url(letter),
        "settings_url": absolute(reverse("news_settings")),
        "site_url": absolute("/"),
        "town": town(),
    }
    mail = EmailMultiAlternatives(
        subject=context["subject"],
        body=_plain(letter, context),
        from_email=_sender(),
        to=[first.to],
        headers={
            # The same number each time, so that a mail sent twice can be recognised.
            "Message-ID": f"<{first.pk}.{first.created_at:%s}@{host()}>",
            "Auto-Submitted": "auto-generated",
        },
    )
    mail.attach_alternative(render_to_string("emails/message.html", context), "text/html")
    if url := context["unsubscribe_url"]:
        mail.extra_headers["List-Unsubscribe"] = f"<{url}>"
        mail.extra_headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return mail


def _sender() -> str:
    """The address mails come from; a bare one gets the name of the website."""
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return formataddr((in_one_line(name or town().site_name), address))


def in_one_line(text: str) -> str:
    return " ".join(text.splitlines())


def _subject(letter: list[Notification]) -> str:
    newest, more = letter[0].subject, len(letter) - 1
    if not more:
        return newest
    text = ngettext(
        "{subject} – and {more} more message", "{subject} – and {more} more messages", more
    )
    return text.format(subject=newest, more=more)


def _unsubscribe_url(letter: list[Notification]) -> str:
    """The link that ends what is in the mail; where that is several things, all news."""
    urls = {message.unsubscribe_url for message in letter}
    if len(urls) == 1 or letter[0].recipient is None:
        return letter[0].unsubscribe_url
    return no_news_url(letter[0].recipient)


def _plain(letter: list[Notification], context: dict) -> str:
    parts = [message.body.strip() for message in letter]
    if len(letter) > 1:
        parts = [
            f"{message.subject}\n{'-' * min(len(message.subject), 72)}\n\n{part}\n"
            for message, part in zip(letter, parts, strict=True)
        ]
    ours = context["town"]
    questions = _("Questions? {contact}").format(contact=ours.contact)
    foot = [f"{ours.site_name}\n{context['site_url']}", questions]
    if letter[0].is_gathered:
        foot.append(_("How often you get messages: {url}").format(url=context["settings_url"]))
    if context["unsubscribe_url"]:
        foot.append(_("No more of these messages: {url}").format(url=context["unsubscribe_url"]))
    return "\n\n".join([*parts, "-- \n" + "\n".join(foot)]) + "\n"
