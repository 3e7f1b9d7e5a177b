//! Radiation on the ground and on the body, cell by cell.

pub mod weights;
