//! The walls of a raster, in pieces by height (R 13).

use super::conduction::{Conduction, Material, NODES, Slab};
use super::exchange::{Facet, Opposite, PLAIN, Surroundings};
use super::pieces::Pieces;
use super::views::{View, share_in, stretches, views};
use crate::grid::Window;
use crate::params::Params;
use crate::patches::{PatchOption, PatchTable};
use crate::rays::Reach;
use crate::shadow::{SH, VEGSH, cast_sun};
use crate::terrain::{Terrain, UNITS};
use crate::walls::WallCell;
use crate::weather::{WallWarmth, Weather};
use rayon::prelude::*;

/// The ground before a wall.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Ground {
    /// Its class, if there is land cover.
    pub code: Option<u8>,
    /// Its own albedo and emissivity, where they are given.
    pub own: [Option<f64>; 2],
}

/// Where walls stand: heights around them, the window their cells are counted in, how far shadows
/// reach.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Heights.
    pub terrain: &'a Terrain,
    /// Window of them.
    pub window: Window,
    /// Reach of shadows.
    pub reach: &'a Reach,
}

/// The walls of a raster and how warm they are.
#[derive(Clone, Debug)]
pub struct Facades {
    walls: Vec<WallCell>,
    ground: Vec<Ground>,
    /// Of every wall its place in the list of materials.
    kinds: Vec<u8>,
    materials: Vec<Material>,
    pieces: Pieces,
    views: Vec<View>,
    /// Temperatures of every piece.
    pub slabs: Vec<Slab>,
}

impl Facades {
    /// Walls at a temperature [°C], divided into pieces of a height [m].
    ///
    /// # Panics
    /// If the lists differ in length, or a kind has no material.
    #[must_use]
    pub fn new(
        place: Place<'_>,
        walls: Vec<WallCell>,
        ground: Vec<Ground>,
        kinds: Vec<u8>,
        materials: Vec<Material>,
        spacing: f32,
        celsius: f64,
    ) -> Self {
        assert_eq!(walls.len(), ground.len(), "a ground for every wall");
        assert_eq!(walls.len(), kinds.len(), "a material for every wall");
        let most = materials.len();
        assert!(
            kinds.iter().all(|&k| usize::from(k) < most),
            "no such material"
        );
        let pieces = Pieces::new(&walls, spacing);
        let patches = PatchTable::new(PatchOption::P153);
        let Place {
            terrain,
            window,
            reach,
        } = place;
        let views = views(terrain, window, &walls, &pieces, reach, &patches);
        Self {
            slabs: vec![[celsius; NODES]; pieces.count()],
            walls,
            ground,
            kinds,
            materials,
            pieces,
            views,
        }
    }

    /// The walls.
    #[must_use]
    pub fn walls(&self) -> &[WallCell] {
        &self.walls
    }

    /// What every piece sees.
    #[must_use]
    pub fn views(&self) -> &[View] {
        &self.views
    }

    /// How many pieces every wall has.
    #[must_use]
    pub fn heights(&self) -> Vec<u32> {
        let count = |k: usize| self.pieces.first(k + 1) - self.pieces.first(k);
        (0..self.walls.len())
            .map(|k| u32::try_from(count(k)).expect("a wall has few pieces"))
            .collect()
    }

    /// Advance a step; the surface temperature of every piece [°C], the mean over the step. `warmth`
    /// is that of the walls opposite.
    #[must_use]
    pub fn step(
        &mut self,
        place: Place<'_>,
        params: &Params,
        weather: &Weather,
        warmth: &WallWarmth,
    ) -> Vec<f32> {
        let land_cover = self.ground.iter().any(|g| g.code.is_some());
        let around = Surroundings::new(weather, params, land_cover);
        let opposite = Opposite::new(warmth, &around.suns);
        let shades = self.shades(place, &around);
        let seconds = weather.hours * 3600.0;
        let conductions: Vec<Conduction> = (self.materials.iter())
            .map(|material| Conduction::new(material, seconds))
            .collect();
        let mut out = vec![0.0_f32; self.pieces.count()];
        let parts = self.pieces.split(&mut self.slabs);
        let outs = self.pieces.split(&mut out);
        let (walls, views) = (&self.walls, &self.views);
        (parts.into_par_iter().zip(outs))
            .enumerate()
            .for_each(|(k, (slabs, out))| {
                let wall = &walls[k];
                let kind = usize::from(self.kinds[k]);
                let material = &self.materials[kind];
                let first = self.pieces.first(k);
                let aspect_deg = f64::from(wall.aspect_deg);
                let Ground { code, own } = self.ground[k];
                let share = 2.0 * f64::from(views[first].sky);
                let sun = shades.foot(k);
                let ground = around.ground(code.unwrap_or(PLAIN), own, sun, share.min(1.0));
                for (j, piece) in self.pieces.of(wall).enumerate() {
                    let facet = Facet {
                        aspect_deg,
                        albedo: material.albedo,
                        emissivity: material.emissivity,
                        beam: around.on_wall(aspect_deg, |sun| shades.lit(sun, k, piece)),
                    };
                    let outside = around.outside(&facet, &views[first + j], &ground, &opposite);
                    let [surface, _] = conductions[kind].advance(&mut slabs[j], &outside);
                    out[j] = surface as f32;
                }
            });
        out
    }

    fn shades(&self, place: Place<'_>, around: &Surroundings) -> Shades {
        let Place {
            terrain,
            window,
            reach,
        } = place;
        let each = around.through[1] as f32;
        let of = |(_, sun): (usize, crate::weather::Sun)| {
            let shadow = cast_sun(
                terrain,
                window,
                &self.walls,
                sun.azimuth,
                sun.altitude,
                reach,
            );
            let walls = self.walls.iter().zip(&shadow.walls);
            let light = walls.map(|(wall, shade)| {
                let cell = wall.index as usize;
                let through = match &shadow.through {
                    Some(own) if shadow.flags[cell] & VEGSH == 0 => {
                        f32::from(own[cell]) / f32::from(UNITS)
                    }
                    _ => each,
                };
                let foot = match shadow.flags[cell] {
                    flags if flags & SH == 0 => 0.0,
                    flags if flags & VEGSH == 0 => through,
                    _ => 1.0,
                };
                let [open, leaves] = stretches(shade);
                WallLight {
                    open,
                    leaves,
                    through,
                    foot,
                }
            });
            light.collect()
        };
        Shades {
            suns: around.suns.up().map(of).collect(),
            all: around.suns.all().len() as f64,
        }
    }
}

/// What a sun does to a wall.
#[derive(Clone, Copy, Debug)]
struct WallLight {
    open: [f32; 2],
    leaves: [f32; 2],
    /// What leaves let through.
    through: f32,
    /// Share of its light at the foot.
    foot: f32,
}

/// What the suns of a step do to every wall.
struct Shades {
    suns: Vec<Vec<WallLight>>,
    all: f64,
}

impl Shades {
    /// Share of light at the foot of a wall, the mean over all suns.
    fn foot(&self, wall: usize) -> f64 {
        let sum: f64 = self.suns.iter().map(|s| f64::from(s[wall].foot)).sum();
        sum / self.all
    }

    /// Share of the light of a sun on a piece of a wall.
    fn lit(&self, sun: usize, wall: usize, piece: [f32; 2]) -> f64 {
        let light = &self.suns[sun][wall];
        let leaves = light.through * share_in(piece, light.leaves);
        f64::from(share_in(piece, light.open) + leaves)
    }
}
