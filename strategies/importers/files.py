"""A file, whatever its format, as numbered lines of text. Nothing is lost on the way."""

import re
import zipfile
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import docx
from django.utils.translation import gettext as _
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph

LARGEST_FILE = 5_000_000
"""Bytes. A strategy of thirty pages has 200,000; a Word file may hold a picture or two."""

LARGEST_CONTENT = 50_000_000
"""Bytes that a Word file may have when it is unpacked."""

# No break is seen in an editor at these, so they must not count as one.
_INVISIBLE = dict.fromkeys([0xAD, 0x200B, 0x2060, 0xFEFF])


class ImportRefused(Exception):
    """Why a file is not imported: one sentence and, where there is one, the line."""

    def __init__(self, sentence: str, line: int | None = None):
        super().__init__(sentence)
        self.sentence, self.line = sentence, line


@dataclass(frozen=True)
class Line:
    """One line with words; in a Word file, ``number`` counts paragraphs.

    ``level`` is 1 to 6 for what the file marks as a heading, otherwise 0.
    """

    number: int
    text: str
    level: int = 0
    is_item: bool = False
    is_surrounding: bool = False


def read_lines(path: Path) -> list[Line]:
    """All lines of the file that have words. Raise ``ImportRefused`` if it cannot be read."""
    content = _content(path)
    if content.startswith((b"%PDF", b"\xd0\xcf\x11\xe0", b"{\\rtf")):
        raise ImportRefused(
            _("This format cannot be read. Please save the file as .docx, HTML or plain text.")
        )
    if content.startswith(b"PK") or path.suffix.lower() == ".docx":
        lines = _docx_lines(path)
    elif path.suffix.lower() in {".html", ".htm", ".xhtml"} or _is_html(content):
        lines = _html_lines(_decode(content, _declared_encoding(content)))
    else:
        lines = _text_lines(_decode(content))
    if not lines:
        raise ImportRefused(_("The file is empty."))
    return lines


def _content(path: Path) -> bytes:
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise ImportRefused(
                _("The file is larger than {size} MB.").format(size=LARGEST_FILE // 1_000_000)
            )
        if path.exists() and not path.is_file() and not path.is_dir():
            # A device or a pipe may never end.
            raise ImportRefused(_("This is not a file."))
        return path.read_bytes()
    except FileNotFoundError:
        raise ImportRefused(_("There is no such file.")) from None
    except OSError as error:
        raise ImportRefused(
            _("The file cannot be read: {error}.").format(error=error.strerror)
        ) from None


def _is_html(content: bytes) -> bool:
    start = content.removeprefix(BOM_UTF8).lstrip()[:200].lower()
    return start.startswith((b"<!doctype html", b"<html"))


def _declared_encoding(content: bytes) -> str:
    declared = re.search(rb"<meta[^>]*charset\s*=\s*[\"']?([\w.:-]+)", content[:4096], re.I)
    return declared[1].decode() if declared else "utf-8"


def _decode(content: bytes, encoding: str = "utf-8") -> str:
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        encoding = "utf-16"
    elif content.startswith(BOM_UTF8):
        encoding = "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise ImportRefused(
            _("This line is not encoded as {encoding}. Please save the file as UTF-8.").format(
                encoding=encoding.upper().removesuffix("-SIG")
            ),
            line=content[: error.start].count(b"\n") + 1,
        ) from None
    except (LookupError, UnicodeError):
        # Python knows encodings that decode nothing, like “undefined”.
        raise ImportRefused(
            _("The file names an unknown encoding, “{encoding}”.").format(encoding=encoding)
        ) from None
    if "\0" in text:
        raise ImportRefused(
            _("This is not a text file."), line=text[: text.index("\0")].count("\n") + 1
        )
    return text


def _tidy(text: str) -> str:
    return " ".join(text.translate(_INVISIBLE).split())


def _text_lines(text: str) -> list[Line]:
    numbered = enumerate(re.split(r"\r\n|\r|\n", text), start=1)
    return [_marked(number, tidy) for number, line in numbered if (tidy := _tidy(line))]


def _marked(number: int, text: str) -> Line:
    """A line of plain text, in which a heading or an item may be marked as people do."""
    if heading := re.fullmatch(r"(#{1,6}) (.+)", text):
        return Line(number, heading[2], level=len(heading[1]))
    if item := re.fullmatch(r"[-*•‣◦▪–] (.+)", text):
        return Line(number, item[1], is_item=True)
    return Line(number, text)


class _Page(HTMLParser):
    """Collects the words of a web page, a line for each block, and knows what surrounds it."""

    UNREAD = {"script", "style", "template", "svg", "head", "iframe", "object", "textarea"}
    SURROUNDING = {"nav", "footer", "aside", "button", "dialog", "noscript", "select"}
    SURROUNDING_ROLES = {"navigation", "banner", "contentinfo", "search", "dialog", "alert"}
    INLINE = {
        *("a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "font"),
        *("i", "ins", "kbd", "mark", "q", "s", "samp", "small", "span", "strong", "sub"),
        *("sup", "time", "tt", "u", "var", "wbr", "img"),
    }  # fmt: skip

    def __init__(self):
        super().__init__()
        self.lines: list[Line] = []
        self.in_main: list[bool] = []
        self.words: list[str] = []
        self.started_on = 0
        # Open elements of each kind as (tag, how many of that tag are open within it):
        # saved pages are often nested wrongly, and only the tag itself can be relied on.
        self.open: dict[str, tuple[str, int]] = {}
        self.level, self.is_item = 0, False

    def kind(self, tag, attributes):
        role = attributes.get("role")
        if tag == "button" and self.level:
            # Of an accordion: a title that opens what stands beneath.
            return ""
        if tag in self.UNREAD:
            return "unread"
        if tag == "main" or role == "main":
            return "main"
        if tag in self.SURROUNDING or role in self.SURROUNDING_ROLES or "hidden" in attributes:
            return "surrounding"
        if tag == "header" and not {"main", "article"} & self.open.keys():
            return "surrounding"
        return tag if tag in {"article", "pre"} else ""

    def handle_starttag(self, tag, attrs):
        if tag not in self.INLINE:
            self.end_line()
        if tag == "li":
            self.is_item = True
        elif re.fullmatch("h[1-6]", tag):
            self.level = int(tag[1])
        for kind, (opened_by, depth) in self.open.items():
            if tag == opened_by:
                self.open[kind] = tag, depth + 1
        kind = self.kind(tag, dict(attrs))
        if kind and kind not in self.open and tag not in {"img", "br", "hr", "input", "wbr"}:
            self.end_line()
            self.open[kind] = tag, 1

    def handle_endtag(self, tag):
        if tag not in self.INLINE or tag in {opened_by for opened_by, _ in self.open.values()}:
            self.end_line()
        if tag == "li":
            self.is_item = False
        elif re.fullmatch("h[1-6]", tag):
            self.level = 0
        for kind, (opened_by, depth) in list(self.open.items()):
            if tag == opened_by:
                self.open[kind] = tag, depth - 1
                if depth == 1:
                    del self.open[kind]

    def handle_startendtag(self, tag, attrs):
        if tag not in self.INLINE:
            self.end_line()

    def handle_data(self, data):
        if "unread" in self.open:
            return
        for offset, part in enumerate(data.split("\n")):
            if offset:
                self.words.append(" ")
                if "pre" in self.open:
                    self.end_line()
            if part.strip() and not self.started_on:
                self.started_on = self.getpos()[0] + offset
            self.words.append(part)

    def end_line(self):
        if text := _tidy("".join(self.words)):
            surrounding = "surrounding" in self.open
            self.lines.append(Line(self.started_on, text, self.level, self.is_item, surrounding))
            self.in_main.append("main" in self.open)
        self.words, self.started_on = [], 0


def _html_lines(text: str) -> list[Line]:
    page = _Page()
    try:
        page.feed(text)
        page.close()
    except AssertionError:
        # What the standard library's parser says to a declaration it does not know.
        raise ImportRefused(
            _("The page is not valid HTML from here on."), line=page.getpos()[0]
        ) from None
    page.end_line()
    if not any(page.in_main):
        return page.lines
    return [
        line if in_main else Line(line.number, line.text, is_surrounding=True)
        for line, in_main in zip(page.lines, page.in_main, strict=True)
    ]


def _docx_lines(path: Path) -> list[Line]:
    try:
        with zipfile.ZipFile(path) as package:
            unpacked = sum(part.file_size for part in package.infolist())
        if unpacked <= LARGEST_CONTENT:
            body = docx.Document(str(path))._body
            # With everything in tables, text boxes and tracked insertions; text boxes
            # stand in the file twice, the second time for old programs.
            found = body._element.xpath(".//w:p[not(ancestor::*[local-name()='Fallback'])]")
            paragraphs = enumerate((Paragraph(element, body) for element in found), start=1)
            return [line for number, each in paragraphs for line in _paragraph_lines(number, each)]
    except Exception as error:
        # Whatever is wrong inside the package: each of its parts has its own errors.
        raise ImportRefused(
            _("The Word file is damaged, or it is no Word file ({error}).").format(
                error=type(error).__name__
            )
        ) from error
    raise ImportRefused(_("The file is too large when it is unpacked."))


def _paragraph_lines(number: int, paragraph: Paragraph) -> list[Line]:
    element = paragraph._p
    pieces = [
        {qn("w:t"): piece.text or "", qn("w:tab"): " "}.get(piece.tag, "\n")
        for piece in element.iter(qn("w:t"), qn("w:tab"), qn("w:br"), qn("w:cr"))
        if next(piece.iterancestors(qn("w:p"))) is element
    ]
    style = (paragraph.style.name or "").lower() if paragraph.style is not None else ""
    heading = re.match(r"(?:heading|überschrift) ([1-6])", style)
    level = int(heading[1]) if heading else int(style == "title")
    numbered = element.pPr is not None and element.pPr.numPr is not None
    is_item = not level and (numbered or style.startswith("list"))
    texts = (_tidy(part) for part in "".join(pieces).split("\n"))
    return [Line(number, text, level, is_item) for text in texts if text]
