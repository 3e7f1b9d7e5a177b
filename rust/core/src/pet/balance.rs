//! Heat balance of a clothed body (MEMI, Höppe 1999), R 11.1–11.3: what every rule of its regulation
//! shares.

use super::body::Body;
use super::exponential::{Exponential, Library};

pub(super) const SIGMA: f64 = 5.67e-8;
pub(super) const KELVIN: f64 = 273.2;
pub(super) const PRESSURE_HPA: f64 = 1013.25;
/// Latent heat of evaporation [J/kg] and heat capacity of air [J/kg/K].
pub(super) const LATENT: f64 = 2.42e6;
pub(super) const AIR_HEAT: f64 = 1010.0;
pub(super) const SKIN_EMISSIVITY: f64 = 0.99;
pub(super) const CLOTHING_EMISSIVITY: f64 = 0.95;
/// Share of the body that exchanges radiation with its surroundings.
pub(super) const RADIATING: f64 = 0.725;
/// 2π as the method rounds it; its check values need this digit string.
#[allow(clippy::approx_constant)]
pub(super) const TWO_PI: f64 = 6.28;
/// Skin diffusion: latent heat over the diffusion resistance 0.79e7.
pub(super) const DIFFUSION: f64 = LATENT / 0.79e7;
/// Vapour pressure [hPa] and wind [m/s] of the reference room.
pub(super) const INDOOR_VAPOUR: f64 = 12.0;
pub(super) const INDOOR_WIND: f64 = 0.1;
/// Resolution of the clothing temperature [K]; sweating amplifies it about a hundredfold.
pub(super) const TOLERANCE: f64 = 1e-9;
/// Coldest skin [°C] a search for a root looks at.
pub(super) const COLDEST: f64 = -200.0;

/// Saturation vapour pressure of the method [hPa] over skin or exhaled air at `t` [°C].
#[inline]
pub(super) fn saturation(t: f64) -> f64 {
    saturation_by::<Library>(t)
}

/// The same, by some exponential function.
#[inline(always)]
pub(super) fn saturation_by<E: Exponential>(t: f64) -> f64 {
    6.11 * E::exp(std::f64::consts::LN_10 * 7.45 * t / (235.0 + t))
}

#[inline(always)]
pub(super) fn pow4(x: f64) -> f64 {
    let x2 = x * x;
    x2 * x2
}

/// Convective coefficient [W/m²/K] at a wind speed [m/s].
pub(super) fn convection(wind: f64) -> f64 {
    2.67 + 6.5 * wind.powf(0.67)
}

/// Everything of the balance that Tmrt does not change.
#[derive(Clone, Debug)]
pub(super) struct Balance {
    pub(super) figure: Figure,
    pub(super) air: Outdoors,
}

/// What of the balance is the body's, whatever the weather.
#[derive(Clone, Debug)]
pub(super) struct Figure {
    /// Metabolic rate [W].
    pub(super) metabolism: f64,
    breath: f64,
    /// DuBois area, its bare part, and the clothing's surface [m²].
    pub(super) area: f64,
    pub(super) bare: f64,
    pub(super) clothed: f64,
    indoor_hc: f64,
    /// Insulation of the clothing [m² K/W], and its conductance per area [W/m²/K].
    resistance: f64,
    pub(super) conductance: f64,
    pub(super) sweat_rate: f64,
    pub(super) c2: f64,
}

/// What of it the air gives that a body stands in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outdoors {
    /// Air temperature [°C] and vapour pressure [hPa].
    pub(super) ta: f64,
    pub(super) vapour: f64,
    /// Metabolic rate with respiration [W].
    pub(super) c1: f64,
    /// Convective coefficient [W/m²/K].
    pub(super) hc: f64,
    /// Potential evaporation per hPa [W/hPa].
    pub(super) evaporation: f64,
}

impl Balance {
    pub(super) fn new(ta: f64, rh: f64, wind: f64, body: &Body) -> Self {
        let figure = Figure::new(body);
        Self {
            air: figure.outdoors::<Library>(ta, rh, convection(wind)),
            figure,
        }
    }
}

impl Figure {
    pub(super) fn new(body: &Body) -> Self {
        let Body {
            height,
            clothing,
            female,
            ..
        } = *body;
        let metabolism = metabolic_rate(body);
        let area = surface(body);
        let covered = body.covered_fraction();
        let resistance = clothing / 6.45 / covered;
        let surface_factor = 1.0 + 0.15 * clothing;
        let share = clothed_height_share(clothing, height);
        let outer = area * (surface_factor - 1.0 + covered) / (TWO_PI * height * share);
        let inner = covered * area / (TWO_PI * height * share);
        let clothed = area * (covered + surface_factor - 1.0);
        Self {
            metabolism,
            breath: 1.44e-6 * metabolism,
            area,
            bare: area * (1.0 - covered),
            clothed,
            indoor_hc: convection(INDOOR_WIND),
            resistance,
            conductance: TWO_PI * height * share * (outer - inner)
                / (resistance * (outer / inner).ln() * clothed),
            sweat_rate: 304.94 * area / 3.6e6 * if female { 0.7 } else { 1.0 },
            c2: 3858.4 * area,
        }
    }

    /// In air of a temperature [°C], humidity [%] and convective coefficient [W/m²/K].
    #[inline(always)]
    pub(super) fn outdoors<E: Exponential>(&self, ta: f64, rh: f64, hc: f64) -> Outdoors {
        let vapour = rh / 100.0 * 6.107 * E::exp(std::f64::consts::LN_10 * 7.5 * ta / (238.0 + ta));
        let he = 0.633 * hc / (PRESSURE_HPA * AIR_HEAT);
        let vapour_factor = 1.0 / (1.0 + 0.92 * hc * self.resistance);
        Outdoors {
            ta,
            vapour,
            c1: self.metabolism + respiration::<E>(ta, vapour, self.breath),
            hc,
            evaporation: he * self.area * LATENT * vapour_factor,
        }
    }

    /// Radiation gained by skin and clothing [W] from surroundings with T⁴ = `around4` [K⁴].
    #[inline(always)]
    pub(super) fn radiation(&self, around4: f64, skin: f64, clothing: f64) -> f64 {
        RADIATING
            * SIGMA
            * (self.bare * SKIN_EMISSIVITY * (around4 - pow4(skin + KELVIN))
                + self.clothed * CLOTHING_EMISSIVITY * (around4 - pow4(clothing + KELVIN)))
    }

    /// Heat balance [W] of the body, its state kept, in the reference room at `t` [°C] (R 11.3);
    /// `fixed` is the body's own heat less the vapour it gives off there.
    #[inline(always)]
    pub(super) fn indoors<E: Exponential>(
        &self,
        t: f64,
        skin: f64,
        clothing: f64,
        fixed: f64,
    ) -> f64 {
        fixed
            + respiration::<E>(t, INDOOR_VAPOUR, self.breath)
            + self.indoor_hc * ((t - skin) * self.bare + (t - clothing) * self.clothed)
            + self.radiation(pow4(t + KELVIN), skin, clothing)
    }
}

/// Surface of the body [m²] (DuBois).
fn surface(body: &Body) -> f64 {
    0.203 * body.weight.powf(0.425) * body.height.powf(0.725)
}

/// Metabolic rate of a body over its surface [W/m²].
#[must_use]
pub fn metabolic_flux(body: &Body) -> f64 {
    metabolic_rate(body) / surface(body)
}

/// Metabolic rate [W]: resting rate by weight, age, height and sex, plus activity.
pub(super) fn metabolic_rate(body: &Body) -> f64 {
    let Body {
        weight,
        age,
        height,
        activity,
        female,
        ..
    } = *body;
    let slenderness = 100.0 * height / weight.cbrt();
    let (rate, factor, reference) = if female {
        (3.19, 0.018, 42.1)
    } else {
        (3.45, 0.010, 43.4)
    };
    let shape = 1.0 + 0.004 * (30.0 - age) + factor * (slenderness - reference);
    rate * weight.powf(0.75) * shape + activity
}

/// Heat gained by breathing [W] air of temperature `t` [°C] and vapour pressure `x` [hPa].
#[inline(always)]
fn respiration<E: Exponential>(t: f64, x: f64, breath: f64) -> f64 {
    let exhaled = 0.47 * t + 21.0;
    let latent = 0.623 * LATENT / PRESSURE_HPA * (x - saturation_by::<E>(exhaled));
    (AIR_HEAT * (t - exhaled) + latent) * breath
}

/// Share of the body height that is clothed.
pub(super) fn clothed_height_share(clothing: f64, height: f64) -> f64 {
    match clothing {
        c if c <= 0.3 => 0.1,
        c if c <= 0.6 => 0.5,
        c if c < 2.0 => (height - 0.2) / height,
        _ => 1.0,
    }
}
