"""References to model variables and their cells, such as ``capital elasticity[city, tertiary]``."""

from __future__ import annotations

from dataclasses import dataclass

from sim.errors import BadInput
from sim.spec.model import key

__all__ = ["Reference", "parse_reference"]


@dataclass(frozen=True)
class Reference:
    """A variable and, if given, one element or subrange for each of its dimensions."""

    name: str
    elements: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}[{', '.join(self.elements)}]" if self.elements else self.name

    @property
    def key(self) -> tuple[str, ...]:
        """What two spellings of the same reference have in common."""
        return (key(self.name), *map(key, self.elements))


def parse_reference(text: str) -> Reference:
    """Read ``name`` or ``name[element, element]``.

    Raises:
        BadInput: the brackets do not match, or a name is empty.
    """
    name, bracket, rest = text.strip().partition("[")
    inside = rest.strip()
    wrong = bracket and (not inside.endswith("]") or inside.count("]") > 1 or "[" in inside)
    elements = tuple(part.strip() for part in inside[:-1].split(",")) if bracket else ()
    if wrong or not name.strip() or "]" in name or not all(elements):
        raise BadInput(f"'{text}' is not a model variable. Write name or name[element, element].")
    return Reference(name.strip(), elements)
