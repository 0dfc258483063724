from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group
from django.utils.translation import override

from lenzen.roles import ROLES, apply_roles

pytestmark = pytest.mark.django_db


def granted():
    return {
        role.name: {
            f"{permission.content_type.app_label}.{permission.codename}"
            for permission in role.permissions.select_related("content_type")
        }
        for role in Group.objects.all()
    }


def table():
    return {
        role: {
            "{0}.{2}_{1}".format(*model.split("."), action)
            for model, actions in grants.items()
            for action in actions.split()
        }
        for role, grants in ROLES.items()
    }


def test_after_migrating_each_role_may_do_what_the_table_says():
    assert granted() == table()


def test_roles_can_be_applied_again_and_lose_what_the_table_does_not_give():
    stranger = Group.objects.get(name="Redaktion").permissions.first()
    Group.objects.get(name="Moderation").permissions.add(stranger)

    apply_roles()

    assert granted() == table()


def as_markdown() -> str:
    """The table as it stands in the README."""
    models = list(dict.fromkeys(model for grants in ROLES.values() for model in grants))
    lines = [
        "| | " + " | ".join(ROLES) + " |",
        "|---" * (len(ROLES) + 1) + "|",
    ]
    with override("en"):
        for model in models:
            may = [grants.get(model, "–").replace(" ", ", ") for grants in ROLES.values()]
            label = apps.get_model(model)._meta.verbose_name_plural
            lines.append(f"| {label} | " + " | ".join(may) + " |")
    return "\n".join(lines)


def test_readme_shows_the_table():
    assert as_markdown() in Path(settings.BASE_DIR, "README.md").read_text()
