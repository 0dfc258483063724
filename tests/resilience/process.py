"""A process of its own, on the database of the test that starts it.

    python tests/resilience/process.py strategies.actions.record_due_events

It says that it is ready, waits for a line, calls what it was told to call, and prints
what came of it.
"""

import os
import sys

import django
from django.conf import settings
from django.utils.module_loading import import_string

settings.DATABASES["default"]["NAME"] = os.environ["TEST_DATABASE"]
django.setup()

action = import_string(sys.argv[1])
print("ready", flush=True)  # noqa: T201
sys.stdin.readline()
print(action())  # noqa: T201
