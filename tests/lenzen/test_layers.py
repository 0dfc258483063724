"""Imports go down only, and stand at the top of their file."""

import ast
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command

APPS = ["accounts", "strategies", "comments", "lenzen"]
"""From the ground up: none imports from one that stands after it."""

# The fence around the editor belongs to no app: it knows none of them.
GROUND = "lenzen.richtext"

FLOORS = ["models", "rules", "actions"]
"""Inside an app. Forms, views, admin and tasks stand above them all."""
TOP = {"forms", "views", "admin", "tasks", "urls"}


def sources() -> list[Path]:
    return [
        path
        for app in APPS
        for path in sorted((settings.BASE_DIR / app).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def name(path: Path) -> str:
    module = path.relative_to(settings.BASE_DIR).with_suffix("")
    return ".".join(module.parts).removesuffix(".__init__")


def imports(tree: ast.AST) -> list[ast.Import | ast.ImportFrom]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]


def imported(path: Path) -> set[str]:
    """Our own modules that this one imports."""
    found = set()
    for node in imports(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        else:
            assert node.level == 0, f"{path}: imports are absolute"
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {module for module in found if module.split(".")[0] in APPS}


each_source = pytest.mark.parametrize("path", sources(), ids=name)


@each_source
def test_imports_go_down(path):
    own = -1 if name(path) == GROUND else APPS.index(name(path).split(".")[0])

    others = [module for module in imported(path) if not module.startswith(GROUND)]

    assert [module for module in others if APPS.index(module.split(".")[0]) > own] == []


@each_source
def test_inside_an_app_imports_go_down(path):
    app, _, rest = name(path).partition(".")
    # A floor may be a folder.
    floor = rest.partition(".")[0]
    above = TOP | set(FLOORS[FLOORS.index(floor) + 1 :]) if floor in FLOORS else set()

    assert [m for m in imported(path) if m.split(".")[:2] in [[app, each] for each in above]] == []


@each_source
def test_imports_stand_at_the_top(path):
    """An import inside a function hides a circle."""
    tree = ast.parse(path.read_text())

    inner = [
        f"{path.name}:{node.lineno}"
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef)
        for node in imports(function)
    ]

    assert inner == []


@pytest.mark.django_db
def test_no_migration_is_missing():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
