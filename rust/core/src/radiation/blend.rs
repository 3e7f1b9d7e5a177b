//! Fluxes under the skies of the weather cells around a run of cells (R 15).
//!
//! All of them are linear in what a sky sends, so they are computed under one of four skies after the
//! other and blended.

use super::cells::{BLOCK, SIDES};
use super::sides;
use super::skies::Around;
use super::tables::StepTables;
use super::work::{BLENDED, Work};
use crate::fields::TERMS;

/// Fluxes of a block: `fluxes` computes those under one sky.
#[inline(always)]
pub fn fluxes(work: &mut Work, around: &Around<'_>, fluxes: impl Fn(&mut Work, &StepTables)) {
    // Computing the light that is reflected upwards takes the place of what it is made of.
    let albedo = work.kup;
    let [mut first, mut sum] = [[[0.0; BLOCK]; BLENDED + TERMS]; 2];
    for (corner, tables) in around.corners().into_iter().enumerate() {
        work.kup = albedo;
        fluxes(work, tables);
        let lanes = work.blended().into_iter().zip(&mut first).zip(&mut sum);
        for ((lane, first), sum) in lanes {
            around.add(corner, lane, first, sum);
        }
    }
    for (lane, sum) in work.blended().into_iter().zip(sum) {
        *lane = sum;
    }
}

/// Add what the patches in front of each side send it, as [`sides::add_patches`] does.
#[inline(always)]
pub fn add_patches(work: &mut Work, around: &Around<'_>) {
    let body = work.l;
    let [mut first, mut sum] = [[[0.0; BLOCK]; SIDES]; 2];
    for (corner, tables) in around.corners().into_iter().enumerate() {
        work.l = [[0.0; BLOCK]; SIDES];
        sides::add_patches(work, tables);
        for d in 0..SIDES {
            around.add(corner, &work.l[d], &mut first[d], &mut sum[d]);
        }
    }
    for d in 0..SIDES {
        for i in 0..BLOCK {
            work.l[d][i] = body[d][i] + sum[d][i];
        }
    }
}
