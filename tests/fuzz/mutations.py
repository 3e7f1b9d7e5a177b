"""Damage to files: bytes, numbers, fields, lines, JSON values, members of archives.

Every function takes content and a seeded generator and gives changed content; the same seed gives
the same damage on every machine.
"""

from __future__ import annotations

import io
import json
import random
import re
import struct
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

__all__ = [
    "Mutation", "archived", "array_changed", "bytes_changed", "json_changed", "mutated",
    "text_changed",
]  # fmt: skip

Mutation = Callable[[bytes, random.Random], bytes]

_INTEGERS = (0, 1, 2, 7, 8, 255, 256, 32767, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1)
_WORDS = ("<B", "<H", "<I", "<Q", ">H", ">I", ">Q")
_REALS = (0.0, -0.0, 1.0, -1.0, 1e-300, 1e38, 1e300, float("inf"), float("-inf"), float("nan"))
_TEXTS = (
    "", "0", "-1", "1", "99999", "1e400", "-1e300", "nan", "inf", "-999", "9" * 30, "9" * 5000,
    "0x10", "1_000", "1,5", "٣", "\x00", "\ufeff", '"', "'", "\\", "é", "None", "true", "[]", "{}",
    " ", "\t", "a" * 3000, "2023-13-45", "9999-12-31", "0000-00-00", "12:61", "[" * 3000,
    "1e", "--5", "+-1", "%s", "../..", "/", "24", "60", "366", "-273.2", "1e-320", "🌞",
)  # fmt: skip
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**70, 10**400, 1.5, -1e308, float("nan"),
    float("inf"), "", "x", "1", "../../x", "9" * 5000, [], {}, [[]], [None], [1, 2, 3], {"a": 1},
    "a" * 3000,
)  # fmt: skip


def mutated(content: bytes, rng: random.Random, kinds: tuple[Mutation, ...]) -> bytes:
    """One to three mutations of some kinds, one after the other."""
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        content = rng.choice(kinds)(content, rng)
    return content


# ------------------------------------------------------------------ bytes


def bytes_changed(content: bytes, rng: random.Random) -> bytes:
    """Flipped, replaced, lost, repeated or foreign bytes, and integers and reals of odd values."""
    return rng.choice(_OF_BYTES)(bytearray(content), rng)


def _span(size: int, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(size + 1)
    length = rng.choice((1, 2, 4, 8, 64, size))
    return start, min(size, start + rng.randint(0, length))


def _flipped(content: bytearray, rng: random.Random) -> bytes:
    for _ in range(rng.choice((1, 1, 2, 8)) if content else 0):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return bytes(content)


def _noise(content: bytearray, rng: random.Random) -> bytes:
    start, end = _span(len(content), rng)
    content[start:end] = rng.randbytes(end - start)
    return bytes(content)


def _foreign(content: bytearray, rng: random.Random) -> bytes:
    start = rng.randrange(len(content) + 1)
    content[start:start] = rng.randbytes(rng.choice((1, 3, 100)))
    return bytes(content)


def _lost(content: bytearray, rng: random.Random) -> bytes:
    start, end = _span(len(content), rng)
    del content[start:end]
    return bytes(content)


def _cut_short(content: bytearray, rng: random.Random) -> bytes:
    return bytes(content[: rng.randrange(len(content) + 1)])


def _repeated(content: bytearray, rng: random.Random) -> bytes:
    start, end = _span(len(content), rng)
    content[end:end] = content[start:end]
    return bytes(content)


def _odd_integer(content: bytearray, rng: random.Random) -> bytes:
    form = rng.choice(_WORDS)
    size = struct.calcsize(form)
    if len(content) < size:
        return bytes(content)
    # Headers stand at one of the ends.
    last = len(content) - size
    place = rng.randint(*rng.choice(((0, last), (0, min(last, 400)), (max(0, last - 200), last))))
    content[place : place + size] = struct.pack(form, rng.choice(_INTEGERS) % 2 ** (8 * size))
    return bytes(content)


def _odd_real(content: bytearray, rng: random.Random) -> bytes:
    form = rng.choice(("<f", "<d"))
    size = struct.calcsize(form)
    if len(content) < size:
        return bytes(content)
    value = rng.choice(_REALS)
    packed = struct.pack(form, max(min(value, 3e38), -3e38) if abs(value) < 1e301 else value)
    place = rng.randint(0, len(content) - size)
    content[place : place + size] = packed
    return bytes(content)


_OF_BYTES = (
    _flipped, _noise, _foreign, _lost, _cut_short, _repeated, _odd_integer, _odd_integer, _odd_real,
)  # fmt: skip


# ------------------------------------------------------------------ text


def text_changed(content: bytes, rng: random.Random) -> bytes:
    """Odd numbers and fields, lost, repeated, swapped and ragged lines, other separators."""
    text = content.decode("latin-1")
    return rng.choice(_OF_TEXT)(text, rng).encode("utf-8", "replace")


def _odd_token(text: str, rng: random.Random, pattern: str) -> str:
    found = list(re.finditer(pattern, text))
    if not found:
        return text
    token = rng.choice(found)
    return text[: token.start()] + rng.choice(_TEXTS) + text[token.end() :]


def _odd_number(text: str, rng: random.Random) -> str:
    return _odd_token(text, rng, r"-?\d+(?:\.\d+)?")


def _odd_field(text: str, rng: random.Random) -> str:
    return _odd_token(text, rng, r"[^,;\s]+")


def _odd_column(text: str, rng: random.Random) -> str:
    """The same odd text in one field of every line."""
    place, odd = rng.randrange(24), rng.choice(_TEXTS)
    lines = []
    for line in text.split("\n"):
        parts = re.split(r"([,;\s]+)", line)
        if len(parts) > 2 * place:
            parts[2 * place] = odd
        lines.append("".join(parts))
    return "\n".join(lines)


def _lines_changed(text: str, rng: random.Random) -> str:
    lines = text.split("\n")
    one, two = rng.randrange(len(lines)), rng.randrange(len(lines))
    how = rng.randrange(5)
    if how == 0:
        del lines[one]
    elif how == 1:
        lines.insert(one, lines[two])
    elif how == 2:
        lines[one], lines[two] = lines[two], lines[one]
    elif how == 3:
        lines[one] = lines[one] * rng.choice((2, 50))
    else:
        lines = lines[: one + 1]
    return "\n".join(lines)


def _separators(text: str, rng: random.Random) -> str:
    old, new = rng.choice((",;", ";,", "\n\r", " \t", "\t ", " ,", ", ", ".,", ",|"))
    return text.replace(old, new, rng.choice((1, 3, -1)))


def _odd_case(text: str, rng: random.Random) -> str:
    return rng.choice((str.upper, str.lower, str.title, str.strip))(text)


_OF_TEXT = (
    _odd_number, _odd_number, _odd_number, _odd_field, _odd_column, _lines_changed, _separators,
    _odd_case,
)  # fmt: skip


# ------------------------------------------------------------------ JSON


def json_changed(content: bytes, rng: random.Random) -> bytes:
    """An odd value, a lost or a strange key somewhere in a JSON document."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return bytes_changed(content, rng)
    places = list(_places(document))
    if not places:
        return json.dumps(rng.choice(_VALUES)).encode()
    holder, key = rng.choice(places)
    how = rng.randrange(5)
    if how == 0:
        del holder[key]
    elif how == 1 and isinstance(holder, dict):
        holder[rng.choice(("", "x", "name", "0", "a" * 300))] = holder.pop(key)
    elif how == 2 and isinstance(holder[key], (int, float)):
        holder[key] = holder[key] * rng.choice((-1, 0, 2, 1000, 1e30))
    else:
        holder[key] = rng.choice(_VALUES)
    return json.dumps(document).encode()


def _places(node: Any) -> Any:
    if isinstance(node, dict):
        for key, value in node.items():
            yield node, key
            yield from _places(value)
    elif isinstance(node, list):
        for i, value in enumerate(node):
            yield node, i
            yield from _places(value)


# ------------------------------------------------------------------ archives


def archived(*kinds: Mutation) -> Mutation:
    """Damage inside a zip archive, whose checksums are right again."""

    def changed(content: bytes, rng: random.Random) -> bytes:
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                members = {name: archive.read(name) for name in archive.namelist()}
        except Exception:  # damaged by the mutation before
            return bytes_changed(content, rng)
        return _zipped(_members_changed(members, rng, kinds), rng)

    return changed


def _members_changed(
    members: dict[str, bytes], rng: random.Random, kinds: tuple[Mutation, ...]
) -> dict[str, bytes]:
    names = list(members)
    if not names:
        return members
    name, other = rng.choice(names), rng.choice(names)
    how = rng.randrange(8)
    if how == 0:
        del members[name]
    elif how == 1:
        members[rng.choice(("x.npy", "a/b", "../" + name, name + "x"))] = members.pop(name)
    elif how == 2:
        members[name], members[other] = members[other], members[name]
    else:
        members[name] = rng.choice(kinds)(members[name], rng)
    return members


def _zipped(members: Mapping[str, bytes], rng: random.Random) -> bytes:
    target = io.BytesIO()
    method = rng.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2))
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in members.items():
            # A date of its own would differ from run to run.
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return target.getvalue()


def array_changed(content: bytes, rng: random.Random) -> bytes:
    """Another shape, type or order in the header of a ``.npy`` file."""
    end = content.find(b"\n")
    if not content.startswith(b"\x93NUMPY") or end < 0:
        return bytes_changed(content, rng)
    header = content[10:end].decode("latin-1")
    shape = rng.choice(
        ("()", "(0,)", "(3,)", "(-1, 4)", "(4, 4)", "(4, 4, 0)", "(100000, 100000)", "(4, 4, 153)",
         "(9999999999999999999,)", "(2147483648, 2147483648, 2147483648)", "(True, 4)", "'x'")
    )  # fmt: skip
    kind = rng.choice(
        ("'<f8'", "'>f4'", "'|u1'", "'|b1'", "'<M8[s]'", "'|O'", "'<U9'", "'|S0'", "'<c16'",
         "'<f2'", "[('a', '<f4')]", "'x'", "'|V4'", "'<i8'")
    )  # fmt: skip
    how = rng.randrange(4)
    if how == 0:
        header = re.sub(r"'shape': \([^)]*\)", f"'shape': {shape}", header)
    elif how == 1:
        header = re.sub(r"'descr': '[^']*'", f"'descr': {kind}", header)
    elif how == 2:
        header = header.replace("False", rng.choice(("True", "None", "2")))
    else:
        header = text_changed(header.encode(), rng).decode("latin-1")
    encoded = header.encode("latin-1", "replace")
    return content[:8] + struct.pack("<H", (len(encoded) + 1) % 65536) + encoded + content[end:]
