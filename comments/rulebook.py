"""The rules of conduct: those of the start, and those that the town has written since.

Reports and decisions cite a rule by its number, and keep what it said at that time.
"""

from dataclasses import dataclass

from django.conf import settings
from django.db import models
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from accounts.town import Page, current_page, numbered_rules


class Rule(models.TextChoices):
    """The rules of the start, as numbered on their page, and the law."""

    RESPECT = "1", _("Be respectful")
    TOPIC = "2", _("Stay on the topic")
    PRIVACY = "3", _("No personal details about others")
    ADVERTISING = "4", _("No advertising")
    OTHERS_WORDS = "5", _("No texts or pictures of others without permission")
    REPETITION = "6", _("No repetition to drown out others")
    LAW = "law", _("Against the law")

    @property
    def short(self) -> str:
        """How a placeholder names it: „Regel 3 (persönliche Angaben über andere)“."""
        return _REASONS_IN_PUBLIC[self]

    @property
    def explanation(self) -> str:
        """The sentence to the author that a moderator starts from."""
        return _EXPLANATIONS[self]


_REASONS_IN_PUBLIC = {
    Rule.RESPECT: _("Rule 1 (insulting others)"),
    Rule.TOPIC: _("Rule 2 (not about the topic)"),
    Rule.PRIVACY: _("Rule 3 (personal details about others)"),
    Rule.ADVERTISING: _("Rule 4 (advertising)"),
    Rule.OTHERS_WORDS: _("Rule 5 (somebody else's text or picture)"),
    Rule.REPETITION: _("Rule 6 (repetition)"),
    Rule.LAW: _("against the law"),
}
_EXPLANATIONS = {
    Rule.RESPECT: _("Your comment attacks a person instead of a matter."),
    Rule.TOPIC: _("Your comment is not about what is discussed here."),
    Rule.PRIVACY: _("Your comment contains personal details about somebody else."),
    Rule.ADVERTISING: _("Your comment advertises something."),
    Rule.OTHERS_WORDS: _("Your comment contains a text or picture of somebody else."),
    Rule.REPETITION: _("Your comment repeats what you have already written several times."),
    # Only whoever decides can say which: see ``rules.no_reason``.
    Rule.LAW: _("Your comment breaks a law, namely:"),
}


@dataclass(frozen=True)
class HouseRule:
    """A rule as it is now: ``words`` are the town's, empty where it kept those of the start."""

    number: str
    words: str = ""

    @property
    def short(self) -> str:
        return reason_in_public(self.number, self.words)

    @property
    def explanation(self) -> str:
        """The sentence to the author that a moderator starts from."""
        if not self.words:
            return Rule(self.number).explanation
        sentence = gettext("Your comment breaks rule {number}: {words}.")
        return sentence.format(number=self.number, words=self.words.rstrip("."))


def reason_in_public(number: str, words: str) -> str:
    """„Regel 3 (keine persönlichen Angaben über andere)“, or that it is against the law."""
    if not words:
        return str(Rule(number).short)
    return gettext("Rule {number} ({words})").format(number=number, words=words.rstrip("."))


def rules_in_force() -> list[HouseRule]:
    """What can be cited now, in the order of the page; the law comes last."""
    page = current_page(Page.RULES)
    if not page.pk:
        return [HouseRule(rule.value) for rule in Rule]
    with override(settings.LANGUAGE_CODE):
        start = {rule.value: str(rule.label) for rule in Rule}
    rules = [
        HouseRule(str(number), "" if start.get(str(number)) == words else words)
        for number, words in enumerate(numbered_rules(page.text), start=1)
    ]
    return [*rules, HouseRule(Rule.LAW.value)]


def rule_in_force(number: str) -> HouseRule | None:
    """The rule that is cited by this number now; None when there is none."""
    return next((rule for rule in rules_in_force() if rule.number == number), None)
