//! The SOLWEIG model on plain slices: no Python, no GPU, no I/O, no environment.
//!
//! Section numbers in comments ("G 3.2", "R 7.4") refer to the model description in
//! `docs/model-geometry.md` (G) and `docs/model-radiation.md` (R).

pub mod air;
pub mod buildings;
pub mod carried;
pub mod constants;
pub mod delay;
pub mod emission;
pub mod facades;
pub mod fields;
pub mod grid;
pub mod ground;
pub mod gvf;
pub mod heat;
pub mod march;
pub mod params;
pub mod patches;
pub mod period;
pub mod pet;
pub mod radiation;
pub mod rays;
pub mod season;
pub mod shadow;
pub mod simd;
pub mod sky;
pub mod stage;
pub mod stats;
pub mod svf;
pub mod tabled;
pub mod terrain;
pub mod timestep;
pub mod utci;
pub mod walls;
pub mod weather;
pub mod weather_cells;
