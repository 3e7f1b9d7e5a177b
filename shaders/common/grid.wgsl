// The part of a grid one dispatch works on; first member of every kernel's uniform block.
struct Grid {
    rows: u32,
    cols: u32,
    first_row: u32,
    band_rows: u32,
}

// The raster that rays are followed in.
struct Ground {
    rows: u32,
    cols: u32,
    // Highest thing above the datum [m].
    highest: f32,
    // 1 with vegetation, 2 if its canopies have their own transmissivity.
    has_vegetation: u32,
}

// Below every height, finite so that no arithmetic yields NaN.
const NOTHING: f32 = -1.0e30;

// Bits of a cell's description.
const VALID: u32 = 1u;
const FROM_START: u32 = 2u;
const TRUNK_ABSENT: u32 = 4u;
const OPEN_GROUND: u32 = 8u;
const COMPLETE: u32 = 16u;
const COUNTED: u32 = 65536u;
const CODE_SHIFT: u32 = 8u;
// Transmissivity of the canopy over a cell in leaf, in units of which a whole has so many.
const THROUGH_SHIFT: u32 = 17u;
const UNITS: u32 = 10000u;

const OWN_CANOPIES: u32 = 2u;

// UTCI of a cell outside the published range that is to have none.
const NO_UTCI: f32 = -9999.0;

// Bits of a cell's shadow flags: what does not shade it.
const SH: u32 = 1u;
const VEGSH: u32 = 2u;
const VBSHVEGSH: u32 = 4u;
const LIT: u32 = 7u;
// The light of a cell (states of `Light` in rust/core/src/radiation/light.rs), and above it the flags
// of the sun that was cast last.
const STATE: u32 = 255u;
const FLAGS_SHIFT: u32 = 8u;

// Bit of a wall that the ground view sees and sun 0 lights; those of further suns are below.
const STANDS: u32 = 0x80000000u;
const MOST_SUNS: u32 = 5u;
