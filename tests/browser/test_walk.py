"""What the walk of `make access` does not let pass."""

import shutil

from tests.browser import walk


def test_html_that_nobody_could_check_is_missing(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda program: None)

    assert walk.missing([])[0] == "HTML was not checked: there is no Java here"
