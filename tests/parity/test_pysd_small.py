"""Small models that together use every function, against PySD."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

CONTROL = """
INITIAL TIME = 0 ~ year ~ |
FINAL TIME = {final} ~ year ~ |
TIME STEP = 0.125 ~ year ~ |
SAVEPER = 0.25 ~ year ~ |
"""

SUBSCRIPTS = """{UTF-8}
region: city, rest ~ ~ |
sector: farm, mine, shop, hotel ~ ~ |
market sector: shop, hotel ~ ~ |
steady sector: farm, mine ~ ~ |
outer: farm, hotel ~ ~ |
other <-> sector ~ ~ |
kind: one, two -> region ~ ~ |
"""

MODELS = {
    "scalar": """{UTF-8}
        stock = INTEG(inflow - outflow, start) ~ ~ |
        start = 3 ~ ~ |
        inflow = 2 + SIN(Time) + STEP(1, 3) - STEP(2, 5.05) ~ ~ |
        outflow = stock / 4 ~ ~ |
        powers = stock ^ 2 + stock ^ 0.5 - stock ^ -1 + 2 ^ stock + stock ^ 1.7 ~ ~ |
        negative = -stock ^ 2 ~ ~ |
        whole = INTEGER(stock * 3) + MODULO(stock * 7, 3) + QUANTUM(stock, 0.25) ~ ~ |
        chosen = IF THEN ELSE((stock > 4 :AND: Time < 8) :OR: (:NOT: (stock <> 3)), stock, -stock) ~ ~ |
        comparison = (stock >= 4) + (stock <= 5) * 2 ~ ~ |
        extremes = MAX(stock, 4) + MIN(stock, 4) + ABS(stock - 5) ~ ~ |
        transcendental = EXP(-stock / 5) + LN(stock) + SQRT(stock) + COS(stock) + TAN(stock / 10) ~ ~ |
        inverse = ARCTAN(stock) + ARCSIN(1 / stock) + ARCCOS(1 / stock) + LOG(stock, 10) ~ ~ |
        hyperbolic = SINH(stock / 9) + COSH(stock / 9) + TANH(stock / 9) + POWER(stock, 1.3) ~ ~ |
        climb = RAMP(0.5, 2, 6) ~ ~ |
        bump = PULSE(2, 1) + PULSE TRAIN(1, 0.5, 2, 8.5) ~ ~ |
        safe = ZIDZ(stock, INTEGER(Time / 4)) + XIDZ(stock, INTEGER(Time / 4), 9) ~ ~ |
        held = INITIAL(outflow * 2) ~ ~ |
        left to right = 100 / stock / 2 * 3 - 1 - 2 + 3 ~ ~ |
        right to left = 2 ^ 1.5 ^ 2 ~ ~ |
    """,
    "delays": """{UTF-8}
        input = 10 + STEP(5, 1) + SIN(Time) ~ ~ |
        span = 2 + Time / 10 ~ ~ |
        a = SMOOTH(input, span) ~ ~ |
        b = SMOOTHI(input, 3, 4) ~ ~ |
        c = SMOOTH3(input, span) ~ ~ |
        d = SMOOTH3I(input, 3, 4) ~ ~ |
        e = DELAY1(input, span) ~ ~ |
        f = DELAY1I(input, 3, 4) ~ ~ |
        g = DELAY3(input, span) ~ ~ |
        h = DELAY3I(input, 3, 4) ~ ~ |
        inside = 1 + 2 * SMOOTH(input + SMOOTHI(input, 2, 1), 3) / DELAY1(span, 2) ~ ~ |
        nested = INTEG(SMOOTH(input, 2) - nested / 5, INITIAL(input) * 2) ~ ~ |
    """,
    "lookups": """{UTF-8}
        x = Time - 2 ~ ~ |
        curve([(0,0)-(10,10)], (0, 1), (1, 3), (2, 2), (5, 6)) ~ ~ |
        named = curve(x) + 2 * curve(x / 3) ~ ~ |
        inline = WITH LOOKUP(x, ([(0,0)-(10,10)], (-1, 0), (0.5, 2), (4, -1))) ~ ~ |
        grown = INTEG(curve(grown), 0.5) ~ ~ |
    """,
    "arrays": SUBSCRIPTS
    + """
        k0[region, sector] = 1, 2, 3, 4; 5, 6, 7, 8 ~ ~ |
        rate[sector] = 0.05, 0.06, 0.07, 0.08 ~ ~ |
        size[region] = 3, 7 ~ ~ |
        size of kind[kind] = 2, 5 ~ ~ |
        capital[region, sector] = INTEG(investment[region, sector] - rate[sector] * capital[region, sector],
            k0[region, sector]) ~ ~ |
        investment[region, market sector] = 0.1 * output[region, market sector] ~ ~ |
        investment[region, farm] = 0.05 * output[region, farm] ^ 0.7 ~ ~ |
        investment[city, mine] = 0.02 * capital[rest, mine] ~ ~ |
        investment[rest, mine] = 0.01 * capital[city, mine] ~ ~ |
        output[region, sector] = 0.3 * capital[region, sector] * SMOOTH(share[region, sector], 2) ~ ~ |
        share[region, sector] = capital[region, sector] / total[region] ~ ~ |
        total[region] = SUM(capital[region, sector!]) ~ ~ |
        grand total = SUM(capital[region!, sector!]) ~ ~ |
        market total[region] = SUM(capital[region, market sector!]) ~ ~ |
        extremes[region] = VMAX(capital[region, sector!]) - VMIN(capital[region, sector!]) ~ ~ |
        product[sector] = PROD(capital[region!, sector]) ~ ~ |
        across[sector] = SUM(capital[region!, sector] * size[region!]) / SUM(size[region!]) ~ ~ |
        except one[sector] :EXCEPT: [farm] = rate[sector] * 2 + Time ~ ~ |
        except one[farm] = 7 ~ ~ |
        except two[region, sector] :EXCEPT: [city, market sector], [rest, farm] =
            capital[region, sector] ~ ~ |
        except two[city, market sector] = -1 ~ ~ |
        except two[rest, farm] = -2 * Time ~ ~ |
        flows[sector, other] = capital[city, sector] * rate[other] ~ ~ |
        leaving[sector] = SUM(flows[sector, other!]) ~ ~ |
        arriving[sector] = SUM(flows[other!, sector]) ~ ~ |
        apart[outer] = capital[city, outer] * 2 ~ ~ |
        mapped[region] = SUM(capital[region, sector!]) * 2 ~ ~ |
        delayed[region, sector] = DELAY3(capital[region, sector], 4) ~ ~ |
        one for all[region, sector] = size[region] + Time ~ ~ |
        by effect[region] = effect[region](total[region]) ~ ~ |
        effect[city]((0, 0), (12, 1), (15, 9)) ~ ~ |
        effect[rest]((0, 3), (40, 1)) ~ ~ |
        held[region] = INITIAL(total[region] * 2) ~ ~ |
        big[region] = IF THEN ELSE(total[region] > 20, total[region], 0) ~ ~ |
    """,
}


@pytest.mark.parametrize("name", list(MODELS))
def test_every_variable_equals_pysd(name: str, tmp_path: Path, compare: Callable[..., None]) -> None:
    path = tmp_path / f"{name}.mdl"
    path.write_text(MODELS[name] + CONTROL.format(final=10), encoding="utf-8")
    compare(path, tolerance=1e-12)
