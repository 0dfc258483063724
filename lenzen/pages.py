"""What the town says about itself: the pages of the foot, its colour and its coat of arms."""

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from accounts.town import (
    SLOTS,
    Page,
    PageVersion,
    Town,
    current_page,
    current_statement,
    lightened,
)

# What is saved once never changes: the next version has its own address.
for_good = cache_control(max_age=365 * 24 * 60 * 60, public=True, immutable=True)


@require_safe
def page(request, name):
    """A page of the foot as it is now; of the rules also what was agreed to before."""
    version = current_page(name)
    if name in SLOTS and not version.text:
        raise Http404
    earlier = []
    if name == Page.RULES:
        earlier = list(PageVersion.objects.filter(page=name, number__lt=version.number))
        if wanted := request.GET.get("fassung"):
            version = _earlier(earlier, wanted)
    context = {
        "name": name,
        "title": Page(name).label,
        "version": version,
        "earlier": earlier,
    }
    return render(request, "pages/page.html", context)


def _earlier(versions, wanted):
    for version in versions:
        if str(version.number) == wanted:
            version.is_earlier = True
            return version
    raise Http404


@require_safe
def accessibility(request):
    """The declaration on accessibility, made from what staff answered."""
    statement = current_statement()
    context = {
        "statement": statement,
        "known_gaps": statement.known_gaps.splitlines(),
    }
    return render(request, "pages/accessibility.html", context)


@for_good
@require_safe
def colour(request, number):
    """The town's colour as a style sheet of three lines, by day and in the dark."""
    town = get_object_or_404(Town.objects.defer("arms"), number=number)
    css = (
        f":root {{ --town: {town.colour}; --on-town: #fff; }}\n"
        "@media (prefers-color-scheme: dark) {\n"
        f"  :root {{ --town: {lightened(town.colour)}; --on-town: #000; }}\n"
        "}\n"
    )
    return HttpResponse(css, content_type="text/css; charset=utf-8")


@for_good
@require_safe
def arms(request, number):
    """The coat of arms: a picture, never anything that could run."""
    town = get_object_or_404(Town.objects.exclude(arms_type=""), number=number)
    return HttpResponse(bytes(town.arms), content_type=f"image/{town.arms_type}")
