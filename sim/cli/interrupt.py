"""Ctrl-C that cannot get lost.

Python raises KeyboardInterrupt wherever it happens to be; inside a callback of the garbage
collector, such as JAX's, the exception is printed and dropped. So a press is also remembered.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

__all__ = ["watched"]


@contextmanager
def watched() -> Iterator[Callable[[], None]]:
    """Give ``check()``, which raises KeyboardInterrupt if Ctrl-C was pressed since.

    An error that follows a press is taken as its consequence, and becomes KeyboardInterrupt as well.
    """
    elsewhere = threading.current_thread() is not threading.main_thread()
    # A program started with `nohup` or in a script's background is not to be interrupted.
    if elsewhere or signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        yield lambda: None
        return
    pressed = threading.Event()

    def remember(number: int, frame: FrameType | None) -> None:
        pressed.set()
        raise KeyboardInterrupt

    def check() -> None:
        if pressed.is_set():
            raise KeyboardInterrupt

    handler, hook = signal.signal(signal.SIGINT, remember), sys.unraisablehook
    sys.unraisablehook = lambda dropped: None if _is_ctrl_c(dropped) else hook(dropped)
    try:
        yield check
    except Exception as error:
        if pressed.is_set():
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.signal(signal.SIGINT, handler)
        sys.unraisablehook = hook


def _is_ctrl_c(dropped: Any) -> bool:
    return isinstance(dropped.exc_value, KeyboardInterrupt)
