from django.apps import AppConfig, apps
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate

from lenzen import checks  # noqa: F401  registers them
from lenzen.roles import apply_roles


class LenzenConfig(AppConfig):
    name = "lenzen"

    def ready(self):
        # Permissions are made in the same signal, app by app: when it is auth's turn,
        # those of our apps, which stand before it, are there.
        post_migrate.connect(apply_roles, sender=apps.get_app_config("auth"))


class LenzenAdminConfig(AdminConfig):
    default_site = "lenzen.admin.Site"
