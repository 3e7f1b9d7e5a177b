"""How messages name arguments."""

from __future__ import annotations

import logging
import warnings
from typing import Any

import pytest
import typer

from solweig.cli.app import app
from solweig.messages import argument, heard, told_once, warn_once, warn_user


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("stamp", "start", "stamp='start' (--stamp start)"),
        ("utc_offset", 5.5, "utc_offset=5.5 (--utc-offset 5.5)"),
        ("utc_offset", 2.0, "utc_offset=2 (--utc-offset 2)"),
        ("timestep_minutes", None, "timestep_minutes= (--timestep-minutes)"),
        ("fill", {"ws": "VALUE"}, "fill={'ws': VALUE} (--fill ws=VALUE)"),
        ("fill", "interpolate", "fill='interpolate' (--fill interpolate)"),
        ("columns", None, "columns="),
    ],
)
def test_arguments_in_python_and_on_the_command_line(name: str, value: Any, text: str) -> None:
    assert argument(name, value) == text


def test_the_flags_that_messages_name_exist() -> None:
    group: Any = typer.main.get_command(app)
    command = group.get_command(None, "run")
    flags = {flag for option in command.params for flag in option.opts}
    for name in (
        "stamp", "utc_offset", "longitude", "latitude", "timestep_minutes", "fill", "start", "end",
        "hours", "year", "beam", "leaf_on", "leaf_off",
    ):  # fmt: skip
        assert argument(name).split("(")[1].rstrip(")") in flags


def test_what_is_said_is_heard_once_whatever_is_silenced() -> None:
    log = logging.getLogger("solweig.some.module")
    with warnings.catch_warnings(), heard() as said:
        warnings.simplefilter("ignore")
        warn_user("place: far away")
        log.warning("PET: %d", 3)
        log.info("nothing to worry about")
        with heard() as inner:
            warn_user("place: far away")
            warn_user("night light: much")
        assert inner is said
    assert said == ["place: far away", "PET: 3", "night light: much"]
    log.warning("later")
    with heard() as other:
        pass
    assert other == []
    assert said[-1] == "night light: much"


def test_what_runs_share_is_told_once_and_heard_by_each(caplog: pytest.LogCaptureFixture) -> None:
    log = logging.getLogger("solweig.some.module")
    lists = []
    with told_once():
        for _ in range(2):
            with told_once(), heard() as said:
                warn_once(log, "100 % of it is flat")
            lists.append(said)
    assert caplog.messages == ["100 % of it is flat"]
    assert lists == [["100 % of it is flat"]] * 2
    warn_once(log, "100 % of it is flat")
    warn_once(log, "100 % of it is flat")
    assert len(caplog.messages) == 3
