"""Reading our own pages the way a browser does."""

from html.parser import HTMLParser


class _Form(HTMLParser):
    """The values that the form with this id would send."""

    def __init__(self, form_id):
        super().__init__()
        self.form_id, self.is_inside, self.values = form_id, False, {}
        self.select = self.textarea = None

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.is_inside = attrs.get("id") == self.form_id
        if not self.is_inside or "disabled" in attrs:
            return
        name, kind = attrs.get("name"), attrs.get("type")
        if tag == "textarea":
            self.textarea, self.values[name] = name, ""
        elif tag == "select":
            self.select = name
        elif tag == "option" and "selected" in attrs:
            self.values[self.select] = attrs["value"]
        elif tag == "input" and name and self._is_sent(kind, attrs):
            self.values[name] = attrs.get("value", "on" if kind == "checkbox" else "")

    def _is_sent(self, kind, attrs):
        return kind != "submit" and (kind not in ("checkbox", "radio") or "checked" in attrs)

    def handle_endtag(self, tag):
        if tag == "form":
            self.is_inside = False
        elif tag == "textarea":
            self.textarea = None

    def handle_data(self, text):
        if self.is_inside and self.textarea:
            self.values[self.textarea] += text


def form_values(response, form_id: str) -> dict[str, str]:
    """What a browser would send for the form with ``form_id`` if nobody touched it."""
    form = _Form(form_id)
    form.feed(response.content.decode())
    return {name: value.removeprefix("\n") for name, value in form.values.items()}
