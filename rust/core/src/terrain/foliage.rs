//! Transmissivity of canopies, in whole units so that every engine and every order agree on sums.

/// Units of a transmissivity of 1.
pub const UNITS: u16 = 10_000;

/// A transmissivity in units; 0 for none.
#[must_use]
pub fn units(transmissivity: f64) -> u16 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to what fits; NaN becomes 0"
    )]
    let whole = (transmissivity.clamp(0.0, 1.0) * f64::from(UNITS)).round() as u16;
    whole
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_a_rounded_number_are_those_of_the_number() {
        for whole in 0..=UNITS {
            let share = f64::from(whole) / f64::from(UNITS);
            assert_eq!(units(share), whole);
            assert_eq!(units(f64::from(share as f32)), whole);
        }
        assert_eq!([units(f64::NAN), units(-1.0), units(7.0)], [0, 0, UNITS]);
    }
}
