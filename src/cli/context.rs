//! What every subcommand works with: the flags, the settings, the folders, the time, and where to print.

use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use super::args::{Cli, GlobalArgs};
use crate::cli::output::Printer;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::cli::resolve;
use crate::config::{self, Directories, Settings, SettingsLayer};
use crate::domain::Millis;
use crate::ops::journal::Journal;
use crate::ops::lineage::EvidenceSources;
use crate::promotion::policy::Policy;
use crate::store::{self, AccessMode, MergedStore, ReadOnlyReason, ReadStore, Reader, StoreHandle};

/// What every subcommand works with.
pub struct CommandContext<'a> {
    /// What to open, as named before the subcommand.
    pub positional_target: Option<String>,
    /// The flags.
    pub global_args: GlobalArgs,
    /// What applies.
    pub settings: Settings,
    /// Where files are kept.
    pub directories: Directories,
    /// When this began, ms since the epoch.
    pub now: Millis,
    policy: OnceLock<Result<Arc<Policy>, CliError>>,
    /// Where to print.
    pub printer: &'a mut Printer,
}

impl<'a> CommandContext<'a> {
    /// Reads the settings.
    ///
    /// # Errors
    /// When they are wrong, or there is no home folder.
    pub fn load(cli: &Cli, printer: &'a mut Printer) -> Result<Self, CliError> {
        let (directories, settings) = load_settings(cli)?;
        printer.set_color(settings.color, &config::env_var);
        Ok(Self {
            positional_target: cli.target.clone(),
            global_args: cli.global.clone(),
            settings,
            directories,
            now: now(),
            policy: OnceLock::new(),
            printer,
        })
    }

    /// Opens the store that is meant.
    ///
    /// # Errors
    /// When none is meant, or it can't be opened.
    pub async fn open_store(&self) -> Result<StoreHandle, CliError> {
        let found = resolve::target(
            self.named_target(),
            self.global_args.profile.as_deref(),
            &self.settings,
            &self.directories,
            self.now,
        )?;
        let access = self
            .read_only_reason()
            .or(found.read_only)
            .or_else(|| self.policy_read_only_reason())
            .map_or(AccessMode::ReadWrite, AccessMode::ReadOnly);
        let connection = resolve::connection(found.profile.as_ref())?;
        Ok(store::open(&found.target, access, &connection).await?)
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
            Ok(policy) => policy.is_read_only.then_some(ReadOnlyReason::Policy),
            Err(_) => Some(ReadOnlyReason::InvalidPolicy),
        }
    }

    /// Opens the store that is meant for reading, with a second one beside it where one is named.
    ///
    /// # Errors
    /// As for [`Self::open`], for either.
    pub async fn open_merged(&self) -> Result<StoreHandle, CliError> {
        let opened = self.open_store().await?;
        Ok(match self.open_second_store().await? {
            Some(second) => StoreHandle {
                reader: Arc::new(MergedStore::new(opened.reader, second)),
                writer: Err(ReadOnlyReason::SecondStore),
            },
            None => opened,
        })
    }

    /// The second store, to be looked at only, where one is named.
    ///
    /// # Errors
    /// When it can't be opened.
    pub async fn open_second_store(&self) -> Result<Option<Reader>, CliError> {
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
        let connection = resolve::connection(found.profile.as_ref())?;
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

    /// What was named on the command line.
    #[must_use]
    pub fn named_target(&self) -> Option<&str> {
        self.global_args
            .target
            .as_deref()
            .or(self.positional_target.as_deref())
    }

    /// The policy in force, parsed once; the default one where there is no file.
    ///
    /// # Errors
    /// When it cannot be read or has errors.
    pub fn policy(&self) -> Result<Arc<Policy>, CliError> {
        self.policy.get_or_init(|| self.load_policy()).clone()
    }

    fn load_policy(&self) -> Result<Arc<Policy>, CliError> {
        let here = std::env::current_dir().unwrap_or_default();
        let named = self.settings.policy.as_deref();
        let found = config::find_policy(named, &here, &self.directories.config).map_err(
            |(path, error)| {
                CliError::new(
                    ExitStatus::Usage,
                    format!("cannot read the policy {}", path.display()),
                )
                .with_cause(error.to_string())
            },
        )?;
        let Some(found) = found else {
            return Ok(Arc::default());
        };
        Policy::parse(&found.text)
            .map(Arc::new)
            .map_err(|diagnostics| {
                CliError::invalid_policy(&found.path.display().to_string(), &diagnostics)
            })
    }

    /// What other tools left, and where it is looked for: the user's recognisers with those that come with the program; the folder of
    /// the store, where it is a file, and the one that this was started in.
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

    /// The journal.
    #[must_use]
    pub fn journal(&self) -> Journal {
        Journal::with_path(self.directories.journal_file())
    }
}

/// The folders, and the settings from all layers.
///
/// # Errors
/// As for [`Context::load`].
pub fn load_settings(cli: &Cli) -> Result<(Directories, Settings), CliError> {
    let directories = Directories::find(&config::env_var)?;
    let file = SettingsLayer::read(&directories.config_file())?;
    let environment = SettingsLayer::from_environment(&config::env_var)?;
    let settings = Settings::from_layers(&[cli.settings_layer(), environment, file]);
    Ok((directories, settings))
}

/// The time, ms since the epoch.
#[must_use]
pub fn now() -> Millis {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| Millis::try_from(since.as_millis()).ok())
        .unwrap_or(0)
}
