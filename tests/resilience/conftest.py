import os
import signal
import subprocess
import sys
from contextlib import suppress

import pytest
from django.conf import settings
from django.db import connection


class Process:
    """An action in a process of its own, started but waiting for ``go``."""

    def __init__(self, action, **environment):
        self.popen = subprocess.Popen(
            [sys.executable, "tests/resilience/process.py", action],
            cwd=settings.BASE_DIR,
            env={
                **os.environ,
                "PYTHONPATH": str(settings.BASE_DIR),
                "DJANGO_SETTINGS_MODULE": "lenzen.settings",
                "DATA_DIR": str(settings.DATA_DIR),
                "TEST_DATABASE": str(connection.settings_dict["NAME"]),
                **environment,
            },
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def be_ready(self):
        assert self.popen.stdout.readline() == "ready\n"

    def go(self):
        self.popen.stdin.write("\n")
        self.popen.stdin.flush()

    def result(self) -> str:
        output, _ = self.popen.communicate(timeout=60)
        assert self.popen.returncode == 0
        return output.strip()

    def kill(self):
        """At once, with all that it has started."""
        with suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        self.popen.communicate(timeout=10)


@pytest.fixture
def processes(transactional_db):
    """Start an action in so many processes, all ready to go."""
    started = []

    def start(action, number=1, **environment) -> list[Process]:
        new = [Process(action, **environment) for _ in range(number)]
        started.extend(new)
        for process in new:
            process.be_ready()
        return new

    yield start
    for process in started:
        process.kill()
