//! Standard effective temperature SET* (R 14.7): the body of two nodes, core and skin, of Gagge,
//! Fobelets & Berglund (1986, ASHRAE Trans. 92(2B), 709–731), with the numbers of ANSI/ASHRAE
//! Standard 55, appendix on SET, and radiation by posture of the ASHRAE Handbook, Fundamentals.
//!
//! An hour of the body in its weather is followed minute by minute. SET* is the temperature of a
//! standard room, still and half saturated, in which the skin it ends with loses the same heat. The
//! temperatures of clothing and room are solved; the standard's program stops within 0.01 K. Several
//! bodies are followed together, in the vectors of the machine; none depends on the others.

use super::exponential::exp;
use super::sensors::Air;
use crate::constants::KELVIN;
use crate::pet::{Body, metabolic_flux};
use crate::simd::{self, Kernel};
use crate::tabled::{OfTmrt, POINTS};

/// Metabolic rate of one met [W/m²].
pub const MET: f64 = 58.2;
/// Least wind that the body feels [m/s].
pub const CALM_BODY: f64 = 0.1;
/// Most metabolism [met]: beyond, the standard room would know less clothing than none.
pub const MOST_MET: f64 = 7.5;
/// Most clothing [clo].
const MOST_CLOTHING: f64 = 10.0;
/// Bodies that are followed together.
pub const TOGETHER: usize = 8;

/// Stefan–Boltzmann constant as the method rounds it [W/m²/K⁴], emissivity, and the share of the body
/// that radiates, standing and sitting.
const SIGMA: f64 = 5.67e-8;
const EMISSIVITY: f64 = 0.95;
const STANDING: f64 = 0.73;
const SITTING: f64 = 0.70;
/// Standard atmosphere [hPa].
const ATMOSPHERE: f64 = 1013.25;
/// Mass [kg], surface [m²] and heat capacity [W h/kg/K] of the body.
const MASS: f64 = 69.9;
const SURFACE: f64 = 1.8258;
const CAPACITY: f64 = 0.97;
/// Temperatures of skin, core and body at which nothing is regulated [°C].
const SKIN_SET: f64 = 33.7;
const CORE_SET: f64 = 36.8;
const BODY_SET: f64 = 36.49;
/// Blood to the skin [kg/m²/h]: at rest, least, greatest; its rise by a warm core [per K] and fall by
/// a cool skin [1/K].
const BLOOD: f64 = 6.3;
const LEAST_BLOOD: f64 = 0.5;
const MOST_BLOOD: f64 = 90.0;
const DILATION: f64 = 120.0;
const CONSTRICTION: f64 = 0.5;
/// Sweat [g/m²/h] by a warm body [per K], the greatest, and the heat it takes [W h/g].
const SWEAT: f64 = 170.0;
const MOST_SWEAT: f64 = 500.0;
const SWEAT_HEAT: f64 = 0.68;
/// Share of a skin without sweat that is wet.
const DIFFUSION: f64 = 0.06;
/// Efficiency with which vapour passes clothing.
const PERMEATION: f64 = 0.45;
/// One clo [m² K/W], and what it adds to the surface, here and in the standard room.
const CLO: f64 = 0.155;
const WIDER: f64 = 0.15;
const WIDER_IN_ROOM: f64 = 0.25;
/// Lewis relation at sea level [K/torr].
const LEWIS: f64 = 2.2;
/// Saturation vapour pressure: exp(A − B / (t + C)) torr.
const ANTOINE: [f64; 3] = [18.6686, 4030.183, 235.0];
/// Length of the hour [min].
const MINUTES: usize = 60;
/// How often the clothing's temperature is improved before it begins.
const SETTLING: usize = 8;
/// Newton's steps to the temperature of the room.
const STEPS: usize = 8;
/// Coldest room [°C] that is looked for; there is no colder one.
const COLDEST: f64 = -100.0;
/// Most that the skin of a body that has settled changes in a minute [K]. In a gale on bare skin
/// minutes are too long for the scheme, which then swings to and fro.
const SETTLED: f64 = 0.5;

/// A struct of numbers, and several of them side by side as vectors want them.
macro_rules! with_lanes {
    ($(#[$of:meta])* $vis:vis struct $one:ident, $lanes:ident {
        $($(#[$about:meta])* $part:ident,)*
    }) => {
        $(#[$of])*
        $vis struct $one {
            $($(#[$about])* $part: f64,)*
        }

        struct $lanes<const N: usize> {
            $($part: [f64; N],)*
        }

        impl<const N: usize> $lanes<N> {
            #[inline(always)]
            fn new(all: &[$one; N]) -> Self {
                let mut lanes = Self {
                    $($part: [0.0; N],)*
                };
                for (i, one) in all.iter().enumerate() {
                    lanes.put(i, one);
                }
                lanes
            }

            #[inline(always)]
            fn put(&mut self, i: usize, one: &$one) {
                $(self.$part[i] = one.$part;)*
            }

            #[inline(always)]
            fn get(&self, i: usize) -> $one {
                $one {
                    $($part: self.$part[i],)*
                }
            }
        }
    };
}

/// The person, beside the weather.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Wearer {
    /// Metabolic rate [W/m²].
    pub metabolism: f64,
    /// Clothing [clo].
    pub clothing: f64,
    /// Sitting rather than standing.
    pub sitting: bool,
}

impl From<&Body> for Wearer {
    fn from(body: &Body) -> Self {
        Self {
            metabolism: metabolic_flux(body),
            clothing: body.clothing,
            sitting: body.sitting,
        }
    }
}

impl Default for Wearer {
    /// The standard man of PET.
    fn default() -> Self {
        Self::from(&Body::default())
    }
}

impl Wearer {
    fn usable(&self) -> bool {
        self.metabolism > 0.0
            && self.metabolism <= MOST_MET * MET
            && self.clothing > 0.0
            && self.clothing <= MOST_CLOTHING
    }
}

/// Saturation vapour pressure [torr] at `t` [°C].
#[inline(always)]
fn saturation(t: f64) -> f64 {
    let [a, b, c] = ANTOINE;
    exp(a - b / (t + c))
}

/// `x` above 0, NaN of NaN.
#[inline(always)]
fn above(x: f64) -> f64 {
    if x < 0.0 { 0.0 } else { x }
}

/// Conductance by convection [W/m²/K] of a body that moves itself, by its metabolism [met].
fn of_motion(met: f64) -> f64 {
    5.66 * (met - 0.85).max(0.0).powf(0.39)
}

with_lanes! {
    /// A body in its air: everything that Tmrt does not change.
    #[derive(Clone, Copy, Debug)]
    pub struct TwoNodes, BodyLanes {
        ta,
        /// Vapour pressure [torr].
        vapour,
        /// Metabolic rate [W/m²], and the share of it that leaves with the breath.
        metabolism,
        breath,
        /// Conductance by radiation over the cube of a temperature [W/m²/K⁴], and by convection
        /// [W/m²/K].
        radiating,
        convection,
        /// Surface of the clothing over that of the skin.
        wider,
        /// Resistance of the clothing [m² K/W].
        resistance,
        /// Conductance for vapour from the skin to the air [W/m²/torr].
        evaporation,
        /// Greatest share of the skin that is wet.
        wettest,
        /// Lewis relation [K/torr].
        lewis,
        /// In the standard room: clothing [clo], its surface over that of the skin, conductance by
        /// convection [W/m²/K].
        room_clo,
        room_wider,
        room_convection,
    }
}

impl TwoNodes {
    /// A person in air whose wind is that at body height; `None` in missing or impossible weather.
    #[must_use]
    pub fn new(air: Air, wearer: Wearer) -> Option<Self> {
        (air.usable() && wearer.usable()).then(|| Self::of(air, wearer))
    }

    fn of(air: Air, wearer: Wearer) -> Self {
        let Wearer {
            metabolism,
            clothing,
            sitting,
        } = wearer;
        let atmospheres = air.pressure / ATMOSPHERE;
        let wind = air.wind.max(CALM_BODY);
        let lewis = LEWIS / atmospheres;
        let met = metabolism / MET;
        let still = 3.0 * atmospheres.powf(0.53);
        let blown = 8.600001 * (wind * atmospheres).powf(0.53);
        let convection = blown.max(still).max(of_motion(met));
        let wider = 1.0 + WIDER * clothing;
        let resistance = CLO * clothing;
        let vapour = 0.01 * air.rh.min(100.0) * saturation(air.ta);
        let clo = 1.52 / (met + 0.6944) - 0.1835;
        Self {
            ta: air.ta,
            vapour,
            metabolism,
            breath: 0.0023 * (44.0 - vapour) + 0.0014 * (34.0 - air.ta),
            radiating: 4.0 * EMISSIVITY * SIGMA * if sitting { SITTING } else { STANDING },
            convection,
            wider,
            resistance,
            evaporation: lewis / (1.0 / (wider * convection) + resistance / PERMEATION),
            wettest: 0.59 * wind.powf(-0.08),
            lewis,
            room_clo: clo,
            room_wider: 1.0 + WIDER_IN_ROOM * clo,
            room_convection: of_motion(met).max(still).max(3.0),
        }
    }

    /// SET* [°C] at a mean radiant temperature [°C].
    #[must_use]
    pub fn solve(&self, tmrt: f64) -> f64 {
        let [found] = follow(&[*self], &[tmrt]);
        found
    }
}

/// SET* [°C] of bodies, each in its air, at their mean radiant temperatures [°C].
#[must_use]
pub fn solve_together(bodies: &[TwoNodes; TOGETHER], tmrt: &[f64; TOGETHER]) -> [f64; TOGETHER] {
    struct Bodies<'a> {
        bodies: &'a [TwoNodes; TOGETHER],
        tmrt: &'a [f64; TOGETHER],
        found: &'a mut [f64; TOGETHER],
    }
    impl Kernel for Bodies<'_> {
        #[inline(always)]
        fn run(self) {
            *self.found = follow(self.bodies, self.tmrt);
        }
    }
    let mut found = [f64::NAN; TOGETHER];
    simd::dispatch(Bodies {
        bodies,
        tmrt,
        found: &mut found,
    });
    found
}

/// The same where some bodies are missing: NaN for these.
#[must_use]
pub fn solve_some(
    bodies: &[Option<TwoNodes>; TOGETHER],
    tmrt: &[f64; TOGETHER],
) -> [f64; TOGETHER] {
    let Some(any) = bodies.iter().flatten().next() else {
        return [f64::NAN; TOGETHER];
    };
    let found = solve_together(&bodies.map(|body| body.unwrap_or(*any)), tmrt);
    std::array::from_fn(|i| bodies[i].map_or(f64::NAN, |_| found[i]))
}

/// As a table takes it.
impl OfTmrt for TwoNodes {
    const FIT_ERROR: f64 = 3e-4;

    fn solve(&self, tmrt: f64) -> (f64, u8) {
        (Self::solve(self, tmrt), 0)
    }

    fn solve_each(&self, tmrt: [f64; POINTS]) -> [(f64, u8); POINTS] {
        let lanes = std::array::from_fn(|i| tmrt[i.min(POINTS - 1)]);
        let found = solve_together(&[*self; TOGETHER], &lanes);
        std::array::from_fn(|i| (found[i], 0))
    }

    /// By some hundredths of a kelvin in dry air, where sweat begins late in the hour and at once takes
    /// more than the radiation brings.
    fn may_fall(&self) -> bool {
        true
    }
}

with_lanes! {
    /// What the hour does to a body.
    #[derive(Clone, Copy)]
    struct State, StateLanes {
        skin,
        core,
        blood,
        /// Share of the skin in the mass of the body.
        share,
        metabolism,
        /// Heat that leaves by evaporation and dry [W/m²].
        evaporated,
        dry,
        /// Share of the skin that is wet.
        wet,
        /// Temperature of the clothing [°C] and its conductance by radiation [W/m²/K].
        clothes,
        radiation,
        /// Change of the skin in the last minute [K].
        change,
    }
}

impl State {
    #[inline(always)]
    fn new(body: &TwoNodes, tmrt: f64) -> Self {
        let mut state = Self {
            skin: SKIN_SET,
            core: CORE_SET,
            blood: BLOOD,
            share: 0.1,
            metabolism: body.metabolism,
            evaporated: 0.1 * body.metabolism / MET,
            dry: 0.0,
            wet: 0.0,
            clothes: SKIN_SET,
            radiation: 0.0,
            change: 0.0,
        };
        for _ in 0..SETTLING {
            state.dress(body, tmrt);
        }
        state
    }

    /// Temperature of the clothing, and the heat that passes it dry.
    #[inline(always)]
    fn dress(&mut self, body: &TwoNodes, tmrt: f64) {
        let kelvin = 0.5 * (self.clothes + tmrt) + KELVIN;
        self.radiation = body.radiating * kelvin * kelvin * kelvin;
        // Conductances in series, from skin to clothing and from there to air and surroundings.
        let both = self.radiation + body.convection;
        let drive = self.radiation * tmrt + body.convection * body.ta;
        let resisted = body.resistance * body.wider;
        let through = 1.0 / (1.0 + resisted * both);
        self.clothes = (self.skin + resisted * drive) * through;
        self.dry = body.wider * (self.skin * both - drive) * through;
    }

    #[inline(always)]
    fn minute(&mut self, body: &TwoNodes, tmrt: f64) {
        const RATE: f64 = SURFACE / (60.0 * CAPACITY * MASS);
        self.dress(body, tmrt);
        let to_skin = (self.core - self.skin) * (5.28 + 1.163 * self.blood);
        let in_core = self.metabolism * (1.0 - body.breath) - to_skin;
        let in_skin = to_skin - self.dry - self.evaporated;
        self.change = RATE * in_skin / self.share;
        self.skin += self.change;
        self.core += RATE * in_core / (1.0 - self.share);
        let mean = self.share * self.skin + (1.0 - self.share) * self.core;
        let warm_skin = above(self.skin - SKIN_SET);
        let cool_skin = above(SKIN_SET - self.skin);
        let warm_core = above(self.core - CORE_SET);
        let cool_core = above(CORE_SET - self.core);
        let blood = (BLOOD + DILATION * warm_core) / (1.0 + CONSTRICTION * cool_skin);
        let blood = if blood > MOST_BLOOD {
            MOST_BLOOD
        } else {
            blood
        };
        self.blood = if blood < LEAST_BLOOD {
            LEAST_BLOOD
        } else {
            blood
        };
        let sweat = SWEAT * above(mean - BODY_SET) * exp(warm_skin * (1.0 / 10.7));
        let sweat = if sweat > MOST_SWEAT {
            MOST_SWEAT
        } else {
            sweat
        };
        self.evaporate(body, SWEAT_HEAT * sweat);
        self.metabolism = body.metabolism + 19.4 * cool_skin * cool_core;
        self.share = 0.0417737 + 0.7451833 / (self.blood + 0.585417);
    }

    /// Evaporation where `sweat` [W/m²] would take so much.
    #[inline(always)]
    fn evaporate(&mut self, body: &TwoNodes, sweat: f64) {
        let most = (saturation(self.skin) - body.vapour) * body.evaporation;
        let wet = DIFFUSION + (1.0 - DIFFUSION) * sweat / most;
        let damp = most <= 0.0;
        let soaked = damp || wet > body.wettest;
        self.wet = if soaked { body.wettest } else { wet };
        self.evaporated = if damp { 0.0 } else { self.wet * most };
    }

    /// Temperature [°C] of the standard room in which the skin loses as much; NaN without one.
    #[inline(always)]
    fn standard(&self, body: &TwoNodes) -> f64 {
        let both = body.room_convection + self.radiation;
        let by_air = body.room_convection / both;
        let bare = 1.0 / (1.0 + CLO * body.room_wider * both * body.room_clo);
        let permeation = PERMEATION * by_air * (1.0 - bare) / (by_air - bare * PERMEATION);
        let resistance = CLO * body.room_clo;
        let dry = 1.0 / (1.0 / (body.room_wider * both) + resistance);
        let wet = self.wet * body.lewis
            / (1.0 / (body.room_wider * body.room_convection) + resistance / permeation);
        let lost = self.dry + self.evaporated - dry * self.skin - wet * saturation(self.skin);
        // Convex and rising in the temperature: Newton's steps come to it from above.
        let [_, b, c] = ANTOINE;
        let step = |t: f64| {
            let vapour = 0.5 * wet * saturation(t);
            let slope = dry + vapour * b / ((t + c) * (t + c));
            (lost + dry * t + vapour) / slope
        };
        let mut t = self.skin;
        for _ in 0..STEPS {
            let next = t - step(t);
            t = if next < COLDEST { COLDEST } else { next };
        }
        let found = t > COLDEST && self.change.abs() < SETTLED;
        if found { t } else { f64::NAN }
    }
}

/// SET* [°C] of bodies at mean radiant temperatures [°C].
#[inline(always)]
fn follow<const N: usize>(bodies: &[TwoNodes; N], tmrt: &[f64; N]) -> [f64; N] {
    let bodies = BodyLanes::new(bodies);
    let mut states = StateLanes::new(&std::array::from_fn::<_, N, _>(|i| {
        State::new(&bodies.get(i), tmrt[i])
    }));
    for _ in 0..MINUTES {
        for i in 0..N {
            let mut state = states.get(i);
            state.minute(&bodies.get(i), tmrt[i]);
            states.put(i, &state);
        }
    }
    let mut found = [f64::NAN; N];
    for i in 0..N {
        let value = states.get(i).standard(&bodies.get(i));
        found[i] = if tmrt[i] > -KELVIN { value } else { f64::NAN };
    }
    found
}

#[cfg(test)]
mod tests;
