//! Whole steps over a small town: state, statistics, points, missing cells, threads.

mod town;

use solweig_core::air::Air;
use solweig_core::carried::Carried;
use solweig_core::fields::{FIELDS, Field};
use solweig_core::params::{BodyShape, Formulation, Params, Posture};
use solweig_core::patches::PatchOption;
use solweig_core::stage::Decline;
use solweig_core::stats::Statistics;
use solweig_core::timestep::{Request, StepOutput, step};
use solweig_core::weather::Weather;
use town::{GRID, NO_DATA, Town, engine, weather};

impl Town {
    fn step(&self, state: &mut Carried, weather: &Weather, fields: &[Field]) -> StepOutput {
        let request = Request {
            fields,
            points: &[],
            count: false,
        };
        self.advance(state, weather, request).unwrap()
    }

    fn advance(
        &self,
        state: &mut Carried,
        weather: &Weather,
        request: Request<'_>,
    ) -> Result<StepOutput, Decline> {
        let air = Air::OF_THE_STEP;
        step(&engine(), &self.run(), state, weather, air, request)
    }
}

fn params(anisotropic: bool) -> Params {
    Params {
        anisotropic,
        ..Params::default()
    }
}

fn town(anisotropic: bool) -> Town {
    Town::new(params(anisotropic), PatchOption::P153)
}

fn every_field() -> Vec<Field> {
    FIELDS.iter().map(|&(field, _)| field).collect()
}

fn bits(fields: &[Vec<f32>]) -> Vec<Vec<u32>> {
    fields
        .iter()
        .map(|f| f.iter().map(|x| x.to_bits()).collect())
        .collect()
}

fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
    pool.build().unwrap().install(work)
}

#[test]
fn threads_do_not_change_a_bit() {
    for threads in [1, 2] {
        let bands = with_threads(threads, || {
            town(false).ground_view.bands().collect::<Vec<_>>()
        });
        assert_eq!(bands.len(), 3 - threads, "{bands:?}");
    }
    for anisotropic in [true, false] {
        let town = town(anisotropic);
        let run = |threads: usize| {
            with_threads(threads, || {
                let mut state = Carried::default();
                state.statistics = Some(Statistics::new(GRID.len(), &[25.0], &[18.0]));
                let mut out = Vec::new();
                for hour in [9.0, 10.0, 22.0] {
                    let request = Request {
                        fields: &every_field(),
                        points: &[],
                        count: true,
                    };
                    let got = town.advance(&mut state, &weather(hour), request).unwrap();
                    out.extend(bits(&got.fields));
                    out.push(vec![
                        got.sums.ground.tmrt as u32,
                        got.sums.roofs.utci as u32,
                    ]);
                }
                let statistics = state.statistics.as_ref().unwrap();
                out.extend(
                    statistics
                        .grids()
                        .iter()
                        .flat_map(|(_, g)| bits(std::slice::from_ref(g))),
                );
                out.extend(
                    statistics
                        .hours_above()
                        .iter()
                        .flat_map(|(_, g)| bits(std::slice::from_ref(g))),
                );
                (out, bits(&state.state.memory))
            })
        };
        let one = run(1);
        assert!(one == run(2));
        assert!(one == run(7));
    }
}

#[test]
fn points_equal_the_rasters() {
    with_threads(1, points_and_rasters);
}

fn points_and_rasters() {
    for (anisotropic, body) in [
        (true, BodyShape::Cylinder),
        (false, BodyShape::Cylinder),
        (true, BodyShape::Box),
    ] {
        let town = Town::new(
            Params {
                body,
                ..params(anisotropic)
            },
            PatchOption::P153,
        );
        let at: Vec<usize> = (0..300)
            .map(|k| (k * 127) % GRID.len())
            .chain([NO_DATA])
            .collect();
        let mut state = Carried::default();
        for hour in [9.0, 10.0, 22.0] {
            let before = Carried::new(state.state.clone(), None);
            let fields = every_field();
            let request = Request {
                fields: &fields,
                points: &at,
                count: false,
            };
            let got = town.advance(&mut state, &weather(hour), request).unwrap();
            for (grid, points) in got.fields.iter().zip(&got.points) {
                let want: Vec<f32> = at.iter().map(|&i| grid[i]).collect();
                assert_eq!(bits(&[want]), bits(std::slice::from_ref(points)));
            }
            // Asking for points or for other fields changes neither the state nor the values.
            let mut again = before;
            let plain = town.step(&mut again, &weather(hour), &[Field::Tmrt]);
            assert_eq!(bits(&plain.fields[..1]), bits(&got.fields[..1]));
            assert_eq!(again.state.clock, state.state.clock);
            assert_eq!(bits(&again.state.memory), bits(&state.state.memory));
        }
    }
}

#[test]
fn no_data_stays_where_it_is() {
    for anisotropic in [true, false] {
        let town = town(anisotropic);
        let mut state = Carried::default();
        for hour in [10.0, 23.0] {
            let got = town.step(&mut state, &weather(hour), &every_field());
            for (field, name) in FIELDS {
                let grid = &got.fields[field as usize];
                assert!(grid[NO_DATA].is_nan(), "{name}");
                assert_eq!(grid.iter().filter(|x| !x.is_finite()).count(), 1, "{name}");
            }
            let tmrt = &got.fields[Field::Tmrt as usize];
            let known = tmrt.iter().filter(|x| !x.is_nan());
            let mean = known.map(|&x| f64::from(x)).sum::<f64>() / (GRID.len() - 1) as f64;
            assert!((mean - got.sums.all().means()[0]).abs() < 1e-9);
        }
    }
}

fn box_body(anisotropic: bool) -> Params {
    Params {
        body: BodyShape::Box,
        ..params(anisotropic)
    }
}

fn sitting(anisotropic: bool) -> Params {
    Params {
        posture: Posture::Sitting,
        formulation: Formulation::IMPROVED,
        ..params(anisotropic)
    }
}

#[test]
fn the_attribution_sums_to_tmrt_above_the_air() {
    for (anisotropic, make) in [true, false]
        .into_iter()
        .flat_map(|a| [params, box_body, sitting].map(|make| (a, make)))
    {
        let town = Town::new(make(anisotropic), PatchOption::P153);
        let mut state = Carried::default();
        for hour in [6.0, 10.0, 16.0, 22.0] {
            let weather = weather(hour);
            let got = town.step(&mut state, &weather, &every_field());
            let of = |field: Field| &got.fields[field as usize];
            let terms = FIELDS.iter().filter(|(f, _)| f.is_attribution());
            let terms: Vec<Field> = terms.map(|&(field, _)| field).collect();
            for i in (0..GRID.len()).filter(|&i| i != NO_DATA) {
                let sum: f64 = terms.iter().map(|&f| f64::from(of(f)[i])).sum();
                let above = f64::from(of(Field::Tmrt)[i]) - weather.ta;
                assert!((sum - above).abs() < 0.002, "{hour}: {sum} and {above}");
                let beam = of(Field::AttributionBeam)[i];
                assert_eq!(beam > 0.0, of(Field::Shadow)[i] > 0.0, "{hour}: {beam}");
                assert!(of(Field::AttributionReflected)[i] > -1e-3);
            }
        }
    }
}

#[test]
fn nothing_changes_for_being_attributed() {
    for anisotropic in [true, false] {
        let town = town(anisotropic);
        let (mut plain, mut asked) = (Carried::default(), Carried::default());
        for hour in [10.0, 22.0] {
            let own = [Field::Tmrt, Field::Kside, Field::Least];
            let with = [&own[..], &[Field::AttributionWalls]].concat();
            let want = town.step(&mut plain, &weather(hour), &own);
            let got = town.step(&mut asked, &weather(hour), &with);
            assert_eq!(bits(&want.fields), bits(&got.fields[..3]));
            assert_eq!(bits(&plain.state.memory), bits(&asked.state.memory));
        }
    }
}

#[test]
fn every_sky_division_agrees_roughly() {
    let mut means = Vec::new();
    for option in [
        PatchOption::P145,
        PatchOption::P153,
        PatchOption::P305,
        PatchOption::P609,
    ] {
        let town = Town::new(params(true), option);
        let got = town.step(&mut Carried::default(), &weather(11.0), &[Field::Tmrt]);
        means.push(got.sums.all().means()[0]);
    }
    for mean in &means {
        assert!((mean - means[1]).abs() < 2.0, "{means:?}");
    }
}

#[test]
fn the_first_day_step_has_no_lag_and_the_next_has() {
    let town = town(false);
    let lup = |state: &mut Carried, hour| town.step(state, &weather(hour), &[Field::Lup]);
    let mut state = Carried::default();
    let morning = lup(&mut state, 8.0).fields.remove(0);
    assert!(!state.state.clock.first);
    let lagged = lup(&mut state, 12.0).fields.remove(0);
    let fresh = lup(&mut Carried::default(), 12.0).fields.remove(0);
    let weight = (-33.27_f64 / 24.0).exp() as f32;
    for i in (0..GRID.len()).filter(|&i| i != NO_DATA) {
        let want = fresh[i] + (morning[i] - fresh[i]) * weight;
        assert!((lagged[i] - want).abs() < 1e-3);
    }
    lup(&mut state, 22.0);
    assert!(state.state.clock.first);
    let after_night = lup(&mut state, 12.0).fields.remove(0);
    assert_eq!(bits(&[after_night]), bits(&[fresh]));
}

#[test]
fn night_ground_is_at_air_temperature_and_nothing_shines() {
    let town = town(true);
    let got = town.step(&mut Carried::default(), &weather(23.0), &every_field());
    let zero = [
        Field::Kdown,
        Field::Kup,
        Field::Kside,
        Field::Keast,
        Field::Drad,
        Field::Shadow,
    ];
    for field in zero {
        assert!(
            got.fields[field as usize]
                .iter()
                .all(|&x| x == 0.0 || x.is_nan())
        );
    }
    let air = 5.67051e-8 * (weather(23.0).ta + 273.15_f64).powi(4);
    let emissivity = town.params.land_cover.column(|c| c.emissivity);
    for (i, &lup) in got.fields[Field::Lup as usize].iter().enumerate() {
        let want = emissivity[usize::from(town.land_cover[i])] * air;
        assert!(i == NO_DATA || (f64::from(lup) - want).abs() < 1e-3);
    }
}

#[test]
fn water_takes_its_temperature_only_when_improved() {
    let water = 60 * GRID.cols + 2;
    for (formulation, hour, want) in [
        (Formulation::REFERENCE, 12.0, 0.0),
        (Formulation::IMPROVED, 12.0, -10.0),
        (Formulation::IMPROVED, 23.0, -15.5),
    ] {
        let town = Town::new(
            Params {
                formulation,
                ..params(false)
            },
            PatchOption::P153,
        );
        let mut weather = weather(hour);
        weather.water_temperature = 14.0;
        let got = town.step(&mut Carried::default(), &weather, &[Field::Tg, Field::Lup]);
        assert!((f64::from(got.fields[0][water]) - want).abs() < 1e-5);
        if hour == 23.0 {
            let want = 0.98 * 5.67051e-8 * (14.0_f64 + 273.15).powi(4);
            assert!((f64::from(got.fields[1][water]) - want).abs() < 1e-3);
        }
    }
}

#[test]
fn statistics_follow_the_steps() {
    let town = town(true);
    let mut state = Carried::default();
    state.statistics = Some(Statistics::new(GRID.len(), &[26.0], &[26.0]));
    let mut tmrt = Vec::new();
    let mut utci = Vec::new();
    for hour in [7.0, 13.0, 22.0] {
        let request = Request {
            fields: &[Field::Tmrt, Field::Utci, Field::Shadow],
            points: &[],
            count: true,
        };
        let got = town.advance(&mut state, &weather(hour), request).unwrap();
        tmrt.push(got.fields[0].clone());
        utci.push(got.fields[1].clone());
    }
    let statistics = state.statistics.as_ref().unwrap();
    let grids = statistics.grids();
    let grid = |name: &str| &grids.iter().find(|(n, _)| n == name).unwrap().1;
    let above = &statistics.hours_above()[0].1;
    for i in (0..GRID.len()).filter(|&i| i != NO_DATA) {
        let mean = (tmrt[0][i] + tmrt[1][i] + tmrt[2][i]) / 3.0;
        assert!((grid("tmrt_mean")[i] - mean).abs() < 1e-4);
        assert_eq!(
            grid("tmrt_max")[i],
            tmrt.iter().map(|t| t[i]).fold(f32::MIN, f32::max)
        );
        assert!((grid("utci_night_mean")[i] - utci[2][i]).abs() < 1e-5);
        assert_eq!(grid("sun_hours")[i] + grid("shade_hours")[i], 2.0);
        assert_eq!(above[i], utci.iter().filter(|u| u[i] > 26.0).count() as f32);
    }
    assert!(above.iter().any(|&x| x > 0.0));
    assert!(grid("tmrt_mean")[NO_DATA].is_nan());
    assert_eq!(statistics.steps, [2, 1]);
}

#[test]
fn a_low_sun_counts_as_one_degree() {
    let town = town(true);
    let at = |altitude: f64| {
        let mut low = weather(5.0);
        (low.altitude, low.global) = (altitude, 5.0);
        let got = town.step(&mut Carried::default(), &low, &[Field::Tmrt]);
        bits(&got.fields)
    };
    assert!(at(0.3) == at(1.0));
    assert!(at(0.0) == at(1.0));
    assert!(at(1.5) != at(1.0));
}

#[test]
fn a_day_without_light_is_finite() {
    let town = town(true);
    let mut dark = weather(12.0);
    dark.global = 0.0;
    let got = town.step(&mut Carried::default(), &dark, &[Field::Tmrt, Field::Kside]);
    assert!(got.fields[0].iter().filter(|x| x.is_nan()).count() == 1);
    assert!(got.fields[1].iter().all(|&x| x == 0.0 || x.is_nan()));
}
