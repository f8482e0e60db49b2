//! Pictures on machines with and without the fonts that their texts need.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]
// Fontconfig's settings name the fonts.
#![cfg(target_os = "linux")]

use crate::support::program::{Program, run_to_end};
use serde_json::Value;

/// The chart of a run titled `title`, on a machine with the fonts of one folder: its record, and its bytes.
fn chart_with_fonts(program: &Program, fonts: &str, title: &str) -> (Value, Vec<u8>) {
    let folder = program.folder();
    let settings = folder.join("fonts.conf");
    let text = format!(
        "<fontconfig><dir>{}</dir></fontconfig>",
        folder.join(fonts).display()
    );
    std::fs::write(&settings, text).unwrap();
    let mut command = program.command(&[
        "chart",
        "resnet50-aug",
        "--metric",
        "val/acc",
        "--title",
        title,
        "--out",
        "t.png",
        "--json",
    ]);
    command.env("FONTCONFIG_FILE", &settings);
    let ended = run_to_end(command);
    assert_eq!(ended.code, 0, "{ended:?}");
    let record = serde_json::from_str(&ended.stdout).unwrap();
    let bytes = std::fs::read(folder.join("t.png")).unwrap();
    std::fs::remove_file(folder.join("t.png")).unwrap();
    (record, bytes)
}

#[test]
fn pictures_use_a_system_font_or_warn() {
    let program = Program::new();
    let font = include_bytes!("support/two-letters.ttf");
    std::fs::create_dir(program.folder().join("some")).unwrap();
    std::fs::write(program.folder().join("some/two-letters.ttf"), font).unwrap();
    let (with, drawn) = chart_with_fonts(&program, "some", "acc 日本");
    assert_eq!(with["warning"], Value::Null);
    let (without, boxes) = chart_with_fonts(&program, "none", "acc 日本");
    let warning = without["warning"].as_str().unwrap();
    assert!(warning.contains("no installed font has 日本"), "{warning}");
    assert!(drawn != boxes);
    // The embedded font is the default, whatever is installed.
    let (_, here) = chart_with_fonts(&program, "some", "acc");
    let (plain, elsewhere) = chart_with_fonts(&program, "none", "acc");
    assert_eq!(plain["warning"], Value::Null);
    assert!(here == elsewhere);
}
