//! Höppe's body (R 11.2) with its regulation as one rule instead of six: the flow of blood between
//! its limits, sweat between none and what the air takes up. Away from the seams between the
//! regimes of the reference it gives the same state. All of it is monotone in the skin temperature,
//! so that the balance has one root and PET never falls when the surroundings get hotter.

use super::balance::{
    CLOTHING_EMISSIVITY, COLDEST, DIFFUSION, Figure, INDOOR_VAPOUR, KELVIN, LATENT, Outdoors,
    RADIATING, SIGMA, TOLERANCE, convection, pow4, saturation_by,
};
use super::blood::{Blood, CORE_SET, Drive};
use super::body::Body;
use super::dweller::{Dweller, Linear, NUMBERS, SKIN_VAPOUR, cubed_4, guess};
use super::exponential::{Exponential, Library};
use super::root::{falling_root, room_root};

/// A body and what regulates it, whatever the weather.
#[derive(Clone, Debug)]
pub(super) struct Person {
    figure: Figure,
    blood: Blood,
}

/// A body in one weather.
#[derive(Clone, Debug)]
pub(super) struct OneBranch {
    person: Person,
    air: Outdoors,
    drive: Drive,
}

/// What surrounds a body.
#[derive(Clone, Copy, Debug)]
struct Surroundings {
    air: Outdoors,
    /// Heat that leaves through the skin [W/m²].
    load: f64,
    /// Tmrt⁴ [K⁴].
    around4: f64,
}

/// Body state at one clothing temperature; temperatures in °C, fluxes in W.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    pub(super) skin: f64,
    pub(super) clothing: f64,
    /// Wet share of the skin, and the heat its sweat takes away.
    pub(super) wetness: f64,
    sweat: f64,
    skin_vapour: f64,
    residual: f64,
}

impl Person {
    pub(super) fn new(body: &Body) -> Self {
        Self {
            figure: Figure::new(body),
            // The method's own digits: 0.0208 and 0.76075 of c2 per degree and in all.
            blood: Blood {
                tissue: 5.28,
                heat: 3858.4 / 3600.0,
                gain: 0.0208 * 3600.0,
                offset: 0.76075 * 3600.0,
            },
        }
    }

    /// In an air and a Tmrt [°C].
    #[inline(always)]
    fn surroundings(&self, air: Outdoors, tmrt: f64) -> Surroundings {
        Surroundings {
            air,
            load: air.c1 / self.figure.area,
            around4: pow4(tmrt + KELVIN),
        }
    }

    #[inline(always)]
    fn state<E: Exponential>(&self, around: &Surroundings, drive: Drive, tc: f64) -> State {
        let (b, air) = (&self.figure, &around.air);
        let clothing_radiation =
            CLOTHING_EMISSIVITY * SIGMA * RADIATING * (pow4(tc + KELVIN) - around.around4);
        // The search for the root may look where no temperatures are.
        let ts = (tc + (air.hc * (tc - air.ta) + clothing_radiation) / b.conductance).max(COLDEST);
        let signal = above_set(&self.blood, around.load, ts);
        let sweating = b.sweat_rate * LATENT * drive.at(ts, signal);
        let skin_vapour = saturation_by::<E>(ts);
        let deficit = skin_vapour - air.vapour;
        // Air that is damper than the skin takes up no sweat.
        let potential = air.evaporation * deficit.max(0.0);
        let wetness = if potential > 0.0 {
            (sweating / potential).min(1.0)
        } else {
            0.0
        };
        let sweat = wetness * potential;
        let diffusion = DIFFUSION * b.area * (1.0 - wetness) * deficit;
        let convection = air.hc * ((air.ta - ts) * b.bare + (air.ta - tc) * b.clothed);
        State {
            skin: ts,
            clothing: tc,
            wetness,
            sweat,
            skin_vapour,
            residual: air.c1 - diffusion - sweat + convection + b.radiation(around.around4, ts, tc),
        }
    }

    /// Heat [W] of the body in the reference room less the vapour it gives off there.
    #[inline(always)]
    fn own_heat(&self, state: &State) -> f64 {
        let dry = DIFFUSION * self.figure.area * (state.skin_vapour - INDOOR_VAPOUR);
        // A skin that could hardly evaporate outdoors gives off no less in the room than a dry one.
        let vapour = dry.max(state.sweat + (1.0 - state.wetness) * dry);
        self.figure.metabolism - vapour
    }
}

impl Dweller for Person {
    #[inline(always)]
    fn convection(&self, wind: f64) -> f64 {
        convection(wind)
    }

    #[inline(always)]
    fn numbers<E: Exponential>(&self, [ta, rh, hc]: [f64; 3], tmrt: f64) -> [f64; NUMBERS] {
        let air = self.figure.outdoors::<E>(ta, rh, hc);
        let Surroundings { load, around4, .. } = self.surroundings(air, tmrt);
        let Outdoors {
            vapour,
            c1,
            evaporation,
            ..
        } = air;
        [ta, vapour, c1, hc, evaporation, load, around4]
    }

    #[inline(always)]
    fn rises(&self, around: &[f64; NUMBERS]) -> bool {
        let load = around[5];
        Drive::rises(&self.blood, load, |ts| above_set(&self.blood, load, ts))
    }

    #[inline(always)]
    fn guess(&self, around: &[f64; NUMBERS], tmrt: f64) -> [f64; 2] {
        let ([ta, vapour, c1, hc, ..], b) = (*around, &self.figure);
        let radiative = CLOTHING_EMISSIVITY * SIGMA * RADIATING * cubed_4(tmrt);
        guess(Linear {
            around: (hc * ta + radiative * tmrt) / (hc + radiative),
            outside: hc + radiative,
            clothing: b.conductance,
            bare: b.bare,
            clothed: b.clothed,
            heat: c1 - DIFFUSION * b.area * (SKIN_VAPOUR - vapour),
        })
    }

    #[inline(always)]
    fn tried<E: Exponential>(&self, around: [f64; NUMBERS], tc: f64) -> [f64; 3] {
        let [ta, vapour, c1, hc, evaporation, load, around4] = around;
        let air = Outdoors {
            ta,
            vapour,
            c1,
            hc,
            evaporation,
        };
        let around = Surroundings { air, load, around4 };
        let state = self.state::<E>(&around, Drive::RISING, tc);
        [state.skin, self.own_heat(&state), state.residual]
    }

    #[inline(always)]
    fn indoors<E: Exponential>(&self, t: f64, skin: f64, clothing: f64, own: f64) -> f64 {
        self.figure.indoors::<E>(t, skin, clothing, own)
    }
}

impl OneBranch {
    pub(super) fn new(ta: f64, rh: f64, wind: f64, body: &Body) -> Self {
        let person = Person::new(body);
        let air = person.figure.outdoors::<Library>(ta, rh, convection(wind));
        let load = person.surroundings(air, ta).load;
        let drive = Drive::new(&person.blood, load, |ts| above_set(&person.blood, load, ts));
        Self { person, air, drive }
    }

    /// Core temperature [°C] under a skin at `ts`.
    #[cfg(test)]
    pub(super) fn core(&self, ts: f64) -> f64 {
        let load = self.air.c1 / self.person.figure.area;
        self.person.blood.core(ts, load)
    }

    /// The state of the body outdoors.
    pub(super) fn outdoors(&self, tmrt: f64) -> State {
        let around = self.person.surroundings(self.air, tmrt);
        let start = (self.air.ta + tmrt + 34.0) / 3.0;
        let state = |tc| self.person.state::<Library>(&around, self.drive, tc);
        let tc = falling_root(&mut |tc| state(tc).residual, start, TOLERANCE);
        state(tc)
    }

    /// PET [°C].
    pub(super) fn solve(&self, tmrt: f64) -> f64 {
        let state = self.outdoors(tmrt);
        let (b, heat) = (&self.person.figure, self.person.own_heat(&state));
        let mut residual = |t: f64| b.indoors::<Library>(t, state.skin, state.clothing, heat);
        room_root(&mut residual, TOLERANCE)
    }
}

/// Body temperature above its set value [K] under a skin at `ts` [°C].
#[inline(always)]
fn above_set(blood: &Blood, load: f64, ts: f64) -> f64 {
    0.1 * ts + 0.9 * blood.core(ts, load) - CORE_SET
}
