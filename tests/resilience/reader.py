"""Somebody who opens a page, or sends a text, while there is no database."""

import json
import os

from django.conf import settings
from django.test import Client

from accounts.town import Frame, remember
from tests.factories import TownFactory


def ask():
    # As in all tests: static files under their own names.
    settings.STORAGES["staticfiles"]["BACKEND"] = (
        "django.contrib.staticfiles.storage.StaticFilesStorage"
    )
    settings.WHITENOISE_AUTOREFRESH = True
    # It has served pages before, so it knows who runs the site.
    remember(Frame(TownFactory.build()))
    client = Client(raise_request_exception=False, SERVER_NAME="localhost")
    path, text = os.environ["ASK_PATH"], os.environ["ASK_TEXT"]
    answer = client.post(path, {"text": text}) if text else client.get(path)
    return json.dumps([answer.status_code, answer["Retry-After"], answer.content.decode()])
