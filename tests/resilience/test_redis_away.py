"""Redis is the worker's broker and nothing else: without it, readers notice nothing."""

import shutil
import subprocess
import time

import pytest

from accounts.models import Notification, TaskRun
from comments.models import Comment
from lenzen import celery_app
from tests.accounts.door import code_sent, enter, knock
from tests.conftest import free_port
from tests.factories import GoalFactory, PhaseFactory

pytestmark = pytest.mark.django_db(transaction=True)


class Redis:
    """A Redis of our own, that can be stopped without harm to anybody."""

    def __init__(self):
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self):
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self.server = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)

    def stop(self):
        self.server.kill()
        self.server.wait()


@pytest.fixture
def redis():
    if not shutil.which("redis-server"):
        pytest.skip("redis-server is not installed, so there is none that could be stopped")
    server = Redis()
    yield server
    server.stop()


def wait_until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not (met := condition()) and time.monotonic() < deadline:
        time.sleep(0.1)
    return met


def test_readers_notice_nothing_and_messages_leave_when_it_is_back(
    redis, processes, mail_server, client, monkeypatch, tmp_path
):
    goal = GoalFactory(strategy=PhaseFactory().strategy)
    monkeypatch.setattr(celery_app.conf, "broker_url", redis.url)
    monkeypatch.setitem(celery_app.conf, "broker_transport", None)
    (worker,) = processes(
        "tests.resilience.worker.run",
        REDIS_URL=redis.url,
        EMAIL_URL=mail_server.url,
        BEAT_SCHEDULE=str(tmp_path / "schedule"),
    )
    worker.go()
    assert wait_until(TaskRun.objects.filter(task="send_notifications").exists)

    redis.stop()
    started = time.monotonic()
    pages = ["/", "/strategien/", goal.strategy.get_absolute_url(), goal.get_absolute_url()]
    assert [client.get(page).status_code for page in pages] == [200] * len(pages)
    knock(client, "elbfischerin@example.org", "Elbfischerin")
    assert enter(client, code_sent()).status_code == 302
    posted = client.post(goal.get_absolute_url(), {"text": "Mehr Bäume."})
    assert posted.status_code == 302
    assert time.monotonic() - started < 5

    waiting = Notification.objects.waiting().count()
    assert Comment.objects.get().text == "Mehr Bäume."
    assert waiting >= 1

    redis.start()
    assert wait_until(lambda: not Notification.objects.waiting().exists())
    assert set(mail_server.addresses) == {"elbfischerin@example.org"}
