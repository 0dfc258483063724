"""The door and the account: allauth's names, German paths, and only what is reached.

Nobody signs up or resets a password elsewhere: the door does both.
"""

from allauth.account import views as allauth
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as spare_codes
from allauth.mfa.totp import views as app
from allauth.mfa.webauthn import views as passkeys
from allauth.usersessions import views as sessions
from django.urls import path

from accounts import news, proof, views

password_sign_in = allauth.LoginView.as_view(template_name="account/login_password.html")
# Where an account has neither password nor second step, allauth asks for no proof. All else
# below “schutz” is there only for those who have one.
change_address = proof.fresh_sign_in_required("account_email")(allauth.email)
set_up_app = proof.fresh_sign_in_required("mfa_activate_totp")(app.activate_totp)
add_passkey = proof.fresh_sign_in_required("mfa_add_webauthn")(passkeys.add_webauthn)

urlpatterns = [
    path("", views.account, name="account"),
    path("anmelden/", views.door, name="account_login"),
    path("anmelden/", views.door, name="account_signup"),
    path("anmelden/", views.door, name="account_request_login_code"),
    path("anmelden/code/", views.enter_code, name="account_confirm_login_code"),
    path("anmelden/passwort/", password_sign_in, name="account_login_password"),
    path("anmelden/passkey/", views.passkey_sign_in, name="mfa_login_webauthn"),
    path("anmelden/zweiter-schritt/", mfa.authenticate, name="mfa_authenticate"),
    path("abmelden/", allauth.logout, name="account_logout"),
    path("gesperrt/", allauth.account_inactive, name="account_inactive"),
    path("name/", views.name, name="choose_name"),
    path("e-mail/", change_address, name="account_email"),
    path("e-mail/code/", views.new_address_code, name="account_email_verification_sent"),
    path("passwort/", allauth.password_change, name="account_change_password"),
    path("passwort/neu/", views.set_password, name="account_set_password"),
    path("passwort/vergessen/", views.forgotten_password, name="account_reset_password"),
    path("bestaetigen/mail/", proof.prove, name="prove"),
    path("bestaetigen/", allauth.reauthenticate, name="account_reauthenticate"),
    path("bestaetigen/code/", mfa.reauthenticate, name="mfa_reauthenticate"),
    path(
        "bestaetigen/passkey/",
        passkeys.reauthenticate_webauthn,
        name="mfa_reauthenticate_webauthn",
    ),
    path("schutz/", mfa.index, name="mfa_index"),
    path("schutz/app/", set_up_app, name="mfa_activate_totp"),
    path("schutz/app/entfernen/", app.deactivate_totp, name="mfa_deactivate_totp"),
    path("schutz/ersatzcodes/", spare_codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "schutz/ersatzcodes/neu/",
        spare_codes.generate_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path(
        "schutz/ersatzcodes/datei/",
        spare_codes.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
    path("schutz/passkeys/", passkeys.list_webauthn, name="mfa_list_webauthn"),
    path("schutz/passkeys/neu/", add_passkey, name="mfa_add_webauthn"),
    path("schutz/passkeys/<int:pk>/", passkeys.edit_webauthn, name="mfa_edit_webauthn"),
    path(
        "schutz/passkeys/<int:pk>/entfernen/",
        passkeys.remove_webauthn,
        name="mfa_remove_webauthn",
    ),
    path("benachrichtigungen/", news.notifications, name="notifications"),
    path("benachrichtigungen/einstellungen/", news.news_settings, name="news_settings"),
    path("benachrichtigungen/adresse/", news.address, name="confirm_own_address"),
    path("benachrichtigungen/abbestellen/<str:token>/", news.no_news, name="no_news"),
    path("sitzungen/", sessions.list_usersessions, name="usersessions_list"),
]
