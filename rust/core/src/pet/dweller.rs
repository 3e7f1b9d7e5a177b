//! A body whose balance is asked in the air of many cells, one beside the other.

use super::balance::KELVIN;
use super::blood::SKIN_SET;
use super::exponential::Exponential;

/// Numbers that say what surrounds a body.
pub(super) const NUMBERS: usize = 7;

/// A body and its clothes, whatever the weather.
pub(super) trait Dweller {
    /// Convective coefficient [W/m²/K] in a wind [m/s].
    fn convection(&self, wind: f64) -> f64;

    /// What surrounds it in air of a temperature [°C], humidity [%] and convective coefficient, and a Tmrt
    /// [°C].
    fn numbers<E: Exponential>(&self, given: [f64; 3], tmrt: f64) -> [f64; NUMBERS];

    /// Whether what sweating answers to nowhere falls there as the skin warms.
    fn rises(&self, around: &[f64; NUMBERS]) -> bool;

    /// See [`guess`].
    fn guess(&self, around: &[f64; NUMBERS], tmrt: f64) -> [f64; 2];

    /// Skin temperature [°C], heat of the body in the reference room less the vapour it gives off there, and
    /// balance outdoors with the clothing at `tc` [°C], where sweating rises with the skin's temperature.
    fn tried<E: Exponential>(&self, around: [f64; NUMBERS], tc: f64) -> [f64; 3];

    /// Balance in the reference room at `t` [°C]; `own` is the heat of the body there.
    fn indoors<E: Exponential>(&self, t: f64, skin: f64, clothing: f64, own: f64) -> f64;
}

/// A linear balance: the temperature around a body [°C], conductances from its surface to there and
/// through the clothing, the bare and clothed surface, and the heat that must leave.
#[derive(Clone, Copy, Debug)]
pub(super) struct Linear {
    pub(super) around: f64,
    pub(super) outside: f64,
    pub(super) clothing: f64,
    pub(super) bare: f64,
    pub(super) clothed: f64,
    pub(super) heat: f64,
}

/// Four times the cube of the temperature between Tmrt [°C] and a skin's [K³]: how T⁴ grows.
#[inline(always)]
pub(super) fn cubed_4(tmrt: f64) -> f64 {
    let between = 0.5 * (tmrt + SKIN_SET) + KELVIN;
    4.0 * between * between * between
}

/// Vapour pressure over a mild skin [hPa].
pub(super) const SKIN_VAPOUR: f64 = 45.0;
/// Skin temperature from which a body sweats [°C], and how much faster its balance falls from there.
const SWEAT_BEGINS: f64 = 34.3;
const SWEATING: f64 = 10.0;

/// About the temperature of the clothing [°C], and about how much it is above that for each watt the
/// balance there is above 0 [K/W].
#[inline(always)]
pub(super) fn guess(balance: Linear) -> [f64; 2] {
    let Linear { around, .. } = balance;
    // Of a skin's degrees above what is around it so many are the clothing's.
    let share = balance.clothing / (balance.clothing + balance.outside);
    let slope = balance.outside * (balance.bare + balance.clothed * share);
    let dry = around + balance.heat / slope;
    let (skin, fall) = if dry > SWEAT_BEGINS {
        let skin = SWEAT_BEGINS + (dry - SWEAT_BEGINS) / SWEATING;
        (skin, share / (slope * SWEATING))
    } else {
        (dry, share / slope)
    };
    [around + share * (skin - around), fall]
}
