//! The attribution of the cells of a block.

use super::anisotropic::CellMasks;
use super::cells::{BLOCK, Lane};
use super::terms::{AttributionTables, Term, WEIGHTS};
use crate::fields::TERMS;
use crate::patches::PatchMasks;

/// The attribution of a block.
#[derive(Clone, Debug)]
pub struct Attribution {
    /// Weights of the patches with foliage.
    pub foliage: [Lane; WEIGHTS],
    /// The terms [K].
    pub terms: [Lane; TERMS],
}

impl Default for Attribution {
    fn default() -> Self {
        Self {
            foliage: [[0.0; BLOCK]; WEIGHTS],
            terms: [[0.0; BLOCK]; TERMS],
        }
    }
}

impl Attribution {
    /// A term [K].
    #[inline(always)]
    #[must_use]
    pub fn of(&self, term: Term) -> &Lane {
        &self.terms[term as usize]
    }

    /// Sum the weights of foliage of the first `n` cells.
    #[inline(always)]
    pub fn load(&mut self, tables: &AttributionTables, masks: &PatchMasks<'_>, n: usize) {
        let Some(table) = &tables.foliage else {
            return;
        };
        for i in 0..n {
            let cell = CellMasks::of(masks, i);
            let mut sums = [0.0; WEIGHTS];
            for index in 0..cell.words() {
                table.add_sparse_word(index, cell.foliage(index), &mut sums);
            }
            for (lane, sum) in self.foliage.iter_mut().zip(sums) {
                lane[i] = sum;
            }
        }
    }
}
