//! Which values an argument takes, by the name of its value in the help.

use std::ffi::OsStr;

use clap::{Arg, Command, ValueHint};
use clap_complete::engine::{
    ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter,
};

use super::live_values;

/// Values that are looked up when they are completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// A profile with its `@`, or `demo`; a file, too.
    Target,
    Profile,
    Theme,
    View,
    Experiment,
    /// ID or name, of one experiment if `--experiment` is given.
    Run,
    Metric,
    Model,
    /// `MODEL/VERSION`, `MODEL/latest`, `MODEL@ALIAS`.
    Version,
    Stage,
    /// `@ALIAS`.
    Alias,
}

/// By the ID of an argument whose value has a name that means nothing, such as NAME.
const BY_ID: &[(&str, &[ValueKind])] = &[
    ("profile", &[ValueKind::Profile]),
    ("theme", &[ValueKind::Theme]),
    ("view", &[ValueKind::View]),
    ("experiment_option", &[ValueKind::Experiment]),
    ("model", &[ValueKind::Model]),
];

/// By the name of the value.
const BY_VALUE_NAME: &[(&str, &[ValueKind])] = &[
    ("TARGET", &[ValueKind::Target]),
    ("REGISTRY", &[ValueKind::Target]),
    ("EXPERIMENT", &[ValueKind::Experiment]),
    ("RUN", &[ValueKind::Run]),
    ("METRIC", &[ValueKind::Metric]),
    ("MODEL", &[ValueKind::Model]),
    ("MODEL/VERSION", &[ValueKind::Version]),
    (
        "MODEL[/VERSION]|RUN",
        &[ValueKind::Model, ValueKind::Version, ValueKind::Run],
    ),
    ("MODEL/VERSION|MODEL@ALIAS", &[ValueKind::Version]),
    ("MODEL/VERSION|RUN", &[ValueKind::Version, ValueKind::Run]),
    ("RUN|MODEL/VERSION", &[ValueKind::Run, ValueKind::Version]),
    ("STAGE", &[ValueKind::Stage]),
    ("STAGE|@ALIAS", &[ValueKind::Stage, ValueKind::Alias]),
];

/// By the name of the value.
const HINTS: &[(&str, ValueHint)] = &[
    ("FILE", ValueHint::FilePath),
    ("FOLDER", ValueHint::DirPath),
    ("COMMAND", ValueHint::CommandName),
];

/// Adds a completer to every argument with a known value, also of subcommands.
pub fn attach(command: Command) -> Command {
    command.mut_args(attach_to_argument).mut_subcommands(attach)
}

fn attach_to_argument(argument: Arg) -> Arg {
    let value_name = argument
        .get_value_names()
        .and_then(<[_]>::first)
        .map(ToString::to_string)
        .unwrap_or_default();
    let id = argument.get_id().to_string();
    let found = [(BY_ID, id.as_str()), (BY_VALUE_NAME, value_name.as_str())]
        .into_iter()
        .find_map(|(table, key)| table.iter().find(|row| row.0 == key));
    if let Some((_, kinds)) = found {
        return argument.add(ArgValueCompleter::new(LiveCompleter(kinds)));
    }
    match HINTS.iter().find(|(name, _)| *name == value_name) {
        Some((_, hint)) => argument.value_hint(*hint),
        None => argument,
    }
}

struct LiveCompleter(&'static [ValueKind]);

impl ValueCompleter for LiveCompleter {
    fn complete(&self, current: &OsStr) -> Vec<CompletionCandidate> {
        let mut found = Vec::new();
        if let Some(text) = current.to_str() {
            let values = live_values::list(self.0, text);
            let starts = |value: &live_values::LiveValue| value.text.starts_with(text);
            found.extend(values.into_iter().filter(starts).map(|value| {
                CompletionCandidate::new(value.text).help(value.help.map(Into::into))
            }));
        }
        if self.0.contains(&ValueKind::Target) {
            found.extend(PathCompleter::any().complete(current));
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::Cli;
    use clap::CommandFactory;

    /// Values that nobody can list: free text, numbers, expressions.
    const FREE: &[&str] = &[
        "TEXT",
        "N",
        "SECONDS",
        "RUNS",
        "FILTER",
        "KEYS",
        "COLUMNS",
        "GOAL",
        "GATE",
        "ID",
        "WHEN",
        "WHAT",
        "PATH",
        "SIZE",
        "WEIGHT",
        "KEY=VALUE",
        "AXIS",
        "SCALE",
        "SHELL",
        "NAME",
    ];

    fn check(command: &Command, path: &str) {
        for argument in command
            .get_arguments()
            .filter(|arg| arg.get_action().takes_values())
        {
            let name = argument
                .get_value_names()
                .and_then(<[_]>::first)
                .map(ToString::to_string)
                .unwrap_or_default();
            let is_known = argument.get::<ArgValueCompleter>().is_some()
                || HINTS.iter().any(|(hint, _)| *hint == name);
            assert!(
                is_known || FREE.contains(&name.as_str()),
                "{path}: {name} has no completer; add it to the tables, or to FREE"
            );
        }
        for subcommand in command.get_subcommands() {
            check(subcommand, subcommand.get_name());
        }
    }

    #[test]
    fn every_value_is_completed_or_free() {
        check(&attach(Cli::command()), "frontrunner");
    }
}
