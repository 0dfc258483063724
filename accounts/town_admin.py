"""Where staff say what the town is called and write its pages."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models, transaction
from django.forms.models import model_to_dict
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.forms import DayField
from accounts.messages import in_one_line
from accounts.pictures import kind_of
from accounts.town import (
    LONGEST_RULE,
    SLOTS,
    Page,
    PageVersion,
    Statement,
    Town,
    Version,
    current_page,
    current_pages,
    forget,
    numbered_rules,
    town,
)
from lenzen.richtext import RichText, editor_csp


class Unseen(forms.HiddenInput):
    """The admin writes a label beside each field; HTML allows none that points to this one."""

    def id_for_label(self, id_):
        return ""


class Colour(forms.ColorInput):
    """A field for a colour is never empty, so HTML lets it be neither required nor too long."""

    def build_attrs(self, *args, **kwargs):
        attrs = super().build_attrs(*args, **kwargs)
        return {name: attrs[name] for name in attrs if name not in ("required", "maxlength")}


class VersionForm(forms.ModelForm):
    """The next version. Who was faster has saved the same number, and nothing is overwritten."""

    class Meta:
        widgets = {"number": Unseen}

    def clean(self):
        super().clean()
        # A browser sends no line breaks in a single line, but others can; some stand in the
        # head of every mail.
        for name, said in self.cleaned_data.items():
            if isinstance(said, str) and isinstance(self.fields[name].widget, forms.TextInput):
                self.cleaned_data[name] = in_one_line(said)
        return self.cleaned_data


class VersionAdmin(admin.ModelAdmin):
    """What staff write and nothing overwrites: the form shows the newest and saves one more."""

    form = VersionForm
    add_form_template = "admin/version.html"

    def newest(self, request) -> Version:
        return self.model.objects.first() or self.model(number=0)

    def earlier(self, request):
        return self.model.objects.select_related("saved_by")

    def get_changeform_initial_data(self, request):
        newest = self.newest(request)
        return model_to_dict(newest) | {"number": newest.number + 1}

    def changelist_view(self, request, extra_context=None):
        return redirect(f"admin:accounts_{self.opts.model_name}_add")

    def add_view(self, request, form_url="", extra_context=None):
        context = {
            "versions": self.earlier(request),
            "show_save_and_add_another": False,
            "show_save_and_continue": False,
            "title": capfirst(self.opts.verbose_name_plural),
        }
        return super().add_view(request, form_url, context | (extra_context or {}))

    def save_model(self, request, version, form, change):
        version.saved_by = request.user
        super().save_model(request, version, form, change)
        transaction.on_commit(forget)

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False


LARGEST_PICTURE = 100_000
"""Bytes. Every first visit loads it."""


class TownForm(VersionForm):
    new_arms = forms.FileField(
        label=gettext_lazy("Coat of arms"),
        required=False,
        widget=forms.FileInput({"accept": "image/png,image/jpeg,image/webp"}),
        help_text=gettext_lazy(
            "A picture (PNG, JPEG or WebP) of at most 100 kB. Without one, what is there stays."
        ),
    )
    without_arms = forms.BooleanField(
        label=gettext_lazy("Take the coat of arms away"), required=False
    )

    class Meta(VersionForm.Meta):
        widgets = VersionForm.Meta.widgets | {"colour": Colour}

    def clean_new_arms(self):
        picture = self.cleaned_data["new_arms"]
        if not picture:
            return None
        content = picture.read(LARGEST_PICTURE + 1)
        if len(content) > LARGEST_PICTURE:
            raise ValidationError(_("The picture is larger than 100 kB."))
        kind = kind_of(content)
        if not kind:
            raise ValidationError(_("This is no picture in PNG, JPEG or WebP, or it is damaged."))
        return content, kind

    def save(self, commit=True):
        before = Town.objects.first()
        if self.cleaned_data["new_arms"]:
            self.instance.arms, self.instance.arms_type = self.cleaned_data["new_arms"]
        elif before and not self.cleaned_data["without_arms"]:
            self.instance.arms, self.instance.arms_type = before.arms, before.arms_type
        return super().save(commit)


@admin.register(Town)
class TownAdmin(VersionAdmin):
    form = TownForm
    fields = ["number", "site_name", "name", "operator", "operator_genitive", "contact"]
    fields += ["contact_email", "colour", "new_arms", "without_arms"]

    def newest(self, request):
        return Town.objects.first() or town()

    def get_fields(self, request, obj=None):
        # An earlier version has no picture to choose.
        return self.fields[:-2] if obj else self.fields


@admin.register(Statement)
class StatementAdmin(VersionAdmin):
    fields = ["number", "standard", "law", "state", "known_gaps", "made_on", "reviewed_on"]
    fields += ["method", "answer_within", "enforcement_body"]
    formfield_overrides = {models.DateField: {"form_class": DayField}}


class PageVersionForm(VersionForm):
    class Meta(VersionForm.Meta):
        widgets = VersionForm.Meta.widgets | {"page": Unseen}

    def clean(self):
        super().clean()
        text, page = self.cleaned_data.get("text", ""), self.cleaned_data.get("page")
        if page == Page.RULES:
            self._check_rules(numbered_rules(text))
        elif page not in SLOTS and not text:
            self.add_error("text", _("This page cannot be empty."))
        return self.cleaned_data

    def _check_rules(self, rules):
        if not rules:
            self.add_error(
                "text",
                _("There is no numbered list. Its numbers are what reports and decisions cite."),
            )
        elif longest := [rule for rule in rules if len(rule) > LONGEST_RULE]:
            sentence = _("A rule has at most {most} characters. Too long: “{rule}…”")
            self.add_error("text", sentence.format(most=LONGEST_RULE, rule=longest[0][:40]))


@admin.register(PageVersion)
class PageVersionAdmin(VersionAdmin):
    """The pages of the foot: which there are, what they lack, and the editor for each."""

    form = PageVersionForm
    fields = ["page", "number", "text", "is_to_be_accepted"]

    def _page(self, request):
        page = request.POST.get("page") or request.GET.get("page")
        if page not in Page.values:
            raise Http404
        return Page(page)

    def newest(self, request):
        wanted = request.GET.get("version", "")
        newest = current_page(self._page(request))
        if wanted.isdecimal():
            earlier = get_object_or_404(PageVersion, page=newest.page, number=wanted)
            newest.text = earlier.text
        return newest

    def get_changeform_initial_data(self, request):
        # Asked for each version anew, whatever was answered for the one before.
        return super().get_changeform_initial_data(request) | {"is_to_be_accepted": True}

    def earlier(self, request):
        return super().earlier(request).filter(page=self._page(request))

    def get_fields(self, request, obj=None):
        if obj:
            return ["shown", "by", "saved_at"]
        return self.fields if self._page(request) == Page.RULES else self.fields[:-1]

    def get_fieldsets(self, request, obj=None):
        # A heading of its own, so that those of the text stand below one.
        return [(_("Text"), {"fields": self.get_fields(request, obj)})]

    def get_readonly_fields(self, request, obj=None):
        return ["shown", "by", "saved_at"]

    @admin.display(description=gettext_lazy("text"))
    def shown(self, version):
        return RichText().render("text", version.text)

    @admin.display(description=gettext_lazy("saved by"))
    def by(self, version):
        # The admin would link a person to a page that only superusers may see.
        return str(version.saved_by or "–")

    def changelist_view(self, request, extra_context=None):
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = self.admin_site.each_context(request) | {
            "title": capfirst(self.opts.verbose_name_plural),
            "opts": self.opts,
            "pages": current_pages(),
            "may_write": self.has_add_permission(request),
        }
        return TemplateResponse(request, "admin/pages.html", context)

    @method_decorator(editor_csp)
    def add_view(self, request, form_url="", extra_context=None):
        page = self._page(request)
        title = {"title": page.label, "public_url": reverse(page.value), "page": page.value}
        return super().add_view(request, form_url, title | (extra_context or {}))

    def response_add(self, request, version, post_url_continue=None):
        sentence = _("“{page}” is saved. Everybody sees it within ten seconds.")
        messages.success(request, sentence.format(page=version.get_page_display()))
        return redirect("admin:accounts_pageversion_changelist")
