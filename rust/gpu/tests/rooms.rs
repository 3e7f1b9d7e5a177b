//! Between the rooms of a crate imports go one way. All crates are read here: a test in the
//! extension would link it once more.

mod house;

use house::House;
use std::path::Path;

/// The core from the ground up.
const CORE: [&str; 33] = [
    "constants",
    "simd",
    "stage",
    "fields",
    "weather",
    "weather_cells",
    "air",
    "grid",
    "rays",
    "terrain",
    "march",
    "walls",
    "buildings",
    "shadow",
    "patches",
    "svf",
    "gvf",
    "ground",
    "tabled",
    "pet",
    "utci",
    "heat",
    "params",
    "season",
    "sky",
    "emission",
    "delay",
    "stats",
    "radiation",
    "carried",
    "timestep",
    "period",
    "facades",
];

/// The GPU engine from the ground up.
const GPU: [&str; 8] = [
    "shaders",
    "device",
    "job",
    "resident",
    "stages",
    "layouts",
    "selftest",
    "accelerator",
];

/// The extension from the ground up.
const EXTENSION: [&str; 19] = [
    "door",
    "arguments",
    "weather",
    "air",
    "files",
    "comfort",
    "heat",
    "geometry",
    "sky",
    "params",
    "gpu",
    "engine",
    "ground_view",
    "scene",
    "fixed",
    "run",
    "period",
    "model",
    "facades",
];

fn check(source: &str, order: &[&str]) {
    let house = House::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join(source));
    let imports = house.imports();
    // A reader that sees nothing finds no fault either.
    let number: usize = imports.values().map(|ends| ends.len()).sum();
    assert!(number > imports.len(), "{source}: {number} imports");
    let faults = house.faults(order);
    assert!(faults.is_empty(), "{source}:\n{}", faults.join("\n"));
}

#[test]
fn the_core_imports_downwards() {
    check("../core/src", &CORE);
}

#[test]
fn the_gpu_engine_imports_downwards() {
    check("src", &GPU);
}

#[test]
fn the_extension_imports_downwards() {
    check("../src", &EXTENSION);
}

/// A house of named sources.
fn house(sources: &[(&str, &str)]) -> House {
    let mut house = House::default();
    for (name, text) in sources {
        let module: Vec<String> = name.split("::").map(str::to_owned).collect();
        house.add_file(if *name == "lib" { &[] } else { &module }, text);
    }
    house
}

fn faults(upper: &str) -> Vec<String> {
    house(&[
        ("lib", "pub mod lower; pub mod upper; pub struct Face;"),
        ("lower", upper),
        (
            "upper",
            "pub mod inner; pub use inner::Deep as Handed; pub struct Thing;",
        ),
        ("upper::inner", "pub struct Deep;"),
    ])
    .faults(&["lower", "upper"])
}

#[test]
fn an_import_upwards_is_found_however_it_is_written() {
    let to_upper = ["lower imports from upper"];
    let to_inner = ["lower imports from upper::inner"];
    assert_eq!(faults("use crate::upper::Thing;"), to_upper);
    assert_eq!(faults("pub(crate) use crate::{upper::{self}};"), to_upper);
    assert_eq!(faults("use super::upper::*;"), to_upper);
    assert_eq!(faults("fn f() { let _ = crate::upper::Thing; }"), to_upper);
    assert_eq!(
        faults("mod m { fn f(_: super::super::upper::Thing) {} }"),
        to_upper
    );
    assert_eq!(faults("m! { a => [$crate::upper::Thing] }"), to_upper);
    assert_eq!(faults("use crate::upper::{inner::Deep as D, };"), to_inner);
    assert_eq!(faults("use crate::upper::Handed;"), to_inner);
    let by_name = "use crate::upper as up; fn f() { up::inner::Deep; }";
    assert_eq!(faults(by_name), [to_upper, to_inner].concat());
    assert_eq!(faults("use crate::Face;"), ["lower imports from lib"]);
}

#[test]
fn what_is_no_import_is_none() {
    for text in [
        "//! See [`crate::upper`].\n// crate::upper::Thing\nconst A: &str = \"crate::upper::Thing\";",
        "#[cfg(test)] mod tests { use crate::upper::Thing; }",
        "use std::upper::Thing; fn f() { upper::Thing; }",
        "mod upper { pub struct Thing; } fn f() { self::upper::Thing; upper::Thing; }",
    ] {
        assert_eq!(faults(text), [""; 0], "{text}");
    }
}

#[test]
fn rings_and_strangers_are_found() {
    let house = house(&[
        ("lib", ""),
        ("room::a", "use super::b::B;"),
        ("room::b", "use crate::room::c::C;"),
        ("room::c", "fn f() { super::a::A }"),
        ("room", "pub mod a; pub use a::A;"),
        ("stranger", ""),
    ]);
    assert_eq!(
        house.faults(&["room", "absent"]),
        [
            "a ring: room::a, room::b, room::c",
            "stranger has no place in the order",
            "there is no room absent"
        ]
    );
}
