import pytest
from django import forms
from django.db.models import Value

from lenzen.richtext import clean
from strategies.models import Goal
from tests.factories import GoalFactory, StrategyFactory

HOSTILE = (
    '<p onclick="x()">Text<script>x()</script></p><a href="javascript:x()">a</a>'
    '<img src="x" onerror="x()"><!-- note --><iframe src="//x"></iframe><p style="color:red">b</p>'
)
HARMLESS = "<p>Text</p><a>a</a><p>b</p>"


def test_only_what_staff_may_write_is_left():
    allowed = (
        "<h3>Wege</h3><h4>Rad</h4><p><strong>Mehr</strong> <em>Licht</em><br>hier</p>"
        "<ul><li>eins</li></ul><ol><li>zwei</li></ol><blockquote><p>drei</p></blockquote>"
        '<p><a href="https://example.org/">vier</a> <a href="mailto:a@example.org">fünf</a></p>'
    )

    assert clean(allowed) == allowed
    assert clean(HOSTILE) == HARMLESS


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("<p>Eins</p>\n\n<p>Zwei<br />\ndrei</p>\n", "<p>Eins</p><p>Zwei<br>drei</p>"),
        (
            "<ul>\r\n\t<li>eins</li>\r\n\t<li> zwei </li>\r\n</ul>",
            "<ul><li>eins</li><li>zwei</li></ul>",
        ),
        ("<p>ein  <em>Wort</em>\nund eins</p>", "<p>ein <em>Wort</em> und eins</p>"),
        ("<p>9\N{NO-BREAK SPACE}Tage, 1 &lt; 2</p>", "<p>9&nbsp;Tage, 1 &lt; 2</p>"),
    ],
)
def test_white_space_that_nobody_sees_makes_no_difference(written, stored):
    assert clean(written) == stored
    assert clean(stored) == stored


@pytest.mark.django_db
def test_rich_text_is_sanitised_whichever_way_it_is_written():
    strategy = StrategyFactory()
    saved = GoalFactory(strategy=strategy, text=HOSTILE)
    Goal.objects.bulk_create([Goal(strategy=strategy, number=99, title="Bulk", text=HOSTILE)])
    form = forms.modelform_factory(Goal, fields=["text"])({"text": HOSTILE}, instance=saved)

    assert form.is_valid()
    assert form.instance.text == HARMLESS
    assert set(Goal.objects.values_list("text", flat=True)) == {HARMLESS}


@pytest.mark.django_db
def test_words_that_came_past_the_field_are_sanitised_on_the_page(client):
    goal = GoalFactory()
    Goal.objects.update(text=Value(HOSTILE))

    for path in (goal.get_absolute_url(), goal.strategy.get_absolute_url()):
        page = client.get(path).text
        assert HARMLESS in page
        for harm in ("onclick=", "<script>x()", "<iframe"):
            assert harm not in page
