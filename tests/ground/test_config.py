"""Configuration, person, parameter files, switches."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from solweig import Settings, params, switches
from solweig.config import ModelConfig
from solweig.errors import ConfigurationError
from solweig.human import HumanParams


def test_human_defaults() -> None:
    human = HumanParams()
    assert human.to_dict() == {
        "posture": "standing",
        "abs_k": 0.7,
        "abs_l": 0.97,
        "age": 35,
        "weight": 75,
        "height": 1.75,
        "sex": 1,
        "activity": 80,
        "clothing": 0.9,
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("posture", "lying"),
        ("abs_k", 0.0),
        ("abs_l", 1.2),
        ("age", -1),
        ("weight", float("nan")),
        ("height", 180),
        ("sex", "Male"),
        ("sex", True),
        ("activity", -5),
        ("clothing", 0),
        ("clothing", None),
    ],
)
def test_human_rejects(field: str, value: object) -> None:
    with pytest.raises(ConfigurationError) as caught:
        HumanParams(**{field: value})  # type: ignore[arg-type]
    assert caught.value.field == field


def test_height_in_centimetres_is_explained() -> None:
    with pytest.raises(ConfigurationError, match="metres"):
        HumanParams(height=175)


def every_field_changed() -> ModelConfig:
    return ModelConfig(
        use_anisotropic_sky=False,
        human=HumanParams(posture="sitting", abs_l=0.95, sex=2),
        outputs=["utci", "pet"],
        physics=params.load_physics(),
        materials=params.load_materials(),
        max_shadow_distance_m=250.0,
        tile_size=512,
        use_ground_scheme=False,
        use_outgoing_longwave=False,
        conifer=True,
        wall_material="walls",
        formulation="improved",
        body="box",
        beam="horizontal",
        wind_height_m=2.0,
        pet_wind="10m",
        wind_profile="log",
        roughness_m=0.1,
        utci_wind_floor=True,
        stamp="start",
        ground_clock="legal",
        night_clearness="clear",
        height_bound_m=30.0,
        no_land_cover_tstart=3.41,
        sun_substeps=2,
        sky_emissivity="brunt",
        sky_emissivity_offset=-0.04,
        walls="heated",
        longwave="measured",
        split="dirint",
        alternatives={"night_memory": False},
        leaf_on=100,
        leaf_off="10-01",
        heat_thresholds_day=[30.0],
        heat_thresholds_night=[],
        utci_range="clip",
        pet_variant="2018",
        shade_at_night=True,
    )


def test_a_variant_of_pet_may_be_the_number_of_its_year() -> None:
    assert ModelConfig(pet_variant=2018).pet_variant == "2018"  # type: ignore[arg-type]


def test_clearness_of_the_night_may_be_a_number_in_text() -> None:
    assert ModelConfig(night_clearness="0.4").night_clearness == 0.4
    assert ModelConfig(night_clearness=1).night_clearness == 1.0
    assert ModelConfig().night_clearness == "offerle"


def test_a_threshold_named_twice_counts_once() -> None:
    assert ModelConfig(heat_thresholds_day=[32, 38, 32.0]).heat_thresholds_day == [32.0, 38.0]


def test_thresholds_of_a_run_reach_as_far_as_those_of_its_results() -> None:
    assert ModelConfig(heat_thresholds_day=[-60, 120]).heat_thresholds_day == [-60.0, 120.0]


def test_config_round_trips_every_field(tmp_path: Path) -> None:
    config = every_field_changed()
    default = ModelConfig()
    unchanged = [
        name
        for name in vars(default)
        if getattr(config, name) == getattr(default, name) and name not in _IGNORED
    ]
    assert unchanged == []
    config.save(tmp_path / "config.json")
    assert ModelConfig.load(tmp_path / "config.json") == config
    assert [p.name for p in tmp_path.iterdir()] == ["config.json"]


_IGNORED = {"tile_workers", "tile_queue_depth", "prefetch_tiles"}


def test_defaults_match_the_public_interface() -> None:
    config = ModelConfig.defaults()
    assert config.outputs == ["tmrt"]
    assert config.use_anisotropic_sky is True
    assert config.max_shadow_distance_m == 1000
    assert ModelConfig.from_json() == ModelConfig(human=HumanParams())


def test_ignored_fields_warn() -> None:
    with pytest.warns(UserWarning, match="tile_workers.*ignored"):
        ModelConfig(tile_workers=4)


@pytest.mark.parametrize(
    "values",
    [
        {"outputs": ["tmrt", "albedo"]},
        {"max_shadow_distance_m": 0},
        {"max_shadow_distance_m": "far"},
        {"tile_size": 0},
        {"formulation": "best"},
        {"use_ground_scheme": True},
        {"use_outgoing_longwave": True},
        {"heat_thresholds_day": ["hot"]},
        {"heat_thresholds_night": [float("nan")]},
        {"heat_thresholds_night": [-61.0]},
        {"heat_thresholds_day": [121.0]},
        {"wind_height_m": 0},
        {"utci_range": "cut"},
        {"utci_wind_floor": True, "utci_range": "nan"},
        {"pet_variant": "1987"},
        {"night_clearness": "cloudy"},
        {"night_clearness": 1.5},
        {"night_clearness": float("nan")},
        {"night_clearness": True},
        {"night_clearness": None},
        {"height_bound_m": -1.0},
        {"no_land_cover_tstart": "warm"},
        {"human": {"mass": 70}},
    ],
)
def test_config_rejects(values: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ModelConfig(**values)  # type: ignore[arg-type]
    assert caught.value.field == next(iter(values))


def test_unknown_key_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "c.json"
    path.write_text(json.dumps({"outputs": ["tmrt"], "colour": 1}))
    with pytest.raises(ConfigurationError, match="'colour'"):
        ModelConfig.load(path)


def test_bad_files(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        ModelConfig.load(tmp_path / "absent.json")
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    with pytest.raises(ConfigurationError, match="JSON"):
        ModelConfig.load(broken)
    with pytest.raises(ConfigurationError, match="JSON"):
        params.load_params(broken)
    broken.write_text("[1]")
    with pytest.raises(ConfigurationError, match="list"):
        ModelConfig.load(broken)


def test_settings_order_argument_config_default() -> None:
    config = ModelConfig(use_anisotropic_sky=False, max_shadow_distance_m=300)
    assert Settings.resolve().use_anisotropic_sky is True
    assert Settings.resolve().max_shadow_distance_m == 1000
    assert Settings.resolve(config=config).use_anisotropic_sky is False
    assert Settings.resolve(config=config, use_anisotropic_sky=True).use_anisotropic_sky is True
    assert Settings.resolve(config=config, max_shadow_distance_m=50).max_shadow_distance_m == 50
    assert Settings.resolve(config=config).max_shadow_distance_m == 300


def test_settings_person() -> None:
    umep = params.load_params()
    umep.Tmrt_params.Value.absL = 0.95
    umep.PET_settings.Value.Sex = "Female"
    umep.PET_settings.Value.Height = 180
    resolved = Settings.resolve(physics=umep).human
    assert (resolved.abs_l, resolved.sex, resolved.height) == (0.95, 2, 1.8)
    assert Settings.resolve(physics=umep, human=HumanParams(abs_l=0.9)).human.abs_l == 0.9
    assert Settings.resolve().human == HumanParams()


@pytest.mark.parametrize("name", ["use_ground_scheme", "use_outgoing_longwave"])
def test_absent_schemes_are_refused_when_asked_for(name: str) -> None:
    with pytest.raises(ConfigurationError, match="not in this release"):
        Settings.resolve(**{name: True})  # type: ignore[arg-type]
    Settings.resolve(**{name: False})  # type: ignore[arg-type]


def test_wall_material() -> None:
    assert Settings.resolve(wall_material="walls").wall_material == "Walls"
    assert Settings.resolve(wall_material="Brick").wall_material == "Brick_wall"
    assert 100 not in params.land_cover_table()
    with pytest.raises(ConfigurationError, match="Brick_wall"):
        Settings.resolve(wall_material="marble")
    own = params.load_materials()
    for section, value in (("Ts_deg", 0.5), ("Tstart", -4.0), ("TmaxLST", 14.0)):
        getattr(own, section).Value.Brick_wall = value
    assert Settings.resolve(wall_material="brick", materials=own).wall_material == "Brick_wall"
    assert params.land_cover_table(own)[100]["ts_deg"] == 0.5


def test_shipped_table_is_the_specifications(shared: Path) -> None:
    lines = (shared / "spec" / "landcover_defaults.csv").read_text().splitlines()
    rows = csv.reader(line for line in lines if not line.startswith("#"))
    next(rows)
    expected = {
        int(row[0]): {
            "albedo": float(row[2]),
            "emissivity": float(row[4]),
            "ts_deg": float(row[5]),
            "tstart": float(row[6]),
            "tmaxlst": float(row[7]),
        }
        for row in rows
        if row[5]
    }
    assert params.land_cover_table() == expected


def test_site_files_are_read(shared: Path) -> None:
    path = shared / "data" / "gvc" / "parametersforsolweig_GVC.json"
    config = ModelConfig.from_json(path)
    assert config.human is not None
    assert config.human.abs_l == 0.95
    assert config.human.height == 1.8
    assert params.land_cover_table(config.materials) == params.land_cover_table()


def test_parameter_file_of_trees_only(tmp_path: Path) -> None:
    path = tmp_path / "trees.json"
    path.write_text(json.dumps({"Tree_settings": {"Value": {"Transmissivity": 0.1}}}))
    config = ModelConfig.from_json(path)
    assert config.materials is None
    assert config.human is None
    assert params.tree_settings(config.physics)["transmissivity"] == 0.1
    assert params.tree_settings(config.physics)["trunk_ratio"] == 0.25


def test_physics_and_materials() -> None:
    physics = params.load_physics()
    assert not hasattr(physics, "Albedo")
    assert params.tree_settings() == {
        "transmissivity": 0.03,
        "trunk_ratio": 0.25,
        "first_day_leaf": 97.0,
        "last_day_leaf": 300.0,
    }
    physics.Tree_settings.Value.Transmissivity = 1.5
    with pytest.raises(ConfigurationError, match="Transmissivity"):
        params.tree_settings(physics)
    with pytest.raises(ConfigurationError, match="Names"):
        params.land_cover_table(SimpleNamespace())
    with pytest.raises(FileNotFoundError):
        params.load_materials("absent.json")


def test_materials_say_nothing_of_the_person() -> None:
    """UMEP's files hold a person, too, often another one (absL 0.95)."""
    materials = params.load_materials()
    materials.Tmrt_params.Value.absL = 0.95
    assert params.human_from_params(materials) != HumanParams()
    assert Settings.resolve(materials=materials).human == HumanParams()
    physics = params.load_params()
    physics.Tmrt_params.Value.absK = 0.6
    assert Settings.resolve(physics=physics, materials=materials).human.abs_k == 0.6


def test_material_values_out_of_range(tmp_path: Path) -> None:
    values = params.namespace_to_plain(params.load_params())
    values["Emissivity"]["Value"]["Water"] = 98
    path = tmp_path / "m.json"
    path.write_text(json.dumps(values))
    with pytest.raises(ConfigurationError, match="emissivity of Water"):
        params.load_materials(path)


@pytest.mark.parametrize(
    ("section", "values"),
    [
        ("Albedo", 3), ("Names", None), ("Names", {"Value": {"x": "Grass"}}),
        ("Tree_settings", []), ("Tree_settings", {"Value": {"Transmissivity": "much"}}),
        ("Tree_settings", {"Value": {"Transmissivity": 10**400}}),
        ("Wind_Height", {"Value": {}}), ("Wind_Height", {"Value": {"magl": [10]}}),
    ],
)  # fmt: skip
def test_sections_of_parameter_files_that_are_none(
    tmp_path: Path, section: str, values: object
) -> None:
    whole = params.namespace_to_dict(params.load_params())
    path = tmp_path / "umep.json"
    path.write_text(json.dumps({**whole, section: values}))
    found = params.load_params(path)
    kinds = {"Tree_settings": params.tree_settings, "Wind_Height": params.wind_height}
    with pytest.raises(ConfigurationError):
        kinds.get(section, params.land_cover_table)(found)


def test_json_nested_deeper_than_python_reads(tmp_path: Path) -> None:
    path = tmp_path / "deep.json"
    path.write_text("[" * 100_000)
    with pytest.raises(ConfigurationError, match="too deeply"):
        ModelConfig.load(path)


def test_outputs_that_are_no_names() -> None:
    with pytest.raises(ConfigurationError, match="outputs"):
        ModelConfig(outputs=True)  # type: ignore[arg-type]


def test_switches_read_the_environment() -> None:
    read = switches.read({})
    assert (read.ram_fraction, read.gpu_headroom) == (0.5, 0.8)
    assert read.gpu_budget_bytes == 3 * 2**30
    assert read.async_output is True
    assert read.max_tile_side is None
    changed = switches.read(
        {"SOLWEIG_RAM_FRACTION": "0.25", "SOLWEIG_ASYNC_OUTPUT": "0", "RAYON_NUM_THREADS": "2"}
    )
    assert (changed.ram_fraction, changed.async_output, changed.threads) == (0.25, False, 2)


@pytest.mark.parametrize("text", ["lots", "0", "1.5", "nan"])
def test_switches_reject_nonsense(text: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        switches.read({"SOLWEIG_RAM_FRACTION": text})
    assert caught.value.field == "SOLWEIG_RAM_FRACTION"


def test_gpu_switch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(switches, "GPU_ENABLED", True)
    switches.disable_gpu()
    assert switches.read({}).gpu is False
    switches.enable_gpu()
    assert switches.read({}).gpu is True


def test_choice_order() -> None:
    assert switches.choose("explicit", "switch", "automatic") == "explicit"
    assert switches.choose(None, "switch", "automatic") == "switch"
    assert switches.choose(None, None, "automatic") == "automatic"
    assert switches.choose(False, True, True) is False


def test_what_is_said_beats_a_configuration_that_says_otherwise() -> None:
    """Also where it reads like the default."""
    config = ModelConfig(conifer=True, formulation="improved")
    assert Settings.resolve(config=config).formulation == "improved"
    assert Settings.resolve(config=config, formulation="reference").formulation == "reference"
    assert Settings.resolve(config=config, conifer=False).conifer is False
    assert Settings.resolve(config=config).conifer is True


@pytest.mark.parametrize("size", [3.5, True, 0, -4, "128"])
def test_sides_of_tiles_are_whole_numbers(size: object) -> None:
    for make in (ModelConfig, Settings.resolve):
        with pytest.raises(ConfigurationError, match=r"tile_size.*whole number"):
            make(tile_size=size)
