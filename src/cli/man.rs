//! `man FOLDER`: manual pages, one per subcommand, in roff.

use std::path::PathBuf;

use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;

use super::args::Cli;
use crate::cli::output::Printer;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::output::file::write_output;

#[derive(Debug, Args)]
pub struct ManArgs {
    /// Folder for the pages; created if it does not exist.
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
    /// Replace pages that exist.
    #[arg(long)]
    overwrite: bool,
}

/// # Errors
/// If a page exists or can't be written.
pub fn run(arguments: &ManArgs, printer: &mut Printer) -> Result<(), CliError> {
    let failed = |error: std::io::Error| {
        let message = format!("cannot write to {}", arguments.folder.display());
        CliError::new(ExitStatus::Failed, message).with_cause(error.to_string())
    };
    std::fs::create_dir_all(&arguments.folder).map_err(failed)?;
    let pages = pages().map_err(failed)?;
    for (name, page) in &pages {
        write_output(&arguments.folder.join(name), page, arguments.overwrite)?;
    }
    printer.note(&format!("{} pages", pages.len()));
    Ok(())
}

/// The pages of the program and its subcommands by file name, such as `frontrunner-runs.1`.
fn pages() -> std::io::Result<Vec<(String, Vec<u8>)>> {
    let mut root = Cli::command().disable_help_subcommand(true);
    root.build();
    let mut pages = Vec::new();
    render(&root, &mut pages)?;
    Ok(pages)
}

fn render(command: &Command, pages: &mut Vec<(String, Vec<u8>)>) -> std::io::Result<()> {
    let page = Man::new(command.clone())
        .source(concat!("frontrunner ", env!("CARGO_PKG_VERSION")))
        .manual("Frontrunner for MLflow");
    let mut text = Vec::new();
    page.render(&mut text)?;
    pages.push((page.get_filename(), text));
    command
        .get_subcommands()
        .filter(|subcommand| !subcommand.is_hide_set())
        .try_for_each(|subcommand| render(subcommand, pages))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_subcommand_has_a_page_with_its_examples() {
        let pages = pages().unwrap();
        for subcommand in Cli::command().get_subcommands() {
            let name = format!("frontrunner-{}.1", subcommand.get_name());
            let page = pages.iter().find(|(file, _)| *file == name);
            let text = String::from_utf8(page.unwrap().1.clone()).unwrap();
            assert!(text.contains("Examples:"), "{name}: {text}");
            assert!(text.contains(".SH SYNOPSIS"), "{name}: {text}");
        }
        assert!(
            pages
                .iter()
                .any(|(file, _)| file == "frontrunner-config-show.1")
        );
    }
}
