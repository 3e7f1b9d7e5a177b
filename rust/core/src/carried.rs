//! What a run carries from step to step, wherever it is.
//!
//! On a device the rasters of the thermal state and of the statistics stay there between steps. The
//! host then holds what they were when they left, and a journal of the weather since: should the
//! device be lost, the steps are repeated on the CPU.

use crate::air::{Air, KeptAir};
use crate::delay::{DelayClock, ThermalState};
use crate::gvf::FiveFields;
use crate::stage::Decline;
use crate::stats::Statistics;
use crate::weather::Weather;
use std::any::Any;
use std::fmt;

/// Steps after which a device brings the host up to date, so that a loss costs no more than these.
pub const CHECKPOINT_STEPS: usize = 48;
/// Bytes of air given cell by cell that the journal holds before the host is brought up to date.
const CHECKPOINT_BYTES: usize = 256 << 20;

/// State and statistics kept on a device.
pub trait Remote: Send {
    /// Copy the rasters to the host; on an error nothing there has changed.
    ///
    /// # Errors
    /// [`Decline`] if the device does not answer.
    fn fetch(
        &mut self,
        state: &mut ThermalState,
        statistics: Option<&mut Statistics>,
    ) -> Result<(), Decline>;
    /// For the device to know its own.
    fn as_any(&mut self) -> &mut dyn Any;
}

/// A step that happened on a device.
#[derive(Clone, Debug)]
struct Entry {
    weather: Weather,
    air: KeptAir,
    counted: bool,
}

/// What a run carries from step to step.
#[derive(Default)]
pub struct Carried {
    /// Thermal state. Its clock is always current, its rasters only at home.
    pub state: ThermalState,
    /// Statistics. Their step counts are always current, their rasters only at home.
    pub statistics: Option<Statistics>,
    remote: Option<Box<dyn Remote>>,
    /// The device's side is out for a step; if it does not come back, it is lost.
    lent: bool,
    journal: Vec<Entry>,
    clock_at_home: DelayClock,
    steps_at_home: [u64; 2],
    /// Memory of the last ground view here, for the next one.
    pub spare: Option<[FiveFields; 2]>,
    /// Steps repeated on the CPU because a device was lost.
    pub repeated: u64,
}

impl fmt::Debug for Carried {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carried")
            .field("clock", &self.state.clock)
            .field("away", &self.is_away())
            .field("journal", &self.journal.len())
            .finish_non_exhaustive()
    }
}

impl Carried {
    /// A state and statistics at home.
    #[must_use]
    pub fn new(state: ThermalState, statistics: Option<Statistics>) -> Self {
        Self {
            state,
            statistics,
            ..Self::default()
        }
    }

    /// Whether a device holds the rasters.
    #[must_use]
    pub fn is_away(&self) -> bool {
        self.remote.is_some() || self.lent
    }

    /// The device's side, for the device.
    pub fn remote(&mut self) -> Option<&mut (dyn Remote + 'static)> {
        self.remote.as_deref_mut()
    }

    /// Take the device's side out for the length of a step; [`Carried::return_remote`] puts it back.
    pub fn borrow_remote(&mut self) -> Option<Box<dyn Remote>> {
        self.lent = self.remote.is_some();
        self.remote.take()
    }

    /// Put the device's side back.
    pub fn return_remote(&mut self, remote: Option<Box<dyn Remote>>) {
        self.remote = remote;
        self.lent = false;
    }

    /// Hand the rasters to a device; the host keeps a copy as it is now.
    pub fn leave(&mut self, remote: Box<dyn Remote>) {
        self.mark_home();
        self.spare = None;
        self.remote = Some(remote);
    }

    fn mark_home(&mut self) {
        self.journal.clear();
        self.clock_at_home = self.state.clock;
        self.steps_at_home = self.statistics.as_ref().map_or([0; 2], |s| s.steps);
    }

    /// Note a step that happened on the device; the caller has advanced clock and counts.
    pub fn note(&mut self, weather: &Weather, air: &Air<'_>, counted: bool) {
        self.journal.push(Entry {
            weather: *weather,
            air: KeptAir::of(air),
            counted,
        });
    }

    /// Whether the host should be brought up to date.
    #[must_use]
    pub fn checkpoint_is_due(&self) -> bool {
        let bytes: usize = self.journal.iter().map(|entry| entry.air.bytes()).sum();
        self.journal.len() >= CHECKPOINT_STEPS || bytes >= CHECKPOINT_BYTES
    }

    /// Bring the host up to date; the rasters stay on the device.
    ///
    /// # Errors
    /// [`Decline`] if the device does not answer.
    pub fn checkpoint(&mut self) -> Result<(), Decline> {
        if let Some(remote) = &mut self.remote {
            remote.fetch(&mut self.state, self.statistics.as_mut())?;
            self.mark_home();
        }
        Ok(())
    }

    /// Bring the rasters back, from the device or by repeating its steps: `repeat` advances one on
    /// the CPU in the weather given and counts it in the statistics where told so.
    pub fn bring_home(&mut self, mut repeat: impl FnMut(&mut Self, &Weather, Air<'_>, bool)) {
        if !self.is_away() {
            return;
        }
        let lost = std::mem::take(&mut self.lent);
        if !lost && self.checkpoint().is_ok() {
            self.remote = None;
            return;
        }
        self.remote = None;
        self.state.clock = self.clock_at_home;
        if let Some(statistics) = &mut self.statistics {
            statistics.steps = self.steps_at_home;
        }
        for entry in std::mem::take(&mut self.journal) {
            repeat(self, &entry.weather, entry.air.air(), entry.counted);
            self.repeated += 1;
        }
    }
}
