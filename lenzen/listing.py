"""What search engines are told: which pages to list, and under which address."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts.messages import absolute
from accounts.town import SLOTS, frame
from strategies.models import Strategy

PLAIN_PAGES = [
    "home",
    "strategies",
    "dates",
    "contact",
    "imprint",
    "privacy",
    "rules",
    "how_it_works",
    "accessibility",
]
PAGES_OF_COMMENTS = ["goal", "discussion"]
LISTED = {*PLAIN_PAGES, *SLOTS, *PAGES_OF_COMMENTS, "strategy"}

KEPT_OUT = [
    "/admin/",
    "/konto/",
    "/suche/",
    "/kommentare/",
    "/mein-text/",
    "/abbestellen/",
    "/auf-dem-laufenden/",
]


def addresses(path: str) -> dict[str, str]:
    """The absolute address of a page in each language, and of the one for whoever reads neither."""
    german = "/" + path.removeprefix("/en/").removeprefix("/")
    return {
        "de": absolute(german),
        "en": absolute(f"/en{german}"),
        "x-default": absolute(german),
    }


def listed_addresses(request: HttpRequest) -> dict[str, str]:
    """The same of the page that is asked for; empty if it may not be listed."""
    match = request.resolver_match
    if match is None or match.view_name not in LISTED:
        return {}
    path = request.path
    page = request.GET.get("seite", "")
    # Sorted or filtered, page 2 has other comments than the plain page 2.
    is_plain = set(request.GET) == {"seite"}
    if match.view_name in PAGES_OF_COMMENTS and is_plain and page.isdecimal() and page != "1":
        path += f"?seite={page}"
    return addresses(path)


@require_safe
def robots(request):
    """Where programs should not go, and where the list of pages is."""
    closed = [f"Disallow: {language}{path}" for path in KEPT_OUT for language in ("", "/en")]
    lines = ["User-agent: *", *closed]
    lines += ["", f"Sitemap: {absolute(reverse('sitemap'))}", ""]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


@require_safe
def sitemap(request):
    """Every page that may be listed, in both languages: two queries."""
    paths = [reverse(name) for name in (*PLAIN_PAGES, *sorted(frame().slots))]
    for strategy in Strategy.objects.published().prefetch_related("goals"):
        paths += [strategy.get_absolute_url(), reverse("discussion", args=[strategy.slug])]
        paths += [goal.get_absolute_url() for goal in strategy.goals.all()]
    context = {"pages": [addresses(path) for path in paths]}
    return render(request, "sitemap.xml", context, content_type="application/xml; charset=utf-8")
