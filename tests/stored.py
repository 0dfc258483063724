"""What stands in the database, whatever it is called there."""

import base64

from django.contrib.sessions.models import Session
from django.db import connection


def places_of(*words: str) -> list[str]:
    """Where one of ``words`` is stored: each column of each table, sessions and cache unpacked."""
    stored = dict(_columns())
    stored["what sessions hold"] = " ".join(
        str(session.get_decoded()) for session in Session.objects.all()
    )
    stored["what the cache holds"] = _cached()
    words = [word.lower() for word in words]
    return [place for place, text in stored.items() for word in words if word in text.lower()]


def _columns():
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            for column in connection.introspection.get_table_description(cursor, table):
                cursor.execute(f'SELECT CAST("{column.name}" AS text) FROM "{table}"')
                yield f"{table}.{column.name}", " ".join(str(row[0]) for row in cursor.fetchall())


def _cached() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM cache")
        return " ".join(
            base64.b64decode(value).decode("latin-1") for (value,) in cursor.fetchall() if value
        )
