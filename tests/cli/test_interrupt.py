"""Ctrl-C is noticed even where Python drops the exception."""

from __future__ import annotations

import gc
import signal
import threading
from typing import Any

import pytest

from sim.cli.interrupt import watched


def press() -> None:
    signal.raise_signal(signal.SIGINT)


def test_a_press_raises_at_once() -> None:
    with pytest.raises(KeyboardInterrupt), watched():
        press()


def test_a_press_that_a_callback_swallows_is_found_by_the_check(capsys: pytest.CaptureFixture[str]) -> None:
    def swallow(phase: str, info: Any) -> None:
        gc.callbacks.remove(swallow)
        press()

    with watched() as check:
        check()
        gc.callbacks.append(swallow)
        gc.collect()
        with pytest.raises(KeyboardInterrupt):
            check()
    assert capsys.readouterr().err == ""


def half_imported() -> None:
    try:
        press()
    except KeyboardInterrupt as error:
        raise ImportError("half imported") from error


def test_an_error_after_a_press_is_its_consequence() -> None:
    with pytest.raises(KeyboardInterrupt), watched():
        half_imported()


def test_other_errors_pass_and_the_handler_is_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(ValueError, match="x"), watched():
        raise ValueError("x")
    assert signal.getsignal(signal.SIGINT) is before


def test_a_thread_goes_unwatched() -> None:
    problems: list[BaseException] = []

    def work() -> None:
        try:
            with watched() as check:
                check()
        except BaseException as error:
            problems.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert problems == []
