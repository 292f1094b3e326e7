"""Plans to machine code, kept between processes.

Kept code is read with pickle inside JAX, so only bytes that the cache has verified ever come there.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
import os
import platform
import struct
import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np

from sim.cache import EXECUTABLES, code_digest
from sim.engine.limits import never_negative
from sim.engine.memory import check_states
from sim.engine.packing import Slot, layout
from sim.engine.planning import make_plan
from sim.engine.program import Integrator, Program, shape
from sim.engine.tangents import TangentProgram
from sim.engine.verifying import difference
from sim.errors import SimError
from sim.spec.depth import DEEP
from sim.spec.model import Model

__all__ = ["Executable", "Request", "compiled", "device_width", "processor", "versions"]

_START_OPTIONS: dict[str, Any] = {
    "xla_cpu_use_fusion_emitters": False,
    "xla_backend_optimization_level": 1,
    "xla_cpu_multi_thread_eigen": False,
}
"""The start runs once for each block: quick to compile is better than quick to run."""
_LOOP_OPTIONS: dict[str, Any] = {
    "xla_cpu_prefer_vector_width": 512,
    "xla_cpu_multi_thread_eigen": False,
    "xla_disable_hlo_passes": "while-loop-invariant-code-motion",
}
"""What stands still is hoisted by the plan already; XLA's own pass would only add kernels to compile.
Blocks run on threads of their own, so XLA's are off."""
_TANGENT_OPTIONS: dict[str, Any] = {
    **_START_OPTIONS,
    "xla_disable_hlo_passes": "while-loop-invariant-code-motion",
}
"""A program of derivatives is three times as long and seldom run: quick to compile is better here too."""

_PLAIN_OPTIONS: dict[str, Any] = {"xla_backend_optimization_level": 0, "xla_cpu_multi_thread_eigen": False}


@dataclass(frozen=True, slots=True)
class Request:
    """What an executable is made for; two runs with equal requests share it.

    ``tangents`` asks for the derivatives beside the values, see :class:`~sim.engine.tangents.TangentProgram`.
    """

    outputs: tuple[str, ...]
    overridden: tuple[str, ...]
    width: int
    slots: int
    integrator: Integrator
    dtype: str
    room: int = 0
    tangents: bool = False


@dataclass(frozen=True, slots=True)
class Description:
    """What a caller needs to know of an executable: inputs, outputs, how many values go between.

    Outputs, ``given`` and ``states`` count twice where each value has a tangent: first values, then tangents.
    ``never_negative`` has the places of the states that must not start below zero.
    """

    inputs: tuple[Slot, ...]
    still: tuple[str, ...]
    moving: tuple[str, ...]
    given: int
    states: int
    never_negative: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Executable:
    """Machine code for a block of lanes, and what goes in and out; see :class:`Program`."""

    request: Request
    description: Description
    start: Callable[..., Any]
    loop: Callable[..., Any]


@DEEP
def compiled(model: Model, request: Request) -> Executable:
    """Return the executable for a request, from the cache if it is there and good, else made now."""
    name = _name(model, request)
    found = _load(name, request)
    if found is None:
        found, payloads = _verified(model, request)
        if all(payloads):
            EXECUTABLES.write(name, _wrapped(found.description, payloads))
    return found


def _verified(model: Model, request: Request) -> tuple[Executable, tuple[bytes, bytes]]:
    """Compile, and compare with NumPy; where they differ, compile plainly, and refuse if that differs too."""
    made = _compile(model, request)
    problem = difference(model, made[0])
    if problem is None:
        return made
    plain = _compile(model, request, _PLAIN_OPTIONS, _PLAIN_OPTIONS)
    if difference(model, plain[0]) is None:
        text = f"The compiler optimised {model.name} wrongly: {problem}. It runs unoptimised, so slowly."
        warnings.warn(text, RuntimeWarning, stacklevel=2)
        return plain
    raise SimError(
        f"The compiled code of {model.name} does not agree with its equations: {problem}. Another version of "
        "jax may do better (sim doctor shows yours); SIM_SELF_CHECK=0 skips this check at your own risk."
    )


def device_width(width: int) -> int:
    """Return the lanes in a block, ``width`` on a processor; an accelerator needs many more to be busy."""
    return width if jax.default_backend() == "cpu" else 64 * width


def _compile(
    model: Model,
    request: Request,
    start_options: dict[str, Any] | None = None,
    loop_options: dict[str, Any] | None = None,
) -> tuple[Executable, tuple[bytes, bytes]]:
    plan = make_plan(model, request.outputs, request.overridden)
    usual = Program(plan, request.width, request.slots, request.integrator, request.dtype, request.room)
    program: Program | TangentProgram = TangentProgram(usual) if request.tangents else usual
    each = 2 if request.tangents else 1
    description = Description(
        tuple(layout(plan)), each * plan.computed_still, each * plan.moving, each * len(plan.hoisted),
        each * len(plan.states), never_negative(plan),
    )  # fmt: skip
    loop_options = loop_options or (_TANGENT_OPTIONS if request.tangents else _LOOP_OPTIONS)

    def start(rows: Any, times: Any) -> Any:
        return program.start(rows, times)

    def loop(given: Any, states: Any, times: Any, counts: Any) -> Any:
        return program.loop(given, states, times, counts)

    with jax.enable_x64(True), ThreadPoolExecutor(1) as pool:
        first = program.start_arguments()
        traced = jax.jit(start).trace(*first)
        _, given, states = traced.out_info
        kept = jax.tree.leaves((given, states))
        check_states(sum(math.prod(part.shape) * part.dtype.itemsize for part in kept))
        arguments = given, states, first[1], shape((2,), np.int32)
        waiting = pool.submit(_built, jax.jit(loop).lower(*arguments), _here(loop_options))
        start_code = _built(traced.lower(), _here(start_options or _START_OPTIONS))
        loop_code = waiting.result()
    executable = Executable(request, description, start_code, loop_code)
    return executable, (_payload(start_code), _payload(loop_code))


def _here(options: dict[str, Any]) -> dict[str, Any]:
    """Return options of the compiler; an accelerator does not know those of a processor."""
    return options if jax.default_backend() == "cpu" else {}


def _built(lowered: Any, options: dict[str, Any]) -> Any:
    try:
        return lowered.compile(compiler_options=options)
    except jax.errors.JaxRuntimeError:
        # Another XLA may not know these options; they only make it faster.
        return lowered.compile()


def _payload(code: Any) -> bytes:
    from jax.experimental import serialize_executable

    try:
        payload: bytes = serialize_executable.serialize(code)[0]
    except Exception:  # Not every backend can; then there is just nothing to keep.
        return b""
    return payload


def _load(name: str, request: Request) -> Executable | None:
    data = EXECUTABLES.read(name)
    if data is None:
        return None
    try:
        description, payloads = _unwrapped(data)
        return Executable(request, description, *_revived(payloads, description))
    except Exception:  # Whatever keeps code from being loaded means that it is made again.
        return None


def _revived(payloads: tuple[bytes, bytes], description: Description) -> tuple[Any, Any]:
    given, states = (0,) * description.given, (0,) * description.states
    still, moving = (0,) * len(description.still), (0,) * len(description.moving)
    start = _linked(payloads[0], (0, 0), (still, given, states))
    return start, _linked(payloads[1], (given, states, 0, 0), (moving, states))


def _linked(payload: bytes, inputs: Any, outputs: Any) -> Any:
    from jax.experimental.serialize_executable import deserialize_and_load

    tree = jax.tree.structure
    with jax.enable_x64(True):
        return deserialize_and_load(payload, tree((inputs, {})), tree(outputs))


def _wrapped(description: Description, payloads: tuple[bytes, bytes]) -> bytes:
    head = json.dumps(asdict(description), ensure_ascii=False).encode()
    return struct.pack("<QQ", len(head), len(payloads[0])) + head + payloads[0] + payloads[1]


def _unwrapped(body: bytes) -> tuple[Description, tuple[bytes, bytes]]:
    size, cut = struct.unpack_from("<QQ", body)
    head = json.loads(body[16 : 16 + size])
    inputs = tuple(Slot(item["name"], item["start"], tuple(item["shape"])) for item in head["inputs"])
    description = Description(
        inputs, tuple(head["still"]), tuple(head["moving"]), head["given"], head["states"],
        tuple(head["never_negative"]),
    )  # fmt: skip
    rest = body[16 + size :]
    return description, (rest[:cut], rest[cut:])


def _name(model: Model, request: Request) -> str:
    """Return the name of kept code: a digest of everything that shaped it."""
    # Code that nothing was compared with is kept for those who ask for such.
    compared = str(os.environ.get("SIM_SELF_CHECK") != "0")
    shaped = [*map(repr, asdict(request).items()), versions(), processor(), compared]
    parts = [model.hash, model.name, *shaped]
    return hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:40]


@functools.cache
def versions() -> str:
    """Name this package, JAX and NumPy: an executable is only good for the code that made it."""
    code = code_digest("engine", "spec", "translate")[:24]
    return f"sim {code}, jax {jax.__version__}, numpy {np.__version__}"


@functools.cache
def processor() -> str:
    """Name the backend, device and processor features: machine code of another one may crash."""
    device = jax.devices()[0].device_kind
    parts = [jax.default_backend(), device, platform.machine(), platform.system(), platform.processor()]
    return " ".join([*parts, _processor_flags()[:24]])


def _processor_flags() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith(("flags", "Features")):
                return hashlib.sha256(line.encode()).hexdigest()
    except OSError:
        pass
    return platform.version()
