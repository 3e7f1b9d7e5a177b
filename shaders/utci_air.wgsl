// UTCI of cells whose air is their own (R 10, R 15): a polynomial of degree six in what air temperature,
// wind, Tmrt - Ta and vapour pressure have more than a centre. Twin of rust/core/src/utci/cells.rs.

struct UtciAir {
    grid: Grid,
    // Planes of `out`, and the first of the air of cells in `dynamic`.
    tmrt: u32,
    utci: u32,
    air_plane: u32,
    // Inputs are brought to the ends of their range.
    clip: u32,
    // Air temperature [deg C], humidity [%] and wind [m/s] of the step, and wind as UTCI takes it for
    // each of the cells'.
    ta: f32,
    rh: f32,
    wind: f32,
    to_wind: f32,
    // Air temperature, wind, Tmrt - Ta and vapour pressure [kPa] that the polynomial is centred on.
    centre: vec4<f32>,
    // For cells in the air of the step: Tmrt its own polynomial is centred on, and its range.
    around: f32,
    most_wind: f32,
    range: vec2<f32>,
    low: vec4<f32>,
    high: vec4<f32>,
    // By powers of Tmrt - Ta, wind, vapour pressure, air temperature, the highest first.
    coefficients: array<vec4<f32>, 53>,
}

@group(0) @binding(0) var<uniform> step: UtciAir;
@group(0) @binding(1) var<storage, read> info: array<u32>;
@group(0) @binding(2) var<storage, read> dynamic: array<u32>;
@group(0) @binding(3) var<storage, read_write> out: array<f32>;

// Saturation vapour pressure over water [hPa]. Twin of rust/core/src/utci/vapour.rs.
fn saturated(celsius: f32) -> f32 {
    let t = celsius + 273.15;
    let far = -2836.5744 / (t * t) - 6028.076559 / t;
    let near = t * (-0.02737830188 + t * (1.6261698e-5 + t * (7.0229056e-10 - t * 1.8680009e-13)));
    return 0.01 * exp(far + (19.54263612 + near) + 2.7150305 * log(t));
}

// x: air temperature, wind, Tmrt - Ta, vapour pressure beyond the centre.
fn polynomial(x: vec4<f32>) -> f32 {
    var place = 0u;
    var all = 0.0;
    for (var r = 0u; r <= 6u; r++) {
        var by_wind = 0.0;
        for (var q = 0u; q <= r; q++) {
            var by_vapour = 0.0;
            for (var s = 0u; s <= q; s++) {
                var by_air = 0.0;
                for (var p = 0u; p <= s; p++) {
                    by_air = by_air * x.x + step.coefficients[place / 4u][place % 4u];
                    place++;
                }
                by_vapour = by_vapour * x.w + by_air;
            }
            by_wind = by_wind * x.y + by_vapour;
        }
        all = all * x.z + by_wind;
    }
    return all;
}

// In the air of the step: the same as shaders/utci.wgsl.
fn of_the_step(tmrt: f32) -> f32 {
    let x = select(tmrt, clamp(tmrt, step.range.x, step.range.y), step.clip != 0u) - step.around;
    let upper = step.high.x + x * (step.high.y + x * step.high.z);
    return step.low.x + x * (step.low.y + x * (step.low.z + x * (step.low.w + x * upper)));
}

@compute @workgroup_size(16, 4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= step.grid.cols || id.y >= step.grid.band_rows {
        return;
    }
    let cell = (id.y + step.grid.first_row) * step.grid.cols + id.x;
    let plane = step.grid.rows * step.grid.cols;
    if (info[cell] & COMPLETE) == 0u {
        out[step.utci * plane + cell] = -1.0;
        return;
    }
    let tmrt = out[step.tmrt * plane + cell];
    let at = step.air_plane * plane + cell;
    let warmer = bitcast<f32>(dynamic[at]);
    let damper = bitcast<f32>(dynamic[at + plane]);
    let windier = bitcast<f32>(dynamic[at + 2u * plane]);
    if warmer == 0.0 && damper == 0.0 && windier == 0.0 {
        out[step.utci * plane + cell] = of_the_step(tmrt);
        return;
    }
    let ta = step.ta + warmer;
    let most = saturated(ta);
    var air = ta;
    var wind = min(max(step.wind + step.to_wind * windier, 0.0), step.most_wind);
    var vapour = most * (step.rh + damper) / 1000.0;
    var excess = tmrt - ta;
    if step.clip != 0u {
        air = clamp(air, -50.0, 50.0);
        wind = clamp(wind, 0.5, 17.0);
        vapour = min(max(vapour, most * 5.0 / 1000.0), 5.0);
        excess = clamp(excess, -30.0, 70.0);
    }
    let beyond = vec4<f32>(air, wind, excess, vapour) - step.centre;
    out[step.utci * plane + cell] = air + polynomial(beyond);
}
