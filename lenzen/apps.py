from django.apps import AppConfig

from lenzen import checks  # noqa: F401  registers them


class LenzenConfig(AppConfig):
    name = "lenzen"
