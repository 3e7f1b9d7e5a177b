//! Stages, engines and the tally: where a stage runs is decided once, here.
//!
//! A stage has the same input and output wherever it runs. The engine asks its accelerator first,
//! falls back to the CPU in the open, and counts what happened.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// One step of the model: same input and output on every engine.
pub trait Stage {
    /// Name in logs and tallies.
    const NAME: &'static str;
    /// What goes in.
    type In<'a>;
    /// What comes out.
    type Out;
    /// The CPU implementation.
    fn cpu(input: &mut Self::In<'_>) -> Self::Out;
    /// Parts the run is booked under, with their times; empty = the stage itself.
    fn parts(_out: &Self::Out) -> Vec<(&'static str, Duration)> {
        Vec::new()
    }
}

/// Why an accelerator did not run a stage.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Decline {
    /// There is no accelerator. Not a fallback: nothing was expected of it.
    #[error("no accelerator")]
    Absent,
    /// The accelerator cannot run this input.
    #[error("{0}")]
    Unsupported(String),
    /// The accelerator tried and failed.
    #[error("{source}")]
    Failed {
        /// The stage it failed in, where that is not the one asked for but a part of it.
        stage: Option<&'static str>,
        /// What happened.
        source: Arc<dyn std::error::Error + Send + Sync>,
    },
}

impl Decline {
    /// The part of a stage that failed, if it is known.
    #[must_use]
    pub fn stage(&self) -> Option<&'static str> {
        match self {
            Self::Failed { stage, .. } => *stage,
            Self::Absent | Self::Unsupported(_) => None,
        }
    }
}

/// A device that can run stage `S`. A failed run leaves its input as it was.
pub trait Runs<S: Stage>: Send + Sync {
    /// Run the stage or say why not.
    ///
    /// # Errors
    /// [`Decline`] with the reason.
    fn run(&self, input: &mut S::In<'_>) -> Result<S::Out, Decline>;
}

/// The accelerator of a machine without one.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoAccelerator;

impl<S: Stage> Runs<S> for NoAccelerator {
    fn run(&self, _: &mut S::In<'_>) -> Result<S::Out, Decline> {
        Err(Decline::Absent)
    }
}

/// Who may run a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The accelerator if it can, else the CPU.
    Auto,
    /// The CPU only.
    Cpu,
    /// The accelerator only; a failure is an error.
    Gpu,
}

/// What happened to one stage.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StageTally {
    /// Runs on the accelerator.
    pub gpu_runs: u64,
    /// Runs on the CPU.
    pub cpu_runs: u64,
    /// CPU runs after an accelerator had failed.
    pub fallbacks: u64,
    /// Reason of the last fallback.
    pub last_reason: Option<String>,
    /// Time spent.
    pub time: Duration,
}

/// Counts per stage; shared by everything that works on one run.
#[derive(Debug, Default)]
pub struct Tally {
    counts: Mutex<BTreeMap<&'static str, StageTally>>,
    /// Counts everything again, for the process as a whole.
    whole: Option<Arc<Tally>>,
}

impl Tally {
    /// A tally whose counts also go to `whole`.
    #[must_use]
    pub fn within(whole: Arc<Self>) -> Self {
        Self {
            counts: Mutex::default(),
            whole: Some(whole),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<&'static str, StageTally>> {
        // A panic while counting leaves the counts usable.
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, stage: &'static str, change: &dyn Fn(&mut StageTally)) {
        change(self.lock().entry(stage).or_default());
        if let Some(whole) = &self.whole {
            whole.note(stage, change);
        }
    }

    /// Book a run of `S`, under its parts if it names any.
    fn run<S: Stage>(&self, out: &S::Out, time: Duration, count: fn(&mut StageTally)) {
        let mut parts = S::parts(out);
        if parts.is_empty() {
            parts.push((S::NAME, time));
        }
        for (name, time) in parts {
            self.note(name, &|t| {
                count(t);
                t.time += time;
            });
        }
    }

    /// A copy of all counts.
    #[must_use]
    pub fn snapshot(&self) -> BTreeMap<&'static str, StageTally> {
        self.lock().clone()
    }

    /// Set all counts to zero.
    pub fn reset(&self) {
        self.lock().clear();
    }
}

/// Receives the one line said about a fallback.
pub type Report = dyn Fn(&str) + Send + Sync;

/// Runs stages by a policy and keeps the tally.
pub struct Engine<A> {
    accelerator: A,
    policy: Policy,
    tally: Arc<Tally>,
    report: Box<Report>,
}

impl<A> fmt::Debug for Engine<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

impl<A> Engine<A> {
    /// An engine with an accelerator; `report` receives fallback warnings.
    pub fn new(accelerator: A, policy: Policy, tally: Arc<Tally>, report: Box<Report>) -> Self {
        Self {
            accelerator,
            policy,
            tally,
            report,
        }
    }

    /// Run a stage where the policy says.
    ///
    /// # Errors
    /// [`Decline`] if the policy is [`Policy::Gpu`] and the accelerator did not run it.
    pub fn run<S: Stage>(&self, input: &mut S::In<'_>) -> Result<S::Out, Decline>
    where
        A: Runs<S>,
    {
        let start = Instant::now();
        let declined = match self.policy {
            Policy::Cpu => None,
            Policy::Auto | Policy::Gpu => match self.accelerator.run(input) {
                Ok(out) => {
                    self.tally
                        .run::<S>(&out, start.elapsed(), |t| t.gpu_runs += 1);
                    return Ok(out);
                }
                Err(reason) if self.policy == Policy::Gpu => return Err(reason),
                Err(reason) => Some(reason),
            },
        };
        if let Some(reason) = declined.filter(|reason| !matches!(reason, Decline::Absent)) {
            self.fall_back(reason.stage().unwrap_or(S::NAME), &reason.to_string());
        }
        let start = Instant::now();
        let out = S::cpu(input);
        self.tally
            .run::<S>(&out, start.elapsed(), |t| t.cpu_runs += 1);
        Ok(out)
    }

    /// Say and count that something meant for the accelerator runs on the CPU: the one place that
    /// does. Besides a stage this may be "open", a device that could not be used at all.
    pub fn fall_back(&self, stage: &'static str, reason: &str) {
        (self.report)(&format!("[GPU] {stage} failed: {reason}. CPU fallback."));
        self.tally.note(stage, &|t| {
            t.fallbacks += 1;
            t.last_reason = Some(reason.to_owned());
        });
    }

    /// The accelerator.
    pub fn accelerator(&self) -> &A {
        &self.accelerator
    }

    /// The policy.
    pub fn policy(&self) -> Policy {
        self.policy
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Double;

    impl Stage for Double {
        const NAME: &'static str = "double";
        type In<'a> = i64;
        type Out = i64;
        fn cpu(input: &mut i64) -> i64 {
            2 * *input
        }
    }

    /// Always fails.
    struct Broken;

    impl Runs<Double> for Broken {
        fn run(&self, _: &mut i64) -> Result<i64, Decline> {
            Err(Decline::Failed {
                stage: None,
                source: Arc::new(std::io::Error::other("device lost")),
            })
        }
    }

    /// Answers slightly wrong.
    struct Liar;

    impl Runs<Double> for Liar {
        fn run(&self, input: &mut i64) -> Result<i64, Decline> {
            Ok(2 * *input + 1)
        }
    }

    fn engine<A>(
        accelerator: A,
        policy: Policy,
    ) -> (Engine<A>, Arc<Tally>, Arc<Mutex<Vec<String>>>) {
        let tally = Arc::new(Tally::default());
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&lines);
        let report = Box::new(move |line: &str| sink.lock().unwrap().push(line.to_owned()));
        (
            Engine::new(accelerator, policy, Arc::clone(&tally), report),
            tally,
            lines,
        )
    }

    #[test]
    fn a_failure_is_reported_counted_and_survived() {
        let (engine, tally, lines) = engine(Broken, Policy::Auto);
        assert_eq!(engine.run::<Double>(&mut 21).unwrap(), 42);
        let counts = &tally.snapshot()["double"];
        assert_eq!(
            (counts.gpu_runs, counts.cpu_runs, counts.fallbacks),
            (0, 1, 1)
        );
        assert_eq!(counts.last_reason.as_deref(), Some("device lost"));
        assert_eq!(
            *lines.lock().unwrap(),
            ["[GPU] double failed: device lost. CPU fallback."]
        );
    }

    #[test]
    fn a_tally_counts_for_the_whole_too() {
        let whole = Arc::new(Tally::default());
        let own = Arc::new(Tally::within(Arc::clone(&whole)));
        let engine = Engine::new(Broken, Policy::Auto, Arc::clone(&own), Box::new(|_| {}));
        engine.run::<Double>(&mut 1).unwrap();
        assert_eq!(own.snapshot(), whole.snapshot());
        own.reset();
        assert_eq!(whole.snapshot()["double"].fallbacks, 1);
    }

    #[test]
    fn strict_policy_returns_the_error() {
        let (engine, tally, _) = engine(Broken, Policy::Gpu);
        assert!(engine.run::<Double>(&mut 21).is_err());
        assert!(tally.snapshot().is_empty());
    }

    #[test]
    fn no_accelerator_is_not_a_fallback() {
        let (engine, tally, lines) = engine(NoAccelerator, Policy::Auto);
        assert_eq!(engine.run::<Double>(&mut 21).unwrap(), 42);
        assert_eq!(tally.snapshot()["double"].fallbacks, 0);
        assert!(lines.lock().unwrap().is_empty());
    }

    #[test]
    fn the_tally_tells_who_answered() {
        // A parity test must see through an accelerator that answers wrong: the strict run says it
        // did the work, and the comparison with the CPU fails.
        let (engine, tally, _) = engine(Liar, Policy::Gpu);
        let answer = engine.run::<Double>(&mut 21).unwrap();
        assert_eq!(tally.snapshot()["double"].gpu_runs, 1);
        assert_ne!(answer, Double::cpu(&mut 21));
    }

    #[test]
    fn cpu_policy_never_asks_the_accelerator() {
        let (engine, tally, _) = engine(Liar, Policy::Cpu);
        assert_eq!(engine.run::<Double>(&mut 21).unwrap(), 42);
        assert_eq!(tally.snapshot()["double"].cpu_runs, 1);
    }
}
