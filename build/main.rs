//! Turns `openapi/schemas/*.yaml` into the record types and metadata tables of `src/model`.

mod complex;
mod emit;
mod hidden;
mod schema;

use std::{env, error::Error, fs, path::Path};

#[expect(clippy::disallowed_methods, reason = "cargo tells a build script by variables where to write")]
fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=openapi/schemas");
    println!("cargo::rerun-if-changed=build");
    let schemas = schema::read_all(Path::new("openapi/schemas"))?;
    let types = schema::read_types(Path::new("openapi/schemas/types"))?;
    let tokens = emit::model(&schemas, &types)?;
    let text = prettyplease::unparse(&syn::parse2(tokens)?);
    let out = Path::new(&env::var("OUT_DIR")?).join("model.rs");
    fs::write(out, format!("// Written by the build script from openapi/schemas.\n\n{text}"))?;
    Ok(())
}
