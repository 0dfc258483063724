from django.apps import AppConfig


class LenzenConfig(AppConfig):
    name = "lenzen"
