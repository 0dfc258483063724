"""The whole site in one command: for a try-out, and for one machine or container."""

import fcntl
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from lenzen.checks import files_can_be_found
from lenzen.management.commands.demo import PASSWORD, SIGN_INS
from strategies.models import Strategy

WEB = [
    *("gunicorn", "lenzen.wsgi", "--bind", f"{settings.BIND}:{settings.PORT}", "--preload"),
    *("--workers", str(settings.WEB_CONCURRENCY), "--no-control-socket"),
    # Its warnings are about requests that make no sense, with the network address of who sent them.
    *("--log-level", "error"),
]
WORKER = [
    *("celery", "--quiet", "--app", "lenzen", "worker", "--concurrency", "2"),
    *("--loglevel", "warning", "--without-gossip", "--without-mingle"),
]
CLOCK = ["celery", "--quiet", "--app", "lenzen", "beat", "--loglevel", "warning"]
PATHS = ["DATA_DIR", "ERASED_ACCOUNTS_FILE"]
FIRST_DELAY = 1.0
"""Seconds until a process that ended is started again; doubled each time it ends soon."""
LONGEST_DELAY = 60.0
GRACE = 20.0
"""Seconds that a process has to finish what it is doing before it is killed."""


class Command(BaseCommand):
    help = "Prepare the database, then run web server, worker and clock until Ctrl-C."

    def handle(self, **options):
        stop = Stop()
        with hold_data_dir():
            prepare()
            self.run(stop)

    def run(self, stop):
        # The page answers a second sooner when the others do not start beside it.
        children = [
            Child("web server", WEB),
            Child("worker", WORKER, delay=2),
            Child("clock", CLOCK, delay=2),
        ]
        try:
            self.watch(children, stop)
        finally:
            end(children)

    def watch(self, children, stop):
        is_announced, look_at, said = False, 0.0, 0
        while not stop.asked:
            for child in children:
                child.keep_running()
            if not is_announced and time.monotonic() > look_at:
                status = start_page()
                is_announced = status == 200
                # A page that fails fills the log: look again, but not ten times a second.
                look_at = time.monotonic() + (5 if status else 0)
                if is_announced:
                    self.announce()
                elif status not in (0, said):
                    said = status
                    self.say(f"The start page answers {status} and not 200. Looking again …")
            time.sleep(0.1)
        self.say("", "Ending. Whatever is in hand is finished first.")

    def announce(self):
        self.say("", f"The site runs: {settings.SITE_URL}", "")
        if settings.DEMO:
            self.say(
                "It is a demonstration. Sign in with one of these addresses:",
                *(f"  {role:<10} {email}" for role, email in SIGN_INS.items()),
                f"The password of all three is {PASSWORD}; a code by mail works as well.",
                f"Mails, among them the codes to sign in, land in {settings.EMAIL_FILE_PATH}",
            )
        self.say("Ctrl-C ends everything.")

    def say(self, *lines):
        self.stdout.write("\n".join(lines))
        self.stdout.flush()


def prepare():
    refuse_unusable_port()
    refuse_absent_database()
    refuse_missing_files()
    refuse_unwritable_list()
    call_command("migrate", interactive=False, verbosity=0)
    call_command("createcachetable", verbosity=0)
    prepare_content()
    connection.close()


def hold_data_dir():
    """The open file that lets no second `up` start from here.

    The processes started later do not inherit it: it is free as soon as this one is gone,
    however it ended.
    """
    path = settings.DATA_DIR / "up.lock"
    try:
        lock = path.open("a")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise CommandError(
            f"The site already runs from DATA_DIR {settings.DATA_DIR}: end it first, or name "
            "another DATA_DIR."
        ) from None
    except OSError as error:
        raise CommandError(f"{path} cannot be locked: {error.strerror}.") from None
    return lock


def refuse_unusable_port():
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.BIND, settings.PORT))
        except OSError as error:
            raise CommandError(
                f"Port {settings.PORT} on {settings.BIND} cannot be used "
                f"({error.strerror}): name another one in PORT."
            ) from None


def refuse_absent_database():
    try:
        connection.ensure_connection()
    except DatabaseError as error:
        reason = str(error).strip().splitlines()[0]
        raise CommandError(
            f"The database cannot be reached, see DATABASE_URL and DATA_DIR: {reason}"
        ) from None


def refuse_missing_files():
    for error in files_can_be_found(None):
        raise CommandError(f"{error.msg} {error.hint}")


def refuse_unwritable_list():
    """Nobody would notice before the restore for which it is kept."""
    try:
        settings.ERASED_ACCOUNTS_FILE.open("a").close()
    except OSError as error:
        raise CommandError(
            f"ERASED_ACCOUNTS_FILE {settings.ERASED_ACCOUNTS_FILE} cannot be written: "
            f"{error.strerror}."
        ) from None


def prepare_content():
    """Fill an empty database in the demonstration; refuse to mix it with a real one."""
    people = get_user_model().objects.all()
    is_demonstration = people.filter(email__in=SIGN_INS.values()).exists()
    is_empty = not people.exists() and not Strategy.objects.exists()
    if settings.DEMO and is_empty:
        call_command("demo", verbosity=0)
    elif settings.DEMO and not is_demonstration:
        raise CommandError(
            "SECRET_KEY is not set, and the database holds content that is not the "
            "demonstration's: set SECRET_KEY, or name another DATABASE_URL or DATA_DIR."
        )
    elif is_demonstration and not settings.DEMO:
        raise CommandError(
            "The database holds the demonstration, whose sign-ins everybody knows: "
            "name another DATABASE_URL or DATA_DIR."
        )


def start_page() -> int:
    """The status with which the start page is answered; 0 as long as nobody answers."""
    host = "127.0.0.1" if settings.BIND == "0.0.0.0" else settings.BIND  # noqa: S104
    web = http.client.HTTPConnection(host, settings.PORT, timeout=2)
    # As the proxy asks: without the second, a site with https sends everybody there.
    scheme = "https" if settings.HTTPS else "http"
    headers = {"Host": settings.ALLOWED_HOSTS[0], "X-Forwarded-Proto": scheme}
    try:
        web.request("GET", "/", headers=headers)
        return web.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        web.close()


class Stop:
    """Remembers that somebody asked this process to end."""

    def __init__(self):
        self.asked = False
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self.ask)

    def ask(self, number, frame):
        self.asked = True


class Child:
    """A process that is started again whenever it ends: later each time it ends soon."""

    def __init__(self, name, command, delay=0.0):
        # In a container it is root who runs the worker; that is no news worth ten lines.
        quiet = "ignore:You're running the worker with superuser privileges"
        self.name = name
        self.command = [sys.executable, "-W", quiet, "-m", *command]
        # Whole paths: it starts in another folder than `up` perhaps did.
        paths = {name: str(getattr(settings, name)) for name in PATHS}
        self.environment = {**os.environ, **paths}
        self.delay = delay
        self.process = None
        self.started = self.ended = time.monotonic()

    def keep_running(self):
        now = time.monotonic()
        if self.ended is None and self.process.poll() is not None:
            self.ended = now
            self.kill_what_is_left()
            if self.ended - self.started > LONGEST_DELAY:
                self.delay = FIRST_DELAY
            # A negative status is the number of the signal that ended it.
            sys.stderr.write(
                f"The {self.name} ended with status {self.process.returncode}"
                f" and is started again in {self.delay:.0f} s.\n"
            )
            sys.stderr.flush()
        if self.ended is not None and now - self.ended >= self.delay:
            self.delay = min(max(2 * self.delay, FIRST_DELAY), LONGEST_DELAY)
            self.start()

    def start(self):
        # In a session of its own, so that Ctrl-C in the terminal reaches `up` only: a
        # worker whose pool is interrupted with it never ends.
        self.process = subprocess.Popen(  # noqa: S603
            self.command,
            cwd=settings.BASE_DIR,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.started = time.monotonic()
        self.ended = None

    def kill_what_is_left(self):
        # A main process that was killed leaves its own behind, the port in their hands.
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def end(children):
    """Return when none of their processes is left."""
    running = [child for child in children if child.process]
    for child in running:
        # The main processes only: they know how to end their own.
        child.process.terminate()
    deadline = time.monotonic() + GRACE
    for child in running:
        try:
            child.process.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            child.process.kill()
            child.process.wait()
        child.kill_what_is_left()
