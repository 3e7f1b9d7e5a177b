//! Faults that are due in a stage, made to happen.

use crate::device::error::GpuError;
use crate::device::faults::Fault;
use crate::device::{Gpu, compile};
use crate::shaders::kernels::Kernel;

/// Meet the fault that is due in the stage of a kernel; one that strikes later is returned.
pub(super) fn meet(gpu: &Gpu, kernel: Kernel) -> Result<Option<Fault>, GpuError> {
    match gpu.faults.due(kernel.stage()) {
        None => Ok(None),
        Some(Fault::Limits) => Err(GpuError::LimitExceeded {
            what: "a buffer of a device made small for a test [bytes]".to_owned(),
            needed: 1024,
            limit: 16,
        }),
        Some(Fault::Panic) => panic!("injected"),
        Some(Fault::OutOfMemory) => Err(GpuError::OutOfMemory("injected".to_owned())),
        Some(Fault::Shader) => {
            gpu.pipelines.forget(kernel);
            let broken = format!("{}\nfn broken() -> f32 {{ return }}", kernel.source());
            compile(&gpu.link, kernel, &broken).map(|_| None)
        }
        Some(Fault::Destroy) => {
            gpu.destroy();
            gpu.check().map(|()| None)
        }
        Some(Fault::Validation) => {
            let buffer = gpu.storage("a buffer", 4)?;
            // Past the end of the buffer: wgpu refuses this.
            gpu.link.scoped(|| {
                gpu.link
                    .queue
                    .write_buffer(buffer.raw(), buffer.size(), &[0; 64]);
            })?;
            Ok(None)
        }
        Some(late @ (Fault::Map | Fault::WrongAnswer)) => Ok(Some(late)),
    }
}
