//! The configuration of Databricks' clients: variables and profiles of `~/.databrickscfg`.
//!
//! The rules are those of Databricks' SDK, with one exception: values of the environment complete a named profile only if they
//! are for the same host, so that no token is sent to another workspace than its own.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use ini::{Ini, ParseOption};
use url::Url;

use super::environment::Environment;
use super::login_error;
use crate::domain::{StoreError, StoreErrorKind};
use crate::files::read_text;
use crate::store::{Result, limits};
use crate::text::untrusted::clean;

/// Keys of a profile, each with its variable.
const KEYS: [(&str, &str); 14] = [
    ("host", "DATABRICKS_HOST"),
    ("token", "DATABRICKS_TOKEN"),
    ("username", "DATABRICKS_USERNAME"),
    ("password", "DATABRICKS_PASSWORD"),
    ("client_id", "DATABRICKS_CLIENT_ID"),
    ("client_secret", "DATABRICKS_CLIENT_SECRET"),
    ("auth_type", "DATABRICKS_AUTH_TYPE"),
    ("workspace_id", "DATABRICKS_WORKSPACE_ID"),
    ("discovery_url", "DATABRICKS_DISCOVERY_URL"),
    (
        "azure_workspace_resource_id",
        "DATABRICKS_AZURE_RESOURCE_ID",
    ),
    ("azure_client_id", "ARM_CLIENT_ID"),
    ("azure_client_secret", "ARM_CLIENT_SECRET"),
    ("azure_tenant_id", "ARM_TENANT_ID"),
    ("azure_environment", "ARM_ENVIRONMENT"),
];

/// Keys of which one means that a login is configured.
const LOGIN_KEYS: [&str; 6] = [
    "token",
    "password",
    "client_id",
    "client_secret",
    "azure_client_secret",
    "auth_type",
];

/// The section of settings, which is no profile.
const SETTINGS_SECTION: &str = "__settings__";

/// The section that is read if no profile is named.
const DEFAULT_SECTION: &str = "DEFAULT";

/// A configuration with a host. `Debug` shows no values.
#[derive(PartialEq, Eq)]
pub(in crate::store::rest) struct DatabricksConfig {
    pub host: Url,
    /// `profile prod of ~/.databrickscfg`, `the environment`.
    pub from: String,
    /// The profile, if the values are a profile's.
    pub profile: Option<String>,
    values: BTreeMap<&'static str, String>,
}

impl fmt::Debug for DatabricksConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys: Vec<&str> = self.values.keys().copied().collect();
        write!(f, "DatabricksConfig({}, {keys:?})", self.from)
    }
}

fn config_error(why: impl Into<String>, hint: &'static str) -> StoreError {
    login_error("reading the configuration of Databricks", why).with_hint(Some(hint))
}

impl DatabricksConfig {
    /// Reads the configuration that a URI names: `databricks`, or `databricks://PROFILE`.
    ///
    /// # Errors
    /// When a profile is missing, or no host is configured.
    pub fn resolve(environment: &Environment, named: Option<&str>) -> Result<Self> {
        let from_env: BTreeMap<&'static str, String> = KEYS
            .iter()
            .filter_map(|(key, variable)| Some((*key, environment.get(variable)?.to_owned())))
            .collect();
        let env_profile = environment.get("DATABRICKS_CONFIG_PROFILE");
        let Some(profile) = named.or(env_profile) else {
            if from_env.contains_key("host") || has_login(&from_env) {
                return Self::with_host(from_env, "the environment".to_owned(), None);
            }
            return Self::from_default_profile(environment);
        };
        let file = ConfigFile::read(environment)?;
        let mut values = file.profile(profile)?;
        let from = format!("profile {} of {}", clean(profile), file.name());
        let same_host = match (values.get("host"), from_env.get("host")) {
            (Some(own), Some(other)) => parse_host(own)? == parse_host(other)?,
            _ => true,
        };
        if !same_host && named.is_none() {
            return Err(config_error(
                format!("DATABRICKS_HOST and {from} name different workspaces"),
                "unset DATABRICKS_HOST or DATABRICKS_CONFIG_PROFILE",
            ));
        }
        let is_complete = has_login(&values);
        if same_host {
            for (key, value) in from_env {
                if !is_complete || !LOGIN_KEYS.contains(&key) {
                    values.entry(key).or_insert(value);
                }
            }
        }
        Self::with_host(values, from, Some(profile.to_owned()))
    }

    fn from_default_profile(environment: &Environment) -> Result<Self> {
        let file = ConfigFile::read(environment)?;
        let chosen = file.get(SETTINGS_SECTION, "default_profile");
        let profile = chosen.unwrap_or_else(|| DEFAULT_SECTION.to_owned());
        let values = file.profile(&profile)?;
        let from = format!("profile {} of {}", clean(&profile), file.name());
        Self::with_host(values, from, Some(profile))
    }

    fn with_host(
        values: BTreeMap<&'static str, String>,
        from: String,
        profile: Option<String>,
    ) -> Result<Self> {
        let Some(host) = values.get("host") else {
            return Err(config_error(
                format!("{from} has no host"),
                "set DATABRICKS_HOST, or `host` in the profile, to https://WORKSPACE",
            ));
        };
        Ok(Self {
            host: parse_host(host)?,
            from,
            profile,
            values,
        })
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }
}

fn has_login(values: &BTreeMap<&'static str, String>) -> bool {
    LOGIN_KEYS.iter().any(|key| values.contains_key(key))
}

/// A host with or without its scheme, without a path.
fn parse_host(text: &str) -> Result<Url> {
    let text = text.trim();
    let address = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let invalid = || {
        config_error(
            "the host is not an address",
            "set it to https://WORKSPACE, as the browser shows it",
        )
    };
    let mut url = Url::parse(&address).map_err(|_| invalid())?;
    let is_web = ["http", "https"].contains(&url.scheme());
    if !is_web || !url.username().is_empty() || url.password().is_some() {
        return Err(invalid());
    }
    url.set_path("");
    url.set_query(None);
    url.set_fragment(None);
    Ok(url)
}

/// `~/.databrickscfg`, or the file of `DATABRICKS_CONFIG_FILE`.
struct ConfigFile {
    path: PathBuf,
    ini: Option<Ini>,
}

impl ConfigFile {
    fn read(environment: &Environment) -> Result<Self> {
        let named = environment.get("DATABRICKS_CONFIG_FILE").map(|path| {
            let in_home = path
                .strip_prefix("~/")
                .and_then(|path| environment.in_home(path));
            in_home.unwrap_or_else(|| path.into())
        });
        let path = named
            .or_else(|| environment.in_home(".databrickscfg"))
            .ok_or_else(|| config_error("there is no home folder", "set DATABRICKS_CONFIG_FILE"))?;
        let unreadable = |why: String| {
            let why = format!("can't read {}: {why}", path.display());
            config_error(
                why,
                "correct the file, or write it again with `databricks configure`",
            )
        };
        let ini = match read_text(&path, limits::CREDENTIALS_BYTES) {
            Ok(text) => {
                // Python's parser, which the SDK uses, has neither quotes nor escapes.
                let options = ParseOption {
                    enabled_quote: false,
                    enabled_escape: false,
                    ..ParseOption::default()
                };
                // The parser's message can quote the file.
                let parsed = Ini::load_from_str_opt(&text, options)
                    .map_err(|error| unreadable(format!("syntax error in line {}", error.line)))?;
                Some(parsed)
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(unreadable(error.to_string())),
        };
        Ok(Self { path, ini })
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// A value; names of keys are not case-sensitive.
    fn get(&self, section: &str, key: &str) -> Option<String> {
        let section = self.ini.as_ref()?.section(Some(section))?;
        section
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(key))
            .map(|(_, value)| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    }

    /// The values of a profile; it inherits none of another one.
    fn profile(&self, name: &str) -> Result<BTreeMap<&'static str, String>> {
        let Some(ini) = &self.ini else {
            let why = format!(
                "{} does not exist, and DATABRICKS_HOST is not set",
                self.name()
            );
            return Err(config_error(
                why,
                "run `databricks auth login --host https://WORKSPACE`, or set DATABRICKS_HOST and DATABRICKS_TOKEN",
            ));
        };
        let is_profile = name != SETTINGS_SECTION && ini.section(Some(name)).is_some();
        if !is_profile {
            let mut known: Vec<&str> = ini
                .sections()
                .flatten()
                .filter(|known| *known != SETTINGS_SECTION)
                .collect();
            known.dedup();
            let why = format!(
                "{} has no profile {}; its profiles are {}",
                self.name(),
                clean(name),
                clean(&known.join(", "))
            );
            return Err(StoreError {
                kind: StoreErrorKind::Unauthenticated,
                ..config_error(
                    why,
                    "name another profile: databricks://PROFILE or DATABRICKS_CONFIG_PROFILE",
                )
            });
        }
        let value = |key: &'static str| Some((key, self.get(name, key)?));
        Ok(KEYS.iter().filter_map(|(key, _)| value(key)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "; comment\n[DEFAULT]\nhost = https://default.example.org/\ntoken = dapi-default\n\
        [prod]\nHost = prod.example.org\n# comment\ntoken = a#b;c\"d\n[bare]\nhost = https://bare.example.org\n\
        [nohost]\ntoken = x\n";

    fn resolve(
        named: Option<&str>,
        file: &str,
        variables: &[(&str, &str)],
    ) -> Result<DatabricksConfig> {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(".databrickscfg"), file).unwrap();
        let lookup = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        DatabricksConfig::resolve(&Environment::capture(lookup, Some(home.path())), named)
    }

    fn host_and_token(config: &DatabricksConfig) -> (String, Option<&str>) {
        (config.host.to_string(), config.get("token"))
    }

    #[test]
    fn profiles_are_read_by_the_rules_of_the_sdk() {
        let default = resolve(None, FILE, &[]).unwrap();
        assert_eq!(
            host_and_token(&default),
            ("https://default.example.org/".into(), Some("dapi-default"))
        );
        for config in [
            resolve(Some("prod"), FILE, &[]).unwrap(),
            resolve(None, FILE, &[("DATABRICKS_CONFIG_PROFILE", "prod")]).unwrap(),
            resolve(
                None,
                &format!("{FILE}[__settings__]\ndefault_profile = prod\n"),
                &[],
            )
            .unwrap(),
        ] {
            assert_eq!(
                host_and_token(&config),
                ("https://prod.example.org/".into(), Some("a#b;c\"d"))
            );
        }
        // A named section inherits nothing.
        assert_eq!(resolve(Some("bare"), FILE, &[]).unwrap().get("token"), None);
        let env = [
            ("DATABRICKS_HOST", "https://env.example.org"),
            ("DATABRICKS_TOKEN", "t"),
        ];
        let config = resolve(None, "broken [", &env).unwrap();
        assert_eq!(
            host_and_token(&config),
            ("https://env.example.org/".into(), Some("t"))
        );
    }

    #[test]
    fn a_token_of_the_environment_does_not_reach_another_workspace() {
        let env = [
            ("DATABRICKS_HOST", "https://env.example.org"),
            ("DATABRICKS_TOKEN", "t"),
        ];
        assert_eq!(
            resolve(Some("bare"), FILE, &env).unwrap().get("token"),
            None
        );
        let own = [("DATABRICKS_TOKEN", "t")];
        assert_eq!(
            resolve(Some("bare"), FILE, &own).unwrap().get("token"),
            Some("t")
        );
        assert_eq!(
            resolve(Some("prod"), FILE, &own).unwrap().get("token"),
            Some("a#b;c\"d")
        );
        let both = [env[0], env[1], ("DATABRICKS_CONFIG_PROFILE", "bare")];
        let error = resolve(None, FILE, &both).unwrap_err();
        assert!(
            error.to_string().contains("different workspaces"),
            "{error}"
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        let wrong = |named, file, variables: &[(&str, &str)]| {
            let error = resolve(named, file, variables).unwrap_err();
            format!("{error}; {}", error.hint())
        };
        let missing = wrong(Some("stage"), FILE, &[]);
        assert!(
            missing.contains("no profile stage; its profiles are DEFAULT, prod, bare, nohost"),
            "{missing}"
        );
        assert!(wrong(Some("__settings__"), "[__settings__]\n", &[]).contains("no profile"));
        assert!(wrong(Some("nohost"), FILE, &[]).contains("no host"));
        assert!(
            wrong(None, FILE, &[("DATABRICKS_TOKEN", "t")]).contains("the environment has no host")
        );
        assert!(wrong(None, "", &[]).contains("DEFAULT"));
        let secret = wrong(None, "[DEFAULT\nhost = dapi-secret\n", &[]);
        assert!(!secret.contains("dapi-secret"), "{secret}");
    }
}
