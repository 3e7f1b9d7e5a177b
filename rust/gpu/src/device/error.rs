//! What can go wrong on a device, typed.

use solweig_core::stage::Decline;
use std::sync::Arc;

/// A failure of the GPU engine.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GpuError {
    /// No adapter answers to the description.
    #[error("no adapter: {0}")]
    NoAdapter(String),
    /// Something does not fit the device.
    #[error("{what}: needs {needed}, the limit is {limit}")]
    LimitExceeded {
        /// What was asked for.
        what: String,
        /// How much of it.
        needed: u64,
        /// How much there is.
        limit: u64,
    },
    /// The device has no memory left, or the budget is used up.
    #[error("out of memory: {0}")]
    OutOfMemory(String),
    /// The device is gone.
    #[error("device lost: {0}")]
    DeviceLost(String),
    /// The driver or wgpu refused a command.
    #[error("validation: {0}")]
    Validation(String),
    /// A kernel does not compile.
    #[error("shader {kernel}: {message}")]
    Shader {
        /// Name of the kernel.
        kernel: &'static str,
        /// What the compiler said.
        message: String,
    },
    /// Results could not be read back.
    #[error("readback: {0}")]
    Readback(String),
    /// The device answers wrong, or not the same twice.
    #[error("self-test of {stage}: {detail}")]
    SelfTest {
        /// The stage that failed.
        stage: &'static str,
        /// How.
        detail: String,
    },
    /// A device bound to its thread was used from another.
    #[error("wrong thread: a {backend} device must be used from the thread that opened it")]
    WrongThread {
        /// Backend of the device.
        backend: &'static str,
    },
    /// The driver or wgpu panicked.
    #[error("panic: {0}")]
    Panicked(String),
    /// The kernel cannot do what was asked.
    #[error("unsupported: {0}")]
    Unsupported(String),
}

impl GpuError {
    /// Short name of the kind, for counters and for Python.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::NoAdapter(_) => "no_adapter",
            Self::LimitExceeded { .. } => "limit_exceeded",
            Self::OutOfMemory(_) => "out_of_memory",
            Self::DeviceLost(_) => "device_lost",
            Self::Validation(_) => "validation",
            Self::Shader { .. } => "shader",
            Self::Readback(_) => "readback",
            Self::SelfTest { .. } => "self_test",
            Self::WrongThread { .. } => "wrong_thread",
            Self::Panicked(_) => "panic",
            Self::Unsupported(_) => "unsupported",
        }
    }
}

/// A failure and the stage it happened in.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{error}")]
pub struct StageFailure {
    /// Stage, where one was at work.
    pub stage: Option<&'static str>,
    /// What happened.
    pub error: GpuError,
}

impl From<GpuError> for StageFailure {
    fn from(error: GpuError) -> Self {
        Self { stage: None, error }
    }
}

impl GpuError {
    /// This failure in a stage.
    #[must_use]
    pub fn in_stage(self, stage: &'static str) -> StageFailure {
        StageFailure {
            stage: Some(stage),
            error: self,
        }
    }
}

impl From<StageFailure> for Decline {
    fn from(failure: StageFailure) -> Self {
        Self::Failed {
            stage: failure.stage,
            source: Arc::new(failure.error),
        }
    }
}
