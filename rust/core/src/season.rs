//! Day length and leaf state (R 2.5, 2.6).

use crate::constants::DEG;
use std::f64::consts::PI;

/// Sunrise [h, solar time] from declination and latitude: no longitude, equation of time or
/// daylight saving.
#[must_use]
pub fn sunrise_hour(day_of_year: f64, latitude: f64) -> f64 {
    let declination = -23.45 * (2.0 * PI * (day_of_year + 10.0) / 365.0).cos();
    let x = ((declination * DEG).tan() * (latitude * DEG).tan()).clamp(-1.0, 1.0);
    let day_length = 12.0 + 24.0 * x.asin() / PI;
    12.0 - day_length / 2.0
}

/// Whether trees carry leaves on a day; the season may span the new year (southern hemisphere).
/// The season's first and last day themselves are outside (first ≤ last) it.
#[must_use]
pub fn leaf_on(day_of_year: i64, first_day: i64, last_day: i64) -> bool {
    if first_day <= last_day {
        first_day < day_of_year && day_of_year < last_day
    } else {
        day_of_year > first_day || day_of_year < last_day
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sunrise_check_values() {
        for (doy, latitude, want) in [
            (172.0, 57.7, 3.111666),
            (355.0, 57.7, 8.888483),
            (80.0, 0.0, 6.0),
            (172.0, 70.0, 0.0),
            (172.0, -33.9, 7.129743),
        ] {
            assert!((sunrise_hour(doy, latitude) - want).abs() < 1e-6);
        }
    }

    #[test]
    fn leaf_season() {
        assert!(!leaf_on(97, 97, 300));
        assert!(leaf_on(98, 97, 300));
        assert!(!leaf_on(300, 97, 300));
        assert!(leaf_on(10, 280, 120));
        assert!(leaf_on(281, 280, 120));
        assert!(!leaf_on(280, 280, 120));
        assert!(!leaf_on(200, 280, 120));
    }
}
