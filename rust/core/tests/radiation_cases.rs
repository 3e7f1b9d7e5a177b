//! One cell through the radiation pass: the worked cases of the model description.
//!
//! A clear and a cloudy summer afternoon under the isotropic sky (A, C) and under the patch sky
//! (B, D), for the cylinder and the box, by day and by night.

use solweig_core::air::Air;
use solweig_core::constants::{DEG, KELVIN, SIGMA};
use solweig_core::delay::DelayClock;
use solweig_core::fields::{FIELDS, Field};
use solweig_core::params::{BodyShape, Formulation, Params};
use solweig_core::patches::{PatchMasks, PatchOption, PatchTable};
use solweig_core::radiation::anisotropic::{SIDE_AZIMUTHS, patch_weights, sky_sums};
use solweig_core::radiation::cells::{Cells, GroundFields};
use solweig_core::radiation::comfort::Comfort;
use solweig_core::radiation::evaluate_points;
use solweig_core::radiation::facets::facet_sums;
use solweig_core::radiation::sides;
use solweig_core::radiation::sums::GROUND;
use solweig_core::radiation::tables::{PatchSky, StepInput, StepTables};
use solweig_core::radiation::work::Work;
use solweig_core::shadow::LIT;
use solweig_core::sky::perez::Luminance;
use solweig_core::sky::step::SkyStep;
use solweig_core::weather::Weather;

/// Sky views total, E, S, W, N: building, vegetation, vegetation before building.
const SVF: [f32; 15] = [
    0.60, 0.50, 0.70, 0.55, 0.65, 0.85, 0.80, 0.90, 0.85, 0.86, 0.90, 0.88, 0.93, 0.90, 0.91,
];
/// Upwelling longwave in every direction.
const LUP: f64 = 450.0;

fn weather(global: f64) -> Weather {
    Weather {
        ta: 25.0,
        rh: 50.0,
        pressure_kpa: f64::NAN,
        wind: 1.0,
        global,
        direct: f64::NAN,
        diffuse: f64::NAN,
        day_of_year: 172.0,
        clock_fraction: 13.0 / 24.0,
        altitude: 45.0,
        azimuth: 200.0,
        suns: None,
        altitude_max: 55.7,
        latitude: 57.7,
        step_days: 1.0 / 24.0,
        leaf_on: true,
        night_clearness: 1.0,
        longwave_down: f64::NAN,
        walls: None,
        water_temperature: f64::NAN,
        hours: 1.0,
    }
}

fn night(mut weather: Weather, clearness: f64) -> Weather {
    weather.altitude = -10.0;
    weather.night_clearness = clearness;
    weather
}

/// The patch sky and the masks of cases B and D: building, vegetation, vegetation before building.
fn patch_masks() -> (PatchSky, [Vec<u32>; 3]) {
    let table = PatchTable::new(PatchOption::P153);
    let mut masks = [0, 1, 2].map(|_| vec![u32::MAX; table.words()]);
    let mut clear = |mask: usize, patch: usize| masks[mask][patch / 32] &= !(1 << (patch % 32));
    for (i, patch) in table.patches.iter().enumerate() {
        let (band, a) = (patch.band, patch.azimuth_deg);
        if (band <= 2 && a < 180.0) || (band <= 3 && (180.0..225.0).contains(&a)) {
            clear(0, i);
        }
        if band <= 1 && a >= 270.0 {
            clear(1, i);
        }
        if band == 0 && a < 60.0 {
            clear(2, i);
        }
    }
    let weights = patch_weights(&table);
    (PatchSky { table, weights }, masks)
}

/// Everything a case gives.
struct Case {
    sky: SkyStep,
    light: Option<Luminance>,
    values: Vec<f32>,
    tables: StepTables,
}

impl Case {
    fn run(weather: &Weather, params: &Params) -> Self {
        let (patch_sky, [building, veg, vb]) = patch_masks();
        let masks = PatchMasks {
            words: 5,
            building: &building,
            vegetation: Some((&veg, &vb)),
        };
        let sums = sky_sums(&patch_sky.weights, &masks);
        let facets = facet_sums(&patch_sky.weights, &masks);
        let sky = SkyStep::new(weather, params);
        let (tables, light) = StepTables::new(&StepInput {
            weather,
            params,
            sky: &sky,
            clock: DelayClock::default(),
            land_cover: false,
            patch_sky: params.anisotropic.then_some(&patch_sky),
            sides: params.anisotropic,
            canopies: false,
            attribution: true,
        });
        // An emissivity that makes ground at air temperature emit the case's upwelling flux.
        let emissivity = [(LUP / (SIGMA * (weather.ta + KELVIN).powi(4))) as f32];
        let svf: [[f32; 1]; 15] = SVF.map(|x| [x]);
        let same = |x: &'static [f32; 1]| [x.as_slice(); 5];
        let cells = Cells {
            valid: &[true],
            places: &[GROUND],
            svf: svf.each_ref().map(|x| x.as_slice()),
            patches: params.anisotropic.then_some((masks, sums.as_slice())),
            facets: params.anisotropic.then_some(facets.as_slice()),
            land_cover: None,
            albedo: None,
            emissivity: Some(&emissivity),
            seen: None,
            through: None,
            shadow: sky.day.then_some(&[LIT]),
            ground: sky.day.then_some(GroundFields {
                lup: same(&[0.0]),
                albedo: same(&[0.15]),
                albedo_diffuse: same(&[0.17]),
            }),
            air: Air::OF_THE_STEP,
        };
        let memory = [[0.0_f32]; 6];
        let memory = sky.day.then(|| memory.each_ref().map(|m| m.as_slice()));
        let comfort = Comfort {
            utci: None,
            pet: None,
            heat: None,
            local: None,
        };
        let values = evaluate_points(&tables, None, &cells, memory, &comfort, &[0]);
        assert_eq!(values.len(), FIELDS.len());
        Self {
            sky,
            light,
            values: values.iter().map(|v| v[0]).collect(),
            tables,
        }
    }

    fn get(&self, field: Field) -> f64 {
        f64::from(self.values[field as usize])
    }

    fn expect(&self, wants: &[(Field, f64)]) {
        for &(field, want) in wants {
            let got = self.get(field);
            assert!(
                (got - want).abs() < 6e-4,
                "{}: {got} instead of {want}",
                field.name()
            );
        }
    }

    fn expect_k(&self, wants: [f64; 4]) {
        let sides = [Field::Keast, Field::Ksouth, Field::Kwest, Field::Knorth];
        self.expect(&std::array::from_fn::<_, 4, _>(|d| (sides[d], wants[d])));
    }

    fn expect_l(&self, wants: [f64; 4]) {
        let sides = [Field::Least, Field::Lsouth, Field::Lwest, Field::Lnorth];
        self.expect(&std::array::from_fn::<_, 4, _>(|d| (sides[d], wants[d])));
    }

    /// Patch part of the longwave sides.
    fn expect_patch_l(&self, wants: [f64; 4]) {
        self.expect_l(wants.map(|w| w + 0.5 * LUP));
    }
}

fn params(anisotropic: bool, body: BodyShape) -> Params {
    Params {
        anisotropic,
        body,
        abs_l: 0.95,
        ..Params::default()
    }
}

fn close(got: f64, want: f64, within: f64) {
    assert!((got - want).abs() < within, "{got} instead of {want}");
}

#[test]
fn clear_isotropic() {
    let case = Case::run(&weather(700.0), &params(false, BodyShape::Cylinder));
    close(case.sky.emissivity_clear, 0.815491815, 1e-9);
    close(case.sky.i0, 746.286893, 1e-6);
    assert_eq!(case.sky.ci, 1.0);
    assert_eq!(case.sky.ci_surface, 1.0);
    close(case.sky.beam, 771.357521, 1e-6);
    close(case.sky.diffuse, 154.567866, 1e-6);
    close(case.sky.phase.sunrise, 3.111666, 1e-6);
    close(case.sky.wall_excess, 16.60196171, 1e-8);
    close(case.get(Field::Fsh), 0.60079282, 1e-6);
    case.expect(&[
        (Field::Kup, 100.662708),
        (Field::Kdown, 656.302063),
        (Field::KsideI, 545.432134),
        (Field::Kside, 0.0),
        (Field::Ldown, 435.617269),
        (Field::Lup, LUP),
        (Field::Tmrt, 54.345113),
    ]);
    case.expect_k([91.149028, 98.929741, 93.075406, 95.987022]);
    case.expect_l([453.644277, 432.627930, 447.666351, 448.309600]);
}

#[test]
fn clear_isotropic_box() {
    let case = Case::run(&weather(700.0), &params(false, BodyShape::Box));
    case.expect_k([91.149028, 611.468292, 279.624182, 95.987022]);
    case.expect(&[(Field::KsideI, 0.0)]);
}

#[test]
fn clear_isotropic_night_sides() {
    let case = Case::run(
        &night(weather(700.0), 1.0),
        &params(false, BodyShape::Cylinder),
    );
    // The case holds the downward flux of the day, warm walls included.
    let mut work = Work {
        n: 1,
        ..Work::default()
    };
    for d in 0..4 {
        for family in 0..3 {
            work.side_views[d][family][0] = SVF[5 * family + 1 + d];
        }
        work.lup[1 + d][0] = LUP as f32;
    }
    work.ldown[0] = 435.617269;
    sides::body(&mut work, &case.tables, &case.tables);
    for (d, want) in [454.453970, 432.627930, 447.666351, 439.343334]
        .into_iter()
        .enumerate()
    {
        close(f64::from(work.l[d][0]), want, 6e-4);
    }
    case.expect_k([0.0; 4]);
    case.expect(&[
        (Field::Shadow, 0.0),
        (Field::Fsh, 0.0),
        (Field::TgOut, 25.0),
    ]);
}

#[test]
fn cloudy_isotropic() {
    let case = Case::run(&weather(300.0), &params(false, BodyShape::Cylinder));
    close(case.sky.kt, 0.31486920, 1e-8);
    close(case.sky.beam, 24.933166, 1e-6);
    close(case.sky.diffuse, 282.369590, 1e-6);
    close(case.sky.ci, 0.49586879, 1e-8);
    close(case.sky.ci_surface, 0.49586879, 1e-8);
    close(case.sky.wall_excess, 8.23239470, 1e-8);
    case.expect(&[
        (Field::Kup, 29.829494),
        (Field::Kdown, 177.541777),
        (Field::KsideI, 17.630410),
        (Field::Ldown, 441.308748),
        (Field::Tmrt, 33.201407),
    ]);
    case.expect_k([53.907227, 75.711743, 59.305670, 67.465125]);
    case.expect_l([451.939590, 436.345419, 449.034129, 444.231460]);
    let case = Case::run(&weather(300.0), &params(false, BodyShape::Box));
    case.expect_k([53.907227, 92.278910, 65.335626, 67.465125]);
}

#[test]
fn clear_patches() {
    let case = Case::run(&weather(700.0), &params(true, BodyShape::Cylinder));
    let light = case.light.as_ref().expect("a luminance by day");
    close(light.clearness, 4.31735173, 1e-8);
    close(light.brightness, 0.16530831, 1e-8);
    case.expect(&[
        (Field::Drad, 64.788861),
        (Field::Kdown, 650.839829),
        (Field::Ldown, 390.328320),
        (Field::Lside, 663.293337),
        (Field::KsideI, 545.432134),
        (Field::KsideD, 91.143976),
        (Field::Kside, 692.814651),
        (Field::Tmrt, 53.115117),
    ]);
    case.expect_k([50.331354; 4]);
    case.expect_patch_l([221.029684, 207.252742, 200.042387, 215.612652]);
}

#[test]
fn clear_patches_at_night() {
    let case = Case::run(
        &night(weather(700.0), 1.0),
        &params(true, BodyShape::Cylinder),
    );
    assert!(case.light.is_none());
    case.expect(&[
        (Field::Ldown, 381.807084),
        (Field::Lside, 642.100074),
        (Field::Kside, 0.0),
    ]);
    case.expect_patch_l([206.646034, 207.214591, 200.042387, 203.642256]);
}

#[test]
fn clear_patches_on_a_box() {
    let case = Case::run(&weather(700.0), &params(true, BodyShape::Box));
    case.expect_k([94.688209, 606.132099, 290.505420, 90.792769]);
    case.expect(&[
        (Field::Ldown, 390.328320),
        (Field::Kside, 0.0),
        (Field::Kdown, 650.839829),
    ]);
    case.expect_patch_l([221.029684, 207.252742, 200.042387, 215.612652]);
    // The six faces alone make up what a box absorbs.
    let factors = solweig_core::params::Posture::Standing.factors();
    let sum = |fields: [Field; 4]| fields.iter().map(|&f| case.get(f)).sum::<f64>();
    let short = (case.get(Field::Kdown) + case.get(Field::Kup)) * factors.up
        + sum([Field::Keast, Field::Ksouth, Field::Kwest, Field::Knorth]) * factors.side;
    let long = (case.get(Field::Ldown) + case.get(Field::Lup)) * factors.up
        + sum([Field::Least, Field::Lsouth, Field::Lwest, Field::Lnorth]) * factors.side;
    let want = ((0.7 * short + 0.95 * long) / (0.95 * SIGMA)).powf(0.25) - 273.2;
    close(case.get(Field::Tmrt), want, 1e-3);
}

#[test]
fn cloudy_patches() {
    let case = Case::run(&weather(300.0), &params(true, BodyShape::Cylinder));
    let light = case.light.as_ref().expect("a luminance by day");
    close(light.clearness, 1.05869681, 1e-8);
    close(light.brightness, 0.30199058, 1e-8);
    close(case.sky.emissivity(), 0.90850815, 1e-8);
    case.expect(&[
        (Field::Drad, 163.899924),
        (Field::Kdown, 213.104723),
        (Field::Ldown, 419.613255),
        (Field::Lside, 679.788626),
        (Field::KsideI, 17.630410),
        (Field::KsideD, 177.847842),
        (Field::Kside, 250.062522),
        (Field::Tmrt, 35.134649),
    ]);
    case.expect_k([14.914747; 4]);
    case.expect_patch_l([220.949377, 214.496710, 211.363679, 218.476207]);
    let dark = night(weather(300.0), case.sky.ci);
    let case = Case::run(&dark, &params(true, BodyShape::Cylinder));
    case.expect(&[(Field::Ldown, 415.560811), (Field::Lside, 669.709746)]);
    let case = Case::run(&weather(300.0), &params(true, BodyShape::Box));
    case.expect_k([82.360673, 95.093163, 111.700582, 85.476155]);
}

#[test]
fn improved_formulae_change_what_they_name() {
    let base = Case::run(&weather(700.0), &params(true, BodyShape::Cylinder));
    let with = |change: fn(&mut Formulation), anisotropic: bool| {
        let mut p = params(anisotropic, BodyShape::Cylinder);
        change(&mut p.formulation);
        Case::run(&weather(700.0), &p)
    };
    let kelvin = with(|f| f.exact_kelvin = true, true);
    close(kelvin.get(Field::Tmrt) - base.get(Field::Tmrt), 0.05, 1e-4);
    let walls = with(|f| f.wall_reflects_diffuse = true, true);
    assert!(walls.get(Field::Kside) < base.get(Field::Kside) - 1.0);
    let patches = with(|f| f.consistent_patches = true, true);
    assert!(patches.get(Field::KsideD) > base.get(Field::KsideD));
    assert!((patches.get(Field::Drad) - base.get(Field::Drad)).abs() > 1.0);
    let iso = Case::run(&weather(700.0), &params(false, BodyShape::Cylinder));
    let lit = with(|f| f.lit_fraction_walls = true, false);
    assert!(lit.get(Field::Ldown) < iso.get(Field::Ldown) - 1.0);
    let sides = with(|f| f.consistent_side_longwave = true, false);
    assert!(sides.get(Field::Lsouth) > iso.get(Field::Lsouth) + 1.0);
    let wedge = with(|f| f.exact_wedge = true, false);
    let gap = iso.get(Field::Fsh) - wedge.get(Field::Fsh);
    assert!(gap > 0.0 && gap < 0.012);
    let mass = with(|f| f.published_air_mass = true, false);
    assert!(mass.sky.i0 < iso.sky.i0);
}

#[test]
fn canopy_follows_the_season_only_when_improved() {
    let mut bare = weather(700.0);
    bare.leaf_on = false;
    let case = |formulation: Formulation, weather: &Weather| {
        let p = Params {
            formulation,
            ..params(false, BodyShape::Cylinder)
        };
        Case::run(weather, &p).get(Field::Drad)
    };
    let seasonal = Formulation {
        seasonal_canopy: true,
        ..Formulation::REFERENCE
    };
    assert_eq!(
        case(Formulation::REFERENCE, &bare),
        case(Formulation::REFERENCE, &weather(700.0))
    );
    let gain = case(seasonal, &bare) - case(seasonal, &weather(700.0));
    // D (1 − sv) (ψ − τ)
    close(gain, 154.567866 * 0.15 * 0.47, 1e-3);
}

#[test]
fn missing_sky_view_gives_no_value() {
    let weather = weather(700.0);
    let p = params(false, BodyShape::Cylinder);
    let sky = SkyStep::new(&weather, &p);
    let (tables, _) = StepTables::new(&StepInput {
        weather: &weather,
        params: &p,
        sky: &sky,
        clock: DelayClock::default(),
        land_cover: false,
        patch_sky: None,
        sides: false,
        canopies: false,
        attribution: true,
    });
    let mut svf: [[f32; 1]; 15] = SVF.map(|x| [x]);
    svf[0] = [f32::NAN];
    let same = |x: &'static [f32; 1]| [x.as_slice(); 5];
    let cells = Cells {
        valid: &[true],
        places: &[GROUND],
        svf: svf.each_ref().map(|x| x.as_slice()),
        patches: None,
        facets: None,
        land_cover: None,
        albedo: None,
        emissivity: None,
        seen: None,
        through: None,
        shadow: Some(&[LIT]),
        ground: Some(GroundFields {
            lup: same(&[0.0]),
            albedo: same(&[0.15]),
            albedo_diffuse: same(&[0.17]),
        }),
        air: Air::OF_THE_STEP,
    };
    let memory = [[0.0_f32]; 6];
    let memory = Some(memory.each_ref().map(|m| m.as_slice()));
    let comfort = Comfort {
        utci: None,
        pet: None,
        heat: None,
        local: None,
    };
    let values = evaluate_points(&tables, None, &cells, memory, &comfort, &[0]);
    for (field, _) in FIELDS
        .iter()
        .filter(|(f, _)| !matches!(f, Field::Utci | Field::Pet))
    {
        assert!(values[*field as usize][0].is_nan(), "{}", field.name());
    }
}

/// Patch by patch, as R 8.3 has it: no sums kept for a run, no tables.
#[test]
fn walls_shine_by_what_their_facets_receive() {
    let changed = |body: BodyShape| {
        let mut p = params(true, body);
        p.formulation.facet_radiance = true;
        p.formulation.consistent_patches = true;
        Case::run(&weather(700.0), &p)
    };
    let case = changed(BodyShape::Cylinder);
    let (patch_sky, [building, veg, vb]) = patch_masks();
    let bit = |mask: &[u32], i: usize| mask[i / 32] >> (i % 32) & 1 == 1;
    let is_sky = |i: usize| bit(&building, i) && bit(&veg, i) && bit(&vb, i);
    let weights = &patch_sky.weights;
    let facing = |i: usize, azimuth: f64| ((weights[i].azimuth_deg - azimuth) * DEG).cos();
    // Share of open sky that an upright plane to one of the sides sees.
    let open: [f64; 4] = std::array::from_fn(|d| {
        let on = |i: &usize| weights[*i].sides[d];
        let all: f64 = (0..weights.len()).map(|i| on(&i)).sum();
        (0..weights.len())
            .filter(|&i| is_sky(i))
            .map(|i| on(&i))
            .sum::<f64>()
            / all
    });
    let p = params(true, BodyShape::Cylinder);
    let (aw, w) = (p.wall_albedo, weather(700.0));
    let kup = case.get(Field::Kup);
    let asvf = f64::from(SVF[0]).sqrt().acos();
    let mut reflected = 0.0;
    for (i, patch) in weights.iter().enumerate().filter(|&(i, _)| !is_sky(i)) {
        let seen: f64 = (0..4)
            .map(|d| facing(i, SIDE_AZIMUTHS[d]).max(0.0).powi(2) * open[(d + 2) % 4])
            .sum();
        let mut received = 0.5 * case.sky.diffuse * seen + 0.5 * kup;
        let turn = ((w.azimuth - patch.azimuth_deg) * DEG).cos();
        let edge = asvf.tan() + (2.0 * turn * (w.altitude * DEG).tan()).min(0.0);
        let wall = !bit(&building, i) && bit(&veg, i) && bit(&vb, i);
        if wall && turn < 0.0 && edge < patch.tangent {
            received += case.sky.beam * (w.altitude * DEG).cos() * -turn;
        }
        reflected += aw * received / std::f64::consts::PI * patch.side;
    }
    let own = case.get(Field::KsideI) + case.get(Field::KsideD);
    close(case.get(Field::Kside) - own, reflected, 2e-3);
    assert!(reflected > 5.0);
    // A box receives about the same from around.
    let boxed = changed(BodyShape::Box);
    let plain = Case::run(&weather(700.0), &params(true, BodyShape::Box));
    for side in [Field::Keast, Field::Ksouth, Field::Kwest, Field::Knorth] {
        assert!((boxed.get(side) - plain.get(side)).abs() < 30.0);
    }
    assert_ne!(boxed.get(Field::Keast), plain.get(Field::Keast));
}

#[test]
fn walls_reflect_once_onto_isotropic_sides() {
    let once = |on: bool| {
        let mut p = params(false, BodyShape::Cylinder);
        p.formulation.single_reflection = on;
        Case::run(&weather(700.0), &p)
    };
    let (twice, once) = (once(false), once(true));
    for side in [Field::Least, Field::Lsouth, Field::Lwest, Field::Lnorth] {
        assert!(once.get(side) < twice.get(side) - 1.0);
    }
    close(once.get(Field::Ldown), twice.get(Field::Ldown), 1e-9);
}

#[test]
fn alternatives_are_taken_by_name() {
    let mut formulation = Formulation::REFERENCE;
    for name in Formulation::NAMES {
        assert!(formulation.set(name, true), "{name}");
    }
    assert_eq!(formulation, Formulation::IMPROVED);
    assert!(!formulation.set("no_such_formula", true));
    assert!(formulation.set("exact_kelvin", false) && !formulation.exact_kelvin);
}
