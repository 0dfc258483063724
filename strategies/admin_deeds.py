"""What staff may do with a phase: how the admin names it, and what it says before."""

from collections.abc import Callable
from dataclasses import dataclass

from django import forms
from django.utils.translation import gettext_lazy

from strategies.actions import (
    answer_phase,
    close_phase,
    extend_phase,
    open_phase,
    reopen_phase,
)
from strategies.admin_forms import AnswerForm, NewEndForm, ReasonForm
from strategies.models import Phase
from strategies.wording import state


@dataclass(frozen=True)
class Deed:
    """What is done, the form that asks for it, and the words before."""

    action: Callable
    form: type[forms.Form]
    link: str
    title: str
    consequence: str


DEEDS = {
    "open": Deed(
        open_phase,
        ReasonForm,
        gettext_lazy("Open now…"),
        gettext_lazy("Open it now"),
        gettext_lazy("People can comment at once. The end stays as it is."),
    ),
    "close": Deed(
        close_phase,
        ReasonForm,
        gettext_lazy("Close now…"),
        gettext_lazy("Close now"),
        gettext_lazy(
            "At once nobody can comment any more. All comments stay readable, and the page says"
            " that commenting ended early, and why."
        ),
    ),
    "extend": Deed(
        extend_phase,
        NewEndForm,
        gettext_lazy("Extend…"),
        gettext_lazy("Extend"),
        gettext_lazy("People can comment for longer. The page names the old end and the reason."),
    ),
    "reopen": Deed(
        reopen_phase,
        NewEndForm,
        gettext_lazy("Open again…"),
        gettext_lazy("Open again"),
        gettext_lazy("People can comment again at once. The page names the reason."),
    ),
    "answer": Deed(
        answer_phase,
        AnswerForm,
        gettext_lazy("Make the answer known…"),
        gettext_lazy("Make the answer known"),
        gettext_lazy(
            "The page says that the administration answered today, and what. All who follow the"
            " strategy hear of it."
        ),
    ),
}


def possible(phase: Phase) -> list[str]:
    """Which of them there are for ``phase``, which comes ``clocked()``."""
    if state(phase, phase.now) == "before":
        return ["open"]
    if state(phase, phase.now) == "open":
        return ["extend", "close"]
    return ["reopen"] if phase.answered_at else ["answer", "reopen"]
