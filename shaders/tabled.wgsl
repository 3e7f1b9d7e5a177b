// An index of a step that depends on Tmrt alone, such as PET (R 11): a table, made by the host. Twin
// of rust/core/src/tabled.rs.

struct Tabled {
    grid: Grid,
    // Planes of `out`.
    tmrt: u32,
    index: u32,
    // Cells of the table, their width and the lower end of the first [deg C].
    cells: u32,
    width: f32,
    low: f32,
    pad0: u32,
    pad1: u32,
    pad2: u32,
}

@group(0) @binding(0) var<uniform> step: Tabled;
@group(0) @binding(1) var<storage, read> info: array<u32>;
// First piece of every cell of the table, and the number of pieces at the end.
@group(0) @binding(2) var<storage, read> first: array<u32>;
// Two entries a piece: its lower end and one over its width; its cubic in Newton form.
@group(0) @binding(3) var<storage, read> pieces: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read_write> out: array<f32>;

// Outside the table: the host solves these cells.
const OUTSIDE: f32 = -9999.0;

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
        let position = (tmrt - step.low) / step.width;
        value = OUTSIDE;
        if position >= 0.0 && position < f32(step.cells) {
            let at = u32(position);
            var piece = first[at];
            let end = first[at + 1u];
            while piece + 1u < end && pieces[2u * (piece + 1u)].x <= tmrt {
                piece++;
            }
            let where_ = pieces[2u * piece];
            let c = pieces[2u * piece + 1u];
            let u = (tmrt - where_.x) * where_.y;
            value = c.x + u * (c.y + (u - 0.25) * (c.z + (u - 0.75) * c.w));
        }
    }
    out[step.index * plane + cell] = value;
}
