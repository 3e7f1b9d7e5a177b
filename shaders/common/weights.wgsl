// Angular weights of sky views and the shaded share of walls (R 7.2, 7.3).
// Twin of rust/core/src/radiation/weights.rs.

const PI: f32 = 3.14159265358979;
const QUARTER: f32 = 1.57079632679490;

// Weight of a directional sky view factor in a side flux (R 7.2).
fn side_weight(x: f32) -> f32 {
    return x * (-0.4863 / 4.4897 + x * (16.773 / 4.4897 + x * (-70.424 / 4.4897
        + x * (156.91 / 4.4897 + x * (-161.51 / 4.4897 + x * (63.227 / 4.4897))))));
}

// Arc tangent of a number >= 0 (Cephes); the built-in one is allowed 4096 units in the last place.
fn atan_positive(x: f32) -> f32 {
    var t = x;
    var base = 0.0;
    if x > 2.4142136 {
        t = -1.0 / x;
        base = QUARTER;
    } else if x > 0.41421357 {
        t = (x - 1.0) / (x + 1.0);
        base = 0.5 * QUARTER;
    }
    let z = t * t;
    let p = ((8.053744e-2 * z - 1.3877685e-1) * z + 1.997771e-1) * z - 3.333295e-1;
    return base + (p * z * t + t);
}

// Cosine on [0, pi/2].
fn cos_quarter(x: f32) -> f32 {
    let far = x > 0.5 * QUARTER;
    let y = select(x, QUARTER - x, far);
    let z = y * y;
    let sine = y + y * z * (-1.6666666e-1 + z * (8.333333e-3
        + z * (-1.984127e-4 + z * 2.755732e-6)));
    let cosine = 1.0 + z * (-0.5 + z * (4.1666666e-2 + z * (-1.3888889e-3
        + z * (2.4801588e-5 - z * 2.755732e-7))));
    return select(cosine, sine, far);
}

// Shaded fraction of the walls around a cell (R 7.3) from the combined sky view; 0.5 where undefined.
fn shaded_fraction(combined: f32, inverse_tan_zenith: f32, exact: bool) -> f32 {
    // Sky views below this are rounding: the cell is closed.
    var open = combined;
    if open < 1.0e-7 {
        open = 0.0;
    }
    if open >= 1.0 {
        return 0.5;
    }
    // Far beyond this the fraction is 0.5 to the last bit.
    let q = min(2.0 * sqrt(open / (1.0 - open)) * inverse_tan_zenith, 1.0e6);
    if q <= 1.0 {
        return max(1.0 - q / PI, 0.5);
    }
    if exact {
        let root = sqrt(max(q * q - 1.0, 0.0));
        return max(1.0 - (atan_positive(root) + 1.0 / (q + root)) / PI, 0.5);
    }
    let t = 0.5 * sqrt(max(4.0 * q * q - 1.0, 0.0));
    let phi = atan_positive(t);
    let c = 1.0 / sqrt(1.0 + t * t);
    let s = t * c;
    let rest = c * (c / (1.0 + s) - 1.0 + phi) / (1.0 - c);
    return max(1.0 - (q * rest + 1.0 - rest) / PI, 0.5);
}
