//! Turns `openapi/schemas` into the record types and metadata tables of `src/model`.

#[path = "build/mod.rs"]
mod generator;

use std::{env, error::Error, fs, path::Path};

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script by variables where to write")]
fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=openapi/schemas");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=build.rs");
    let text = generator::generate(Path::new("openapi/schemas"))?;
    fs::write(Path::new(&env::var("OUT_DIR")?).join("model.rs"), text)?;
    Ok(())
}
