//! The revision of Walther & Goestchel (2018, Build. Environ. 137, 1–10), R 11.5: three coupled
//! balances of core, skin and clothing, vapour through the clothing by Woodcock's ratio, body
//! temperature weighed by the flow of blood, a limit of sweating, areas and convection by posture,
//! and a reference room whose person works at 80 W in 0.9 clo.

use super::balance::{
    AIR_HEAT, CLOTHING_EMISSIVITY, COLDEST, INDOOR_VAPOUR, INDOOR_WIND, LATENT, PRESSURE_HPA,
    SIGMA, SKIN_EMISSIVITY, TOLERANCE, TWO_PI, clothed_height_share, metabolic_rate, pow4,
    saturation,
};
use super::blood::{Blood, CORE_SET, Drive, SKIN_SET};
use super::body::Body;
use super::root::{falling_root, room_root};

const KELVIN: f64 = 273.15;
/// Lewis ratio [K/hPa] and Woodcock's ratio of vapour transfer.
const LEWIS: f64 = 1.67;
const WOODCOCK: f64 = 0.38;
/// Sweat per kelvin and most of it [g/m²/h].
const SWEAT: f64 = 304.94;
const MOST_SWEAT: f64 = 500.0;
/// Least convective coefficient [W/m²/K].
const STILL: f64 = 3.0;
/// Work [W] and clothing [clo] of the person in the reference room.
const INDOOR_ACTIVITY: f64 = 80.0;
const INDOOR_CLOTHING: f64 = 0.9;

/// A dressed body in moving air, per body surface.
#[derive(Clone, Debug)]
struct Dressed {
    /// Heat production [W/m²].
    heat: f64,
    /// Bare and clothed surface over body surface.
    bare: f64,
    clothed: f64,
    /// Effective radiating share.
    radiating: f64,
    hc: f64,
    /// Conductance of the clothing [W/m²/K].
    conductance: f64,
    /// Evaporation and diffusion per vapour pressure difference [W/m²/hPa].
    evaporation: f64,
    diffusion: f64,
}

impl Dressed {
    fn new(body: &Body, wind: f64) -> Self {
        let Body {
            weight,
            height,
            clothing,
            ..
        } = *body;
        let area = 0.203 * weight.powf(0.425) * height.powf(0.725);
        let covered = body.covered_fraction();
        let surface_factor = 1.0 + 0.31 * clothing;
        let clothed = body.covered_polynomial() + surface_factor - 1.0;
        let resistance = clothing / 6.45;
        let share = clothed_height_share(clothing, height);
        let outer = area * (surface_factor - 1.0 + covered) / (TWO_PI * height * share);
        let inner = covered * area / (TWO_PI * height * share);
        let power = wind.powf(0.67);
        let (hc, radiating) = if body.sitting {
            (2.67 + 6.5 * power, 0.725)
        } else {
            (2.26 + 7.42 * power, 0.696)
        };
        let hc = hc.max(STILL);
        Self {
            heat: metabolic_rate(body) / area,
            bare: 1.0 - covered,
            clothed,
            radiating,
            hc,
            conductance: TWO_PI * height * share * (outer - inner)
                / (resistance * (outer / inner).ln() * clothed * area),
            evaporation: hc * LEWIS / (1.0 + 0.92 * hc * resistance),
            diffusion: LEWIS * WOODCOCK / (1.0 / (surface_factor * hc) + resistance),
        }
    }

    /// Heat gained by breathing [W/m²] air of `t` [°C] and vapour pressure `x` [hPa].
    fn respiration(&self, t: f64, x: f64) -> f64 {
        let exhaled = 0.47 * t + 21.0;
        let latent = 0.623 * LATENT / PRESSURE_HPA * (x - saturation(exhaled));
        (AIR_HEAT * (t - exhaled) + latent) * 1.44e-6 * self.heat
    }

    /// Heat lost by vapour [W/m²] of a skin that sweats `sweat` [W/m²], in air drier by `deficit`
    /// [hPa]. The wet share holds back diffusion; the sweat itself is not held to what the air takes
    /// up, and air damper than the skin gives it heat, as in the revision's published code.
    fn vapour(&self, sweat: f64, deficit: f64) -> f64 {
        let potential = self.evaporation * deficit;
        if (0.0..=sweat).contains(&potential) {
            return sweat;
        }
        sweat + (1.0 - sweat / potential) * deficit * self.diffusion
    }

    /// Heat gained by the clothing's surface at `tc` [W/m²].
    fn gained_by_clothing(&self, tc: f64, ta: f64, around4: f64) -> f64 {
        let radiation = CLOTHING_EMISSIVITY * SIGMA * self.radiating;
        self.clothed * (self.hc * (ta - tc) + radiation * (around4 - pow4(tc + KELVIN)))
    }

    /// Heat gained by the bare skin at `ts` [W/m²].
    fn gained_by_skin(&self, ts: f64, ta: f64, around4: f64) -> f64 {
        let radiation = SKIN_EMISSIVITY * SIGMA * self.radiating;
        self.bare * (self.hc * (ta - ts) + radiation * (around4 - pow4(ts + KELVIN)))
    }
}

/// The revised model of one person in one weather.
#[derive(Clone, Debug)]
pub(super) struct Revised {
    ta: f64,
    vapour: f64,
    outdoors: Dressed,
    indoors: Dressed,
    /// Heat that leaves through the skin [W/m²].
    load: f64,
    drive: Drive,
}

const BLOOD: Blood = Blood {
    tissue: 5.28,
    heat: 3640.0 / 3600.0,
    gain: 75.0,
    offset: 75.0 * CORE_SET - 6.3,
};

/// Body temperature above its set value [K] under a skin at `ts` [°C]; the more blood flows, the
/// less of the body is at the skin's temperature.
fn above_set(load: f64, ts: f64) -> f64 {
    let core = BLOOD.core(ts, load);
    let skin_share = 0.0417737 + 0.7451833 / (BLOOD.flow(ts, core) + 0.585417);
    skin_share * ts + (1.0 - skin_share) * core - (0.1 * SKIN_SET + 0.9 * CORE_SET)
}

impl Revised {
    pub(super) fn new(ta: f64, rh: f64, wind: f64, body: &Body) -> Self {
        let outdoors = Dressed::new(body, wind);
        let in_the_room = Body {
            activity: INDOOR_ACTIVITY,
            clothing: INDOOR_CLOTHING,
            ..*body
        };
        let vapour = rh / 100.0 * saturation(ta);
        let load = outdoors.heat + outdoors.respiration(ta, vapour);
        Self {
            ta,
            vapour,
            load,
            drive: Drive::new(&BLOOD, load, |ts| above_set(load, ts)),
            indoors: Dressed::new(&in_the_room, INDOOR_WIND),
            outdoors,
        }
    }

    /// Heat of sweating [W/m²] under a skin at `ts` [°C].
    fn sweat(&self, ts: f64) -> f64 {
        let drive = self.drive.at(ts, above_set(self.load, ts));
        (SWEAT * drive).min(MOST_SWEAT) * LATENT / 3.6e6
    }

    /// Temperatures of skin and clothing outdoors [°C].
    fn temperatures(&self, tmrt: f64) -> (f64, f64) {
        let around4 = pow4(tmrt + KELVIN);
        let body = &self.outdoors;
        let skin = |tc: f64| {
            let gained = body.gained_by_clothing(tc, self.ta, around4);
            (tc - gained / body.conductance).max(COLDEST)
        };
        let mut residual = |tc: f64| {
            let ts = skin(tc);
            self.load - body.vapour(self.sweat(ts), saturation(ts) - self.vapour)
                + body.gained_by_skin(ts, self.ta, around4)
                + body.gained_by_clothing(tc, self.ta, around4)
        };
        let start = (self.ta + tmrt + SKIN_SET) / 3.0;
        let tc = falling_root(&mut residual, start, TOLERANCE);
        (skin(tc), tc)
    }

    /// PET [°C].
    pub(super) fn solve(&self, tmrt: f64) -> f64 {
        let (ts, tc) = self.temperatures(tmrt);
        let room = &self.indoors;
        let fixed = room.heat - room.vapour(self.sweat(ts), saturation(ts) - INDOOR_VAPOUR);
        let mut residual = |t: f64| {
            let around4 = pow4(t + KELVIN);
            fixed
                + room.respiration(t, INDOOR_VAPOUR)
                + room.gained_by_skin(ts, t, around4)
                + room.gained_by_clothing(tc, t, around4)
        };
        room_root(&mut residual, TOLERANCE)
    }
}
