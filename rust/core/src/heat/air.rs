//! Properties of moist air as Liljegren et al. (2008) take them; temperatures in kelvin, pressures in
//! hPa.

/// Specific heat of dry air [J kg⁻¹ K⁻¹].
const HEAT: f64 = 1003.5;
/// Molar masses of dry air and of water [kg kmol⁻¹].
const AIR: f64 = 28.97;
const WATER: f64 = 18.015;
/// Gas constant of dry air [J kg⁻¹ K⁻¹].
const GAS: f64 = 8314.34 / AIR;
/// Prandtl number.
pub(super) const PRANDTL: f64 = HEAT / (HEAT + 1.25 * GAS);
/// Latent heat over this is what the wick cools for each unit of (eᵤ − e)/(p − eᵤ).
pub(super) const PSYCHROMETRIC: f64 = HEAT * AIR / WATER;
/// Factor by which air raises the vapour pressure over water.
const ENHANCEMENT: f64 = 1.004;

/// Saturation vapour pressure over water [hPa] (Buck 1981).
pub(super) fn saturation(kelvin: f64) -> f64 {
    ENHANCEMENT * 6.1121 * (17.502 * (kelvin - 273.15) / (kelvin - 32.18)).exp()
}

/// Temperature [K] at which the saturation vapour pressure is `hpa`.
pub(super) fn dew_point(hpa: f64) -> f64 {
    let z = (hpa / (ENHANCEMENT * 6.1121)).ln();
    273.15 + 240.97 * z / (17.502 - z)
}

/// Dynamic viscosity of air [kg m⁻¹ s⁻¹] (Chapman and Enskog).
pub(super) fn viscosity(kelvin: f64) -> f64 {
    let collision = (kelvin / 97.0 - 2.9) / 0.4 * -0.034 + 1.048;
    2.6693e-6 * (AIR * kelvin).sqrt() / (3.617 * 3.617 * collision)
}

/// Thermal conductivity of air [W m⁻¹ K⁻¹] (Eucken).
pub(super) fn conductivity(kelvin: f64) -> f64 {
    (HEAT + 1.25 * GAS) * viscosity(kelvin)
}

/// Density of air [kg m⁻³].
pub(super) fn density(kelvin: f64, hpa: f64) -> f64 {
    100.0 * hpa / (GAS * kelvin)
}

/// Diffusivity of water vapour in air [m² s⁻¹] (Bird, Stewart and Lightfoot 1960).
pub(super) fn diffusivity(kelvin: f64, hpa: f64) -> f64 {
    // Critical pressures [atm] and temperatures [K] of air and water.
    let pressures: f64 = 36.4 * 218.0;
    let temperatures: f64 = 132.0 * 647.3;
    let masses = (1.0 / AIR + 1.0 / WATER).sqrt();
    let atmospheres = hpa / 1013.25;
    3.640e-4
        * (kelvin / temperatures.sqrt()).powf(2.334)
        * pressures.cbrt()
        * temperatures.powf(5.0 / 12.0)
        * masses
        / atmospheres
        * 1e-4
}

/// Latent heat of evaporation [J kg⁻¹].
pub(super) fn latent_heat(kelvin: f64) -> f64 {
    2.4073e6 - 71_100.0 * (313.15 - kelvin) / 30.0
}

/// Least wind of a sensor [m s⁻¹]: weaker wind is taken as this.
pub const CALM: f64 = 0.13;

/// Reynolds number of something `diameter` [m] wide.
fn reynolds(kelvin: f64, hpa: f64, wind: f64, diameter: f64) -> f64 {
    wind.max(CALM) * density(kelvin, hpa) * diameter / viscosity(kelvin)
}

/// Heat a sphere gives off to air [W m⁻² K⁻¹].
pub(super) fn off_sphere(kelvin: f64, hpa: f64, wind: f64, diameter: f64) -> f64 {
    let re = reynolds(kelvin, hpa, wind, diameter);
    let nusselt = 2.0 + 0.6 * re.sqrt() * PRANDTL.powf(0.3333);
    nusselt * conductivity(kelvin) / diameter
}

/// Heat an upright cylinder gives off to air [W m⁻² K⁻¹].
pub(super) fn off_cylinder(kelvin: f64, hpa: f64, wind: f64, diameter: f64) -> f64 {
    let re = reynolds(kelvin, hpa, wind, diameter);
    let nusselt = 0.281 * re.powf(0.6) * PRANDTL.powf(0.44);
    nusselt * conductivity(kelvin) / diameter
}
