//! The context of a subcommand: options, settings, folders, time and output.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use super::args::{Cli, GlobalArgs};
use crate::cli::output::Printer;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::resolve;
use crate::config::{self, Directories, PolicySearch, Settings, SettingsLayer};
use crate::diagnostics::Diagnostic;
use crate::domain::Millis;
use crate::ops::clock;
use crate::ops::journal::Journal;
use crate::ops::lineage::EvidenceSources;
use crate::promotion::journal::JournalEntry;
use crate::promotion::policy::Policy;
use crate::store::{
    self, AccessMode, ConnectOptions, MergedStore, ReadOnlyReason, ReadStore, Reader, StoreHandle,
    StoreTarget,
};

pub struct CommandContext<'a> {
    /// The target before the subcommand.
    pub positional_target: Option<String>,
    pub global_args: GlobalArgs,
    pub settings: Settings,
    pub directories: Directories,
    /// When the command started, ms since the epoch.
    pub now: Millis,
    policy: OnceLock<Result<Arc<Policy>, CliError>>,
    pub printer: &'a mut Printer,
}

impl<'a> CommandContext<'a> {
    /// Loads the settings.
    ///
    /// # Errors
    /// If a setting is invalid or there is no home folder.
    pub fn load(cli: &Cli, printer: &'a mut Printer) -> Result<Self, CliError> {
        let (directories, settings) = load_settings(cli)?;
        printer.set_color(settings.color, &config::env_var);
        Ok(Self {
            positional_target: cli.target.clone(),
            global_args: cli.global.clone(),
            settings,
            directories,
            now: clock::now(),
            policy: OnceLock::new(),
            printer,
        })
    }

    /// Opens the store, with a warning if that exposes credentials.
    ///
    /// # Errors
    /// If no store is found or it can't be opened.
    pub async fn open_store(&mut self) -> Result<StoreHandle, CliError> {
        let found = self.resolve_target()?;
        let connection = self.connection(&found)?;
        self.warn_of_exposed_credentials(&found.target, &connection);
        if let Some(registry) = self.resolve_registry(&found)? {
            let connection = resolve::connection(&registry.store, Some(&found.target))?;
            self.warn_of_exposed_credentials(&registry.store.target, &connection);
        }
        self.open_store_silently().await
    }

    /// Opens the store, with the models of its registry.
    ///
    /// # Errors
    /// As for [`Self::open_store`].
    pub async fn open_store_silently(&self) -> Result<StoreHandle, CliError> {
        let found = self.resolve_target()?;
        let access = |own: &Option<ReadOnlyReason>| {
            self.read_only_reason()
                .or_else(|| own.clone())
                .or_else(|| self.policy_read_only_reason())
                .map_or(AccessMode::ReadWrite, AccessMode::ReadOnly)
        };
        let connection = self.connection(&found)?;
        let opened = store::open(&found.target, access(&found.read_only), &connection).await?;
        let Some(registry) = self.resolve_registry(&found)? else {
            return Ok(opened);
        };
        let own = registry.store.read_only.clone().or(found.read_only);
        let connection = resolve::connection(&registry.store, Some(&found.target))?;
        let models = store::open_registry(&registry.target, access(&own), &connection).await?;
        Ok(store::with_registry(opened, models))
    }

    /// The registry, if it is not the store's own.
    ///
    /// # Errors
    /// If it is named and is none.
    pub fn resolve_registry(
        &self,
        found: &resolve::ResolvedTarget,
    ) -> Result<Option<resolve::ResolvedRegistry>, CliError> {
        resolve::registry(self.global_args.registry.as_deref(), found, &self.settings)
    }

    /// How to connect to the store; `--workspace` overrides the environment and the profile.
    ///
    /// # Errors
    /// If the environment or the profile is invalid.
    pub fn connection(&self, found: &resolve::ResolvedTarget) -> Result<ConnectOptions, CliError> {
        let mut options = resolve::connection(found, None)?;
        let chosen = self.global_args.workspace.clone();
        options.workspace = chosen.or(options.workspace);
        Ok(options)
    }

    /// The workspace that was chosen, if any.
    #[must_use]
    pub fn workspace(&self) -> Option<String> {
        let found = self.resolve_target().ok()?;
        self.connection(&found).ok()?.workspace
    }

    fn warn_of_exposed_credentials(&mut self, target: &StoreTarget, options: &ConnectOptions) {
        if let Some(warning) = resolve::exposed_credentials(target, options) {
            self.printer.note(&format!(
                "warning: {warning} (use https, or a tunnel to localhost)"
            ));
        }
    }

    fn resolve_target(&self) -> Result<resolve::ResolvedTarget, CliError> {
        resolve::target(
            self.named_target(),
            self.global_args.profile.as_deref(),
            &self.settings,
            &self.directories,
            self.now,
        )
    }

    fn read_only_reason(&self) -> Option<ReadOnlyReason> {
        let is_environment = || {
            SettingsLayer::from_environment(&config::env_var)
                .is_ok_and(|layer| layer.read_only == Some(true))
        };
        self.settings.read_only.then(|| {
            if self.global_args.read_only {
                ReadOnlyReason::Flag
            } else if is_environment() {
                ReadOnlyReason::Environment
            } else {
                ReadOnlyReason::Settings
            }
        })
    }

    /// An invalid policy may be one that forbids writes.
    fn policy_read_only_reason(&self) -> Option<ReadOnlyReason> {
        match self.policy() {
            Ok(policy) => policy
                .read_only_source()
                .map(|path| ReadOnlyReason::Policy(path.to_owned())),
            Err(_) => Some(ReadOnlyReason::InvalidPolicy),
        }
    }

    /// Opens the store, merged with the one that `--with` names.
    ///
    /// # Errors
    /// As for [`Self::open_store`], for either store.
    pub async fn open_merged(&mut self) -> Result<StoreHandle, CliError> {
        let opened = self.open_store().await?;
        Ok(match self.open_second_store().await? {
            Some(second) => StoreHandle {
                reader: Arc::new(MergedStore::new(opened.reader, second)),
                writer: Err(ReadOnlyReason::SecondStore),
            },
            None => opened,
        })
    }

    /// Opens the store that `--with` names, read-only.
    ///
    /// # Errors
    /// If it can't be opened.
    pub async fn open_second_store(&mut self) -> Result<Option<Reader>, CliError> {
        let Some(named) = self.global_args.with.as_deref() else {
            return Ok(None);
        };
        let found = resolve::target(
            Some(named),
            None,
            &self.settings,
            &self.directories,
            self.now,
        )?;
        let first = self.resolve_target()?.target;
        let connection = resolve::connection(&found, Some(&first))?;
        self.warn_of_exposed_credentials(&found.target, &connection);
        Ok(Some(
            store::open(
                &found.target,
                AccessMode::ReadOnly(ReadOnlyReason::SecondStore),
                &connection,
            )
            .await?
            .reader,
        ))
    }

    /// The target on the command line.
    #[must_use]
    pub fn named_target(&self) -> Option<&str> {
        self.global_args
            .target
            .as_deref()
            .or(self.positional_target.as_deref())
    }

    /// The policies in force as one, parsed once; the default one where there is no file.
    ///
    /// # Errors
    /// When one cannot be read, is not to be trusted or has errors.
    pub fn policy(&self) -> Result<Arc<Policy>, CliError> {
        self.policy.get_or_init(|| self.load_policy()).clone()
    }

    /// The files that policies are looked for in.
    #[must_use]
    pub fn policy_places(&self) -> Vec<PathBuf> {
        self.with_policy_search(|search| search.places())
    }

    fn with_policy_search<T>(&self, work: impl FnOnce(PolicySearch<'_>) -> T) -> T {
        let here = std::env::current_dir().unwrap_or_default();
        let home = config::env_var("HOME").map(PathBuf::from);
        let mut named = self.settings.policies.clone();
        let profile = self.resolve_target().ok().and_then(|found| found.profile);
        named.extend(profile.and_then(|profile| profile.policy));
        work(PolicySearch {
            named: &named,
            here: &here,
            home: home.as_deref(),
            config: &self.directories.config,
        })
    }

    fn load_policy(&self) -> Result<Arc<Policy>, CliError> {
        let found = self
            .with_policy_search(config::find_policies)
            .map_err(|(path, error)| {
                CliError::new(
                    ExitStatus::Usage,
                    format!("cannot read the policy {}", path.display()),
                )
                .with_cause(error.to_string())
            })?;
        let mut parts = Vec::new();
        for file in found {
            let path = file.path.display().to_string();
            let policy = Policy::parse(&file.text).map_err(|mut diagnostics| {
                if file.is_link {
                    diagnostics = diagnostics.iter().map(Diagnostic::without_text).collect();
                }
                CliError::invalid_policy(&path, &diagnostics)
            })?;
            parts.push((path, file.is_project, policy));
        }
        Ok(Arc::new(Policy::merge(parts)))
    }

    /// The built-in and user integrations, and the folders that they search: that of a store file and the
    /// current one.
    #[must_use]
    pub fn evidence_sources(&self, reader: &dyn ReadStore) -> EvidenceSources {
        let custom_integrations = config::read_integration_files(&self.directories.config);
        let here = std::env::current_dir().ok();
        let mut roots: Vec<std::path::PathBuf> = reader
            .local_folder()
            .map(std::path::Path::to_owned)
            .into_iter()
            .chain(here)
            .collect();
        roots.dedup();
        EvidenceSources::new(custom_integrations, roots)
    }

    #[must_use]
    pub fn journal(&self) -> Journal {
        Journal::with_path(self.directories.journal_file())
    }

    /// The journal's entries of a store, with a note if the journal is damaged.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn journal_entries(&mut self, origin: &str) -> Result<Vec<JournalEntry>, CliError> {
        let (entries, damage) = self.journal().load(origin)?;
        if let Some(damage) = damage.describe() {
            let path = self.directories.journal_file();
            let note = format!(
                "warning: the journal {} is damaged: {damage}",
                path.display()
            );
            self.printer.note(&note);
        }
        Ok(entries)
    }
}

/// Finds the folders and merges the settings.
///
/// # Errors
/// As for [`CommandContext::load`].
pub fn load_settings(cli: &Cli) -> Result<(Directories, Settings), CliError> {
    let directories = Directories::find(&config::env_var)?;
    let file = SettingsLayer::read(&directories.config_file())?;
    let environment = SettingsLayer::from_environment(&config::env_var)?;
    let settings = Settings::from_layers(&[cli.settings_layer(), environment, file]);
    Ok((directories, settings))
}
