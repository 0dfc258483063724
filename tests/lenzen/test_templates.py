"""What may not stand in a template: nothing inline, nothing foreign, no word untranslated."""

import re
from pathlib import Path

import pytest
from django.conf import settings

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))

FORBIDDEN = {
    "script without a file": re.compile(r"<script(?![^>]*\bsrc=)", re.IGNORECASE),
    "style sheet": re.compile(r"<style\b", re.IGNORECASE),
    "style attribute": re.compile(r"<[^>]*\sstyle\s*=", re.IGNORECASE),
    "event handler": re.compile(r"<[^>]*\son[a-z]+\s*=", re.IGNORECASE),
    "javascript address": re.compile(r"javascript:", re.IGNORECASE),
    "file from elsewhere": re.compile(r"<(?!a\b)[^>]*\b(?:src|href)=[\"'](?:https?:)?//"),
    "unescaped words": re.compile(r"\|\s*safe\b|autoescape off"),
}

COMMENT = re.compile(r"{#.*?#}|{% comment %}.*?{% endcomment %}|<!--.*?-->", re.DOTALL)
CLASSES = re.compile(r"{% block \w*class %}.*?{% endblock %}")
TRANSLATED = re.compile(r"{% blocktranslate\b.*?{% endblocktranslate %}", re.DOTALL)
TAG = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)
HTML = re.compile(r"<[^>]*>")
ENTITY = re.compile(r"&\w+;")
SPOKEN = re.compile(r"""\b(?:alt|title|placeholder|aria-label)=["']([^"']*)["']""")
LETTERS = re.compile(r"[^\W\d_]{2,}")


def title(path: Path) -> str:
    return str(path.relative_to(settings.BASE_DIR / "templates"))


def without_tags(text: str) -> str:
    for pattern in (COMMENT, CLASSES, TRANSLATED, TAG):
        text = pattern.sub("", text)
    return text


each_template = pytest.mark.parametrize("path", TEMPLATES, ids=title)


@each_template
def test_nothing_inline_and_nothing_from_elsewhere(path):
    text = COMMENT.sub("", path.read_text())
    leaves_the_site = "emails" in path.parts or path.name == "my_data_file.html"

    found = {name: pattern.findall(text) for name, pattern in FORBIDDEN.items()}

    # Mails and files come without our style sheets, and without our policy.
    allowed = {"style attribute"} if leaves_the_site else set()
    assert {name: hits for name, hits in found.items() if hits and name not in allowed} == {}


@each_template
def test_every_word_is_translated(path):
    if "pages" in path.parts:
        return  # Texts of the town: they are German in every language.
    text = without_tags(path.read_text())

    spoken = [*SPOKEN.findall(text), ENTITY.sub("", HTML.sub("\n", text))]

    assert [word for words in spoken for word in LETTERS.findall(words)] == []


def test_the_town_is_named_in_the_settings_only():
    """Another town takes the site over without touching templates or code."""
    folders = ("templates", "static", "lenzen", "accounts", "strategies", "comments")
    files = [path for folder in folders for path in (settings.BASE_DIR / folder).rglob("*")]
    # The package bears the name, the demonstration is about the town.
    known = {"settings.py", "demo.toml", "apps.py"}
    kinds = {".py", ".html", ".txt", ".js", ".css", ".scss", ".svg", ".xml", ".po"}
    named = [path for path in files if path.suffix in kinds and path.name not in known]

    assert len(named) > 200
    assert [path for path in named if "Lenzen" in path.read_text()] == []
