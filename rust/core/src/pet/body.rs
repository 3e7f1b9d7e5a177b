//! The person of PET.

/// Thinnest clothing [clo] for which the covered body fraction of the method is positive.
pub const MIN_CLOTHING: f64 = 0.02;

/// The person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Body {
    /// Body mass [kg].
    pub weight: f64,
    /// Age [years].
    pub age: f64,
    /// Height [m].
    pub height: f64,
    /// Work metabolism above the resting rate [W].
    pub activity: f64,
    /// Clothing insulation [clo], at least [`MIN_CLOTHING`].
    pub clothing: f64,
    /// Female rather than male metabolism and sweating.
    pub female: bool,
    /// Sitting rather than standing; only the 2018 revision tells them apart.
    pub sitting: bool,
}

impl Default for Body {
    /// The standard man of the method: 75 kg, 35 years, 1.80 m, 80 W, 0.9 clo.
    fn default() -> Self {
        Self {
            weight: 75.0,
            age: 35.0,
            height: 1.80,
            activity: 80.0,
            clothing: 0.9,
            female: false,
            sitting: false,
        }
    }
}

impl Body {
    /// Why this body cannot be computed, as the name of the offending field; `None` if it can.
    #[must_use]
    pub fn invalid_field(&self) -> Option<&'static str> {
        let positive = |x: f64| x > 0.0 && x.is_finite();
        if !positive(self.weight) {
            Some("weight")
        } else if !(self.age >= 0.0 && self.age.is_finite()) {
            Some("age")
        } else if !(self.height > 0.2 && self.height.is_finite()) {
            Some("height")
        } else if !(self.activity >= 0.0 && self.activity.is_finite()) {
            Some("activity")
        } else if !(self.clothing >= MIN_CLOTHING && self.clothing.is_finite()) {
            Some("clothing")
        } else {
            None
        }
    }

    /// Fraction of the body covered by clothing.
    pub(super) fn covered_fraction(&self) -> f64 {
        self.covered_polynomial().min(1.0)
    }

    /// The same before it is held to the whole body.
    pub(super) fn covered_polynomial(&self) -> f64 {
        let c = self.clothing;
        (-2.36 + 173.51 * c - 100.76 * c * c + 19.28 * c * c * c) / 100.0
    }
}
