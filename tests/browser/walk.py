"""What the walk of `make access` has to say as a whole: how much it saw, and what it never saw.

Each state that a test looked at is a ``State``. A template or an address without one fails
the walk until somebody adds a line to a test, or a reason below.
"""

from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import Resolver404, URLPattern, get_resolver, resolve

from tests.browser import access

TEMPLATES = settings.BASE_DIR / "templates"

# Template -> why nobody can look at it.
WITHOUT_STATE = {}

# Why there is no page -> names of addresses.
WITHOUT_PAGE = {
    "leads on": """short_strategy short_goal comment account_reset_password mfa_login_webauthn
        admin:app_list admin:login admin:logout admin:password_change admin:password_change_done
        admin:view_on_site admin:accounts_town_changelist admin:accounts_statement_changelist""",
    "another name of the door": "account_signup account_request_login_code",
    "takes a form and leads on": """vote take_waiting_text remove_version show_again discard_draft
        admin:comments_comment_take_back admin:strategies_strategy_take_back""",
    "a file or data": """tell_code calendar feed strategy_feed discussion_feed goal_feed robots
        sitemap health alive colour arms download_my_data mfa_download_recovery_codes
        admin:autocomplete admin:jsi18n""",
    "nobody may, not even those who may everything": """admin:accounts_user_delete
        admin:accounts_bounce_add admin:accounts_notification_add
        admin:accounts_notification_delete admin:accounts_town_delete
        admin:accounts_statement_delete admin:accounts_pageversion_delete admin:comments_comment_add
        admin:comments_comment_delete""",
}


class State(NamedTuple):
    """One look at a page: what made it, where it was, how much was wrong."""

    templates: list[str]
    address: str
    findings: int


def address_name(path: str) -> str:
    """The name of the address ``path`` leads to; empty when it leads nowhere."""
    try:
        return resolve(urlsplit(path).path).view_name
    except Resolver404:
        return ""


def closing_report(states: list[State]) -> list[str]:
    return [
        f"{len(states)} states, each on {len(access.SCREENS)} screens: axe, width, headings",
        "in forced colours, light and dark: axe, edges, marks, choices, words; every ring",
        "and each once: names of links, wide text, no motion, valid HTML",
        f"findings: {sum(state.findings for state in states)}",
        *missing(states),
    ]


def missing(states: list[State]) -> list[str]:
    """What was not looked at though it should be, and what stands above in vain."""
    reason = access.why_no_checker()
    templates = {name for state in states for name in state.templates}
    ours = {str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html")}
    addresses = {state.address for state in states}
    no_page = {name for names in WITHOUT_PAGE.values() for name in names.split()}
    named = set(_address_names(get_resolver()))
    return [
        *([f"HTML was not checked: {reason}"] if reason else []),
        *(f"no state shows {name}" for name in sorted(ours - templates - WITHOUT_STATE.keys())),
        *(f"no state at {name}" for name in sorted(named - addresses - no_page)),
        *(f"{name} has a state" for name in sorted(WITHOUT_STATE.keys() & templates)),
        *(f"{name} has a state" for name in sorted(no_page & addresses)),
        *(f"there is no {name}" for name in sorted(WITHOUT_STATE.keys() - ours)),
        *(f"there is no {name}" for name in sorted(no_page - named)),
    ]


def _address_names(resolver, space=""):
    for pattern in resolver.url_patterns:
        if not isinstance(pattern, URLPattern):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _address_names(pattern, inner)
        elif pattern.name:
            yield f"{space}{pattern.name}"
