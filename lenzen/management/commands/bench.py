"""What the pages cost, measured on invented comments in a database made for it."""

import http.client
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module
from io import BytesIO
from ipaddress import IPv4Address
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.core.handlers.wsgi import WSGIHandler
from django.core.management.base import BaseCommand, CommandError
from django.core.wsgi import get_wsgi_application
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import path, reverse
from django.utils import timezone

from accounts.models import User
from comments.models import Comment
from strategies.models import Goal, Participation, Phase, Strategy

COMMENTS = 5_000
WARM_UP = 10
RUNS = 100
AT_ONCE = 8
POSTS_AT_ONCE = 400
TOKEN = "benchbenchbenchbenchbenchbenchbe"  # noqa: S105
WORDS = ["Radweg", "Bahnhof", "Schule", "Ufer", "Spielplatz", "Linden", "Laden", "Bus", "Abend"]

# The yardstick: what Django needs for a page that asks nobody.
urlpatterns = [path("", lambda request: HttpResponse("<h1>Hello</h1>"))]


class Command(BaseCommand):
    help = "Measure queries, CPU time and bytes of the pages, in a database made for it."

    def handle(self, **options):
        real = connection.settings_dict["NAME"]
        on_file = connection.vendor == "sqlite"
        scratch = settings.DATA_DIR / "bench.sqlite3" if on_file else f"bench_{real}"
        connection.settings_dict["TEST"]["NAME"] = str(scratch)
        connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
        try:
            self.measure()
        finally:
            connection.creation.destroy_test_db(real, verbosity=0)

    def measure(self):
        goal, sessions = make_content()
        address = goal.get_absolute_url()
        site = get_wsgi_application()
        with override_settings(MIDDLEWARE=[], ROOT_URLCONF=__name__):
            bare = milliseconds(WSGIHandler(), lambda run: request("/"))
        self.stdout.write(
            f"{connection.vendor}, {COMMENTS} comments; a bare view costs {bare:.2f} ms of CPU\n"
            f"{'':<26}{'queries':>9}{'CPU ms':>9}{'x bare':>9}{'bytes':>9}"
        )
        pages = {
            "start page": reverse("home"),
            "strategy": goal.strategy.get_absolute_url(),
            "goal, 50 + 50 comments": address,
        }
        for title, page in pages.items():
            self.row(title, site, bare, lambda run, page=page: request(page))
            self.row("  signed in", site, bare, lambda run, page=page: request(page, sessions[0]))
        posts = [sessions.pop() for _ in range(RUNS + WARM_UP + 1)]
        self.row("posting", site, bare, lambda run: request(address, posts[run], words(run)))
        for title in ("start page", "goal, 50 + 50 comments"):
            self.first_view(title, site, pages[title])
        self.posts_at_once(address, sessions)

    def row(self, title, site, bare, make):
        with CaptureQueriesContext(connection) as captured:
            size = len(answer(site, make(RUNS + WARM_UP)))
        queries = [
            query for query in captured if re.match("SELECT|INSERT|UPDATE|DELETE", query["sql"])
        ]
        cost = milliseconds(site, make)
        self.stdout.write(f"{title:<26}{len(queries):>9}{cost:>9.1f}{cost / bare:>9.0f}{size:>9,}")

    def first_view(self, title, site, page):
        """Everything that a browser loads that was never here before."""
        html = answer(site, request(page, compressed=False)).decode()
        parts = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', html))
        size = sum(len(answer(site, request(part))) for part in {page, *parts})
        self.stdout.write(f"first view, {title}: {size:,} bytes in {len(parts) + 1} requests")

    def posts_at_once(self, address, sessions):
        if connection.vendor != "postgresql":
            self.stdout.write("posts at once: only with DATABASE_URL")
            return
        with web_server() as port, ThreadPoolExecutor(AT_ONCE) as pool:
            posts = [(session, form(words(session))) for session in sessions]
            jobs = [pool.submit(send, port, address, *post) for post in posts]
            took = [job.result() for job in jobs]
        p95 = statistics.quantiles(took, n=100)[94]
        self.stdout.write(
            f"{len(took)} posts, {AT_ONCE} at once: median {statistics.median(took):.0f} ms,"
            f" p95 {p95:.0f} ms"
        )


def words(seed) -> str:
    chosen = random.Random(seed).choices(WORDS, k=50)  # noqa: S311
    return f"{' '.join(chosen[:25])}.\n\n{' '.join(chosen[25:])}. Nr. {seed}"


def make_content() -> tuple[Goal, list[str]]:
    """A goal with all the comments, and a session for everybody who will post."""
    now = timezone.now()
    strategy = Strategy.objects.create(
        number=1, title="Town", slug="town", next_steps="We read.", contact="Us", published_at=now
    )
    goals = [
        Goal.objects.create(strategy=strategy, number=number, title="Goal", text=words(number))
        for number in range(1, 5)
    ]
    phase = Phase.objects.create(
        strategy=strategy, opens_at=now - timedelta(days=9), closes_at=now + timedelta(days=9)
    )
    people = User.objects.bulk_create(
        User(email=f"{n}@bench.example", public_name=f"Person {n}", name_skeleton=f"person{n}")
        for n in range(RUNS + WARM_UP + 1 + POSTS_AT_ONCE)
    )
    add_comments(phase, goals[0], people)
    return goals[0], [sign_in(person) for person in people]


def add_comments(phase, goal, people):
    # Older than the flood limit looks back, half of them replies.
    start = phase.opens_at + timedelta(days=1)
    comments = [
        Comment(
            phase=phase,
            goal=goal,
            author=people[number % len(people)],
            text=words(number),
            posted_at=start + timedelta(minutes=number),
        )
        for number in range(COMMENTS)
    ]
    tops = Comment.objects.bulk_create(comments[::2])
    for parent, reply in zip(tops, comments[1::2], strict=True):
        reply.parent = parent
    Comment.objects.bulk_create(comments[1::2])
    each = COMMENTS // len(people)
    Participation.objects.bulk_create(
        Participation(phase=phase, person=person, contributions=each) for person in people
    )


def sign_in(person) -> str:
    """The key of a session in which ``person`` is signed in."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.save()
    return session.session_key


def form(text) -> bytes:
    return urlencode({"text": text, "csrfmiddlewaretoken": TOKEN}).encode()


def cookies(session) -> str:
    return f"{settings.SESSION_COOKIE_NAME}={session}; {settings.CSRF_COOKIE_NAME}={TOKEN}"


def home(session) -> str:
    """The network address of whoever is in it: everybody writes from their own."""
    return str(IPv4Address("10.0.0.0") + zlib.crc32(session.encode()) % 2**24)


def request(address, session="", text="", compressed=True) -> dict:
    """What a web server hands to Django: a page that is asked for, or a comment sent."""
    body = form(text) if text else b""
    site = urlsplit(settings.SITE_URL)
    return {
        "REQUEST_METHOD": "POST" if text else "GET",
        "PATH_INFO": address,
        "QUERY_STRING": "",
        "SERVER_NAME": site.hostname,
        "SERVER_PORT": str(settings.PORT),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": home(session),
        "HTTP_HOST": site.netloc,
        "HTTP_ORIGIN": settings.SITE_URL,
        "HTTP_ACCEPT_ENCODING": "gzip, br" if compressed else "",
        "HTTP_COOKIE": cookies(session) if session else "",
        "CONTENT_TYPE": "application/x-www-form-urlencoded",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": site.scheme,
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
    }


def answer(site, environ) -> bytes:
    """The answer as it goes over the wire, head and body."""
    head = []

    def start_response(status, headers, exc_info=None):
        if int(status[:3]) >= 400:
            raise CommandError(f"{environ['PATH_INFO']} answers {status}")
        head.append(f"HTTP/1.1 {status}\r\n")
        head.extend(f"{name}: {value}\r\n" for name, value in headers)

    response = site(environ, start_response)
    try:
        return "".join([*head, "\r\n"]).encode() + b"".join(response)
    finally:
        response.close()


def milliseconds(site, make) -> float:
    """CPU time of one answer: the best of ten tries, because other work only adds to it."""
    for run in range(WARM_UP):
        answer(site, make(run))
    tries = []
    for first in range(WARM_UP, WARM_UP + RUNS, RUNS // 10):
        environs = [make(run) for run in range(first, first + RUNS // 10)]
        started = time.process_time()
        for environ in environs:
            answer(site, environ)
        tries.append((time.process_time() - started) / len(environs))
    return min(tries) * 1000


@contextmanager
def web_server():
    """The real server on the database of this run; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=connection.settings_dict["NAME"])
    command = [sys.executable, "-m", "gunicorn", "lenzen.wsgi", "--bind", f"127.0.0.1:{port}"]
    server = subprocess.Popen(  # noqa: S603
        [*command, "--workers", "3", "--no-control-socket", "--log-level", "warning"],
        cwd=settings.BASE_DIR,
        env={
            **os.environ,
            "DATA_DIR": str(settings.DATA_DIR),
            "DATABASE_URL": url.geturl(),
            "TRUSTED_PROXY_COUNT": "1",
        },
    )
    try:
        time.sleep(3)
        yield port
    finally:
        server.terminate()
        server.wait()


def send(port, address, session, body) -> float:
    """Post a comment to the server. Return how many milliseconds it took."""
    headers = {
        "X-Forwarded-For": home(session),
        "Host": urlsplit(settings.SITE_URL).netloc,
        "Origin": settings.SITE_URL,
        "Cookie": cookies(session),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    started = time.perf_counter()
    web = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    web.request("POST", address, body, headers)
    status = web.getresponse().status
    web.close()
    if status != 302:
        raise CommandError(f"posting answers {status}")
    return (time.perf_counter() - started) * 1000
