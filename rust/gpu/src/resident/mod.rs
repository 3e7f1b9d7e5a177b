//! What stays on a device between calls, and how much of it there is room for.

pub mod carried;
pub mod fit;
pub mod ground_view;
pub mod planes;
pub mod run;
pub mod step;
pub mod terrain;
pub mod walls;
