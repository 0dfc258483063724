from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from accounts.actions import record_bounce
from accounts.models import Bounce


class Command(BaseCommand):
    help = (
        "Write to these addresses no more, because mails to them came back. Codes are still"
        " sent; whoever enters one is written to again."
    )

    def add_arguments(self, parser):
        parser.add_argument("addresses", nargs="+", type=str.lower, metavar="ADDRESS")

    def handle(self, *, addresses, **options):
        for address in addresses:
            try:
                Bounce._meta.get_field("address").clean(address, None)
            except ValidationError:
                raise CommandError(f"“{address}” is no e-mail address.") from None
        for address in addresses:
            record_bounce(address=address, answer=_("reported by hand"))
            self.stdout.write(f"{address}: only codes from now on")
