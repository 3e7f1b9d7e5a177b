//! Bracketing root finder.

/// Most evaluations of one search; bisection alone would need fewer for the brackets in use.
const MAX_EVALUATIONS: usize = 100;

/// Root of `f` between `near` and `far`, each a pair (x, f(x)) with opposite signs (zero counts as
/// negative), to `tolerance`: inverse quadratic interpolation where safe, else bisection
/// (Chandrupatla 1997, Adv. Eng. Softw. 28, 145–149).
pub(crate) fn bracketed_root(
    f: &mut impl FnMut(f64) -> f64,
    near: (f64, f64),
    far: (f64, f64),
    tolerance: f64,
) -> f64 {
    let (mut a, mut fa) = far;
    let (mut b, mut fb) = near;
    let mut t = 0.5;
    for _ in 0..MAX_EVALUATIONS {
        let x = a + t * (b - a);
        let fx = f(x);
        let (c, fc);
        if (fx > 0.0) == (fa > 0.0) {
            (c, fc) = (a, fa);
        } else {
            (c, fc) = (b, fb);
            (b, fb) = (a, fa);
        }
        (a, fa) = (x, fx);
        let least = tolerance / (b - a).abs();
        if least > 0.5 || fa == 0.0 {
            break;
        }
        let xi = (a - b) / (c - b);
        let phi = (fa - fb) / (fc - fb);
        t = if phi * phi < xi && (1.0 - phi) * (1.0 - phi) < 1.0 - xi {
            fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        } else {
            0.5
        };
        t = t.clamp(least, 1.0 - least);
    }
    if fb.abs() < fa.abs() { b } else { a }
}

/// Farthest end of a bracket that [`falling_root`] looks for, from its start [K].
const FARTHEST: f64 = 128.0;

/// Root of a function that falls throughout, to `tolerance`, looked for around `start` in steps that
/// double.
pub(super) fn falling_root(f: &mut impl FnMut(f64) -> f64, start: f64, tolerance: f64) -> f64 {
    let first = f(start);
    let side = if first > 0.0 { 1.0 } else { -1.0 };
    let mut near = (start, first);
    let mut step = 1.0;
    loop {
        let x = start + side * step;
        let far = (x, f(x));
        if (far.1 > 0.0) != (first > 0.0) {
            return bracketed_root(f, near, far, tolerance);
        }
        if step >= FARTHEST {
            return x;
        }
        near = far;
        step *= 2.0;
    }
}

/// Bounds of the room that is looked for [°C], and up to where its balance surely rises.
const COLDEST_ROOM: f64 = -100.0;
const MILD_ROOM: f64 = 40.0;
const HOTTEST_ROOM: f64 = 150.0;
const ROOM_STEP: f64 = 10.0;

/// Air temperature of the coolest room whose heat balance `f` is even, to `tolerance`; the hottest
/// room where there is none. In rooms past anybody's life the breath of a hard worker carries off
/// more than the air brings, and the balance falls again.
pub(super) fn room_root(f: &mut impl FnMut(f64) -> f64, tolerance: f64) -> f64 {
    let mut near = (MILD_ROOM, f(MILD_ROOM));
    if near.1 > 0.0 {
        let cold = (COLDEST_ROOM, f(COLDEST_ROOM));
        if cold.1 > 0.0 {
            return COLDEST_ROOM;
        }
        return bracketed_root(f, near, cold, tolerance);
    }
    while near.0 < HOTTEST_ROOM {
        let x = near.0 + ROOM_STEP;
        let far = (x, f(x));
        if far.1 > 0.0 {
            return bracketed_root(f, near, far, tolerance);
        }
        near = far;
    }
    HOTTEST_ROOM
}

#[cfg(test)]
mod tests {
    use super::{bracketed_root, falling_root, room_root};

    fn solve(f: impl Fn(f64) -> f64, a: f64, b: f64) -> (f64, usize) {
        let mut count = 0;
        let (fa, fb) = (f(a), f(b));
        let mut g = |x| {
            count += 1;
            f(x)
        };
        let x = bracketed_root(&mut g, (a, fa), (b, fb), 1e-10);
        (x, count)
    }

    #[test]
    fn smooth_roots_are_found_quickly() {
        let (x, count) = solve(|x| x.exp() - 5.0, 1.0, 2.0);
        assert!((x - 5f64.ln()).abs() < 1e-9);
        assert!(count < 12, "{count} evaluations");
        let (x, _) = solve(|x| x * x * x - 2.0, 5.0, 0.0);
        assert!((x - 2f64.cbrt()).abs() < 1e-9);
    }

    #[test]
    fn kinks_and_jumps_are_bracketed() {
        let (x, _) = solve(|x| if x < 0.3 { -1.0 } else { 100.0 * x }, 0.0, 1.0);
        assert!((x - 0.3).abs() < 1e-9);
        let (x, _) = solve(|x| (x - 0.7).max(0.0) * 50.0 + (x - 0.7).min(0.0), 0.0, 1.0);
        assert!((x - 0.7).abs() < 1e-9);
    }

    #[test]
    fn falling_roots_are_found_on_both_sides() {
        for root in [-100.0, -0.2, 0.0, 0.7, 41.0] {
            let x = falling_root(&mut |x: f64| (root - x).powi(3) + root - x, 0.0, 1e-10);
            assert!((x - root).abs() < 1e-9, "{x} for {root}");
        }
    }

    #[test]
    fn the_coolest_room_is_found() {
        for root in [-60.0, 12.0, 40.0, 41.0, 118.0] {
            let x = room_root(&mut |t: f64| t - root, 1e-10);
            assert!((x - root).abs() < 1e-9, "{x} for {root}");
        }
        let hump = |t: f64| 100.0 - (t - 80.0).abs().powi(2);
        assert!((room_root(&mut |t| hump(t), 1e-10) - 70.0).abs() < 1e-9);
        assert_eq!(room_root(&mut |t| hump(t) - 101.0, 1e-10), 150.0);
        assert_eq!(room_root(&mut |_| 1.0, 1e-10), -100.0);
    }
}
