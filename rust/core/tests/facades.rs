//! Walls by height: what they see, what warms them, and that nothing depends on threads or windows.

use solweig_core::facades::conduction::Material;
use solweig_core::facades::standard::StandardWalls;
use solweig_core::facades::{Facades, Ground, Place};
use solweig_core::grid::{Grid, Window};
use solweig_core::params::Params;
use solweig_core::rays::Reach;
use solweig_core::terrain::{CanopyBase, SceneInput, Terrain};
use solweig_core::walls::{WallCell, wall_aspect, wall_cells, wall_height};
use solweig_core::weather::{ASPECTS, WallWarmth, Weather};

const GRID: Grid = Grid {
    rows: 60,
    cols: 60,
    pixel_size: 1.0,
};
const BRICK: Material = Material {
    conductivity: 0.84,
    capacity: 800.0 * 1700.0,
    thickness: 0.1,
    albedo: 0.2,
    emissivity: 0.9,
};

/// A street of 8 m between two rows of houses 10 m high, from north to south; trees in a part of it.
fn dsm() -> Vec<f32> {
    (0..GRID.len())
        .map(|i| {
            let (row, col) = (i / GRID.cols, i % GRID.cols);
            let house = (14..22).contains(&col) || (30..38).contains(&col);
            if house && (5..55).contains(&row) {
                10.0
            } else {
                0.0
            }
        })
        .collect()
}

fn terrain(dsm: &[f32], canopy: Option<&[f32]>) -> Terrain {
    Terrain::new(&SceneInput {
        grid: GRID,
        dsm,
        dem: None,
        canopy,
        trunk: None,
        transmissivity: None,
        trunk_ratio: 0.25,
        relative_bush: false,
        canopy_base: CanopyBase::Ground,
    })
}

fn walls() -> Vec<WallCell> {
    let dsm = dsm();
    let height = wall_height(GRID, &dsm, 1.0);
    let aspect = wall_aspect(GRID, &dsm, &height, true);
    wall_cells(&height, &aspect)
}

fn place<'a>(terrain: &'a Terrain, reach: &'a Reach) -> Place<'a> {
    Place {
        terrain,
        window: Window::whole(terrain.grid),
        reach,
    }
}

fn facades(place: Place<'_>, walls: Vec<WallCell>) -> Facades {
    let count = walls.len();
    let (ground, kinds) = (vec![Ground::default(); count], vec![0; count]);
    Facades::new(place, walls, ground, kinds, vec![BRICK], 1.0, 20.0)
}

/// A step of an hour; `altitude` below 0 is night.
fn weather(altitude: f64, azimuth: f64) -> Weather {
    let day = altitude > 0.0;
    Weather {
        ta: 20.0,
        rh: 50.0,
        pressure_kpa: 101.3,
        wind: 1.0,
        global: if day { 700.0 } else { 0.0 },
        direct: if day { 700.0 } else { 0.0 },
        diffuse: if day { 120.0 } else { 0.0 },
        longwave_down: f64::NAN,
        day_of_year: 180.0,
        clock_fraction: if day { 0.5 } else { 0.0 },
        altitude,
        azimuth,
        suns: None,
        altitude_max: 55.0,
        latitude: 57.7,
        step_days: 1.0 / 24.0,
        leaf_on: true,
        night_clearness: 1.0,
        water_temperature: f64::NAN,
        hours: 1.0,
        walls: None,
    }
}

/// A wall by its cell, and its pieces.
fn at(facades: &Facades, row: usize, col: usize) -> std::ops::Range<usize> {
    let index = u32::try_from(row * GRID.cols + col).unwrap();
    let k = (facades.walls().iter()).position(|w| w.index == index);
    let k = k.expect("a wall stands there");
    let heights = facades.heights();
    let first: usize = heights[..k].iter().map(|&n| n as usize).sum();
    first..first + heights[k] as usize
}

/// Steps of a wall over a day, temperatures of all pieces by step.
fn run(facades: &mut Facades, place: Place<'_>, steps: &[Weather]) -> Vec<Vec<f32>> {
    let params = Params::default();
    let mut standard = StandardWalls::new(steps[0].ta);
    let step = |weather: &Weather| {
        let warmth = standard.step(weather, &params, &BRICK);
        facades.step(place, &params, weather, &warmth)
    };
    steps.iter().map(step).collect()
}

fn day() -> Vec<Weather> {
    let hour = |h: usize| {
        let altitude = 55.0 * ((h as f64 - 4.0) / 16.0 * std::f64::consts::PI).sin();
        weather(altitude, 15.0 * h as f64)
    };
    (0..24).map(hour).collect()
}

#[test]
fn views_are_half_of_everything_and_open_upwards() {
    let (reach, terrain) = (Reach::default(), terrain(&dsm(), None));
    let facades = facades(place(&terrain, &reach), walls());
    for view in facades.views() {
        let above = view.sky + view.foliage + view.walls;
        assert!((above - 0.5).abs() < 1e-5, "{view:?}");
    }
    // Outwards nothing stands; in the street the top sees more of the sky than the foot.
    let open = &facades.views()[at(&facades, 30, 13)];
    assert!(open.iter().all(|v| v.sky > 0.499), "{open:?}");
    let street = &facades.views()[at(&facades, 30, 22)];
    assert!(street.windows(2).all(|w| w[0].sky <= w[1].sky));
    assert!(street[0].sky < 0.25 && street[9].sky > 0.45, "{street:?}");
    // Halfway up between walls of 10 m, 9 m apart from cell to wall: ½(1 − sin arctan(4.5/8.5)).
    let halfway = 0.5 * (1.0 - (4.5_f32 / 8.5).atan().sin());
    assert!((street[5].sky - halfway).abs() < 0.05, "{}", street[5].sky);
}

#[test]
fn a_wall_turned_away_gains_nothing_from_the_beam() {
    let (reach, terrain) = (Reach::default(), terrain(&dsm(), None));
    let place = place(&terrain, &reach);
    // The sun in the east: walls that look west have what they had under the same diffuse light.
    let sunny = weather(40.0, 90.0);
    let mut facades = facades(place, walls());
    let (params, warmth) = (
        Params {
            wall_albedo: 0.0,
            ..Params::default()
        },
        WallWarmth {
            lit: [20.0; ASPECTS],
            shaded: [20.0; ASPECTS],
        },
    );
    let mut dull = sunny;
    dull.direct = 0.0;
    let start = facades.slabs.clone();
    let lit = facades.step(place, &params, &sunny, &warmth);
    facades.slabs = start;
    let grey = facades.step(place, &params, &dull, &warmth);
    let (east, west) = (at(&facades, 30, 38), at(&facades, 30, 13));
    for piece in east {
        assert!(lit[piece] > grey[piece] + 5.0);
    }
    // Its foot lies in the shadow of its own house; the reflection of the global light is left out.
    for piece in west {
        assert!(
            (lit[piece] - grey[piece]).abs() < 1e-3,
            "{} {}",
            lit[piece],
            grey[piece]
        );
    }
}

#[test]
fn light_climbs_down_a_wall_in_the_street_and_nights_cool() {
    let (reach, terrain) = (Reach::default(), terrain(&dsm(), None));
    let place = place(&terrain, &reach);
    let mut facades = facades(place, walls());
    let found = run(&mut facades, place, &day());
    let street = at(&facades, 30, 22);
    // In the early morning only the top of the wall that looks east has sun.
    let morning: Vec<f32> = found[6][street.clone()].to_vec();
    assert!(morning[9] > morning[0] + 2.0, "{morning:?}");
    for hours in found[21..].windows(2) {
        for piece in street.clone() {
            assert!(hours[1][piece] < hours[0][piece]);
        }
    }
    assert!(found.iter().flatten().all(|t| t.is_finite()));
}

#[test]
fn leaves_shade_and_hide_the_sky() {
    let mut canopy = vec![0.0; GRID.len()];
    for row in 20..40 {
        for col in 40..46 {
            canopy[row * GRID.cols + col] = 9.0;
        }
    }
    let reach = Reach::default();
    let (bare, leafy) = (terrain(&dsm(), None), terrain(&dsm(), Some(&canopy)));
    let (mut open, mut behind) = (
        facades(place(&bare, &reach), walls()),
        facades(place(&leafy, &reach), walls()),
    );
    let east = at(&open, 30, 38);
    for piece in east.start..east.start + 3 {
        let (open, behind) = (open.views()[piece], behind.views()[piece]);
        assert!(behind.foliage > 0.1 && behind.sky < open.sky - 0.1);
    }
    let steps = [weather(30.0, 90.0)];
    let lit = run(&mut open, place(&bare, &reach), &steps);
    let shaded = run(&mut behind, place(&leafy, &reach), &steps);
    assert!(shaded[0][east.start + 1] < lit[0][east.start + 1] - 3.0);
}

#[test]
fn threads_do_not_matter() {
    let (reach, terrain) = (Reach::default(), terrain(&dsm(), None));
    let place = place(&terrain, &reach);
    let steps = &day()[5..9];
    let all = [1, 2, 7].map(|threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| {
            let mut facades = facades(place, walls());
            let found = run(&mut facades, place, steps);
            (found, facades.slabs)
        })
    });
    assert!(all[1..].iter().all(|other| *other == all[0]));
}

#[test]
fn standard_walls_warm_in_the_sun_and_meet_at_night() {
    let params = Params::default();
    let mut walls = StandardWalls::new(20.0);
    // All that are in the shade are alike, whatever they look at.
    let range = |t: &[f64]| {
        let low = t.iter().copied().fold(f64::INFINITY, f64::min);
        t.iter().copied().fold(f64::NEG_INFINITY, f64::max) - low
    };
    let mut ranges = Vec::new();
    for weather in day().iter().chain(&day()).chain(&day()[..4]) {
        let warmth = walls.step(weather, &params, &BRICK);
        for (lit, shaded) in warmth.lit.iter().zip(warmth.shaded) {
            assert!(*lit >= shaded - 1e-9, "{lit} {shaded}");
        }
        assert!(range(&warmth.shaded) < 2.0, "{:?}", warmth.shaded);
        ranges.push(range(&warmth.lit));
    }
    // In the night those that had sun cool towards the others.
    assert!(ranges[44..].windows(2).all(|w| w[1] < w[0]), "{ranges:?}");
    assert!(ranges[51] < 0.35 * ranges[44], "{ranges:?}");
}

#[test]
fn between_aspects_temperatures_are_between() {
    let mut warmth = WallWarmth {
        lit: [0.0; ASPECTS],
        shaded: [1.0; ASPECTS],
    };
    warmth.lit[0] = 10.0;
    assert_eq!(warmth.at(0.0), [10.0, 1.0]);
    assert_eq!(warmth.at(360.0), [10.0, 1.0]);
    assert_eq!(warmth.at(355.0)[0], 5.0);
    assert_eq!(warmth.at(-5.0)[0], 5.0);
    assert_eq!(warmth.at(182.0)[0], 0.0);
}
