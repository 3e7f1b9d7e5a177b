//! The layout of every uniform block, for the test that reads the shaders.

use crate::shaders::grid::{GridUniform, GroundUniform};
use crate::shaders::uniforms::UniformLayout;
use crate::stages::gvf::Shares;
use crate::stages::surface::SurfaceTables;
use crate::stages::weather_cells::WeatherGridUniform;
use crate::stages::{
    air, anisotropic, emission, gvf, heat, radiation, shadow, skyview, statistics, tabled, utci,
};

/// Blocks that others contain: their name in WGSL and their layout.
#[must_use]
pub fn parts() -> Vec<(&'static str, UniformLayout)> {
    let part = |name, size, members| UniformLayout {
        kernels: &[],
        name,
        size,
        members,
    };
    vec![
        (
            "Grid",
            part(
                "GridUniform",
                size_of::<GridUniform>(),
                GridUniform::members(),
            ),
        ),
        (
            "Ground",
            part(
                "GroundUniform",
                size_of::<GroundUniform>(),
                GroundUniform::members(),
            ),
        ),
        (
            "Shares",
            part("Shares", size_of::<Shares>(), Shares::members()),
        ),
        (
            "SurfaceTables",
            part(
                "SurfaceTables",
                size_of::<SurfaceTables>(),
                SurfaceTables::members(),
            ),
        ),
        (
            "WeatherGrid",
            part(
                "WeatherGridUniform",
                size_of::<WeatherGridUniform>(),
                WeatherGridUniform::members(),
            ),
        ),
    ]
}

/// Every uniform block.
#[must_use]
pub fn all() -> Vec<UniformLayout> {
    vec![
        skyview::SkyUniform::layout(),
        skyview::ReduceUniform::layout(),
        shadow::SunUniform::layout(),
        shadow::WallsUniform::layout(),
        emission::EmissionUniform::layout(),
        gvf::GvfUniform::layout(),
        anisotropic::PatchUniform::layout(),
        anisotropic::LightUniform::layout(),
        anisotropic::FoliageUniform::layout(),
        anisotropic::HeatedUniform::layout(),
        radiation::RadiationUniform::layout(),
        utci::UtciUniform::layout(),
        air::UtciAirUniform::layout(),
        tabled::TabledUniform::layout(),
        heat::HeatUniform::layout(),
        statistics::StatisticsUniform::layout(),
        statistics::MeansUniform::layout(),
        statistics::GatherUniform::layout(),
    ]
}
