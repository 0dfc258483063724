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
            # An editor may have put a mark in front, which "-sig" passes over.
            lines = file.read_text(encoding="utf-8-sig", errors="replace").splitlines()
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        try:
            erased, refused = reapply(lines)
        except ValueError as error:
            raise CommandError(f"{file} is not a list of erased accounts: {error}") from error
        self.stdout.write(f"{erased} accounts erased again.")
        if refused:
            numbers = ", ".join(map(str, refused))
            raise CommandError(
                f"Not erased, because in this backup they work here or have decided here: accounts "
                f"No. {numbers}. Take away in the admin what makes them staff and repeat this, "
                "or deactivate who stays named in decisions."
            )
