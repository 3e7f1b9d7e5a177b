// First-hit ray marching, the twin of rust/core/src/march.rs. Uses the bindings `surface`,
// `vegetation` (canopy top, underside) and `rays` of the kernel it is put into.
//
// One correctly rounded subtraction and one comparison with a table value decide every hit, so the
// bits equal the CPU's.

const BUILDING_HIT: u32 = 1u;
const FOLIAGE_HIT: u32 = 2u;

// Follow the ray whose steps are rays[start .. start + count] from a cell.
fn march(ground: Ground, row: i32, col: i32, from_start: bool, start: u32, count: u32) -> u32 {
    let rows = i32(ground.rows);
    let cols = i32(ground.cols);
    let here = surface[u32(row * cols + col)];
    let above = ground.highest - here;
    let leafy = ground.has_vegetation != 0u;
    var foliage = from_start;
    for (var k = 1u; k < count; k++) {
        let step = rays[start + k];
        let before = bitcast<f32>(step.z);
        // Nothing is high enough any more.
        if above <= before {
            break;
        }
        let r = row + bitcast<i32>(step.x);
        let c = col + bitcast<i32>(step.y);
        if r < 0 || c < 0 || r >= rows || c >= cols {
            break;
        }
        let at = u32(r * cols + c);
        let height = bitcast<f32>(step.w);
        if surface[at] - here > height {
            return BUILDING_HIT | select(0u, FOLIAGE_HIT, foliage);
        }
        if leafy && !foliage {
            let crown = vegetation[at];
            foliage = crown.x - here > before && !(crown.y - here > height);
        }
    }
    return select(0u, FOLIAGE_HIT, foliage);
}
