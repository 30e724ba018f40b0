//! Compiles the `.proto` files of this folder with protox (no protoc on the machine) into prost messages, tonic services
//! and one file descriptor set, which the crate embeds for JSON names and for the wire-contract test.

use std::error::Error;
use std::path::{Path, PathBuf};

use prost::Message as _;

/// The packages' first names.
const FOLDERS: [&str; 4] = ["baton", "c1", "google", "validate"];

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(".");
    let mut files = Vec::new();
    for folder in FOLDERS {
        println!("cargo:rerun-if-changed={folder}");
        collect(&root.join(folder), &mut files)?;
    }
    files.sort();

    let descriptors = protox::compile(&files, [root])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;

    // The rules of messages go by full names.
    let mut config = tonic_prost_build::Config::new();
    config.enable_type_names();
    // Ordered maps everywhere: the stored blobs must be the same bytes for the same rows (`baton/c1z/format.md 3`).
    tonic_prost_build::configure()
        .btree_map(".")
        .build_client(true)
        .build_server(true)
        .build_transport(true)
        .compile_fds_with_config(descriptors, config)?;
    Ok(())
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|e| e == "proto") {
            files.push(path);
        }
    }
    Ok(())
}
