//! The ground view in whole numbers against its plain definition in double precision (G 7.5, 7.6).

use proptest::prelude::*;
use solweig_core::grid::{Grid, Window};
use solweig_core::gvf::{
    AZIMUTHS, Emitted, FiveFields, Ground, GroundView, GvfFields, GvfStep, Unit,
};
use solweig_core::rays::ray_steps;
use solweig_core::walls::{WallCell, faces};
use std::ops::Range;

const WALL: [f64; 2] = [55.0, 0.2];

/// Rasters of whole numbers, as they are.
struct Rasters {
    cols: usize,
    fields: [Vec<i32>; 2],
}

impl Emitted<2> for Rasters {
    fn row(&self, row: usize, cols: Range<usize>, out: [&mut [i32]; 2]) {
        for (out, field) in out.into_iter().zip(&self.fields) {
            out.copy_from_slice(&field[row * self.cols..][cols.clone()]);
        }
    }
}

#[derive(Clone, Debug)]
struct Scene {
    grid: Grid,
    person: f64,
    buildings: Vec<u8>,
    walls: Vec<WallCell>,
    sunlit: Vec<bool>,
    /// Of the range of values, from 0 to 1; ends of it are frequent.
    shares: [Vec<f64>; 2],
    range: [[f64; 2]; 2],
}

fn shares(cells: usize) -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec(prop_oneof![Just(0.0), Just(1.0), 0.0..=1.0], cells)
}

prop_compose! {
    fn scenes()(rows in 1_usize..50, cols in 1_usize..80)(
        density in prop::sample::select(vec![0.0, 0.02, 0.3]),
        dice in prop::collection::vec((0.0..1.0, 0.0..1.0, 0_u16..72, any::<bool>()), rows * cols),
        shares in [shares(rows * cols), shares(rows * cols)],
        range in [[-60.0..=0.0, 0.0..=250.0], [0.0..=0.0, 0.0..=0.3]],
        uniform in any::<bool>(),
        lit in any::<bool>(),
        pixel_size in prop::sample::select(vec![0.3, 0.5, 0.7, 1.0, 2.0, 3.0, 50.0]),
        person in prop::sample::select(vec![1.1, 0.75]),
        rows in Just(rows), cols in Just(cols),
    ) -> Scene {
        let walls: Vec<(WallCell, bool)> = (0_u32..).zip(&dice).filter(|(_, d)| d.1 < 0.1).map(
            |(index, d)| (WallCell { index, height: 3.0, aspect_deg: 5.0 * f32::from(d.2) }, d.3)
        ).collect();
        Scene {
            grid: Grid { rows, cols, pixel_size },
            person,
            buildings: dice.iter().map(|d| u8::from(d.0 >= density)).collect(),
            sunlit: walls.iter().map(|w| lit && w.1).collect(),
            walls: walls.into_iter().map(|w| w.0).collect(),
            // Sums are largest where all send the most.
            shares: if uniform { shares.map(|s| vec![1.0; s.len()]) } else { shares },
            range,
        }
    }
}

impl Scene {
    fn view(&self) -> GroundView {
        self.view_of(Window::whole(self.grid))
    }

    fn view_of(&self, core: Window) -> GroundView {
        let ground = Ground {
            buildings: &self.buildings,
            albedo: &vec![0.15; self.grid.len()],
            largest_albedo: 1.0,
            walls: &self.walls,
            wall_albedo: 0.2,
        };
        GroundView::new(self.grid, core, &ground, self.person).unwrap()
    }

    fn values(&self) -> [Vec<f64>; 2] {
        [0, 1].map(|f| {
            let [least, most] = self.range[f];
            let value = |share: &f64| (1.0 - share) * least + share * most;
            self.shares[f].iter().map(value).collect()
        })
    }

    /// Units for the range; values reach its ends.
    fn units(&self, view: &GroundView) -> [Unit; 2] {
        self.range
            .map(|[least, most]| view.unit(most.max(-least), 1))
    }

    /// The values counted in units.
    fn rasters(&self, units: [Unit; 2]) -> Rasters {
        let values = self.values();
        Rasters {
            cols: self.grid.cols,
            fields: [0, 1].map(|f| {
                let whole = |x: &f64| (x / units[f].size()).round_ties_even() as i32;
                values[f].iter().map(whole).collect()
            }),
        }
    }

    fn look(&self, view: &GroundView, sent: &Rasters, units: [Unit; 2]) -> GvfFields {
        view.evaluate(&mut GvfStep {
            sent,
            units,
            sunlit: &self
                .sunlit
                .iter()
                .map(|&lit| u8::from(lit))
                .collect::<Vec<_>>(),
            suns: 1,
            wall: WALL,
            shadow: None,
            spare: None,
        })
    }

    /// What a cell sees in one direction of a field, G 7.5 word by word.
    fn direction(&self, reaches: [usize; 2], cell: usize, azimuth: f64, x: &[f64], k: f64) -> f64 {
        let Grid { rows, cols, .. } = self.grid;
        let lit = |at: usize| {
            let found = self.walls.iter().zip(&self.sunlit);
            found
                .filter(|(w, lit)| w.index as usize == at && **lit && self.buildings[at] == 1)
                .map(|(w, _)| *w)
                .next()
        };
        let (row, col) = (cell / cols, cell % cols);
        let mut last = cell;
        let mut seen = Vec::new();
        for step in ray_steps(azimuth, reaches[1]) {
            let r = row.checked_add_signed(step.drow as isize);
            let c = col.checked_add_signed(step.dcol as isize);
            if let (Some(r), Some(c)) = (r.filter(|r| *r < rows), c.filter(|c| *c < cols)) {
                last = r * cols + c;
            }
            if self.buildings[last] == 0 {
                break;
            }
            seen.push(last);
        }
        let wall = seen.iter().position(|&at| lit(at).is_some());
        let behind = lit(cell).is_some_and(|w| faces(w.aspect_deg, azimuth));
        let mean = |reach: usize, own: bool| {
            let sum: f64 = seen.iter().take(reach).map(|&at| x[at]).sum();
            let count = wall.map_or(0, |w| reach.saturating_sub(w));
            let kept = if own && behind { 0 } else { count };
            let cells = reach + usize::from(count > 0);
            (k * kept as f64 + sum) / cells as f64
        };
        let mixed = (0.5 * mean(reaches[0], false) + 0.4 * mean(reaches[1], true)) / 0.9;
        mixed + x[cell] * f64::from(1 - self.buildings[cell])
    }

    /// All directions and the four sides.
    fn plainly(&self, reaches: [usize; 2], cell: usize, x: &[f64], k: f64) -> [f64; 5] {
        let mut out = [0.0; 5];
        for azimuth in AZIMUTHS {
            let value = self.direction(reaches, cell, azimuth, x, k);
            out[0] += value / 18.0;
            for (side, out) in out[1..].iter_mut().enumerate() {
                // East, south, west, north.
                let from = 90.0 * side as f64;
                if (azimuth - from).rem_euclid(360.0) < 180.0 {
                    *out += value / 9.0;
                }
            }
        }
        out
    }
}

/// What several suns light is the mean of what each lights alone, over the same ground.
fn suns_apart(scene: &Scene, view: &GroundView, units: [Unit; 2], suns: &[u8]) -> [GvfFields; 2] {
    let sent = scene.rasters(units);
    let number = 3;
    let look = |sunlit: &[u8], suns: usize| {
        view.evaluate(&mut GvfStep {
            sent: &sent,
            units,
            sunlit,
            suns,
            wall: WALL,
            shadow: None,
            spare: None,
        })
    };
    let together = look(suns, number);
    let alone: Vec<GvfFields> = (0..number)
        .map(|sun| {
            let lit: Vec<u8> = suns.iter().map(|s| s >> sun & 1).collect();
            look(&lit, 1)
        })
        .collect();
    let mean = |field: &dyn Fn(&GvfFields) -> [Vec<f32>; 5]| {
        let all: Vec<[Vec<f32>; 5]> = alone.iter().map(field).collect();
        let cells = all[0][0].len();
        let values = (0..5).flat_map(|q| {
            let all = &all;
            (0..cells).map(move |i| all.iter().map(|f| f[q][i]).sum::<f32>() / number as f32)
        });
        FiveFields::new(values.collect())
    };
    let owned = |five: &FiveFields| five.planes().map(<[f32]>::to_vec);
    let mean = GvfFields {
        lup: mean(&|f| owned(&f.lup)),
        alb: mean(&|f| owned(&f.alb)),
        sums: None,
    };
    [together, mean]
}

fn planes(seen: &GvfFields) -> [[&[f32]; 5]; 2] {
    [seen.lup.planes(), seen.alb.planes()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn several_suns_are_seen_as_their_mean(scene in scenes(), seed in any::<u64>()) {
        let view = scene.view();
        let units = scene.range.map(|[least, most]| view.unit(most.max(-least), 3));
        let suns: Vec<u8> = (0..scene.walls.len())
            .map(|i| (seed.rotate_left(7 * i as u32) & 7) as u8)
            .collect();
        let [together, mean] = suns_apart(&scene, &view, units, &suns);
        for (f, (a, b)) in planes(&together).iter().zip(planes(&mean)).enumerate() {
            let bound = 4e-6 * (WALL[f] + scene.range[f][1].abs().max(scene.range[f][0].abs()));
            for (a, b) in a.iter().zip(b) {
                for (a, b) in a.iter().zip(b) {
                    prop_assert!(f64::from((a - b).abs()) <= bound, "{f} {a} {b}");
                }
            }
        }
    }

    /// Only the last digits of single precision are lost.
    #[test]
    fn whole_sums_are_the_plain_definition(scene in scenes()) {
        let view = scene.view();
        let units = scene.units(&view);
        let seen = scene.look(&view, &scene.rasters(units), units);
        let values = scene.values();
        for (f, plane) in planes(&seen).iter().enumerate() {
            let bound = 2e-6 * (WALL[f] + scene.range[f][1] - scene.range[f][0]) + units[f].size();
            for cell in 0..scene.grid.len() {
                let want = scene.plainly(view.reaches(), cell, &values[f], WALL[f]);
                for (plane, want) in plane.iter().zip(want) {
                    let got = f64::from(plane[cell]);
                    prop_assert!((got - want).abs() <= bound, "{f} {cell} {got} {want}");
                }
            }
        }
    }

    /// A part of the raster sees what the whole sees there.
    #[test]
    fn a_core_sees_what_the_whole_sees(scene in scenes(), at in [0.0..1.0, 0.0..1.0]) {
        let Grid { rows, cols, .. } = scene.grid;
        let part = |n: usize, at: f64| (at * n as f64) as usize;
        let (row, col) = (part(rows, at[0]), part(cols, at[1]));
        let core = Window { row, col, rows: (rows - row).div_ceil(2), cols: (cols - col).div_ceil(2) };
        let view = scene.view();
        let units = scene.units(&view);
        let sent = scene.rasters(units);
        let whole = scene.look(&view, &sent, units);
        let seen = scene.look(&scene.view_of(core), &sent, units);
        for (seen, whole) in planes(&seen).iter().flatten().zip(planes(&whole).iter().flatten()) {
            for r in core.row..core.row + core.rows {
                let line = r * cols + core.col..r * cols + core.col + core.cols;
                prop_assert_eq!(&seen[line.clone()], &whole[line]);
            }
        }
    }

    /// No sum of values up to the bound overflows 32 bits, and units are small: half of one is lost.
    #[test]
    fn no_unit_overflows(
        bound in prop_oneof![Just(0.0), 1e-9..1e3, Just(1e6)],
        pixel_size in prop::sample::select(vec![0.09, 0.3, 1.0, 10.0]),
    ) {
        let grid = Grid { rows: 3, cols: 3, pixel_size };
        let ground = Ground {
            buildings: &[1; 9],
            albedo: &[0.2; 9],
            largest_albedo: 1.0,
            walls: &[],
            wall_albedo: 0.2,
        };
        let view = GroundView::new(grid, Window::whole(grid), &ground, 1.1).unwrap();
        let summed = 5 * view.reaches()[1] as i64;
        let unit = view.unit(bound, 1);
        let most = (bound / unit.size()).round_ties_even() as i64;
        prop_assert!(most * summed <= i64::from(i32::MAX));
        let coarser = 4.0 * (summed as f64) * bound / f64::from(i32::MAX);
        prop_assert!(unit.size() <= coarser.max(2.0_f64.powi(-20)));
    }
}
