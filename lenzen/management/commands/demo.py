"""``manage.py demo``: invented content to try the site with."""

from django.core.management.base import BaseCommand

from accounts.models import User

SIGN_INS = {
    "citizen": "buergerin@lenzen.example",
    "editor": "redaktion@lenzen.example",
    "moderator": "moderation@lenzen.example",
}
"""Addresses to sign in with. ``up`` prints them, and knows the demonstration by them."""


class Command(BaseCommand):
    help = "Fill an empty database with invented strategies, comments and three people."

    def handle(self, **options):
        for role, email in SIGN_INS.items():
            User.objects.create_user(email, is_staff=role != "citizen")
