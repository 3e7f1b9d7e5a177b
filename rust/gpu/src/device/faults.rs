//! Faults on demand, so that every way out is walked in tests. Real where the device can be made to
//! fail, injected otherwise.

use super::error::GpuError;
use super::lock::locked;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Real: the device is destroyed before the work is submitted.
    Destroy,
    /// Real: the buffer to be mapped is destroyed first.
    Map,
    /// Real: the checks see limits of a tiny device.
    Limits,
    /// Real: the kernel's source does not compile.
    Shader,
    /// Real: a command that breaks the rules of the API.
    Validation,
    /// Injected: a panic, as wgpu has them for what it holds impossible.
    Panic,
    /// Injected: an allocation is refused.
    OutOfMemory,
    /// Injected: results are changed on their way back.
    WrongAnswer,
}

const NAMES: [(&str, Fault); 8] = [
    ("destroy", Fault::Destroy),
    ("map", Fault::Map),
    ("limits", Fault::Limits),
    ("shader", Fault::Shader),
    ("validation", Fault::Validation),
    ("panic", Fault::Panic),
    ("out_of_memory", Fault::OutOfMemory),
    ("wrong_answer", Fault::WrongAnswer),
];

impl Fault {
    /// The fault of a name.
    ///
    /// # Errors
    /// [`GpuError::Unsupported`] for an unknown name.
    pub fn from_name(name: &str) -> Result<Self, GpuError> {
        NAMES
            .iter()
            .find(|(n, _)| *n == name)
            .map(|(_, fault)| *fault)
            .ok_or_else(|| GpuError::Unsupported(format!("there is no fault {name:?}")))
    }
}

/// Faults waiting to happen, by stage.
#[derive(Debug, Default)]
pub struct Faults(Mutex<BTreeMap<String, (Fault, u32)>>);

impl Faults {
    /// Let `fault` happen the next `times` times `stage` runs.
    pub fn inject(&self, stage: &str, fault: Fault, times: u32) {
        let mut waiting = locked(&self.0);
        if times > 0 {
            waiting.insert(stage.to_owned(), (fault, times));
        } else {
            waiting.remove(stage);
        }
    }

    /// The fault due in a stage, used up by asking.
    pub(crate) fn due(&self, stage: &str) -> Option<Fault> {
        let mut waiting = locked(&self.0);
        let (fault, times) = waiting.get_mut(stage)?;
        let fault = *fault;
        *times -= 1;
        if *times == 0 {
            waiting.remove(stage);
        }
        Some(fault)
    }
}
