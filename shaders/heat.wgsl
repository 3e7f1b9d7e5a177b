// A heat index of a step (R 14): a polynomial of degree eight in one number of a cell, or the sum of
// two, made by the host. Twin of rust/core/src/heat/curve.rs.

struct Heat {
    grid: Grid,
    // Planes of `out`: what the polynomials are in, and the index.
    first: u32,
    second: u32,
    index: u32,
    // The second one is added.
    both: u32,
    // Two polynomials: centre, one over half the width, low and high end; coefficients of x^0 .. x^8.
    polynomials: array<vec4<f32>, 8>,
}

@group(0) @binding(0) var<uniform> step: Heat;
@group(0) @binding(1) var<storage, read> info: array<u32>;
@group(0) @binding(2) var<storage, read_write> out: array<f32>;

// Outside a polynomial: the host solves these cells.
const OUTSIDE: f32 = -9999.0;

fn holds(which: u32, at: f32) -> bool {
    let ends = step.polynomials[4u * which];
    return at >= ends.z && at <= ends.w;
}

fn polynomial(which: u32, at: f32) -> f32 {
    let where_ = step.polynomials[4u * which];
    let low = step.polynomials[4u * which + 1u];
    let high = step.polynomials[4u * which + 2u];
    let last = step.polynomials[4u * which + 3u];
    let x = (at - where_.x) * where_.y;
    let upper = high.x + x * (high.y + x * (high.z + x * (high.w + x * last.x)));
    return low.x + x * (low.y + x * (low.z + x * (low.w + x * upper)));
}

@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= step.grid.cols || id.y >= step.grid.band_rows {
        return;
    }
    let cell = (id.y + step.grid.first_row) * step.grid.cols + id.x;
    let plane = step.grid.rows * step.grid.cols;
    var value = -1.0;
    if (info[cell] & COMPLETE) != 0u {
        let first = out[step.first * plane + cell];
        let second = out[step.second * plane + cell];
        var inside = holds(0u, first);
        value = polynomial(0u, first);
        if step.both != 0u {
            inside = inside && holds(1u, second);
            value += polynomial(1u, second);
        }
        value = select(OUTSIDE, value, inside);
    }
    out[step.index * plane + cell] = value;
}
