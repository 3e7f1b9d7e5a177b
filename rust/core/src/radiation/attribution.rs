//! Kelvin of Tmrt by where the radiation comes from (R 9.1).
//!
//! Every term is what the body absorbs from there beyond what it would absorb from an enclosure at air
//! temperature, divided by how much its own emission grows from air temperature to Tmrt.

use super::cells::{BLOCK, Lane, SIDES};
use super::shortwave::hidden;
use super::sides::SideView;
use super::sky::Sky;
use super::tables::StepTables;
use super::terms::{AttributionTables, Term};
use super::work::Work;
use crate::fields::TERMS;

/// Shortwave on a part of the body by its origin [W m⁻²]; what is neither beam nor the sky's diffuse
/// light is reflected.
#[derive(Clone, Copy, Debug, Default)]
struct Short {
    all: f32,
    beam: f32,
    diffuse: f32,
}

/// Longwave from above on a part of the body by its origin [W m⁻²], and the weights of these; what is
/// neither sky nor foliage is wall.
#[derive(Clone, Copy, Debug, Default)]
struct Long {
    all: f32,
    whole: f32,
    sky: [f32; 2],
    foliage: [f32; 2],
}

/// The terms of a cell before they are kelvin [W m⁻²].
#[derive(Clone, Copy, Debug, Default)]
struct Absorbed {
    terms: [f32; TERMS],
}

impl Absorbed {
    #[inline(always)]
    fn add(&mut self, term: Term, flux: f32) {
        self.terms[term as usize] += flux;
    }

    /// Light on a part of the body, `factor` times absorbed.
    #[inline(always)]
    fn add_short(&mut self, factor: f32, short: Short) {
        self.add(Term::Beam, factor * short.beam);
        self.add(Term::Diffuse, factor * short.diffuse);
        let reflected = short.all - short.beam - short.diffuse;
        self.add(Term::Reflected, factor * reflected);
    }

    /// Longwave from above, `factor` times absorbed, beyond `enclosure` for each unit of weight.
    #[inline(always)]
    fn add_long(&mut self, factor: f32, enclosure: f32, long: Long) {
        let Long {
            all,
            whole,
            sky: [sky, sky_weight],
            foliage: [foliage, foliage_weight],
        } = long;
        let walls = whole - sky_weight - foliage_weight;
        self.add(Term::Sky, factor * (sky - enclosure * sky_weight));
        self.add(
            Term::Vegetation,
            factor * (foliage - enclosure * foliage_weight),
        );
        let from_walls = all - sky - foliage;
        self.add(Term::Walls, factor * (from_walls - enclosure * walls));
    }
}

/// What the body absorbs by its origin, not yet kelvin; longwave sides must be as the body receives
/// them.
#[inline(always)]
pub fn absorb(work: &mut Work, tables: &StepTables, sky: &impl Sky, own: &AttributionTables) {
    let light = &tables.sun.light;
    // Beam on the horizontal, and on the sides of a box.
    let mut beams = [[0.0; BLOCK]; 1 + SIDES];
    beams[0] = work.light_of(light, &light.down, |own| &own.down);
    for d in 0..SIDES {
        beams[1 + d] = work.light_of(light, &light.sides[d], |own| &own.sides[d]);
    }
    for i in 0..BLOCK {
        let mut absorbed = Absorbed::default();
        if tables.day {
            shortwave(&mut absorbed, work, tables, sky, &beams, i);
        }
        longwave(&mut absorbed, work, tables, sky, own, i);
        for (lane, flux) in work.attribution.terms.iter_mut().zip(absorbed.terms) {
            lane[i] = flux;
        }
    }
}

/// Where the Tmrt of a block comes from, of what the body absorbs.
#[inline(always)]
pub fn in_kelvin(work: &mut Work, tables: &StepTables, own: &AttributionTables) {
    let b = &tables.body;
    for i in 0..BLOCK {
        let t = work.tmrt[i] + b.kelvin;
        let ta = own.air_kelvin + work.warmer[i];
        let kelvin = b.inverse_emission / ((t * t + ta * ta) * (t + ta));
        for lane in &mut work.attribution.terms {
            lane[i] *= kelvin;
        }
        work.attribution.terms[Term::Offset as usize][i] = own.offset;
    }
}

#[inline(always)]
fn shortwave(
    absorbed: &mut Absorbed,
    work: &Work,
    tables: &StepTables,
    sky: &impl Sky,
    beams: &[Lane; 1 + SIDES],
    i: usize,
) {
    let b = &tables.body;
    let down = Short {
        all: work.kdown[i] + work.kup[0][i],
        beam: sky.beam(i) * beams[0][i],
        diffuse: work.drad[i],
    };
    absorbed.add_short(b.abs_k * b.up, down);
    if b.cylinder {
        // Under the isotropic sky only the beam arrives around the cylinder.
        let all = if tables.anisotropic {
            work.kside[i]
        } else {
            work.kside_i[i]
        };
        let around = Short {
            all,
            beam: work.kside_i[i],
            diffuse: work.kside_d[i],
        };
        absorbed.add_short(b.abs_k * b.around, around);
    }
    for d in 0..SIDES {
        let [_, _, light, foliage, ..] = &work.side_sums;
        let diffuse = match (tables.anisotropic, b.cylinder) {
            (false, _) => {
                let [s, sv, _] = &work.side_views[d];
                0.5 * sky.diffuse(i) * (1.0 - hidden(s[i], sv[i], work.canopy_beam[i]))
            }
            (true, true) => 0.0,
            (true, false) => light[d][i] + (1.0 - work.canopy_diffuse[i]) * foliage[d][i],
        };
        let beam = if b.cylinder {
            0.0
        } else {
            sky.beam(i) * beams[1 + d][i]
        };
        let side = Short {
            all: work.k[d][i],
            beam,
            diffuse,
        };
        absorbed.add_short(b.abs_k * b.side, side);
    }
}

#[inline(always)]
fn longwave(
    absorbed: &mut Absorbed,
    work: &Work,
    tables: &StepTables,
    sky: &impl Sky,
    own: &AttributionTables,
    i: usize,
) {
    let b = &tables.body;
    let air = tables.ground.air + work.air_gain[i];
    // What comes from above an enclosure at air temperature goes with what it emits.
    let above = own.above * (air / tables.ground.air);
    let ground = b.abs_l * b.up * (work.lup[0][i] - air);
    absorbed.add(Term::Ground, ground);
    for d in 0..SIDES {
        let ground = 0.5 * b.abs_l * b.side * (work.lup[1 + d][i] - air);
        absorbed.add(Term::Ground, ground);
    }
    if tables.anisotropic {
        patch_sky(absorbed, work, tables, sky, above, i);
    } else {
        isotropic(absorbed, work, tables, sky, above, i);
    }
}

/// R 8.3 to 8.5 by what the patches hold.
#[inline(always)]
fn patch_sky(
    absorbed: &mut Absorbed,
    work: &Work,
    tables: &StepTables,
    sky: &impl Sky,
    enclosure: f32,
    i: usize,
) {
    let (b, p) = (&tables.body, &tables.patch_longwave);
    let [side, down, deficit_side, deficit_down, ..] = &work.sky;
    let whole = sky.deficit(i);
    let sky_down = p.sky(down[i], deficit_down[i], whole);
    let obstructed = p.obstructed(sky_down, work.lup[0][i], work.wall_gain[i]);
    let part = |all: f32, whole: f32, sky: [f32; 2], foliage: f32| Long {
        all,
        whole,
        sky,
        foliage: [foliage * obstructed, foliage],
    };
    let [foliage_side, foliage_down, foliage_sides @ ..] = &work.attribution.foliage;
    let above = part(
        work.ldown[i],
        p.whole_down,
        [sky_down, down[i]],
        foliage_down[i],
    );
    absorbed.add_long(b.abs_l * b.up, enclosure, above);
    if b.cylinder {
        let sky = [p.sky(side[i], deficit_side[i], whole), side[i]];
        let around = part(work.lside[i], p.whole_side, sky, foliage_side[i]);
        absorbed.add_long(b.abs_l * b.around, enclosure, around);
        return;
    }
    let [open, deficit, ..] = &work.side_sums;
    for d in 0..SIDES {
        let all = work.l[d][i] - 0.5 * work.lup[1 + d][i];
        let sky = [p.sky(open[d][i], deficit[d][i], whole), open[d][i]];
        let side = part(all, p.whole_sides[d], sky, foliage_sides[d][i]);
        absorbed.add_long(b.abs_l * b.side, enclosure, side);
    }
}

/// R 7.6, 7.7 by what is seen.
#[inline(always)]
fn isotropic(
    absorbed: &mut Absorbed,
    work: &Work,
    tables: &StepTables,
    sky: &impl Sky,
    enclosure: f32,
    i: usize,
) {
    let (b, l) = (&tables.body, &tables.longwave);
    let (s, sv, sa) = (work.s[i], work.sv[i], work.sa[i]);
    let (open, foliage) = (s + sv - 1.0, 2.0 - sv - sa);
    let wall = l.wall + work.wall_gain[i];
    let above = Long {
        all: work.ldown[i],
        whole: 1.0,
        sky: [open * sky.sky_down(i), open],
        foliage: [
            foliage * (wall + l.wall_reflects * sky.sky_down(i)),
            foliage,
        ],
    };
    absorbed.add_long(b.abs_l * b.up, enclosure, above);
    let consistent = tables.formulation.consistent_side_longwave;
    for d in 0..SIDES {
        let [s, sv, sa] = &work.side_views[d];
        let view = SideView::new(s[i], sv[i], sa[i]);
        let lup = work.lup[1 + d][i];
        let foliage = 1.0 - view.sky - view.walls;
        let reflected = (work.ldown[i] + lup) * l.side_reflects;
        let side = Long {
            all: work.l[d][i] - 0.5 * lup,
            whole: 0.5,
            sky: [
                0.5 * view.sky_weight(consistent) * sky.sky_side(i),
                0.5 * view.sky,
            ],
            foliage: [0.5 * foliage * (wall + reflected), 0.5 * foliage],
        };
        absorbed.add_long(b.abs_l * b.side, enclosure, side);
    }
}
