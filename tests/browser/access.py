"""What keeps nobody out: all that is asked of a page in each of its states."""

import json
import shutil
import subprocess
import time
from itertools import pairwise, product
from urllib.error import URLError
from urllib.request import ProxyHandler, Request, build_opener

from axe_playwright_python.base import AXE_SCRIPT
from django.conf import settings

# 1280 px at 400 % are 320 px, so the narrow screen is the zoomed one as well.
SCREENS = list(product(("light", "dark"), (320, 1280)))
# Where pages break first; `make access` takes its time for the others.
ONE_SCREEN = [("dark", 320)]
AXE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
# axe believes that words then have the colour the page asks for; they have the one people chose.
AXE_IN_FORCED_COLOURS = AXE | {"rules": {"color-contrast": {"enabled": False}}}
CHECKER = settings.DATA_DIR / "npm/node_modules/vnu-jar/build/dist/vnu.jar"

TOO_WIDE = """() => {
  const page = document.documentElement;
  return page.scrollWidth > page.clientWidth;
}"""
HEADINGS = """() => [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")]
  .filter((heading) => heading.checkVisibility())
  .map((heading) => +heading.tagName[1])"""
COMMENTS_WITHOUT_ONE_HEADING = """() =>
  [...document.querySelectorAll("article")]
    .filter((article) => article.querySelectorAll(":scope > :is(h3, h4)").length !== 1)
    .map((article) => article.id)"""
# Two links of one name that lead to different places.
SAME_NAME = """() => {
  const targets = new Map();
  for (const link of document.querySelectorAll("main .column a[href]")) {
    const name = link.textContent.trim().replace(/\\s+/g, " ");
    if (targets.has(name) && targets.get(name) !== link.href) return name;
    targets.set(name, link.href);
  }
}"""
MOVING = """() =>
  [...document.querySelectorAll("*")].filter((part) => {
    const style = getComputedStyle(part);
    const takes = (style.transitionDuration + ", " + style.animationDuration).split(", ");
    return style.scrollBehavior === "smooth" || takes.some((time) => parseFloat(time) > 0.01);
  }).map((part) => part.outerHTML.slice(0, 120))"""
# In forced colours backgrounds are gone: a control needs a border or an underline.
WITHOUT_EDGE = """() =>
  [...document.querySelectorAll("button, input, select, textarea, a.kern-btn, a.button")]
    .filter((control) => {
      const style = getComputedStyle(control);
      return control.checkVisibility({ visibilityProperty: true, opacityProperty: true })
        && style.appearance !== "auto"
        && !parseFloat(style.borderTopWidth)
        && !parseFloat(style.borderBottomWidth)
        && !style.textDecorationLine.includes("underline");
    }).map((control) => control.outerHTML.slice(0, 160))"""
# A mark that is cut out of a colour: of all that people may choose, only that of words is sure.
UNSEEN_MARKS = """() => {
  const words = getComputedStyle(document.body).color;
  return [...document.querySelectorAll("*")].filter((part) =>
    [null, "::before", "::after"].some((mark) => {
      const style = getComputedStyle(part, mark);
      return style.maskImage !== "none" && style.backgroundColor !== words;
    })).map((part) => part.outerHTML.slice(0, 120));
}"""
# A box or a circle that is ticked shows it by a mark before it, of an edge or of a colour.
UNSEEN_CHOICES = """() => {
  const words = getComputedStyle(document.body).color;
  return [...document.querySelectorAll("input:checked")].filter((choice) => {
    const mark = getComputedStyle(choice, "::before");
    return getComputedStyle(choice).appearance === "none"
      && mark.backgroundColor !== words && !parseFloat(mark.borderBottomWidth);
  }).map((part) => part.outerHTML.slice(0, 120));
}"""
# Words that keep a colour of ours.
UNCHOSEN_WORDS = """() =>
  [...document.querySelectorAll("body *")].filter((part) =>
    getComputedStyle(part).forcedColorAdjust === "none" && part.textContent.trim()
  ).map((part) => part.outerHTML.slice(0, 120))"""
# Every stop of the keyboard has a ring, in a colour that people have chosen.
UNSEEN_FOCUS = """() => {
  const had = document.activeElement, stops =
    "a[href], button, input, select, textarea, summary, iframe, [tabindex='0']";
  const unseen = [...document.querySelectorAll(stops)].filter((part) => {
    if (!part.checkVisibility({ visibilityProperty: true })) return false;
    part.focus({ focusVisible: true, preventScroll: true });
    if (document.activeElement !== part) return false;
    const ring = getComputedStyle(part);
    return ring.outlineStyle === "none" || !parseFloat(ring.outlineWidth)
      || ring.forcedColorAdjust !== "auto";
  }).map((part) => part.outerHTML.slice(0, 160));
  document.activeElement.blur();
  had.focus({ preventScroll: true });
  return unseen;
}"""
# WCAG 1.4.12. Not through an element: the policy allows no style in the page.
WIDE_TEXT = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: .12em !important;
    word-spacing: .16em !important; } p { margin-bottom: 2em !important; }`);
  document.adoptedStyleSheets = [sheet];
}"""
CUT_OFF = """() =>
  [...document.querySelectorAll("main *, header *, footer *")].filter((part) => {
    const style = getComputedStyle(part);
    return ["hidden", "clip"].includes(style.overflowX) && part.clientWidth > 1
      && part.textContent.trim()
      && (part.scrollWidth > part.clientWidth + 1 || part.scrollHeight > part.clientHeight + 1);
  }).map((part) => part.outerHTML.slice(0, 120))"""
USUAL_TEXT = "document.adoptedStyleSheets = []"


class Checker:
    """The Nu HTML checker, started once: it takes seconds to start and none to answer."""

    def __init__(self, port: int):
        self.address = f"http://127.0.0.1:{port}/?out=json&level=error"
        self.ask = build_opener(ProxyHandler({})).open
        bind = "-Dnu.validator.servlet.bind-address=127.0.0.1"
        main = ["nu.validator.servlet.Main", str(port)]
        self.running = subprocess.Popen(
            ["java", "-Xmx300m", "-cp", CHECKER, bind, *main],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        # Minutes, where the machine has much else to do.
        for _ in range(360):
            try:
                self.errors("<!doctype html><html lang=de><title>Site</title>")
            except (URLError, ConnectionError):
                time.sleep(0.5)
            else:
                return
        self.stop()
        raise RuntimeError("The HTML checker does not start.")

    def errors(self, html: str) -> list[str]:
        headers = {"Content-Type": "text/html; charset=utf-8"}
        with self.ask(Request(self.address, html.encode(), headers), timeout=30) as answer:
            found = json.load(answer)["messages"]
        return [f"{each['message']} {each.get('extract', '')}" for each in found]

    def stop(self):
        self.running.terminate()
        self.running.wait(timeout=20)


def why_no_checker() -> str:
    """Why HTML cannot be checked here; empty when it can."""
    if not shutil.which("java"):
        return "there is no Java here"
    if not CHECKER.exists():
        return "vnu-jar is not installed; `make access` does that"
    return ""


def findings(page, html: str, checker: Checker | None) -> list[str]:
    """All that is wrong with ``page`` as it stands, and with the ``html`` that was served."""
    found = findings_at_a_glance(page, SCREENS)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, forced_colors="active", reduced_motion="reduce")
        forced = f"forced colours, {scheme}"
        found += named(f"axe, {forced}", axe(page, AXE_IN_FORCED_COLOURS))
        found += named(f"{forced}, without edge", page.evaluate(WITHOUT_EDGE))
        found += named(f"{forced}, unseen mark", page.evaluate(UNSEEN_MARKS))
        found += named(f"{forced}, unseen choice", page.evaluate(UNSEEN_CHOICES))
        found += named(f"{forced}, unchosen words", page.evaluate(UNCHOSEN_WORDS))
    # Once: a ring that is there in dark colours is there in light ones.
    found += named("forced colours, unseen focus", page.evaluate(UNSEEN_FOCUS))
    found += named("moves although motion is unwanted", page.evaluate(MOVING))
    page.emulate_media(color_scheme="light", forced_colors="none", reduced_motion="no-preference")
    return found + named("HTML", checker.errors(html) if checker else [])


def findings_at_a_glance(page, screens=ONE_SCREEN) -> list[str]:
    """What is wrong with ``page`` on these screens, as far as it takes little time to see."""
    found = []
    for scheme, width in screens:
        # Colours are measured at rest, not on their way from one scheme to the other.
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": 900})
        found += named(f"axe, {scheme}, {width} px", axe(page))
        found += named(f"{width} px", ["wider than the screen"] * page.evaluate(TOO_WIDE))
        found += named(f"headings, {scheme}, {width} px", headings(page))
    found += named("comments without one heading", page.evaluate(COMMENTS_WITHOUT_ONE_HEADING))
    found += named("one name, two targets", filter(None, [page.evaluate(SAME_NAME)]))
    return found + named("text spacing", text_spacing(page))


def named(kind: str, found) -> list[str]:
    return [f"{kind}: {each}" for each in found]


def axe(page, options=AXE) -> list[str]:
    # To read axe takes a page much longer than to run it.
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE_SCRIPT)
    run = "options => axe.run(document, options).then(found => found.violations)"
    violations = page.evaluate(run, options)
    return [f"{each['id']} {node['html']}" for each in violations for node in each["nodes"]]


def headings(page) -> list[str]:
    levels = page.evaluate(HEADINGS)
    in_order = all(below <= above + 1 for above, below in pairwise(levels))
    return [] if levels[:1] == [1] and levels.count(1) == 1 and in_order else [str(levels)]


def text_spacing(page) -> list[str]:
    """What is lost when readers set their own spacing, on a narrow screen."""
    page.set_viewport_size({"width": 320, "height": 900})
    page.evaluate(WIDE_TEXT)
    lost = page.evaluate(CUT_OFF) + ["wider than the screen"] * page.evaluate(TOO_WIDE)
    page.evaluate(USUAL_TEXT)
    return lost
