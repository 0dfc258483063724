"""The pages of the account that show more than the account itself."""

from django.urls import path

from comments import own
from lenzen import my_data

urlpatterns = [
    path("kommentare/", own.comments, name="own_comments"),
    path("entwuerfe/", own.drafts, name="drafts"),
    path("entwuerfe/<int:pk>/verwerfen/", own.discard, name="discard_draft"),
    path("daten/", my_data.my_data, name="my_data"),
    path("daten/herunterladen/", my_data.download, name="download_my_data"),
    path("daten/loeschen/", my_data.delete_account, name="delete_account"),
    path("geloescht/", my_data.account_deleted, name="account_deleted"),
]
