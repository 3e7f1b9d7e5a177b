//! Names of what a step can give.

/// A quantity of a step, one value a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Field {
    /// Mean radiant temperature [°C].
    Tmrt,
    /// UTCI [°C].
    Utci,
    /// PET [°C].
    Pet,
    /// Share of the beam that arrives; 0 at night.
    Shadow,
    /// Downwelling shortwave [W m⁻²], as all radiation.
    Kdown,
    /// Upwelling shortwave.
    Kup,
    /// Downwelling longwave.
    Ldown,
    /// Upwelling longwave.
    Lup,
    /// Shortwave on the cylinder, ground excluded (patch sky).
    Kside,
    /// Longwave on the cylinder, ground excluded (patch sky).
    Lside,
    /// Beam on the cylinder.
    KsideI,
    /// Diffuse sky light on the cylinder (patch sky).
    KsideD,
    /// Diffuse sky light on the ground.
    Drad,
    /// Shortwave from the east.
    Keast,
    /// Shortwave from the south.
    Ksouth,
    /// Shortwave from the west.
    Kwest,
    /// Shortwave from the north.
    Knorth,
    /// Longwave from the east.
    Least,
    /// Longwave from the south.
    Lsouth,
    /// Longwave from the west.
    Lwest,
    /// Longwave from the north.
    Lnorth,
    /// Ground temperature excess over air in the sun [K].
    Tg,
    /// Ground temperature, shaded and delayed [°C].
    TgOut,
    /// Shaded fraction of the walls around; 0 at night.
    Fsh,
    /// Wet bulb globe temperature [°C].
    Wbgt,
    /// Natural wet bulb temperature [°C].
    WetBulb,
    /// Temperature of a globe of 150 mm [°C].
    LargeGlobe,
    /// Temperature of a globe of 38 mm [°C].
    SmallGlobe,
    /// Apparent temperature [°C].
    Apparent,
    /// Standard effective temperature SET* [°C].
    Effective,
    /// Mean irradiance of a globe, short- and longwave.
    GlobeLoad,
    /// What the side of a wick absorbs.
    WickLoad,
    /// Kelvin of Tmrt above the air by the beam, and so on by what follows.
    AttributionBeam,
    /// By diffuse light of the sky.
    AttributionDiffuse,
    /// By light that walls, foliage and ground reflect.
    AttributionReflected,
    /// By longwave of the sky.
    AttributionSky,
    /// By longwave of walls.
    AttributionWalls,
    /// By longwave of the ground.
    AttributionGround,
    /// By longwave of foliage.
    AttributionVegetation,
    /// By the offset that turns Tmrt into °C.
    AttributionOffset,
}

/// Every field and its name; those of the attribution come last.
pub const FIELDS: [(Field, &str); 40] = [
    (Field::Tmrt, "tmrt"),
    (Field::Utci, "utci"),
    (Field::Pet, "pet"),
    (Field::Shadow, "shadow"),
    (Field::Kdown, "kdown"),
    (Field::Kup, "kup"),
    (Field::Ldown, "ldown"),
    (Field::Lup, "lup"),
    (Field::Kside, "kside"),
    (Field::Lside, "lside"),
    (Field::KsideI, "kside_i"),
    (Field::KsideD, "kside_d"),
    (Field::Drad, "drad"),
    (Field::Keast, "keast"),
    (Field::Ksouth, "ksouth"),
    (Field::Kwest, "kwest"),
    (Field::Knorth, "knorth"),
    (Field::Least, "least"),
    (Field::Lsouth, "lsouth"),
    (Field::Lwest, "lwest"),
    (Field::Lnorth, "lnorth"),
    (Field::Tg, "tg"),
    (Field::TgOut, "tg_out"),
    (Field::Fsh, "f_sh"),
    (Field::Wbgt, "wbgt"),
    (Field::WetBulb, "tnw"),
    (Field::LargeGlobe, "globe150"),
    (Field::SmallGlobe, "globe38"),
    (Field::Apparent, "at"),
    (Field::Effective, "set"),
    (Field::GlobeLoad, "globe_load"),
    (Field::WickLoad, "wick_load"),
    (Field::AttributionBeam, "attribution_beam"),
    (Field::AttributionDiffuse, "attribution_diffuse"),
    (Field::AttributionReflected, "attribution_reflected"),
    (Field::AttributionSky, "attribution_sky"),
    (Field::AttributionWalls, "attribution_walls"),
    (Field::AttributionGround, "attribution_ground"),
    (Field::AttributionVegetation, "attribution_vegetation"),
    (Field::AttributionOffset, "attribution_offset"),
];

/// Fields of the attribution.
pub const TERMS: usize = 8;

/// Whether any of the fields belongs to the attribution, which is computed only then.
#[must_use]
pub fn attributed(fields: &[Field]) -> bool {
    fields.iter().any(|field| field.is_attribution())
}

/// The fields that points report: all of them if the attribution is asked for.
#[must_use]
pub fn at_points(attributed: bool) -> &'static [(Field, &'static str)] {
    static ALL: [(Field, &str); FIELDS.len()] = FIELDS;
    let rest = if attributed { 0 } else { TERMS };
    &ALL[..ALL.len() - rest]
}

impl Field {
    /// The field of a name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        FIELDS
            .iter()
            .find(|(_, n)| *n == name)
            .map(|&(field, _)| field)
    }

    /// Name of the field.
    #[must_use]
    pub fn name(self) -> &'static str {
        FIELDS[self as usize].1
    }

    /// A longwave side: the only fields that cost box-side patch sums under a cylinder.
    #[must_use]
    pub fn is_longwave_side(self) -> bool {
        matches!(
            self,
            Self::Least | Self::Lsouth | Self::Lwest | Self::Lnorth
        )
    }

    /// What globe and wick absorb, and what follows from it.
    #[must_use]
    pub fn is_of_sensors(self) -> bool {
        matches!(
            self,
            Self::Wbgt
                | Self::WetBulb
                | Self::LargeGlobe
                | Self::SmallGlobe
                | Self::GlobeLoad
                | Self::WickLoad
        )
    }

    /// A term of the attribution.
    #[must_use]
    pub fn is_attribution(self) -> bool {
        self >= Self::AttributionBeam
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_the_order_of_the_fields() {
        for (index, (field, name)) in FIELDS.iter().enumerate() {
            assert_eq!(*field as usize, index);
            assert_eq!(Field::from_name(name), Some(*field));
            assert_eq!(field.name(), *name);
        }
        assert_eq!(Field::from_name("albedo"), None);
    }

    #[test]
    fn the_attribution_comes_last() {
        let terms = FIELDS.iter().filter(|(field, _)| field.is_attribution());
        assert_eq!(terms.count(), TERMS);
        assert!(at_points(false).iter().all(|(f, _)| !f.is_attribution()));
        assert_eq!(at_points(true).len(), FIELDS.len());
        assert!(!attributed(&[Field::Tmrt, Field::Fsh]));
        assert!(attributed(&[Field::Tmrt, Field::AttributionOffset]));
    }
}
