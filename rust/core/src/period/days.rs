//! How the steps of a period lie side by side: the same hour of every day.

use std::collections::BTreeMap;

const DAY_MINUTES: i64 = 1440;

/// Steps by hour. A lane is the steps of a day, from a night to the next.
#[derive(Debug)]
pub(super) struct Days {
    /// First step of the first lane.
    pub(super) start: usize,
    /// How many lanes there are.
    pub(super) lanes: usize,
    /// Of every hour, in the order of a lane: lane and number of each step.
    pub(super) slots: Vec<Vec<(usize, usize)>>,
}

impl Days {
    /// From the clock times of the steps [min] and which of them are night. `None` if there is no time
    /// that is night every day, or the times of a day are not in order.
    pub(super) fn new(minutes: &[i64], nights: &[bool]) -> Option<Self> {
        let mut tried: Vec<i64> = Vec::new();
        for &first in minutes {
            if tried.contains(&first) {
                continue;
            }
            tried.push(first);
            let at = || (0..minutes.len()).filter(|&i| minutes[i] == first);
            if at().all(|i| nights[i])
                && let Some(found) = Self::beginning_at(minutes, first)
            {
                return Some(found);
            }
        }
        None
    }

    /// Lanes that begin at a time.
    fn beginning_at(minutes: &[i64], first: i64) -> Option<Self> {
        let start = minutes.iter().position(|&m| m == first)?;
        let mut slots: BTreeMap<i64, Vec<(usize, usize)>> = BTreeMap::new();
        let (mut lanes, mut before) = (0, 0);
        for (step, &minute) in minutes.iter().enumerate().skip(start) {
            let since = (minute - first).rem_euclid(DAY_MINUTES);
            if since == 0 {
                lanes += 1;
            } else if since <= before {
                return None;
            }
            before = since;
            slots.entry(since).or_default().push((lanes - 1, step));
        }
        Some(Self {
            start,
            lanes,
            slots: slots.into_values().collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_begin_at_night() {
        let minutes: Vec<i64> = (0..72).map(|h| (h * 60 + 600) % 1440).collect();
        let nights: Vec<bool> = minutes.iter().map(|m| !(300..1200).contains(m)).collect();
        let days = Days::new(&minutes, &nights).expect("nights");
        assert_eq!((days.start, days.lanes), (10, 3));
        assert_eq!(days.slots.len(), 24);
        assert_eq!(days.slots[0], [(0, 10), (1, 34), (2, 58)]);
    }

    #[test]
    fn a_missing_hour_leaves_a_gap() {
        let minutes = [0, 600, 0, 0, 600];
        let days = Days::new(&minutes, &[true, false, true, true, false]).expect("nights");
        assert_eq!(days.slots[1], [(0, 1), (2, 4)]);
    }

    #[test]
    fn days_without_night_and_clocks_that_go_back_do_not_fit() {
        assert!(Days::new(&[0, 600, 0, 600], &[false; 4]).is_none());
        assert!(Days::new(&[0, 600, 540, 0], &[true, false, false, true]).is_none());
    }
}
