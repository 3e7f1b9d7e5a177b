//! Uniform blocks: each is declared once in Rust, and a test compares it with what the shaders say.

use crate::kernels::Kernel;

/// Where the members of a uniform block lie.
#[derive(Clone, Debug)]
pub struct UniformLayout {
    /// Kernels that read it.
    pub kernels: &'static [Kernel],
    /// Name in Rust.
    pub name: &'static str,
    /// Size [bytes].
    pub size: usize,
    /// Names and offsets of the members, in order.
    pub members: Vec<(&'static str, usize)>,
}

/// Declare a uniform block of one or more kernels. Members named `pad…` are padding.
macro_rules! uniform {
    ($name:ident for [$($kernel:ident),*] { $($member:ident: $type:ty,)* }) => {
        #[repr(C)]
        #[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
        pub(crate) struct $name {
            $($member: $type,)*
        }

        impl $name {
            pub(crate) fn layout() -> $crate::uniforms::UniformLayout {
                $crate::uniforms::UniformLayout {
                    kernels: &[$($crate::kernels::Kernel::$kernel),*],
                    name: stringify!($name),
                    size: size_of::<$name>(),
                    members: vec![
                        $((stringify!($member), std::mem::offset_of!($name, $member)),)*
                    ],
                }
            }
        }
    };
}
pub(crate) use uniform;

/// Names and offsets of the members of a block that others contain.
macro_rules! members {
    ($name:ident: $($member:ident),*) => {
        impl $name {
            pub(crate) fn members() -> Vec<(&'static str, usize)> {
                vec![$((stringify!($member), std::mem::offset_of!($name, $member)),)*]
            }
        }
    };
}
pub(crate) use members;

/// Blocks that others contain: their name in WGSL and their layout.
#[must_use]
pub fn parts() -> Vec<(&'static str, UniformLayout)> {
    use crate::job::GridUniform;
    use crate::surface::SurfaceTables;
    use crate::terrain::GroundUniform;
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
            "SurfaceTables",
            part(
                "SurfaceTables",
                size_of::<SurfaceTables>(),
                SurfaceTables::members(),
            ),
        ),
    ]
}

/// Every uniform block.
#[must_use]
pub fn all() -> Vec<UniformLayout> {
    vec![
        crate::skyview::SkyUniform::layout(),
        crate::skyview::ReduceUniform::layout(),
        crate::shadow::SunUniform::layout(),
        crate::shadow::WallsUniform::layout(),
        crate::surface::EmissionUniform::layout(),
        crate::gvf::GvfUniform::layout(),
        crate::anisotropic::PatchUniform::layout(),
        crate::radiation::RadiationUniform::layout(),
        crate::comfort::UtciUniform::layout(),
        crate::comfort::PetUniform::layout(),
        crate::statistics::StatisticsUniform::layout(),
        crate::statistics::MeansUniform::layout(),
        crate::statistics::GatherUniform::layout(),
    ]
}
