//! Resolves the model registry: `--registry`, the profile's, `MLFLOW_REGISTRY_URI`, else the tracking store's own or the
//! one that MLflow takes for it.

use super::target::ResolvedTarget;
use crate::cli::output::error::{CliError, ExitStatus};
use crate::config::{Settings, env_var};
use crate::store::{RegistryTarget, StoreTarget};
use crate::text::untrusted::clean;

/// A registry apart from the tracking store.
#[derive(Clone, Debug, PartialEq)]
pub struct ResolvedRegistry {
    pub target: RegistryTarget,
    /// Where it comes from, such as `MLFLOW_REGISTRY_URI`.
    pub reason: String,
    /// As a target with its profile, for its connection options.
    pub store: ResolvedTarget,
}

/// Resolves the registry; `None` for the tracking store's own.
///
/// # Errors
/// If it is no registry, or names an unknown profile.
pub fn registry(
    named: Option<&str>,
    found: &ResolvedTarget,
    settings: &Settings,
) -> Result<Option<ResolvedRegistry>, CliError> {
    let from_profile = found
        .profile
        .as_ref()
        .and_then(|profile| profile.registry.as_ref());
    // The demo has its own.
    let from_env = ["MLFLOW_REGISTRY_URI", "MLFLOW_REGISTRY_DIR"]
        .into_iter()
        .filter(|_| found.reason != "demo")
        .find_map(|name| Some((env_var(name)?, name.to_owned())));
    let chosen = named
        .map(|text| (text.to_owned(), "--registry".to_owned()))
        .or_else(|| from_profile.map(|text| (text.expose().to_owned(), found.reason.clone())))
        .or(from_env);
    let resolved = match chosen {
        Some((text, reason)) => match text.strip_prefix('@') {
            Some(name) => Some(registry_of_profile(name, reason, found, settings)?),
            None => Some(plain(RegistryTarget::parse(&text)?, reason, found)),
        },
        None => RegistryTarget::default_of(&found.target)
            .map(|target| plain(target, "MLflow's default for this store".to_owned(), found)),
    };
    Ok(resolved.filter(|registry| registry.target != RegistryTarget::Store(found.target.clone())))
}

fn plain(target: RegistryTarget, reason: String, found: &ResolvedTarget) -> ResolvedRegistry {
    // The registry of the same workspace takes the login of the same profile.
    let profile = found
        .profile
        .clone()
        .filter(|_| RegistryTarget::default_of(&found.target).as_ref() == Some(&target));
    let store = ResolvedTarget {
        target: store_of(&target),
        reason: reason.clone(),
        profile,
        read_only: None,
        is_discovered: false,
    };
    ResolvedRegistry {
        target,
        reason,
        store,
    }
}

fn registry_of_profile(
    name: &str,
    reason: String,
    found: &ResolvedTarget,
    settings: &Settings,
) -> Result<ResolvedRegistry, CliError> {
    let Some(profile) = settings.profiles.get(name) else {
        let message = format!("unknown profile `{}`", clean(name));
        return Err(CliError::new(ExitStatus::Usage, message));
    };
    let target = RegistryTarget::parse(profile.target.expose())?;
    let mut resolved = plain(target, reason, found);
    if profile.read_only {
        resolved.store.read_only = Some(crate::store::ReadOnlyReason::Profile(name.to_owned()));
    }
    resolved.store.profile = Some(profile.clone());
    Ok(resolved)
}

/// The target whose address credentials are bound to.
fn store_of(target: &RegistryTarget) -> StoreTarget {
    match target {
        RegistryTarget::Store(target) => target.clone(),
        RegistryTarget::UnityCatalog { profile } => {
            StoreTarget::Managed(crate::store::ManagedTarget::Databricks {
                profile: profile.clone(),
            })
        }
        RegistryTarget::OpenCatalog(url) => StoreTarget::Server(url.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SettingsLayer;

    fn resolve(named: Option<&str>, tracking: &str, profile: &str) -> Option<(String, String)> {
        let text = format!("[profile.p]\ntarget = \"{tracking}\"\n{profile}");
        let layer = SettingsLayer::parse(&text, "config.toml".as_ref()).unwrap();
        let settings = Settings::from_layers(&[layer]);
        let found = ResolvedTarget {
            target: StoreTarget::parse(tracking).unwrap(),
            reason: "profile p".to_owned(),
            profile: settings.profiles.get("p").cloned(),
            read_only: None,
            is_discovered: false,
        };
        let registry = registry(named, &found, &settings).unwrap()?;
        Some((registry.target.to_string(), registry.reason))
    }

    #[test]
    fn the_registry_is_the_named_one_the_profiles_or_mlflows_default() {
        let of = |target: &str, reason: &str| Some((target.to_owned(), reason.to_owned()));
        assert_eq!(resolve(None, "http://h/", ""), None);
        assert_eq!(resolve(Some("http://h/"), "http://h/", ""), None);
        assert_eq!(
            resolve(Some("http://m/"), "http://h/", ""),
            of("http://m/", "--registry")
        );
        let own = "registry = \"databricks-uc://q\"";
        assert_eq!(
            resolve(None, "http://h/", own),
            of("databricks-uc://q", "profile p")
        );
        assert_eq!(
            resolve(None, "databricks://q", ""),
            of("databricks-uc://q", "MLflow's default for this store")
        );
        // The old registry of the same workspace is the store's own.
        assert_eq!(resolve(Some("databricks://q"), "databricks://q", ""), None);
    }
}
