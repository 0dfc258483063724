"""The account's own pages in Chromium: comments, drafts, data, and deleting all of it."""

from io import BytesIO
from zipfile import ZipFile

import pytest
from django.conf import settings as site

from accounts.models import User
from comments.models import Draft
from lenzen.personal_data import as_zip
from tests.accounts.door import code_sent
from tests.factories import CommentFactory, GoalFactory, hidden, withdrawn

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def _list_of_erased(settings, tmp_path):
    settings.ERASED_ACCOUNTS_FILE = tmp_path / "erased-accounts.txt"


def test_own_comments_and_drafts(look, me):
    for path in ["/konto/kommentare/", "/konto/entwuerfe/", "/konto/"]:
        look(path)
    goal = GoalFactory()
    for gone in (lambda comment: comment, hidden, withdrawn):
        gone(CommentFactory(author=me, goal=goal, text="Trees " + "x" * 90))
    Draft.objects.create(person=me, strategy=goal.strategy, goal=goal, text="Perhaps " + "x" * 90)
    Draft.objects.create(person=me, strategy=goal.strategy, text="Perhaps.")
    for path in ["/konto/kommentare/", "/konto/entwuerfe/"]:
        look(path)


def test_from_the_account_to_the_file_and_to_nothing_left(look, me, page, live_server):
    page.goto(f"{live_server.url}/konto/")
    page.get_by_role("link", name="Meine Daten mitnehmen").click()
    look()
    page.get_by_role("button", name="Code senden").click()
    look()
    page.get_by_label("Code aus der E-Mail").fill("000000")
    page.get_by_role("button", name="Weiter").click()
    look()
    page.get_by_label("Code aus der E-Mail").fill(code_sent())
    page.get_by_role("button", name="Weiter").click()
    look()
    with page.expect_download() as download:
        page.get_by_role("link", name="Meine Daten herunterladen").click()
    assert download.value.suggested_filename.endswith(".zip")

    page.get_by_role("link", name="Mein Konto löschen").click()
    look()
    page.get_by_label("Sie werden zurückgezogen").check()
    page.get_by_role("button", name="Konto endgültig löschen").click()
    look()

    assert page.get_by_role("heading", name="Ihr Konto ist gelöscht").is_visible()
    assert not User.objects.filter(pk=me.pk).exists()
    assert site.ERASED_ACCOUNTS_FILE.read_text().endswith(" withdraw\n")


def test_the_file_can_be_read_by_everybody(look, me, page):
    CommentFactory(author=me, text="Trees " + "x" * 90)
    with ZipFile(BytesIO(as_zip(me))) as file:
        (name,) = [name for name in file.namelist() if name.endswith(".html")]
        page.set_content(file.read(name).decode())

    look()


def test_staff_read_why_not(look, me, page, live_server):
    User.objects.filter(pk=me.pk).update(is_staff=True)
    page.goto(f"{live_server.url}/konto/daten/loeschen/")
    page.get_by_role("button", name="Code senden").click()
    page.get_by_label("Code aus der E-Mail").fill(code_sent())
    page.get_by_role("button", name="Weiter").click()

    look()

    assert page.get_by_role("button", name="Konto endgültig löschen").count() == 0
