"""Configuration files that are written, dry runs, JSON, log files, completion."""

from __future__ import annotations

import inspect
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from solweig.allowed import CHOICES, NIGHT_RULES, OUTPUT_NAMES, validate_outputs
from solweig.cli.app import COMMANDS, app
from solweig.cli.choices import choices_of
from solweig.cli.config import commented_toml, json_schema, settings_of
from solweig.cli.lazy_group import load_function
from solweig.config import ModelConfig
from solweig.errors import ConfigurationError
from tests.cli.test_app import arguments, invoke, plain, site

__all__ = ["site"]

WITH_FILE = ("run", "prepare", "build", "validate")


@pytest.mark.parametrize("command", WITH_FILE)
def test_a_written_file_says_every_flag(command: str) -> None:
    settings = settings_of(command)
    text = commented_toml(command, settings)
    function = load_function(command, COMMANDS[command])
    flags = [n.replace("_", "-") for n in inspect.signature(function).parameters if n != "config"]
    assert sorted(s.key for s in settings) == sorted(flags)
    said = tomllib.loads(text)
    assert list(said) == [s.key for s in settings if s.required]
    lines = text.splitlines()
    bare = [
        line.removeprefix("# ") if " = " in line and line[2:3] != " " else line for line in lines
    ]
    keys = [line.partition(" = ")[0] for line in bare if line.partition(" = ")[0] in flags]
    assert sorted(keys) == sorted(flags)
    everything = tomllib.loads("\n".join(x for x in bare if x.partition(" = ")[0] in flags))
    for setting in settings:
        value = everything[setting.key]
        assert isinstance(value, list) == setting.multiple, setting.key
        if setting.kind == "number":
            assert isinstance(value[0] if setting.multiple else value, float)


@pytest.mark.parametrize("command", WITH_FILE)
def test_the_schema_describes_every_key(command: str) -> None:
    settings = settings_of(command)
    schema = json_schema(command, settings)
    assert list(schema["properties"]) == [s.key for s in settings]
    assert schema["additionalProperties"] is False
    assert all(entry["description"] for entry in schema["properties"].values())
    json.dumps(schema)


def test_the_schema_knows_kinds_and_bounds() -> None:
    known = json_schema("run", settings_of("run"))["properties"]
    assert known["trunk-ratio"] == {
        "description": "Trunk height over canopy height.", "default": 0.25, "type": "number",
    }  # fmt: skip
    option = known["patch-option"]
    assert (option["type"], option["minimum"], option["maximum"]) == ("integer", 1, 4)
    assert known["resume"]["type"] == "boolean"
    assert known["dsm"]["type"] == "string"
    assert {"type": "object", "additionalProperties": {"type": ["string", "number"]}} in known[
        "fill"
    ]["anyOf"]


def _schema(command: str) -> Draft202012Validator:
    schema = json_schema(command, settings_of(command))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize("command", WITH_FILE)
def test_the_schema_knows_the_words_that_options_take(command: str) -> None:
    schema, choices = _schema(command), choices_of(command)
    for key in {s.key for s in settings_of(command)} & choices.keys():
        words = choices[key].words
        assert len(words) > 1, key
        for word in words:
            assert schema.is_valid({key: word}), (key, word)
        for other in ("no-such-word", f"{words[0]}x", "", True, [["x"]]):
            assert not schema.is_valid({key: other}), (key, other)
        both, mixed = ",".join(words), f"{words[0]}, no-such-word"
        assert schema.is_valid({key: both}) is choices[key].several, key
        assert not schema.is_valid({key: mixed}), key
        if choices[key].several:
            assert schema.is_valid({key: f"{words[0]} , {words[-1]}"}), key
            assert schema.is_valid({key: list(words)}), key
            assert not schema.is_valid({key: [words[0], "no-such-word"]}), key


def test_every_choice_belongs_to_an_option() -> None:
    # Of the model some are no options.
    for key in choices_of("build").keys() - {name.replace("_", "-") for name in CHOICES}:
        assert any(key in {s.key for s in settings_of(command)} for command in WITH_FILE), key


@pytest.mark.parametrize("name", sorted({*CHOICES, "night_clearness"} - {"pet_wind"}))
def test_the_schema_and_the_model_take_the_same_words(name: str) -> None:
    schema, key = _schema("run"), name.replace("_", "-")
    known = {word for words in CHOICES.values() for word in words if word is not None}
    for word in {*known, *NIGHT_RULES, "no-such-word"}:
        more = {"roughness_m": 0.1} if (name, word) == ("wind_profile", "log") else {}
        try:
            ModelConfig(**{name: word}, **more)
        except ConfigurationError:
            taken = False
        else:
            taken = True
        assert schema.is_valid({key: word}) is taken, word


def test_the_schema_and_the_run_take_the_same_outputs() -> None:
    schema = _schema("run")
    for name in OUTPUT_NAMES:
        assert validate_outputs([name])
        assert schema.is_valid({"outputs": f"tmrt,{name}"})
    with pytest.raises(ConfigurationError):
        validate_outputs(["no-such-word"])


def test_the_schema_takes_numbers_beside_words() -> None:
    schema = _schema("run")
    for value in (0, 0.4, 1, "0.4", "1"):
        assert schema.is_valid({"night-clearness": value}), value
        assert ModelConfig(night_clearness=value).night_clearness == float(value)
    for value in (1.5, -0.1, "1.5", "cloudy"):
        assert not schema.is_valid({"night-clearness": value}), value
    assert schema.is_valid({"pet-variant": 2018})
    assert not schema.is_valid({"pet-variant": 2019})
    assert schema.is_valid({"alternative": ["night_memory=on", "facet_radiance=off"]})
    assert not schema.is_valid({"alternative": ["night_memory=maybe"]})


def test_a_written_file_is_what_its_schema_has() -> None:
    for command in WITH_FILE:
        settings = settings_of(command)
        said = tomllib.loads(commented_toml(command, settings))
        assert not list(_schema(command).iter_errors(said))
        defaults = {s.key: s.default for s in settings if isinstance(s.default, str)}
        assert not list(_schema(command).iter_errors(defaults))


def test_a_written_file_runs(site: Path) -> None:
    """Taken as it is, with the paths filled in."""
    file = site / "run.toml"
    assert invoke(["config", "init", str(file)]).exit_code == 0
    text = file.read_text("utf-8")
    for old, new in (
        ('dsm = "dsm.tif"', f'dsm = "{site / "dsm.tif"}"'),
        ('out = "out/"', f'out = "{site / "out"}"'),
        ('# met = [""]', f'met = ["{site / "met.txt"}"]'),
        ("# utc-offset = 1.0", "utc-offset = 1.0"),
    ):
        assert old in text
        text = text.replace(old, new)
    file.write_text(text, "utf-8")
    done = invoke(["run", "--config", str(file), "--dry-run"])
    assert done.exit_code == 0, done.stderr
    assert "3 steps" in plain(done.stdout)


def test_a_file_is_not_replaced_unasked(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    file.write_text("mine = 1\n")
    refused = invoke(["config", "init", str(file)])
    assert refused.exit_code == 2
    assert "--overwrite" in plain(refused.stderr)
    assert file.read_text() == "mine = 1\n"
    assert invoke(["config", "init", str(file), "--overwrite"]).exit_code == 0
    assert "dsm" in tomllib.loads(file.read_text("utf-8"))


def test_a_dry_run_computes_and_writes_nothing(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: Any, **__: Any) -> None:
        raise AssertionError("a dry run computed")

    monkeypatch.setattr("solweig.cli.run.calculate", never)
    monkeypatch.setattr("solweig.surface.sky_view.compute_sky_view", never, raising=False)
    before = sorted(p.name for p in site.iterdir())
    done = invoke(arguments(site, "--dry-run", "--outputs", "tmrt,utci"))
    assert done.exit_code == 0, done.stderr
    said = plain(done.stdout)
    for part in ("3 steps, 3 by day", "tmrt, utci", "memory", "disk", "nothing was computed"):
        assert part in said
    assert sorted(p.name for p in site.iterdir()) == before


def test_a_dry_run_refuses_what_the_run_would(site: Path) -> None:
    refused = invoke(arguments(site, "--dry-run", "--formulation", "mine"))
    assert refused.exit_code == 2
    assert "formulation" in plain(refused.stderr)


@pytest.mark.engine
def test_json_of_plan_and_info() -> None:
    planned = invoke(["plan", "--shape", "1000x2000", "--json", "--accelerator", "cpu"])
    found = json.loads(planned.stdout)
    assert found["place"]["shape"] == [1000, 2000]
    assert found["steps_s"] > 0
    told = json.loads(invoke(["info", "--json"]).stdout)
    assert told["solweig"]
    assert told["chosen"]
    assert all(adapter["self_test"] for adapter in told["adapters"])


def test_json_of_a_comparison(site: Path) -> None:
    for name in ("a", "b"):
        run = arguments(site)
        run[run.index(str(site / "out"))] = str(site / name)
        assert invoke(run).exit_code == 0
    found = json.loads(invoke(["compare", str(site / "a"), str(site / "b"), "--json"]).stdout)
    assert found["differences"][0]["mean"] == 0.0
    assert found["apart"] == []


def test_a_log_file_keeps_what_was_said(site: Path, tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    done = invoke(["--log-file", str(log), *arguments(site, "--formulation", "mine")])
    assert done.exit_code == 2
    assert "formulation" in log.read_text("utf-8")
    assert " ERROR " in log.read_text("utf-8")
    assert invoke(["--log-file", str(log), *arguments(site)]).exit_code == 0
    text = log.read_text("utf-8")
    assert " INFO " in text
    assert text.count("ERROR") == 1
    # What is not asked for on the console stays off it.
    assert "INFO" not in done.stderr
    refused = invoke(["--log-file", str(tmp_path / "none" / "x.log"), "info"])
    assert refused.exit_code == 2
    assert "--log-file" in plain(refused.stderr)


@pytest.mark.parametrize(("typed", "expected"), [("ru", "run"), ("run --formul", "--formulation")])
def test_completion(typed: str, expected: str) -> None:
    words = f"solweig {typed}"
    done = subprocess.run(
        [str(Path(sys.executable).parent / "solweig")],
        env=os.environ
        | {
            "_SOLWEIG_COMPLETE": "complete_bash",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split()) - 1),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert expected in done.stdout.split()


def test_the_app_offers_completion() -> None:
    assert "--install-completion" in CliRunner().invoke(app, ["--help"]).stdout
