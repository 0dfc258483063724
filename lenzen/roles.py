"""What each role may do: one table, applied after every migrate. The README shows it too.

Superusers ("Verwaltung der Website") may do everything and alone give roles to people.
"""

from django.apps import apps
from django.db.models import Q

ROLES = {
    "Redaktion": {
        "strategies.strategy": "view add change delete",
        "strategies.goal": "view add change delete",
        "strategies.phase": "view add change delete",
        "strategies.milestone": "view add change delete",
        "accounts.notification": "view change",
        "accounts.town": "view add",
        "accounts.pageversion": "view add",
        "accounts.statement": "view add",
    },
    "Moderation": {
        "comments.comment": "view",
        "comments.decision": "view add",
        "accounts.notification": "view",
    },
}
"""For each role and model the permissions of Django. Who may ``add`` a decision, moderates."""


def apply_roles(**_signal) -> None:
    """Give each role exactly the permissions of the table. Safe to repeat."""
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    for name, grants in ROLES.items():
        wanted = Q()
        for model, actions in grants.items():
            app_label, model_name = model.split(".")
            codenames = [f"{action}_{model_name}" for action in actions.split()]
            wanted |= Q(content_type__app_label=app_label, codename__in=codenames)
        role, _created = Group.objects.get_or_create(name=name)
        role.permissions.set(Permission.objects.filter(wanted))
