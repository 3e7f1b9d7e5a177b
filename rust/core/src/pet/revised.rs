//! The revision of Walther & Goestchel (2018, Build. Environ. 137, 1–10), R 11.5: three coupled
//! balances of core, skin and clothing, vapour through the clothing by Woodcock's ratio, body
//! temperature weighed by the flow of blood, a limit of sweating, areas and convection by posture,
//! and a reference room whose person works at 80 W in 0.9 clo.

use super::balance::{
    AIR_HEAT, CLOTHING_EMISSIVITY, COLDEST, INDOOR_VAPOUR, INDOOR_WIND, LATENT, PRESSURE_HPA,
    SIGMA, SKIN_EMISSIVITY, TOLERANCE, TWO_PI, clothed_height_share, metabolic_rate, pow4,
    saturation_by,
};
use super::blood::{Blood, CORE_SET, Drive, SKIN_SET};
use super::body::Body;
use super::dweller::{Dweller, Linear, NUMBERS, SKIN_VAPOUR, cubed_4, guess};
use super::exponential::{Exponential, Library};
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

/// A dressed body, per body surface.
#[derive(Clone, Debug)]
struct Dressed {
    /// Heat production [W/m²].
    heat: f64,
    /// Bare and clothed surface over body surface.
    bare: f64,
    clothed: f64,
    /// Effective radiating share.
    radiating: f64,
    sitting: bool,
    /// How much the clothing adds to the surface, its insulation [m² K/W] and its conductance [W/m²/K].
    surface_factor: f64,
    resistance: f64,
    conductance: f64,
}

/// What moving air takes from it.
#[derive(Clone, Copy, Debug)]
struct Moving {
    /// Convective coefficient [W/m²/K].
    hc: f64,
    /// Evaporation and diffusion per vapour pressure difference [W/m²/hPa].
    evaporation: f64,
    diffusion: f64,
}

impl Dressed {
    fn new(body: &Body) -> Self {
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
        Self {
            heat: metabolic_rate(body) / area,
            bare: 1.0 - covered,
            clothed,
            radiating: if body.sitting { 0.725 } else { 0.696 },
            sitting: body.sitting,
            surface_factor,
            resistance,
            conductance: TWO_PI * height * share * (outer - inner)
                / (resistance * (outer / inner).ln() * clothed * area),
        }
    }

    /// Convective coefficient [W/m²/K] in a wind [m/s].
    fn convection(&self, wind: f64) -> f64 {
        let power = wind.powf(0.67);
        let hc = if self.sitting {
            2.67 + 6.5 * power
        } else {
            2.26 + 7.42 * power
        };
        hc.max(STILL)
    }

    /// In air of a convective coefficient.
    #[inline(always)]
    fn moving(&self, hc: f64) -> Moving {
        Moving {
            hc,
            evaporation: hc * LEWIS / (1.0 + 0.92 * hc * self.resistance),
            diffusion: LEWIS * WOODCOCK / (1.0 / (self.surface_factor * hc) + self.resistance),
        }
    }

    /// Heat gained by breathing [W/m²] air of `t` [°C] and vapour pressure `x` [hPa].
    #[inline(always)]
    fn respiration<E: Exponential>(&self, t: f64, x: f64) -> f64 {
        let exhaled = 0.47 * t + 21.0;
        let latent = 0.623 * LATENT / PRESSURE_HPA * (x - saturation_by::<E>(exhaled));
        (AIR_HEAT * (t - exhaled) + latent) * 1.44e-6 * self.heat
    }

    /// Heat gained by the clothing's surface at `tc` [W/m²].
    #[inline(always)]
    fn gained_by_clothing(&self, hc: f64, tc: f64, ta: f64, around4: f64) -> f64 {
        let radiation = CLOTHING_EMISSIVITY * SIGMA * self.radiating;
        self.clothed * (hc * (ta - tc) + radiation * (around4 - pow4(tc + KELVIN)))
    }

    /// Heat gained by the bare skin at `ts` [W/m²].
    #[inline(always)]
    fn gained_by_skin(&self, hc: f64, ts: f64, ta: f64, around4: f64) -> f64 {
        let radiation = SKIN_EMISSIVITY * SIGMA * self.radiating;
        self.bare * (hc * (ta - ts) + radiation * (around4 - pow4(ts + KELVIN)))
    }
}

impl Moving {
    /// Heat lost by vapour [W/m²] of a skin that sweats `sweat` [W/m²], in air drier by `deficit`
    /// [hPa]. The wet share holds back diffusion; the sweat itself is not held to what the air takes
    /// up, and air damper than the skin gives it heat, as in the revision's published code.
    #[inline(always)]
    fn vapour(&self, sweat: f64, deficit: f64) -> f64 {
        let potential = self.evaporation * deficit;
        let held = (0.0 <= potential) & (potential <= sweat);
        let wetness = if held { 1.0 } else { sweat / potential };
        sweat + (1.0 - wetness) * deficit * self.diffusion
    }
}

/// The person outdoors and in the reference room, whatever the weather.
#[derive(Clone, Debug)]
pub(super) struct Clothed {
    outdoors: Dressed,
    indoors: Dressed,
    room: Moving,
}

/// The revised model of one person in one weather.
#[derive(Clone, Debug)]
pub(super) struct Revised {
    person: Clothed,
    air: Air,
    drive: Drive,
}

/// Air around a person.
#[derive(Clone, Copy, Debug)]
struct Air {
    ta: f64,
    vapour: f64,
    moving: Moving,
    /// Heat that leaves through the skin [W/m²].
    load: f64,
}

/// A person outdoors at one clothing temperature.
#[derive(Clone, Copy, Debug)]
struct State {
    skin: f64,
    /// Heat of sweating [W/m²], and vapour pressure over the skin [hPa].
    sweat: f64,
    skin_vapour: f64,
    residual: f64,
}

const BLOOD: Blood = Blood {
    tissue: 5.28,
    heat: 3640.0 / 3600.0,
    gain: 75.0,
    offset: 75.0 * CORE_SET - 6.3,
};

/// Body temperature above its set value [K] under a skin at `ts` [°C]; the more blood flows, the
/// less of the body is at the skin's temperature.
#[inline(always)]
fn above_set(load: f64, ts: f64) -> f64 {
    let core = BLOOD.core(ts, load);
    let skin_share = 0.0417737 + 0.7451833 / (BLOOD.flow(ts, core) + 0.585417);
    skin_share * ts + (1.0 - skin_share) * core - (0.1 * SKIN_SET + 0.9 * CORE_SET)
}

impl Clothed {
    pub(super) fn new(body: &Body) -> Self {
        let in_the_room = Body {
            activity: INDOOR_ACTIVITY,
            clothing: INDOOR_CLOTHING,
            ..*body
        };
        let indoors = Dressed::new(&in_the_room);
        Self {
            outdoors: Dressed::new(body),
            room: indoors.moving(indoors.convection(INDOOR_WIND)),
            indoors,
        }
    }

    #[inline(always)]
    fn air<E: Exponential>(&self, ta: f64, rh: f64, hc: f64) -> Air {
        let vapour = rh / 100.0 * saturation_by::<E>(ta);
        Air {
            ta,
            vapour,
            moving: self.outdoors.moving(hc),
            load: self.outdoors.heat + self.outdoors.respiration::<E>(ta, vapour),
        }
    }

    /// With the clothing at `tc` [°C].
    #[inline(always)]
    fn state<E: Exponential>(&self, air: &Air, drive: Drive, tc: f64, around4: f64) -> State {
        let (body, hc) = (&self.outdoors, air.moving.hc);
        let gained = body.gained_by_clothing(hc, tc, air.ta, around4);
        let skin = (tc - gained / body.conductance).max(COLDEST);
        let driven = SWEAT * drive.at(skin, above_set(air.load, skin));
        let sweat = driven.min(MOST_SWEAT) * LATENT / 3.6e6;
        let skin_vapour = saturation_by::<E>(skin);
        State {
            skin,
            sweat,
            skin_vapour,
            residual: air.load - air.moving.vapour(sweat, skin_vapour - air.vapour)
                + body.gained_by_skin(hc, skin, air.ta, around4)
                + gained,
        }
    }

    /// Heat of the body in the reference room less the vapour it gives off there [W/m²].
    #[inline(always)]
    fn own_heat(&self, state: &State) -> f64 {
        let deficit = state.skin_vapour - INDOOR_VAPOUR;
        self.indoors.heat - self.room.vapour(state.sweat, deficit)
    }
}

impl Dweller for Clothed {
    #[inline(always)]
    fn convection(&self, wind: f64) -> f64 {
        self.outdoors.convection(wind)
    }

    #[inline(always)]
    fn numbers<E: Exponential>(&self, [ta, rh, hc]: [f64; 3], tmrt: f64) -> [f64; NUMBERS] {
        let Air {
            vapour,
            moving,
            load,
            ..
        } = self.air::<E>(ta, rh, hc);
        let Moving {
            evaporation,
            diffusion,
            ..
        } = moving;
        let around4 = pow4(tmrt + KELVIN);
        [ta, vapour, hc, evaporation, diffusion, load, around4]
    }

    #[inline(always)]
    fn rises(&self, around: &[f64; NUMBERS]) -> bool {
        let load = around[5];
        Drive::rises(&BLOOD, load, |ts| above_set(load, ts))
    }

    #[inline(always)]
    fn guess(&self, around: &[f64; NUMBERS], tmrt: f64) -> [f64; 2] {
        let ([ta, vapour, hc, _, diffusion, load, _], b) = (*around, &self.outdoors);
        let radiative = CLOTHING_EMISSIVITY * SIGMA * b.radiating * cubed_4(tmrt);
        guess(Linear {
            around: (hc * ta + radiative * tmrt) / (hc + radiative),
            outside: hc + radiative,
            clothing: b.conductance / b.clothed,
            bare: b.bare,
            clothed: b.clothed,
            heat: load - diffusion * (SKIN_VAPOUR - vapour),
        })
    }

    #[inline(always)]
    fn tried<E: Exponential>(&self, around: [f64; NUMBERS], tc: f64) -> [f64; 3] {
        let [ta, vapour, hc, evaporation, diffusion, load, around4] = around;
        let moving = Moving {
            hc,
            evaporation,
            diffusion,
        };
        let air = Air {
            ta,
            vapour,
            moving,
            load,
        };
        let state = self.state::<E>(&air, Drive::RISING, tc, around4);
        [state.skin, self.own_heat(&state), state.residual]
    }

    #[inline(always)]
    fn indoors<E: Exponential>(&self, t: f64, skin: f64, clothing: f64, own: f64) -> f64 {
        let (around4, hc) = (pow4(t + KELVIN), self.room.hc);
        own + self.indoors.respiration::<E>(t, INDOOR_VAPOUR)
            + self.indoors.gained_by_skin(hc, skin, t, around4)
            + self.indoors.gained_by_clothing(hc, clothing, t, around4)
    }
}

impl Revised {
    pub(super) fn new(ta: f64, rh: f64, wind: f64, body: &Body) -> Self {
        let person = Clothed::new(body);
        let air = person.air::<Library>(ta, rh, person.outdoors.convection(wind));
        Self {
            person,
            air,
            drive: Drive::new(&BLOOD, air.load, |ts| above_set(air.load, ts)),
        }
    }

    /// PET [°C].
    pub(super) fn solve(&self, tmrt: f64) -> f64 {
        let around4 = pow4(tmrt + KELVIN);
        let state = |tc| {
            let person = &self.person;
            person.state::<Library>(&self.air, self.drive, tc, around4)
        };
        let start = (self.air.ta + tmrt + SKIN_SET) / 3.0;
        let tc = falling_root(&mut |tc| state(tc).residual, start, TOLERANCE);
        let state = state(tc);
        let own = self.person.own_heat(&state);
        let mut residual = |t: f64| self.person.indoors::<Library>(t, state.skin, tc, own);
        room_root(&mut residual, TOLERANCE)
    }
}
