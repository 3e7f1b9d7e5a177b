// The five view factors of one family from its patch bits (G 5.2, 5.3).
// Twin of rust/core/src/svf/weights.rs.
//
// Weights are whole multiples of 2^-31, so the sums are exact, and equal to the CPU's in every bit.

struct Reduce {
    grid: Grid,
    raster_cols: u32,
    row0: u32,
    col0: u32,
    words: u32,
    terms: u32,
    // Added to the directions of a cell, and only where it has no trunk zone if `needs_absent`.
    needs_absent: u32,
    pad0: u32,
    pad1: u32,
    constant: vec4<u32>,
}

struct Term {
    word: u32,
    all: u32,
    east: u32,
    south: u32,
    // Counts in all sectors alike.
    whole: u32,
    weight: u32,
    weight_east: u32,
    weight_south: u32,
    weight_west: u32,
    weight_north: u32,
    pad0: u32,
    pad1: u32,
}

@group(0) @binding(0) var<uniform> reduce: Reduce;
@group(0) @binding(1) var<storage, read> terms: array<Term>;
@group(0) @binding(2) var<storage, read> info: array<u32>;
@group(0) @binding(3) var<storage, read> mask: array<u32>;
// Five planes of the window: whole sky, east, south, west, north; -1 where there is no data.
@group(0) @binding(4) var<storage, read_write> svf: array<f32>;

const ONE: u32 = 1u << 31u;

// Rounded to the nearest number of 24 bits, halves to even, by hand: what a conversion does with a
// number it cannot hold is left to the device.
fn factor(sum: u32) -> f32 {
    var whole = min(sum, ONE);
    let top = firstLeadingBit(whole | 1u);
    if top > 23u {
        let excess = top - 23u;
        let half = (1u << (excess - 1u)) - 1u + ((whole >> excess) & 1u);
        whole = ((whole + half) >> excess) << excess;
    }
    return f32(whole) * (1.0 / 2147483648.0);
}

@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= reduce.grid.cols || id.y >= reduce.grid.band_rows {
        return;
    }
    let row = id.y + reduce.grid.first_row;
    let cell = row * reduce.grid.cols + id.x;
    let plane = reduce.grid.rows * reduce.grid.cols;
    let about = info[(row + reduce.row0) * reduce.raster_cols + id.x + reduce.col0];
    if (about & VALID) == 0u {
        for (var d = 0u; d < 5u; d++) {
            svf[d * plane + cell] = -1.0;
        }
        return;
    }
    var whole = 0u;
    var sides = vec4<u32>(0u);
    for (var t = 0u; t < reduce.terms; t++) {
        let term = terms[t];
        let bits = mask[cell * reduce.words + term.word];
        let all = countOneBits(bits & term.all);
        let east = countOneBits(bits & term.east);
        let south = countOneBits(bits & term.south);
        var counts = vec4<u32>(east, south, all - east, all - south);
        if term.whole != 0u {
            counts = vec4<u32>(all);
        }
        whole += all * term.weight;
        sides += counts * vec4<u32>(
            term.weight_east,
            term.weight_south,
            term.weight_west,
            term.weight_north,
        );
    }
    if reduce.needs_absent == 0u || (about & TRUNK_ABSENT) != 0u {
        sides += reduce.constant;
    }
    svf[cell] = factor(whole);
    svf[plane + cell] = factor(sides.x);
    svf[2u * plane + cell] = factor(sides.y);
    svf[3u * plane + cell] = factor(sides.z);
    svf[4u * plane + cell] = factor(sides.w);
}
