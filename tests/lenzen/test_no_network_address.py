"""No table says from where somebody came, or with which browser."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, hotp_value
from django.conf import settings as site
from django.test import Client
from django.urls import reverse

from accounts.models import Notification
from comments.models import Comment
from lenzen.tasks import keep_terms
from tests.accounts.door import CODE, enter, knock
from tests.factories import CommentFactory, UserFactory
from tests.stored import places_of

pytestmark = pytest.mark.django_db

PASSWORD = "vierzehn Birnen am Deich"
BROWSER = "Elbe-Browser"
NETWORKS = {"203.0.113.77": "203.0.113", "2001:db8:77:1::5": "2001:db8:77"}


@pytest.fixture(params=NETWORKS)
def network(request, settings):
    """Where everybody in this test comes from, through a proxy."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    return request.param


@pytest.fixture
def visiting(network):
    def open_browser():
        return Client(
            headers={
                "user-agent": f"Mozilla/5.0 ({BROWSER})",
                "x-forwarded-for": network,
                "origin": site.SITE_URL,
            },
            REMOTE_ADDR=network,
        )

    return open_browser


def sign_in(reader, address, name=""):
    knock(reader, address, name)
    reader.post(CODE, {"code": "000000"})
    enter(reader)


def take_part(reader, goal):
    here = goal.get_absolute_url()
    reader.post(here, {"text": "More trees."})
    sign_in(reader, "elbe@example.org", "Elbfischerin")
    reader.post(here, {"text": "More trees."})
    other = CommentFactory(goal=goal, phase=goal.strategy.phases.get())
    reader.post(here, {"text": "Yes.", "parent": other.pk})
    reader.post(reverse("vote", args=[other.pk]), {"stimme": "ja"})
    reader.post(reverse("follow", args=[goal.strategy.slug]))
    own = Comment.objects.get(text="More trees.")
    reader.post(reverse("withdraw", args=[own.pk]))
    reader.post(reverse("show_again", args=[own.pk]))


def change_the_account(reader):
    reader.post("/konto/passwort/neu/", {"password1": PASSWORD})
    reader.post("/konto/e-mail/", {"email": "new@example.org", "action_add": ""})
    reader.get("/konto/daten/herunterladen/")
    reader.get("/konto/sitzungen/")
    reader.post("/konto/abmelden/")
    reader.post("/konto/anmelden/passwort/", {"login": "elbe@example.org", "password": "wrong"})
    reader.post("/konto/anmelden/passwort/", {"login": "elbe@example.org", "password": PASSWORD})
    reader.post("/konto/bestaetigen/", {"password": PASSWORD})


def moderate(reader):
    moderator = UserFactory(is_staff=True, role="Moderation")
    TOTP.activate(moderator, generate_totp_secret())
    RecoveryCodes.activate(moderator)
    sign_in(reader, moderator.email)
    secret = Authenticator.objects.get(user=moderator, type="totp").data["secret"]
    code = f"{hotp_value(secret, int(time.time()) // 30):06}"
    reader.post("/konto/anmelden/zweiter-schritt/", {"code": code})
    comment = Comment.objects.get(text="Yes.")
    reason = {"rule": "3", "rule_words": "", "explanation": "Names somebody."}
    reason[f"version_{comment.pk}"] = comment.version
    reader.post(f"{reverse('admin:comments_comment_hide')}?ids={comment.pk}", reason)


def test_after_a_whole_journey_no_table_knows_network_or_browser(visiting, network, goal):
    visitor = visiting()
    for path in ["/", goal.get_absolute_url(), "/suche/?q=trees", "/fehlt/"]:
        visitor.get(path)
    visitor.post(reverse("follow_all"), {"email": "follower@example.org"})
    reader = visiting()
    take_part(reader, goal)
    change_the_account(reader)
    moderate(visiting())
    keep_terms()

    assert Comment.objects.exclude(hidden_by=None).exists(), "the journey came to its end"
    assert Notification.objects.count() >= 5
    assert places_of(NETWORKS[network], BROWSER, "Mozilla") == []


def test_a_request_that_passed_fewer_proxies_than_are_trusted_is_refused(settings, caplog):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 2

    answer = Client(headers={"x-forwarded-for": "203.0.113.77"}).get("/")

    assert answer.status_code == 400
    assert "TRUSTED_PROXY_COUNT" in caplog.text
    assert "203.0.113.77" not in caplog.text
