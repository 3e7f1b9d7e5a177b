//! Delay of the ground's heat wave and the state it carries (R 6.5).

/// Rate of the delay [day⁻¹].
const RATE: f64 = 33.27;
/// Time after which the remembered value is renewed [day]: 59 minutes.
const REFRESH_DAYS: f64 = 59.0 / 1440.0;

/// The part of the state that is the same for every cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DelayClock {
    /// No daytime step since the last night or the start of the run.
    pub first: bool,
    /// Time since the memory was renewed [day].
    pub accumulated_days: f64,
}

impl Default for DelayClock {
    fn default() -> Self {
        Self {
            first: true,
            accumulated_days: 0.0,
        }
    }
}

/// What one daytime step does to a cell: `y = x (1 − weight) + memory · weight`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DelayStep {
    /// The memory is the present value: nothing to lag behind.
    pub first: bool,
    /// Weight of the memory.
    pub weight: f64,
    /// The result becomes the memory.
    pub renew: bool,
    /// Clock after the step.
    pub next: DelayClock,
}

impl DelayClock {
    /// Step of length `step_days`, by day or with the ground remembering through the night. `exponential` filters every step alike instead of
    /// renewing the memory about once an hour, which makes sub-hourly series jump.
    #[must_use]
    pub fn day(self, step_days: f64, exponential: bool) -> DelayStep {
        let incoming = self.accumulated_days;
        let (weight, renew, accumulated_days) = if exponential {
            // What the step before handed over; where nothing is known of it, the step's own length.
            let past = if incoming > 0.0 { incoming } else { step_days };
            ((-RATE * past).exp(), true, step_days)
        } else if incoming >= REFRESH_DAYS {
            let left = if step_days > REFRESH_DAYS {
                step_days
            } else {
                0.0
            };
            ((-RATE * incoming).exp(), true, left)
        } else {
            let total = incoming + step_days;
            ((-RATE * total).exp(), false, total)
        };
        let next = DelayClock {
            first: false,
            accumulated_days,
        };
        DelayStep {
            first: self.first,
            weight,
            renew,
            next,
        }
    }

    /// Night step: the next day starts without memory.
    #[must_use]
    pub fn night(self) -> Self {
        Self::default()
    }
}

impl DelayStep {
    /// Delay the values `x` of some cells, updating their memory.
    ///
    /// # Panics
    /// If the slices differ in length.
    #[inline(always)]
    pub fn apply_all(&self, x: &mut [f32], memory: &mut [f32]) {
        assert_eq!(x.len(), memory.len(), "cells and memory differ in length");
        if self.first {
            // Nothing to lag behind: the result is the present value.
            memory.copy_from_slice(x);
            return;
        }
        let weight = self.weight as f32;
        for (x, m) in x.iter_mut().zip(memory) {
            *x += (*m - *x) * weight;
            if self.renew {
                *m = *x;
            }
        }
    }
}

/// Number of remembered rasters: Lup and its E, S, W, N, and ground temperature.
pub const MEMORIES: usize = 6;

/// Thermal state of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ThermalState {
    /// The scalar part.
    pub clock: DelayClock,
    /// Remembered Lup (total, E, S, W, N) and ground temperature; empty before the first day step.
    pub memory: [Vec<f32>; MEMORIES],
}

impl ThermalState {
    /// Give every memory `cells` cells, if it has none yet.
    pub fn allocate(&mut self, cells: usize) {
        for memory in &mut self.memory {
            if memory.len() != cells {
                memory.clear();
                memory.resize(cells, 0.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: [f32; 9] = [
        400.0, 420.0, 450.0, 480.0, 500.0, 510.0, 505.0, 490.0, 470.0,
    ];

    fn run(step_minutes: f64, exponential: bool) -> (Vec<f32>, Vec<f64>) {
        let mut clock = DelayClock::default();
        let mut memory = [0.0];
        let mut minutes = Vec::new();
        let out = INPUT
            .iter()
            .map(|&x| {
                let step = clock.day(step_minutes / 1440.0, exponential);
                clock = step.next;
                minutes.push(clock.accumulated_days * 1440.0);
                let mut y = [x];
                step.apply_all(&mut y, &mut memory);
                y[0]
            })
            .collect();
        (out, minutes)
    }

    fn close(got: &[f32], want: &[f32]) {
        for (g, w) in got.iter().zip(want) {
            assert!((g - w).abs() < 2e-4, "{got:?}");
        }
    }

    #[test]
    fn hourly() {
        let want = [
            400.0, 414.9998, 441.2496, 470.3120, 492.5777, 505.6442, 505.1611, 493.7904, 475.9479,
        ];
        close(&run(60.0, false).0, &want);
    }

    #[test]
    fn ten_minutes() {
        let (got, minutes) = run(10.0, false);
        let want = [
            400.0, 407.4006, 424.9994, 448.2510, 468.5008, 482.4988, 478.7488, 481.0699, 475.5115,
        ];
        close(&got, &want);
        for (m, w) in minutes
            .iter()
            .zip([10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 0.0, 10.0, 20.0])
        {
            assert!((m - w).abs() < 1e-9);
        }
    }

    #[test]
    fn thirty_minutes() {
        let want = [
            400.0, 414.9998, 437.4994, 458.7493, 484.3742, 491.8741, 498.4369, 490.4685, 475.4688,
        ];
        close(&run(30.0, false).0, &want);
    }

    #[test]
    fn exponential_filter_equals_the_hourly_rule_at_one_hour() {
        let (hourly, _) = run(60.0, false);
        let (filtered, _) = run(60.0, true);
        close(&filtered, &hourly);
    }

    #[test]
    fn the_filter_forgets_by_the_time_that_has_passed() {
        let mut clock = DelayClock::default();
        let mut memory = [0.0];
        let mut last = 0.0;
        // A pause after the second value: the time up to the third counts for that one.
        for (x, ahead_minutes) in [(400.0, 60.0), (440.0, 300.0), (500.0, 60.0)] {
            let step = clock.day(ahead_minutes / 1440.0, true);
            clock = step.next;
            let mut y = [x];
            step.apply_all(&mut y, &mut memory);
            last = y[0];
        }
        assert!((last - 500.0).abs() < 0.1, "{last}");
        assert!((clock.accumulated_days - 60.0 / 1440.0).abs() < 1e-12);
    }

    #[test]
    fn single_row_has_no_lag_and_night_forgets() {
        let step = DelayClock::default().day(0.0, false);
        let (mut x, mut memory) = ([431.0], [0.0]);
        step.apply_all(&mut x, &mut memory);
        assert_eq!((x, memory), ([431.0], [431.0]));
        assert_eq!(step.next.night(), DelayClock::default());
    }
}
