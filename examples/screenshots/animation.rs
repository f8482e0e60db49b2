//! Screens one after another: as an animated SVG, and as an asciinema cast.

use std::collections::HashMap;
use std::fmt::Write as _;

use vt100::Screen;

use super::svg::{self, CELL, TerminalColors};

/// The room for the caption below the window, in pixels.
const CAPTION: u32 = 40;

/// A screen, and how long it stays.
struct Frame {
    /// Indices of its rows.
    rows: Vec<usize>,
    cursor: String,
    /// Index of its caption.
    caption: usize,
    /// Ms.
    start: u64,
}

/// An animation in the making. Rows that look the same are drawn once, however often they are shown.
pub struct Animation {
    size: (u16, u16),
    colors: TerminalColors,
    rows: Vec<String>,
    known_rows: HashMap<String, usize>,
    captions: Vec<String>,
    frames: Vec<Frame>,
    /// The events of the cast: time in ms and output.
    events: Vec<(u64, String)>,
    /// Bytes at the end of the output that are a part of a character.
    partial: Vec<u8>,
    now: u64,
}

impl Animation {
    /// An empty animation of a terminal of so many columns and rows.
    pub fn new(size: (u16, u16), colors: TerminalColors) -> Self {
        Self {
            size,
            colors,
            rows: Vec::new(),
            known_rows: HashMap::new(),
            captions: Vec::new(),
            frames: Vec::new(),
            events: Vec::new(),
            partial: Vec::new(),
            now: 0,
        }
    }

    /// Starts a caption, for the frames after it.
    pub fn caption(&mut self, text: &str) {
        self.captions.push(text.to_owned());
    }

    /// Adds what is on the screen and the output that made it, and shows it for a time.
    pub fn show(&mut self, screen: &Screen, output: Vec<u8>, ms: u64) {
        let mut rows = Vec::new();
        for row in 0..self.size.1 {
            let drawn = svg::draw_row(screen, row, self.colors);
            let next = self.rows.len();
            let index = *self.known_rows.entry(drawn.clone()).or_insert(next);
            if index == next {
                self.rows.push(drawn);
            }
            rows.push(index);
        }
        let frame = Frame {
            rows,
            cursor: svg::draw_cursor(screen, self.colors),
            caption: self.captions.len().saturating_sub(1),
            start: self.now,
        };
        let is_same = |last: &Frame| {
            (&last.rows, &last.cursor, last.caption) == (&frame.rows, &frame.cursor, frame.caption)
        };
        if !self.frames.last().is_some_and(is_same) {
            self.frames.push(frame);
        }
        let output = self.take_characters(output);
        if !output.is_empty() {
            self.events.push((self.now, output));
        }
        self.now += ms;
    }

    /// The output as text; a character that is not complete yet waits for its rest.
    fn take_characters(&mut self, output: Vec<u8>) -> String {
        self.partial.extend(output);
        let complete = match std::str::from_utf8(&self.partial) {
            Ok(text) => text.len(),
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Err(_) => self.partial.len(),
        };
        let rest = self.partial.split_off(complete);
        let text = String::from_utf8_lossy(&self.partial).into_owned();
        self.partial = rest;
        text
    }

    /// The SVG. It repeats for ever; a viewer without animations shows the first screen.
    pub fn to_svg(&self, title: &str) -> String {
        let (width, height) = svg::window_size(self.size.0, self.size.1);
        let window = svg::open_window(self.size.0, self.size.1, title, self.colors);
        // The window with its caption is one picture.
        let all = height + CAPTION;
        let mut out = window.replacen(
            &format!("height=\"{height}\" viewBox=\"0 0 {width} {height}\""),
            &format!("height=\"{all}\" viewBox=\"0 0 {width} {all}\""),
            1,
        );
        out.push_str("<defs>\n");
        for (nth, row) in self
            .rows
            .iter()
            .enumerate()
            .filter(|(_, row)| !row.is_empty())
        {
            let _ = writeln!(out, "<g id=\"r{nth}\">{}</g>", row.trim_end());
        }
        out.push_str("</defs>\n");
        for (nth, frame) in self.frames.iter().enumerate() {
            let end = self.frames.get(nth + 1).map_or(self.now, |next| next.start);
            let _ = writeln!(out, "<g{}", self.visibility(frame.start, end));
            for (at, row) in frame.rows.iter().enumerate() {
                if !self.rows[*row].is_empty() {
                    let y = at * CELL.1 as usize;
                    let _ = write!(out, "<use href=\"#r{row}\" y=\"{y}\"/>");
                }
            }
            let _ = writeln!(out, "{}</g>", frame.cursor);
        }
        out.push_str("</g>\n");
        self.draw_captions(&mut out, width, height);
        out.push_str("</svg>\n");
        out
    }

    fn draw_captions(&self, out: &mut String, width: u32, height: u32) {
        for (nth, text) in self.captions.iter().enumerate() {
            let shown: Vec<&Frame> = self
                .frames
                .iter()
                .filter(|frame| frame.caption == nth)
                .collect();
            let Some(first) = shown.first() else { continue };
            let end = self
                .frames
                .iter()
                .find(|frame| frame.caption > nth)
                .map_or(self.now, |next| next.start);
            let _ = writeln!(
                out,
                "<g{}<text x=\"{}\" y=\"{}\" font-size=\"17\" text-anchor=\"middle\" fill=\"#7a8496\" \
                 font-family=\"'DejaVu Sans', Helvetica, Arial, sans-serif\">{}</text></g>",
                self.visibility(first.start, end),
                width / 2,
                height + 27,
                svg::escape_xml(text)
            );
        }
    }

    /// The end of a group's tag, and the animation that shows it between two times.
    fn visibility(&self, start: u64, end: u64) -> String {
        let part = |ms: u64| ms as f64 / self.now.max(1) as f64;
        let (values, times) = match (start, end) {
            (0, end) if end >= self.now => return ">".to_owned(),
            (0, end) => ("visible;hidden".to_owned(), format!("0;{:.5}", part(end))),
            (start, end) if end >= self.now => {
                ("hidden;visible".to_owned(), format!("0;{:.5}", part(start)))
            }
            (start, end) => (
                "hidden;visible;hidden".to_owned(),
                format!("0;{:.5};{:.5}", part(start), part(end)),
            ),
        };
        let first = if start == 0 { "visible" } else { "hidden" };
        format!(
            " visibility=\"{first}\"><animate attributeName=\"visibility\" values=\"{values}\" keyTimes=\"{times}\" \
             calcMode=\"discrete\" dur=\"{:.1}s\" repeatCount=\"indefinite\"/>",
            self.now as f64 / 1_000.0
        )
    }

    /// The cast, in asciinema's format 2: <https://docs.asciinema.org/manual/asciicast/v2/>.
    pub fn to_cast(&self, title: &str) -> String {
        let header = serde_json::json!({
            "version": 2, "width": self.size.0, "height": self.size.1, "title": title,
            "env": { "TERM": "xterm-256color" },
        });
        let mut cast = format!("{header}\n");
        for (ms, output) in &self.events {
            let event = serde_json::json!([*ms as f64 / 1_000.0, "o", output]);
            let _ = writeln!(cast, "{event}");
        }
        cast
    }
}
