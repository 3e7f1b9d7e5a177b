//! What a device has done, and how long it took.

use super::lock::locked;
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// What a device has done.
#[derive(Debug, Default)]
pub struct Counters {
    /// Kernels dispatched.
    pub dispatches: AtomicU64,
    /// Command buffers submitted.
    pub submissions: AtomicU64,
    /// Buffers mapped to read results.
    pub readbacks: AtomicU64,
    /// Bytes written to the device.
    pub bytes_up: AtomicU64,
    /// Bytes read back.
    pub bytes_down: AtomicU64,
    /// Longest wait for a submission [µs].
    pub longest_us: AtomicU64,
    /// Longest single dispatch, where it is timed [µs].
    pub longest_dispatch_us: AtomicU64,
    /// Device time per stage [s].
    times: Mutex<BTreeMap<&'static str, f64>>,
}

impl Counters {
    pub(crate) fn add(counter: &AtomicU64, by: u64) {
        counter.fetch_add(by, Ordering::Relaxed);
    }

    /// Book the wait for a submission [µs].
    pub(crate) fn book_wait(&self, us: u64) {
        self.longest_us.fetch_max(us, Ordering::Relaxed);
    }

    /// Book device time of a dispatch [s].
    pub(crate) fn book_dispatch(&self, stage: &'static str, seconds: f64) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a positive time"
        )]
        let us = (1e6 * seconds) as u64;
        self.longest_dispatch_us.fetch_max(us, Ordering::Relaxed);
        self.book_time(stage, seconds);
    }

    /// Book device time of a stage [s].
    pub(crate) fn book_time(&self, stage: &'static str, seconds: f64) {
        *locked(&self.times).entry(stage).or_default() += seconds;
    }

    /// Device time per stage [s].
    #[must_use]
    pub fn times(&self) -> BTreeMap<&'static str, f64> {
        locked(&self.times).clone()
    }

    /// Set counters and times to zero.
    pub fn reset(&self) {
        for counter in [
            &self.dispatches,
            &self.submissions,
            &self.readbacks,
            &self.bytes_up,
            &self.bytes_down,
            &self.longest_us,
            &self.longest_dispatch_us,
        ] {
            counter.store(0, Ordering::Relaxed);
        }
        locked(&self.times).clear();
    }
}
