//! Clearness index through the night (R 3.6; Offerle et al. 2003).

use super::clearness::capped;

/// What the night takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NightRule {
    /// From midnight to sunrise the value of the second row of its day with the sun above 1° (the
    /// first is too close to the horizon to be trusted); from sunset to midnight the last daytime
    /// value. 1 (clear) where the day offers neither.
    #[default]
    Offerle,
    /// 1, as in the reference's class driver and its stored runs.
    Clear,
    /// 1 from midnight on, after sunset the last daytime value: the reference's procedural driver.
    Evening,
}

/// Clearness index every row works with.
///
/// Day rows (`altitude` > 0) keep their own value, capped at 1. Rows are in time order; `day_index`
/// tells the days apart.
#[must_use]
pub fn night_clearness(
    rule: NightRule,
    day_index: &[i64],
    altitude_deg: &[f64],
    ci: &[f64],
) -> Vec<f64> {
    let mut out = Vec::with_capacity(ci.len());
    let mut start = 0;
    for day in day_index.chunk_by(|a, b| a == b) {
        let rows = start..start + day.len();
        fill_day(
            rule,
            &altitude_deg[rows.clone()],
            &ci[rows.clone()],
            &mut out,
        );
        start = rows.end;
    }
    out
}

/// Append the values of one calendar day.
fn fill_day(rule: NightRule, altitude_deg: &[f64], ci: &[f64], out: &mut Vec<f64>) {
    let mut night = match rule {
        NightRule::Offerle => morning_value(altitude_deg, ci),
        NightRule::Clear | NightRule::Evening => 1.0,
    };
    for (&h, &value) in altitude_deg.iter().zip(ci) {
        let day = h > 0.0;
        let now = if day { capped(value) } else { night };
        if day && rule != NightRule::Clear {
            night = now;
        }
        out.push(now);
    }
}

/// Value from midnight to sunrise.
fn morning_value(altitude_deg: &[f64], ci: &[f64]) -> f64 {
    let Some(first) = altitude_deg.iter().position(|&h| h > 1.0) else {
        return 1.0;
    };
    match altitude_deg.get(first + 1) {
        Some(&h) if h > 0.0 => capped(ci[first + 1]),
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAN: f64 = f64::NAN;

    #[test]
    fn one_day() {
        let h = [-20.0, -5.0, 1.0, 8.0, 20.0, 5.0, -3.0, -10.0];
        let ci = [NAN, NAN, 0.3, 0.9, 0.7, 0.4, NAN, NAN];
        let got = night_clearness(NightRule::Offerle, &[0; 8], &h, &ci);
        // The row at exactly 1° (the low-sun clamp) is not above 1°.
        assert_eq!(got, [0.7, 0.7, 0.3, 0.9, 0.7, 0.4, 0.4, 0.4]);
    }

    #[test]
    fn nights_of_the_reference() {
        let h = [-20.0, 1.0, 8.0, 5.0, -3.0, -10.0, -9.0, 4.0];
        let ci = [NAN, 0.3, 0.9, 0.4, NAN, NAN, NAN, 0.5];
        let days = [0, 0, 0, 0, 0, 0, 1, 1];
        assert_eq!(
            night_clearness(NightRule::Clear, &days, &h, &ci),
            [1.0, 0.3, 0.9, 0.4, 1.0, 1.0, 1.0, 0.5]
        );
        assert_eq!(
            night_clearness(NightRule::Evening, &days, &h, &ci),
            [1.0, 0.3, 0.9, 0.4, 0.4, 0.4, 1.0, 0.5]
        );
    }

    #[test]
    fn midnight_starts_afresh() {
        let h = [30.0, -5.0, -6.0, 10.0, 20.0];
        let ci = [0.5, NAN, NAN, 0.8, 1.7];
        assert_eq!(
            night_clearness(NightRule::Offerle, &[0, 0, 1, 1, 1], &h, &ci),
            [0.5, 0.5, 1.0, 0.8, 1.0]
        );
    }

    #[test]
    fn fallbacks() {
        // A night without a day, a day of a single sunny row, a row the index is undefined for.
        assert_eq!(
            night_clearness(NightRule::Offerle, &[0, 0], &[-1.0, -2.0], &[NAN, NAN]),
            [1.0, 1.0]
        );
        assert_eq!(
            night_clearness(NightRule::Offerle, &[0, 0], &[-1.0, 5.0], &[NAN, 0.2]),
            [1.0, 0.2]
        );
        let inf = f64::INFINITY;
        assert_eq!(
            night_clearness(
                NightRule::Offerle,
                &[0; 3],
                &[-1.0, 5.0, 9.0],
                &[NAN, 0.2, inf]
            )[0],
            1.0
        );
    }
}
