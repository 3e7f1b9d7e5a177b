// Ground view: what is seen of the ground and of sunlit walls in eighteen directions (G 7).
// Twin of rust/core/src/gvf/.

struct GroundView {
    grid: Grid,
    near: u32,
    far: u32,
    // What a sunlit wall gives: emission beyond that at air temperature, albedo.
    wall_emission: f32,
    wall_albedo: f32,
    // The third field, for the sums of the reference: 1 if asked for.
    pad0: u32,
    pad1: u32,
    pad2: u32,
    pad3: u32,
}

@group(0) @binding(0) var<uniform> view: GroundView;
// Two planes: emission, albedo times sunlit share.
@group(0) @binding(1) var<storage, read> emitted: array<f32>;
// Bit 31: a sunlit wall stands here; bit d: it faces direction d itself.
@group(0) @binding(2) var<storage, read> lit: array<u32>;
// First building per direction, four directions a word.
@group(0) @binding(3) var<storage, read> steps: array<u32>;
@group(0) @binding(4) var<storage, read> info: array<u32>;
// Row and column offset of step n of direction d at d * far + n.
@group(0) @binding(5) var<storage, read> offsets: array<vec2<i32>>;
// Five planes each: all directions, east, south, west, north.
@group(0) @binding(6) var<storage, read_write> lup: array<f32>;
@group(0) @binding(7) var<storage, read_write> alb: array<f32>;

const DIRECTIONS: u32 = 18u;

// Sectors of a direction (azimuths 5, 25, ... 345): bit 0 east, 1 south, 2 west, 3 north.
fn sectors(direction: u32) -> u32 {
    let east = direction < 9u;
    let south = direction >= 5u && direction < 14u;
    return select(4u, 1u, east) | select(8u, 2u, south);
}

// Mean over the steps, with seen walls as one more cell in the denominator (G 7.5).
fn with_walls(wall: vec2<f32>, sum: vec2<f32>, counted: f32, kept: f32, n: f32) -> vec2<f32> {
    if counted > 0.0 {
        return (wall * kept + sum) / (n + 1.0);
    }
    return sum / n;
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
    let here = vec2<f32>(emitted[cell], emitted[plane + cell]);
    let own_wall = lit[cell];
    let roof = select(1.0, 0.0, (info[cell] & OPEN_GROUND) != 0u);
    let wall = vec2<f32>(view.wall_emission, view.wall_albedo);
    let near_steps = f32(view.near);
    let far_steps = f32(view.far);

    var total = vec2<f32>(0.0);
    var east = vec2<f32>(0.0);
    var south = vec2<f32>(0.0);
    var west = vec2<f32>(0.0);
    var north = vec2<f32>(0.0);
    var word = 0u;
    for (var d = 0u; d < DIRECTIONS; d++) {
        if (d & 3u) == 0u {
            word = steps[(d >> 2u) * plane + cell];
        }
        let open = (word >> (8u * (d & 3u))) & 255u;
        var sum = vec2<f32>(0.0);
        var near_sum = vec2<f32>(0.0);
        var last = vec2<f32>(0.0);
        var last_wall = 0u;
        // Step at which a wall is first met; it keeps contributing for all further steps.
        var met = view.far;
        for (var n = 0u; n < open; n++) {
            if n == view.near {
                near_sum = sum;
            }
            let step = offsets[d * view.far + n];
            let r = row + step.x;
            let c = col + step.y;
            // Past the edge the last cell inside repeats (quirk Q27).
            if r >= 0 && c >= 0 && r < rows && c < cols {
                let at = u32(r * cols + c);
                last = vec2<f32>(emitted[at], emitted[plane + at]);
                last_wall = lit[at] >> 31u;
            }
            sum += last;
            if last_wall != 0u {
                met = min(met, n);
            }
        }
        if open <= view.near {
            near_sum = sum;
        }
        let walls_near = f32(max(view.near, met) - met);
        let walls_far = f32(view.far - met);
        // A cell's own sunlit wall is behind it when it faces the search direction: its far count
        // is dropped, its denominator not (quirk Q29).
        let own = ((own_wall >> d) & 1u) != 0u;
        let kept = select(walls_far, 0.0, own);
        let near = with_walls(wall, near_sum, walls_near, walls_near, near_steps);
        let far = with_walls(wall, sum, walls_far, kept, far_steps);
        let value = (0.5 * near + 0.4 * far) / 0.9 + here * roof;
        total += value;
        let sector = sectors(d);
        if (sector & 1u) != 0u {
            east += value;
        } else {
            west += value;
        }
        if (sector & 2u) != 0u {
            south += value;
        } else {
            north += value;
        }
    }
    total /= 18.0;
    east /= 9.0;
    south /= 9.0;
    west /= 9.0;
    north /= 9.0;
    lup[cell] = total.x;
    lup[plane + cell] = east.x;
    lup[2u * plane + cell] = south.x;
    lup[3u * plane + cell] = west.x;
    lup[4u * plane + cell] = north.x;
    alb[cell] = total.y;
    alb[plane + cell] = east.y;
    alb[2u * plane + cell] = south.y;
    alb[3u * plane + cell] = west.y;
    alb[4u * plane + cell] = north.y;
}
