//! Temperatures of walls by height (R 13): heat conduction into the wall, with the sun, the shade and
//! the sky that each part of it has.
//!
//! They need nothing of a run but its weather, its heights and its parameters, so they are computed
//! here whatever engine the run has.

pub mod conduction;
mod exchange;
mod pieces;
pub mod standard;
mod views;
mod wall;

pub use exchange::Surroundings;
pub use views::View;
pub use wall::{Facades, Ground, Place};
