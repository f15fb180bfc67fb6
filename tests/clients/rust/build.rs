//! Generates the client `graph` from the OpenAPI 3.0 document that the environment variable OPENAPI names.

use std::{env, error::Error, fs, path::Path};

use progenitor::{GenerationSettings, Generator, InterfaceStyle};
use serde_json::Value;

fn main() -> Result<(), Box<dyn Error>> {
    let document = env::var("OPENAPI")?;
    println!("cargo::rerun-if-env-changed=OPENAPI");
    println!("cargo::rerun-if-changed={document}");

    let mut document: Value = serde_json::from_slice(&fs::read(document)?)?;
    keep_one_success(&mut document);

    let settings = GenerationSettings::default().with_interface(InterfaceStyle::Builder).clone();
    let code = Generator::new(&settings).generate_tokens(&serde_json::from_value(document)?)?;
    let code = prettyplease::unparse(&syn::parse2(code)?);
    fs::write(Path::new(&env::var("OUT_DIR")?).join("graph.rs"), code)?;
    Ok(())
}

/// progenitor reads one success per operation, and writes declare two: which one is answered depends on `Prefer`. This
/// client doesn't send it, so it gets the entity for POST and nothing for PATCH.
fn keep_one_success(document: &mut Value) {
    let paths = document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    let operations = paths.filter_map(Value::as_object_mut).flatten();
    for (method, operation) in operations {
        let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { continue };
        let unanswered = if method == "patch" { "200" } else { "204" };
        if responses.keys().filter(|status| status.starts_with('2')).count() > 1 {
            responses.remove(unanswered);
        }
    }
}
