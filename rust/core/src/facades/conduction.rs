//! Heat conduction into a wall (R 13.1): implicit in time, the surface by Newton's method.

use crate::constants::{KELVIN, SIGMA};

/// Temperatures kept of a wall, from its surface inwards.
pub const NODES: usize = 8;

/// Temperatures [°C] of a piece of wall, from its surface inwards.
pub type Slab = [f64; NODES];

/// Longest part of a step that is taken at once [s].
const LONGEST_S: f64 = 600.0;

/// What a wall is made of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Material {
    /// Conductivity [W m⁻¹ K⁻¹].
    pub conductivity: f64,
    /// Heat capacity [J m⁻³ K⁻¹].
    pub capacity: f64,
    /// Thickness of what stores heat [m]; none goes on behind it.
    pub thickness: f64,
    /// Albedo.
    pub albedo: f64,
    /// Emissivity.
    pub emissivity: f64,
}

/// What happens at the surface of a wall.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outside {
    /// Radiation absorbed [W m⁻²].
    pub absorbed: f64,
    /// Emissivity.
    pub emissivity: f64,
    /// Heat transfer to the air [W m⁻² K⁻¹].
    pub convection: f64,
    /// Air temperature [°C].
    pub ta: f64,
}

impl Outside {
    /// Flux into a wall whose surface has a temperature, and how fast it falls as that rises.
    fn flux(&self, surface: f64) -> (f64, f64) {
        let kelvin = surface + KELVIN;
        let emitted = self.emissivity * SIGMA * kelvin.powi(4);
        let lost = self.convection * (surface - self.ta);
        let falls = 4.0 * emitted / kelvin + self.convection;
        (self.absorbed - emitted - lost, falls)
    }
}

/// A material over a length of time.
///
/// From behind, where no heat passes, every temperature is `gain` times the next one outwards and
/// something known, so that only that of the surface is left to be found.
#[derive(Clone, Debug)]
pub struct Conduction {
    parts: usize,
    /// Heat flow for each kelvin between two nodes [W m⁻² K⁻¹].
    coupling: f64,
    /// Heat flow that warms a node by a kelvin in one part [W m⁻² K⁻¹].
    storing: Slab,
    /// See above.
    gain: Slab,
}

impl Conduction {
    /// Of a time [s], which is divided into equal parts.
    #[must_use]
    pub fn new(material: &Material, seconds: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a small whole number"
        )]
        let parts = (seconds / LONGEST_S).ceil().max(1.0) as usize;
        let step = seconds / parts as f64;
        let apart = material.thickness / (NODES - 1) as f64;
        let coupling = material.conductivity / apart;
        let storing = std::array::from_fn(|i| {
            let share = if i == 0 || i == NODES - 1 { 0.5 } else { 1.0 };
            share * apart * material.capacity / step
        });
        let mut gain = [0.0; NODES];
        let mut behind = coupling;
        for i in (1..NODES).rev() {
            // The innermost node has one neighbour only.
            let all = if i == NODES - 1 {
                storing[i] + coupling
            } else {
                storing[i] + coupling + behind
            };
            gain[i] = coupling / all;
            behind = coupling * (1.0 - gain[i]);
        }
        Self {
            parts,
            coupling,
            storing,
            gain,
        }
    }

    /// Advance a piece of wall; its surface temperature, and the flux into it, means over the time.
    pub fn advance(&self, slab: &mut Slab, outside: &Outside) -> [f64; 2] {
        let mut sums = [0.0; 2];
        for _ in 0..self.parts {
            let flux = self.part(slab, outside);
            sums[0] += slab[0];
            sums[1] += flux;
        }
        sums.map(|sum| sum / self.parts as f64)
    }

    fn part(&self, slab: &mut Slab, outside: &Outside) -> f64 {
        let mut known = [0.0; NODES];
        let mut from_behind = 0.0;
        for i in (1..NODES).rev() {
            // `gain` over `coupling` is one over all that holds the node.
            let held = self.storing[i] * slab[i] + from_behind;
            known[i] = held * self.gain[i] / self.coupling;
            from_behind = self.coupling * known[i];
        }
        let before = slab[0];
        let holds = self.storing[0] + self.coupling * (1.0 - self.gain[1]);
        let rest = self.storing[0] * before + from_behind;
        let mut surface = before;
        // What is left is convex and rises: from the second value on they approach from above.
        for _ in 0..20 {
            let (flux, falls) = outside.flux(surface);
            let change = (rest + flux - holds * surface) / (holds + falls);
            surface += change;
            if change.abs() < 1e-10 {
                break;
            }
        }
        slab[0] = surface;
        for i in 1..NODES {
            slab[i] = self.gain[i] * slab[i - 1] + known[i];
        }
        // What the wall has taken up, to the last bit of the equations solved.
        holds * surface - rest
    }

    /// Heat [J m⁻²] that warming from one state to the other takes.
    #[must_use]
    pub fn heat_between(&self, before: &Slab, after: &Slab, seconds: f64) -> f64 {
        let step = seconds / self.parts as f64;
        let nodes = self.storing.iter().zip(before.iter().zip(after));
        nodes.map(|(s, (b, a))| s * step * (a - b)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    pub const BRICK: Material = Material {
        conductivity: 0.84,
        capacity: 800.0 * 1700.0,
        thickness: 0.1,
        albedo: 0.2,
        emissivity: 0.9,
    };

    fn outside(absorbed: f64, emissivity: f64, convection: f64) -> Outside {
        Outside {
            absorbed,
            emissivity,
            convection,
            ta: 20.0,
        }
    }

    #[test]
    fn steady_sun_ends_in_balance() {
        let steady = outside(700.0, 0.9, 9.0);
        let hour = Conduction::new(&BRICK, 3600.0);
        let mut slab = [20.0; NODES];
        let mut last = 20.0;
        for _ in 0..200 {
            let [mean, flux] = hour.advance(&mut slab, &steady);
            assert!(mean >= last - 1e-9 && flux > -1e-9);
            last = mean;
        }
        let (left, _) = steady.flux(slab[0]);
        assert!(left.abs() < 1e-6, "{left}");
        assert!(slab.iter().all(|t| (t - slab[0]).abs() < 1e-6), "{slab:?}");
    }

    #[test]
    fn a_semi_infinite_wall_warms_with_the_root_of_time() {
        // Carslaw & Jaeger (1959): a constant flux q warms the surface by 2q√(t/πλc).
        let thick = Material {
            thickness: 0.35,
            ..BRICK
        };
        let flux = outside(100.0, 0.0, 0.0);
        let mut slab = [0.0; NODES];
        Conduction::new(&thick, 6.0 * 3600.0).advance(&mut slab, &flux);
        let want = 2.0 * 100.0 * (6.0 * 3600.0 / std::f64::consts::PI).sqrt()
            / (thick.conductivity * thick.capacity).sqrt();
        assert!((slab[0] / want - 1.0).abs() < 0.03, "{} {want}", slab[0]);
    }

    #[test]
    fn a_warm_wall_cools_at_night_and_the_surface_leads() {
        let mut slab = [35.0; NODES];
        let night = outside(300.0, 0.9, 6.0);
        let quarter = Conduction::new(&BRICK, 900.0);
        for _ in 0..20 {
            let before = slab;
            quarter.advance(&mut slab, &night);
            assert!(slab.iter().zip(before).all(|(a, b)| *a < b));
            assert!(slab.windows(2).all(|w| w[0] < w[1]));
        }
    }

    proptest! {
        #[test]
        fn heat_is_conserved(
            start in prop::array::uniform8(-20.0..60.0_f64), absorbed in 0.0..1200.0_f64,
            convection in 0.0..30.0_f64, seconds in 1.0..7200.0_f64, thickness in 0.02..0.5_f64,
        ) {
            let material = Material { thickness, ..BRICK };
            let conduction = Conduction::new(&material, seconds);
            let mut slab = start;
            let [_, flux] = conduction.advance(&mut slab, &outside(absorbed, 0.9, convection));
            let heat = conduction.heat_between(&start, &slab, seconds);
            let scale = 1.0 + heat.abs() + (flux * seconds).abs();
            prop_assert!((heat - flux * seconds).abs() < 1e-7 * scale, "{heat} {}", flux * seconds);
        }

        #[test]
        fn the_flux_is_that_of_the_surface(absorbed in 0.0..1200.0_f64, start in -20.0..60.0_f64) {
            let one = Conduction::new(&BRICK, 600.0);
            let now = outside(absorbed, 0.9, 12.0);
            let mut slab = [start; NODES];
            let [_, flux] = one.advance(&mut slab, &now);
            prop_assert!((flux - now.flux(slab[0]).0).abs() < 1e-6);
        }

        #[test]
        fn conduction_is_linear(
            a in prop::array::uniform8(-20.0..60.0_f64), b in prop::array::uniform8(-20.0..60.0_f64),
            fluxes in prop::array::uniform2(-500.0..500.0_f64), share in 0.0..1.0_f64,
        ) {
            let hour = Conduction::new(&BRICK, 3600.0);
            let run = |start: Slab, flux: f64| {
                let mut slab = start;
                hour.advance(&mut slab, &outside(flux, 0.0, 0.0));
                slab
            };
            let mix = |x: f64, y: f64| share * x + (1.0 - share) * y;
            let mixed = run(
                std::array::from_fn(|i| mix(a[i], b[i])), mix(fluxes[0], fluxes[1]),
            );
            let (a, b) = (run(a, fluxes[0]), run(b, fluxes[1]));
            for i in 0..NODES {
                prop_assert!((mixed[i] - mix(a[i], b[i])).abs() < 1e-8);
            }
        }
    }
}
