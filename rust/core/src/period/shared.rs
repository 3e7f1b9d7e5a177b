//! What the files of a period share: its steps, and what of the run they read.

use super::days::Days;
use super::numbers::LIGHTS;
use super::tally::Counted;
use crate::gvf::CountedView;
use crate::timestep::Run;
use crate::weather::Weather;

/// Classes of ground that are counted.
const MOST_CLASSES: usize = 12;

/// A step of a period.
#[derive(Clone, Debug)]
pub struct PeriodStep {
    /// Its weather.
    pub weather: Weather,
    /// Minute of the day of its stamp.
    pub minute: i64,
    /// Its groups besides day and night.
    pub groups: Vec<u32>,
}

impl PeriodStep {
    /// How it is counted.
    #[must_use]
    pub fn counted(&self, day: bool) -> Counted {
        Counted {
            day,
            hours: self.weather.hours as f32,
            groups: self.groups.clone(),
        }
    }
}

/// A period that can be taken together.
#[derive(Debug)]
pub struct Together<'a> {
    pub(super) run: &'a Run<'a>,
    pub(super) steps: &'a [PeriodStep],
    pub(super) days: Days,
    pub(super) view: CountedView<'a>,
    pub(super) ground: Classes,
}

/// Land-cover codes that differ in what they send.
#[derive(Debug)]
pub(super) struct Classes {
    /// The lowest code of each; those of open ground first.
    pub(super) codes: Vec<u8>,
    /// How many lie on open ground.
    pub(super) open: usize,
    /// Of every code.
    pub(super) of: [u8; 256],
}

impl Classes {
    /// Those of a run, by their codes; `None` if the whole map, whose codes are `all`, has too many.
    pub(super) fn new(run: &Run<'_>, view: &CountedView<'_>, all: &[u8]) -> Option<Self> {
        let classes = &run.params.land_cover;
        // The lowest code that sends the same: sums over classes are in the same order in every tile.
        let lowest = |code: u8| {
            let same = |&other: &u8| classes.get(other) == classes.get(code);
            (0..code).find(same).unwrap_or(code)
        };
        let mut whole: Vec<u8> = all.iter().map(|&code| lowest(code)).collect();
        whole.sort_unstable();
        whole.dedup();
        if whole.len() > MOST_CLASSES {
            return None;
        }
        let mut present = [[false; 256]; 2];
        match run.cells.land_cover {
            Some(codes) => {
                for (cell, &code) in codes.iter().enumerate() {
                    present[usize::from(!view.is_open(cell))][usize::from(code)] = true;
                }
            }
            None => present[0][0] = true,
        }
        let mut out = Self {
            codes: Vec::new(),
            open: 0,
            of: [0; 256],
        };
        for (roofs, present) in present.iter().enumerate() {
            let codes = (0..=255_u8).filter(|&c| present[usize::from(c)]);
            let mut own: Vec<(u8, u8)> = codes.map(|c| (lowest(c), c)).collect();
            own.sort_unstable();
            for (class, code) in own {
                let place = out.codes.iter().position(|&known| known == class);
                let place = place.unwrap_or_else(|| {
                    out.codes.push(class);
                    out.codes.len() - 1
                });
                out.of[usize::from(code)] = u8::try_from(place).ok()?;
            }
            if roofs == 0 {
                out.open = out.codes.len();
            }
        }
        (out.codes.len() < 256 / LIGHTS).then_some(out)
    }
}
