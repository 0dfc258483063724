"""Searching and telling others, the way people do it."""

import re

import pytest
from playwright.sync_api import expect

from tests.factories import CommentFactory, PhaseFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_searching_needs_neither_javascript_nor_cookie(new_context, live_server):
    comment = CommentFactory(text="Der Hafen braucht Licht.")
    context = new_context(java_script_enabled=False, viewport={"width": 360, "height": 640})
    page = context.new_page()

    page.goto(live_server.url)
    page.get_by_role("link", name="Suche").click()
    page.get_by_label("Suchwörter").fill("hafen")
    page.get_by_role("button", name="Suchen").click()

    expect(page).to_have_title(re.compile("^1 Treffer für „hafen“"))
    assert page.locator("mark").all_inner_texts() == ["Hafen"]
    page.get_by_role("link", name=f"Kommentar Nr. {comment.pk}").click()
    expect(page).to_have_url(re.compile(f"#kommentar-{comment.pk}$"))
    assert context.cookies() == []


def test_the_text_is_copied(new_context, live_server):
    context = new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto(f"{live_server.url}{PhaseFactory().strategy.get_absolute_url()}weitersagen/")

    page.get_by_role("button", name="Text kopieren").click()
    page.get_by_text("Der Text ist kopiert.").wait_for()

    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.replace("\r", "") == page.locator("textarea").input_value()


def test_only_the_notice_comes_onto_the_paper(page, live_server):
    page.goto(f"{live_server.url}{PhaseFactory().strategy.get_absolute_url()}weitersagen/")
    page.emulate_media(media="print")

    seen = page.evaluate("document.body.innerText").split("\n")

    assert seen == page.locator(".notice").inner_text().split("\n")
    assert page.locator(".notice img").evaluate("image => image.naturalWidth > 0")


def test_the_notice_is_one_sheet_of_a4_whatever_the_browser_is_set_to(page, live_server):
    page.goto(f"{live_server.url}{PhaseFactory().strategy.get_absolute_url()}weitersagen/")

    paper = page.pdf(format="Letter", prefer_css_page_size=True)

    sheets = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", paper)
    millimetres = [[round(float(side) / 72 * 25.4) for side in sheet] for sheet in sheets]
    assert millimetres == [[210, 297]]
