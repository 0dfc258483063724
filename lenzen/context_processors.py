from django.conf import settings


def site(request):
    """What every page says about the town, and whether this is a demonstration."""
    return {"town": settings.TOWN, "demo": settings.DEMO}
