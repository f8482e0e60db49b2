//! Looks up values in the settings and the store, read-only and in bounded time.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use clap::CommandFactory;

use super::value_kind::ValueKind;
use crate::cli::args::{Cli, GlobalArgs, TuiArgs};
use crate::cli::{context, resolve};
use crate::config::saved_views::ViewFiles;
use crate::config::theme::Theme;
use crate::config::{Directories, Settings};
use crate::domain::{RegisteredModel, Run, Stage};
use crate::ops::clock;
use crate::store::{
    self, AccessMode, LifecycleFilter, ReadOnlyReason, ReadStore, Reader, RunQuery,
};
use crate::text::Untrusted;

/// How long a person waits for a list before they type on.
const TIMEOUT: Duration = Duration::from_millis(1_500);

/// The newest runs, which are the ones that are asked for.
const MAX_RUNS: u32 = 100;

/// A value to complete, with a word about it for shells that show one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveValue {
    pub text: String,
    pub help: Option<String>,
}

impl LiveValue {
    fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            help: None,
        }
    }

    fn with_help(text: impl Into<String>, help: impl Into<String>) -> Self {
        Self {
            help: Some(help.into()),
            ..Self::new(text)
        }
    }

    /// A name of the store; none if it can't be typed as it is.
    fn from_store(name: &Untrusted) -> Option<Self> {
        let is_plain = !name.raw().is_empty() && name.clean() == name.raw();
        is_plain.then(|| Self::new(name.raw()))
    }
}

/// The values of some kinds for a text that is being typed; none if they can't be read in time.
pub fn list(kinds: &'static [ValueKind], text: &str) -> Vec<LiveValue> {
    let (words, text) = (typed_words(), text.to_owned());
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        if let Ok(runtime) = runtime {
            let found = runtime.block_on(look_up(kinds, &words, &text));
            let _ = sender.send(found.unwrap_or_default());
        }
    });
    receiver.recv_timeout(TIMEOUT).unwrap_or_default()
}

/// The command line that is being typed: what follows the first `--`.
fn typed_words() -> Vec<OsString> {
    std::env::args_os()
        .skip_while(|word| word != "--")
        .skip(1)
        .collect()
}

/// The options that say which store is meant, as far as they are typed.
fn parse_options(words: &[OsString]) -> Option<Cli> {
    let command = Cli::command().ignore_errors(true);
    let matches = command.try_get_matches_from(words).ok()?;
    // A global option is in the matches of the subcommand that it was given to, or in those of the program.
    let option = |id: &str| {
        let given =
            |matches: &clap::ArgMatches| matches.try_get_one::<String>(id).ok().flatten().cloned();
        matches
            .subcommand()
            .and_then(|(_, matches)| given(matches))
            .or_else(|| given(&matches))
    };
    Some(Cli {
        target: matches.get_one::<String>("target").cloned(),
        global: GlobalArgs {
            target: option("store"),
            profile: option("profile"),
            experiment: option("experiment_option"),
            ..GlobalArgs::default()
        },
        tui: TuiArgs::default(),
        command: None,
        version: false,
        verbose: false,
    })
}

async fn look_up(kinds: &[ValueKind], words: &[OsString], text: &str) -> Option<Vec<LiveValue>> {
    let cli = parse_options(words)?;
    let (directories, settings) = context::load_settings(&cli).ok()?;
    let (mut found, mut reader) = (Vec::new(), None::<Reader>);
    for kind in kinds {
        if let Some(values) = from_settings(*kind, &directories, &settings) {
            found.extend(values);
            continue;
        }
        if reader.is_none() {
            reader = Some(open(&cli, &directories, &settings).await?);
        }
        if let Some(reader) = &reader {
            let experiment = cli.global.experiment.as_deref();
            found.extend(from_store(*kind, reader.as_ref(), experiment, text).await?);
        }
    }
    Some(found)
}

/// `None` for kinds that are in the store.
fn from_settings(
    kind: ValueKind,
    directories: &Directories,
    settings: &Settings,
) -> Option<Vec<LiveValue>> {
    let profiles = || settings.profiles.iter();
    Some(match kind {
        ValueKind::Target => {
            let profile = |(name, profile): (&String, &crate::config::Profile)| {
                LiveValue::with_help(format!("@{name}"), profile.target.to_string())
            };
            let demo = LiveValue::with_help("demo", "the demo store");
            profiles().map(profile).chain([demo]).collect()
        }
        ValueKind::Profile => profiles()
            .map(|(name, profile)| LiveValue::with_help(name, profile.target.to_string()))
            .collect(),
        ValueKind::Theme => Theme::builtin_names()
            .into_iter()
            .map(LiveValue::new)
            .collect(),
        ValueKind::View => {
            let here = std::env::current_dir().unwrap_or_default();
            let files = ViewFiles::new(&directories.config, &directories.data, &here);
            let views = files.load_all().views;
            views.into_keys().map(LiveValue::new).collect()
        }
        ValueKind::Stage => Stage::ALL
            .into_iter()
            .map(|stage| LiveValue::new(stage.as_str()))
            .collect(),
        ValueKind::Experiment
        | ValueKind::Run
        | ValueKind::Metric
        | ValueKind::Model
        | ValueKind::Version
        | ValueKind::Alias => return None,
    })
}

async fn open(cli: &Cli, directories: &Directories, settings: &Settings) -> Option<Reader> {
    let named = cli.global.target.as_deref().or(cli.target.as_deref());
    // Resolving the demo creates it.
    if named == Some("demo") && !directories.demo_store().exists() {
        return None;
    }
    let profile = cli.global.profile.as_deref();
    let found = resolve::target(named, profile, settings, directories, clock::now()).ok()?;
    let connection = resolve::connection(&found, None).ok()?;
    let access = AccessMode::ReadOnly(ReadOnlyReason::Flag);
    let opened = store::open(&found.target, access, &connection).await;
    Some(opened.ok()?.reader)
}

async fn from_store(
    kind: ValueKind,
    reader: &dyn ReadStore,
    experiment: Option<&str>,
    text: &str,
) -> Option<Vec<LiveValue>> {
    match kind {
        ValueKind::Experiment => {
            let experiments = reader.experiments(LifecycleFilter::Active).await.ok()?;
            let names = experiments.iter().map(|experiment| &experiment.name);
            Some(names.filter_map(LiveValue::from_store).collect())
        }
        ValueKind::Run => Some(run_values(&newest_runs(reader, experiment).await?)),
        ValueKind::Metric => {
            let runs = newest_runs(reader, experiment).await?;
            let keys: BTreeSet<&Untrusted> = runs
                .iter()
                .flat_map(|run| run.metrics.iter().map(|metric| &metric.key))
                .collect();
            Some(keys.into_iter().filter_map(LiveValue::from_store).collect())
        }
        ValueKind::Version => version_values(reader, text).await,
        ValueKind::Model => {
            let models = reader.models().await.ok()?;
            let names = models.iter().map(|model| model.name.text());
            Some(names.filter_map(LiveValue::from_store).collect())
        }
        ValueKind::Alias => {
            let models = reader.models().await.ok()?;
            let aliases: BTreeSet<String> = models.iter().flat_map(aliases).collect();
            let slots = aliases.into_iter().map(|alias| format!("@{alias}"));
            Some(slots.map(LiveValue::new).collect())
        }
        _ => None,
    }
}

async fn newest_runs(reader: &dyn ReadStore, experiment: Option<&str>) -> Option<Vec<Run>> {
    let scope = resolve::experiment_scope(reader, experiment).await.ok()?;
    let experiments = if let Some(experiment) = scope {
        vec![experiment.id]
    } else {
        let all = reader.experiments(LifecycleFilter::Active).await.ok()?;
        all.into_iter().map(|experiment| experiment.id).collect()
    };
    let query = RunQuery {
        experiments,
        page_size: MAX_RUNS,
        ..RunQuery::default()
    };
    Some(reader.runs(&query, None).await.ok()?.items)
}

/// Names where one run has it, IDs otherwise.
fn run_values(runs: &[Run]) -> Vec<LiveValue> {
    let mut values = Vec::new();
    for run in runs {
        let is_unique = runs.iter().filter(|other| other.name == run.name).count() == 1;
        let named = LiveValue::from_store(&run.name).filter(|_| is_unique);
        let id = LiveValue::with_help(run.id.raw(), run.name.clean());
        values.extend(named);
        values.push(id);
    }
    values
}

/// The selectors of each model, and the numbers of the one whose name is typed.
async fn version_values(reader: &dyn ReadStore, text: &str) -> Option<Vec<LiveValue>> {
    let models = reader.models().await.ok()?;
    let is_typed = |model: &&RegisteredModel| {
        let rest = text.strip_prefix(model.name.raw());
        rest.is_some_and(|rest| rest.starts_with('/')) || models.len() == 1
    };
    let mut values = Vec::new();
    for model in models
        .iter()
        .filter(|model| model.name.clean() == model.name.raw())
    {
        let name = model.name.raw();
        values.push(LiveValue::new(format!("{name}/latest")));
        let slots = aliases(model).map(|alias| LiveValue::new(format!("{name}@{alias}")));
        values.extend(slots);
        if is_typed(&model) {
            for version in reader.versions(&model.name).await.ok()? {
                let stage = version.stage.to_string();
                let number = format!("{name}/{}", version.version);
                values.push(LiveValue::with_help(number, stage));
            }
        }
    }
    Some(values)
}

/// The aliases that can be typed as they are.
fn aliases(model: &RegisteredModel) -> impl Iterator<Item = String> + '_ {
    let names = model.aliases.iter().map(|(alias, _)| alias);
    let plain = names.filter(|alias| alias.clean() == alias.raw());
    plain.map(|alias| alias.raw().to_owned())
}
