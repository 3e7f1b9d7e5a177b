//! Radiation and mean radiant temperature of a step on the device.

use super::surface::SurfaceTables;
use super::weather_cells::WeatherGridUniform;
use crate::device::error::StageFailure;
use crate::device::memory::DeviceBuffer;
use crate::job::Job;
use crate::resident::carried::DeviceCarried;
use crate::resident::planes::{FOLIAGE_PLANE, HEATED_PLANE, SLOTS};
use crate::resident::run::DeviceRun;
use crate::resident::step::StepBuffers;
use crate::shaders::grid::{GridUniform, count};
use crate::shaders::kernels::Kernel;
use crate::shaders::uniforms::uniform;
use solweig_core::radiation::light::{Light, STATES, digit};
use solweig_core::radiation::skies::Skies;
use solweig_core::radiation::tables::StepTables;
use solweig_core::shadow::{SH, VBSHVEGSH};
use solweig_core::weather::MOST_SUNS;

/// Steepest sun the wedge is computed for; beyond, the shaded fraction is 0.5 to the last bit.
const STEEPEST: f32 = 1e6;

uniform! {
    RadiationUniform for [Radiation, Attribution] {
        grid: GridUniform,
        tables: SurfaceTables,

        anisotropic: u32,
        cylinder: u32,
        all_sides: u32,
        exact_wedge: u32,
        consistent_patches: u32,
        lit_fraction_walls: u32,
        consistent_side_longwave: u32,
        side_reflects: f32,

        delay_first: u32,
        delay_renew: u32,
        delay_weight: f32,
        air: f32,
        ta: f32,
        beam_down: f32,
        total: f32,
        diffuse: f32,
        inverse_tan_zenith: f32,
        canopy_diffuse: f32,
        canopy_beam: f32,
        wall_albedo: f32,
        shaded_radiance: f32,
        lit_radiance_gain: f32,
        seen_plane: u32,
        through_plane: u32,

        sky_down: f32,
        sky_side: f32,
        wall: f32,
        wall_warm: f32,
        facing: [f32; 4],
        wall_facing: [f32; 4],
        wall_reflects: f32,

        black: f32,
        deficit: f32,
        shaded: f32,
        lit_gain: f32,
        reflects: f32,
        whole_side: f32,
        whole_down: f32,
        whole_sides: [f32; 4],

        abs_k: f32,
        abs_l: f32,
        up: f32,
        side: f32,
        around: f32,
        inverse_emission: f32,
        kelvin: f32,
        suns: u32,

        least_diffuse: f32,
        least_beam: f32,
        ground_radiance: f32,
        facets: u32,

        enclosure: f32,
        air_kelvin: f32,
        offset: f32,
        remembers: u32,

        foliage_plane: u32,
        heated_plane: u32,
        beam: f32,
        upright: f32,

        air_plane: u32,
        wall_emissivity: f32,
        wall_excess: f32,
        share_light: f32,

        facing_excess: [f32; 4],

        skies: WeatherGridUniform,

        slots: [u32; SLOTS],
        lights: [[f32; 4]; 2 * STATES],
        through: [[f32; 4]; 2 * MOST_SUNS],
    }
}

impl RadiationUniform {
    fn new(
        run: &DeviceRun,
        t: &StepTables,
        skies: Option<&Skies>,
        all_sides: bool,
        buffers: &StepBuffers,
        slots: [u32; SLOTS],
    ) -> Self {
        let (sun, l, p, b) = (&t.sun, &t.longwave, &t.patch_longwave, &t.body);
        let delay = t.ground.delay.as_ref();
        let attribution = t.attribution.as_ref();
        let flag = u32::from;
        Self {
            grid: run.grid(),
            tables: SurfaceTables::new(run, t),
            anisotropic: flag(t.anisotropic),
            cylinder: flag(b.cylinder),
            all_sides: flag(all_sides),
            exact_wedge: flag(t.formulation.exact_wedge),
            consistent_patches: flag(t.formulation.consistent_patches),
            lit_fraction_walls: flag(t.formulation.lit_fraction_walls),
            consistent_side_longwave: flag(t.formulation.consistent_side_longwave),
            side_reflects: l.side_reflects,
            delay_first: flag(delay.is_some_and(|d| d.first)),
            delay_renew: flag(delay.is_some_and(|d| d.renew)),
            delay_weight: delay.map_or(0.0, |d| d.weight as f32),
            air: t.ground.air,
            ta: t.ground.ta,
            beam_down: sun.beam_down,
            total: sun.global,
            diffuse: sun.diffuse,
            inverse_tan_zenith: sun.inverse_tan_zenith.clamp(0.0, STEEPEST),
            canopy_diffuse: sun.canopy_diffuse,
            canopy_beam: sun.canopy_beam,
            wall_albedo: sun.wall_albedo,
            shaded_radiance: sun.shaded_radiance,
            lit_radiance_gain: sun.lit_radiance_gain,
            seen_plane: run.seen_plane,
            through_plane: buffers.through_plane,
            sky_down: l.sky_down,
            sky_side: l.sky_side,
            wall: l.wall,
            wall_warm: l.wall_warm,
            facing: l.facing,
            wall_facing: l.wall_facing,
            wall_reflects: l.wall_reflects,
            black: p.black,
            deficit: p.deficit,
            shaded: p.shaded,
            lit_gain: p.lit_gain,
            reflects: p.reflects,
            whole_side: p.whole_side,
            whole_down: p.whole_down,
            whole_sides: p.whole_sides,
            abs_k: b.abs_k,
            abs_l: b.abs_l,
            up: b.up,
            side: b.side,
            around: b.around,
            inverse_emission: b.inverse_emission,
            kelvin: b.kelvin,
            suns: count(sun.light.suns),
            least_diffuse: sun.least_through[0],
            least_beam: sun.least_through[1],
            ground_radiance: sun.ground_radiance,
            facets: flag(t.formulation.facet_radiance),
            enclosure: attribution.map_or(0.0, |a| a.above),
            air_kelvin: attribution.map_or(0.0, |a| a.air_kelvin),
            offset: attribution.map_or(0.0, |a| a.offset),
            remembers: flag(delay.is_some()),
            foliage_plane: FOLIAGE_PLANE,
            heated_plane: if t.heated.is_some() { HEATED_PLANE } else { 0 },
            beam: sun.beam,
            upright: t.upright,
            air_plane: buffers.air_plane,
            wall_emissivity: t.walls.emissivity,
            wall_excess: t.walls.excess,
            share_light: sun.share_light,
            facing_excess: t.walls.facing,
            skies: WeatherGridUniform::new(skies, buffers, 0),
            slots,
            lights: lights(&sun.light),
            through: through(&sun.light),
        }
    }
}

/// Two entries a state of light: share, beam on the horizontal and on the cylinder; on the sides.
fn lights(light: &Light) -> [[f32; 4]; 2 * STATES] {
    std::array::from_fn(|i| {
        let state = i / 2;
        if i % 2 == 0 {
            [
                light.share[state],
                light.down[state],
                light.side[state],
                0.0,
            ]
        } else {
            light.sides.map(|side| side[state])
        }
    })
}

/// What leaves that let all through would add to that, two entries a sun.
fn through(light: &Light) -> [[f32; 4]; 2 * MOST_SUNS] {
    let mut entries = [[0.0; 4]; 2 * MOST_SUNS];
    let Some(own) = &light.through else {
        return entries;
    };
    for place in 0..light.suns {
        // A cell that is behind leaves for this sun, and in shade for all others.
        let behind = SH | VBSHVEGSH;
        let state = usize::from(if light.suns == 1 {
            behind
        } else {
            digit(behind, place)
        });
        entries[2 * place] = [own.share[state], own.down[state], own.side[state], 0.0];
        entries[2 * place + 1] = own.sides.each_ref().map(|side| side[state]);
    }
    entries
}

/// Encode radiation and Tmrt. `slots` gives the plane of `out` of every field, or `NONE`;
/// `all_sides`: the longwave sides of a cylinder are wanted with their patch part.
///
/// # Errors
/// What stands in the way.
pub fn encode<'a>(
    job: &mut Job<'a>,
    run: &'a DeviceRun,
    tables: &StepTables,
    skies: Option<&Skies>,
    buffers: &'a StepBuffers,
    carried: &'a DeviceCarried,
    out: &'a DeviceBuffer,
    all_sides: bool,
    slots: [u32; SLOTS],
) -> Result<(), StageFailure> {
    let uniform = RadiationUniform::new(run, tables, skies, all_sides, buffers, slots);
    let storage = [
        &run.info,
        &run.views,
        &run.surface,
        &buffers.dynamic,
        &buffers.lup,
        &buffers.alb,
        &carried.memory,
        out,
    ];
    let kernel = match tables.attribution {
        Some(_) => Kernel::Attribution,
        None => Kernel::Radiation,
    };
    job.dispatch(kernel, &uniform, &storage)
}
