// What a cell sees in each patch of the sky (R 8.1). Uses the bindings `building_mask`,
// `canopy_mask` and `behind_mask`.

struct Classes {
    sky: u32,
    building: u32,
    // Open but for foliage: the sky shines through.
    behind_foliage: u32,
}

fn classes(at: u32, vegetation: bool) -> Classes {
    let open = building_mask[at];
    var canopy = 0xffffffffu;
    var behind = 0xffffffffu;
    if vegetation {
        canopy = canopy_mask[at];
        behind = behind_mask[at];
    }
    let no_foliage = canopy & behind;
    return Classes(open & no_foliage, ~open & no_foliage, open & ~canopy);
}

fn bit(word: u32, i: u32) -> f32 {
    return f32((word >> i) & 1u);
}
