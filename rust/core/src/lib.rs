//! The SOLWEIG model on plain slices: no Python, no GPU, no I/O, no environment.
//!
//! Section numbers in comments ("G 3.2", "R 7.4") refer to the model description in
//! `docs/model.md` (G = geometry, R = radiation).

pub mod constants;
pub mod grid;
pub mod patches;
