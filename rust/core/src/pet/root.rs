//! Bracketing root finder.

/// Most evaluations of one search; bisection alone would need fewer for the brackets in use.
const MAX_EVALUATIONS: usize = 100;

/// Root of `f` between `near` and `far`, each a pair (x, f(x)) with opposite signs (zero counts as
/// negative), to `tolerance`: inverse quadratic interpolation where safe, else bisection
/// (Chandrupatla 1997, Adv. Eng. Softw. 28, 145–149).
pub(super) fn bracketed_root(
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

#[cfg(test)]
mod tests {
    use super::bracketed_root;

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
}
