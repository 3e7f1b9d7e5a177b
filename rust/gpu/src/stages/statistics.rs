//! Running statistics and means of a step on the device, and every field at points.

use crate::device::error::{GpuError, StageFailure};
use crate::device::memory::DeviceBuffer;
use crate::job::Job;
use crate::resident::carried::DeviceStatistics;
use crate::resident::planes::FIELD_COUNT;
use crate::resident::run::DeviceRun;
use crate::shaders::grid::{GridUniform, count};
use crate::shaders::kernels::Kernel;
use crate::shaders::uniforms::uniform;
use solweig_core::radiation::Means;
use solweig_core::stats::Statistics;

const STAGE: &str = "statistics";
/// Most thresholds a half of the day may have.
pub const MOST_THRESHOLDS: usize = 32;

/// Planes of `out` that are counted.
#[derive(Clone, Copy, Debug)]
pub struct CountedPlanes {
    /// Mean radiant temperature.
    pub tmrt: u32,
    /// UTCI, if the weather gives it.
    pub utci: Option<u32>,
    /// Share of the beam.
    pub shadow: u32,
}

uniform! {
    StatisticsUniform for [Statistics] {
        grid: GridUniform,
        day: u32,
        tmrt: u32,
        utci: u32,
        shadow: u32,
        hours: f32,
        thresholds: u32,
        first_plane: u32,
        has_utci: u32,
        limits: [f32; MOST_THRESHOLDS],
    }
}

uniform! {
    MeansUniform for [Means] {
        grid: GridUniform,
        tmrt: u32,
        utci: u32,
        shadow: u32,
        has_utci: u32,
        base: f32,
        raster_cols: u32,
        pad: [u32; 2],
    }
}

uniform! {
    GatherUniform for [Gather] {
        grid: GridUniform,
        plane: u32,
        pad: [u32; 3],
    }
}

/// Encode the count of a step of `hours` into the running statistics, whose thresholds are those of
/// `like`.
///
/// # Errors
/// What stands in the way.
pub fn encode<'a>(
    job: &mut Job<'a>,
    run: &'a DeviceRun,
    running: &'a DeviceStatistics,
    like: &Statistics,
    planes: CountedPlanes,
    out: &'a DeviceBuffer,
    day: bool,
    hours: f64,
) -> Result<(), StageFailure> {
    let [by_day, by_night] = like.thresholds();
    let (thresholds, first) = if day {
        (by_day, 4)
    } else {
        (by_night, 4 + by_day.len())
    };
    if thresholds.len() > MOST_THRESHOLDS {
        return Err(GpuError::LimitExceeded {
            what: "thresholds of UTCI".to_owned(),
            needed: thresholds.len() as u64,
            limit: MOST_THRESHOLDS as u64,
        }
        .in_stage(STAGE));
    }
    let mut limits = [0.0; MOST_THRESHOLDS];
    for (limit, &threshold) in limits.iter_mut().zip(thresholds) {
        *limit = threshold as f32;
    }
    let uniform = StatisticsUniform {
        grid: run.grid(),
        day: u32::from(day),
        tmrt: planes.tmrt,
        utci: planes.utci.unwrap_or(0),
        shadow: planes.shadow,
        hours: hours as f32,
        thresholds: count(thresholds.len()),
        first_plane: count(first),
        has_utci: u32::from(planes.utci.is_some()),
        limits,
    };
    let storage = [&run.info, out, &running.counted, &running.hours];
    job.dispatch(Kernel::Statistics, &uniform, &storage)
}

/// Encode sums per row for the means of a step: four floats a row into `rows`. `base` is
/// subtracted from the temperatures first.
///
/// # Errors
/// What stands in the way.
pub fn encode_means<'a>(
    job: &mut Job<'a>,
    run: &'a DeviceRun,
    planes: CountedPlanes,
    out: &'a DeviceBuffer,
    rows: &'a DeviceBuffer,
    base: f32,
) -> Result<(), StageFailure> {
    let uniform = MeansUniform {
        // One workgroup a row.
        grid: GridUniform {
            cols: 1,
            ..run.grid()
        },
        tmrt: planes.tmrt,
        utci: planes.utci.unwrap_or(0),
        shadow: planes.shadow,
        has_utci: u32::from(planes.utci.is_some()),
        base,
        raster_cols: run.grid().cols,
        pad: [0; 2],
    };
    job.dispatch(Kernel::Means, &uniform, &[&run.info, out, rows])
}

/// Means from the sums of the rows.
#[must_use]
pub fn means(rows: &[f32], base: f32, has_utci: bool) -> Means {
    let mut total = [0.0_f64; 4];
    for row in rows.chunks_exact(4) {
        for (sum, &x) in total.iter_mut().zip(row) {
            *sum += f64::from(x);
        }
    }
    let [tmrt, utci, sun, cells] = total;
    let base = f64::from(base);
    let none = cells == 0.0;
    Means {
        tmrt: if none { f64::NAN } else { base + tmrt / cells },
        utci: if none || !has_utci {
            f64::NAN
        } else {
            base + utci / cells
        },
        sun: sun / cells,
    }
}

/// Encode every field at some cells into `picked`: all points of the first field, then of the next.
/// Every field must have its own plane of `out`, in field order.
///
/// # Errors
/// What stands in the way.
pub fn encode_points<'a>(
    job: &mut Job<'a>,
    run: &'a DeviceRun,
    points: &'a DeviceBuffer,
    number: usize,
    out: &'a DeviceBuffer,
    picked: &'a DeviceBuffer,
) -> Result<(), StageFailure> {
    let uniform = GatherUniform {
        grid: GridUniform::new(FIELD_COUNT, number),
        plane: count(run.cells as usize),
        pad: [0; 3],
    };
    job.dispatch(Kernel::Gather, &uniform, &[points, out, picked])
}
