from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import Group

from lenzen.roles import ROLES, apply_roles, as_markdown

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


def test_readme_shows_the_table():
    assert as_markdown() in Path(settings.BASE_DIR, "README.md").read_text()
