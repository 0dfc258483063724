from allauth.account.models import EmailAddress
from allauth.account.signals import email_changed
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.db import DataError
from django.db.models import Value
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import town_admin  # noqa: F401  registers what is in there
from accounts.actions import retry_notifications
from accounts.forms import only_ascii
from accounts.models import Bounce, Notification, User
from accounts.names import skeleton
from accounts.sending import without_addresses


def offer_undo(request: HttpRequest, *, done: str, about: str, time: str, url: str) -> None:
    """Say what was ``done``, how many messages leave when, and offer to take it back."""
    context = {
        "done": done,
        "count": Notification.objects.waiting().filter(about=about).count(),
        "time": time,
        "url": url,
    }
    messages.success(request, render_to_string("admin/_undo.html", context, request))


def already_taken_back(request: HttpRequest) -> HttpResponse:
    """The answer to whoever takes back what is gone: a colleague was faster, or a second click."""
    messages.info(request, _("This was already taken back."))
    return redirect("admin:index")


class PersonForm(forms.ModelForm):
    """A person; the name is given with what makes it unique. ``by`` is whoever fills it in."""

    by: User

    class Meta:
        model = User
        fields = ["email", "public_name"]

    def clean_email(self):
        if "email" in self.changed_data:
            only_ascii(self.cleaned_data["email"])
        return self.cleaned_data["email"].lower()

    def clean_public_name(self):
        name = self.cleaned_data["public_name"].strip()
        others = User.objects.exclude(pk=self.instance.pk)
        if name and others.filter(name_skeleton=skeleton(name)).exists():
            raise ValidationError(_("This name is taken, or too close to another one."))
        self.instance.rename(name)
        return name

    def clean(self):
        super().clean()
        given = self.cleaned_data
        if given.get("groups") and not given.get("is_staff"):
            self.add_error("is_staff", _("Without this, a role has no effect."))
        if self.instance == self.by:
            for name in self.changed_data:
                if name in ("is_staff", "is_superuser", "is_active"):
                    text = _("You would lock yourself out. Please let somebody else change this.")
                    self.add_error(name, text)
        return given

    def save(self, commit=True):
        if self.instance._state.adding:
            # Whoever is new signs in with a code sent to the address.
            self.instance.set_unusable_password()
        return super().save(commit)


@admin.register(User)
class PersonAdmin(admin.ModelAdmin):
    """People, for superusers only: here stand e-mail addresses, and here roles are given.

    Citizens leave by erasing their account themselves; staff are deactivated.
    """

    form = PersonForm
    list_display = ["__str__", "email", "badge_text", "is_staff", "is_active", "joined_at"]
    list_filter = ["is_staff", "is_active", "groups"]
    search_fields = ["public_name", "email"]
    ordering = ["-is_staff", "public_name", "pk"]
    filter_horizontal = []
    fields = [
        "email",
        "public_name",
        "is_staff",
        "badge_text",
        "groups",
        "is_superuser",
        "is_active",
        "suspended_until",
        "joined_at",
        "mails",
    ]
    readonly_fields = ["joined_at", "mails"]
    actions = None

    @admin.display(description=gettext_lazy("e-mails"))
    def mails(self, person):
        bounce = person.bounce()
        if bounce is None:
            return _("arrive")
        return _("Came back since {day}: only codes are sent.").format(
            day=date_format(localtime(bounce.bounced_at), "DATE_FORMAT")
        )

    def get_fields(self, request, obj=None):
        # Of somebody who is not there yet nothing can be said.
        return self.fields if obj else self.fields[:-2]

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change, **kwargs)
        form.by = request.user
        return form

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        kwargs["widget"] = forms.CheckboxSelectMultiple
        kwargs["label"] = _("Roles")
        kwargs["help_text"] = _(
            "Redaktion writes strategies, phases and the pages of the site. Moderation decides"
            " about comments."
        )
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "suspended_until":
            widget = forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
            return db_field.formfield(form_class=forms.DateTimeField, widget=widget)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request, person, form, change):
        super().save_model(request, person, form, change)
        for left in EmailAddress.objects.filter(user=person).exclude(email=person.email):
            # As when people change it themselves: nothing is kept under the one they leave.
            email_changed.send(
                sender=User,
                request=request,
                user=person,
                from_email_address=left,
                to_email_address=None,
            )
            left.delete()

    def has_module_permission(self, request):
        return request.user.is_superuser

    def has_view_permission(self, request, obj=None):
        return request.user.is_superuser

    def has_add_permission(self, request):
        return request.user.is_superuser

    def has_change_permission(self, request, obj=None):
        return request.user.is_superuser

    def has_delete_permission(self, request, obj=None):
        return False


@admin.register(Bounce)
class BounceAdmin(admin.ModelAdmin):
    """Addresses that take no mails, for superusers only. To write there again: delete the row."""

    list_display = ["address", "bounced_at", "answer"]
    search_fields = ["address"]
    ordering = ["-bounced_at"]
    fields = readonly_fields = ["address", "answer", "bounced_at"]

    def log_deletions(self, request, queryset):
        entries = super().log_deletions(request, queryset)
        # The log is kept, and holds no address.
        LogEntry.objects.filter(object_repr__in=map(str, queryset)).update(object_repr="–")
        return entries

    def has_module_permission(self, request):
        return request.user.is_superuser

    def has_view_permission(self, request, obj=None):
        return request.user.is_superuser

    def has_delete_permission(self, request, obj=None):
        return request.user.is_superuser

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False


class _ReadableList(ChangeList):
    def get_results(self, request):
        try:
            super().get_results(request)
        except (DataError, OverflowError) as error:
            # The filter let pass what the database does not take. The list comes without it.
            raise IncorrectLookupParameters from error


class OnlyListedFilters:
    """Lists are narrowed by what their filters offer. By any other column somebody could find
    out letter by letter, at an address they type, what the list does not show them."""

    def get_changelist(self, request, **kwargs):
        return _ReadableList

    def lookup_allowed(self, lookup, value, request=None):
        offered = [getattr(each, "parameter_name", each) for each in self.list_filter]
        return lookup.partition("__")[0] in offered


class StateFilter(admin.SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request, model_admin):
        outcomes = [choice for choice in Notification.Outcome.choices if choice[0]]
        return [("waiting", Notification.Outcome.WAITING.label), *outcomes]

    def queryset(self, request, queryset):
        if self.value() == "waiting":
            return queryset.waiting()
        return queryset.filter(outcome=self.value()) if self.value() else queryset


@admin.register(Notification)
class NotificationAdmin(OnlyListedFilters, admin.ModelAdmin):
    """The outbox, to look at. Addresses, codes and the words of citizens are not shown.

    Who gets a message about a comment is shown only to those who may see the comments: else it
    would tell whose was hidden, and who reported it.
    """

    list_display = ["__str__", "to", "state", "send_at", "attempts", "why"]
    list_filter = [StateFilter, "send_at"]
    list_select_related = ["recipient"]
    fields = ["__str__", "to", "state", "words", "created_at", "send_at", "expires_at"]
    fields += ["attempts", "why", "ended_at"]
    readonly_fields = fields
    actions = ["retry"]
    show_full_result_count = False

    def get_queryset(self, request):
        names_all = self._names_all(request)
        return super().get_queryset(request).annotate(names_all=Value(names_all))

    def get_search_fields(self, request):
        return ["subject", "recipient__public_name"] if self._names_all(request) else ["subject"]

    def _names_all(self, request):
        return request.user.has_perm("comments.view_comment")

    def get_search_results(self, request, queryset, search_term):
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        return found.filter(is_private=False) if search_term else found, may_repeat

    @admin.display(description=gettext_lazy("recipient"))
    def to(self, notification):
        if not notification.recipient:
            return _("An address without account")
        if notification.names_all or notification.is_about_phase:
            return str(notification.recipient)
        return _("Shown to the moderation only")

    @admin.display(description=gettext_lazy("state"), ordering="outcome")
    def state(self, notification):
        return notification.get_outcome_display()

    @admin.display(description=gettext_lazy("text"))
    def words(self, notification):
        if notification.is_private or not notification.is_about_phase:
            return _("Not shown here: it holds a code or what somebody wrote.")
        return notification.body

    @admin.display(description=gettext_lazy("why"))
    def why(self, notification):
        return without_addresses(notification.last_error) or "–"

    @admin.action(description=gettext_lazy("Try again"), permissions=["retry"])
    def retry(self, request, queryset):
        number = retry_notifications(notifications=queryset)
        text = ngettext(
            "{number} message is tried again. Messages that were sent, that nobody wants any"
            " more, or that hold a code, are not.",
            "{number} messages are tried again. Messages that were sent, that nobody wants any"
            " more, or that hold a code, are not.",
            number,
        )
        self.message_user(request, text.format(number=number))

    def has_retry_permission(self, request):
        return request.user.has_perm("accounts.change_notification")

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
