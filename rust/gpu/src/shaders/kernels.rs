//! The kernels: sources put together from `shaders/`, and what can be read off them.

/// Side-by-side declaration of every kernel: variant, name, stage, parts of its source.
macro_rules! kernels {
    ($($variant:ident = $name:literal, $stage:literal, [$($part:literal),* $(,)?];)*) => {
        /// A compute kernel; one file in `shaders/` each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kernel {
            $(
                #[doc = concat!("`shaders/", $name, ".wgsl`.")]
                $variant,
            )*
        }

        impl Kernel {
            /// Every kernel.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// File stem.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// Stage its runs are booked under.
            #[must_use]
            pub fn stage(self) -> &'static str {
                match self { $(Self::$variant => $stage),* }
            }

            /// Complete WGSL source.
            #[must_use]
            pub fn source(self) -> &'static str {
                match self {
                    $(Self::$variant => concat!(
                        $(include_str!(concat!("../../../../shaders/common/", $part, ".wgsl")), "\n",)*
                        include_str!(concat!("../../../../shaders/", $name, ".wgsl")),
                    ),)*
                }
            }
        }
    };
}

kernels! {
    Skyview = "skyview", "svf", ["grid", "march"];
    SkyviewReduce = "skyview_reduce", "svf", ["grid"];
    Shadow = "shadow", "shadow", ["grid", "march"];
    Walls = "walls", "shadow", ["grid"];
    Emission = "emission", "gvf", ["grid", "surface", "weather_cells"];
    Gvf = "gvf", "gvf", ["grid"];
    PatchSums = "patch_sums", "anisotropic", ["grid", "patches"];
    Anisotropic = "anisotropic", "anisotropic", ["grid", "patches", "weather_cells", "patch_light"];
    AnisotropicSides = "anisotropic_sides", "anisotropic", ["grid", "patches", "weather_cells", "patch_light"];
    Foliage = "foliage", "anisotropic", ["grid", "patches"];
    Heated = "heated", "anisotropic", ["grid", "patches"];
    Radiation = "radiation", "radiation", ["grid", "surface", "weather_cells", "weights", "sky", "cell", "fluxes", "no_attribution"];
    // As `Radiation`, and says where Tmrt comes from.
    Attribution = "attribution", "radiation", ["grid", "surface", "weather_cells", "weights", "sky", "cell", "fluxes", "../radiation"];
    Utci = "utci", "utci", ["grid"];
    UtciAir = "utci_air", "utci", ["grid"];
    Pet = "tabled", "pet", ["grid"];
    // As `Pet`, of SET*.
    Effective = "tabled", "heat", ["grid"];
    Heat = "heat", "heat", ["grid"];
    Statistics = "statistics", "statistics", ["grid"];
    Means = "means", "statistics", ["grid"];
    Gather = "gather", "statistics", ["grid"];
}

/// How a kernel uses a binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// Uniform block.
    Uniform,
    /// Storage that is read.
    Read,
    /// Storage that is read and written.
    ReadWrite,
}

impl Kernel {
    /// Workgroup size (columns, rows), as the shader declares it.
    ///
    /// # Panics
    /// If the source declares none; a test reads every kernel.
    #[must_use]
    pub fn workgroup(self) -> (u32, u32) {
        let source = self.source();
        let (_, rest) = source
            .split_once("@workgroup_size(")
            .expect("a kernel declares its workgroup size");
        let (sizes, _) = rest.split_once(')').expect("a closed parenthesis");
        let mut numbers = sizes
            .split(',')
            .map(|n| n.trim().parse::<u32>().expect("a number"));
        let cols = numbers.next().expect("one size at least");
        (cols, numbers.next().unwrap_or(1))
    }

    /// Bindings of group 0 in their order.
    ///
    /// # Panics
    /// If a binding is declared in a form this reader does not know; a test reads every kernel.
    #[must_use]
    pub fn bindings(self) -> Vec<Binding> {
        let mut found: Vec<(u32, Binding)> = self
            .source()
            .lines()
            .filter_map(|line| line.trim().strip_prefix("@group(0) @binding("))
            .map(|rest| {
                let (number, rest) = rest.split_once(')').expect("a closed parenthesis");
                let kind = if rest.contains("var<uniform>") {
                    Binding::Uniform
                } else if rest.contains("var<storage, read_write>") {
                    Binding::ReadWrite
                } else {
                    assert!(rest.contains("var<storage, read>"), "binding {rest}");
                    Binding::Read
                };
                (number.parse().expect("a number"), kind)
            })
            .collect();
        found.sort_by_key(|(number, _)| *number);
        for (position, (number, _)) in found.iter().enumerate() {
            assert_eq!(position, *number as usize, "bindings are numbered from 0");
        }
        found.into_iter().map(|(_, kind)| kind).collect()
    }
}
