//! What the cells read of a step when many steps are taken together: the step's tables, cut down to
//! what Tmrt of a cylinder under the patch sky depends on.

use super::basis::{LitTable, PatchValues};
use super::tally::Counted;
use crate::delay::DelayStep;
use crate::pet::PetStep;
use crate::radiation::surface::value;
use crate::radiation::tables::{PatchLongwave, StepTables};
use crate::shadow::{LIT, SH, VBSHVEGSH, VEGSH};
use crate::timestep::{Prepared, Run};
use crate::utci::UtciStep;
use crate::weather::Sun;

/// Light of a cell: shaded, behind foliage, lit.
pub const LIGHTS: usize = 3;
/// Shadow flags of each.
const FLAGS: [u8; LIGHTS] = [VEGSH | VBSHVEGSH, SH | VBSHVEGSH, LIT];

/// A step.
#[derive(Debug)]
pub struct Numbers {
    /// How it is counted.
    pub counted: Counted,
    /// UTCI by Tmrt.
    pub utci: UtciStep,
    /// PET by Tmrt, where it is wanted.
    pub pet: Option<PetStep>,
    /// Black-body flux at air temperature [W m⁻²].
    pub air: f32,
    /// Longwave of the patch sky.
    pub longwave: PatchLongwave,
    /// With the sun up.
    pub day: Option<Daylight>,
}

/// What a step has by day.
#[derive(Debug)]
pub struct Daylight {
    /// Where the sun stands.
    pub sun: Sun,
    /// Share of the beam behind foliage.
    pub through_foliage: f32,
    /// Beam on the horizontal, and on the cylinder.
    pub beam: [f32; 2],
    /// Beam on the horizontal as the ground view weighs it.
    pub beam_down: f32,
    /// Global and diffuse irradiance.
    pub global: f32,
    /// See `global`.
    pub diffuse: f32,
    /// tan h.
    pub inverse_tan_zenith: f32,
    /// 1 − canopy transmissivity for diffuse light.
    pub canopy_diffuse: f32,
    /// Wall albedo.
    pub wall_albedo: f32,
    /// Radiance of foliage and of shaded walls.
    pub shaded_radiance: f32,
    /// What a class sends in a light: emission and albedo, at class · [`LIGHTS`] + light.
    pub sent: Vec<[f32; 2]>,
    /// The same of a lit wall.
    pub wall: [f64; 2],
    /// Lag of the ground's heat.
    pub delay: DelayStep,
    /// What the body absorbs of lit buildings, by [`super::basis::LitSums`].
    pub lit_weights: [f32; 3],
    /// What the body absorbs of the light of each patch.
    pub patches: PatchValues,
    /// Which buildings are lit.
    pub lit: LitTable,
}

impl Numbers {
    /// Of a step that is prepared; `classes` are land-cover codes that differ.
    #[must_use]
    pub fn new(
        run: &Run<'_>,
        prepared: Prepared,
        sun: Sun,
        counted: Counted,
        classes: &[u8],
    ) -> Self {
        let Prepared {
            tables, comfort, ..
        } = prepared;
        Self {
            counted,
            utci: comfort.utci.expect("a counted step has UTCI"),
            pet: comfort.pet,
            air: tables.ground.air,
            longwave: tables.patch_longwave,
            day: Daylight::new(run, &tables, sun, classes),
        }
    }
}

impl Daylight {
    fn new(run: &Run<'_>, tables: &StepTables, sun: Sun, classes: &[u8]) -> Option<Self> {
        let patches = tables.patches.as_ref()?;
        let [light] = patches.suns.as_slice() else {
            return None;
        };
        let (terms, body) = (&tables.sun, &tables.body);
        let weights = &run.patch_sky?.weights;
        let consistent = tables.formulation.consistent_patches;
        let transmitted = 1.0 - f64::from(terms.canopy_diffuse);
        let [around, up, abs_k, abs_l] =
            [body.around, body.up, body.abs_k, body.abs_l].map(f64::from);
        let [side, down]: [Vec<f64>; 2] = {
            let each = patches.terms.iter().zip(weights);
            let both = each.map(|(t, w)| {
                let side = abs_k * around * t.radiance * w.side;
                (side, abs_k * up * f64::from(terms.diffuse) * t.share)
            });
            let (side, down) = both.unzip();
            [side, down]
        };
        let on_side = if consistent { transmitted } else { 0.0 };
        let both = side.iter().zip(&down);
        let foliage = both.clone().map(|(s, d)| on_side * s + transmitted * d);
        // Weights of lit buildings: shortwave by all of them or by those opposite the sun, longwave
        // by those opposite.
        let short = (abs_k * around) as f32 * terms.lit_radiance_gain;
        let long = |factor: f64| (abs_l * factor) as f32 * tables.patch_longwave.lit_gain;
        let (all, opposite) = if consistent {
            (0.0, short)
        } else {
            (short, 0.0)
        };
        let sent = |class: &u8| {
            FLAGS.map(|flags| {
                let share = tables.sun.light.share[usize::from(flags)];
                value(
                    [false; 2],
                    &tables.ground,
                    usize::from(*class),
                    [share, 1.0],
                )
                .map(|x| x as f32)
            })
        };
        let lit = |values: &[f32]| values[usize::from(LIT)];
        Some(Self {
            sun,
            through_foliage: terms.light.share[usize::from(FLAGS[1])],
            beam: [lit(&terms.light.down), lit(&terms.light.side)],
            beam_down: terms.beam_down,
            global: terms.global,
            diffuse: terms.diffuse,
            inverse_tan_zenith: terms.inverse_tan_zenith,
            canopy_diffuse: terms.canopy_diffuse,
            wall_albedo: terms.wall_albedo,
            shaded_radiance: terms.shaded_radiance,
            sent: classes.iter().flat_map(sent).collect(),
            wall: [tables.ground.wall_emission, run.params.wall_albedo],
            delay: tables.ground.delay?,
            lit_weights: [all, opposite + long(around), long(up)],
            patches: PatchValues {
                sky: both.map(|(s, d)| s + d).collect(),
                foliage: foliage.collect(),
            },
            lit: LitTable {
                thresholds: light.lit.by_patch.clone(),
                opposite: light.opposite.clone(),
            },
        })
    }
}
