//! The ground view in whole numbers against its plain definition in double precision (G 7.5, 7.6).

use proptest::prelude::*;
use solweig_core::grid::{Grid, Window};
use solweig_core::gvf::{AZIMUTHS, Counted, Emitted, Ground, GroundView, GvfFields, GvfStep, Unit};
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

    fn look(&self, view: &GroundView, sent: &Rasters, counted: [Counted; 2]) -> GvfFields {
        view.evaluate(&mut GvfStep {
            sent,
            counted,
            sunlit: &self.sunlit,
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

    /// Units in which sums fit 16 bits, and what they count.
    fn narrow(&self, view: &GroundView) -> [Counted; 2] {
        let units = self.range.map(|range| view.narrow(range, f64::INFINITY));
        let units = units.map(|u| u.expect("a short reach"));
        let sent = self.rasters(units);
        [0, 1].map(|f| Counted::exactly(units[f], sent.fields[f].iter().copied()))
    }
}

fn planes(seen: &GvfFields) -> [[&[f32]; 5]; 2] {
    [seen.lup.planes(), seen.alb.planes()]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// 32 bits: only the last digits of single precision are lost.
    #[test]
    fn wide_sums_are_the_plain_definition(scene in scenes()) {
        let view = scene.view();
        let counted = [300.0, 0.4].map(|bound| view.counted(bound));
        let units = counted.map(|c| c.unit);
        let seen = scene.look(&view, &scene.rasters(units), counted);
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

    /// 16 bits: every cell is off by half a unit at the most, so what is seen of them is too.
    #[test]
    fn narrow_sums_are_off_by_half_a_unit(scene in scenes()) {
        let view = scene.view();
        let counted = scene.narrow(&view);
        prop_assert!(view.is_narrow(counted));
        let seen = scene.look(&view, &scene.rasters(counted.map(|c| c.unit)), counted);
        let values = scene.values();
        for (f, plane) in planes(&seen).iter().enumerate() {
            let single = 2e-6 * (WALL[f] + scene.range[f][1] - scene.range[f][0]);
            let bound = 0.5 * counted[f].unit.size() + single;
            for cell in 0..scene.grid.len() {
                let want = scene.plainly(view.reaches(), cell, &values[f], WALL[f]);
                for (plane, want) in plane.iter().zip(want) {
                    let got = f64::from(plane[cell]);
                    prop_assert!((got - want).abs() <= bound, "{f} {cell} {got} {want}");
                }
            }
        }
    }

    /// The same whole numbers give the same bits in 16 and in 32 bits, at both ends of what fits.
    #[test]
    fn narrow_and_wide_sums_agree(scene in scenes()) {
        let view = scene.view();
        let narrow = scene.narrow(&view);
        let wide = narrow.map(|c| Counted { least: -1 << 20, most: 1 << 20, ..c });
        prop_assert!(view.is_narrow(narrow) && !view.is_narrow(wide));
        let sent = scene.rasters(narrow.map(|c| c.unit));
        let (a, b) = (scene.look(&view, &sent, narrow), scene.look(&view, &sent, wide));
        prop_assert_eq!(planes(&a), planes(&b));
    }

    /// A part of the raster sees what the whole sees there.
    #[test]
    fn a_core_sees_what_the_whole_sees(scene in scenes(), at in [0.0..1.0, 0.0..1.0]) {
        let Grid { rows, cols, .. } = scene.grid;
        let part = |n: usize, at: f64| (at * n as f64) as usize;
        let (row, col) = (part(rows, at[0]), part(cols, at[1]));
        let core = Window { row, col, rows: (rows - row).div_ceil(2), cols: (cols - col).div_ceil(2) };
        let view = scene.view();
        let counted = scene.narrow(&view);
        let sent = scene.rasters(counted.map(|c| c.unit));
        let whole = scene.look(&view, &sent, counted);
        let seen = scene.look(&scene.view_of(core), &sent, counted);
        for (seen, whole) in planes(&seen).iter().flatten().zip(planes(&whole).iter().flatten()) {
            for r in core.row..core.row + core.rows {
                let line = r * cols + core.col..r * cols + core.col + core.cols;
                prop_assert_eq!(&seen[line.clone()], &whole[line]);
            }
        }
    }

    /// More than fits 16 bits is summed in 32; no unit is given in which 32 overflow.
    #[test]
    fn what_does_not_fit_is_refused(
        least in -1e4..=0.0, most in 0.0..1e4, error in 1e-9..1e3,
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
        let far = view.reaches()[1] as f64;
        if let Some(unit) = view.narrow([least, most], error) {
            prop_assert!(0.5 * unit.size() <= error);
            let ends = [least, most].map(|x| (x / unit.size()).round_ties_even());
            // The longer part of a direction is at least half of it.
            prop_assert!((ends[1] - ends[0]) * (far / 2.0).ceil() <= 65535.0);
            let farthest = ends[1].max(-ends[0]);
            prop_assert!(farthest * 5.0 * far <= f64::from(i32::MAX));
            let counted = Counted::exactly(unit, ends.into_iter().map(|x| x as i32));
            prop_assert!(view.is_narrow([counted; 2]));
            let more = Counted { most: counted.most + 65536, ..counted };
            prop_assert!(!view.is_narrow([counted, more]));
        }
        let wide = view.counted(most);
        let farthest = (most / wide.unit.size()).round_ties_even();
        prop_assert!(farthest * 5.0 * far <= f64::from(i32::MAX));
        prop_assert!(f64::from(wide.most) >= farthest);
    }
}
