from django.utils.crypto import salted_hmac


def key(key: str, prefix: str, version: int) -> str:
    """The name under which the cache keeps what is known as ``key``.

    allauth counts by the hash of an address, and whoever has the table could try addresses
    until one fits. Without the site's key that leads nowhere.
    """
    return salted_hmac("cache", f"{prefix}:{version}:{key}", algorithm="sha256").hexdigest()
