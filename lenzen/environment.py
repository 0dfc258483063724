"""How the settings read the environment: a doubtful value stops the start with one sentence."""

import os
import re
import sys
from email.utils import getaddresses
from tempfile import TemporaryFile
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email


def stop(sentence):
    sys.exit(f"lenzen: {sentence}")


def make_folder(path):
    """Have a folder in which files can be made, DATA_DIR or one below it."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=path).close()
    except OSError as error:
        stop(f"DATA_DIR {path} cannot be written: {error.strerror}.")


def env_int(name, default):
    value = os.environ.get(name) or str(default)
    if not value.isdecimal():
        stop(f"{name} must be a whole number, not “{value}”.")
    return int(value)


def env_url(name, schemes, default=""):
    """The address in ``name``, split; stops when its scheme or host is not usable.

    No part of it is repeated: it may be the password.
    """
    value = os.environ.get(name) or default
    if not value:
        return None
    try:
        url = urlsplit(value)
        url.port  # noqa: B018  raises ValueError when it is no number
        is_usable = not re.search(r"\s", value) and not url.fragment
        is_usable = is_usable and "@" not in url.path + url.query
    except ValueError:
        is_usable = False
    if not is_usable:
        stop(
            f"{name} is not a valid address. Special characters in user and password must be "
            "percent-encoded: # as %23, @ as %40, / as %2F, a space as %20."
        )
    if url.scheme not in schemes:
        stop(f"{name} must begin with {' or '.join(s + '://' for s in schemes)}.")
    # A database without a host is reached through a socket.
    if not url.hostname and name != "DATABASE_URL":
        stop(f"{name} names no host.")
    return url


def env_sender(name):
    """The address in ``name``, alone or as “Name <address>”; stops when it is none."""
    value = os.environ.get(name)
    if value:
        try:
            ((_, address),) = getaddresses([value])
            validate_email(address)
        except (ValueError, ValidationError):
            stop(f"{name} must be an address, alone or as Name <address>, not “{value}”.")
    return value
