from django.core.management.base import BaseCommand, CommandError

from accounts.actions import remove_second_step
from accounts.models import User


class Command(BaseCommand):
    help = (
        "Let whoever has lost app, passkey and spare codes sign in without them. They are told,"
        " and signed out everywhere. Make sure first who asks."
    )

    def add_arguments(self, parser):
        parser.add_argument("address", type=str.lower, metavar="ADDRESS")

    def handle(self, *, address, **options):
        person = User.objects.filter(email=address).first()
        if person is None:
            raise CommandError(f"There is no account with the address “{address}”.")
        if not remove_second_step(person=person):
            raise CommandError(f"{person.email} signs in without a second step already.")
        self.stdout.write(f"{address}: signs in without a second step now")
