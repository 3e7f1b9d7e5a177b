// In the place of shaders/attribution.wgsl where Tmrt is not to be explained: nothing.

fn explain(
    tmrt: f32,
    k: Shortwave,
    l: Longwave,
    seen: Views,
    sums: PatchSums,
    ground: Surface,
    cell: u32,
    plane: u32,
    air: OwnAir,
) {}
