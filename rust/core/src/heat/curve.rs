//! The temperature of a sensor as a function of its radiation alone.
//!
//! Solving a balance takes a microsecond; a raster holds millions of cells that share the weather.
//! What a sensor reads rises smoothly with what it absorbs, so a polynomial of degree eight through
//! its Chebyshev points is within [`MOST_ERROR`] of the balance. That is checked whenever one is made;
//! where it does not hold, and outside its ends, the balance is solved.

/// Degree of the polynomial.
pub const DEGREE: usize = 8;
/// Its coefficients.
pub const COEFFICIENTS: usize = DEGREE + 1;
/// Largest accepted difference from the balance at the checked points [K].
pub const MOST_ERROR: f64 = 5e-4;
/// Radiation below and above that of a black room at air temperature that the polynomial spans
/// [W m⁻²].
const BELOW: f64 = 250.0;
const ABOVE: f64 = 900.0;

/// What a sensor reads.
pub trait Balance {
    /// Temperature [°C] at an absorbed radiation [W m⁻²].
    fn solve(&self, load: f64) -> f64;
}

/// A polynomial in (load − `centre`) · `scale`, between `low` and `high` [W m⁻²].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Polynomial {
    /// Ends.
    pub low: f32,
    /// See `low`.
    pub high: f32,
    /// Middle between them.
    pub centre: f64,
    /// One over half their distance.
    pub scale: f64,
    /// Of the powers, the lowest first.
    pub c: [f64; COEFFICIENTS],
}

impl Polynomial {
    /// Value at a load inside.
    #[inline(always)]
    #[must_use]
    pub fn value(&self, load: f64) -> f64 {
        let u = (load - self.centre) * self.scale;
        let mut value = self.c[DEGREE];
        for k in (0..DEGREE).rev() {
            value = value * u + self.c[k];
        }
        value
    }

    /// Whether it holds at a load.
    #[inline(always)]
    #[must_use]
    pub fn holds(&self, load: f32) -> bool {
        load >= self.low && load <= self.high
    }
}

/// A balance and the polynomial that stands for it.
#[derive(Clone, Copy, Debug)]
pub struct Curve<B> {
    balance: B,
    polynomial: Polynomial,
}

impl<B: Balance> Curve<B> {
    /// Of a balance whose sensor absorbs `air` [W m⁻²] in a black room at air temperature.
    pub fn new(balance: B, air: f64) -> Self {
        let (low, high) = (air - BELOW, air + ABOVE);
        let (centre, half) = (0.5 * (low + high), 0.5 * (high - low));
        let at = |u: f64| balance.solve(centre + half * u);
        let nodes: [f64; COEFFICIENTS] = std::array::from_fn(|i| angle(i).cos());
        let mut polynomial = Polynomial {
            low: low as f32,
            high: high as f32,
            centre,
            scale: 1.0 / half,
            c: powers(&nodes.map(at)),
        };
        // Half-way between the points the error of a polynomial through them is largest.
        let checks = (0..=COEFFICIENTS).map(|i| ((i as f64) * STEP).cos());
        let fits = |u: f64| (polynomial.value(centre + half * u) - at(u)).abs() < MOST_ERROR;
        if !checks.into_iter().all(fits) {
            (polynomial.low, polynomial.high) = (f32::INFINITY, f32::NEG_INFINITY);
        }
        Self {
            balance,
            polynomial,
        }
    }

    /// The polynomial; it may hold nowhere.
    pub fn polynomial(&self) -> &Polynomial {
        &self.polynomial
    }

    /// Temperature [°C] at a load; NaN without one.
    #[inline]
    pub fn eval(&self, load: f32) -> f64 {
        if self.polynomial.holds(load) {
            self.polynomial.value(f64::from(load))
        } else if load.is_nan() {
            f64::NAN
        } else {
            self.balance.solve(f64::from(load))
        }
    }
}

/// Angle between two Chebyshev points.
const STEP: f64 = std::f64::consts::PI / COEFFICIENTS as f64;

fn angle(i: usize) -> f64 {
    (i as f64 + 0.5) * STEP
}

/// Coefficients of the powers of the polynomial through `values` at the Chebyshev points.
fn powers(values: &[f64; COEFFICIENTS]) -> [f64; COEFFICIENTS] {
    let weight = |k: usize| if k == 0 { 1.0 } else { 2.0 } / COEFFICIENTS as f64;
    let mut out = [0.0; COEFFICIENTS];
    // T₀ and T₁, from which the others follow.
    let mut before = [0.0; COEFFICIENTS];
    let mut now = [0.0; COEFFICIENTS];
    now[0] = 1.0;
    for k in 0..COEFFICIENTS {
        let terms = values.iter().enumerate();
        let sum: f64 = terms.map(|(i, v)| v * (k as f64 * angle(i)).cos()).sum();
        for (out, t) in out.iter_mut().zip(now) {
            *out += weight(k) * sum * t;
        }
        let mut next = [0.0; COEFFICIENTS];
        for i in 1..COEFFICIENTS {
            next[i] = now[i - 1] * if k == 0 { 1.0 } else { 2.0 };
        }
        if k > 0 {
            for (next, b) in next.iter_mut().zip(before) {
                *next -= b;
            }
        }
        (before, now) = (now, next);
    }
    out
}
