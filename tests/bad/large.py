"""Bad models that are too large to keep as files, by name: each crashed, hung or filled the memory once."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["MDL", "XMILE"]

TIMES = "INITIAL TIME = 0 ~~|\nFINAL TIME = 4 ~~|\nTIME STEP = 1 ~~|\nSAVEPER = 1 ~~|\n"


def nested(count: int) -> str:
    return "a = " + "IF THEN ELSE(Time > 1, 2, " * count + "3" + ")" * count + " ~~|\n"


def inside_itself(call: str, count: int) -> str:
    text = "Time"
    for _ in range(count):
        text = call.replace("#", text)
    return f"a = {text} ~~|\n"


def doubling(depth: int) -> str:
    first = ":MACRO: m0(x)\nm0 = x ~~|\n:END OF MACRO:\n"
    twice = ":MACRO: m{0}(x)\nm{0} = m{1}(x) + m{1}(x + 1) ~~|\n:END OF MACRO:\n"
    return first + "".join(twice.format(k, k - 1) for k in range(1, depth)) + f"a = m{depth - 1}(1) ~~|\n"


def doubled_ranges(depth: int) -> str:
    rows = "".join(f"d{k}: d{k - 1}, d{k - 1} ~~|\n" for k in range(1, depth))
    return "d0: p, q ~~|\n" + rows + f"a[d{depth - 1}] = 1 ~~|\n"


def ranges(count: int, size: int) -> str:
    return "".join(f"d{k}: (e{k}x1-e{k}x{size}) ~~|\n" for k in range(count))


MDL: Mapping[str, tuple[str, str]] = {
    # name: (equations, words of the message)
    "a billion elements": ("d: (x1-x1000000000) ~~|\na[d] = 1 ~~|\n", "10 000 elements"),
    "elements of many digits": ("d: (x1-x" + "9" * 5000 + ") ~~|\na[d] = 1 ~~|\n", "10 000 elements"),
    "many ranges": (ranges(11, 10_000), "100 000 elements"),
    "cells": (ranges(2, 1000) + "a[d0, d1] = 1 ~~|\n", "100 000 cells"),
    "cells in all": (ranges(1, 9999) + "".join(f"a{k}[d0] = 1 ~~|\n" for k in range(101)), "1 000 000 cells"),
    "cells of an exception": (ranges(2, 999) + "a[d0] :EXCEPT: [d0, d1] = 1 ~~|\n", "100 000 cells"),
    "terms": ("b = 1 ~~|\na = " + "b + " * 100_000 + "b ~~|\n", "40 000 words and signs"),
    "numbers without a comma": ("a = MAX(1, " + "0 " * 160_000 + ") ~~|\n", "40 000 words and signs"),
    "factors": ("b = 1 ~~|\na = " + "b * " * 5000 + "b ~~|\n", "500 levels"),
    "powers": ("b = 1 ~~|\na = " + "b ^ " * 5000 + "b ~~|\n", "500 levels"),
    "nested choices": (nested(400), "200 levels"),
    "brackets": ("a = " + "(" * 50_000 + "1" + ")" * 50_000 + " ~~|\n", "words and signs"),
    "points": ("a(" + ",".join(f"({x},1)" for x in range(60_000)) + ") ~~|\n", "50 000 points"),
    "stages": ("a = SMOOTH N(Time, 1, 1, 1000000) ~~|\n", "1 000 stages"),
    "trends": (inside_itself("TREND(#, 2, 0)", 30), "50 000 parts"),
    "forecasts": (inside_itself("FORECAST(#, 2, 3)", 30), "50 000 parts"),
    "delays": (inside_itself("DELAY1(#, 2)", 90), "50 000 parts"),
    "times of a smooth": (inside_itself("SMOOTH N(1, #, 1, 3)", 90), "50 000 parts"),
    "trends in all": (
        "".join(inside_itself("TREND(#, 2, 0)", 5).replace("a =", f"a{k} =") for k in range(90)),
        "500 000 parts",
    ),
    "a macro that doubles": (doubling(40), "5 000 calls"),
    "macros inside each other": (doubling(3).replace("m0 = x", "m0 = m2(x)"), "calls itself"),
    "ranges made of ranges": ("".join(f"d{k}: d{k + 1} ~~|\n" for k in range(2000)), "contain each other"),
    "a long equation": ("a = " + "1" * 1_100_000 + " ~~|\n", "1 000 000 characters"),
    "equations": ("".join(f"a{k}=1~~|\n" for k in range(20_001)), "20 000 equations"),
    "open comments": ("a = " + "{" * 500_000 + " ~~|\n", "is not closed"),
    "open quotes": ('a = "' + "x" * 500_000 + " ~~|\n", "is not closed"),
    "blanks in a group": ("****" + " " * 400_000 + ".\n ~~|\n", "syntax error"),
    "blanks in a macro": (":MACRO: m" + " " * 400_000 + "~~|\n", "syntax error"),
    "blanks before a colon": ("d: p -> (" + " " * 300_000 + "e ~~|\n", "syntax error"),
    "digits and no number": ("a(" + "(" + "1" * 500_000 + " ~~|\n", "syntax error"),
}
"""Each with the time settings, which are left out."""

FINE: Mapping[str, tuple[str, float]] = {
    # name: (equations, value of a at the end)
    "a sum of 5000": ("b = 1 ~~|\na = " + " + ".join(["b", "2 - b"] * 2500) + " ~~|\n", 5000.0),
    "ranges doubled": (doubled_ranges(40), 1.0),
    "choices nested 100 deep": (nested(100), 2.0),
    "brackets nested 150 deep": ("a = " + "(1 + 2 * " * 150 + "0" + ")" * 150 + " ~~|\n", 2.0**150 - 1),
    "a tower of 150 powers": ("b = 1 ~~|\na = " + "b^" * 150 + "b ~~|\n", 1.0),
    "a delay time 100 deep": (
        "b = 1 ~~|\na = DELAY N(3, " + "MAX(b, " * 100 + "b" + ")" * 100 + ", 3, 2) ~~|\n",
        3.0,
    ),
    "delays inside each other": (inside_itself("DELAY1(#, 2)", 8).replace("Time", "3"), 3.0),
    "10 000 points": (
        "t(" + ",".join(f"({x},{x % 7})" for x in range(10_000)) + ") ~~|\na = t(Time) ~~|\n",
        4.0,
    ),
    "10 000 points in an equation": (
        "a = WITH LOOKUP(Time, (" + ",".join(f"({x},{x % 7})" for x in range(10_000)) + ")) ~~|\n",
        4.0,
    ),
}
"""What once failed or took minutes, and loads and runs."""

XMILE: Mapping[str, tuple[str, str]] = {
    "terms": ('<aux name="a"><eqn>' + "b+" * 50_000 + "b</eqn></aux>", "40 000 words and signs"),
    "remainders": (
        '<aux name="b"><eqn>TIME</eqn></aux><aux name="a"><eqn>' + "b mod " * 5000 + "b</eqn></aux>",
        "500 levels",
    ),
    "brackets": ('<aux name="a"><eqn>' + "(" * 300 + "1" + ")" * 300 + "</eqn></aux>", "200 levels"),
    "points": (
        '<gf name="a"><xscale min="0" max="1"/><ypts>' + "1," * 60_000 + "1</ypts></gf>",
        "50 000 points",
    ),
}
