"""A worker process of the pool: reads length-prefixed JSON jobs, answers `{"equal": bool}` or `{"error": …}`.

Started as `python -P worker.py MEMORY_MB`, so it imports nothing of this package; it holds no weights
and serves no pages. Trees are built into sympy objects by constructors; LaTeX our reader does not know goes through
latex2sympy, whose grammar is fixed. Before the first job an audit hook shuts what neither needs: starting programs,
writing files, sockets, running source text.
"""

import json
import os
import resource
import struct
import sys
from typing import Any

_FORBIDDEN = (
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "subprocess.",
    "socket.",
    "ctypes.",
    "pty.",
    "shutil.",
)
_FORBIDDEN_FILES = (
    "os.remove",
    "os.rename",
    "os.mkdir",
    "os.rmdir",
    "os.link",
    "os.symlink",
    "os.truncate",
    "os.chmod",
)
CPU_SECONDS_EACH = 30


def _guard(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse what model text must never reach. An audit hook cannot be removed again."""
    if event.startswith(_FORBIDDEN) or event in _FORBIDDEN_FILES:
        raise PermissionError(event)
    if event == "open":
        mode, flags = arguments[1], arguments[2]
        if (mode and set(str(mode)) & set("wax+")) or (
            isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        ):
            raise PermissionError("open for writing")
    if event == "compile" and arguments[1] in ("<string>", "<stdin>"):
        raise PermissionError("source text")


def build(tree: list[Any]) -> Any:
    """The sympy object of a tree that came as JSON. Unknowns are real and positive where that decides a root."""
    import sympy

    kind = tree[0]
    if kind == "num":
        return sympy.Rational(tree[1])
    if kind == "sym":
        known = {"pi": sympy.pi, "e": sympy.E, "i": sympy.I, "infty": sympy.oo}
        return known[tree[1]] if tree[1] in known else sympy.Symbol(tree[1], positive=True)
    if kind == "fn":
        name, parts = tree[1], [build(t) for t in tree[2:]]
        if name in ("log10", "lg"):
            return sympy.log(parts[0], 10)
        names = {"ln": "log", "abs": "Abs", "max": "Max", "min": "Min", "sgn": "sign"}
        return getattr(sympy, names.get(name, name))(*parts)
    parts = [build(t) for t in tree[1:]]
    if kind == "add":
        return sympy.Add(*parts)
    if kind == "mul":
        return sympy.Mul(*parts)
    if kind == "div":
        return parts[0] / parts[1]
    if kind == "neg":
        return -parts[0]
    if kind == "pow":
        return sympy.Pow(parts[0], parts[1])
    if kind == "root":
        if parts[0].is_negative and parts[1].is_odd:
            return -sympy.root(-parts[0], parts[1])
        return sympy.root(parts[0], parts[1])
    if kind == "pct":
        return parts[0] / 100
    return parts[0] * sympy.pi / 180


def trees_equal(gold: list[Any], answer: list[Any]) -> bool:
    """Whether two trees are one value: sympy proves it, or 60 digits at three points show no difference."""
    import sympy

    sides = build(gold), build(answer)
    difference = sides[0] - sides[1]
    if difference == 0:
        return True
    unknowns = sorted(difference.free_symbols, key=str)
    for point in range(3 if unknowns else 1):
        places = {s: sympy.Rational(101 + 37 * i + 61 * point, 89 + 14 * i) for i, s in enumerate(unknowns)}
        value = difference.subs(places).evalf(60, maxn=200)
        size = abs(sides[0].subs(places).evalf(60, maxn=200))
        if not value.is_number or not size.is_number or abs(value) > size * sympy.Float("1e-40"):
            break
    else:
        return True
    return bool(sympy.simplify(difference) == 0)


def texts_equal(gold: str, answer: str) -> bool:
    """math-verify's comparison of two LaTeX texts; its own signal-based time limits are off, ours is the pool's."""
    from math_verify import LatexExtractionConfig, parse, verify

    configs = [LatexExtractionConfig()]
    one, two = (
        parse(f"${text}$", configs, fallback_mode="no_fallback", parsing_timeout=None, raise_on_error=False)
        for text in (gold, answer)
    )
    if not one or not two:
        return False
    one, two = ([_worked_out(p) for p in side] for side in (one, two))
    return bool(one[0] == two[0] or verify(one, two, timeout_seconds=None, raise_on_error=False))


def _worked_out(parsed: Any) -> Any:
    """The number a sum, product, integral or limit without unknowns comes to; anything else as it is."""
    import sympy

    waiting = (sympy.Sum, sympy.Product, sympy.Integral, sympy.Limit)
    return (
        parsed.doit() if isinstance(parsed, sympy.Expr) and parsed.has(*waiting) and not parsed.free_symbols else parsed
    )


def _number(reader: Any, text: str) -> Any:
    """A number as latex2sympy reads it, by constructor."""
    import sympy

    text = text.replace(",", "")
    return sympy.Integer(int(text)) if text.isdigit() else sympy.Float(text)


def _answer(job: dict[str, Any]) -> dict[str, Any]:
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = int(used.ru_utime + used.ru_stime) + CPU_SECONDS_EACH
    resource.setrlimit(resource.RLIMIT_CPU, (limit, resource.RLIM_INFINITY))
    try:
        if job["gold_tree"] is not None and job["answer_tree"] is not None:
            return {"equal": trees_equal(job["gold_tree"], job["answer_tree"])}
        return {"equal": texts_equal(job["gold"], job["answer"])}
    except MemoryError:
        return {"error": "memory"}
    except Exception as error:  # whatever a library raises on odd input is this pair's result, not the worker's end
        return {"error": type(error).__name__}


def main() -> None:
    """Serve jobs until standard input closes."""
    memory = int(sys.argv[1]) << 20
    source, sink = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not mix with the answers
    import math_verify  # noqa: F401
    from latex2sympy2_extended.latex2sympy2 import _Latex2Sympy

    _Latex2Sympy.parse_number = _number  # its own takes digits for source text
    warm = ["add", ["fn", "sin", ["sym", "x"]], ["root", ["num", "2"], ["num", "2"]]]
    trees_equal(warm, ["mul", warm, ["num", "2"]])
    texts_equal("\\frac{1}{2}", "\\int_0^1 x dx")
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    sys.addaudithook(_guard)
    _send(sink, {"ready": True})
    while header := source.read(4):
        (size,) = struct.unpack("<I", header)
        _send(sink, _answer(json.loads(source.read(size))))


def _send(sink: Any, message: dict[str, Any]) -> None:
    data = json.dumps(message).encode()
    sink.write(struct.pack("<I", len(data)) + data)
    sink.flush()


if __name__ == "__main__":
    main()
