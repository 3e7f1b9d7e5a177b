//! The reference room of every state of a body.
//!
//! What the room's temperature adds to the balance of a body is the same in every state, so that the
//! temperature at which the balance is even is a function of one number: the balance in a room of some
//! fixed temperature.

use super::balance::TOLERANCE;
use super::dweller::Dweller;
use super::exponential::{Exponential, Library};
use super::root::room_root;
use crate::tabled::{CHECKS, NODES, evaluate, newton};

/// That temperature [°C].
const FIXED: f64 = 20.0;
/// Rooms that are tabulated [°C].
const COLDEST: f64 = -60.0;
const HOTTEST: f64 = 90.0;
/// Pieces of the table.
const PIECES: usize = 32;
/// Largest accepted difference between table and room at the checked points [K].
const FIT_ERROR: f64 = 1e-6;

/// Rooms of one body.
#[derive(Clone, Debug)]
pub(super) struct Rooms {
    /// Heat the body lacks at the lower end of the table, and pieces for each unit of it.
    low: f64,
    scale: f64,
    /// Room temperature over each piece, in Newton form; none where no cubic fits.
    pieces: Vec<Option<[f64; 4]>>,
}

impl Rooms {
    pub(super) fn new(body: &impl Dweller) -> Self {
        let balance = |t: f64| body.indoors::<Library>(t, 0.0, 0.0, 0.0);
        let fixed = balance(FIXED);
        let (low, high) = (balance(COLDEST) - fixed, balance(HOTTEST) - fixed);
        let scale = PIECES as f64 / (high - low);
        let room = |place: f64| {
            let lacking = low + place / scale;
            room_root(&mut |t| balance(t) - fixed - lacking, TOLERANCE)
        };
        let piece = |i: usize| {
            let at = |u: f64| room(i as f64 + u);
            let cubic = newton(NODES.map(at));
            CHECKS
                .iter()
                .all(|&u| (evaluate(&cubic, u) - at(u)).abs() < FIT_ERROR)
                .then_some(cubic)
        };
        Self {
            low,
            scale,
            pieces: (0..PIECES).map(piece).collect(),
        }
    }

    /// Heat that a body of this state lacks in the room of fixed temperature; `own` is its own heat
    /// less the vapour it gives off.
    #[inline(always)]
    pub(super) fn lacking<E: Exponential>(
        body: &impl Dweller,
        skin: f64,
        clothing: f64,
        own: f64,
    ) -> f64 {
        -body.indoors::<E>(FIXED, skin, clothing, own)
    }

    /// Temperature [°C] of the room in which a body lacks nothing that lacks so much in the other;
    /// none outside the table.
    #[inline(always)]
    pub(super) fn room(&self, lacking: f64) -> Option<f64> {
        let place = (lacking - self.low) * self.scale;
        if !(place >= 0.0 && place < PIECES as f64) {
            return None;
        }
        // By way of i32, which converts in one instruction each way.
        let piece = place as i32;
        self.pieces[piece as usize].map(|cubic| evaluate(&cubic, place - f64::from(piece)))
    }
}

#[cfg(test)]
mod tests {
    use super::super::body::Body;
    use super::super::one_branch::Person;
    use super::*;

    #[test]
    fn every_room_is_in_the_table() {
        let person = Person::new(&Body::default());
        let rooms = Rooms::new(&person);
        assert!(rooms.pieces.iter().all(Option::is_some));
        let (skin, clothing) = (33.0, 28.0);
        for own in 0..40 {
            let own = 50.0 + 10.0 * f64::from(own);
            let mut balance = |t: f64| person.indoors::<Library>(t, skin, clothing, own);
            let want = room_root(&mut balance, TOLERANCE);
            let lacking = Rooms::lacking::<Library>(&person, skin, clothing, own);
            let found = rooms.room(lacking).unwrap_or(f64::NAN);
            assert!(
                (found - want).abs() < 2.0 * FIT_ERROR,
                "{own}: {found} for {want}"
            );
        }
        assert!(rooms.room(1e5).is_none() && rooms.room(-1e5).is_none());
        assert!(rooms.room(f64::NAN).is_none());
    }
}
