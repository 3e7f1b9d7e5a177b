use super::curve::MOST_ERROR;
use super::loads::Fluxes;
use super::*;
use proptest::prelude::*;

const MILD: Air = Air {
    ta: 30.0,
    rh: 40.0,
    wind: 1.0,
    pressure: 1013.0,
};

fn room(celsius: f64) -> f64 {
    SIGMA * (celsius + KELVIN).powi(4)
}

/// Weather that stations report.
fn anywhere() -> impl Strategy<Value = Air> {
    (
        -40.0..50.0_f64,
        0.0..100.0_f64,
        0.0..20.0_f64,
        600.0..1080.0_f64,
    )
        .prop_map(|(ta, rh, wind, pressure)| Air {
            ta,
            rh,
            wind,
            pressure,
        })
}

fn step(air: Air) -> HeatStep {
    HeatStep::new(air, air.wind, Wearer::default(), [true; INDICES])
}

/// Light and longwave of a cell, the same from everywhere.
fn even(short: f32, long: f32) -> Fluxes {
    Fluxes {
        kdown: short,
        kup: short,
        kside: short,
        ldown: long,
        lup: long,
        lside: long,
        beam: 0.0,
        beam_down: 0.0,
        beam_side: 0.0,
    }
}

#[test]
fn an_even_field_is_taken_up_as_it_is() {
    let fluxes = even(100.0, 450.0);
    assert!((fluxes.globe() - 550.0).abs() < 1e-3);
    // Longwave by the side alone, shortwave with the top.
    let want = 0.95 * 450.0 + 0.6 * 100.0 * (1.0 + 0.25 * 7.0 / 25.4);
    assert!((fluxes.wick() - want).abs() < 1e-3);
}

/// A globe shows the beam the same cross-section wherever the sun stands.
#[test]
fn the_beam_meets_a_quarter_of_the_globe() {
    for altitude in [5.0_f32, 30.0, 85.0] {
        let (sin, cos) = altitude.to_radians().sin_cos();
        let dark = even(0.0, 400.0);
        let sunny = Fluxes {
            kdown: 800.0 * sin,
            beam: 800.0,
            beam_down: 800.0 * sin,
            beam_side: 800.0 * cos,
            ..dark
        };
        assert!((sunny.globe() - dark.globe() - 200.0).abs() < 1e-3);
    }
}

#[test]
fn a_globe_in_a_room_has_its_temperature() {
    for diameter in [GLOBE, LARGE_GLOBE, SMALL_GLOBE] {
        let globe = Globe::new(MILD, diameter);
        assert!((globe.solve(room(MILD.ta)) - MILD.ta).abs() < 1e-6);
    }
}

/// The larger the globe, the less wind cools it.
#[test]
fn a_larger_globe_is_nearer_to_its_surroundings() {
    let load = room(MILD.ta) + 250.0;
    let [small, middle, large] =
        [SMALL_GLOBE, GLOBE, LARGE_GLOBE].map(|d| Globe::new(MILD, d).solve(load));
    assert!(MILD.ta < small && small < middle && middle < large);
    assert!(room(large) < load);
}

#[test]
fn weather_that_cannot_be_gives_nan() {
    let bad = [
        Air {
            ta: f64::NAN,
            ..MILD
        },
        Air { rh: -999.0, ..MILD },
        Air { wind: -1.0, ..MILD },
        Air {
            wind: f64::NAN,
            ..MILD
        },
        Air {
            pressure: 0.0,
            ..MILD
        },
    ];
    for air in bad {
        let mut out = [0.0; 2];
        let step = step(air);
        step.wbgt(&[500.0; 2], &[450.0; 2], &mut out);
        assert!(out.iter().all(|x| x.is_nan()), "{air:?}");
        assert!(step.formula(Index::Wbgt).is_none());
        assert!(globe_curve(air, GLOBE).is_none());
    }
    let mut out = [0.0; 2];
    step(MILD).wbgt(&[500.0, f32::NAN], &[450.0, 450.0], &mut out);
    assert!(out[0].is_finite() && out[1].is_nan());
}

/// Far outside a polynomial its balance is solved.
#[test]
fn the_ends_of_a_curve_are_no_ends() {
    let curve = globe_curve(MILD, GLOBE).expect("weather");
    for load in [1.0_f32, 100.0, 2000.0, 5000.0] {
        assert!(!curve.polynomial().holds(load));
        let exact = Globe::new(MILD, GLOBE).solve(f64::from(load));
        assert!((curve.eval(load) - exact).abs() < 1e-9);
        let mut out = [0.0, 0.0];
        fill(Some(&curve), &[load, 500.0], &mut out);
        assert!((f64::from(out[0]) - exact).abs() < 1e-4 && out[1].is_finite());
    }
}

struct Kinked;

impl Balance for Kinked {
    fn solve(&self, load: f64) -> f64 {
        (load - 700.0).abs()
    }
}

/// A polynomial that does not fit is not used.
#[test]
fn a_balance_with_a_kink_is_solved_everywhere() {
    let curve = Curve::new(Kinked, 500.0);
    assert!(!curve.polynomial().holds(600.0));
    assert_eq!(curve.eval(600.0), 100.0);
}

#[test]
fn apparent_temperature_of_the_shade_is_near_that_of_a_room() {
    let room = Apparent::new(30.0, 40.0, 2.0).eval(30.0);
    assert!((room - shade_of(30.0, 40.0, 2.0)).abs() < 0.5);
}

fn shade_of(ta: f64, rh: f64, wind: f64) -> f64 {
    apparent::shade(ta, rh, wind)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// The polynomials are those of the balances, to what they promise.
    #[test]
    fn curves_hold_to_their_balances(air in anywhere(), part in 0.0..1.0_f64) {
        for diameter in [GLOBE, LARGE_GLOBE, SMALL_GLOBE] {
            let curve = globe_curve(air, diameter).expect("weather");
            let load = (room(air.ta) - 250.0 + 1150.0 * part).max(1.0);
            let exact = Globe::new(air, diameter).solve(load);
            // Rounding of the load costs some more.
            prop_assert!((curve.eval(load as f32) - exact).abs() < MOST_ERROR + 1e-4);
        }
        let wick = Curve::new(Wick::new(air), 0.95 * room(air.ta));
        let load = (0.95 * room(air.ta) - 250.0 + 1150.0 * part).max(1.0);
        let exact = Wick::new(air).solve(load);
        prop_assert!((wick.eval(load as f32) - exact).abs() < MOST_ERROR + 1e-4);
    }

    /// In a room the natural wet bulb lies between the psychrometric one and the air.
    #[test]
    fn wet_bulbs_of_a_room_are_in_order(air in anywhere()) {
        let wick = Wick::new(air);
        let (shielded, natural) = (wick.shielded(), wick.solve(0.95 * room(air.ta)));
        prop_assert!(shielded <= natural + 1e-6 && natural <= air.ta + 1e-6);
    }

    /// More radiation, humidity or warmth of the air never lowers an index, and a globe lies between
    /// the air and its surroundings.
    #[test]
    fn indices_rise_with_heat(air in anywhere(), excess in -150.0..600.0_f64, more in 0.1..20.0_f64) {
        let load = (room(air.ta) + excess).max(50.0);
        let wick = 0.95 * load;
        let of = |air: Air, globe: f64, by_wick: f64| {
            wbgt(Wick::new(air).solve(by_wick), Globe::new(air, GLOBE).solve(globe), air.ta)
        };
        let base = of(air, load, wick);
        prop_assert!(base.is_finite());
        prop_assert!(of(air, load + more, wick) > base);
        prop_assert!(of(air, load, wick + more) > base);
        let damp = Air { rh: (air.rh + more).min(100.0), ..air };
        prop_assert!(of(damp, load, wick) >= base - 1e-6);
        let warm = Air { ta: air.ta + 0.1 * more, ..air };
        prop_assert!(of(warm, load, wick) > base);
        let globe = Globe::new(air, GLOBE).solve(load);
        let around = (load / SIGMA).powf(0.25) - KELVIN;
        prop_assert!(globe >= air.ta.min(around) - 1e-6 && globe <= air.ta.max(around) + 1e-6);
    }

    /// A device that evaluates the polynomials in single precision finds the same.
    #[test]
    fn formulae_are_those_of_the_step(air in anywhere(), part in 0.01..0.99_f64) {
        let step = step(air);
        let at = |p: &Polynomial| {
            let load = f64::from(p.low) + part * f64::from(p.high - p.low);
            (load as f32, p.value(f64::from(load as f32)))
        };
        let mut out = [0.0];
        if let Some(Formula::Sum { globe, wick }) = step.formula(Index::Wbgt)
            && globe.low < globe.high
            && wick.low < wick.high
        {
            let ((g, by_globe), (w, by_wick)) = (at(&globe), at(&wick));
            step.wbgt(&[g], &[w], &mut out);
            prop_assert!((f64::from(out[0]) - by_globe - by_wick).abs() < 1e-4);
        }
        let Some(Formula::Tmrt(tmrt)) = step.formula(Index::Apparent) else {
            return Err(TestCaseError::fail("no formula"));
        };
        let (t, value) = at(&tmrt);
        step.apparent(&[t], &mut out);
        prop_assert!((f64::from(out[0]) - value).abs() < 1e-4);
    }
}
