//! Radiation the body absorbs and the mean radiant temperature (R 9).

use super::cells::BLOCK;
use super::tables::StepTables;
use super::work::Work;

/// Mean radiant temperature of a block.
#[inline(always)]
pub fn tmrt(work: &mut Work, tables: &StepTables) {
    let b = &tables.body;
    // A cylinder takes beam and patch sky around its side; a box takes all through its faces.
    let (around_k, around_l) = match (b.cylinder, tables.anisotropic) {
        (true, true) => (b.around, b.around),
        (true, false) => (b.around, 0.0),
        (false, _) => (0.0, 0.0),
    };
    for i in 0..BLOCK {
        let beam = if tables.anisotropic {
            work.kside[i]
        } else {
            work.kside_i[i]
        };
        let sides_k = work.k[0][i] + work.k[1][i] + work.k[2][i] + work.k[3][i];
        let sides_l = work.l[0][i] + work.l[1][i] + work.l[2][i] + work.l[3][i];
        let short = beam * around_k + (work.kdown[i] + work.kup[0][i]) * b.up + sides_k * b.side;
        let long =
            work.lside[i] * around_l + (work.ldown[i] + work.lup[0][i]) * b.up + sides_l * b.side;
        let absorbed = b.abs_k * short + b.abs_l * long;
        work.tmrt[i] = (absorbed * b.inverse_emission).sqrt().sqrt() - b.kelvin;
    }
}
