"""The ``sim`` command: one group, its commands imported only when used, and one handler of errors."""

from __future__ import annotations

import importlib
import os
import sys
import threading
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from typing import Any, TextIO

import click

import sim
from sim.cli.interrupt import watched
from sim.cli.study import chosen_study
from sim.cli.terminal import (
    ClosedOutput,
    cache_notes,
    forget_stdout,
    note,
    prepare_streams,
    unwritable,
)
from sim.errors import Interrupted, SimError, did_you_mean

__all__ = ["main", "program", "run_program"]

# name → (module, one line of help); the line stands here so that `sim --help` imports no command.
COMMANDS = {
    "run": ("sim.cli.run", "Run levers beside the baseline: indicators, targets, P(goal)."),
    "levers": ("sim.cli.levers", "List the levers, or show what one moves and on what evidence."),
    "runs": ("sim.cli.runs", "List the stored runs, or show one again."),
    "report": ("sim.cli.report", "Make the PDF report of a stored run."),
    "sweep": ("sim.cli.sweep", "Vary levers and constants; which matter most for the goal."),
    "explain": ("sim.cli.explain", "Split an indicator's change by sector, lever and loop."),
    "validate": ("sim.cli.validate", "Test the regional model: accounts, extremes, levers, loops."),
    "calibrate": (
        "sim.cli.calibrate",
        "Calibrate the model to the observed figures, for runs to use.",
    ),
    "evidence": ("sim.cli.evidence", "Show what the data can tell about the model, and what they cannot."),
    "audit": ("sim.cli.audit", "Find where the documents' figures contradict each other."),
    "simulate": ("sim.cli.simulate", "Run any Vensim or XMILE model once and print its outputs."),
    "new": ("sim.cli.new", "Write a study folder: the data files of another place, to be filled in."),
    "check": ("sim.cli.check", "Check a model: functions, names, loops, units, unused variables."),
    "doctor": ("sim.cli.doctor", "Check this installation."),
}


class LazyGroup(click.Group):
    """A click group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command and return its ``command``."""
        if cmd_name not in COMMANDS:
            return None
        command = importlib.import_module(COMMANDS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest command where there is none of that name."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-") and not ctx.resilient_parsing:
            raise click.UsageError(f"There is no command {name!r}.{did_you_mean(name, COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the arguments as typed: a run stores them."""
        ctx.meta["sim.arguments"] = tuple(args)
        return super().parse_args(ctx, args)


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(sim.__version__, prog_name="sim", message="%(prog)s %(version)s")
@click.option(
    "--study", metavar="FOLDER", envvar="SIM_STUDY", type=click.Path(path_type=Path),
    help="Another place's data in place of the shipped ones (also SIM_STUDY). See: sim new.",
)  # fmt: skip
@click.pass_context
def program(ctx: click.Context, study: Path | None) -> None:
    """System-dynamics planning model of Changji: what the plan's levers do, and how likely its goal is.

    \b
    Start with:
      sim run --lever=headquarters
      sim report @last
    """
    chosen_study(ctx, study)


def run_program(arguments: Sequence[str]) -> int:
    """Run the command line and return its exit code.

    0 ok, 1 failure, 2 bad input, 3 goal not met, 4 partial sweep, 130 interrupted.
    """
    prepare_streams()
    streams = sys.stdout, sys.stderr
    try:
        with _no_tracebacks(arguments), watched(), cache_notes():
            result = program.main(list(arguments), prog_name="sim", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except SimError as error:
        note(f"sim: {error}")
        return error.exit_code
    except click.ClickException as error:
        note(_as_shown(error))
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        note("sim: Interrupted. What was stored stays stored.")
        return Interrupted.exit_code
    except (ClosedOutput, BrokenPipeError):
        # The reader (`| head`) has what it wanted; that is no failure.
        forget_stdout()
        return 0
    except SystemExit as end:
        return _exit_code(end, streams)
    except BaseException as error:
        return _unforeseen(error, arguments)


def _as_shown(error: click.ClickException) -> str:
    """Return what click would print, its usage and its message."""
    text = StringIO()
    error.show(text)
    return text.getvalue().rstrip("\n")


def _exit_code(end: SystemExit, streams: tuple[TextIO, TextIO]) -> int:
    if (sys.stdout, sys.stderr) != streams:
        # click puts others in their place where the reader of its help has gone.
        sys.stdout, sys.stderr = streams
        forget_stdout()
        return 0
    if isinstance(end.code, str):
        note(end.code)
    return end.code if isinstance(end.code, int) else int(end.code is not None)


def _unforeseen(error: BaseException, arguments: Sequence[str]) -> int:
    if isinstance(error, OSError) and _is_echo(error):
        forget_stdout()
        note(f"sim: {unwritable(error)}")
    else:
        _tell(error, arguments)
    return SimError.exit_code


def _tell(error: BaseException, arguments: Sequence[str]) -> None:
    # Only now, since it is hardly ever needed.
    from sim.cli.crash import DEBUG, crash_sentence

    if os.environ.get(DEBUG):
        note("".join(traceback.format_exception(error)).rstrip("\n"))
    note(f"sim: {crash_sentence(error, arguments)}")


@contextmanager
def _no_tracebacks(arguments: Sequence[str]) -> Iterator[None]:
    """Tell in the same way of what fails in a thread or a finaliser, where Python would print a traceback."""
    thread_hook, other_hook = threading.excepthook, sys.unraisablehook

    def in_thread(failed: threading.ExceptHookArgs) -> None:
        if failed.exc_value is not None and not isinstance(failed.exc_value, SystemExit):
            _tell(failed.exc_value, arguments)

    def elsewhere(failed: Any) -> None:
        if failed.exc_value is not None:
            _tell(failed.exc_value, arguments)

    threading.excepthook, sys.unraisablehook = in_thread, elsewhere
    try:
        yield
    finally:
        threading.excepthook, sys.unraisablehook = thread_hook, other_hook


def _is_echo(error: OSError) -> bool:
    """Tell whether click could not print its help, which it writes past :func:`sim.cli.terminal.write`."""
    *_, (frame, _) = traceback.walk_tb(error.__traceback__)
    return frame.f_globals.get("__name__") == click.utils.__name__


def main() -> None:
    """Run the command line of this process and exit; :mod:`sim.__main__` does so with more care."""
    sys.exit(run_program(sys.argv[1:]))
