//! What every subcommand works with: the flags, the settings, the folders, the time, and where to print.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::arguments::{Cli, Flags};
use crate::cli::output::Output;
use crate::cli::output::failure::{Exit, Failure};
use crate::cli::resolve;
use crate::config::{self, Directories, Layer, Settings};
use crate::domain::Millis;
use crate::ops::journal::Journal;
use crate::ops::lineage::Lookout;
use crate::promotion::policy::Policy;
use crate::store::{self, Access, Beside, Opened, Read, Reader};

/// What every subcommand works with.
pub struct Context<'a> {
    /// What to open, as named before the subcommand.
    pub place: Option<String>,
    /// The flags.
    pub flags: Flags,
    /// What applies.
    pub settings: Settings,
    /// Where files are kept.
    pub directories: Directories,
    /// When this began, ms since the epoch.
    pub now: Millis,
    /// Where to print.
    pub output: &'a mut Output,
}

impl<'a> Context<'a> {
    /// Reads the settings.
    ///
    /// # Errors
    /// When they are wrong, or there is no home folder.
    pub fn load(cli: &Cli, output: &'a mut Output) -> Result<Self, Failure> {
        let (directories, settings) = settings(cli)?;
        output.set_color(settings.color, &config::environment);
        Ok(Self {
            place: cli.place.clone(),
            flags: cli.flags.clone(),
            settings,
            directories,
            now: now(),
            output,
        })
    }

    /// Opens the store that is meant.
    ///
    /// # Errors
    /// When none is meant, or it can't be opened.
    pub async fn open(&self) -> Result<Opened, Failure> {
        let found = resolve::target(
            self.named(),
            self.flags.profile.as_deref(),
            &self.settings,
            &self.directories,
            self.now,
        )?;
        // A policy that can't be read may say that nobody may write here.
        let by_policy = self.policy().map_or(true, |policy| policy.read_only);
        let access = if self.settings.read_only || found.read_only || by_policy {
            Access::ReadOnly
        } else {
            Access::ReadWrite
        };
        let connection = resolve::connection(found.profile.as_ref())?;
        Ok(store::open(&found.target, access, &connection).await?)
    }

    /// Opens the store that is meant for reading, with a second one beside it where one is named.
    ///
    /// # Errors
    /// As for [`Self::open`], for either.
    pub async fn open_beside(&self) -> Result<Opened, Failure> {
        let opened = self.open().await?;
        Ok(match self.beside().await? {
            Some(second) => Opened {
                reader: Arc::new(Beside::new(opened.reader, second)),
                writer: None,
            },
            None => opened,
        })
    }

    /// The second store, to be looked at only, where one is named.
    ///
    /// # Errors
    /// When it can't be opened.
    pub async fn beside(&self) -> Result<Option<Reader>, Failure> {
        let Some(named) = self.flags.beside.as_deref() else {
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
            store::open(&found.target, Access::ReadOnly, &connection)
                .await?
                .reader,
        ))
    }

    /// What was named on the command line.
    #[must_use]
    pub fn named(&self) -> Option<&str> {
        self.flags.target.as_deref().or(self.place.as_deref())
    }

    /// The policy that is in force, if there is one.
    ///
    /// # Errors
    /// When it can't be read, or has mistakes: each is told with its place.
    pub fn policy(&self) -> Result<Arc<Policy>, Failure> {
        let here = std::env::current_dir().unwrap_or_default();
        let named = self.settings.policy.as_deref();
        let found = config::policy_text(named, &here, &self.directories.config).map_err(
            |(path, error)| {
                Failure::new(
                    Exit::Usage,
                    format!("the policy {} can't be read", path.display()),
                )
                .because(error.to_string())
            },
        )?;
        let Some(found) = found else {
            return Ok(Arc::default());
        };
        Policy::parse(&found.text)
            .map(Arc::new)
            .map_err(|mistakes| Failure::policy(&found.path.display().to_string(), &mistakes))
    }

    /// What other tools left, and where it is looked for: the user's recognisers with those that come with the program; the folder of
    /// the store, where it is a file, and the one that this was started in.
    #[must_use]
    pub fn lookout(&self, reader: &dyn Read) -> Lookout {
        let own = config::recogniser_texts(&self.directories.config);
        let beside = std::path::Path::new(reader.origin().trim_start_matches("sqlite:"))
            .parent()
            .filter(|folder| folder.is_absolute());
        let here = std::env::current_dir().ok();
        let mut roots: Vec<std::path::PathBuf> = beside
            .map(std::path::Path::to_owned)
            .into_iter()
            .chain(here)
            .collect();
        roots.dedup();
        Lookout::new(own, roots)
    }

    /// The journal.
    #[must_use]
    pub fn journal(&self) -> Journal {
        Journal::at(self.directories.journal_file())
    }
}

/// The folders, and the settings from all layers.
///
/// # Errors
/// As for [`Context::load`].
pub fn settings(cli: &Cli) -> Result<(Directories, Settings), Failure> {
    let directories = Directories::find(&config::environment)?;
    let file = Layer::read(&directories.config_file())?;
    let environment = Layer::from_environment(&config::environment)?;
    let settings = Settings::from_layers(&[cli.flags.layer(&cli.screen), environment, file]);
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
