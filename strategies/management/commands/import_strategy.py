import argparse
from datetime import datetime
from pathlib import Path

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.messages import absolute
from accounts.town import town
from strategies.actions import StrategyRefused, publish_strategy
from strategies.importers import ImportRefused, Saved, StrategyPlan, read_plan, save_plan
from strategies.importers.dates import closing, opening
from strategies.importers.files import Line
from strategies.importers.plans import PhasePlan
from strategies.models import Strategy
from strategies.wording import days_of


class Command(BaseCommand):
    help = _("Read strategies from text, HTML or Word files and save them as drafts.")

    def add_arguments(self, parser):
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument(
            "--dry-run", action="store_true", help=_("Show what would be saved, and save nothing.")
        )
        parser.add_argument(
            "--publish", action="store_true", help=_("Show the strategies to the public at once.")
        )
        parser.add_argument(
            "--opens",
            type=_argument(opening),
            metavar="DAY",
            help=_("First day of the phase, like 31.5.2026 or 2026-05-31."),
        )
        parser.add_argument(
            "--closes",
            type=_argument(closing),
            metavar="DAY",
            help=_("Last day of the phase; it counts whole."),
        )
        parser.add_argument(
            "--next-steps",
            default="",
            metavar="TEXT",
            help=_("What happens with the comments; no strategy is published without it."),
        )
        parser.add_argument(
            "--contact",
            default="",
            metavar="TEXT",
            help=_("Whom people can ask; without it, the contact of the whole site."),
        )
        parser.add_argument(
            "--force",
            action="store_true",
            help=_("Change goals although people have commented on them."),
        )
        parser.add_argument(
            "--reason",
            default=_("The text was taken over from the original again."),
            metavar="TEXT",
            help=_("The public reason for what --force changes."),
        )

    def handle(self, *, files, **options):
        """Import each file for itself. Exit with 1 if one of them could not be."""
        read, refused = {}, 0
        for path in files:
            try:
                self._import(path, read, options)
            except ImportRefused as error:
                refused += 1
                self.stderr.write(_refusal(path, error))
        if refused:
            raise SystemExit(1)

    def _import(self, path: Path, read: dict[int, Path], options: dict) -> None:
        plan = read_plan(path).with_dates(options["opens"], options["closes"])
        if plan.number in read:
            raise ImportRefused(
                _("Strategy {number} has already been read from {file}.").format(
                    number=plan.number, file=read[plan.number]
                ),
                line=plan.line,
            )
        read[plan.number] = path
        with transaction.atomic():
            saved = _save(plan, options)
            transaction.set_rollback(options["dry_run"])
        self.stdout.write("\n".join([str(path), *_shown(plan), *_outcome(saved, options), ""]))


def _argument(read):
    def argument(text: str) -> datetime:
        try:
            return read(text)
        except ValueError:
            raise argparse.ArgumentTypeError(
                _("“{text}” is no day, like 31.5.2026 or 2026-05-31.").format(text=text)
            ) from None

    return argument


def _save(plan: StrategyPlan, options: dict) -> Saved:
    saved = save_plan(
        plan=plan,
        reason=options["reason"] if options["force"] else "",
        next_steps=options["next_steps"],
        contact=options["contact"],
    )
    if options["publish"]:
        _publish(saved.strategy)
    return saved


def _publish(strategy: Strategy) -> None:
    if not strategy.contact:
        strategy.contact = town().contact
        strategy.save(update_fields=["contact"])
    try:
        publish_strategy(strategy=strategy)
    except StrategyRefused as refused:
        raise ImportRefused(
            _(
                "{sentence} Please give it with --next-steps or --contact; nothing was saved."
            ).format(sentence=refused.reason)
        ) from refused


def _refusal(path: Path, refused: ImportRefused) -> str:
    if refused.line is None:
        return _("{file}: {sentence}").format(file=path, sentence=refused.sentence)
    return _("{file}, line {line}: {sentence}").format(
        file=path, line=refused.line, sentence=refused.sentence
    )


def _shown(plan: StrategyPlan) -> list[str]:
    """The plan as people read it, line by line."""
    shown = [_("Strategy {number}: {title}").format(number=plan.number, title=plan.title)]
    introduction = _summary(plan.introduction_lines) or _("none in the file")
    shown.append("  " + _("Introduction: {summary}").format(summary=introduction))
    shown += _shown_phase(plan.phase)
    for goal in plan.goals:
        title = _("Goal {number}: {title}").format(number=goal.number, title=goal.title)
        shown += [f"  {title}", f"    {_summary(goal.lines)}"]
    if numbers := plan.missing_numbers:
        text = _("No goal bears one of these numbers: {numbers}")
        shown.append("  " + text.format(numbers=", ".join(map(str, numbers))))
    if plan.left_out:
        shown.append("  " + _("Left out, because it does not belong to the strategy:"))
        for line in plan.left_out:
            text = Truncator(line.text).chars(70)
            shown.append("    " + _("Line {line}: {text}").format(line=line.number, text=text))
    return shown


def _shown_phase(phase: PhasePlan | None) -> list[str]:
    if phase is None:
        return []
    when = _("date missing; --opens and --closes give it")
    if phase.has_dates:
        when = days_of(phase)
    shown = [f"  {phase.title}: {when}"]
    if phase.description:
        shown.append(f"    {phase.description}")
    return shown


def _summary(lines: list[Line]) -> str:
    """How long a text is, and how it begins and ends, so that one sees whether it is whole."""
    if not lines:
        return ""
    words = " ".join(line.text for line in lines).split()
    count = ngettext("{count} word", "{count} words", len(words)).format(count=len(words))
    if len(words) <= 10:
        return f"{count}: {' '.join(words)}"
    return f"{count}: {' '.join(words[:5])} … {' '.join(words[-3:])}"


def _outcome(saved: Saved, options: dict) -> list[str]:
    strategy = saved.strategy
    outcome = [_("New strategy.")] if saved.is_new else [*saved.changes]
    outcome = [*(outcome or [_("Nothing has changed.")]), *saved.kept]
    if options["dry_run"]:
        outcome.append(_("This is what would happen; nothing was saved."))
    elif Strategy.objects.published().filter(pk=strategy.pk).exists():
        address = absolute(strategy.get_absolute_url())
        outcome.append(_("It is public: {address}").format(address=address))
    else:
        outcome.append(_("It is a draft; --publish or the admin makes it public."))
    return outcome
