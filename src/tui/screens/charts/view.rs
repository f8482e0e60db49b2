//! What the charts do with keys, answers and the mouse.

use super::{
    Action, Charts, Context, Curve, Figure, Freshness, Go, PAN, Request, Screen, Shared, Size, Tab,
    ZOOM,
};
use crate::config::keymap::Scope;
use crate::tui::app::message::{Export, Mouse, PictureOf, Reply, Ticket};
use crate::tui::app::overlays::{Overlay, PictureView};
use crate::tui::app::shared::Choice;
use crate::tui::screens::{List, View, take_reply};

/// Columns that curves of a picture are reduced to: those of a PNG.
const EXPORT_COLUMNS: usize = 2_000;
/// Marks along a line of a picture.
const EXPORT_MARKS: usize = 4;

impl View for Charts {
    fn scope(&self) -> Scope {
        Scope::Charts
    }

    fn crumbs(&self, _: &Shared) -> Vec<String> {
        let what = match self.runs() {
            [run] => run.label().clean().into_owned(),
            _ => format!("{} runs", self.ids.len()),
        };
        let mut crumbs = vec!["charts".to_owned(), what];
        if self.alone {
            crumbs.extend(
                self.panels
                    .get(self.at)
                    .map(|panel| panel.title.clean().into_owned()),
            );
        }
        crumbs
    }

    fn freshness(&self, shared: &Shared) -> Freshness {
        let freshness = Freshness::of(&self.data);
        if self.is_going() {
            shared.live(freshness, 1, self.data.tried)
        } else {
            freshness
        }
    }

    fn enter(&mut self, context: &mut Context<'_>) {
        context.shared.histories.renew();
        context.fetch(&mut self.data, Request::Compare(self.ids.clone()));
    }

    fn on(&mut self, action: Action, context: &mut Context<'_>) -> bool {
        let moved = if self.alone {
            self.move_alone(action, context.size)
        } else {
            self.move_panel(action, context.size)
        };
        if moved {
            return true;
        }
        match action {
            Action::Open => self.alone = !self.panels.is_empty(),
            Action::NextPane | Action::PreviousPane => self.in_legend = !self.in_legend,
            Action::NextPage => {
                self.tab = if self.tab == Tab::Metrics {
                    Tab::System
                } else {
                    Tab::Metrics
                };
                (self.at, self.cross) = (0, None);
                self.arrange(context.shared);
            }
            Action::NextAxis => {
                self.style.over = self.style.over.next();
                // Another axis has other places.
                self.windows.clear();
                self.cross = None;
            }
            Action::NextScale => self.style.scale = self.style.scale.next(),
            Action::Smoother => self.style.smooth(true),
            Action::Rougher => self.style.smooth(false),
            Action::ClipOutliers => self.style.clip = !self.style.clip,
            Action::Divergence => self.divergence = !self.divergence,
            Action::ZoomIn => self.zoom(ZOOM),
            Action::ZoomOut => self.zoom(1.0 / ZOOM),
            Action::PanLeft => self.pan(-PAN),
            Action::PanRight => self.pan(PAN),
            Action::WholeRange => self.look_at(None),
            Action::HideRun => self.hide(context),
            Action::Compare if self.ids.len() > 1 => {
                context.go.push(Go::To(Screen::compare(self.ids.clone())))
            }
            Action::Filter => context.go.push(Go::Over(Box::new(Overlay::words(
                "filter by metric",
                &self.filter,
            )))),
            Action::CopyValue => self.copy(context),
            Action::Export => self.ask_file(context),
            Action::Picture => self.picture(context),
            Action::Back => return self.back(context.shared),
            _ => return false,
        }
        true
    }

    fn reply(&mut self, ticket: Ticket, reply: Reply, context: &mut Context<'_>) -> Option<Reply> {
        let rest = match reply {
            Reply::Compare(_) => take_reply!(ticket, reply, context, Compare => self.data),
            other => return Some(other),
        };
        if rest.is_none() {
            for run in self.data.get().map(Vec::as_slice).unwrap_or_default() {
                context.shared.histories.grow(run, context.now);
            }
            self.arrange(context.shared);
        }
        rest
    }

    fn chosen(&mut self, choice: Choice, context: &mut Context<'_>) {
        match choice {
            Choice::Filter(text) => {
                self.filter = text;
                self.arrange(context.shared);
            }
            Choice::Export(path) => self.export(path, context),
            _ => {}
        }
    }

    fn list(&mut self, size: Size, _: &Shared) -> Option<List<'_>> {
        let legend = self.places(size).legend;
        let len = self.runs().len();
        let is_listed = self.in_legend && len > 0;
        is_listed.then(|| List {
            cursor: &mut self.legend,
            len,
            height: legend.height.saturating_sub(1).into(),
            top: legend.y + 1,
        })
    }

    fn label(&self, line: usize, _: &Shared) -> String {
        self.runs()
            .get(line)
            .map(|run| run.label().clean().into_owned())
            .unwrap_or_default()
    }

    fn click(&mut self, mouse: Mouse, context: &mut Context<'_>) {
        match mouse {
            Mouse::Click { x, y } => {
                if let Some((panel, value)) = self.hit(context.size, x, y) {
                    (self.at, self.cross, self.in_legend) = (panel, Some(value), false);
                }
            }
            Mouse::Drag { from, to } => {
                let ends = (
                    self.hit(context.size, from.0, from.1),
                    self.hit(context.size, to.0, from.1),
                );
                if let (Some((panel, a)), Some((other, b))) = ends
                    && panel == other
                {
                    self.at = panel;
                    self.look_at(Some((a.min(b), a.max(b))));
                }
            }
            Mouse::Wheel(lines) => self.zoom(if lines < 0 { ZOOM } else { 1.0 / ZOOM }),
        }
    }

    fn settle(&mut self, context: &mut Context<'_>) {
        if self.is_going() {
            context.refetch(&mut self.data, 1, || Request::Compare(self.ids.clone()));
        }
        let places = self.places(context.size);
        self.build(&places, context.shared);
        self.fetch(&places, context);
    }

    fn needle(&self) -> &str {
        &self.needle
    }

    fn set_needle(&mut self, needle: String) {
        self.needle = needle;
    }
}

impl Charts {
    /// One step back: out of the legend, the crosshair, the zoom, the chart; then the screen is left.
    fn back(&mut self, shared: &Shared) -> bool {
        if self.in_legend {
            self.in_legend = false;
        } else if self.alone && self.cross.is_some() {
            self.cross = None;
        } else if self.window_of(self.at).is_some() {
            self.look_at(None);
        } else if self.alone {
            self.alone = false;
        } else if !self.filter.is_empty() {
            self.filter.clear();
            self.arrange(shared);
        } else {
            return false;
        }
        true
    }

    fn ask_file(&self, context: &mut Context<'_>) {
        let Some(panel) = self.panels.get(self.at) else {
            return;
        };
        let name: String = panel
            .title
            .raw()
            .chars()
            .map(|c| {
                if c.is_alphanumeric() || "-_.".contains(c) {
                    c
                } else {
                    '-'
                }
            })
            .collect();
        let what = if self.alone {
            "this chart"
        } else {
            "the charts that are seen"
        };
        let title = format!("write {what} to (.png or .svg; …-dark.png is dark)");
        context.go.push(Go::Over(Box::new(Overlay::file_name(
            &title,
            &format!("{}.png", name.trim_matches('-')),
        ))));
    }

    fn export(&self, path: String, context: &mut Context<'_>) {
        let figures = self.figures(context);
        context.ask(Request::Export(path, Box::new(Export::Charts(figures))));
    }

    /// The charts that are seen, as finely as a picture shows them.
    fn figures(&self, context: &Context<'_>) -> Vec<Figure> {
        let places = self.places(context.size);
        let seen = places.first..places.first + places.panels.len();
        seen.filter_map(|panel| self.figure_of(panel, EXPORT_COLUMNS, EXPORT_MARKS, context.shared))
            .collect()
    }

    fn picture(&self, context: &mut Context<'_>) {
        let figures = self.figures(context);
        if figures.is_empty() {
            return;
        }
        let title = self.crumbs(context.shared).join(" › ");
        let view = PictureView::open(
            title,
            PictureOf::Charts(figures, context.shared.session.dark),
            context,
        );
        context
            .go
            .push(Go::Over(Box::new(Overlay::Picture(Box::new(view)))));
    }

    /// The values at the crosshair, a line a run.
    fn copy(&self, context: &mut Context<'_>) {
        let curves = self.curves(context.shared);
        let told = |curve: &Curve<'_>| {
            let point = self.read(curve).or_else(|| curve.points.last())?;
            Some(format!(
                "{}\t{}\t{}",
                curve.label,
                point.step,
                crate::text::number::full(point.value.get())
            ))
        };
        let text: Vec<String> = curves.iter().filter_map(told).collect();
        if !text.is_empty() {
            context.copy(text.join("\n"));
        }
    }
}
