//! A small town, whole steps over it, and a summer's day.

use solweig_core::air::Air;
use solweig_core::grid::{Grid, Window};
use solweig_core::gvf::{Ground, GroundView};
use solweig_core::params::Params;
use solweig_core::patches::{PatchMasks, PatchOption, PatchTable};
use solweig_core::radiation::anisotropic::{SkySum, patch_weights, sky_sums};
use solweig_core::radiation::cells::Cells;
use solweig_core::radiation::facets::facet_sums;
use solweig_core::radiation::sums::places;
use solweig_core::radiation::tables::PatchSky;
use solweig_core::rays::Reach;
use solweig_core::stage::{Engine, NoAccelerator, Policy, Tally};
use solweig_core::svf::{SkyInput, SkyOptions, SkyPlan, SkyRows, SkyStage};
use solweig_core::terrain::{CanopyBase, SceneInput, Terrain};
use solweig_core::timestep::Run;
use solweig_core::walls::{WallCell, wall_aspect, wall_cells, wall_height};
use solweig_core::weather::Weather;
use std::sync::Arc;

/// So high that one thread looks at the ground in two bands of rows, and more in one.
pub const GRID: Grid = Grid {
    rows: 270,
    cols: 141,
    pixel_size: 2.0,
};
/// The one cell without data.
pub const NO_DATA: usize = 70 * 141 + 100;

pub fn engine() -> Engine<NoAccelerator> {
    Engine::new(
        NoAccelerator,
        Policy::Cpu,
        Arc::new(Tally::default()),
        Box::new(|_| {}),
    )
}

/// A town with trees, water and one cell without data.
pub struct Town {
    pub terrain: Terrain,
    pub walls: Vec<WallCell>,
    pub ground_view: GroundView,
    pub places: Vec<u8>,
    pub sky: SkyRows,
    pub patch_sky: PatchSky,
    pub sums: Vec<SkySum>,
    pub facets: Vec<f32>,
    pub land_cover: Vec<u8>,
    pub params: Params,
}

impl Town {
    pub fn new(params: Params, option: PatchOption) -> Self {
        let n = GRID.len();
        let mut dsm = vec![0.0_f32; n];
        let mut canopy = vec![0.0_f32; n];
        let mut land_cover = vec![1_u8; n];
        let mut buildings = vec![1_u8; n];
        for i in 0..n {
            let (r, c) = (i / GRID.cols, i % GRID.cols);
            dsm[i] = 0.01 * (r + 2 * c) as f32;
            if r % 40 > 24 && c % 37 > 20 {
                dsm[i] += 8.0 + (r / 40 + c / 37) as f32;
                land_cover[i] = 2;
                buildings[i] = 0;
            } else if r % 40 < 5 && c % 20 < 6 {
                canopy[i] = 7.0;
                land_cover[i] = 5;
            } else if c < 8 {
                land_cover[i] = 7;
            }
        }
        dsm[NO_DATA] = f32::NAN;
        let terrain = Terrain::new(&SceneInput {
            grid: GRID,
            dsm: &dsm,
            dem: None,
            canopy: Some(&canopy),
            trunk: None,
            transmissivity: None,
            trunk_ratio: 0.25,
            relative_bush: false,
            canopy_base: CanopyBase::Ground,
        });
        let height = wall_height(GRID, &dsm, 1.0);
        let aspect = wall_aspect(GRID, &dsm, &height, false);
        let albedo = params.land_cover.column(|c| c.albedo);
        let albedo: Vec<f32> = land_cover
            .iter()
            .map(|&c| albedo[usize::from(c)] as f32)
            .collect();
        let walls = wall_cells(&height, &aspect);
        let ground = Ground {
            buildings: &buildings,
            albedo: &albedo,
            largest_albedo: 1.0,
            walls: &walls,
            wall_albedo: params.wall_albedo,
        };
        let ground_view = GroundView::new(GRID, Window::whole(GRID), &ground, 1.1).unwrap();
        let plan = SkyPlan::new(&terrain, PatchTable::new(option), SkyOptions::default());
        let mut go_on = |_, _| true;
        let mut input = SkyInput {
            terrain: &terrain,
            plan: &plan,
            window: Window::whole(GRID),
            watch: &mut go_on,
        };
        let sky = engine().run::<SkyStage>(&mut input).unwrap().unwrap();
        let weights = patch_weights(&plan.table);
        let patch_sky = PatchSky {
            table: plan.table,
            weights,
        };
        let mut town = Self {
            terrain,
            walls,
            places: places(&buildings, |_| true),
            ground_view,
            sky,
            patch_sky,
            sums: Vec::new(),
            facets: Vec::new(),
            land_cover,
            params,
        };
        town.sums = sky_sums(&town.patch_sky.weights, &town.masks());
        town.facets = facet_sums(&town.patch_sky.weights, &town.masks());
        town
    }

    pub fn masks(&self) -> PatchMasks<'_> {
        PatchMasks {
            words: self.patch_sky.table.words(),
            building: &self.sky.masks[0],
            vegetation: Some((&self.sky.masks[1], &self.sky.masks[2])),
        }
    }

    pub fn run(&self) -> Run<'_> {
        let anisotropic = self.params.anisotropic;
        Run {
            id: 0,
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
                seen: None,
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
pub fn weather(hour: f64) -> Weather {
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
