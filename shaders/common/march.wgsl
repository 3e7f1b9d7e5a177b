// First-hit ray marching, the twin of rust/core/src/march. Uses the bindings `surface`,
// `vegetation` (canopy top, underside), `info` and `rays` of the kernel it is put into.
//
// One correctly rounded subtraction and one comparison with a table value decide every hit, so the
// bits equal the CPU's.

const BUILDING_HIT: u32 = 1u;
const FOLIAGE_HIT: u32 = 2u;
// Above them, of a ray that meets foliage and no building: the lowest transmissivity among the
// canopies it crosses, where they have their own (G 3.4).
const HIT_THROUGH: u32 = 2u;

// Follow the ray whose steps are rays[start .. start + count] from a cell.
fn march(ground: Ground, row: i32, col: i32, from_start: bool, start: u32, count: u32) -> u32 {
    let rows = i32(ground.rows);
    let cols = i32(ground.cols);
    let here = surface[u32(row * cols + col)];
    let above = ground.highest - here;
    let leafy = ground.has_vegetation != 0u;
    let own = ground.has_vegetation == OWN_CANOPIES;
    var foliage = from_start;
    var through = UNITS;
    if own && from_start {
        through = info[u32(row * cols + col)] >> THROUGH_SHIFT;
    }
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
        if leafy && (own || !foliage) {
            let crown = vegetation[at];
            if crown.x - here > before && !(crown.y - here > height) {
                foliage = true;
                if own {
                    through = min(through, info[at] >> THROUGH_SHIFT);
                }
            }
        }
    }
    return select(0u, FOLIAGE_HIT, foliage) | (through << HIT_THROUGH);
}
