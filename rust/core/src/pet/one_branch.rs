//! Höppe's body (R 11.2) with its regulation as one rule instead of six: the flow of blood between
//! its limits, sweat between none and what the air takes up. Away from the seams between the
//! regimes of the reference it gives the same state. All of it is monotone in the skin temperature,
//! so that the balance has one root and PET never falls when the surroundings get hotter.

use super::balance::{
    Balance, CLOTHING_EMISSIVITY, COLDEST, DIFFUSION, INDOOR_VAPOUR, KELVIN, LATENT, RADIATING,
    SIGMA, TOLERANCE, pow4, saturation,
};
use super::blood::{Blood, CORE_SET, Drive};
use super::body::Body;
use super::root::{falling_root, room_root};

/// Balance of a body and what regulates it.
#[derive(Clone, Debug)]
pub(super) struct OneBranch {
    balance: Balance,
    blood: Blood,
    /// Heat that leaves through the skin [W/m²].
    load: f64,
    drive: Drive,
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

impl OneBranch {
    pub(super) fn new(ta: f64, rh: f64, wind: f64, body: &Body) -> Self {
        let balance = Balance::new(ta, rh, wind, body);
        // The method's own digits: 0.0208 and 0.76075 of c2 per degree and in all.
        let blood = Blood {
            tissue: 5.28,
            heat: 3858.4 / 3600.0,
            gain: 0.0208 * 3600.0,
            offset: 0.76075 * 3600.0,
        };
        let load = balance.c1 / balance.area;
        let drive = Drive::new(&blood, load, |ts| above_set(&blood, load, ts));
        Self {
            balance,
            blood,
            load,
            drive,
        }
    }

    /// Core temperature [°C] under a skin at `ts`.
    #[cfg(test)]
    pub(super) fn core(&self, ts: f64) -> f64 {
        self.blood.core(ts, self.load)
    }

    #[inline]
    fn state(&self, tc: f64, around4: f64) -> State {
        let b = &self.balance;
        let clothing_radiation =
            CLOTHING_EMISSIVITY * SIGMA * RADIATING * (pow4(tc + KELVIN) - around4);
        // The search for the root may look where no temperatures are.
        let ts = (tc + (b.hc * (tc - b.ta) + clothing_radiation) / b.conductance).max(COLDEST);
        let signal = above_set(&self.blood, self.load, ts);
        let sweating = b.sweat_rate * LATENT * self.drive.at(ts, signal);
        let skin_vapour = saturation(ts);
        let deficit = skin_vapour - b.vapour;
        // Air that is damper than the skin takes up no sweat.
        let potential = b.evaporation * deficit.max(0.0);
        let wetness = if potential > 0.0 {
            (sweating / potential).min(1.0)
        } else {
            0.0
        };
        let sweat = wetness * potential;
        let diffusion = DIFFUSION * b.area * (1.0 - wetness) * deficit;
        let convection = b.hc * ((b.ta - ts) * b.bare + (b.ta - tc) * b.clothed);
        State {
            skin: ts,
            clothing: tc,
            wetness,
            sweat,
            skin_vapour,
            residual: b.c1 - diffusion - sweat + convection + b.radiation(around4, ts, tc),
        }
    }

    /// The state of the body outdoors.
    pub(super) fn outdoors(&self, tmrt: f64) -> State {
        let around4 = pow4(tmrt + KELVIN);
        let start = (self.balance.ta + tmrt + 34.0) / 3.0;
        let mut residual = |tc| self.state(tc, around4).residual;
        let tc = falling_root(&mut residual, start, TOLERANCE);
        self.state(tc, around4)
    }

    /// PET [°C].
    pub(super) fn solve(&self, tmrt: f64) -> f64 {
        let state = self.outdoors(tmrt);
        let b = &self.balance;
        let dry = DIFFUSION * b.area * (state.skin_vapour - INDOOR_VAPOUR);
        // A skin that could hardly evaporate outdoors gives off no less in the room than a dry one.
        let vapour = dry.max(state.sweat + (1.0 - state.wetness) * dry);
        let fixed = b.metabolism - vapour;
        let mut residual = |t: f64| b.indoors(t, state.skin, state.clothing, fixed);
        room_root(&mut residual, TOLERANCE)
    }
}

/// Body temperature above its set value [K] under a skin at `ts` [°C].
fn above_set(blood: &Blood, load: f64, ts: f64) -> f64 {
    0.1 * ts + 0.9 * blood.core(ts, load) - CORE_SET
}
