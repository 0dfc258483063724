"""All settings of the site, read from the environment.

A value that is missing or makes no sense stops the start with one sentence: a site
that starts is a site that works. The table of variables stands in the README.

Without ``SECRET_KEY`` the site is a demonstration: it listens on this machine only,
sends its mails to files and says on every page that its content is invented.
"""

import os
import re
import secrets
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote

from csp.constants import NONE, SELF

from lenzen.environment import env_int, env_sender, env_url, make_folder, stop

BASE_DIR = Path(__file__).resolve().parent.parent

# Where everything is written that the site writes.
DATA_DIR = Path(os.environ.get("DATA_DIR") or BASE_DIR / "var").resolve()
make_folder(DATA_DIR)

# The numbers of accounts that were erased. It belongs beside the backups, not into them.
ERASED_ACCOUNTS_FILE = Path(
    os.environ.get("ERASED_ACCOUNTS_FILE") or DATA_DIR / "erased-accounts.txt"
).resolve()

PORT = env_int("PORT", 8000)
if not 0 < PORT < 65536:
    stop("PORT must be between 1 and 65535.")
WEB_CONCURRENCY = env_int("WEB_CONCURRENCY", 3)
if not WEB_CONCURRENCY:
    stop("WEB_CONCURRENCY must be at least 1.")
# As browsers write it, because it is compared with what they say.
SITE_URL = (os.environ.get("SITE_URL") or f"http://localhost:{PORT}").rstrip("/").lower()
if not re.fullmatch(r"https?://[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]+)?", SITE_URL):
    stop(
        "SITE_URL must be http:// or https:// with a host name and nothing behind it, for example "
        "https://mitreden.example; a name with other letters is written in its form with xn--."
    )
_site = env_url("SITE_URL", ["http", "https"], SITE_URL)
_LOCAL_HOSTS = {"localhost", "127.0.0.1"}

DEMO = not os.environ.get("SECRET_KEY")
if DEMO:
    if _site.hostname not in _LOCAL_HOSTS:
        stop("SITE_URL names a public site, so SECRET_KEY must be set.")
    # Kept in a file, so that web process and worker sign with the same key.
    _key_file = DATA_DIR / "demo-secret-key"
    try:
        with _key_file.open("x") as file:
            file.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    SECRET_KEY = _key_file.read_text()
else:
    SECRET_KEY = os.environ["SECRET_KEY"]
    # So many different ones Django asks for, too.
    if len(SECRET_KEY.strip()) < 50 or len(set(SECRET_KEY)) < 5:
        stop("SECRET_KEY must have at least 50 characters, and not always the same ones.")
    if not os.environ.get("SITE_URL"):
        stop("SITE_URL must be set to the public address, for example https://mitreden.example.")

# The demonstration's sign-ins are known to everybody, so it never listens for others.
BIND = "127.0.0.1" if DEMO else os.environ.get("BIND") or "127.0.0.1"

DEBUG = False
HTTPS = _site.scheme == "https"
ALLOWED_HOSTS = [_site.hostname, *(_LOCAL_HOSTS if _site.hostname in _LOCAL_HOSTS else ())]
CSRF_TRUSTED_ORIGINS = [SITE_URL]

INSTALLED_APPS = [
    "lenzen.apps.LenzenConfig",
    "comments",
    "strategies",
    "accounts",
    "lenzen.apps.LenzenAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "ckeditor",
    "csp",
    "django_htmx",
]

MIDDLEWARE = [
    "lenzen.middleware.HealthMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # A page of comments is a tenth of its size; Django pads against guessing tokens by length.
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    "lenzen.middleware.OneEncodingMiddleware",
    "lenzen.middleware.LanguageMiddleware",
    "accounts.middleware.ForgetAddressMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "lenzen.middleware.ReaderCsrfMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.StaffSecondFactorMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "lenzen.middleware.ErasedAccountMiddleware",
]

ROOT_URLCONF = "lenzen.urls"
WSGI_APPLICATION = "lenzen.wsgi.application"
CSRF_FAILURE_VIEW = "lenzen.views.csrf_failure"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            # Which words are German is said on nearly every page.
            "builtins": ["lenzen.templatetags.lenzen"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "lenzen.context_processors.site",
            ],
        },
    }
]


def database(url):
    """Django's settings for the database at ``url``; without one, a SQLite file."""
    if url is None:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": DATA_DIR / "lenzen.sqlite3",
            "TEST": {"NAME": str(DATA_DIR / "test.sqlite3")},
            # Opening the file anew costs as much as a page's queries.
            "CONN_MAX_AGE": 60,
            "OPTIONS": {
                # Deferred transactions fail with "database is locked" as soon as two write.
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
        }
    options = {name: values[-1] for name, values in parse_qs(url.query).items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(url.path.strip("/")),
        "USER": unquote(url.username or ""),
        "PASSWORD": unquote(url.password or ""),
        "HOST": unquote(url.hostname or ""),
        "PORT": url.port or "",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5, **options},
    }


DATABASES = {"default": database(env_url("DATABASE_URL", ["postgres", "postgresql"]))}
if not DATABASES["default"]["NAME"]:
    stop("DATABASE_URL names no database.")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# In the database, so that several web processes share limits and Redis may be away.
CACHES = {
    "default": {
        "BACKEND": "lenzen.cache.DatabaseCache",
        "LOCATION": "cache",
        "KEY_FUNCTION": "lenzen.cache.key",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

# People

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "account"
LOGOUT_REDIRECT_URL = "home"
SESSION_COOKIE_AGE = int(timedelta(days=30).total_seconds())
# Off only where nothing is at stake: in the demonstration.
_second_factor = os.environ.get("STAFF_NEEDS_SECOND_FACTOR") or ("no" if DEMO else "yes")
if _second_factor not in ("yes", "no"):
    stop(f"STAFF_NEEDS_SECOND_FACTOR must be yes or no, not “{_second_factor}”.")
STAFF_NEEDS_SECOND_FACTOR = _second_factor == "yes"

ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
# Nobody signs up with a password; without it here, allauth would not ask for it at sign-in.
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 900
# Who waits for a code may still choose another way to sign in.
ACCOUNT_AUTHENTICATED_LOGIN_REDIRECTS = False
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Generous for a network, behind which a library or a town hall may sit; strict for an address.
ACCOUNT_RATE_LIMITS = {
    "request_login_code": "60/h/ip,5/15m/key",
    "codes_to_address": "30/h/key",
    "first_code_from_here": "1/h/key",
    "enter_code": "10/15m/key",
    "confirm_email": "5/15m/key",
    "follow": "60/h/ip,3/h/key,5/d/key",
    "report": "60/h/ip",
    # By key: those who are signed in have no address here. See comments/waiting.py.
    "comment": "120/h/key",
    "receipt_of_report": "5/h/key,10/d/key",
    "barrier": "60/h/ip",
    "receipt_of_barrier": "3/h/key,5/d/key",
}
ACCOUNT_FORMS = {
    "login": "accounts.forms.PasswordSignInForm",
    "add_email": "accounts.forms.NewAddressForm",
    "confirm_email_verification_code": "accounts.forms.AddressCodeForm",
    "change_password": "accounts.forms.ChangePasswordForm",
    "reauthenticate": "accounts.forms.ConfirmPasswordForm",
}
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
ALLAUTH_TRUSTED_PROXY_COUNT = env_int("TRUSTED_PROXY_COUNT", 0)
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
MFA_FORMS = {
    "authenticate": "accounts.forms.SecondStepForm",
    "reauthenticate": "accounts.forms.ConfirmSecondStepForm",
    "activate_totp": "accounts.forms.ActivateAppForm",
    "add_webauthn": "accounts.forms.AddPasskeyForm",
    "edit_webauthn": "accounts.forms.EditPasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS

# Mail

_mail = env_url("EMAIL_URL", ["smtp", "smtps", "smtp+tls"])
if _mail:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = _mail.hostname
    EMAIL_PORT = _mail.port or {"smtp": 25, "smtps": 465, "smtp+tls": 587}[_mail.scheme]
    EMAIL_HOST_USER = unquote(_mail.username or "")
    EMAIL_HOST_PASSWORD = unquote(_mail.password or "")
    EMAIL_USE_SSL = _mail.scheme == "smtps"
    EMAIL_USE_TLS = _mail.scheme == "smtp+tls"
    EMAIL_TIMEOUT = 20
elif DEMO:
    EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    EMAIL_FILE_PATH = DATA_DIR / "mail"
else:
    stop("EMAIL_URL must name the mail server, for example smtp+tls://user:password@mail.example.")
# A bare address is sent with the name of the website (accounts/messages.py).
DEFAULT_FROM_EMAIL = env_sender("FROM_EMAIL") or f"noreply@{_site.hostname}"

# Worker: the schedule stands in the code, all state in the database.

_redis = env_url("REDIS_URL", ["redis", "rediss"])
if _redis:
    if not re.fullmatch(r"(/[0-9]*)?", _redis.path):
        stop("REDIS_URL must end with the number of a database, for example redis://host:6379/0.")
    CELERY_BROKER_URL = _redis.geturl()
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        # Without the last two, a killed worker's task comes back after 92 s, not 12.
        "visibility_timeout": 600,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
    }
else:
    _broker = DATA_DIR / "broker"
    make_folder(_broker)
    CELERY_BROKER_URL = "filesystem://localhost"
    CELERY_BROKER_TRANSPORT = "lenzen.broker:Transport"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(_broker),
        "data_folder_out": str(_broker),
        "control_folder": str(_broker / "control"),
        "store_processed": False,
        "polling_interval": 0.05,
    }
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "Europe/Berlin"


def every(task, interval):
    # `expires`: after an outage one run is due, not every one that was missed.
    return {"task": task, "schedule": interval, "options": {"expires": interval.total_seconds()}}


CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    "close-due-phases": every("strategies.tasks.close_due_phases", timedelta(minutes=1)),
    "send-notifications": every("accounts.tasks.send_notifications", timedelta(seconds=5)),
    # Every hour, because some of it may be kept for no longer than one.
    "keep-terms": every("lenzen.tasks.keep_terms", timedelta(hours=1)),
}

# Language and time

LANGUAGE_CODE = "de"
LANGUAGES = [("de", "Deutsch"), ("en", "English")]
# How dates are written in English; the German ones are Django's.
FORMAT_MODULE_PATH = ["lenzen.formats"]
# Compiled by `make` from lenzen/locale, so that nothing is written outside DATA_DIR.
LOCALE_PATHS = [BASE_DIR / "lenzen" / "locale", DATA_DIR / "locale"]
TIME_ZONE = "Europe/Berlin"

# Files

STATIC_URL = "static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static", DATA_DIR / "assets"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# What the browser may do

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        # KERN draws its icons from data addresses.
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
# "no-referrer" would make browsers send `Origin: null`, and no reader could send a form.
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
# No longer than what it protects; by itself it would stay for a year.
CSRF_COOKIE_AGE = SESSION_COOKIE_AGE
SECURE_SSL_REDIRECT = SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if HTTPS else 0
if ALLAUTH_TRUSTED_PROXY_COUNT:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REDIRECT_EXEMPT = [r"^health/"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

SILENCED_SYSTEM_CHECKS = [
    # CKEditor 4 gets no more fixes. It is fenced in by lenzen/richtext.py: staff only,
    # plugins named, everything it writes sanitised on save.
    "ckeditor.W001",
    # An address is unique whatever its case: a constraint that Django does not look for.
    "auth.W004",
    # lenzen.E001 and `manage.py up` say it with the way out.
    "staticfiles.W004",
    # Not recognised as Django's protection: lenzen.middleware.ReaderCsrfMiddleware.
    "security.W003",
]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{levelname} {name}: {message}", "style": "{"}},
    "filters": {"without_path": {"()": "lenzen.logs.WithoutPath"}},
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "plain",
            "filters": ["without_path"],
        }
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "INFO", "propagate": False},
        # Whose request was refused or led nowhere is nobody's business; faults of ours stay.
        "django.request": {"level": "ERROR"},
        "django.security.csrf": {"level": "ERROR"},
        # It would write down which passkey was made.
        "fido2": {"level": "WARNING"},
    },
}
