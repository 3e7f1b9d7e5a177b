//! PET of cells whose air is their own (R 15): the balances of many of them side by side.
//!
//! Roots are found by secants from a guess, and taken only where the balance is even; the room comes
//! from a table. What they leave is solved one cell after the other. What becomes of a cell does not
//! depend on the others.

use super::body::Body;
use super::dweller::{Dweller, NUMBERS};
use super::exponential::InLine;
use super::one_branch::Person;
use super::revised::Clothed;
use super::rooms::Rooms;
use super::solver::{CALM, PetVariant, pet};

/// Cells that are computed together.
pub const TOGETHER: usize = 128;
/// A quantity of these.
pub type Lanes = [f64; TOGETHER];
/// Some of them.
pub type Mask = [bool; TOGETHER];

/// Cells that go side by side.
const ROW: usize = 16;
/// Most states of a body that are tried.
const TRIES: usize = 12;
/// Largest accepted remainder of the balance [W, or W/m² of the revision]: every watt is some 0.1 K of PET.
const EVEN: f64 = 1e-4;
/// Weather that is computed together: air temperature [°C], humidity [%], wind [m/s], Tmrt [°C].
const USUAL: [[f64; 2]; 4] = [[-60.0, 60.0], [0.0, 150.0], [0.0, 60.0], [-100.0, 150.0]];

/// PET of one body, for cells whose air is their own.
#[derive(Clone, Debug)]
pub struct PetCells {
    variant: PetVariant,
    body: Body,
    together: Together,
}

/// The bodies that are computed together, and their rooms.
#[derive(Clone, Debug)]
enum Together {
    OneBranch(Person, Rooms),
    Revised(Clothed, Rooms),
    Nobody,
}

impl Together {
    fn new(variant: PetVariant, body: &Body) -> Self {
        match variant {
            _ if body.invalid_field().is_some() => Self::Nobody,
            PetVariant::Hoeppe1999 => {
                let person = Person::new(body);
                let rooms = Rooms::new(&person);
                Self::OneBranch(person, rooms)
            }
            PetVariant::Revised2018 => {
                let person = Clothed::new(body);
                let rooms = Rooms::new(&person);
                Self::Revised(person, rooms)
            }
            PetVariant::Reference => Self::Nobody,
        }
    }
}

impl PetCells {
    /// Of a body.
    #[must_use]
    pub fn new(variant: PetVariant, body: &Body) -> Self {
        Self {
            variant,
            body: *body,
            together: Together::new(variant, body),
        }
    }

    /// PET [°C] of those cells that are `asked`: air temperature [°C], humidity [%], wind at 1.1 m [m/s]
    /// and Tmrt [°C].
    #[inline(always)]
    #[must_use]
    pub fn cells(&self, given: &[Lanes; 4], asked: &Mask) -> Lanes {
        let mut found = match &self.together {
            Together::OneBranch(body, rooms) => together(body, rooms, given, asked),
            Together::Revised(body, rooms) => together(body, rooms, given, asked),
            Together::Nobody => [f64::NAN; TOGETHER],
        };
        for (i, pet) in found.iter_mut().enumerate() {
            if asked[i] && pet.is_nan() {
                *pet = self.alone(given.map(|quantity| quantity[i]));
            }
        }
        found
    }

    /// One cell, solved.
    #[cold]
    fn alone(&self, [ta, rh, wind, tmrt]: [f64; 4]) -> f64 {
        pet(self.variant, ta, rh, tmrt, wind, &self.body)
    }
}

/// PET of cells; missing where they must be solved.
#[inline(always)]
fn together(body: &impl Dweller, rooms: &Rooms, given: &[Lanes; 4], asked: &Mask) -> Lanes {
    let mut wanted = *asked;
    for (quantity, [low, high]) in given.iter().zip(USUAL) {
        for i in 0..TOGETHER {
            wanted[i] &= low <= quantity[i] && quantity[i] <= high;
        }
    }
    let mut search = Search::new(body, given, &wanted);
    let found = search.run(body);
    let mut lacking = [0.0; TOGETHER];
    for i in 0..TOGETHER {
        let [skin, clothing, own_heat] = [found[0][i], found[1][i], found[2][i]];
        lacking[i] = Rooms::lacking::<InLine>(body, skin, clothing, own_heat);
    }
    // Where no state was found the heat that is lacking is missing too.
    let mut pet = [f64::NAN; TOGETHER];
    for i in 0..TOGETHER {
        if let Some(room) = rooms.room(lacking[i]) {
            pet[i] = room;
        }
    }
    pet
}

/// Skin, own heat and balance of the bodies in a row of cells.
#[inline(always)]
fn states(
    body: &impl Dweller,
    sites: &[[f64; ROW]; NUMBERS],
    clothing: &[f64; ROW],
) -> [[f64; ROW]; 3] {
    let mut found = [[0.0; ROW]; 3];
    for i in 0..ROW {
        let [ta, vapour, third, fourth, fifth, sixth, last] = sites;
        let site = [
            ta[i], vapour[i], third[i], fourth[i], fifth[i], sixth[i], last[i],
        ];
        [found[0][i], found[1][i], found[2][i]] = body.tried::<InLine>(site, clothing[i]);
    }
    found
}

/// The search for the roots of cells. Those still open are the first `open`.
struct Search {
    open: usize,
    cell: [usize; TOGETHER],
    sites: [Lanes; NUMBERS],
    /// The clothing last tried, and the slope up to there [K/W].
    clothing: Lanes,
    fall: Lanes,
    skin: Lanes,
    own_heat: Lanes,
    residual: Lanes,
}

impl Search {
    #[inline(always)]
    fn new(body: &impl Dweller, given: &[Lanes; 4], wanted: &Mask) -> Self {
        let none = [0.0; TOGETHER];
        let mut search = Self {
            open: 0,
            cell: [0; TOGETHER],
            sites: [none; NUMBERS],
            clothing: none,
            fall: none,
            skin: none,
            own_heat: none,
            residual: none,
        };
        let [ta, rh, wind, tmrt] = given;
        let mut hc = none;
        for i in 0..TOGETHER {
            hc[i] = body.convection(wind[i].max(CALM));
        }
        let mut rises = [false; TOGETHER];
        for i in 0..TOGETHER {
            let site = body.numbers::<InLine>([ta[i], rh[i], hc[i]], tmrt[i]);
            rises[i] = body.rises(&site);
            [search.clothing[i], search.fall[i]] = body.guess(&site, tmrt[i]);
            for (lanes, number) in search.sites.iter_mut().zip(site) {
                lanes[i] = number;
            }
        }
        for i in 0..TOGETHER {
            if wanted[i] && rises[i] {
                search.take(search.open, i);
                search.cell[search.open] = i;
                search.open += 1;
            }
        }
        search
    }

    /// Put one place's search in another place.
    #[inline(always)]
    fn take(&mut self, to: usize, from: usize) {
        self.cell[to] = self.cell[from];
        for lanes in &mut self.sites {
            lanes[to] = lanes[from];
        }
        self.clothing[to] = self.clothing[from];
        self.fall[to] = self.fall[from];
        self.residual[to] = self.residual[from];
    }

    /// Skin, clothing and own heat of cells where a body's balance is even; missing where none was found.
    #[inline(always)]
    fn run(&mut self, body: &impl Dweller) -> [Lanes; 3] {
        let mut found = [[f64::NAN; TOGETHER]; 3];
        let mut step = [0.0; TOGETHER];
        for attempt in 0..TRIES {
            let before = self.residual;
            self.attempt(body);
            for i in 0..TOGETHER {
                let secant = step[i] / (before[i] - self.residual[i]);
                self.fall[i] = if attempt == 0 { self.fall[i] } else { secant };
            }
            self.settle(&mut found);
            if self.open == 0 {
                break;
            }
            for i in 0..TOGETHER {
                step[i] = self.residual[i] * self.fall[i];
                self.clothing[i] += step[i];
            }
        }
        found
    }

    /// Try the clothing of the open cells.
    #[inline(always)]
    fn attempt(&mut self, body: &impl Dweller) {
        for row in 0..self.open.div_ceil(ROW).min(TOGETHER / ROW) {
            let first = row * ROW;
            let mut sites = [[0.0; ROW]; NUMBERS];
            for (row, lanes) in sites.iter_mut().zip(&self.sites) {
                row.copy_from_slice(&lanes[first..first + ROW]);
            }
            let mut clothing = [0.0; ROW];
            clothing.copy_from_slice(&self.clothing[first..first + ROW]);
            let [skin, own_heat, residual] = states(body, &sites, &clothing);
            self.skin[first..first + ROW].copy_from_slice(&skin);
            self.own_heat[first..first + ROW].copy_from_slice(&own_heat);
            self.residual[first..first + ROW].copy_from_slice(&residual);
        }
    }

    /// Close cells whose balance is even.
    #[inline(always)]
    fn settle(&mut self, found: &mut [Lanes; 3]) {
        let mut i = 0;
        while i < self.open {
            if self.residual[i].abs() < EVEN {
                let cell = self.cell[i];
                found[0][cell] = self.skin[i];
                found[1][cell] = self.clothing[i];
                found[2][cell] = self.own_heat[i];
                self.open -= 1;
                let last = self.open;
                self.take(i, last);
                self.skin[i] = self.skin[last];
                self.own_heat[i] = self.own_heat[last];
            } else {
                i += 1;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In weather that people are out in, hardly a cell is left to be solved alone.
    #[test]
    fn usual_weather_is_solved_together() {
        let man = Body::default();
        hardly_any_alone(&Person::new(&man));
        hardly_any_alone(&Clothed::new(&man));
    }

    fn hardly_any_alone(body: &impl Dweller) {
        let rooms = Rooms::new(body);
        let (mut cells, mut missing) = (0, 0);
        for (ta, rh) in [(33.0, 40.0), (24.0, 60.0), (8.0, 85.0), (-9.0, 75.0)] {
            for wind in [0.1, 0.9, 3.0, 7.0] {
                let tmrt = std::array::from_fn(|i| ta - 10.0 + 0.4 * i as f64);
                let given = [[ta; TOGETHER], [rh; TOGETHER], [wind; TOGETHER], tmrt];
                let found = together(body, &rooms, &given, &[true; TOGETHER]);
                missing += found.iter().filter(|pet| pet.is_nan()).count();
                cells += TOGETHER;
            }
        }
        assert!(500 * missing < cells, "{missing} of {cells}");
    }
}
