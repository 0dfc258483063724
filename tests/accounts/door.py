"""How tests go through the door."""

import re

from accounts.models import Notification, User

DOOR, CODE, NAME = "/konto/anmelden/", "/konto/anmelden/code/", "/konto/name/"
HOST = {"origin": "http://testserver"}


def knock(reader, address, name="", **more):
    """Ask for a code."""
    return reader.post(DOOR, {"name": name, "email": address, **more}, headers=HOST)


def code_sent():
    """The six digits of the newest message, as people read them: with a space."""
    return re.search(r"\d{3} \d{3}", Notification.objects.latest("pk").subject)[0]


def enter(reader, code="", **more):
    return reader.post(CODE, {"code": code or code_sent(), **more})


def signed_in_as(reader):
    return User.objects.filter(pk=reader.session.get("_auth_user_id")).first()
