//! Tests of PET.

use super::PetVariant::{Hoeppe1999, Reference, Revised2018};
use super::balance::Balance;
use super::cells::Lanes;
use super::one_branch::OneBranch;
use super::*;
use proptest::prelude::*;

const VARIANTS: [PetVariant; 3] = [Hoeppe1999, Revised2018, Reference];

/// (Ta, RH, Tmrt, v), exact root of a man, stepping result of the reference for a woman.
const CHECKS: [([f64; 4], f64, f64); 8] = [
    ([21.0, 50.0, 21.0, 0.1], 21.0205, 21.024),
    ([30.0, 40.0, 60.0, 1.0], 42.6248, 42.511),
    ([35.0, 60.0, 70.0, 0.5], 53.7347, 53.711),
    ([20.0, 50.0, 20.0, 1.0], 17.0709, 17.169),
    ([0.0, 80.0, 0.0, 2.0], -5.5848, -5.421),
    ([-5.0, 70.0, -5.0, 5.0], -12.5203, -12.291),
    ([25.0, 50.0, 25.0, 0.5], 23.8380, 23.829),
    ([40.0, 20.0, 75.0, 2.0], 56.1090, 55.911),
];
const REGIMES: [u8; 8] = [1, 1, 4, 2, 3, 3, 1, 1];

/// Far from the seams between the regimes both rules give one state.
#[test]
fn exact_roots_of_the_specification() {
    let woman = Body {
        female: true,
        ..Body::default()
    };
    for ([ta, rh, tmrt, v], man, stepped) in CHECKS {
        for variant in [Reference, Hoeppe1999] {
            let got = pet(variant, ta, rh, tmrt, v, &Body::default());
            assert!(
                (got - man).abs() < 1e-4,
                "{variant:?} ({ta}, {rh}, {tmrt}, {v}): {got} for {man}"
            );
            let got = pet(variant, ta, rh, tmrt, v, &woman);
            assert!(
                (got - stepped).abs() < 0.1,
                "{variant:?} ({ta}, {rh}, {tmrt}, {v}): {got} for {stepped}"
            );
        }
    }
}

/// Table 1 of Höppe (1999): Ta, Tmrt [°C], vapour pressure [hPa], wind [m/s], PET [°C].
#[test]
fn published_cases() {
    for (name, ta, tmrt, vapour, wind, want) in [
        ("typical room", 21.0, 21.0, 12.0, 0.1, 21.0),
        ("winter, sunny", -5.0, 40.0, 2.0, 0.5, 10.0),
        ("winter, shade", -5.0, -5.0, 2.0, 5.0, -13.0),
        ("summer, sunny", 30.0, 60.0, 21.0, 1.0, 43.0),
        ("summer, shade", 30.0, 30.0, 21.0, 1.0, 29.0),
    ] {
        let saturated = 6.107 * 10f64.powf(7.5 * ta / (238.0 + ta));
        let got = pet(
            Hoeppe1999,
            ta,
            100.0 * vapour / saturated,
            tmrt,
            wind,
            &Body::default(),
        );
        assert!((got - want).abs() < 0.5, "{name}: {got:.2} for {want}");
    }
}

/// Where the reference's regimes meet, its PET falls as the surroundings get hotter; ours does not.
#[test]
fn the_reference_falls_at_a_seam() {
    let walker = Body {
        activity: 200.0,
        ..Body::default()
    };
    let falls = |variant| {
        let at = |i: i32| pet(variant, 20.0, 50.0, f64::from(i), 1.0, &walker);
        (0..70).map(|i| at(i) - at(i + 1)).fold(0.0, f64::max)
    };
    assert!(falls(Reference) > 0.5, "{}", falls(Reference));
    assert!(falls(Hoeppe1999) <= 0.0);
}

#[test]
fn regimes_and_body_state() {
    for (([ta, rh, tmrt, v], _, _), want) in CHECKS.into_iter().zip(REGIMES) {
        let (regime, state) = Balance::new(ta, rh, v, &Body::default()).solve_outdoor(tmrt);
        assert_eq!(regime, want, "({ta}, {rh}, {tmrt}, {v})");
        let branch = OneBranch::new(ta, rh, v, &Body::default());
        let own = branch.outdoors(tmrt);
        assert!((own.skin - state.skin).abs() < 1e-6);
        assert!((own.clothing - state.clothing).abs() < 1e-6);
        assert!((branch.core(own.skin) - state.core).abs() < 1e-6);
        if tmrt == 60.0 {
            assert!((state.skin - 35.884).abs() < 2e-3);
            assert!((state.clothing - 39.503).abs() < 2e-3);
            assert!((state.core - 37.225).abs() < 2e-3);
            assert!((state.wetness - 0.409).abs() < 2e-3);
        }
    }
}

/// Anybody the interface lets through.
fn anybody() -> impl Strategy<Value = Body> {
    (
        30.0..150.0_f64,
        5.0..100.0_f64,
        1.2..2.1_f64,
        prop_oneof![0.0..300.0_f64, 300.0..1500.0_f64],
        0.05..3.0_f64,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(
            |(weight, age, height, activity, clothing, female, sitting)| Body {
                weight,
                age,
                height,
                activity,
                clothing,
                female,
                sitting,
            },
        )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Hotter surroundings never lower PET, whoever stands there in whatever weather.
    #[test]
    fn pet_never_falls_with_tmrt(
        body in anybody(),
        ta in -40.0..55.0_f64,
        rh in 0.0..100.0_f64,
        wind in 0.0..20.0_f64,
        below in 0.0..40.0_f64,
        revised in any::<bool>(),
    ) {
        let variant = if revised { Revised2018 } else { Hoeppe1999 };
        let mut last = f64::NEG_INFINITY;
        for i in 0..120 {
            let tmrt = ta - below + f64::from(i);
            let next = pet(variant, ta, rh, tmrt, wind, &body);
            // The roots are found to 1e-9 K of the clothing's temperature.
            prop_assert!(next >= last - 1e-6, "{next} after {last} at Tmrt {tmrt}");
            last = next;
        }
    }

    /// Nor do the values of the table, by however little Tmrt rises.
    #[test]
    fn the_table_never_falls(
        activity in 0.0..500.0_f64,
        ta in -15.0..42.0_f64,
        rh in 5.0..95.0_f64,
        wind in 0.1..6.0_f64,
        low in -20.0..60.0_f32,
    ) {
        let body = Body { activity, ..Body::default() };
        let step = PetStep::new(Hoeppe1999, ta, rh, wind, &body);
        let mut last = f32::NEG_INFINITY;
        for i in 0..2000_u16 {
            let next = step.eval(ta as f32 + low + 0.003 * f32::from(i));
            prop_assert!(next >= last, "{next} after {last}");
            last = next;
        }
    }
}

#[test]
fn calm_air_is_that_of_the_room() {
    let man = Body::default();
    for variant in VARIANTS {
        let calm = pet(variant, 28.0, 50.0, 60.0, CALM, &man);
        assert!(calm.is_finite());
        for wind in [0.0, 0.05] {
            assert_eq!(pet(variant, 28.0, 50.0, 60.0, wind, &man), calm);
        }
    }
}

/// Posture matters to the revision only.
#[test]
fn sitting_is_told_apart_in_2018() {
    let man = Body::default();
    let sitting = Body {
        sitting: true,
        ..man
    };
    let difference = |variant| {
        let of = |body| pet(variant, 30.0, 50.0, 60.0, 1.0, body);
        of(&sitting) - of(&man)
    };
    assert_eq!(difference(Hoeppe1999), 0.0);
    assert!(difference(Revised2018) > 0.3);
}

/// The tabulated form stays within 1e-3 K of the solver, jumps between regimes included.
#[test]
fn table_agrees_with_the_solver() {
    let bodies = [
        Body::default(),
        Body {
            female: true,
            weight: 58.0,
            height: 1.65,
            clothing: 0.5,
            ..Body::default()
        },
    ];
    for body in &bodies {
        for (ta, rh, v) in [(33.0, 45.0, 0.8), (18.0, 70.0, 2.5), (-4.0, 85.0, 0.3)] {
            for variant in VARIANTS {
                let step = PetStep::new(variant, ta, rh, v, body);
                for i in 0..2500 {
                    let tmrt = -20.0 + 0.0417 * i as f32;
                    let exact = pet(variant, ta, rh, f64::from(tmrt), v, body);
                    let got = f64::from(step.eval(tmrt));
                    assert!(
                        (got - exact).abs() < 1e-3,
                        "{variant:?} {ta} {v} {tmrt}: {got} for {exact}"
                    );
                }
            }
        }
    }
}

#[test]
fn missing_input_gives_nan() {
    let man = Body::default();
    assert!(pet(Hoeppe1999, 25.0, 50.0, 30.0, -1.0, &man).is_nan());
    assert!(pet(Hoeppe1999, f64::NAN, 50.0, 30.0, 1.0, &man).is_nan());
    assert!(pet(Hoeppe1999, 25.0, 50.0, -9999.0, 1.0, &man).is_nan());
    assert!(
        PetStep::new(Hoeppe1999, 25.0, -999.0, 1.0, &man)
            .eval(30.0)
            .is_nan()
    );
    let step = PetStep::new(Hoeppe1999, 25.0, 50.0, 1.0, &man);
    assert!(step.eval(f32::NAN).is_nan());
    assert!(step.eval(30.0).is_finite());
}

#[test]
fn impossible_bodies_are_named() {
    let naked = Body {
        clothing: 0.0,
        ..Body::default()
    };
    assert_eq!(naked.invalid_field(), Some("clothing"));
    assert!(pet(Hoeppe1999, 25.0, 50.0, 30.0, 1.0, &naked).is_nan());
    let thin = Body {
        clothing: MIN_CLOTHING,
        ..Body::default()
    };
    assert_eq!(thin.invalid_field(), None);
    assert!(pet(Hoeppe1999, 25.0, 50.0, 30.0, 1.0, &thin).is_finite());
    assert_eq!(
        Body {
            height: 0.0,
            ..Body::default()
        }
        .invalid_field(),
        Some("height")
    );
    assert_eq!(
        Body {
            weight: f64::NAN,
            ..Body::default()
        }
        .invalid_field(),
        Some("weight")
    );
}

#[test]
fn far_outside_the_table_is_still_solved() {
    let step = PetStep::new(Hoeppe1999, 25.0, 50.0, 1.0, &Body::default());
    let exact = pet(Hoeppe1999, 25.0, 50.0, 250.0, 1.0, &Body::default());
    assert!((f64::from(step.eval(250.0)) - exact).abs() < 1e-4);
}

/// Air temperature, humidity, wind and Tmrt of cells, of some hot or cold day.
fn air_of_cells() -> impl Strategy<Value = [Lanes; 4]> {
    let number = || prop::collection::vec(0.0..1.0_f64, TOGETHER);
    (number(), number(), number(), number(), -25.0..35.0_f64).prop_map(
        |(warm, damp, windy, sunny, coldest)| {
            let lanes = |of: &dyn Fn(usize) -> f64| std::array::from_fn(of);
            let ta = lanes(&|i| coldest + 15.0 * warm[i]);
            [
                ta,
                lanes(&|i| 100.0 * damp[i]),
                lanes(&|i| 15.0 * windy[i] * windy[i]),
                lanes(&|i| ta[i] - 15.0 + 70.0 * sunny[i]),
            ]
        },
    )
}

/// PET of cells one after the other.
fn alone(variant: PetVariant, given: &[Lanes; 4], body: &Body) -> Lanes {
    std::array::from_fn(|i| {
        pet(
            variant,
            given[0][i],
            given[1][i],
            given[3][i],
            given[2][i],
            body,
        )
    })
}

fn same_bits(one: &Lanes, two: &Lanes) -> bool {
    one.iter().zip(two).all(|(a, b)| a.to_bits() == b.to_bits())
}

const ALL: [bool; TOGETHER] = [true; TOGETHER];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Cells of random air, side by side, are what each of them is alone, whoever stands there.
    #[test]
    fn cells_of_their_own_air_are_solved(
        given in air_of_cells(),
        body in anybody(),
        revised in any::<bool>(),
    ) {
        let variant = if revised { Revised2018 } else { Hoeppe1999 };
        let want = alone(variant, &given, &body);
        let found = PetCells::new(variant, &body).cells(&given, &ALL);
        for i in 0..TOGETHER {
            let apart = (found[i] - want[i]).abs();
            prop_assert!(apart < 5e-5, "{:?}: {} for {}", given.map(|x| x[i]), found[i], want[i]);
        }
    }

    /// Whatever the others are, and wherever it stands among them, a cell is what it is.
    #[test]
    fn cells_do_not_depend_on_each_other(given in air_of_cells(), asked in any::<u128>()) {
        let by_cell = PetCells::new(Hoeppe1999, &Body::default());
        let all = by_cell.cells(&given, &ALL);
        let mut turned = given;
        turned.iter_mut().for_each(|quantity| quantity.reverse());
        let mut again = by_cell.cells(&turned, &ALL);
        again.reverse();
        prop_assert!(same_bits(&all, &again));
        let asked = std::array::from_fn(|i| (asked >> i) & 1 == 1);
        let some = by_cell.cells(&given, &asked);
        for i in (0..TOGETHER).filter(|&i| asked[i]) {
            prop_assert_eq!(all[i].to_bits(), some[i].to_bits());
        }
    }
}

/// What is missing, impossible, out of all weather or of another variant is solved one by one.
#[test]
fn cells_that_are_solved_alone() {
    let man = Body::default();
    let mut given = [
        [25.0; TOGETHER],
        [50.0; TOGETHER],
        [1.0; TOGETHER],
        [40.0; TOGETHER],
    ];
    let odd = [
        (0, f64::NAN),
        (0, -999.0),
        (0, -80.0),
        (0, 75.0),
        (1, f64::NAN),
        (1, -1.0),
        (1, 200.0),
        (2, f64::NAN),
        (2, -1.0),
        (2, 80.0),
        (3, f64::NAN),
        (3, -9999.0),
        (3, 250.0),
        (3, -150.0),
    ];
    for (cell, (quantity, value)) in odd.into_iter().enumerate() {
        given[quantity][cell] = value;
    }
    let want = alone(Hoeppe1999, &given, &man);
    let found = PetCells::new(Hoeppe1999, &man).cells(&given, &ALL);
    assert!(same_bits(
        &std::array::from_fn(|i| if i < odd.len() { found[i] } else { 0.0 }),
        &std::array::from_fn(|i| if i < odd.len() { want[i] } else { 0.0 }),
    ));
    assert!((found[odd.len()] - want[odd.len()]).abs() < 5e-5);
    let found = PetCells::new(Reference, &man).cells(&given, &ALL);
    assert!(same_bits(&found, &alone(Reference, &given, &man)));
    let naked = Body {
        clothing: 0.0,
        ..man
    };
    let found = PetCells::new(Hoeppe1999, &naked).cells(&given, &ALL);
    assert!(found.iter().all(|pet| pet.is_nan()));
}
