//! Tiled marching against the plain definition: every cell followed on its own, every step taken.

use proptest::prelude::*;
use solweig_core::grid::{Grid, Window};
use solweig_core::patches::{PatchOption, PatchTable};
use solweig_core::rays::{Ray, Reach};
use solweig_core::shadow::{LIT, SH, VBSHVEGSH, VEGSH, cast_sun};
use solweig_core::svf::{CANOPY_FIELD, FIELDS, SkyOptions, SkyPlan};
use solweig_core::terrain::{CanopyBase, NOTHING, SceneInput, Terrain, UNITS};

/// A small city with relief, towers, overhanging canopy and cells without data.
#[derive(Clone, Debug)]
struct City {
    grid: Grid,
    dsm: Vec<f32>,
    dem: Vec<f32>,
    canopy: Option<Vec<f32>>,
    trunk: Option<Vec<f32>>,
    transmissivity: Option<Vec<f32>>,
}

prop_compose! {
    fn cities()(rows in 1_usize..40, cols in 1_usize..75)(
        base in prop::collection::vec(-3.0_f32..6.0, rows * cols),
        towers in prop::collection::vec((0..rows, 0..cols, 1_usize..9, 2.0_f32..60.0), 0..8),
        crowns in prop::option::of(prop::collection::vec((0..rows, 0..cols, 0.05_f32..18.0), 1..60)),
        holes in prop::collection::vec(0..rows * cols, 0..6),
        pixel_size in prop::sample::select(vec![0.5, 1.0, 2.5]),
        rows in Just(rows), cols in Just(cols),
    ) -> City {
        let grid = Grid { rows, cols, pixel_size };
        let mut dsm = base.clone();
        for (row, col, side, height) in towers {
            for r in row..(row + side).min(rows) {
                for c in col..(col + side).min(cols) {
                    dsm[r * cols + c] = base[r * cols + c] + height;
                }
            }
        }
        let canopy = crowns.map(|crowns| {
            let mut canopy = vec![0.0; grid.len()];
            for (row, col, height) in crowns {
                canopy[row * cols + col] = height;
            }
            canopy
        });
        for cell in holes {
            dsm[cell] = f32::NAN;
        }
        City { grid, dsm, dem: base, canopy, trunk: None, transmissivity: None }
    }
}

fn terrain(city: &City) -> Terrain {
    Terrain::new(&SceneInput {
        grid: city.grid,
        dsm: &city.dsm,
        dem: Some(&city.dem),
        canopy: city.canopy.as_deref(),
        trunk: city.trunk.as_deref(),
        transmissivity: city.transmissivity.as_deref(),
        trunk_ratio: 0.25,
        relative_bush: false,
        canopy_base: CanopyBase::Ground,
    })
}

/// Flags of one cell, by the definition of first hits.
fn flags(t: &Terrain, row: usize, col: usize, ray: &Ray) -> u8 {
    let here = t.surface.heights[t.at(row, col)];
    if here == NOTHING {
        return LIT;
    }
    let from_start = t
        .vegetation
        .as_ref()
        .is_some_and(|v| v.from_start[t.at(row, col)]);
    let (mut building, mut foliage) = (None, from_start.then_some(0));
    for k in 1..ray.len() {
        let r = row as i64 + i64::from(ray.drow[k]);
        let c = col as i64 + i64::from(ray.dcol[k]);
        if r < 0 || c < 0 || r >= t.grid.rows as i64 || c >= t.grid.cols as i64 {
            break;
        }
        let at = t.at(r as usize, c as usize);
        if building.is_none() && t.surface.heights[at] - here > ray.height[k] {
            building = Some(k);
        }
        if let Some(v) = &t.vegetation {
            let below_top = v.canopy.heights[at] - here > ray.height[k - 1];
            let above_trunk = v.trunk[at] - here > ray.height[k];
            if foliage.is_none() && below_top && !above_trunk {
                foliage = Some(k);
            }
        }
    }
    match (building, foliage) {
        (None, None) => LIT,
        (None, Some(_)) => LIT & !VEGSH,
        (Some(b), Some(f)) if f < b => LIT & !SH & !VBSHVEGSH,
        (Some(_), _) => LIT & !SH,
    }
}

/// Units of the densest canopy that a ray from a cell crosses, by the definition; no building stops it.
fn densest(t: &Terrain, row: usize, col: usize, ray: &Ray) -> u16 {
    let v = t.vegetation.as_ref().unwrap();
    let own = v.transmissivity.as_ref().unwrap();
    let here = t.surface.heights[t.at(row, col)];
    let start = t.at(row, col);
    let mut least = if v.from_start[start] {
        own[start]
    } else {
        UNITS
    };
    for k in 1..ray.len() {
        let r = row as i64 + i64::from(ray.drow[k]);
        let c = col as i64 + i64::from(ray.dcol[k]);
        if r < 0 || c < 0 || r >= t.grid.rows as i64 || c >= t.grid.cols as i64 {
            break;
        }
        let at = t.at(r as usize, c as usize);
        let below_top = v.canopy.heights[at] - here > ray.height[k - 1];
        if below_top && v.trunk[at] - here <= ray.height[k] {
            least = least.min(own[at]);
        }
    }
    least
}

/// The city with a transmissivity for each crown.
fn with_own(city: City) -> City {
    let share = |i: usize| (i * 7919 % 1009) as f32 / 1008.0;
    let own = (0..city.grid.len()).map(share).collect();
    City {
        transmissivity: Some(own),
        ..city
    }
}

/// Sun shadows of a scene, all of them against the definition.
fn check_sun(city: &City, azimuth: f64, altitude: f64) -> Result<(), TestCaseError> {
    let t = terrain(city);
    let reach = Reach {
        max_distance_m: 1e6,
        height_bound_m: f64::INFINITY,
    };
    let got = cast_sun(&t, Window::whole(t.grid), &[], azimuth, altitude, &reach).flags;
    let ray = full_ray(&t, azimuth, altitude);
    for row in 0..t.grid.rows {
        for col in 0..t.grid.cols {
            let want = flags(&t, row, col, &ray);
            prop_assert_eq!(
                got[row * t.grid.cols + col],
                want,
                "row {} col {}",
                row,
                col
            );
        }
    }
    Ok(())
}

/// What a grazed thing is.
#[derive(Clone, Copy, Debug)]
enum Thing {
    Surface,
    Canopy,
    Trunk,
}

/// Something a ray of some cell just meets or just misses.
#[derive(Clone, Copy, Debug)]
struct Graze {
    row: usize,
    col: usize,
    step: usize,
    thing: Thing,
    /// How far off the ray, in levels of 1/32000 of the relief.
    levels: f32,
}

prop_compose! {
    fn grazes()(
        row in 0_usize..30, col in 0_usize..60, step in 1_usize..24,
        thing in prop::sample::select(vec![Thing::Surface, Thing::Canopy, Thing::Trunk]),
        levels in prop_oneof![-3.0_f32..3.0, prop::sample::select(vec![-2.0_f32, -1e-3, 0.0, 1e-3, 2.0])],
    ) -> Graze {
        Graze { row, col, step, thing, levels }
    }
}

/// Uneven ground with one tower that sets the relief, and things that rays of an azimuth and altitude
/// graze.
fn grazed(tower: f32, grazes: &[Graze], azimuth: f64, altitude: f64) -> City {
    let grid = Grid {
        rows: 30,
        cols: 60,
        pixel_size: 1.0,
    };
    let flat = vec![0.0_f32; grid.len()];
    // Heights that no level is equal to.
    let uneven = |i: usize| (i * 7919 % 1009) as f32 / 1009.0 * 40.0 * tower / 32000.0;
    let ground: Vec<f32> = (0..grid.len()).map(uneven).collect();
    let mut city = City {
        grid,
        dsm: ground.clone(),
        dem: ground,
        canopy: Some(flat.clone()),
        trunk: Some(flat),
        transmissivity: None,
    };
    city.dsm[0] = tower;
    let ray = full_ray(&terrain(&city), azimuth, altitude);
    for g in grazes {
        let step = g.step.min(ray.len() - 1);
        let row = g.row as i64 + i64::from(ray.drow[step]);
        let col = g.col as i64 + i64::from(ray.dcol[step]);
        if !(0..30).contains(&row) || !(0..60).contains(&col) {
            continue;
        }
        let (from, cell) = (g.row * 60 + g.col, (row * 60 + col) as usize);
        let off = g.levels * tower / 32000.0;
        let own = city.dsm[from];
        let (canopy, trunk) = (city.canopy.as_mut().unwrap(), city.trunk.as_mut().unwrap());
        match g.thing {
            Thing::Surface => city.dsm[cell] = (own + ray.height[step] + off).min(tower),
            Thing::Canopy => {
                let top = own + ray.height[step - 1] + off - city.dem[cell];
                canopy[cell] = top.clamp(0.0, tower);
            }
            Thing::Trunk => {
                let top = own + ray.height[step] + off - city.dem[cell];
                trunk[cell] = top.clamp(0.0, tower);
                canopy[cell] = (trunk[cell] + 3.0).min(tower);
            }
        }
    }
    city
}

/// A ray without the shortening that the relief allows.
fn full_ray(t: &Terrain, azimuth: f64, altitude: f64) -> Ray {
    let Grid {
        rows,
        cols,
        pixel_size,
    } = t.grid;
    let reach = Reach {
        max_distance_m: 1e6,
        height_bound_m: f64::INFINITY,
    };
    Ray::new(
        azimuth,
        altitude,
        pixel_size,
        rows,
        cols,
        &reach,
        f64::INFINITY,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..Default::default() })]

    #[test]
    fn sun_shadows_are_first_hits(
        city in cities(), azimuth in 0.0_f64..360.0, altitude in 0.5_f64..89.5,
    ) {
        check_sun(&city, azimuth, altitude)?;
    }

    #[test]
    fn rays_that_graze_are_told_by_heights(
        grazes in prop::collection::vec(grazes(), 1..40),
        tower in prop::sample::select(vec![5.0_f32, 60.0, 700.0, 9000.0]),
        azimuth in prop_oneof![0.0_f64..360.0, prop::sample::select(vec![0.0, 45.0, 90.0, 180.0, 225.0, 270.0])],
        altitude in prop_oneof![0.05_f64..60.0, prop::sample::select(vec![26.565_051_177_077_99, 45.0])],
    ) {
        check_sun(&grazed(tower, &grazes, azimuth, altitude), azimuth, altitude)?;
    }

    #[test]
    fn heights_in_whole_metres_tie_with_rays(
        city in cities(), azimuth in prop::sample::select(vec![0.0_f64, 90.0, 180.0, 270.0, 45.0]),
        altitude in prop::sample::select(vec![26.565_051_177_077_99, 45.0, 63.434_948_822_922_01]),
    ) {
        let whole = |x: &[f32]| x.iter().map(|z| z.round()).collect::<Vec<_>>();
        let city = City {
            dsm: whole(&city.dsm),
            dem: whole(&city.dem),
            canopy: city.canopy.as_deref().map(whole),
            ..city
        };
        check_sun(&city, azimuth, altitude)?;
    }

    #[test]
    fn heights_beyond_all_levels_change_nothing(
        city in cities(), azimuth in 0.0_f64..360.0, altitude in 0.5_f64..89.9,
        scale in prop::sample::select(vec![1e-6_f32, 1e-3, 100.0, 1e4]),
        depth in 0.0_f32..1e5,
    ) {
        // Ground far below every surface, where crowns may end below it; and a relief from less
        // than a level to more than mountains have.
        let sink = |i: usize, z: f32| if i.is_multiple_of(5) { z * scale - depth } else { z * scale };
        let city = City {
            dsm: city.dsm.iter().map(|z| z * scale).collect(),
            dem: city.dem.iter().enumerate().map(|(i, &z)| sink(i, z)).collect(),
            canopy: city.canopy.map(|c| c.iter().map(|z| z * scale.max(0.1)).collect()),
            ..city
        };
        check_sun(&city, azimuth, altitude)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_densest_canopy_before_the_sun(
        city in cities(), azimuth in 0.0_f64..360.0, altitude in 0.5_f64..89.5,
    ) {
        let t = terrain(&with_own(city));
        let reach = Reach { max_distance_m: 1e6, height_bound_m: f64::INFINITY };
        let got = cast_sun(&t, Window::whole(t.grid), &[], azimuth, altitude, &reach);
        prop_assert_eq!(got.through.is_some(), t.vegetation.is_some());
        let ray = full_ray(&t, azimuth, altitude);
        for (cell, through) in got.through.iter().flatten().enumerate() {
            let want = if got.flags[cell] & VEGSH == 0 {
                densest(&t, cell / t.grid.cols, cell % t.grid.cols, &ray)
            } else {
                0
            };
            prop_assert_eq!(*through, want, "cell {}", cell);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, failure_persistence: None, ..Default::default() })]

    #[test]
    fn canopies_seen_are_weighed_by_the_sky_behind_them(city in cities()) {
        let t = terrain(&with_own(city));
        let options = SkyOptions {
            reach: Reach { max_distance_m: 1e6, height_bound_m: f64::INFINITY },
            ..SkyOptions::default()
        };
        let plan = SkyPlan::new(&t, PatchTable::new(PatchOption::P153), options);
        let mut fields = vec![vec![0.0_f32; t.grid.len()]; plan.fields(&t)];
        prop_assert_eq!(fields.len() > CANOPY_FIELD, t.vegetation.is_some());
        let mut f: Vec<_> = fields.iter_mut().map(Vec::as_mut_slice).collect();
        plan.compute(&t, Window::whole(t.grid), &mut f, &mut []);
        let mut sums = vec![[0.0_f64; 2]; t.grid.len()];
        for patch in &plan.table.patches {
            let ray = full_ray(&t, patch.azimuth_deg, patch.altitude_deg);
            let band = &plan.table.bands[patch.band];
            let weight = band.share / band.count as f64;
            for (cell, sum) in sums.iter_mut().enumerate().filter(|(cell, _)| t.valid[*cell]) {
                let (row, col) = (cell / t.grid.cols, cell % t.grid.cols);
                if flags(&t, row, col, &ray) & VEGSH == 0 {
                    let through = f64::from(densest(&t, row, col, &ray)) / f64::from(UNITS);
                    *sum = [sum[0] + weight * through, sum[1] + weight];
                }
            }
        }
        for (seen, [through, behind]) in fields.get(CANOPY_FIELD).into_iter().flatten().zip(sums) {
            prop_assert_eq!(seen.is_nan(), behind == 0.0);
            // Weights are counted in 2^-18.
            prop_assert!(behind == 0.0 || (f64::from(*seen) - through / behind).abs() < 2e-3);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..Default::default() })]

    #[test]
    fn patch_bits_are_first_hits_of_every_direction(city in cities()) {
        let t = terrain(&city);
        let options = SkyOptions {
            reach: Reach { max_distance_m: 1e6, height_bound_m: f64::INFINITY },
            ..SkyOptions::default()
        };
        let plan = SkyPlan::new(&t, PatchTable::new(PatchOption::P153), options);
        let words = plan.table.words();
        let families = if t.vegetation.is_some() { 3 } else { 1 };
        let mut fields = vec![vec![0.0_f32; t.grid.len()]; FIELDS];
        let mut masks = vec![vec![0_u32; t.grid.len() * words]; families];
        let mut f: Vec<_> = fields.iter_mut().map(Vec::as_mut_slice).collect();
        let mut m: Vec<_> = masks.iter_mut().map(Vec::as_mut_slice).collect();
        plan.compute(&t, Window::whole(t.grid), &mut f, &mut m);
        for (i, patch) in plan.table.patches.iter().enumerate() {
            let ray = full_ray(&t, patch.azimuth_deg, patch.altitude_deg);
            for cell in (0..t.grid.len()).filter(|&cell| t.valid[cell]) {
                let want = flags(&t, cell / t.grid.cols, cell % t.grid.cols, &ray);
                for (mask, bit) in masks.iter().zip([SH, VEGSH, VBSHVEGSH]) {
                    let got = mask[cell * words + i / 32] >> (i % 32) & 1 == 1;
                    prop_assert_eq!(got, want & bit != 0, "cell {} patch {}", cell, i);
                }
            }
        }
        for cell in 0..t.grid.len() {
            prop_assert_eq!(fields[0][cell].is_nan(), !t.valid[cell]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() })]

    #[test]
    fn a_window_is_the_cut_of_the_whole(
        city in cities(), azimuth in 0.0_f64..360.0, altitude in 2.0_f64..80.0,
        top in 0.0_f64..1.0, left in 0.0_f64..1.0, tall in 0.0_f64..1.0, wide in 0.0_f64..1.0,
    ) {
        let t = terrain(&city);
        let whole = Window::whole(t.grid);
        let part = |share: f64, n: usize| ((share * n as f64) as usize).min(n - 1);
        let (row, col) = (part(top, whole.rows), part(left, whole.cols));
        let window = Window {
            row,
            col,
            rows: part(tall, whole.rows - row) + 1,
            cols: part(wide, whole.cols - col) + 1,
        };
        let reach = Reach { max_distance_m: 1e6, height_bound_m: f64::INFINITY };
        let shadows = |w: Window| cast_sun(&t, w, &[], azimuth, altitude, &reach).flags;
        prop_assert_eq!(shadows(window), window.cut(&shadows(whole), whole.cols));
        let options = SkyOptions { reach, ..SkyOptions::default() };
        let plan = SkyPlan::new(&t, PatchTable::new(PatchOption::P145), options);
        let view = |w: Window| {
            let mut fields = vec![vec![0.0_f32; w.len()]; FIELDS];
            let mut masks = vec![vec![0_u32; w.len() * plan.table.words()]; 1];
            let mut f: Vec<_> = fields.iter_mut().map(Vec::as_mut_slice).collect();
            let mut m: Vec<_> = masks.iter_mut().map(Vec::as_mut_slice).collect();
            plan.compute(&t, w, &mut f, &mut m);
            fields
        };
        for (own, all) in view(window).iter().zip(view(whole)) {
            let bits = |x: &[f32]| x.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            prop_assert_eq!(bits(own), bits(&window.cut(&all, whole.cols)));
        }
    }
}
