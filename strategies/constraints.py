"""What Django has no portable class for: a promise and an index."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.core.exceptions import ValidationError
from django.db.backends.ddl_references import Statement, Table
from django.db.models.constraints import BaseConstraint
from django.utils.translation import gettext_lazy as _

SEARCH_CONFIG = "german"
"""How PostgreSQL takes words apart."""

OVERLAP = "overlap"


class NoOverlap(BaseConstraint):
    """No two rows of the same group share an instant of the half-open time [start, end).

    The same promise on both databases: an exclusion constraint on PostgreSQL, two
    triggers on SQLite. The group is an integer column.
    """

    default_violation_error_message = _("This overlaps with another phase of the same strategy.")

    def __init__(self, *, name: str, group: str, start: str, end: str, **options):
        super().__init__(name=name, **options)
        self.group, self.start, self.end = group, start, end

    def deconstruct(self):
        path, args, kwargs = super().deconstruct()
        return path, args, kwargs | {"group": self.group, "start": self.start, "end": self.end}

    def __eq__(self, other):
        if isinstance(other, NoOverlap):
            return self.deconstruct() == other.deconstruct()
        return super().__eq__(other)

    def _columns(self, model, schema_editor):
        return (
            schema_editor.quote_name(model._meta.get_field(name).column)
            for name in (self.group, self.start, self.end)
        )

    def _postgresql(self, model, schema_editor):
        group, start, end = self._columns(model, schema_editor)
        # A range of one number instead of the number: needs no extension.
        return (
            f"CONSTRAINT {schema_editor.quote_name(self.name)} EXCLUDE USING gist "
            f"(int8range({group}, {group}, '[]') WITH &&, tstzrange({start}, {end}) WITH &&)"
        )

    def _sqlite(self, model, schema_editor):
        group, start, end = self._columns(model, schema_editor)
        # A Statement, not text: Django builds the table under another name and renames
        # it, and only a Table reference follows.
        table = Table(model._meta.db_table, schema_editor.quote_name)
        for event in ("INSERT", "UPDATE"):
            yield Statement(
                f'CREATE TRIGGER "{self.name}_{event.lower()}" BEFORE {event} ON %(table)s '  # noqa: S608
                f"WHEN EXISTS (SELECT 1 FROM %(table)s AS other WHERE other.{group} = NEW.{group} "
                f'AND other."id" <> COALESCE(NEW."id", -1) '
                f"AND other.{start} < NEW.{end} AND other.{end} > NEW.{start}) "
                f"BEGIN SELECT RAISE(ABORT, 'constraint failed: {self.name}'); END",
                table=table,
            )

    def constraint_sql(self, model, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            return self._postgresql(model, schema_editor)
        # Deferred, so that they come back whenever Django rebuilds the table.
        schema_editor.deferred_sql.extend(self._sqlite(model, schema_editor))
        return None

    def create_sql(self, model, schema_editor):
        # PostgreSQL only: SQLite rebuilds the table and asks for `constraint_sql`.
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} ADD {self._postgresql(model, schema_editor)}"

    def remove_sql(self, model, schema_editor):
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} DROP CONSTRAINT {schema_editor.quote_name(self.name)}"

    def validate(self, model, instance, exclude=None, using="default"):
        group, start, end = (
            getattr(instance, model._meta.get_field(name).attname)
            for name in (self.group, self.start, self.end)
        )
        if not (group and start and end) or start >= end:
            return
        others = model._default_manager.using(using).filter(
            **{
                model._meta.get_field(self.group).attname: group,
                f"{self.start}__lt": end,
                f"{self.end}__gt": start,
            }
        )
        if other := others.exclude(pk=instance.pk).first():
            # Who knows how to speak of the other one can name it.
            params = {"other": other}
            raise ValidationError(self.get_violation_error_message(), code=OVERLAP, params=params)


class FullTextIndex(BaseConstraint):
    """Makes ``lenzen.search`` fast in one column on PostgreSQL.

    It forbids nothing and does not exist on SQLite, which reads every row. It is a
    constraint because Django asks every database to build the indexes of a model, and
    asks constraints only for what they have to say.
    """

    def __init__(self, *, name: str, field: str, config: str, **options):
        super().__init__(name=name, **options)
        self.field, self.config = field, config

    def deconstruct(self):
        path, args, kwargs = super().deconstruct()
        return path, args, kwargs | {"field": self.field, "config": self.config}

    def __eq__(self, other):
        if isinstance(other, FullTextIndex):
            return self.deconstruct() == other.deconstruct()
        return super().__eq__(other)

    def _index(self):
        # As the search writes it: PostgreSQL compares the expression.
        return GinIndex(SearchVector(self.field, config=self.config), name=self.name)

    def create_sql(self, model, schema_editor):
        if schema_editor.connection.vendor != "postgresql":
            return None
        return self._index().create_sql(model, schema_editor)

    def constraint_sql(self, model, schema_editor):
        # An index cannot stand inside CREATE TABLE.
        if sql := self.create_sql(model, schema_editor):
            schema_editor.deferred_sql.append(sql)

    def remove_sql(self, model, schema_editor):
        if schema_editor.connection.vendor != "postgresql":
            return None
        return self._index().remove_sql(model, schema_editor)

    def validate(self, model, instance, exclude=None, using="default"):
        pass
