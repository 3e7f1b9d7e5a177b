//! Weather and sun of one step.

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
    /// Day of year.
    pub day_of_year: f64,
    /// Clock time of the stamp as a fraction of the day.
    pub clock_fraction: f64,
    /// Apparent sun altitude.
    pub altitude: f64,
    /// Sun azimuth.
    pub azimuth: f64,
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
}
