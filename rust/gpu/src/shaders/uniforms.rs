//! Uniform blocks: each is declared once in Rust, where it is filled, and a test compares it with
//! what the shaders say.

use super::kernels::Kernel;

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
            pub(crate) fn layout() -> $crate::shaders::uniforms::UniformLayout {
                $crate::shaders::uniforms::UniformLayout {
                    kernels: &[$($crate::shaders::kernels::Kernel::$kernel),*],
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
