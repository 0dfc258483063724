from django.core.cache.backends import db
from django.db import DatabaseError, IntegrityError, connection
from django.utils.crypto import salted_hmac


def key(key: str, prefix: str, version: int) -> str:
    """The name under which the cache keeps what is known as ``key``.

    allauth counts by the hash of an address, and whoever has the table could try addresses
    until one fits. Without the site's key that leads nowhere.
    """
    return salted_hmac("cache", f"{prefix}:{version}:{key}", algorithm="sha256").hexdigest()


class DatabaseCache(db.DatabaseCache):
    """Django's, but it fails when the database takes no writes.

    Django's says only that nothing was written, which whoever counts attempts takes for a
    limit that is reached.
    """

    def _base_set(self, *args, **options):
        failure = None

        def watch(execute, *query):
            nonlocal failure
            try:
                return execute(*query)
            except DatabaseError as error:
                failure = error
                raise

        with connection.execute_wrapper(watch):
            is_written = super()._base_set(*args, **options)
        # Another process may have been faster: that is what Django keeps silent for.
        if failure and not isinstance(failure, IntegrityError):
            raise failure
        return is_written
