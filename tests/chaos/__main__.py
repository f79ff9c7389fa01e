"""``bin/chaos``: runs of level ii or iii, for so many minutes, from a seed; see docs/chaos.md."""

import argparse
import logging
import sys
import tempfile
from pathlib import Path

import django

LEVELS = ("ii", "iii")


def arguments() -> argparse.Namespace:
    """What the person asks for."""
    parser = argparse.ArgumentParser(prog="bin/chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="how long to go on (5)")
    parser.add_argument("--seed", type=int, default=0, help="the first seed (0)")
    parser.add_argument("--runs", type=int, default=0, help="at most so many runs")
    parser.add_argument("--level", choices=LEVELS, default="ii", help="ii: in one process; iii: real processes")
    parser.add_argument("--resume", action="store_true", help="go on after the last seed, and add up")
    parser.add_argument("--replay", type=int, metavar="SEED", help="shorten the schedule of a failing seed, print it")
    parser.add_argument("--show", type=int, metavar="SEED", help="print the schedule of a seed with what happened")
    return parser.parse_args()


def say(text: str) -> None:
    """One line for the person at the terminal."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Run; 1 where an invariant was broken."""
    wanted = arguments()
    django.setup()
    logging.disable(logging.CRITICAL)
    from django.conf import settings

    from tests.chaos.joining import joined_nodes, migrated_template
    from tests.chaos.runs import Arena, Totals, line_of, run_for

    folder = Path(settings.VAR) / "chaos" / wanted.level
    if wanted.level == "iii":
        from tests.chaos.processes import run_level_three

        return run_level_three(
            seed=wanted.seed, seconds=wanted.minutes * 60, folder=folder, say=say, resume=wanted.resume
        )
    totals = Totals.load(folder / "totals.json") if wanted.resume else Totals(next_seed=wanted.seed)
    with joined_nodes(migrated_template(), Path(tempfile.mkdtemp(prefix="cityops-chaos-"))) as (network, backups):
        arena = Arena(network, backups)
        if wanted.replay is not None:
            return replay(arena, wanted.replay)
        if wanted.show is not None:
            return show(arena, wanted.show)
        run_for(arena, totals, seconds=wanted.minutes * 60, folder=folder, say=say, most=wanted.runs)
    say(line_of(totals))
    say("✓ every invariant held" if not totals.violations else f"✗ histories in {folder}")
    return 1 if totals.violations else 0


def show(arena: "Arena", seed: int) -> int:  # noqa: F821
    """Play one seed and print every act with its outcome."""
    verdict = arena.run(seed)
    for line in verdict.history:
        say(line["trace"] if "trace" in line else f"{line['n']:3}  {line['act']}  →  {line['outcome']}")
    say(f"{verdict.broken or 'every invariant held'}; {dict(verdict.counts)}")
    return 1 if verdict.broken else 0


def replay(arena: "Arena", seed: int) -> int:  # noqa: F821
    """Shorten a failing seed's schedule, and print it as a test would play it."""
    acts, broken = arena.shorten(seed)
    if not broken:
        say(f"seed {seed} holds")
        return 0
    say(f"seed {seed}: {broken}\nshortest schedule found, {len(acts)} acts:")
    for act in acts:
        say(f"    {act},")
    return 1


if __name__ == "__main__":
    sys.exit(main())
