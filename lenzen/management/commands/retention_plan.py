from django.core.management.base import BaseCommand

from lenzen.retention import as_markdown


class Command(BaseCommand):
    help = "Print how long what is kept, as it stands in docs/datenschutz/loeschkonzept.md."

    def handle(self, **options):
        self.stdout.write(as_markdown())
