"""``sim`` and ``python -m sim``: what must stand before anything else is imported.

Ctrl-C while Python imports would end in a traceback, or be swallowed where an import catches it; nothing
has begun yet, so the process simply stops. A closed stream's number would go to the next file that is opened,
such as the run database, and what is printed would be written into it.
"""

import os

INTERRUPTED = 130


def _stopped(*signal_and_frame: object) -> None:
    try:
        os.write(2, b"sim: Interrupted. Nothing had begun.\n")
    finally:
        os._exit(INTERRUPTED)


try:
    import signal
    import sys
except KeyboardInterrupt:
    _stopped()

__all__ = ["main"]


def main() -> None:
    """Run the command line of this process and exit."""
    ignored = signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    if not ignored:
        signal.signal(signal.SIGINT, _stopped)
    _fill_closed_streams()
    try:
        from sim.cli.main import run_program
    except Exception as error:
        if os.environ.get("SIM_DEBUG"):
            raise
        why = f"{type(error).__name__}: {error}"
        sys.exit(f"sim: The program cannot start, as a part is missing or broken ({why}). Install it again.")
    code = run_program(sys.argv[1:])
    if not ignored:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command is done; what is left is Python's own end
    if code == INTERRUPTED:
        # Python would end by the signal, whatever the code, where the press fell into a text that it ran, as
        # data classes do. Nor is anything waited for, such as the threads of a cluster.
        os._exit(code)
    sys.exit(code)


def _fill_closed_streams() -> None:
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one


if __name__ == "__main__":
    main()
