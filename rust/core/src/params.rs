//! Parameters of a run (R 1.3, 9) and the choice between reference and improved formulae.

use crate::air::WindProfile;
use crate::ground::{DEFAULT_GROUND, LandCoverTable, SurfaceClass, WALLS};
use crate::pet::{Body, PetVariant};
use crate::utci::UtciRange;

/// Declare [`Formulation`]: one alternative a line.
macro_rules! alternatives {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Which published or corrected formulae replace the reference's. Every field set to false is
        /// the reference model.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Formulation {
            $($(#[$doc])* pub $name: bool,)*
        }

        impl Formulation {
            /// The reference model (2025a).
            pub const REFERENCE: Self = Self { $($name: false,)* };
            /// Every physical alternative.
            pub const IMPROVED: Self = Self { $($name: true,)* };
            /// The alternatives by name.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];

            /// Take an alternative or leave it; false if there is none of that name.
            #[must_use]
            pub fn set(&mut self, name: &str, on: bool) -> bool {
                match name {
                    $(stringify!($name) => self.$name = on,)*
                    _ => return false,
                }
                true
            }
        }
    };
}

alternatives! {
    /// 273.15 instead of 273.2 when Tmrt is turned into °C.
    exact_kelvin,
    /// A sunlit wall reflects the albedo's share of the diffuse light too.
    wall_reflects_diffuse,
    /// Isotropic side longwave that conserves energy.
    consistent_side_longwave,
    /// Land-cover water takes the water temperature.
    water_temperature,
    /// Canopy transmission follows the leaf season for diffuse light too.
    seasonal_canopy,
    /// Patch weights and masks agree between the horizontal, the cylinder and the box.
    consistent_patches,
    /// Thermal delay is an exponential filter at every step length.
    exponential_delay,
    /// Exact geometry of the shaded wall fraction.
    exact_wedge,
    /// Published optical air mass in the clear sky.
    published_air_mass,
    /// Only the sunlit fraction of walls is warm in the downward longwave.
    lit_fraction_walls,
    /// Walls reflect onto the sides of the isotropic sky once, not twice.
    single_reflection,
    /// A wall shines with what its own facet receives: the beam by its angle, the sky it sees, and the
    /// light of the ground before it (R 8.3; Q-47).
    facet_radiance,
    /// The ground goes on remembering after sunset instead of being at air temperature at once.
    night_memory,
}

/// Shape of the body that receives radiation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyShape {
    /// Vertical cylinder (Holmer et al. 2015).
    Cylinder,
    /// Box of six faces (Höppe 1992).
    Box,
}

/// Posture of the person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posture {
    /// Standing; centre of gravity at 1.1 m.
    Standing,
    /// Sitting; centre of gravity at 0.75 m.
    Sitting,
}

/// Shares of the body facing up or down, one side, and the cylinder's beam (R 9).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AngularFactors {
    /// Up and down, each.
    pub up: f64,
    /// Each of the four sides.
    pub side: f64,
    /// The whole cylinder side.
    pub cylinder: f64,
}

impl Posture {
    /// Angular factors of the posture.
    #[must_use]
    pub fn factors(self) -> AngularFactors {
        match self {
            Self::Standing => AngularFactors {
                up: 0.06,
                side: 0.22,
                cylinder: 0.28,
            },
            Self::Sitting => AngularFactors {
                up: 0.166666,
                side: 0.166666,
                cylinder: 0.20,
            },
        }
    }

    /// Height of the body's centre above ground [m], where the ground view is taken.
    #[must_use]
    pub fn height(self) -> f64 {
        match self {
            Self::Standing => 1.1,
            Self::Sitting => 0.75,
        }
    }
}

/// What the beam column of the weather means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beam {
    /// Irradiance on a surface normal to the sun (the reference's reading, Q-26).
    Normal,
    /// Irradiance on the horizontal; divided by the sine of the sun's altitude.
    Horizontal,
}

/// How the emissivity of the cloudless sky follows from air temperature and humidity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClearEmissivity {
    /// Prata (1996), as in Jonsson et al. (2006); the reference's.
    #[default]
    Prata,
    /// Brunt (1932).
    Brunt,
    /// Dilley & O'Brien (1998), their model B.
    Dilley,
}

/// Height the wind of PET refers to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PetWind {
    /// Wind at 10 m, as given to UTCI.
    TenMetres,
    /// Wind at 1.1 m, the height PET is defined for.
    BodyHeight,
}

/// Parameters of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Params {
    /// Patch sky (Perez, angular emissivity) instead of the isotropic one.
    pub anisotropic: bool,
    /// Formulae.
    pub formulation: Formulation,
    /// Body shape.
    pub body: BodyShape,
    /// Body posture.
    pub posture: Posture,
    /// Body absorption, shortwave.
    pub abs_k: f64,
    /// Body absorption, longwave.
    pub abs_l: f64,
    /// Wall albedo.
    pub wall_albedo: f64,
    /// Wall emissivity.
    pub wall_emissivity: f64,
    /// Wall temperature wave (its albedo and emissivity are not read).
    pub walls: SurfaceClass,
    /// Ground classes where land cover is given.
    pub land_cover: LandCoverTable,
    /// The ground where it is not.
    pub ground: SurfaceClass,
    /// Transmissivity of foliage in leaf, 0–1.
    pub transmissivity: f64,
    /// Transmissivity of leafless trees, 0–1.
    pub transmissivity_leaf_off: f64,
    /// Formula for the emissivity of the cloudless sky.
    pub sky_emissivity: ClearEmissivity,
    /// What is added to it.
    pub sky_emissivity_offset: f64,
    /// Meaning of the beam column.
    pub beam: Beam,
    /// Height of the wind sensor [m].
    pub wind_height: f64,
    /// How wind grows with height.
    pub wind_profile: WindProfile,
    /// What is done outside the range of UTCI.
    pub utci_range: UtciRange,
    /// Height of the wind PET receives.
    pub pet_wind: PetWind,
    /// Which body PET is computed with.
    pub pet_variant: PetVariant,
    /// The person of PET; `posture` says whether it sits.
    pub person: Body,
}

impl Default for Params {
    fn default() -> Self {
        Self {
            anisotropic: true,
            formulation: Formulation::REFERENCE,
            body: BodyShape::Cylinder,
            posture: Posture::Standing,
            abs_k: 0.70,
            abs_l: 0.97,
            wall_albedo: WALLS.albedo,
            wall_emissivity: WALLS.emissivity,
            walls: WALLS,
            land_cover: LandCoverTable::default(),
            // The reference flips the sign of tstart here; this is the published value.
            ground: DEFAULT_GROUND,
            transmissivity: 0.03,
            transmissivity_leaf_off: 0.5,
            sky_emissivity: ClearEmissivity::Prata,
            sky_emissivity_offset: 0.0,
            beam: Beam::Normal,
            wind_height: 10.0,
            wind_profile: WindProfile::Power,
            utci_range: UtciRange::default(),
            pet_wind: PetWind::BodyHeight,
            pet_variant: PetVariant::default(),
            person: Body {
                height: 1.75,
                ..Body::default()
            },
        }
    }
}
