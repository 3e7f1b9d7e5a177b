//! The view factor fields: how many there are, their order and their names.

/// Number of view factor fields: three families by five directions.
pub const FIELDS: usize = 15;
/// Where the mean transmissivity of the canopies seen follows them, if canopies have their own.
pub const CANOPY_FIELD: usize = FIELDS;
/// Families of view factors in field order.
pub const FAMILIES: [&str; 3] = ["svf", "svf_veg", "svf_aveg"];
/// Directions in field order; the first is the whole hemisphere.
pub const DIRECTIONS: [&str; 5] = ["", "_east", "_south", "_west", "_north"];

/// Name of a field, such as `svf_veg_east`; that of [`CANOPY_FIELD`] is `canopy_transmissivity`.
#[must_use]
pub fn field_name(index: usize) -> String {
    if index == CANOPY_FIELD {
        return "canopy_transmissivity".to_owned();
    }
    format!("{}{}", FAMILIES[index / 5], DIRECTIONS[index % 5])
}

/// Borrowed view factor fields: index = family · 5 + direction.
#[derive(Clone, Copy, Debug)]
pub struct SvfFields<'a> {
    /// The fields, each of the grid's length.
    pub fields: [&'a [f32]; FIELDS],
}
