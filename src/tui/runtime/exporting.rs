//! Writing what is seen into a file: a picture, a comparison. A file that is there is never written over.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;

use crate::analysis::{Comparison, RowKind};
use crate::chart::{Curve, CurveOptions, Figure, Over, ScaleKind, curves};
use crate::domain::{History, RunId};
use crate::export::comparison::{ComparisonFormat, comparison};
use crate::export::picture::{Palette, PictureFormat, PictureOptions, picture};
use crate::store::limits::BULK_POINTS;
use crate::store::{Read, Resolution};
use crate::text::untrusted::clean;
use crate::tui::app::message::{Export, Refused};

/// What the name of a dark picture ends with, before the point.
const DARK: &str = "-dark";
/// The most curves of metrics in a page.
const CHARTS: usize = 12;
/// The most runs whose curves are drawn in a page.
const RUNS: usize = 20;

/// Writes the file. Returns what was written, in a line.
pub(super) async fn export(
    reader: &dyn Read,
    path: String,
    what: Export,
) -> Result<String, Refused> {
    let figures = match &what {
        Export::Comparison(data, _)
            if ComparisonFormat::of(&path) == Some(ComparisonFormat::Html) =>
        {
            charts(reader, data).await
        }
        _ => Vec::new(),
    };
    let work = move || {
        let file = bytes(&path, &what, &figures)?;
        write(&path, &file)
    };
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|stopped| Err(refused(stopped.to_string(), "try it again")))
}

/// The curves of the metrics that differ, for a page: those that have more than a point. What can't be read is left out.
pub async fn charts(reader: &dyn Read, comparison: &Comparison) -> Vec<Figure> {
    let ids: Vec<RunId> = comparison
        .runs
        .iter()
        .take(RUNS)
        .map(|run| run.id.clone())
        .collect();
    let metrics = comparison.rows.iter().filter(|row| {
        row.kind == RowKind::Metric && row.differs && !row.key.raw().starts_with("system/")
    });
    let mut figures = Vec::new();
    for metric in metrics.take(2 * CHARTS) {
        let Ok(histories) = reader
            .histories(&ids, metric.key.raw(), Resolution::Points(BULK_POINTS))
            .await
        else {
            continue;
        };
        let curve = |(series, id): (usize, &RunId)| {
            let History {
                points, sampled, ..
            } = histories.iter().find(|history| history.run == *id)?;
            let run = &comparison.runs[series];
            Some(Curve {
                label: run.label().clean().into_owned(),
                series,
                points,
                start: run.start_time,
                sampled: *sampled,
            })
        };
        let all: Vec<Curve<'_>> = ids.iter().enumerate().filter_map(curve).collect();
        if all.iter().all(|curve| curve.points.len() < 2) || figures.len() == CHARTS {
            continue;
        }
        let options = CurveOptions {
            over: Over::Step,
            scale: ScaleKind::Linear,
            smoothing: 0.0,
            clip: false,
            window: None,
            columns: 800,
            marks: 4,
            zone: jiff::tz::TimeZone::system(),
        };
        figures.push(curves(metric.key.clean().into_owned(), &all, &options));
    }
    figures
}

fn bytes(path: &str, what: &Export, figures: &[Figure]) -> Result<Vec<u8>, Refused> {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    match what {
        Export::Charts(figures) => {
            let format = PictureFormat::of(path);
            let format = format.ok_or_else(|| {
                refused(
                    "a picture's name ends in .png or .svg",
                    "x asks for the name again",
                )
            })?;
            let palette = if stem.ends_with(DARK) {
                Palette::dark()
            } else {
                Palette::light()
            };
            let options = PictureOptions::new(format, palette);
            picture(figures, &options)
                .map_err(|error| refused(error.to_string(), "try fewer charts at once"))
        }
        Export::Comparison(data, differing) => {
            let format = ComparisonFormat::of(path);
            let format = format.ok_or_else(|| {
                refused(
                    "the name ends in .md, .csv, .json or .html",
                    "x asks for the name again",
                )
            })?;
            Ok(comparison(data, format, *differing, figures).into_bytes())
        }
    }
}

fn write(path: &str, file: &[u8]) -> Result<String, Refused> {
    let home = || std::env::var_os("HOME").map(PathBuf::from);
    let place = match path.strip_prefix("~/").zip(home()) {
        Some((rest, home)) => home.join(rest),
        None => PathBuf::from(path),
    };
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&place)
        .and_then(|mut open| open.write_all(file));
    let shown = clean(path).into_owned();
    match written {
        Ok(()) => Ok(format!(
            "written: {shown} ({})",
            crate::text::quantity::bytes(file.len() as u64)
        )),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(refused(
            format!("{shown} is there already, and is left as it is"),
            "x asks for another name",
        )),
        Err(error) => Err(refused(
            format!("{shown} can't be written: {error}"),
            "x asks for another name",
        )),
    }
}

fn refused(why: impl Into<String>, next: &str) -> Refused {
    Refused {
        why: why.into(),
        next: next.to_owned(),
    }
}
