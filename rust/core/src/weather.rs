//! Weather and sun of one step.

/// Most suns of a step: the light of a cell, in base 3, fits a byte.
pub const MOST_SUNS: usize = 5;

/// Where the sun stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sun {
    /// Apparent altitude [deg]; below 0 it is down.
    pub altitude: f64,
    /// Azimuth [deg].
    pub azimuth: f64,
}

impl Sun {
    /// It is above the horizon.
    #[must_use]
    pub fn is_up(self) -> bool {
        self.altitude >= 0.0
    }
}

/// The suns of a step that has several, each for an equal part of its interval (R 2.7).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Suns {
    at: [Sun; MOST_SUNS],
    count: usize,
}

impl Suns {
    /// From their positions, in the order of time; `None` if there is none, or more than
    /// [`MOST_SUNS`].
    #[must_use]
    pub fn new(suns: &[Sun]) -> Option<Self> {
        if suns.is_empty() || suns.len() > MOST_SUNS {
            return None;
        }
        let mut at = [Sun::default(); MOST_SUNS];
        at[..suns.len()].copy_from_slice(suns);
        // The last degree above the horizon is taken as 1° (R 2.3).
        for sun in at.iter_mut().filter(|sun| sun.is_up()) {
            sun.altitude = sun.altitude.max(1.0);
        }
        Some(Self {
            at,
            count: suns.len(),
        })
    }

    /// All of them.
    #[must_use]
    pub fn all(&self) -> &[Sun] {
        &self.at[..self.count]
    }

    /// Those above the horizon, with their place in the order.
    pub fn up(&self) -> impl Iterator<Item = (usize, Sun)> {
        let suns = self.all().iter().copied().enumerate();
        suns.filter(|(_, sun)| sun.is_up())
    }

    /// Share of the interval with the sun up.
    #[must_use]
    pub fn share_up(&self) -> f64 {
        self.up().count() as f64 / self.count as f64
    }
}

/// Aspects that standard walls are kept for.
pub const ASPECTS: usize = 36;

/// Surface temperatures of standard walls in a step [°C], by aspect (R 13.3).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WallWarmth {
    /// Of walls that the sun shines on whenever it faces them.
    pub lit: [f64; ASPECTS],
    /// Of walls that it never shines on.
    pub shaded: [f64; ASPECTS],
}

impl WallWarmth {
    /// Outward normal of a standard wall [deg].
    #[must_use]
    pub fn aspect_deg(index: usize) -> f64 {
        index as f64 * 360.0 / ASPECTS as f64
    }

    /// In the sun and in the shade, of walls of any aspect [deg]: between the two nearest.
    #[must_use]
    pub fn at(&self, aspect_deg: f64) -> [f64; 2] {
        let place = aspect_deg.rem_euclid(360.0) * ASPECTS as f64 / 360.0;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 36"
        )]
        let below = place as usize;
        let share = place - below as f64;
        [&self.lit, &self.shaded].map(|by_aspect| {
            let [a, b] = [below, below + 1].map(|i| by_aspect[i % ASPECTS]);
            a + (b - a) * share
        })
    }

    /// Cosine between a wall's normal and a sun on the horizon; 0 from behind.
    #[must_use]
    pub fn incidence(azimuth_deg: f64, aspect_deg: f64) -> f64 {
        (azimuth_deg - aspect_deg).to_radians().cos().max(0.0)
    }

    /// Mean over the walls that the suns shine on, by the angle of their beam; `None` at night.
    #[must_use]
    pub fn facing(&self, suns: &Suns) -> Option<f64> {
        let mut sums = [0.0; 2];
        for (_, sun) in suns.up() {
            for (i, lit) in self.lit.iter().enumerate() {
                let weight = Self::incidence(sun.azimuth, Self::aspect_deg(i));
                sums[0] += weight * lit;
                sums[1] += weight;
            }
        }
        (sums[1] > 0.0).then(|| sums[0] / sums[1])
    }
}

/// What a step receives. Radiation in W m⁻², angles in degrees, temperatures in °C.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weather {
    /// Air temperature.
    pub ta: f64,
    /// Relative humidity [%].
    pub rh: f64,
    /// Air pressure [kPa]; NaN where missing.
    pub pressure_kpa: f64,
    /// Wind speed at the sensor's height [m s⁻¹].
    pub wind: f64,
    /// Global horizontal irradiance.
    pub global: f64,
    /// Beam irradiance (normal or horizontal by parameter); NaN: split the global irradiance.
    pub direct: f64,
    /// Diffuse horizontal irradiance; NaN: split the global irradiance.
    pub diffuse: f64,
    /// Longwave of the sky on the horizontal [W m⁻²]; NaN where the model computes it.
    pub longwave_down: f64,
    /// Day of year.
    pub day_of_year: f64,
    /// Clock time of the stamp as a fraction of the day.
    pub clock_fraction: f64,
    /// Apparent sun altitude; of several suns that whose sine is the mean of those that are up.
    pub altitude: f64,
    /// Sun azimuth.
    pub azimuth: f64,
    /// The suns, where the step has more than one position of it.
    pub suns: Option<Suns>,
    /// Highest sun altitude of the day.
    pub altitude_max: f64,
    /// Latitude.
    pub latitude: f64,
    /// Length of the step as the thermal delay counts it [day].
    pub step_days: f64,
    /// Trees carry leaves.
    pub leaf_on: bool,
    /// Clearness index of a night step.
    pub night_clearness: f64,
    /// Water temperature; NaN where unknown.
    pub water_temperature: f64,
    /// Length of the step for counts of hours [h].
    pub hours: f64,
    /// How warm walls are, where their longwave follows from that instead of the day wave.
    pub walls: Option<WallWarmth>,
}

impl Weather {
    /// The suns of the step: the one there is, or several.
    #[must_use]
    pub fn suns(&self) -> Suns {
        self.suns.unwrap_or_else(|| {
            let (altitude, azimuth) = (self.altitude, self.azimuth);
            Suns::new(&[Sun { altitude, azimuth }]).expect("one sun")
        })
    }

    /// Whether any sun of the step is up.
    #[must_use]
    pub fn is_day(&self) -> bool {
        self.suns().up().next().is_some()
    }
}
