//! A small town that has everything a kernel can trip over: relief, roofs, trees that hang over
//! walls, bushes, water, cells without data, walls higher and lower than two metres.

use solweig_core::air::Air;
use solweig_core::grid::{Grid, Window};
use solweig_core::gvf::{Ground, GroundView, PixelTooSmall};
use solweig_core::params::Params;
use solweig_core::patches::{PatchMasks, PatchOption, PatchTable};
use solweig_core::radiation::anisotropic::{SkySum, patch_weights, sky_sums};
use solweig_core::radiation::cells::Cells;
use solweig_core::radiation::facets::facet_sums;
use solweig_core::radiation::sums::places;
use solweig_core::radiation::tables::PatchSky;
use solweig_core::rays::Reach;
use solweig_core::stage::Stage;
use solweig_core::svf::{CANOPY_FIELD, SkyInput, SkyOptions, SkyPlan, SkyRows, SkyStage};
use solweig_core::terrain::{CanopyBase, SceneInput, Terrain};
use solweig_core::timestep::Run;
use solweig_core::walls::{WallCell, wall_aspect, wall_cells, wall_height};
use solweig_core::weather::Weather;

/// Rasters of a town and what follows from them.
#[derive(Debug)]
pub struct Town {
    /// Number of the run made of it.
    pub id: u64,
    /// Heights.
    pub terrain: Terrain,
    /// Wall cells.
    pub walls: Vec<WallCell>,
    /// Ground view.
    pub ground_view: GroundView,
    /// Where cells are counted.
    pub places: Vec<u8>,
    /// Rays and weights of the sky.
    pub plan: SkyPlan,
    /// Sky view.
    pub sky: SkyRows,
    /// Land-cover codes.
    pub land_cover: Vec<u8>,
    /// Parameters.
    pub params: Params,
    patch_sky: PatchSky,
    sums: Vec<SkySum>,
    /// Mean transmissivity of the canopies seen, where they have their own.
    seen: Option<Vec<f32>>,
    facets: Vec<f32>,
}

/// Numbers without pattern, the same on every machine.
struct Random(u64);

impl Random {
    /// In 0–1.
    fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f32 / (1_u64 << 24) as f32
    }

    fn below(&mut self, n: usize) -> usize {
        ((self.next() * n as f32) as usize).min(n.saturating_sub(1))
    }
}

/// Rasters of a random town.
struct Rasters {
    dsm: Vec<f32>,
    canopy: Vec<f32>,
    trunk: Vec<f32>,
    land_cover: Vec<u8>,
    buildings: Vec<u8>,
    transmissivity: Vec<f32>,
}

impl Rasters {
    fn new(grid: Grid, seed: u64) -> Self {
        let n = grid.len();
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut made = Self {
            dsm: vec![0.0; n],
            canopy: vec![0.0; n],
            trunk: vec![0.0; n],
            land_cover: vec![5; n],
            buildings: vec![1; n],
            transmissivity: Vec::new(),
        };
        for i in 0..n {
            let (r, c) = ((i / grid.cols) as f32, (i % grid.cols) as f32);
            made.dsm[i] = 3.0 * (0.11 * r).sin() + 0.07 * c + 0.2 * random.next();
            made.land_cover[i] = [1, 5, 5, 6, 7][random.below(5)];
        }
        for _ in 0..(n / 150).max(2) {
            let height = 0.5 + 18.0 * random.next();
            made.block(grid, &mut random, 9, |made, i| {
                made.dsm[i] += height;
                made.land_cover[i] = 2;
                made.buildings[i] = 0;
            });
        }
        for _ in 0..(n / 120).max(2) {
            // Crowns on trunks, some over roofs, and bushes without a trunk zone.
            let (top, share) = (0.6 + 11.0 * random.next(), random.below(3) as f32 * 0.25);
            made.block(grid, &mut random, 6, |made, i| {
                made.canopy[i] = top;
                made.trunk[i] = top * share;
            });
        }
        for _ in 0..(n / 400).max(1) {
            made.dsm[random.below(n)] = f32::NAN;
        }
        let shares = [0.03, 0.2, 0.6];
        made.transmissivity = (0..n).map(|_| shares[random.below(3)]).collect();
        made
    }

    fn block(
        &mut self,
        grid: Grid,
        random: &mut Random,
        side: usize,
        mut set: impl FnMut(&mut Self, usize),
    ) {
        let (r, c) = (random.below(grid.rows), random.below(grid.cols));
        let (h, w) = (1 + random.below(side), 1 + random.below(side));
        for row in r..(r + h).min(grid.rows) {
            for col in c..(c + w).min(grid.cols) {
                set(self, row * grid.cols + col);
            }
        }
    }
}

impl Town {
    /// A town by its number; `own_canopies`: each has its own transmissivity.
    ///
    /// # Errors
    /// [`PixelTooSmall`] for pixels of a few centimetres.
    pub fn new(
        grid: Grid,
        seed: u64,
        vegetation: bool,
        own_canopies: bool,
        params: Params,
        option: PatchOption,
    ) -> Result<Self, PixelTooSmall> {
        let rasters = Rasters::new(grid, seed);
        let terrain = Terrain::new(&SceneInput {
            grid,
            dsm: &rasters.dsm,
            dem: None,
            canopy: vegetation.then_some(&rasters.canopy),
            trunk: vegetation.then_some(&rasters.trunk),
            transmissivity: own_canopies.then_some(&rasters.transmissivity),
            trunk_ratio: 0.25,
            relative_bush: false,
            canopy_base: CanopyBase::Ground,
        });
        let height = wall_height(grid, &rasters.dsm, 1.0);
        let aspect = wall_aspect(grid, &rasters.dsm, &height, false);
        let albedo = params.land_cover.column(|c| c.albedo);
        let albedo: Vec<f32> = rasters
            .land_cover
            .iter()
            .map(|&c| albedo[usize::from(c)] as f32)
            .collect();
        let person = params.posture.height();
        let walls = wall_cells(&height, &aspect);
        let ground = Ground {
            buildings: &rasters.buildings,
            albedo: &albedo,
            largest_albedo: 1.0,
            walls: &walls,
            wall_albedo: params.wall_albedo,
        };
        let ground_view = GroundView::new(grid, Window::whole(grid), &ground, person)?;
        let plan = SkyPlan::new(&terrain, PatchTable::new(option), SkyOptions::default());
        let sky = SkyStage::cpu(&mut SkyInput {
            terrain: &terrain,
            plan: &plan,
            window: Window::whole(grid),
            watch: &mut |_, _| true,
        })
        .unwrap_or_default();
        let weights = patch_weights(&plan.table);
        let none = params.transmissivity as f32;
        let known = |x: &f32| if x.is_nan() { none } else { *x };
        let seen = sky.fields.get(CANOPY_FIELD);
        let mut town = Self {
            id: 0,
            seen: seen.map(|field| field.iter().map(known).collect()),
            terrain,
            walls,
            places: places(&rasters.buildings, |_| true),
            ground_view,
            patch_sky: PatchSky {
                table: plan.table.clone(),
                weights,
            },
            plan,
            sky,
            land_cover: rasters.land_cover,
            params,
            sums: Vec::new(),
            facets: Vec::new(),
        };
        town.sums = sky_sums(&town.patch_sky.weights, &town.masks());
        town.facets = facet_sums(&town.patch_sky.weights, &town.masks());
        Ok(town)
    }

    fn masks(&self) -> PatchMasks<'_> {
        PatchMasks {
            words: self.plan.table.words(),
            building: &self.sky.masks[0],
            vegetation: (self.sky.masks.len() == 3)
                .then(|| (self.sky.masks[1].as_slice(), self.sky.masks[2].as_slice())),
        }
    }

    /// The run of the town.
    #[must_use]
    pub fn run(&self) -> Run<'_> {
        let anisotropic = self.params.anisotropic;
        Run {
            id: self.id,
            terrain: &self.terrain,
            window: Window::whole(self.terrain.grid),
            walls: &self.walls,
            ground_view: &self.ground_view,
            cells: Cells {
                valid: &self.terrain.valid,
                places: &self.places,
                svf: std::array::from_fn(|k| self.sky.fields[k].as_slice()),
                patches: anisotropic.then(|| (self.masks(), self.sums.as_slice())),
                facets: anisotropic.then_some(self.facets.as_slice()),
                land_cover: Some(&self.land_cover),
                albedo: None,
                emissivity: None,
                seen: self.seen.as_deref(),
                through: None,
                shadow: None,
                ground: None,
                air: Air::OF_THE_STEP,
            },
            patch_sky: anisotropic.then_some(&self.patch_sky),
            params: &self.params,
            reach: Reach::default(),
        }
    }
}

/// Hour of a clear summer day; below the horizon before 4 and after 20.
#[must_use]
pub fn summer_hour(hour: f64) -> Weather {
    let altitude = 55.0 * ((hour - 4.0) / 16.0 * std::f64::consts::PI).sin();
    Weather {
        ta: 18.0 + 0.5 * hour,
        rh: 55.0,
        pressure_kpa: 101.3,
        wind: 2.0,
        global: (14.0 * altitude).max(0.0),
        direct: f64::NAN,
        diffuse: f64::NAN,
        day_of_year: 180.0,
        clock_fraction: hour / 24.0,
        altitude,
        azimuth: 15.0 * hour,
        suns: None,
        altitude_max: 55.0,
        latitude: 57.7,
        step_days: 1.0 / 24.0,
        leaf_on: true,
        night_clearness: 0.8,
        longwave_down: f64::NAN,
        walls: None,
        water_temperature: f64::NAN,
        hours: 1.0,
    }
}
