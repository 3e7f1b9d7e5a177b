//! Run a kernel compiled for the widest vectors of the machine at hand.
//!
//! A wheel is built for every machine of an architecture, so the choice is made at run time. A
//! kernel must be inlined into the dispatched function to be compiled for its instruction set:
//! `run` and everything hot below it are `#[inline(always)]`. (A closure does not do: its call shim
//! is not inlined.) The operations and their order are the same on every instruction set, so
//! results are too.

/// Work to be compiled once per instruction set.
pub trait Kernel {
    /// Do it. Mark implementations `#[inline(always)]`.
    fn run(self);
}

struct Dispatched<K>(K);

impl<K: Kernel> pulp::WithSimd for Dispatched<K> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        self.0.run();
    }
}

/// Run a kernel with the best instruction set available.
pub fn dispatch(kernel: impl Kernel) {
    pulp::Arch::new().dispatch(Dispatched(kernel));
}
