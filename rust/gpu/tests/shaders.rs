//! Every shader: found, valid, translated for every backend, and as the Rust side believes it to be.

use naga::back::{hlsl, msl, spv};
use naga::valid::{Capabilities, ModuleInfo, ValidationFlags, Validator};
use solweig_gpu::layouts;
use solweig_gpu::shaders::kernels::{Binding, Kernel};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn shaders() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shaders")
}

fn stems(folder: &Path) -> BTreeSet<String> {
    fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "wgsl"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect()
}

fn parse(kernel: Kernel) -> (naga::Module, ModuleInfo) {
    let module = naga::front::wgsl::parse_str(kernel.source())
        .unwrap_or_else(|e| panic!("{}: {}", kernel.name(), e.emit_to_string(kernel.source())));
    let info = Validator::new(ValidationFlags::all(), Capabilities::empty())
        .validate(&module)
        .unwrap_or_else(|e| panic!("{}: {e:?}", kernel.name()));
    (module, info)
}

#[test]
fn every_file_is_a_kernel_and_every_kernel_a_file() {
    let kernels: BTreeSet<String> = Kernel::ALL.iter().map(|k| k.name().to_owned()).collect();
    assert_eq!(stems(&shaders()), kernels);
    assert!(kernels.len() >= 14, "{kernels:?}");
}

#[test]
fn common_parts_hold_no_bindings_and_no_entry_points() {
    let common = shaders().join("common");
    let stems = stems(&common);
    assert!(!stems.is_empty());
    for stem in stems {
        let text = fs::read_to_string(common.join(format!("{stem}.wgsl"))).unwrap();
        for word in ["@group", "@binding", "@compute", "fn main"] {
            assert!(!text.contains(word), "{stem}: {word}");
        }
    }
}

#[test]
fn every_kernel_is_valid_and_translated() {
    for &kernel in Kernel::ALL {
        let (module, info) = parse(kernel);
        let options = msl::Options {
            fake_missing_bindings: true,
            ..msl::Options::default()
        };
        let (metal, _) =
            msl::write_string(&module, &info, &options, &msl::PipelineOptions::default())
                .unwrap_or_else(|e| panic!("{} to MSL: {e}", kernel.name()));
        assert!(metal.contains("kernel void"), "{}", kernel.name());
        let mut text = String::new();
        let options = hlsl::Options {
            fake_missing_bindings: true,
            ..hlsl::Options::default()
        };
        let pipeline = hlsl::PipelineOptions::default();
        hlsl::Writer::new(&mut text, &options, &pipeline)
            .write(&module, &info, None)
            .unwrap_or_else(|e| panic!("{} to HLSL: {e}", kernel.name()));
        assert!(text.contains("numthreads"), "{}", kernel.name());
        let words = spv::write_vec(&module, &info, &spv::Options::default(), None)
            .unwrap_or_else(|e| panic!("{} to SPIR-V: {e}", kernel.name()));
        assert_eq!(words[0], 0x0723_0203, "{}", kernel.name());
    }
}

fn kind_of(kernel: Kernel, space: naga::AddressSpace) -> Binding {
    match space {
        naga::AddressSpace::Uniform => Binding::Uniform,
        naga::AddressSpace::Storage { access } => {
            if access.contains(naga::StorageAccess::STORE) {
                Binding::ReadWrite
            } else {
                Binding::Read
            }
        }
        other => panic!("{}: {other:?}", kernel.name()),
    }
}

#[test]
fn workgroups_and_bindings_are_read_right() {
    for &kernel in Kernel::ALL {
        let (module, _) = parse(kernel);
        assert_eq!(module.entry_points.len(), 1, "{}", kernel.name());
        let entry = &module.entry_points[0];
        assert_eq!(entry.name, "main");
        let (cols, rows) = kernel.workgroup();
        assert_eq!(entry.workgroup_size, [cols, rows, 1], "{}", kernel.name());
        assert!(cols * rows <= 256, "{}", kernel.name());
        let mut bound = Vec::new();
        for (_, variable) in module.global_variables.iter() {
            if let Some(binding) = &variable.binding {
                assert_eq!(binding.group, 0);
                bound.push((binding.binding, kind_of(kernel, variable.space)));
            }
        }
        bound.sort_by_key(|(number, _)| *number);
        let kinds: Vec<Binding> = bound.into_iter().map(|(_, kind)| kind).collect();
        assert_eq!(kinds, kernel.bindings(), "{}", kernel.name());
        let storage = kinds.iter().filter(|k| **k != Binding::Uniform).count();
        assert!(storage <= 8, "{}: {storage} storage buffers", kernel.name());
    }
}

fn without_padding<'a>(members: impl Iterator<Item = (&'a str, usize)>) -> Vec<(&'a str, usize)> {
    members
        .filter(|(name, _)| !name.starts_with("pad"))
        .collect()
}

#[test]
fn uniform_blocks_have_the_same_layout_on_both_sides() {
    let blocks = layouts::all();
    for &kernel in Kernel::ALL {
        let layout = blocks
            .iter()
            .find(|l| l.kernels.contains(&kernel))
            .unwrap_or_else(|| panic!("{} has no uniform block", kernel.name()));
        let (module, _) = parse(kernel);
        let (_, variable) = module
            .global_variables
            .iter()
            .find(|(_, v)| v.space == naga::AddressSpace::Uniform)
            .unwrap();
        let naga::TypeInner::Struct { members, span } = &module.types[variable.ty].inner else {
            panic!("{}: the uniform is no struct", kernel.name());
        };
        let theirs = without_padding(
            members
                .iter()
                .map(|m| (m.name.as_deref().unwrap(), m.offset as usize)),
        );
        let ours = without_padding(layout.members.iter().copied());
        assert_eq!(ours, theirs, "{} and {}", layout.name, kernel.name());
        let span = *span as usize;
        assert!(
            layout.size <= span && span <= layout.size.next_multiple_of(16),
            "{}: {} bytes here, {span} there",
            layout.name,
            layout.size
        );
        assert_eq!(ours[0], ("grid", 0), "{}", layout.name);
    }
}

#[test]
fn blocks_within_blocks_have_the_same_layout_on_both_sides() {
    for (name, layout) in layouts::parts() {
        let mut seen = 0;
        for &kernel in Kernel::ALL {
            let (module, _) = parse(kernel);
            for (_, ty) in module.types.iter() {
                let naga::TypeInner::Struct { members, span } = &ty.inner else {
                    continue;
                };
                if ty.name.as_deref() != Some(name) {
                    continue;
                }
                let theirs: Vec<(&str, usize)> = members
                    .iter()
                    .map(|m| (m.name.as_deref().unwrap(), m.offset as usize))
                    .collect();
                assert_eq!(layout.members, theirs, "{name} in {}", kernel.name());
                assert_eq!(layout.size, *span as usize);
                seen += 1;
            }
        }
        assert!(seen > 0, "{name} is in no shader");
    }
}

/// Shaders get no infinity and no NaN: no bit pattern of one and no division by a literal zero.
/// (Literals beyond f32 do not pass validation.)
#[test]
fn no_infinities_and_no_nan() {
    for &kernel in Kernel::ALL {
        for line in kernel.source().lines() {
            let code = line.split("//").next().unwrap_or_default().to_lowercase();
            let code = code.replace("info", "");
            for word in ["7f8", "0x7fc", "0xff8", "/ 0.0", "inf", "nan("] {
                assert!(!code.contains(word), "{}: {line}", kernel.name());
            }
        }
    }
}
