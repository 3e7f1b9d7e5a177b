"""Errors this package raises on purpose.

Every one derives from :class:`SolweigError` and says which field is at fault, what was expected,
what was found and, where there is something to do about it, what to do.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

from solweig.renamed import also_named

P = ParamSpec("P")


class SolweigError(Exception):
    """Base of every error raised by this package.

    Parameters
    ----------
    message
        What went wrong, as it is shown.
    field
        What is at fault: a layer, a file, a parameter.
    expected, got
        What it should be, and what it is.
    hint
        What to do about it.

    Attributes
    ----------
    field, expected, got, hint
        As given; ``None`` where they do not apply.
    """

    def __init__(
        self,
        message: str = "",
        *,
        field: str | None = None,
        expected: Any = None,
        got: Any = None,
        hint: str | None = None,
    ) -> None:
        self.field = field
        self.expected = expected
        self.got = got
        self.hint = hint
        super().__init__(message)
        self.args = (message,)  # the initialiser of OSError, base of some subclasses, leaves them

    def __reduce__(self) -> tuple[Any, ...]:
        # The signatures of the subclasses differ, so pickling (worker processes send errors back)
        # rebuilds the object from its attributes instead of calling __init__ again.
        return (_rebuild, (type(self), self.args, self.__dict__.copy()))


def _rebuild(kind: type[SolweigError], args: tuple[Any, ...], state: dict[str, Any]) -> Any:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(state)
    return error


_UNSAID: Any = object()


def _describe(field: str, expected: Any, got: Any, hint: str | None) -> str:
    if expected is _UNSAID:
        text = field
    elif got is _UNSAID:
        text = f"{field}: {expected}"
    else:
        text = f"{field}: expected {expected}, got {got}."
    return f"{text} {hint}" if hint else text


class _FieldError(SolweigError, ValueError):
    """An error about one named field; a ``ValueError``, because the value is what is wrong.

    The message is made of the parts. Without ``got``, ``expected`` is the whole reason in words;
    without both, ``field`` is the message.

    Parameters
    ----------
    field
        What is at fault: a layer, a file, a parameter.
    expected, got
        What it should be, and what it is.
    hint
        What to do about it.
    """

    def __init__(
        self, field: str, expected: Any = _UNSAID, got: Any = _UNSAID, hint: str | None = None
    ) -> None:
        message = _describe(field, expected, got, hint)
        expected, got = (None if said is _UNSAID else said for said in (expected, got))
        super().__init__(message, field=field, expected=expected, got=got, hint=hint)

    @property
    def reason(self) -> str:
        """Why the value will not do, in words."""
        return str(self)


def _message_first(init: Callable[P, None]) -> Callable[P, None]:
    """Let an error be made of its whole message with ``field`` by name, as earlier scripts do."""

    @wraps(init)
    def call(*args: P.args, **said: P.kwargs) -> None:
        if len(args) > 1 and "field" in said:
            own, message, *rest = args
            init(own, *rest, message=message, **said)  # type: ignore[arg-type]
        else:
            init(*args, **said)

    return call


class InvalidSurfaceData(_FieldError):
    """A surface raster is unusable: what is wrong with which layer or file.

    Parameters
    ----------
    field, expected, got, hint
        As of every error about a field.
    message
        The whole message, instead of one made of these; earlier scripts say it first and ``field``
        by name.

    Examples
    --------
    >>> try:
    ...     solweig.SurfaceData(dsm=np.zeros(5))
    ... except solweig.InvalidSurfaceData as error:
    ...     print(error.field, "|", error.expected, "|", error.got)
    dsm | a 2-D array (rows, cols) | shape (5,)
    """

    @_message_first
    def __init__(
        self,
        field: str | None = None,
        expected: Any = _UNSAID,
        got: Any = _UNSAID,
        hint: str | None = None,
        *,
        message: str | None = None,
    ) -> None:
        if message is None:
            super().__init__(field or "", expected, got, hint)
            return
        wanted, found = (None if said is _UNSAID else said for said in (expected, got))
        SolweigError.__init__(self, message, field=field, expected=wanted, got=found, hint=hint)


class MissingRaster(InvalidSurfaceData, FileNotFoundError):
    """A raster file that does not exist; also caught as ``FileNotFoundError``."""

    def __new__(cls, *args: Any, **kwargs: Any) -> MissingRaster:
        # OSError would take the arguments for an error number and a file name.
        """Made as ``InvalidSurfaceData`` is, of the same arguments."""
        return FileNotFoundError.__new__(cls)


class GridShapeMismatch(InvalidSurfaceData):
    """Two rasters that must share a grid do not.

    Parameters
    ----------
    field
        Which raster.
    expected, got
        Usually ``(rows, cols)``; ``expected_shape`` and ``actual_shape`` are earlier names.
    hint
        What to do about it.
    """

    @also_named(expected_shape="expected", actual_shape="got")
    def __init__(
        self, field: str, expected: Any = _UNSAID, got: Any = _UNSAID, hint: str | None = None
    ) -> None:
        _FieldError.__init__(self, field, expected, got, hint)

    @property
    def expected_shape(self) -> Any:
        """Shape it should have, as ``expected``."""
        return self.expected

    @property
    def actual_shape(self) -> Any:
        """Shape it has, as ``got``."""
        return self.got


class WeatherDataError(_FieldError):
    """Weather is missing, out of range or out of order.

    Parameters
    ----------
    field, expected, got, hint
        As of every error about a field.
    value, reason
        What was found, and why it will not do: earlier names, without an ``expected``.
    """

    def __init__(
        self,
        field: str,
        expected: Any = _UNSAID,
        got: Any = _UNSAID,
        hint: str | None = None,
        *,
        value: Any = _UNSAID,
        reason: str | None = None,
    ) -> None:
        self._reason = reason
        if value is _UNSAID:
            why = reason if expected is _UNSAID and reason else expected
            super().__init__(field, why, got, hint)
            return
        message = f"{field}: got {value} ({reason})" if reason else f"{field}: got {value}"
        SolweigError.__init__(self, message, field=field, got=value, hint=hint)

    @property
    def value(self) -> Any:
        """What was found, as ``got``."""
        return self.got

    @property
    def reason(self) -> str:
        """Why the value will not do, in words."""
        return self._reason or str(self)


class MastDataError(_FieldError):
    """Measurements of a mast are missing, out of range, out of order, or do not fit the weather."""


class WeatherWarning(UserWarning):
    """Weather that was taken as it is, but hardly means what it says; see ``docs/checks.md``."""


class ConfigurationError(_FieldError):
    """A parameter is unknown, out of range or asks for something this release cannot do.

    Parameters
    ----------
    field, expected, got, hint
        As of every error about a field; ``parameter`` is an earlier name of ``field``, ``reason``
        of ``expected`` without ``got``.
    """

    @also_named(parameter="field", reason="expected")
    def __init__(
        self, field: str, expected: Any = _UNSAID, got: Any = _UNSAID, hint: str | None = None
    ) -> None:
        super().__init__(field, expected, got, hint)

    @property
    def reason(self) -> str:
        """Why the value will not do, in words."""
        return str(self.expected) if self.expected is not None and self.got is None else str(self)

    @property
    def parameter(self) -> str | None:
        """Its name, as ``field``."""
        return self.field


class MissingPrecomputedData(SolweigError):
    """Something that has to be prepared first is absent (wall rasters, sky view factors...).

    Parameters
    ----------
    what
        What is missing: a file, a folder, a quantity.
    hint
        How to make it; ``suggestion`` is an earlier name.

    Attributes
    ----------
    what
        As given; also ``field``.
    """

    @also_named(suggestion="hint")
    def __init__(self, what: str, hint: str | None = None) -> None:
        self.what = what
        message = f"{what}: expected prepared data, got none."
        if hint:
            message = f"{message} {hint}"
        super().__init__(message, field=what, expected="prepared data", got="none", hint=hint)

    @property
    def suggestion(self) -> str | None:
        """What to do about it, as ``hint``."""
        return self.hint


class MissingPackage(ConfigurationError, ImportError):
    """A package that is asked for is not installed; also caught as ``ImportError``."""


class MissingPreparedSurface(MissingPrecomputedData, FileNotFoundError):
    """A folder that holds no prepared surface; also caught as ``FileNotFoundError``."""

    def __new__(cls, *args: Any, **kwargs: Any) -> MissingPreparedSurface:
        # OSError would take the arguments for an error number and a file name.
        """Made as ``MissingPrecomputedData`` is, of the same arguments."""
        return FileNotFoundError.__new__(cls)


class StalePrecomputedData(_FieldError):
    """Prepared data on disk belong to other inputs or parameters than the ones given.

    Parameters
    ----------
    field, expected, got, hint
        As of every error about a field; ``what``, ``expected_shape`` and ``actual_shape`` are
        earlier names of the first three.
    cache_dir
        Folder of the data.

    Attributes
    ----------
    cache_dir
        As given.
    """

    @also_named(what="field", expected_shape="expected", actual_shape="got")
    def __init__(
        self,
        field: str,
        expected: Any = _UNSAID,
        got: Any = _UNSAID,
        hint: str | None = None,
        *,
        cache_dir: Any = None,
    ) -> None:
        self.cache_dir = cache_dir
        where = None if cache_dir is None else f"The data are in {cache_dir}."
        super().__init__(field, expected, got, " ".join(filter(None, (hint, where))) or None)

    @property
    def what(self) -> str | None:
        """What is out of date, as ``field``."""
        return self.field

    @property
    def expected_shape(self) -> Any:
        """What the run needs, as ``expected``."""
        return self.expected

    @property
    def actual_shape(self) -> Any:
        """What the data are of, as ``got``."""
        return self.got


class DiskFull(SolweigError, OSError):
    """A disk has no room for what is to be written; also caught as ``OSError``.

    Parameters
    ----------
    where
        File or folder that could not be written.
    free
        Bytes that are free there; ``None`` where it is not known.
    needed
        Bytes that are to be written, if they are known.
    """

    errno = errno.ENOSPC

    def __new__(
        cls, where: Any = None, free: int | None = None, needed: int | None = None
    ) -> DiskFull:
        # OSError would take the arguments for an error number and a file name.
        """Made of the arguments of the class."""
        return OSError.__new__(cls)

    def __init__(
        self, where: Any = None, free: int | None = None, needed: int | None = None
    ) -> None:
        there = "unknown" if free is None else _size(free)
        wanted = "" if needed is None else f", {_size(needed)} needed"
        message = (
            f"{where}: No space left on the disk ({there} free{wanted}). Make room, or choose "
            "another folder (output_dir=, --out; working_dir=, --cache)."
        )
        super().__init__(
            message, field=str(where), expected="room on the disk" + wanted, got=f"{there} free"
        )

    def __str__(self) -> str:
        return str(self.args[0])


def _size(count: int) -> str:
    """Bytes for people."""
    size, units = float(count), ["B", "KiB", "MiB", "GiB", "TiB"]
    while size >= 1024.0 and len(units) > 1:
        size, units = size / 1024.0, units[1:]
    return f"{size:.3g} {units[0]}"


class ComputationCancelled(SolweigError):
    """The run was stopped on request.

    Parameters
    ----------
    stage
        Where it was, in words.
    hint
        What to do about it.

    Attributes
    ----------
    stage
        As given.
    """

    def __init__(self, stage: str = "", hint: str | None = None) -> None:
        self.stage = stage
        message = f"cancelled during {stage}." if stage else "cancelled."
        if hint:
            message = f"{message} {hint}"
        super().__init__(message, hint=hint)
