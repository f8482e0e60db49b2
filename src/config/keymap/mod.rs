//! The keymap: key bindings by scope, from `default.toml` and the user's file.

mod action;
mod key;

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use crate::diagnostics::Diagnostic;
use crate::files::read_text;

pub use action::{Access, Action};
pub use key::{Key, KeyCode, NamedKey};

const DEFAULT_KEYMAP: &str = include_str!("default.toml");
/// The most bytes of the user's file.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// Where a key is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "screens, fields and dialogs by their names")]
pub enum Scope {
    /// On every screen.
    #[serde(rename = "anywhere")]
    Global,
    Experiments,
    Runs,
    Run,
    Charts,
    Compare,
    Drivers,
    Models,
    Versions,
    Lineage,
    #[serde(rename = "made_from")]
    Downstream,
    Journal,
    History,
    /// A list with fuzzy search.
    Picker,
    /// A text field.
    Prompt,
    /// The column list.
    Columns,
    /// The dialog that plans a write.
    Plan,
    /// Texts, messages, diffs and pictures.
    #[serde(rename = "reader")]
    Pager,
    /// The review of a version.
    Review,
}

impl Scope {
    /// The scopes of screens, in the order of help.
    pub const SCREENS: [Self; 12] = [
        Self::Experiments,
        Self::Runs,
        Self::Run,
        Self::Charts,
        Self::Compare,
        Self::Drivers,
        Self::Models,
        Self::Versions,
        Self::Lineage,
        Self::Downstream,
        Self::Journal,
        Self::History,
    ];

    /// Whether global keys work here.
    fn inherits_global(self) -> bool {
        Self::SCREENS.contains(&self)
    }

    /// The title in help.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Global => "Anywhere",
            Self::Experiments => "Experiments",
            Self::Runs => "Runs",
            Self::Run => "Run",
            Self::Charts => "Charts",
            Self::Compare => "Compare",
            Self::Drivers => "Drivers",
            Self::Models => "Models",
            Self::Versions => "Versions",
            Self::Lineage => "Lineage",
            Self::Downstream => "Made from",
            Self::Journal => "Journal",
            Self::History => "History",
            Self::Picker => "Lists",
            Self::Prompt => "Text fields",
            Self::Columns => "Column list",
            Self::Plan => "Plans",
            Self::Pager => "Texts and messages",
            Self::Review => "Version review",
        }
    }
}

/// One row of a keymap.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BindingRow {
    #[serde(rename = "on")]
    keys: Vec<Spanned<String>>,
    #[serde(rename = "run")]
    action: Action,
    #[serde(rename = "where")]
    scopes: Vec<Scope>,
    /// The text in the footer; keys without a hint are shown in help only.
    hint: Option<String>,
    rank: Option<u8>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeymapFile {
    #[serde(default)]
    #[serde(rename = "bind")]
    bindings: Vec<BindingRow>,
}

/// A binding of keys to an action in a scope.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// The footer and the palette show the first one.
    pub keys: Vec<Key>,
    /// The action that the keys trigger.
    pub action: Action,
    /// Where the keys are bound.
    pub scope: Scope,
    /// The text in the footer.
    pub hint: Option<String>,
    /// The footer drops hints with the highest rank first.
    pub rank: u8,
}

/// The rank of a hint without one.
const DEFAULT_RANK: u8 = 50;

/// All bindings.
#[derive(Clone, Debug)]
pub struct Keymap {
    bindings: Vec<Binding>,
    index: HashMap<(Scope, Key), Action>,
}

impl Keymap {
    /// The built-in bindings, overridden by those of a user's file, if there is one.
    ///
    /// # Errors
    /// When the file can't be read or is invalid.
    pub fn read(path: &Path) -> Result<Self, Diagnostic> {
        match read_text(path, MAX_FILE_BYTES) {
            Ok(text) => Self::load(Some((path, &text))),
            Err(error) if error.kind() == ErrorKind::NotFound => Self::load(None),
            Err(error) => Err(Diagnostic::of_file(
                path.to_string_lossy(),
                error.to_string(),
            )),
        }
    }

    /// The built-in bindings, overridden by the user's.
    ///
    /// # Errors
    /// When the user's file is invalid.
    pub fn load(user: Option<(&Path, &str)>) -> Result<Self, Diagnostic> {
        let mut bindings = Vec::new();
        parse_bindings(&mut bindings, "the built-in keymap", DEFAULT_KEYMAP)?;
        if let Some((path, text)) = user {
            let mut own = Vec::new();
            parse_bindings(&mut own, &path.display().to_string(), text)?;
            for binding in &own {
                // A user's key replaces its built-in binding in the same scope.
                for old in bindings
                    .iter_mut()
                    .filter(|old: &&mut Binding| old.scope == binding.scope)
                {
                    old.keys.retain(|key| !binding.keys.contains(key));
                }
            }
            bindings.extend(own);
        }
        bindings.retain(|binding| !binding.keys.is_empty());
        let index = bindings
            .iter()
            .flat_map(|b| b.keys.iter().map(move |key| ((b.scope, *key), b.action)))
            .collect();
        Ok(Self { bindings, index })
    }

    /// The action of a key: the scope's own binding, else the global one.
    #[must_use]
    pub fn action(&self, scope: Scope, key: Key) -> Option<Action> {
        let own = self.index.get(&(scope, key));
        own.or_else(|| {
            self.index
                .get(&(Scope::Global, key))
                .filter(|_| scope.inherits_global())
        })
        .copied()
    }

    /// Every binding, in the order of the files.
    pub fn all(&self) -> impl Iterator<Item = &Binding> {
        self.bindings.iter()
    }

    /// The screens on which an action has a key, in the order of help.
    pub fn screens_of(&self, action: Action) -> impl Iterator<Item = Scope> {
        let is_bound = move |scope: &Scope| {
            self.bindings
                .iter()
                .any(|binding| binding.scope == *scope && binding.action == action)
        };
        Scope::SCREENS.into_iter().filter(is_bound)
    }

    /// The bindings of a scope, then the global ones that it does not replace.
    pub fn bindings(&self, scope: Scope) -> impl Iterator<Item = &Binding> {
        let own = self.bindings.iter().filter(move |b| b.scope == scope);
        let is_free = move |key: &&Key| !self.index.contains_key(&(scope, **key));
        let common = self.bindings.iter().filter(move |b| {
            scope.inherits_global()
                && b.scope == Scope::Global
                && b.keys.iter().any(|key| is_free(&key))
        });
        own.chain(common)
    }

    /// The first key of an action in a scope.
    #[must_use]
    pub fn first_key(&self, scope: Scope, action: Action) -> Option<Key> {
        self.keys_of(scope, action).next()
    }

    /// The keys of an action in a scope.
    pub fn keys_of(&self, scope: Scope, action: Action) -> impl Iterator<Item = Key> {
        let keys = self
            .bindings(scope)
            .filter(move |binding| binding.action == action)
            .flat_map(|binding| &binding.keys);
        // A global key can have another meaning in this scope.
        keys.filter(move |key| self.action(scope, **key) == Some(action))
            .copied()
    }
}

fn parse_bindings(bindings: &mut Vec<Binding>, file: &str, text: &str) -> Result<(), Diagnostic> {
    let parsed: KeymapFile = toml::from_str(text)
        .map_err(|error| Diagnostic::from_toml(text, &error, "key").in_file(file))?;
    for row in parsed.bindings {
        let keys = row
            .keys
            .iter()
            .map(|key| {
                key.get_ref().parse::<Key>().map_err(|message| {
                    Diagnostic::at_span(text, &key.span(), message, "").in_file(file)
                })
            })
            .collect::<Result<Vec<Key>, _>>()?;
        for scope in row.scopes {
            bindings.push(Binding {
                keys: keys.clone(),
                action: row.action,
                scope,
                hint: row.hint.clone(),
                rank: row.rank.unwrap_or(DEFAULT_RANK),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unique_per_scope() {
        let keymap = Keymap::load(None).unwrap();
        let mut seen = HashMap::new();
        for binding in &keymap.bindings {
            for key in &binding.keys {
                let before = seen.insert((binding.scope, *key), binding.action);
                assert!(
                    before.is_none(),
                    "{key} is bound twice in {:?}",
                    binding.scope
                );
            }
        }
    }

    #[test]
    fn user_binding_overrides_the_default() {
        let text = "[[bind]]\non = [\"o\"]\nrun = \"refresh\"\nwhere = [\"anywhere\"]\n";
        let keymap = Keymap::load(Some((Path::new("keys.toml"), text))).unwrap();
        assert_eq!(
            keymap.action(Scope::Runs, "o".parse().unwrap()),
            Some(Action::Refresh)
        );
    }

    #[test]
    fn error_names_file_and_line() {
        let text = "[[bind]]\non = [\"x\"]\nrun = \"refesh\"\nwhere = [\"anywhere\"]\n";
        let error = Keymap::load(Some((Path::new("keys.toml"), text)))
            .unwrap_err()
            .to_string();
        assert!(
            error == "keys.toml:3:7: unknown action `refesh`; did you mean `refresh`?",
            "{error}"
        );
    }
}
