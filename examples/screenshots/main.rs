//! Makes the project's screenshots from the real program: `cargo run --release --example screenshots [-- SCENE…]`.
//!
//! Each scene of `scenes.rs` starts the built program in a terminal of its own (a PTY) on a fresh demo store, presses documented
//! keys, waits for what should be on the screen, and writes what is there to `screenshots/` as SVG and PNG. With
//! `-- --program 'ls --color'` it draws what any command leaves on
//! the screen to `target/program.png`, to look at the drawing itself.
//!
//! `-- story` records the session at the top of the README, as an asciinema cast and as an animated SVG. `FRONTRUNNER_PROGRAM`
//! names a program that is built already.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use frontrunner::demo::{DemoOptions, create};

mod animation;
mod glyphs;
mod pty;
mod rasterize;
mod scenes;
mod story;
mod svg;

use pty::PtyProgram;
use scenes::{SCENES, Scene};

type BoxResult<T> = Result<T, Box<dyn Error>>;

fn main() -> BoxResult<()> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, command] = &arguments[..]
        && flag == "--program"
    {
        let scene = Scene {
            file: "program",
            title: command,
            arguments: &[],
            size: (100, 30),
            steps: &[],
            colors: svg::DARK,
        };
        let mut program = PtyProgram::start(
            Path::new("sh"),
            &["-c", command],
            scene.size,
            &std::env::current_dir()?,
            scene.colors,
        )?;
        program.wait_for_exit()?;
        return save(&program, &scene, &root.join("target"));
    }
    let out = root.join("screenshots");
    if arguments == ["story"] {
        return story::record(&build_program()?, &out);
    }
    let known = |name: &String| SCENES.iter().any(|scene| scene.file == name);
    if let Some(unknown) = arguments.iter().find(|name| !known(name)) {
        let names: Vec<_> = SCENES.iter().map(|scene| scene.file).collect();
        return Err(format!(
            "there is no scene {unknown:?}; there are {}",
            names.join(", ")
        )
        .into());
    }
    std::fs::create_dir_all(&out)?;
    let app = build_program()?;
    let chosen = SCENES
        .iter()
        .filter(|scene| arguments.is_empty() || arguments.iter().any(|name| name == scene.file));
    for scene in chosen {
        capture(scene, &app, &out).map_err(|error| format!("{}: {error}", scene.file))?;
    }
    if arguments.is_empty() {
        draw_chart(&app, &out)
    } else {
        Ok(())
    }
}

/// The picture that the program draws of itself: what the README says.
fn draw_chart(app: &Path, out: &Path) -> BoxResult<()> {
    let home = demo_folder()?;
    let runs = ["resnet50-aug", "resnet34-noaug", "vit-small", "vit-base"];
    let chart_arguments = [
        "--metric", "val/acc", "--metric", "val/loss", "--scale", "symlog", "--smooth", "0.6",
    ];
    let mut draw = Command::new(app);
    draw.current_dir(home.path())
        .args(["--target", "demo.db", "chart"])
        .args(runs)
        .args(chart_arguments)
        .arg("--out")
        .arg(out.join("chart.png"))
        .arg("--overwrite");
    if draw.output()?.status.success() {
        Ok(())
    } else {
        Err("the chart could not be drawn".into())
    }
}

/// The program as it is now, built with the profile that this was built with.
fn build_program() -> BoxResult<PathBuf> {
    if let Some(program) = std::env::var_os("FRONTRUNNER_PROGRAM") {
        return Ok(PathBuf::from(program).canonicalize()?);
    }
    let example = std::env::current_exe()?;
    let folder = example
        .ancestors()
        .nth(2)
        .ok_or("this program stands in no target folder")?;
    let mut build = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build
        .args(["build", "--quiet", "--bin", "frontrunner"])
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    if folder.ends_with("release") {
        build.arg("--release");
    }
    if !build.status()?.success() {
        return Err("the program could not be built".into());
    }
    Ok(folder.join("frontrunner"))
}

/// A folder with a fresh demo store, of a name that is the same on every machine: the pictures show it.
fn demo_folder() -> BoxResult<tempfile::TempDir> {
    let home = tempfile::Builder::new()
        .prefix("demo")
        .rand_bytes(0)
        .tempdir()?;
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    create(
        &home.path().join("demo.db"),
        &DemoOptions {
            load_test_runs: None,
            now,
        },
    )?;
    Ok(home)
}

/// Plays one scene on a store of its own, so that no scene sees what another did.
fn capture(scene: &Scene, app: &Path, out: &Path) -> BoxResult<()> {
    let home = demo_folder()?;
    let arguments: Vec<&str> = std::iter::once("demo.db")
        .chain(scene.arguments.iter().copied())
        .collect();
    let mut program = PtyProgram::start(app, &arguments, scene.size, home.path(), scene.colors)?;
    for (keys, text) in scene.steps {
        program.press(keys)?;
        program.wait_for(text)?;
    }
    save(&program, scene, out)
}

fn save(program: &PtyProgram, scene: &Scene, out: &Path) -> BoxResult<()> {
    let drawing = svg::draw_window(program.screen(), scene.title, scene.colors);
    let path = out.join(scene.file);
    std::fs::write(path.with_extension("png"), rasterize::svg_to_png(&drawing)?)?;
    std::fs::write(path.with_extension("svg"), drawing)?;
    println!("{}", path.with_extension("svg").display());
    Ok(())
}
