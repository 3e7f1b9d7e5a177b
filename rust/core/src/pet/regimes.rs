//! The reference's rule of regulation (R 11.2): six regimes tried in order, each with a test of its
//! own; the first that passes is the state of the body. The tests overlap, so that PET jumps, also
//! downwards, where the choice changes. Kept for comparison with the reference.

use super::balance::{
    Balance, CLOTHING_EMISSIVITY, DIFFUSION, INDOOR_VAPOUR, KELVIN, LATENT, RADIATING, SIGMA,
    TOLERANCE, pow4, saturation,
};
use super::exponential::Library;
use super::root::bracketed_root;

/// Longest march from the starting clothing temperature [K steps].
const MAX_MARCH: usize = 200;

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

impl Balance {
    /// Outdoor balance at clothing temperature `tc` under `regime` (R 11.2). `core` keeps the
    /// previous value where the regime's quadratic has no root.
    #[inline]
    fn outdoor(&self, tc: f64, regime: u8, around4: f64, core: &mut f64) -> State {
        let clothing_radiation =
            CLOTHING_EMISSIVITY * SIGMA * RADIATING * (pow4(tc + KELVIN) - around4);
        let mut ts =
            tc + (self.air.hc * (tc - self.air.ta) + clothing_radiation) / self.figure.conductance;
        if ts == 36.0 {
            ts = 36.01;
        }
        let (c9, c11) = self.core_temperature(ts, regime, core);
        let body = 0.1 * ts + 0.9 * *core;
        let sweat = (self.figure.sweat_rate * (body - 36.6)).max(0.0);
        let skin_vapour = saturation(ts);
        let physiological = -sweat * LATENT;
        let potential = self.air.evaporation * (self.air.vapour - skin_vapour);
        let wetness = (physiological / potential).min(1.0);
        let sweat_flux = potential.max(physiological).min(0.0);
        let diffusion =
            DIFFUSION * self.figure.area * (1.0 - wetness) * (self.air.vapour - skin_vapour);
        let convection = self.air.hc
            * ((self.air.ta - ts) * self.figure.bare + (self.air.ta - tc) * self.figure.clothed);
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
            residual: self.air.c1
                + diffusion
                + sweat_flux
                + convection
                + self.figure.radiation(around4, ts, tc),
        }
    }

    /// Core temperature by regime (R 11.2); returns the two radicands c9 and c11.
    #[inline]
    fn core_temperature(&self, ts: f64, regime: u8, core: &mut f64) -> (f64, f64) {
        let (c1, c2) = (self.air.c1, self.figure.c2);
        let (c5, c6) = (0.0208 * c2, 0.76075 * c2);
        let base = 5.28 * self.figure.area;
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
        let start = (self.air.ta + tmrt + 34.0) / 3.0;
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

    /// PET [°C] by the reference's rule, and the regime of the body.
    pub(super) fn solve_by_regimes(&self, tmrt: f64) -> (f64, u8) {
        let (regime, state) = self.solve_outdoor(tmrt);
        let State {
            skin,
            clothing,
            wetness,
            skin_vapour,
            sweat_flux,
            ..
        } = state;
        let fixed = self.figure.metabolism
            + DIFFUSION * self.figure.area * (1.0 - wetness) * (INDOOR_VAPOUR - skin_vapour)
            + sweat_flux;
        let mut residual = |t: f64| self.figure.indoors::<Library>(t, skin, clothing, fixed);
        let (low, high) = (-100.0, 150.0);
        let (f_low, f_high) = (residual(low), residual(high));
        let pet = bracketed_root(&mut residual, (low, f_low), (high, f_high), TOLERANCE);
        (pet, regime)
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
