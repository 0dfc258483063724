"""`manage.py up`, with real processes: what starts, what is started again, what is left."""

import fcntl
import http.client
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.conf import settings

from lenzen.environment import env_url
from lenzen.management.commands import up as up_command

PUBLIC = {
    "SECRET_KEY": "only for tests, and long enough to be taken: 0123456789",
    "SITE_URL": "https://mitreden.example",
    "EMAIL_URL": "smtp://127.0.0.1:9",
}


@pytest.fixture
def environment(tmp_path):
    """A data folder and a port of our own, and nothing else that configures the site."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    data = tmp_path / "data"
    data.mkdir()
    for made_before in ("static", "assets", "locale"):
        (data / made_before).symlink_to(settings.DATA_DIR / made_before)
    names = ["PATH", "HOME", "LANG", "PYTHONPYCACHEPREFIX"]
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {**kept, "DATA_DIR": str(data), "PORT": str(port)}


def start(environment, **more):
    return subprocess.Popen(
        [sys.executable, "manage.py", "up"],
        cwd=settings.BASE_DIR,
        env={**environment, **more},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def running(environment):
    """The site, up and announced; gives the process and what it printed until then."""
    up = start(environment)
    # A site that never announces itself fails its test; it does not hold up all the others.
    watchdog = threading.Timer(120, up.terminate)
    watchdog.start()
    try:
        printed = []
        for line in up.stdout:
            printed.append(line)
            if "Ctrl-C" in line:
                break
        yield up, "".join(printed)
    finally:
        watchdog.cancel()
        up.terminate()
        up.communicate(timeout=60)


def ask(environment, path):
    web = http.client.HTTPConnection("127.0.0.1", int(environment["PORT"]), timeout=10)
    try:
        web.request("GET", path, headers={"Host": "localhost"})
        return web.getresponse().status
    except OSError:
        return None
    finally:
        web.close()


def processes(environment) -> dict[int, str]:
    """Everything that runs with our data folder: process number and command."""
    found = {}
    mark = f"DATA_DIR={environment['DATA_DIR']}\0".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in folder.joinpath("environ").read_bytes():
                found[int(folder.name)] = folder.joinpath("cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
    return {number: command for number, command in found.items() if command}


def main_processes(environment, up) -> dict[str, int]:
    """The three that `up` started, by name."""
    found = {}
    for number, command in processes(environment).items():
        try:
            parent = int(Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        # Between its birth and its own command a child still bears that of its parent.
        names = [name for name in ("gunicorn", " beat ", " worker ") if name in command]
        if parent == up.pid and names:
            found[names[0].strip()] = number
    return found


def wait_until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.2)
    return False


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_the_site_announces_itself_answers_and_leaves_no_process(environment, ending):
    with running(environment) as (up, printed):
        assert f"http://localhost:{environment['PORT']}" in printed
        assert f"{environment['DATA_DIR']}/mail" in printed
        assert printed.count("@") == 3
        assert ask(environment, "/") == 200
        assert wait_until(lambda: len(main_processes(environment, up)) == 3)

        up.send_signal(ending)
        assert up.wait(timeout=60) == 0

    assert processes(environment) == {}


def test_a_killed_process_is_started_again_and_still_nothing_is_left(environment):
    with running(environment) as (up, _):
        assert wait_until(lambda: len(main_processes(environment, up)) == 3)
        killed = set(main_processes(environment, up).values())
        for number in killed:
            os.kill(number, signal.SIGKILL)

        assert wait_until(lambda: not killed & set(processes(environment)))
        assert wait_until(lambda: len(main_processes(environment, up)) == len(killed) == 3)
        assert wait_until(lambda: ask(environment, "/") == 200)
        up.terminate()
        logged = up.stdout.read()

    for name in ("web server", "worker", "clock"):
        assert logged.count(f"The {name} ended with status -9 and is started again in ") == 1
    assert processes(environment) == {}


def test_the_log_tells_of_faults_and_of_nobody(environment):
    with running(environment) as (up, _):
        with socket.create_connection(("127.0.0.1", int(environment["PORT"]))) as stranger:
            stranger.sendall(b"NONSENSE\r\n\r\n")
            assert b"400 Bad Request" in stranger.recv(1_000)
        assert ask(environment, "/auf-dem-laufenden/somebody@example.org/nowhere/") == 404
        with sqlite3.connect(Path(environment["DATA_DIR"]) / "lenzen.sqlite3") as database:
            database.execute("DROP TABLE strategies_strategy")
        assert ask(environment, "/strategien/secret-token/") == 503
        up.terminate()
        logged = up.stdout.read()

    assert "ERROR django.request: Service Unavailable: strategien/<slug:slug>/" in logged
    assert "Traceback" in logged
    assert "no such table: strategies_strategy" in logged
    for private in ("127.0.0.1", "somebody@example.org", "secret-token", "NONSENSE"):
        assert private not in logged


def test_a_second_site_starts_from_the_same_folder_only_when_the_first_is_gone(environment):
    with running(environment) as (up, _):
        try:
            printed, _ = start(environment).communicate(timeout=60)
            assert "The site already runs from DATA_DIR" in printed
            assert len(printed.strip().splitlines()) == 1

            up.kill()
            up.wait(timeout=60)
            with open(f"{environment['DATA_DIR']}/up.lock") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            assert processes(environment) != {}
        finally:
            for number in processes(environment):
                with suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"SITE_URL": "https://mitreden.example"}, "SECRET_KEY must be set"),
        ({**PUBLIC, "SECRET_KEY": "short"}, "SECRET_KEY must have at least 50 characters"),
        ({**PUBLIC, "SECRET_KEY": "0" * 50}, "SECRET_KEY must have at least 50 characters"),
        ({**PUBLIC, "SECRET_KEY": f"short{' ' * 50}"}, "SECRET_KEY must have at least 50"),
        ({**PUBLIC, "EMAIL_URL": ""}, "EMAIL_URL must name the mail server"),
        ({**PUBLIC, "STAFF_NEEDS_SECOND_FACTOR": "maybe"}, "must be yes or no, not “maybe”"),
        ({"PORT": "eighty"}, "PORT must be a whole number, not “eighty”"),
        ({"PORT": "70000"}, "PORT must be between 1 and 65535"),
        ({"WEB_CONCURRENCY": "many"}, "WEB_CONCURRENCY must be a whole number, not “many”"),
        ({"WEB_CONCURRENCY": "0"}, "WEB_CONCURRENCY must be at least 1"),
        ({"DATABASE_URL": "mysql://127.0.0.1/lenzen"}, "DATABASE_URL must begin with postgres://"),
        ({"DATABASE_URL": "postgres://127.0.0.1:9/lenzen"}, "The database cannot be reached"),
        ({"REDIS_URL": "127.0.0.1"}, "REDIS_URL must begin with redis://"),
        ({"REDIS_URL": "redis:///0"}, "REDIS_URL names no host"),
        ({"REDIS_URL": "redis://127.0.0.1/zero"}, "REDIS_URL must end with the number"),
        ({"REDIS_URL": "redis://127.0.0.1/0/1"}, "REDIS_URL must end with the number"),
        ({**PUBLIC, "EMAIL_URL": "smtp:///mail.example"}, "EMAIL_URL names no host"),
        ({**PUBLIC, "EMAIL_URL": "smtp://mail example"}, "EMAIL_URL is not a valid address"),
        ({**PUBLIC, "FROM_EMAIL": "mitreden"}, "FROM_EMAIL must be an address, alone or as"),
        ({**PUBLIC, "FROM_EMAIL": "a@b.example, c@d.example"}, "FROM_EMAIL must be an address"),
        ({"DATA_DIR": "/dev/null/data"}, "DATA_DIR /dev/null/data cannot be written"),
        # No user may make a file there; with a broker elsewhere only the clock would have failed.
        ({"DATA_DIR": "/proc"}, "DATA_DIR /proc cannot be written"),
        (
            {**PUBLIC, "DATA_DIR": "/proc", "REDIS_URL": "redis://127.0.0.1:9"},
            "DATA_DIR /proc cannot be written",
        ),
        ({"ERASED_ACCOUNTS_FILE": "/dev"}, "ERASED_ACCOUNTS_FILE /dev cannot be written"),
        ({**PUBLIC, "ERASED_ACCOUNTS_FILE": "/dev/null/list"}, "/dev/null/list cannot be written"),
    ],
)
def test_wrong_configuration_stops_the_start_with_one_sentence(environment, wrong, sentence):
    up = start(environment, **wrong)
    printed, _ = up.communicate(timeout=60)

    assert sentence in printed
    assert len(printed.strip().splitlines()) == 1
    assert up.returncode == 1


@pytest.mark.parametrize(
    "password", ["geheim12#x", "12#geheim", "geheim/x", "12/geheim", "[geheim", "geheim x"]
)
@pytest.mark.parametrize(
    ("name", "scheme"),
    [("DATABASE_URL", "postgres"), ("EMAIL_URL", "smtp+tls"), ("REDIS_URL", "redis")],
)
def test_a_password_that_is_not_encoded_is_not_printed(name, scheme, password, monkeypatch):
    monkeypatch.setenv(name, f"{scheme}://u:{password}@127.0.0.1/0")

    with pytest.raises(SystemExit) as stopped:
        env_url(name, [scheme])

    assert str(stopped.value).startswith(f"lenzen: {name} is not a valid address. Special char")
    assert "geheim" not in str(stopped.value)


@pytest.mark.parametrize(
    "address",
    [
        *("mitreden.example", "https:///x", "https://mitreden.example/insek", "https://*"),
        *(
            "https://mitreden.example?a=1",
            "https://a@mitreden.example",
            "https://mit reden.example",
        ),
        *("https://.example", "https://mitreden.example.", "https://löcknitz.example"),
        *("https://mitreden.example:", "https://mitreden.example#a", "https://[::1]"),
    ],
)
def test_an_address_of_the_site_that_no_browser_would_name(environment, address):
    with pytest.raises(subprocess.CalledProcessError) as stopped:
        setting(environment, "SITE_URL", **{**PUBLIC, "SITE_URL": address})

    assert stopped.value.stderr.startswith("lenzen: SITE_URL must be http:// or https:// with")
    assert stopped.value.stderr.count("\n") == 1


def setting(environment, name, **more):
    """What a setting is in this environment."""
    shown = subprocess.run(
        [sys.executable, "-c", f"from lenzen import settings; print(settings.{name})"],
        cwd=settings.BASE_DIR,
        env={**environment, **more},
        check=True,
        capture_output=True,
        text=True,
    )
    return shown.stdout.strip()


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        # The sign-ins of the demonstration are known to everybody.
        ("BIND", {"BIND": "0.0.0.0"}, "127.0.0.1"),
        ("BIND", {**PUBLIC, "BIND": "0.0.0.0"}, "0.0.0.0"),
        ("STAFF_NEEDS_SECOND_FACTOR", {}, "False"),
        ("STAFF_NEEDS_SECOND_FACTOR", PUBLIC, "True"),
        ("SITE_URL", {**PUBLIC, "SITE_URL": "HTTPS://Mitreden.Example/"}, PUBLIC["SITE_URL"]),
        (
            "DEFAULT_FROM_EMAIL",
            {"FROM_EMAIL": "Amt <amt@lenzen.example>"},
            "Amt <amt@lenzen.example>",
        ),
        ("SESSION_COOKIE_SECURE", PUBLIC, "True"),
        ("CSRF_COOKIE_SECURE", PUBLIC, "True"),
        ("SECURE_SSL_REDIRECT", PUBLIC, "True"),
        ("EMAIL_USE_TLS", {**PUBLIC, "EMAIL_URL": "smtp+tls://mail.example"}, "True"),
        ("EMAIL_USE_SSL", {**PUBLIC, "EMAIL_URL": "smtps://mail.example"}, "True"),
    ],
)
def test_what_the_environment_sets(environment, name, given, value):
    assert setting(environment, name, **given) == value


def test_a_port_that_is_taken_is_named(environment):
    with socket.create_server(("127.0.0.1", int(environment["PORT"]))):
        printed, _ = start(environment).communicate(timeout=60)

    assert f"Port {environment['PORT']} on 127.0.0.1 cannot be used" in printed
    assert len(printed.strip().splitlines()) == 1


def test_files_that_were_not_collected_stop_the_start_with_one_sentence(environment, tmp_path):
    printed, _ = start(environment, DATA_DIR=str(tmp_path / "empty")).communicate(timeout=60)

    assert "no collected static files" in printed
    assert "Run `make assets`" in printed
    assert len(printed.strip().splitlines()) == 1


def manage(environment, command):
    subprocess.run(
        [sys.executable, "manage.py", *command.split()],
        cwd=settings.BASE_DIR,
        env=environment,
        check=True,
        capture_output=True,
    )


def test_a_real_site_does_not_start_as_a_demonstration(environment):
    manage(environment, "migrate")
    account = {**environment, "DJANGO_SUPERUSER_PASSWORD": "only for tests"}
    manage(account, "createsuperuser --noinput --email amt@lenzen.example")

    printed, _ = start(environment).communicate(timeout=60)

    assert "SECRET_KEY is not set, and the database holds content" in printed


def test_a_demonstration_does_not_start_as_a_real_site(environment):
    manage(environment, "migrate")
    manage(environment, "demo")

    printed, _ = start(environment, **PUBLIC).communicate(timeout=60)

    assert "The database holds the demonstration" in printed


@pytest.mark.parametrize("proxies", ["0", "1"])
def test_a_site_behind_a_proxy_announces_itself(environment, proxies):
    with running({**environment, **PUBLIC, "TRUSTED_PROXY_COUNT": proxies}) as (_, printed):
        assert "The site runs: https://mitreden.example" in printed


@pytest.mark.parametrize("status", [200, 301, 500])
def test_only_a_start_page_that_is_shown_is_announced(status, monkeypatch):
    stop, said = SimpleNamespace(asked=False), StringIO()

    def answer():
        stop.asked = True
        return status

    monkeypatch.setattr(up_command, "start_page", answer)
    up_command.Command(stdout=said).watch([], stop)

    assert ("The site runs" in said.getvalue()) == (status == 200)
    assert (f"answers {status}" in said.getvalue()) == (status != 200)
