from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from lenzen.personal_data import reapply


class Command(BaseCommand):
    help = "Erase the accounts in FILE again, after a backup was restored. Safe to repeat."

    def add_arguments(self, parser):
        parser.add_argument("file", metavar="FILE", type=Path)

    def handle(self, *, file, **options):
        try:
            # At once: each erasure is written down again, perhaps in this very file.
            lines = file.read_text(encoding="ascii", errors="replace").splitlines()
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        try:
            self.stdout.write(f"{reapply(lines)} accounts erased again.")
        except ValueError as error:
            raise CommandError(f"{file} is not a list of erased accounts: {error}") from error
