//! `--version`: the version, and with `--verbose` what this build is and knows.

use serde_json::{Map, Value};

use crate::cli::output::error::CliError;
use crate::cli::output::{CommandOutput, Printer};
use crate::export::Sheet;
use crate::store::{BACKENDS, KNOWN_SCHEMAS, sqlite_version};

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// # Errors
/// If stdout can't be written.
pub fn run(is_verbose: bool, printer: &mut Printer) -> Result<(), CliError> {
    let rows = if is_verbose {
        build_facts()
    } else {
        vec![("version", VERSION.to_owned())]
    };
    let mut lines = vec![format!("frontrunner {VERSION}")];
    lines.extend(
        rows.iter()
            .skip(1)
            .map(|(name, value)| format!("{name}: {value}")),
    );
    let mut sheet = Sheet::new(["what", "value"]);
    let mut json = Map::new();
    for (name, value) in rows {
        sheet.push_row([name.to_owned(), value.clone()]);
        json.insert(name.replace(' ', "_"), Value::String(value));
    }
    printer.print(&CommandOutput::text(Value::Object(json), sheet, lines))
}

/// Names and values for bug reports; the version is first.
#[must_use]
pub fn build_facts() -> Vec<(&'static str, String)> {
    let stores: Vec<&str> = BACKENDS.iter().map(|backend| backend.label).collect();
    let schemas: Vec<String> = KNOWN_SCHEMAS
        .iter()
        .map(|(head, version)| format!("{head} (MLflow {version})"))
        .collect();
    vec![
        ("version", VERSION.to_owned()),
        ("commit", env!("FRONTRUNNER_COMMIT").to_owned()),
        ("target", env!("FRONTRUNNER_TARGET").to_owned()),
        ("profile", env!("FRONTRUNNER_PROFILE_NAME").to_owned()),
        ("stores", stores.join(", ")),
        ("pictures", "kitty, sixel, iTerm2, half blocks".to_owned()),
        ("TLS", "rustls".to_owned()),
        ("SQLite", sqlite_version().to_owned()),
        ("MLflow schemas", schemas.join(", ")),
    ]
}
