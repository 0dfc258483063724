"""What every test stands on: the site as it runs, without what only costs time."""

import asyncio
import json
import logging
import socket
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from django.conf import settings as site
from django.core.cache import cache
from django.test import Client, override_settings
from hypothesis.configuration import set_hypothesis_home_dir

import accounts.town
from tests.browser import walk
from tests.factories import GoalFactory, PhaseFactory, TownFactory, UserFactory

# Everything that is written lands in one folder.
set_hypothesis_home_dir(site.DATA_DIR / "cache" / "hypothesis")


@pytest.fixture(scope="session", autouse=True)
def _plain_settings(django_test_environment):
    """Nothing here changes what the site promises."""
    with override_settings(
        # Static files under their own names, so that nothing need be collected.
        STORAGES={
            "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
            "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
        },
        WHITENOISE_AUTOREFRESH=True,
        # A good hasher takes its time.
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        STAFF_NEEDS_SECOND_FACTOR=False,
    ):
        yield


@pytest.fixture(autouse=True)
def _our_town(monkeypatch):
    """The town that every test is about; none is read from the database before one is saved."""
    monkeypatch.setattr(accounts.town, "REMEMBERED", timedelta(days=1))
    accounts.town.remember(accounts.town.Frame(TownFactory.build()))


@pytest.fixture(autouse=True)
def _forget_rate_limits(request):
    """The cache is a table that Django does not empty after tests with real transactions."""
    marker = request.node.get_closest_marker("django_db")
    if marker and marker.kwargs.get("transaction"):
        request.getfixturevalue("transactional_db")
        yield
        cache.clear()
    else:
        yield


# Who


@pytest.fixture
def citizen(db):
    return UserFactory()


@pytest.fixture
def moderator(db):
    return UserFactory(is_staff=True, role="Moderation")


@pytest.fixture
def editor(db):
    return UserFactory(is_staff=True, role="Redaktion")


@pytest.fixture
def signed_in():
    """A browser in which this person is signed in: ``signed_in(citizen).get(…)``."""

    def sign_in(person, **options) -> Client:
        client = Client(**options)
        client.force_login(person)
        return client

    return sign_in


# What


@pytest.fixture
def open_phase(db):
    return PhaseFactory()


@pytest.fixture
def goal(open_phase):
    """A goal on which one may comment now."""
    return GoalFactory(strategy=open_phase.strategy)


# A real mail server


class MailServer:
    """Takes mails over SMTP. ``received`` holds them; ``answers`` what it says to an address,
    ``answer_to_mail`` to the mail itself.

    ``on_mail`` is called, in a thread, with each mail before the server acknowledges it.
    """

    def __init__(self):
        self.received = []
        self.answers = {}
        self.answer_to_mail = "250 OK"
        self.on_mail = None
        self.port = free_port()
        self.start()

    def start(self):
        self.controller = Controller(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    def stop(self):
        self.controller.stop(no_assert=True)

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = self.answers.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server, session, envelope):
        if not self.answer_to_mail.startswith("250"):
            return self.answer_to_mail
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.received.append(mail)
        if self.on_mail:
            await asyncio.to_thread(self.on_mail, mail)
        return "250 OK"

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def addresses(self) -> list[str]:
        return [mail["To"] for mail in self.received]


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@pytest.fixture
def mail_server(settings):
    """The mail server that the site sends to in this test."""
    logging.getLogger("mail.log").setLevel(logging.WARNING)
    server = MailServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    settings.EMAIL_TIMEOUT = 10
    yield server
    server.stop()


# The closing report of `make access`: here, because the process that gathers what its
# helpers found reads no conftest.py of a folder below.


def pytest_sessionfinish(session):
    states = whole_walk(session.config)
    if states and walk.missing(states):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter, config):
    if states := whole_walk(config):
        terminalreporter.section("access")
        for line in walk.closing_report(states):
            terminalreporter.write_line(line)


def whole_walk(config) -> list[walk.State]:
    """What was looked at, when nothing was left out; nothing in a process that only helps."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    is_part = config.option.keyword or config.args_source is config.ArgsSource.ARGS
    is_whole = config.option.markexpr == "access" and not is_part
    if hasattr(config, "workerinput") or not reporter or not is_whole:
        return []
    return [
        walk.State(*json.loads(value))
        for reports in reporter.stats.values()
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, value in report.user_properties
        if name == "looked"
    ]
