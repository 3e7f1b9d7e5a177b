// Ground view: what is seen of the ground and of sunlit walls in eighteen directions (G 7), summed
// in whole numbers and weighed after the last direction of a quadrant (G 7.9).
// Twin of rust/core/src/gvf/.

// Weights of a field; twin of `Shares` in rust/core/src/gvf/shares.rs. Of the near and of the far
// ground: a unit seen where no lit wall is met, one where a wall is, a step that sees the wall.
struct Shares {
    free: vec2<f32>,
    met: vec2<f32>,
    wall: vec2<f32>,
    // A unit sent by the cell itself.
    own: f32,
    pad: f32,
}

struct GroundView {
    grid: Grid,
    near: u32,
    far: u32,
    // What is seen is summed up over the suns of the step.
    suns: u32,
    // 1 where lit walls do not send the same to all.
    warmth: u32,
    // Of the emission and of the albedo.
    lup: Shares,
    alb: Shares,
}

@group(0) @binding(0) var<uniform> view: GroundView;
// Emission, albedo times sunlit share; then what lit walls send, for each of what the uniform says of
// the emission (f32).
@group(0) @binding(1) var<storage, read> emitted: array<i32>;
// Bit 31 - i: a wall stands here that sun i lights; bit d: it faces direction d itself.
@group(0) @binding(2) var<storage, read> lit: array<u32>;
// First building per direction, four directions a word.
@group(0) @binding(3) var<storage, read> steps: array<u32>;
@group(0) @binding(4) var<storage, read> info: array<u32>;
// Row and column offset of step n of direction d at d * far + n.
@group(0) @binding(5) var<storage, read> offsets: array<vec2<i32>>;
// Five planes each: all directions, east, south, west, north.
@group(0) @binding(6) var<storage, read_write> lup: array<f32>;
@group(0) @binding(7) var<storage, read_write> alb: array<f32>;

// Where the directions of the quadrants NE, SE, SW, NW end (azimuths 5, 25, ... 345).
fn end_of(quadrant: u32) -> u32 {
    return 5u * (quadrant + 1u) - (quadrant + 1u) / 2u;
}

// What a quadrant contributes to the mean of a side; twin of `Shares::quadrant`.
fn quadrant(shares: Shares, seen: vec2<i32>, met: vec2<i32>, walls: vec2<f32>) -> f32 {
    let parts = shares.free * vec2<f32>(seen - met)
        + shares.met * vec2<f32>(met)
        + shares.wall * walls;
    return parts.x + parts.y;
}

@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= view.grid.cols || id.y >= view.grid.band_rows {
        return;
    }
    let rows = i32(view.grid.rows);
    let cols = i32(view.grid.cols);
    let row = i32(id.y + view.grid.first_row);
    let col = i32(id.x);
    let plane = view.grid.rows * view.grid.cols;
    let cell = u32(row * cols + col);
    if (info[cell] & OPEN_GROUND) == 0u {
        // A roof sees itself.
        let roof = vec2<f32>(vec2<i32>(emitted[cell], emitted[plane + cell]))
            * vec2<f32>(view.lup.own, view.alb.own);
        for (var k = 0u; k < 5u; k++) {
            lup[k * plane + cell] = roof.x;
            alb[k * plane + cell] = roof.y;
        }
        return;
    }
    let own_wall = lit[cell];
    let near_steps = i32(view.near);
    let far_steps = i32(view.far);
    var warmth = 1.0;
    if view.warmth != 0u {
        warmth = bitcast<f32>(emitted[2u * plane + cell]);
    }

    var east = vec2<f32>(0.0);
    var south = vec2<f32>(0.0);
    var west = vec2<f32>(0.0);
    var north = vec2<f32>(0.0);
    var word = 0u;
    var d = 0u;
    for (var q = 0u; q < 4u; q++) {
        // Near and far; emission and albedo in the lanes.
        var seen_near = vec2<i32>(0);
        var seen_far = vec2<i32>(0);
        var met_near = vec2<i32>(0);
        var met_far = vec2<i32>(0);
        var walls = vec2<i32>(0);
        let end = end_of(q);
        for (; d < end; d++) {
            if (d & 3u) == 0u {
                word = steps[(d >> 2u) * plane + cell];
            }
            let open = i32((word >> (8u * (d & 3u))) & 255u);
            var sum = vec2<i32>(0);
            var near_sum = vec2<i32>(0);
            var last = vec2<i32>(0);
            // A bit for every sun that lights a wall, and those of walls met before.
            var last_wall = 0u;
            var found = 0u;
            // Step at which a wall is first met; it keeps contributing for all further steps.
            var met = array<i32, MOST_SUNS>();
            for (var n = 0; n < open; n++) {
                if n == near_steps {
                    near_sum = sum;
                }
                let step = offsets[i32(d) * far_steps + n];
                let r = row + step.x;
                let c = col + step.y;
                // Past the edge the last cell inside repeats (quirk Q27).
                if r >= 0 && c >= 0 && r < rows && c < cols {
                    let at = u32(r * cols + c);
                    last = vec2<i32>(emitted[at], emitted[plane + at]);
                    last_wall = lit[at] >> (32u - MOST_SUNS);
                }
                sum += last;
                let fresh = last_wall & ~found;
                if fresh != 0u {
                    found |= fresh;
                    for (var sun = 0u; sun < view.suns; sun++) {
                        if ((fresh >> (MOST_SUNS - 1u - sun)) & 1u) != 0u {
                            met[sun] = n;
                        }
                    }
                }
            }
            if open <= near_steps {
                near_sum = sum;
            }
            seen_near += near_sum;
            seen_far += sum;
            for (var sun = 0u; sun < view.suns && found != 0u; sun++) {
                if ((found >> (MOST_SUNS - 1u - sun)) & 1u) == 0u {
                    continue;
                }
                let first = met[sun];
                if first < near_steps {
                    met_near += near_sum;
                    walls.x += near_steps - first;
                }
                met_far += sum;
                // A cell's own sunlit wall is behind it when it faces the search direction: its far
                // count is dropped, its denominator not (quirk Q29).
                let stands = (own_wall >> (31u - sun)) & 1u;
                let behind = ((own_wall >> d) & stands) != 0u;
                walls.y += select(far_steps - first, 0, behind);
            }
        }
        seen_near *= i32(view.suns);
        seen_far *= i32(view.suns);
        let lit_steps = vec2<f32>(walls);
        let value = vec2<f32>(
            quadrant(
                view.lup,
                vec2<i32>(seen_near.x, seen_far.x),
                vec2<i32>(met_near.x, met_far.x),
                warmth * lit_steps,
            ),
            quadrant(
                view.alb,
                vec2<i32>(seen_near.y, seen_far.y),
                vec2<i32>(met_near.y, met_far.y),
                lit_steps,
            ),
        );
        if q < 2u {
            east += value;
        } else {
            west += value;
        }
        if q == 1u || q == 2u {
            south += value;
        } else {
            north += value;
        }
    }
    let whole = 0.5 * (east + west);
    lup[cell] = whole.x;
    lup[plane + cell] = east.x;
    lup[2u * plane + cell] = south.x;
    lup[3u * plane + cell] = west.x;
    lup[4u * plane + cell] = north.x;
    alb[cell] = whole.y;
    alb[plane + cell] = east.y;
    alb[2u * plane + cell] = south.y;
    alb[3u * plane + cell] = west.y;
    alb[4u * plane + cell] = north.y;
}
