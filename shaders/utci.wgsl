// UTCI of a step (R 10): a polynomial of degree six in Tmrt. Twin of rust/core/src/utci/mod.rs.

struct Utci {
    grid: Grid,
    // Planes of `out`.
    tmrt: u32,
    utci: u32,
    // Tmrt the polynomial is centred on [deg C].
    centre: f32,
    // Outside the range: 0 taken as given, 1 brought to its end, 2 no UTCI.
    rule: u32,
    // Lowest and highest Tmrt of the range [deg C].
    range: vec2<f32>,
    pad0: u32,
    pad1: u32,
    // Coefficients of x^0 .. x^6.
    low: vec4<f32>,
    high: vec4<f32>,
}

@group(0) @binding(0) var<uniform> step: Utci;
@group(0) @binding(1) var<storage, read> info: array<u32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= step.grid.cols || id.y >= step.grid.band_rows {
        return;
    }
    let cell = (id.y + step.grid.first_row) * step.grid.cols + id.x;
    let plane = step.grid.rows * step.grid.cols;
    var value = -1.0;
    if (info[cell] & COMPLETE) != 0u {
        let tmrt = out[step.tmrt * plane + cell];
        let inside = clamp(tmrt, step.range.x, step.range.y);
        let x = select(tmrt, inside, step.rule == 1u) - step.centre;
        let upper = step.high.x + x * (step.high.y + x * step.high.z);
        value = step.low.x + x * (step.low.y + x * (step.low.z + x * (step.low.w + x * upper)));
        if step.rule == 2u && tmrt != inside {
            value = NO_UTCI;
        }
    }
    out[step.utci * plane + cell] = value;
}
