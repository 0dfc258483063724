"""The table of contents. Paths are German, names English.

Pages exist in German and, below /en/, in English; files and the admin only in German.
"""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import include, path

from comments import editing, reporting, waiting
from comments import views as comments
from lenzen import barriers, feeds, listing
from lenzen import pages as town
from lenzen import views as site
from strategies import following
from strategies import views as strategies

pages = [
    path("", site.home, name="home"),
    path("<int:number>/", strategies.short_address, name="short_strategy"),
    path("<int:number>/<int:goal>/", strategies.short_address, name="short_goal"),
    path("strategien/", strategies.strategy_list, name="strategies"),
    path("strategien/<slug:slug>/", strategies.strategy, name="strategy"),
    path("strategien/<slug:slug>/ziele/<int:number>/", comments.goal, name="goal"),
    path("strategien/<slug:slug>/diskussion/", comments.whole, name="discussion"),
    path("strategien/<slug:slug>/druck/", comments.paper, name="print"),
    path("strategien/<slug:slug>/weitersagen/", strategies.tell, name="tell"),
    path("strategien/<slug:slug>/auf-dem-laufenden/", following.follow, name="follow"),
    path("kommentare/code/", waiting.enter_code, name="publish_with_code"),
    path("kommentare/name/", waiting.enter_name, name="publish_with_name"),
    path("mein-text/", waiting.take_text, name="take_waiting_text"),
    path("mein-text/<str:token>/", waiting.show_text, name="waiting_text"),
    path("kommentare/<int:pk>/", comments.comment, name="comment"),
    path("kommentare/<int:pk>/bearbeiten/", editing.edit, name="edit"),
    path("kommentare/<int:pk>/fassungen/", editing.versions, name="versions"),
    path(
        "kommentare/<int:pk>/fassungen/<int:number>/entfernen/",
        editing.remove,
        name="remove_version",
    ),
    path("kommentare/<int:pk>/stimme/", comments.vote, name="vote"),
    path("kommentare/<int:pk>/melden/", reporting.report, name="report"),
    path("kommentare/<int:pk>/zurueckziehen/", comments.withdraw, name="withdraw"),
    path("kommentare/<int:pk>/wieder-zeigen/", comments.show_again, name="show_again"),
    path("auf-dem-laufenden/", following.follow, name="follow_all"),
    path("auf-dem-laufenden/<str:token>/", following.confirm, name="confirm_following"),
    path("abbestellen/<str:token>/", following.end_following, name="unsubscribe"),
    path("termine/", strategies.dates, name="dates"),
    path("suche/", site.search, name="search"),
    path("kontakt/", town.page, {"name": "contact"}, name="contact"),
    path("impressum/", town.page, {"name": "imprint"}, name="imprint"),
    path("datenschutz/", town.page, {"name": "privacy"}, name="privacy"),
    path("nutzungsregeln/", town.page, {"name": "rules"}, name="rules"),
    path("so-funktioniert-es/", town.page, {"name": "how_it_works"}, name="how_it_works"),
    path("leichte-sprache/", town.page, {"name": "easy_language"}, name="easy_language"),
    path("gebaerdensprache/", town.page, {"name": "sign_language"}, name="sign_language"),
    path("barrierefreiheit/", town.accessibility, name="accessibility"),
    path("konto/", include("accounts.urls")),
    path("konto/", include("lenzen.account_urls")),
    path("barriere-melden/", barriers.barrier, name="barrier"),
]
files_and_admin = [
    path("strategien/<slug:slug>/weitersagen/qr.svg", strategies.tell_code, name="tell_code"),
    path("admin/vorschau/<int:pk>/", strategies.preview, name="strategy_preview"),
    path("termine.ics", strategies.calendar_file, name="calendar"),
    path("feed/", feeds.site_news, name="feed"),
    path("strategien/<slug:slug>/feed/", feeds.strategy_news, name="strategy_feed"),
    path("strategien/<slug:slug>/diskussion/feed/", feeds.whole_news, name="discussion_feed"),
    path("strategien/<slug:slug>/ziele/<int:number>/feed/", feeds.goal_news, name="goal_feed"),
    path("farbe/<int:number>.css", town.colour, name="colour"),
    path("wappen/<int:number>/", town.arms, name="arms"),
    path("robots.txt", listing.robots, name="robots"),
    path("sitemap.xml", listing.sitemap, name="sitemap"),
    path("health/", site.health, name="health"),
    path("health/live/", site.alive, name="alive"),
    path("admin/", admin.site.urls),
]
urlpatterns = [*i18n_patterns(*pages, prefix_default_language=False), *files_and_admin]

handler400 = site.bad_request
handler500 = site.server_error
