//! Running statistics and means of a step on the device, and every field at points.

use crate::device::error::{GpuError, StageFailure};
use crate::device::memory::DeviceBuffer;
use crate::job::Job;
use crate::resident::carried::DeviceStatistics;
use crate::resident::run::DeviceRun;
use crate::resident::step::StepBuffers;
use crate::shaders::grid::{GridUniform, count};
use crate::shaders::kernels::Kernel;
use crate::shaders::uniforms::uniform;
use solweig_core::radiation::sums::{AreaSums, StepSums, UNIT};
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
        range: [f32; 2],
        air_plane: u32,
        pad: [u32; 3],
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
        (by_day, 6)
    } else {
        (by_night, 6 + by_day.len())
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

/// Floats a row of raster that [`encode_sums`] gives.
pub const ROW_SUMS: u64 = 12;

/// Encode sums per row over the cells that are counted: [`ROW_SUMS`] floats a row into `rows`.
/// `base` is subtracted from the temperatures first; `range` is that of UTCI in the air of the step
/// [°C of Tmrt].
///
/// # Errors
/// What stands in the way.
pub fn encode_sums<'a>(
    job: &mut Job<'a>,
    run: &'a DeviceRun,
    planes: CountedPlanes,
    out: &'a DeviceBuffer,
    buffers: &'a StepBuffers,
    rows: &'a DeviceBuffer,
    base: f32,
    range: [f32; 2],
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
        range,
        air_plane: buffers.air_plane,
        pad: [0; 3],
    };
    let storage = [&run.info, out, &buffers.dynamic, rows];
    job.dispatch(Kernel::Means, &uniform, &storage)
}

/// Sums of the step from those of the rows. `has_utci` says whether the weather gives UTCI,
/// `holes` whether cells outside its range have none.
#[must_use]
pub fn sums(rows: &[f32], base: f32, has_utci: bool, holes: bool) -> StepSums {
    let mut total = [0.0_f64; ROW_SUMS as usize];
    for row in rows.chunks_exact(total.len()) {
        for (sum, &x) in total.iter_mut().zip(row) {
            *sum += f64::from(x);
        }
    }
    let area = |[tmrt, utci, sun, cells]: [f64; 4], [below, above]: [f64; 2]| {
        let known = match (has_utci, holes) {
            (false, _) => 0.0,
            (true, false) => cells,
            (true, true) => cells - below - above,
        };
        let whole = |x: f64| (x / UNIT).round_ties_even() as i64;
        let base = f64::from(base);
        AreaSums {
            tmrt: whole(base * cells + tmrt),
            utci: if has_utci {
                whole(base * known + utci)
            } else {
                0
            },
            sun: whole(sun),
            tmrt_count: cells as u64,
            utci_count: known as u64,
            below: below as u64,
            above: above as u64,
        }
    };
    let [a, b, c, d, e, f, g, h, below, above, roof_below, roof_above] = total;
    StepSums {
        ground: area([a, b, c, d], [below, above]),
        roofs: area([e, f, g, h], [roof_below, roof_above]),
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
    [fields, number]: [usize; 2],
    out: &'a DeviceBuffer,
    picked: &'a DeviceBuffer,
) -> Result<(), StageFailure> {
    let uniform = GatherUniform {
        grid: GridUniform::new(fields, number),
        plane: count(run.cells as usize),
        pad: [0; 3],
    };
    job.dispatch(Kernel::Gather, &uniform, &[points, out, picked])
}
