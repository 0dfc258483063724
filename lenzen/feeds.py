"""What is new, for programs that subscribe to it (Atom): only words that anybody may read."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.syndication.views import Feed
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import linebreaks
from django.utils.translation import gettext as _
from django.views.decorators.http import conditional_page, require_safe

from accounts.messages import absolute
from accounts.town import town
from comments.models import Comment
from lenzen.richtext import clean
from strategies.calendar import printable
from strategies.models import Goal, Phase, PhaseEvent, Strategy
from strategies.wording import event_sentence

MOST = 30
"""How many entries a feed has."""

Kind = PhaseEvent.Kind


@dataclass(frozen=True)
class Entry:
    """One piece of news. Its ``id`` stays, whatever becomes of its words."""

    id: str
    title: str
    html: str
    link: str
    at: datetime
    changed_at: datetime | None = None
    author: str | None = None


class News(Feed):
    """Entries as Atom, newest first; feeds say what they are about and where they stand."""

    feed_type = Atom1Feed
    path_name = ""

    def author_name(self):
        return town().operator

    def link(self, about):
        return about.get_absolute_url()

    def feed_url(self, about):
        return reverse(self.path_name, kwargs=self.path_of(about))

    def feed_guid(self, about):
        return absolute(self.feed_url(about))

    def item_title(self, entry):
        return printable(entry.title)

    def item_description(self, entry):
        return printable(entry.html)

    def item_link(self, entry):
        return entry.link

    def item_guid(self, entry):
        return absolute(entry.id)

    def item_author_name(self, entry):
        return entry.author and printable(entry.author)

    def item_pubdate(self, entry):
        return entry.at

    def item_updateddate(self, entry):
        return entry.changed_at or entry.at


class SiteNews(News):
    """New strategies, what happens to phases, and the newest comments anywhere."""

    path_name = "feed"

    def title(self):
        return town().site_name

    def link(self):
        return reverse("home")

    def path_of(self, about):
        return {}

    def items(self):
        strategies = Strategy.objects.published().order_by("-published_at")
        return _newest(
            _of_strategies(strategies[:MOST]),
            _of_events(PhaseEvent.objects.all()),
            _of_comments(Comment.objects.all()),
        )


class StrategyNews(News):
    """What happens to the phases of a strategy, and its newest comments."""

    path_name = "strategy_feed"

    def get_object(self, request, slug):
        return get_object_or_404(Strategy.objects.published(), slug=slug)

    def title(self, strategy):
        return printable(str(strategy))

    def path_of(self, strategy):
        return {"slug": strategy.slug}

    def items(self, strategy):
        return _newest(
            _of_strategies([strategy]),
            _of_events(PhaseEvent.objects.filter(phase__strategy=strategy)),
            _of_comments(Comment.objects.filter(phase__strategy=strategy)),
        )


class WholeNews(StrategyNews):
    """The newest comments on a strategy as a whole."""

    path_name = "discussion_feed"

    def title(self, strategy):
        return printable(_("{title} as a whole: comments").format(title=strategy.title))

    def link(self, strategy):
        return reverse("discussion", args=[strategy.slug])

    def items(self, strategy):
        return _newest(_of_comments(Comment.objects.discussion(strategy.pk, None)))


class GoalNews(News):
    """The newest comments on a goal."""

    path_name = "goal_feed"

    def get_object(self, request, slug, number):
        goals = Goal.objects.published().select_related("strategy")
        return get_object_or_404(goals, strategy__slug=slug, number=number)

    def title(self, goal):
        text = _("Goal {number}: {title}: comments")
        return printable(text.format(number=goal.number, title=goal.title))

    def path_of(self, goal):
        return {"slug": goal.strategy.slug, "number": goal.number}

    def items(self, goal):
        return _newest(_of_comments(Comment.objects.discussion(goal.strategy_id, goal.pk)))


def _view(feed: Feed):
    @conditional_page
    @require_safe
    def view(request, **place):
        response = feed(request, **place)
        # Who asks by date alone would never hear that the newest comment was hidden.
        del response["Last-Modified"]
        return response

    return view


site_news, strategy_news = _view(SiteNews()), _view(StrategyNews())
whole_news, goal_news = _view(WholeNews()), _view(GoalNews())


def _newest(*kinds: Iterable[Entry]) -> list[Entry]:
    entries = [entry for kind in kinds for entry in kind]
    return sorted(entries, key=lambda entry: (entry.at, entry.id), reverse=True)[:MOST]


def _of_strategies(strategies):
    for strategy in strategies:
        path = strategy.get_absolute_url()
        yield Entry(
            # Title, address and number may be mended.
            id=f"{reverse('feed')}#strategie-{strategy.pk}",
            title=_("New: {strategy}").format(strategy=strategy),
            html=linebreaks(strategy.summary, autoescape=True) + clean(strategy.introduction),
            link=path,
            at=strategy.published_at,
        )


def _of_events(events):
    """Without what can still be taken back: what a program has fetched, it keeps."""
    titles = {
        Kind.OPENED: _("Commenting has begun: {title}"),
        Kind.CLOSED: _("Commenting has ended: {title}"),
        Kind.EXTENDED: _("More time to comment: {title}"),
        Kind.REOPENED: _("Commenting is possible again: {title}"),
        Kind.ANSWERED: _("The administration has answered: {title}"),
    }
    told = events.filter(phase__in=Phase.objects.published(), kind__in=titles)
    told = told.exclude(pk__in=PhaseEvent.objects.revocable())
    for event in told.select_related("phase__strategy").order_by("-moment")[:MOST]:
        strategy = event.phase.strategy
        path = strategy.get_absolute_url()
        yield Entry(
            id=f"{reverse('feed')}#ereignis-{event.pk}",
            title=titles[event.kind].format(title=strategy.title),
            html=linebreaks(event_sentence(event), autoescape=True),
            link=f"{path}#verlauf",
            at=event.moment,
        )


def _of_comments(comments):
    shown = comments.visible().select_related("author", "goal", "phase__strategy")
    for comment in shown.order_by("-posted_at", "-pk")[:MOST]:
        yield Entry(
            id=comment.get_absolute_url(),
            title=_comment_title(comment),
            html=linebreaks(comment.public_text, autoescape=True),
            link=comment.get_absolute_url(),
            at=comment.posted_at,
            changed_at=comment.edited_at,
            author=comment.author_name,
        )


def _comment_title(comment):
    if comment.goal is None:
        text = _("Comment No. {number} on “{title}” as a whole")
        return text.format(number=comment.pk, title=comment.phase.strategy.title)
    text = _("Comment No. {number} on goal {goal}: {title}")
    return text.format(number=comment.pk, goal=comment.goal.number, title=comment.goal.title)
