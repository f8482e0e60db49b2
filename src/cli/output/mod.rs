//! Printing: the one way to stdout and stderr. Everything is cleaned here once more, and a reader that goes away
//! (`| head`) ends the printing without a word.

pub mod failure;
mod report;

use std::io::{self, BufWriter, IsTerminal, Write};

use serde::Serialize;

pub use report::Report;

use self::failure::{Exit, Failure};
use crate::config::{Alert, ColorChoice, Lookup};
use crate::export::{Sheet, json};
use crate::text::untrusted::clean;

/// The form of an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people.
    #[default]
    Table,
    /// One JSON value.
    Json,
    /// One JSON object a line, as they arrive.
    Jsonl,
    /// CSV.
    Csv,
    /// A Markdown table.
    Markdown,
}

impl Format {
    /// Whether errors are told as JSON, too.
    #[must_use]
    pub fn is_json(self) -> bool {
        matches!(self, Self::Json | Self::Jsonl)
    }
}

/// Where answers, notes and questions go.
pub struct Output {
    /// The form of answers.
    pub format: Format,
    out: Box<dyn Write>,
    errors: Box<dyn Write>,
    width: Option<usize>,
    bold: bool,
    progress: bool,
    shown: bool,
    closed: bool,
}

impl Output {
    /// How many cells a line of the terminal has; none where it is no terminal.
    #[must_use]
    pub fn width(&self) -> Option<u16> {
        self.width
            .map(|width| u16::try_from(width).unwrap_or(u16::MAX))
    }

    /// The process's own stdout and stderr.
    #[must_use]
    pub fn standard(format: Format) -> Self {
        let terminal = io::stdout().is_terminal();
        let width = terminal
            .then(crossterm::terminal::size)
            .and_then(Result::ok)
            .map(|(columns, _)| usize::from(columns));
        Self {
            format,
            out: Box::new(BufWriter::new(io::stdout())),
            errors: Box::new(io::stderr()),
            width,
            bold: false,
            progress: io::stderr().is_terminal(),
            shown: false,
            closed: false,
        }
    }

    /// Sets whether heads stand out: no table has any other colour.
    pub fn set_color(&mut self, choice: ColorChoice, lookup: Lookup<'_>) {
        let is_plain = || lookup("NO_COLOR").is_some() || lookup("TERM").as_deref() == Some("dumb");
        self.bold = match choice {
            ColorChoice::Always => true,
            ColorChoice::Auto => io::stdout().is_terminal() && !is_plain(),
            ColorChoice::Never => false,
        };
    }

    /// Prints an answer in the form that was asked for.
    ///
    /// # Errors
    /// When stdout can't be written, other than because nobody reads it any more.
    pub fn report(&mut self, report: &Report) -> Result<(), Failure> {
        match self.format {
            Format::Json => self.raw(&(json::to_string(&report.value) + "\n")),
            Format::Jsonl => match report.value.as_array() {
                Some(items) => items.iter().try_for_each(|item| self.item(item)),
                None => self.item(&report.value),
            },
            Format::Csv => self.raw(&report.sheet.csv()),
            Format::Markdown => self.raw(&report.sheet.markdown()),
            Format::Table => match &report.text {
                Some(lines) => self.lines(lines),
                None => self.aligned(&report.sheet),
            },
        }
    }

    /// Prints one object of a list on its own line, at once.
    ///
    /// # Errors
    /// As for [`Self::report`].
    pub fn item(&mut self, value: &impl Serialize) -> Result<(), Failure> {
        self.raw(&(json::to_line(value) + "\n"))?;
        self.flush()
    }

    /// Prints lines of text.
    ///
    /// # Errors
    /// As for [`Self::report`].
    pub fn lines(&mut self, lines: &[String]) -> Result<(), Failure> {
        lines
            .iter()
            .try_for_each(|line| self.raw(&format!("{}\n", clean(line))))
    }

    fn aligned(&mut self, sheet: &Sheet) -> Result<(), Failure> {
        let (lines, left_out) = sheet.aligned(self.width);
        for (at, line) in lines.iter().enumerate() {
            let line = if at == 0 && self.bold {
                format!("\u{1b}[1m{line}\u{1b}[0m\n")
            } else {
                format!("{line}\n")
            };
            self.raw(&line)?;
        }
        if left_out > 0 {
            self.flush()?;
            self.note(&format!(
                "{left_out} columns do not fit; --csv has them all"
            ));
        }
        Ok(())
    }

    /// Writes text that is safe already.
    ///
    /// # Errors
    /// As for [`Self::report`].
    pub fn raw(&mut self, text: &str) -> Result<(), Failure> {
        if self.closed {
            return Ok(());
        }
        let written = self.out.write_all(text.as_bytes());
        self.written(written)
    }

    /// Sends what was printed on its way.
    ///
    /// # Errors
    /// As for [`Self::report`].
    pub fn flush(&mut self) -> Result<(), Failure> {
        if self.closed {
            return Ok(());
        }
        let flushed = self.out.flush();
        self.written(flushed)
    }

    /// Whether nobody reads any more, so that nothing more need be asked of a store.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    fn written(&mut self, result: io::Result<()>) -> Result<(), Failure> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            other => other.map_err(|error| {
                Failure::new(Exit::Failed, "the answer can't be written").because(error.to_string())
            }),
        }
    }

    /// Says something on stderr. Where that can't be written there is nobody to tell.
    pub fn note(&mut self, line: &str) {
        let _ = writeln!(self.errors, "{}", clean(line));
    }

    /// Alerts whoever is at the terminal. Where there is none, nothing is written.
    pub fn alert(&mut self, how: Alert, text: &str) {
        if self.progress {
            let _ = write!(self.errors, "{}", how.sequence(text));
            let _ = self.errors.flush();
        }
    }

    /// Asks on stderr, on one line; the answer is typed after it.
    pub fn ask(&mut self, question: &str) {
        let _ = write!(self.errors, "{} ", clean(question));
        let _ = self.errors.flush();
    }

    /// Shows how far something is, on a terminal only; the next text replaces it, and an empty one removes it.
    pub fn progress(&mut self, line: &str) {
        if self.progress && (self.shown || !line.is_empty()) {
            self.shown = !line.is_empty();
            let _ = write!(self.errors, "\r\u{1b}[K{}", clean(line));
            let _ = self.errors.flush();
        }
    }

    /// Says what went wrong, in the form that was asked for.
    pub fn failure(&mut self, failure: &Failure) {
        if self.format.is_json() {
            let _ = writeln!(
                self.errors,
                "{}",
                json::to_line(&serde_json::json!({ "error": failure }))
            );
        } else {
            for line in failure.lines() {
                let _ = writeln!(self.errors, "{line}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A reader that has gone away.
    struct Gone;

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn a_reader_that_goes_away_is_no_failure() {
        let mut output = Output {
            format: Format::Jsonl,
            out: Box::new(Gone),
            errors: Box::new(io::sink()),
            width: None,
            bold: false,
            progress: false,
            shown: false,
            closed: false,
        };
        assert_eq!(
            output.report(&Report::table(json!([1, 2, 3]), Sheet::default())),
            Ok(())
        );
        assert!(output.is_closed());
    }
}
