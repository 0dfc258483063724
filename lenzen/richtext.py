"""Rich text of staff: the only module that knows the editor and the sanitiser.

CKEditor 4 gets no more fixes, so it is fenced in: staff forms only, its plugins named,
no uploads, no source view, and whatever it sends is sanitised here, in forms and in
``save()`` alike (not in ``QuerySet.update()``).
"""

import re

import nh3
from ckeditor.widgets import CKEditorWidget
from csp.constants import UNSAFE_INLINE
from csp.decorators import csp_update
from django import forms
from django.db import models
from django.utils.html import format_html
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _

ALLOWED_TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "a", "h3", "h4", "blockquote"}
ALLOWED_ATTRIBUTES = {"a": {"href"}}

# Where a line ends anyway, no browser shows white space; the no-break space is none of it.
_SPACE = re.compile(r"[ \t\r\n\f]+")
_AROUND_BLOCK = re.compile(r" ?(</?(?:p|br|ul|ol|li|h3|h4|blockquote)>) ?")

# The editor puts style attributes on everything it builds. Only for pages that hold one.
editor_csp = csp_update({"style-src": [UNSAFE_INLINE]})

EDITOR = {
    # A narrow toolbar alone would still load all seventy. `divarea` instead of an
    # iframe: a frame without address would need a policy of its own.
    "plugins": (
        "basicstyles,blockquote,clipboard,divarea,enterkey,headings,link,list,"
        "pastetext,toolbar,undo"
    ),
    "toolbar": [
        ["Undo", "Redo"],
        ["Heading", "Subheading"],
        ["Bold", "Italic"],
        ["BulletedList", "NumberedList", "Blockquote"],
        ["Link", "Unlink"],
    ],
    "linkShowAdvancedTab": False,
    "linkShowTargetTab": False,
    "headings": {"Heading": _("Heading"), "Subheading": _("Subheading")},
    "forcePasteAsPlainText": True,
    "entities": False,
    "disableNativeSpellChecker": False,
    "customConfig": "",
    "stylesSet": False,
    "width": "auto",
    "height": 200,
    "versionCheck": False,
}


def clean(html: str) -> str:
    """``html`` with nothing left but the tags and links that staff may use, in one form.

    Two texts that look the same although the editor broke their lines elsewhere are equal.
    """
    cleaned = nh3.clean(
        html,
        tags=ALLOWED_TAGS,
        attributes=ALLOWED_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
    )
    return _AROUND_BLOCK.sub(r"\1", _SPACE.sub(" ", cleaned)).strip(" ")


def as_page(html: str) -> str:
    """``html``, sanitised, for a page of its own: its headings stand right below the title."""
    cleaned = clean(html)
    for written, shown in (("h3", "h2"), ("h4", "h3")):
        cleaned = cleaned.replace(f"<{written}>", f"<{shown}>")
        cleaned = cleaned.replace(f"</{written}>", f"</{shown}>")
    return cleaned


class Editor(CKEditorWidget):
    """A text area; where JavaScript runs, it becomes the editor."""

    def __init__(self, attrs=None):
        # Its own template has an inline style.
        super().__init__(template_name="django/forms/widgets/textarea.html", attrs=attrs)
        self.config = dict(EDITOR)

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        # What `ckeditor-init.js` looks for.
        context["widget"]["attrs"] |= {
            "data-type": "ckeditortype",
            "data-processed": "0",
            "data-id": context["widget"]["attrs"].get("id", ""),
            "data-config": context["widget"]["config"],
            "data-external-plugin-resources": "[]",
        }
        return context

    @property
    def media(self):
        # One list, so that ours comes after theirs.
        return super().media + forms.Media(js=["ckeditor/fixups.js", "js/editor.js"])


class RichText(forms.Widget):
    """Shows rich text and takes nothing; for fields that are disabled."""

    def id_for_label(self, id_):
        # A label can only name what takes something.
        return None

    def render(self, name, value, attrs=None, renderer=None):
        html = mark_safe(clean(value or ""))  # noqa: S308  sanitised just now
        # Without `attrs`: they are for controls, `disabled` among them.
        return format_html('<div class="richtext">{}</div>', html)


class RichTextField(models.TextField):
    """HTML that is sanitised whenever it is assigned by a form or written to the database."""

    def to_python(self, value):
        value = super().to_python(value)
        return clean(value) if value else value

    def pre_save(self, model_instance, add):
        value = self.to_python(getattr(model_instance, self.attname))
        setattr(model_instance, self.attname, value)
        return value

    def formfield(self, **kwargs):
        # Whatever widget the admin has for text areas: rich text is written in the editor.
        return super().formfield(**kwargs | {"widget": Editor})
