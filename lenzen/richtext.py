"""Rich text of staff: the only module that knows the editor and the sanitiser."""

import nh3
from django.db import models

ALLOWED_TAGS = {"p", "br", "strong", "em", "ul", "ol", "li", "a", "h3", "h4", "blockquote"}
ALLOWED_ATTRIBUTES = {"a": {"href"}}


def clean(html: str) -> str:
    """``html`` with nothing left but the tags and links that staff may use."""
    return nh3.clean(
        html,
        tags=ALLOWED_TAGS,
        attributes=ALLOWED_ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel=None,
    )


class RichTextField(models.TextField):
    """HTML that is sanitised whenever it is assigned by a form or written to the database."""

    def to_python(self, value):
        value = super().to_python(value)
        return clean(value) if value else value

    def pre_save(self, model_instance, add):
        value = self.to_python(getattr(model_instance, self.attname))
        setattr(model_instance, self.attname, value)
        return value
