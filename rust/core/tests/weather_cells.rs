//! Radiation by coarse weather cells: what a cell of the raster receives from the skies around it.

mod town;

use solweig_core::air::Air;
use solweig_core::carried::Carried;
use solweig_core::fields::{FIELDS, Field};
use solweig_core::params::{BodyShape, Formulation, Params};
use solweig_core::patches::PatchOption;
use solweig_core::timestep::{Request, StepOutput, step};
use solweig_core::weather::Weather;
use solweig_core::weather_cells::{CellRadiation, WeatherCells, WeatherGrid};
use town::{GRID, Town, engine, weather};

const ROWS: [usize; 3] = [40, 130, 220];
const COLS: [usize; 2] = [30, 110];

/// Weather cells whose centres are those of some cells of the raster; `cloud` is how much of the
/// global radiation each lets through.
fn cells(cloud: [f64; 6], step: &Weather) -> WeatherCells {
    let grid = WeatherGrid {
        shape: [3, 2],
        origin: [ROWS[0] as f64 + 0.5, COLS[0] as f64 + 0.5],
        pitch: [90.0, 80.0],
        first: [0, 0],
    };
    let radiation = cloud.map(|share| CellRadiation {
        global: share * step.global,
        direct: f64::NAN,
        diffuse: f64::NAN,
        longwave_down: f64::NAN,
    });
    WeatherCells::new(grid, radiation.to_vec()).unwrap()
}

const CLOUDS: [f64; 6] = [1.0, 0.4, 0.75, 0.9, 0.15, 0.6];

fn wanted() -> Vec<Field> {
    let fields = FIELDS.iter().map(|&(field, _)| field);
    fields.filter(|f| !matches!(f, Field::Pet)).collect()
}

fn run(town: &Town, weather: &Weather, sky: Option<&WeatherCells>, points: &[usize]) -> StepOutput {
    let fields = wanted();
    let request = Request {
        fields: &fields,
        points,
        count: false,
    };
    let air = Air {
        sky,
        ..Air::OF_THE_STEP
    };
    let state = &mut Carried::default();
    step(&engine(), &town.run(), state, weather, air, request).unwrap()
}

fn towns() -> Vec<Town> {
    let with = |anisotropic: bool, body: BodyShape, formulation: Formulation| {
        let params = Params {
            anisotropic,
            body,
            formulation,
            ..Params::default()
        };
        Town::new(params, PatchOption::P145)
    };
    vec![
        with(true, BodyShape::Cylinder, Formulation::REFERENCE),
        with(true, BodyShape::Box, Formulation::IMPROVED),
        with(false, BodyShape::Cylinder, Formulation::REFERENCE),
    ]
}

/// Fluxes and temperatures agree to what single precision leaves of sums in another order.
fn close(a: f32, b: f32, name: &str) {
    let bound = 2e-5 * a.abs().max(b.abs()).max(20.0);
    assert!(
        (a - b).abs() <= bound || (a.is_nan() && b.is_nan()),
        "{name}: {a} and {b}"
    );
}

#[test]
fn equal_skies_are_one_sky() {
    for town in towns() {
        for hour in [9.0, 22.0] {
            let weather = weather(hour);
            let alone = run(&town, &weather, None, &[]);
            let same = run(&town, &weather, Some(&cells([1.0; 6], &weather)), &[]);
            for ((field, a), b) in wanted().iter().zip(&alone.fields).zip(&same.fields) {
                a.iter()
                    .zip(b)
                    .for_each(|(&a, &b)| close(a, b, field.name()));
            }
        }
    }
}

/// The outermost weather cells hold beyond their centres, so all that such a place sees is theirs.
#[test]
fn beyond_the_centres_a_weather_cell_is_alone() {
    for town in towns() {
        let weather = weather(10.0);
        let sky = cells(CLOUDS, &weather);
        let blended = run(&town, &weather, Some(&sky), &[]);
        for (index, row, col) in [(0, 9, 3), (1, 12, 135), (4, 263, 4), (5, 260, 133)] {
            let alone = run(&town, &sky.weather(index, &weather), None, &[]);
            let cell = row * GRID.cols + col;
            for ((field, a), b) in wanted().iter().zip(&alone.fields).zip(&blended.fields) {
                assert!(!a[cell].is_nan(), "{} {index}", field.name());
                close(a[cell], b[cell], field.name());
            }
        }
    }
}

#[test]
fn between_centres_it_is_their_mean() {
    let town = &towns()[0];
    let weather = weather(13.0);
    let sky = cells(CLOUDS, &weather);
    let blended = run(town, &weather, Some(&sky), &[]);
    let corners: Vec<StepOutput> = [0, 1, 2, 3]
        .map(|index| run(town, &sky.weather(index, &weather), None, &[]))
        .into();
    let cell = (ROWS[0] + 45) * GRID.cols + COLS[0] + 40;
    for name in [
        Field::Kdown,
        Field::Kup,
        Field::Drad,
        Field::Kside,
        Field::Ldown,
        Field::Lside,
    ] {
        let at = wanted().iter().position(|&f| f == name).unwrap();
        let mean = corners.iter().map(|out| out.fields[at][cell]).sum::<f32>() / 4.0;
        let own = blended.fields[at][cell];
        assert!(
            (mean - own).abs() < 0.1,
            "{}: {mean} and {own}",
            name.name()
        );
        let spread = corners[0].fields[at][cell] - corners[1].fields[at][cell];
        assert!(
            spread.abs() > 1.0 || name == Field::Ldown,
            "{}: {spread}",
            name.name()
        );
    }
}

#[test]
fn points_are_the_rasters() {
    for town in towns() {
        let weather = weather(10.0);
        let points = [0, 77, 5000, 20_111, GRID.len() - 1];
        let out = run(&town, &weather, Some(&cells(CLOUDS, &weather)), &points);
        for (field, raster) in wanted().iter().zip(&out.fields) {
            for (k, &cell) in points.iter().enumerate() {
                let at_point = out.points[*field as usize][k];
                assert_eq!(
                    raster[cell].to_bits(),
                    at_point.to_bits(),
                    "{}",
                    field.name()
                );
            }
        }
    }
}

#[test]
fn threads_change_nothing() {
    let town = &towns()[1];
    let weather = weather(10.0);
    let with = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let sky = cells(CLOUDS, &weather);
        let work = || run(town, &weather, Some(&sky), &[]).fields;
        let fields = pool.build().unwrap().install(work);
        fields
            .concat()
            .iter()
            .map(|x| x.to_bits())
            .collect::<Vec<_>>()
    };
    assert!(with(1) == with(3));
}

#[test]
fn longwave_alone_matters_at_night() {
    let town = &towns()[0];
    let weather = weather(23.0);
    let grid = WeatherGrid {
        shape: [1, 2],
        origin: [0.5, 0.5],
        pitch: [1.0, 140.0],
        first: [0, 0],
    };
    let of = |longwave_down: f64| CellRadiation {
        global: f64::NAN,
        direct: f64::NAN,
        diffuse: f64::NAN,
        longwave_down,
    };
    let sky = WeatherCells::new(grid, vec![of(280.0), of(380.0)]).unwrap();
    assert!(sky.matter(false) && !cells([1.0; 6], &weather).matter(false));
    let out = run(town, &weather, Some(&sky), &[]);
    for (cell, index) in [(40 * GRID.cols, 0), (40 * GRID.cols + 140, 1)] {
        let alone = run(town, &sky.weather(index, &weather), None, &[]);
        for ((field, a), b) in wanted().iter().zip(&alone.fields).zip(&out.fields) {
            close(a[cell], b[cell], field.name());
        }
    }
}
