// The weather cells around a cell, and what each counts (R 15).
// Twin of rust/core/src/weather_cells.rs.

// Numbers of a sky.
const SKY_WORDS: u32 = 24u;

struct WeatherGrid {
    // Word of `dynamic` where the numbers of the skies begin; 0 where there is one sky.
    first: u32,
    rows: u32,
    cols: u32,
    // Where the patches of the skies begin in the table of these.
    light: u32,
    // Row and column of the first weather cell's centre, and weather cells in one of the raster.
    origin: vec2<f32>,
    scale: vec2<f32>,
}

struct Around {
    corners: vec4<u32>,
    // What the last three of these count.
    shares: vec3<f32>,
}

fn around(cells: WeatherGrid, row: u32, col: u32) -> Around {
    let last = vec2<f32>(f32(cells.rows - 1u), f32(cells.cols - 1u));
    let at = (vec2<f32>(f32(row), f32(col)) - cells.origin) * cells.scale;
    let place = clamp(at, vec2<f32>(0.0), last);
    let before = min(floor(place), max(last - 1.0, vec2<f32>(0.0)));
    let share = place - before;
    let r = u32(before.x);
    let c = u32(before.y);
    let below = min(r + 1u, cells.rows - 1u) * cells.cols;
    let right = min(c + 1u, cells.cols - 1u);
    let here = r * cells.cols;
    return Around(
        vec4<u32>(here + c, here + right, below + c, below + right),
        vec3<f32>(share.y * (1.0 - share.x), (1.0 - share.y) * share.x, share.y * share.x),
    );
}

// The value of the first of four, and of the others what they have more.
fn blend4(a: vec4<f32>, b: vec4<f32>, c: vec4<f32>, d: vec4<f32>, shares: vec3<f32>) -> vec4<f32> {
    return a + shares.x * (b - a) + shares.y * (c - a) + shares.z * (d - a);
}
