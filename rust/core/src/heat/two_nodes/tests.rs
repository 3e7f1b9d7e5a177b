use super::*;
use crate::heat::{HeatStep, INDICES, Index};
use proptest::prelude::*;

const MILD: Air = Air {
    ta: 28.0,
    rh: 45.0,
    wind: 0.8,
    pressure: 1013.0,
};

/// By how much SET* may fall where sweat begins late in the hour [K].
const LATE_SWEAT: f64 = 0.05;

fn body(air: Air) -> TwoNodes {
    TwoNodes::new(air, Wearer::default()).expect("weather")
}

/// Weather that stations report, and people in it.
fn anyone() -> impl Strategy<Value = (Air, Wearer)> {
    let air = (
        -30.0..48.0_f64,
        0.0..100.0_f64,
        0.0..12.0_f64,
        600.0..1080.0_f64,
    );
    let wearer = (0.8..4.0_f64, 0.3..2.0_f64, proptest::bool::ANY);
    (air, wearer).prop_map(|((ta, rh, wind, pressure), (met, clothing, sitting))| {
        let air = Air {
            ta,
            rh,
            wind,
            pressure,
        };
        let wearer = Wearer {
            metabolism: met * MET,
            clothing,
            sitting,
        };
        (air, wearer)
    })
}

/// Check values of ASHRAE 55 for a standing body at 25 °C, 50 %, 0.15 m/s, 1 met, 0.5 clo but for
/// one of them: air temperature, humidity, wind, clothing, SET*. What of the body radiates is not
/// quite the standard's.
#[test]
fn check_values_of_the_standard() {
    for (ta, rh, wind, clothing, set) in [
        (25.0, 50.0, 0.15, 0.5, 23.8),
        (20.0, 50.0, 0.15, 0.5, 21.6),
        (30.0, 50.0, 0.15, 0.5, 26.4),
        (40.0, 50.0, 0.15, 0.5, 34.3),
        (25.0, 10.0, 0.15, 0.5, 23.3),
        (25.0, 90.0, 0.15, 0.5, 24.9),
        (25.0, 50.0, 0.1, 0.5, 24.0),
        (25.0, 50.0, 0.6, 0.5, 21.4),
        (25.0, 50.0, 0.15, 0.1, 20.7),
        (25.0, 50.0, 0.15, 1.0, 27.3),
    ] {
        let air = Air {
            ta,
            rh,
            wind,
            pressure: 1013.25,
        };
        let wearer = Wearer {
            metabolism: MET,
            clothing,
            sitting: false,
        };
        let found = TwoNodes::new(air, wearer).expect("weather").solve(25.0);
        assert!((found - set).abs() < 0.15, "{air:?} {clothing}: {found}");
    }
}

/// Weather, a person or Tmrt that cannot be.
#[test]
fn what_cannot_be_has_none() {
    for air in [
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
    ] {
        assert!(TwoNodes::new(air, Wearer::default()).is_none(), "{air:?}");
    }
    let usual = Wearer::default();
    for wearer in [
        Wearer {
            metabolism: 0.0,
            ..usual
        },
        Wearer {
            metabolism: 7.6 * MET,
            ..usual
        },
        Wearer {
            clothing: 0.0,
            ..usual
        },
        Wearer {
            clothing: f64::NAN,
            ..usual
        },
    ] {
        assert!(TwoNodes::new(MILD, wearer).is_none(), "{wearer:?}");
    }
    for tmrt in [f64::NAN, -999.0, -300.0, f64::NEG_INFINITY, f64::INFINITY] {
        assert!(body(MILD).solve(tmrt).is_nan(), "{tmrt}");
    }
    assert!(body(MILD).solve(45.0).is_finite());
}

/// No room is as cold as thin clothes in a polar gale; no number says so.
#[test]
fn beyond_every_room_there_is_none() {
    let air = Air {
        ta: -45.0,
        wind: 12.0,
        ..MILD
    };
    let wearer = Wearer {
        clothing: 0.02,
        ..Wearer::default()
    };
    let bare = TwoNodes::new(air, wearer).expect("weather");
    assert!(bare.solve(-70.0).is_nan());
    let step = HeatStep::new(air, air.wind, wearer, [true; INDICES]);
    let mut out = [0.0; 3];
    step.fill(
        Index::Effective,
        [&[], &[], &[-70.0, -69.9, 999.0]],
        &mut out,
    );
    assert!(out[..2].iter().all(|set| set.is_nan()));
}

/// A body whose skin swings from minute to minute has no SET*.
#[test]
fn what_does_not_settle_has_none() {
    let air = Air {
        ta: 45.0,
        rh: 20.0,
        wind: 190.0,
        pressure: 1013.0,
    };
    let wearer = Wearer {
        metabolism: 4.0 * MET,
        clothing: 0.02,
        sitting: false,
    };
    let swings = TwoNodes::new(air, wearer).expect("weather");
    assert!(swings.solve(60.0).is_nan());
}

#[test]
fn still_and_saturated_air_are_what_they_are() {
    let at = |wind: f64, rh: f64| body(Air { wind, rh, ..MILD }).solve(50.0);
    assert_eq!(at(0.0, 45.0), at(CALM_BODY, 45.0));
    assert!(at(CALM_BODY, 45.0) > at(0.5, 45.0));
    assert_eq!(at(0.8, 110.0), at(0.8, 100.0));
    assert!(at(0.8, 100.0) > at(0.8, 99.0));
}

/// In the standard room but for how its clothing is counted, SET* is the room's temperature.
#[test]
fn the_standard_room_is_its_own_measure() {
    for met in [1.0, 1.5, 2.0] {
        for ta in [18.0, 24.0, 30.0, 36.0] {
            let air = Air {
                ta,
                rh: 50.0,
                wind: 0.0,
                pressure: 1013.25,
            };
            let wearer = Wearer {
                metabolism: met * MET,
                clothing: 1.52 / (met + 0.6944) - 0.1835,
                sitting: false,
            };
            let found = TwoNodes::new(air, wearer).expect("weather").solve(ta);
            assert!((found - ta).abs() < 1.2, "{met} met, {ta}: {found}");
        }
    }
}

#[test]
fn those_that_are_missing_do_not_disturb() {
    let mut bodies = [None; TOGETHER];
    assert!(
        solve_some(&bodies, &[40.0; TOGETHER])
            .iter()
            .all(|x| x.is_nan())
    );
    bodies[3] = Some(body(MILD));
    let found = solve_some(&bodies, &[40.0; TOGETHER]);
    assert_eq!(found[3], body(MILD).solve(40.0));
    assert_eq!(found.iter().filter(|x| x.is_nan()).count(), TOGETHER - 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// A body is the same alone and with others.
    #[test]
    fn bodies_do_not_depend_on_each_other(all in proptest::collection::vec(anyone(), TOGETHER)) {
        let bodies = std::array::from_fn(|i| TwoNodes::new(all[i].0, all[i].1).expect("weather"));
        let tmrt = std::array::from_fn(|i| all[i].0.ta + 7.0 * i as f64 - 10.0);
        for ((body, tmrt), found) in bodies.iter().zip(tmrt).zip(solve_together(&bodies, &tmrt)) {
            prop_assert_eq!(body.solve(tmrt).to_bits(), found.to_bits());
        }
    }

    /// More radiation, warmth or humidity does not lower SET*, but for what a late beginning of sweat
    /// takes.
    #[test]
    fn it_rises_with_heat((air, wearer) in anyone(), excess in -20.0..60.0_f64, more in 0.01..10.0_f64) {
        let of = |air: Air, tmrt: f64| TwoNodes::new(air, wearer).expect("weather").solve(tmrt);
        let tmrt = air.ta + excess;
        let base = of(air, tmrt);
        prop_assert!(base.is_finite() || air.ta < 0.0, "{base}");
        if base.is_finite() {
            prop_assert!(of(air, tmrt + more) > base - LATE_SWEAT);
            let warm = Air { ta: air.ta + more, ..air };
            prop_assert!(of(warm, tmrt) > base - LATE_SWEAT);
            let damp = Air { rh: (air.rh + more).min(100.0), ..air };
            prop_assert!(of(damp, tmrt) > base - LATE_SWEAT);
        }
    }

    /// The table is the body's, to what it promises.
    #[test]
    fn the_table_is_that_of_the_body((air, wearer) in anyone(), excess in -20.0..60.0_f64) {
        let step = HeatStep::new(air, air.wind, wearer, [true; INDICES]);
        let tmrt: [f32; 64] = std::array::from_fn(|i| (air.ta + excess) as f32 + 0.031 * i as f32);
        let mut out = [0.0; 64];
        step.fill(Index::Effective, [&[], &[], &tmrt], &mut out);
        let body = TwoNodes::new(air, wearer).expect("weather");
        for (&t, &set) in tmrt.iter().zip(&out) {
            let exact = body.solve(f64::from(t));
            let near = (f64::from(set) - exact).abs() < 6e-4;
            prop_assert!(near || (set.is_nan() && exact < -90.0) || exact.is_nan(), "{set} {exact}");
        }
    }
}
