//! Walls of every aspect that stand for those a person sees (R 13.3): one that the sun shines on
//! whenever it faces it, and one that never has any sun.

use super::conduction::{Conduction, Material, NODES, Slab};
use super::exchange::{Facet, Opposite, PLAIN, Surroundings};
use super::views::View;
use crate::params::Params;
use crate::weather::{ASPECTS, WallWarmth, Weather};

/// What such a wall sees: half of it ground, the rest as from halfway up in a street as wide as high.
const STREET: View = View {
    sky: 0.25,
    foliage: 0.0,
    walls: 0.25,
};

/// Standard walls of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct StandardWalls {
    /// Those in the sun, then those in the shade, by aspect.
    pub slabs: Vec<Slab>,
}

impl StandardWalls {
    /// Number of pieces of wall.
    pub const COUNT: usize = 2 * ASPECTS;

    /// At a temperature [°C].
    #[must_use]
    pub fn new(celsius: f64) -> Self {
        Self {
            slabs: vec![[celsius; NODES]; Self::COUNT],
        }
    }

    fn warmth(&self) -> WallWarmth {
        WallWarmth {
            lit: std::array::from_fn(|i| self.slabs[i][0]),
            shaded: std::array::from_fn(|i| self.slabs[ASPECTS + i][0]),
        }
    }

    /// Advance a step; the temperatures of their surfaces, means over the step.
    pub fn step(&mut self, weather: &Weather, params: &Params, material: &Material) -> WallWarmth {
        let around = Surroundings::new(weather, params, false);
        let opposite = Opposite::new(&self.warmth(), &around.suns);
        let conduction = Conduction::new(material, weather.hours * 3600.0);
        let open = f64::from(2.0 * STREET.sky);
        let mut means = self.warmth();
        for (k, slab) in self.slabs.iter_mut().enumerate() {
            let (aspect, lit) = (k % ASPECTS, k < ASPECTS);
            let aspect_deg = WallWarmth::aspect_deg(aspect);
            let sun = if lit { 1.0 } else { 0.0 };
            let share_up = around.suns.share_up();
            let ground = around.ground(PLAIN, [None; 2], sun * share_up, open);
            let facet = Facet {
                aspect_deg,
                albedo: material.albedo,
                emissivity: material.emissivity,
                beam: around.on_wall(aspect_deg, |_| sun),
            };
            let outside = around.outside(&facet, &STREET, &ground, &opposite);
            let [surface, _] = conduction.advance(slab, &outside);
            let means = if lit {
                &mut means.lit
            } else {
                &mut means.shaded
            };
            means[aspect] = surface;
        }
        means
    }
}
