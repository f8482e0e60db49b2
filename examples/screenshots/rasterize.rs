//! SVG as PNG, in twice the size, with the fonts that are at hand.

use std::path::Path;
use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

use super::BoxResult;

/// How many pixels of the picture one of the drawing becomes: screens are dense, and small text must stay sharp.
const SCALE: f32 = 2.0;
/// The font that the drawing is measured for.
const MONO: &str = "DejaVu Sans Mono";

/// Draws an SVG as a PNG.
pub fn svg_to_png(svg: &str) -> BoxResult<Vec<u8>> {
    let options = Options {
        font_family: MONO.to_owned(),
        fontdb: Arc::new(load_fonts()?),
        ..Options::default()
    };
    let tree = Tree::from_str(svg, &options)?;
    let size = tree
        .size()
        .to_int_size()
        .scale_by(SCALE)
        .ok_or("the picture is too large")?;
    let mut pixels = Pixmap::new(size.width(), size.height()).ok_or("the picture is too large")?;
    resvg::render(
        &tree,
        Transform::from_scale(SCALE, SCALE),
        &mut pixels.as_mut(),
    );
    Ok(pixels.encode_png()?)
}

/// The system's fonts, and those that MLflow's own dependencies bring into the tests' environments.
fn load_fonts() -> BoxResult<Database> {
    let mut fonts = Database::new();
    fonts.load_system_fonts();
    let has_mono = |fonts: &Database| {
        fonts
            .faces()
            .any(|face| face.families.iter().any(|(name, _)| name == MONO))
    };
    if !has_mono(&fonts) {
        for python in subdirectories(&Path::new(env!("CARGO_MANIFEST_DIR")).join("target/mlflow")) {
            for library in subdirectories(&python.join("lib")) {
                fonts.load_fonts_dir(library.join("site-packages/matplotlib/mpl-data/fonts/ttf"));
            }
        }
    }
    if !has_mono(&fonts) {
        return Err(format!(
            "the font {MONO} is not installed; pictures would not line up without it"
        )
        .into());
    }
    fonts.set_monospace_family(MONO);
    Ok(fonts)
}

fn subdirectories(of: &Path) -> Vec<std::path::PathBuf> {
    std::fs::read_dir(of)
        .map(|entries| {
            entries
                .filter_map(|entry| entry.ok().map(|entry| entry.path()))
                .collect()
        })
        .unwrap_or_default()
}
