//! Heat balance of a clothed body (MEMI, Höppe 1999), R 11.1–11.3, and its roots.

use super::body::Body;
use super::root::bracketed_root;

const SIGMA: f64 = 5.67e-8;
const KELVIN: f64 = 273.2;
const PRESSURE_HPA: f64 = 1013.25;
/// Latent heat of evaporation [J/kg] and heat capacity of air [J/kg/K].
const LATENT: f64 = 2.42e6;
const AIR_HEAT: f64 = 1010.0;
const SKIN_EMISSIVITY: f64 = 0.99;
const CLOTHING_EMISSIVITY: f64 = 0.95;
/// Share of the body that exchanges radiation with its surroundings.
const RADIATING: f64 = 0.725;
/// 2π as the method rounds it; its check values need this digit string.
#[allow(clippy::approx_constant)]
const TWO_PI: f64 = 6.28;
/// Skin diffusion: latent heat over the diffusion resistance 0.79e7.
const DIFFUSION: f64 = LATENT / 0.79e7;
/// Vapour pressure [hPa] and wind [m/s] of the reference room.
const INDOOR_VAPOUR: f64 = 12.0;
const INDOOR_WIND: f64 = 0.1;
/// Resolution of the clothing temperature [K]; sweating amplifies it about a hundredfold.
const TOLERANCE: f64 = 1e-9;
/// Longest march from the starting clothing temperature [K steps].
const MAX_MARCH: usize = 200;

/// Saturation vapour pressure of the method [hPa] over skin or exhaled air at `t` [°C].
#[inline]
fn saturation(t: f64) -> f64 {
    6.11 * (std::f64::consts::LN_10 * 7.45 * t / (235.0 + t)).exp()
}

#[inline]
fn pow4(x: f64) -> f64 {
    let x2 = x * x;
    x2 * x2
}

/// Convective coefficient [W/m²/K] at a wind speed [m/s].
fn convection(wind: f64) -> f64 {
    2.67 + 6.5 * wind.powf(0.67)
}

/// Body state at one clothing temperature; temperatures in °C, fluxes in W.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    pub(super) skin: f64,
    pub(super) clothing: f64,
    pub(super) core: f64,
    pub(super) wetness: f64,
    skin_vapour: f64,
    sweat_flux: f64,
    /// Blood flow skin–core [l/m²/h].
    blood: f64,
    /// Radicands of the two quadratics for the core temperature.
    c9: f64,
    c11: f64,
    /// Residual of the balance.
    residual: f64,
}

/// Everything of the balance that Tmrt does not change.
#[derive(Clone, Debug)]
pub(super) struct Balance {
    ta: f64,
    vapour: f64,
    /// Metabolic rate [W] and, with respiration, c1.
    metabolism: f64,
    c1: f64,
    breath: f64,
    /// DuBois area, its bare part, and the clothing's surface [m²].
    area: f64,
    bare: f64,
    clothed: f64,
    hc: f64,
    /// Potential evaporation per hPa [W/hPa].
    evaporation: f64,
    /// Conductance of the clothing per area [W/m²/K].
    conductance: f64,
    sweat_rate: f64,
    c2: f64,
}

impl Balance {
    pub(super) fn new(ta: f64, rh: f64, wind: f64, body: &Body) -> Self {
        let vapour = rh / 100.0 * 6.107 * (std::f64::consts::LN_10 * 7.5 * ta / (238.0 + ta)).exp();
        let Body {
            weight,
            height,
            clothing,
            female,
            ..
        } = *body;
        let metabolism = metabolic_rate(body);
        let breath = 1.44e-6 * metabolism;
        let area = 0.203 * weight.powf(0.425) * height.powf(0.725);
        let covered = body.covered_fraction();
        let resistance = clothing / 6.45 / covered;
        let surface_factor = 1.0 + 0.15 * clothing;
        let share = clothed_height_share(clothing, height);
        let outer = area * (surface_factor - 1.0 + covered) / (TWO_PI * height * share);
        let inner = covered * area / (TWO_PI * height * share);
        let clothed = area * (covered + surface_factor - 1.0);
        let hc = convection(wind);
        let he = 0.633 * hc / (PRESSURE_HPA * AIR_HEAT);
        let vapour_factor = 1.0 / (1.0 + 0.92 * hc * resistance);
        Self {
            ta,
            vapour,
            metabolism,
            c1: metabolism + respiration(ta, vapour, breath),
            breath,
            area,
            bare: area * (1.0 - covered),
            clothed,
            hc,
            evaporation: he * area * LATENT * vapour_factor,
            conductance: TWO_PI * height * share * (outer - inner)
                / (resistance * (outer / inner).ln() * clothed),
            sweat_rate: 304.94 * area / 3.6e6 * if female { 0.7 } else { 1.0 },
            c2: 3858.4 * area,
        }
    }

    /// Radiation gained by skin and clothing [W] from surroundings with T⁴ = `around4` [K⁴].
    #[inline]
    fn radiation(&self, around4: f64, skin: f64, clothing: f64) -> f64 {
        RADIATING
            * SIGMA
            * (self.bare * SKIN_EMISSIVITY * (around4 - pow4(skin + KELVIN))
                + self.clothed * CLOTHING_EMISSIVITY * (around4 - pow4(clothing + KELVIN)))
    }

    /// Outdoor balance at clothing temperature `tc` under `regime` (R 11.2). `core` keeps the
    /// previous value where the regime's quadratic has no root.
    #[inline]
    fn outdoor(&self, tc: f64, regime: u8, around4: f64, core: &mut f64) -> State {
        let clothing_radiation =
            CLOTHING_EMISSIVITY * SIGMA * RADIATING * (pow4(tc + KELVIN) - around4);
        let mut ts = tc + (self.hc * (tc - self.ta) + clothing_radiation) / self.conductance;
        if ts == 36.0 {
            ts = 36.01;
        }
        let (c9, c11) = self.core_temperature(ts, regime, core);
        let body = 0.1 * ts + 0.9 * *core;
        let sweat = (self.sweat_rate * (body - 36.6)).max(0.0);
        let skin_vapour = saturation(ts);
        let physiological = -sweat * LATENT;
        let potential = self.evaporation * (self.vapour - skin_vapour);
        let wetness = (physiological / potential).min(1.0);
        let sweat_flux = potential.max(physiological).min(0.0);
        let diffusion = DIFFUSION * self.area * (1.0 - wetness) * (self.vapour - skin_vapour);
        let convection = self.hc * ((self.ta - ts) * self.bare + (self.ta - tc) * self.clothed);
        State {
            skin: ts,
            clothing: tc,
            core: *core,
            wetness,
            skin_vapour,
            sweat_flux,
            blood: (6.3 + 75.0 * (*core - 36.6).max(0.0)) / (1.0 + 0.5 * (34.0 - ts).max(0.0)),
            c9,
            c11,
            residual: self.c1
                + diffusion
                + sweat_flux
                + convection
                + self.radiation(around4, ts, tc),
        }
    }

    /// Core temperature by regime (R 11.2); returns the two radicands c9 and c11.
    #[inline]
    fn core_temperature(&self, ts: f64, regime: u8, core: &mut f64) -> (f64, f64) {
        let (c1, c2) = (self.c1, self.c2);
        let (c5, c6) = (0.0208 * c2, 0.76075 * c2);
        let base = 5.28 * self.area;
        let c3 = 18.0 - 0.5 * ts;
        let c4 = base * c3;
        let c7 = c4 - c6 - c5 * ts;
        let c8 = -c1 * c3 - c4 * ts + c6 * ts;
        let c9 = c7 * c7 - 4.0 * c5 * c8;
        let c10 = base - c6 - c5 * ts;
        let c11 = c10 * c10 - 4.0 * c5 * (c6 * ts - c1 - base * ts);
        match regime {
            1 | 6 if c11 >= 0.0 => {
                let root = if regime == 1 { c11.sqrt() } else { -c11.sqrt() };
                *core = (root - c10) / (2.0 * c5);
            }
            2 | 5 if c9 >= 0.0 => {
                let root = if regime == 2 { c9.sqrt() } else { -c9.sqrt() };
                *core = (root - c7) / (2.0 * c5);
            }
            3 => {
                let vasoconstricted = (6.3 * c2 / 3600.0) / (1.0 + 0.5 * (34.0 - ts));
                *core = ts + c1 / (base + vasoconstricted);
            }
            4 => *core = ts + c1 / (base + c2 / 40.0),
            _ => {}
        }
        (c9, c11)
    }

    /// First root met when marching from the starting clothing temperature (R 11.4).
    fn outdoor_root(&self, tmrt: f64, regime: u8, core: &mut f64) -> State {
        let around4 = pow4(tmrt + KELVIN);
        let start = (self.ta + tmrt + 34.0) / 3.0;
        let first = self.outdoor(start, regime, around4, core).residual;
        let step = if first > 0.0 { 1.0 } else { -1.0 };
        let (mut near, mut f_near) = (start, first);
        for _ in 0..MAX_MARCH {
            let far = near + step;
            let f_far = self.outdoor(far, regime, around4, core).residual;
            if (f_far > 0.0) != (first > 0.0) {
                let mut residual = |tc| self.outdoor(tc, regime, around4, core).residual;
                let tc = bracketed_root(&mut residual, (near, f_near), (far, f_far), TOLERANCE);
                return self.outdoor(tc, regime, around4, core);
            }
            (near, f_near) = (far, f_far);
        }
        self.outdoor(near, regime, around4, core)
    }

    /// Solve the outdoor balance: the first acceptable of the six regimes, and its number.
    pub(super) fn solve_outdoor(&self, tmrt: f64) -> (u8, State) {
        let mut core = 0.0;
        for regime in 1..=5 {
            let state = self.outdoor_root(tmrt, regime, &mut core);
            if state.acceptable(regime) {
                return (regime, state);
            }
        }
        (6, self.outdoor_root(tmrt, 6, &mut core))
    }

    /// Air temperature of the reference room in which the body keeps its outdoor state (R 11.3).
    pub(super) fn solve_indoor(&self, state: &State) -> f64 {
        let State {
            skin,
            clothing,
            wetness,
            skin_vapour,
            sweat_flux,
            ..
        } = *state;
        let hc = convection(INDOOR_WIND);
        let fixed = self.metabolism
            + DIFFUSION * self.area * (1.0 - wetness) * (INDOOR_VAPOUR - skin_vapour)
            + sweat_flux;
        let mut residual = |t: f64| {
            fixed
                + respiration(t, INDOOR_VAPOUR, self.breath)
                + hc * ((t - skin) * self.bare + (t - clothing) * self.clothed)
                + self.radiation(pow4(t + KELVIN), skin, clothing)
        };
        let (low, high) = (-100.0, 150.0);
        let (f_low, f_high) = (residual(low), residual(high));
        bracketed_root(&mut residual, (low, f_low), (high, f_high), TOLERANCE)
    }
}

impl State {
    /// True if the root found under `regime` satisfies that regime's own assumptions (R 11.2).
    fn acceptable(&self, regime: u8) -> bool {
        let warm = self.core >= 36.6;
        let fits = match regime {
            1 | 6 => self.c11 > 0.0 && warm && self.skin > 33.85,
            2 | 5 => self.c9 >= 0.0 && warm && self.skin <= 34.05,
            3 => !warm && self.skin <= 34.0,
            _ => true,
        };
        fits && if regime == 4 {
            self.blood >= 89.0
        } else {
            self.blood < 91.0
        }
    }
}

/// Metabolic rate [W]: resting rate by weight, age, height and sex, plus activity.
fn metabolic_rate(body: &Body) -> f64 {
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
#[inline]
fn respiration(t: f64, x: f64, breath: f64) -> f64 {
    let exhaled = 0.47 * t + 21.0;
    (AIR_HEAT * (t - exhaled) + 0.623 * LATENT / PRESSURE_HPA * (x - saturation(exhaled))) * breath
}

/// Share of the body height that is clothed.
fn clothed_height_share(clothing: f64, height: f64) -> f64 {
    match clothing {
        c if c <= 0.3 => 0.1,
        c if c <= 0.6 => 0.5,
        c if c < 2.0 => (height - 0.2) / height,
        _ => 1.0,
    }
}
