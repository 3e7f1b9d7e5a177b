//! How much work one dispatch may hold, so that none runs longer than a desktop's watchdog allows.

use crate::device::Gpu;
use crate::shaders::kernels::Kernel;

/// Longest time one dispatch should take [s]; half of the 0.5 s we promise.
pub const TARGET_SECONDS: f64 = 0.25;

/// Time one cell takes on the slowest adapter in view, a software rasteriser on two cores [ns];
/// generous, because rays are longer in some cities and first writes to memory are slow.
fn slowest_ns(kernel: Kernel) -> f64 {
    match kernel {
        Kernel::Skyview => 16_000.0,
        Kernel::SkyviewReduce => 1000.0,
        Kernel::Shadow | Kernel::Walls => 1000.0,
        Kernel::Gvf => 2500.0,
        Kernel::PatchSums
        | Kernel::Anisotropic
        | Kernel::AnisotropicSides
        | Kernel::Foliage
        | Kernel::Heated => 2500.0,
        Kernel::Radiation | Kernel::Attribution => 1500.0,
        Kernel::Emission
        | Kernel::Utci
        | Kernel::Pet
        | Kernel::Effective
        | Kernel::Heat
        | Kernel::Statistics => 100.0,
        Kernel::Gather => 100.0,
        Kernel::UtciAir => 1000.0,
        // A workgroup a row; its grid is one column wide.
        Kernel::Means => 100_000.0,
    }
}

/// How much faster than that a kind of device is at the least.
fn speed(device_type: &str) -> f64 {
    match device_type {
        "discrete" => 100.0,
        "integrated" | "virtual" | "other" => 10.0,
        _ => 1.0,
    }
}

/// Rows of a grid that a kernel takes in one dispatch.
#[must_use]
pub fn band_rows(gpu: &Gpu, kernel: Kernel, rows: u32, cols: u32) -> u32 {
    let cells = TARGET_SECONDS * 1e9 / slowest_ns(kernel) * speed(gpu.adapter.device_type);
    let (_, height) = kernel.workgroup();
    let most = gpu
        .limits
        .max_compute_workgroups_per_dimension
        .saturating_mul(height);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a positive count, saturating"
    )]
    let band = (cells / f64::from(cols.max(1))) as u32;
    let whole = (band / height * height).max(height);
    whole.min(most).min(rows.max(1))
}
