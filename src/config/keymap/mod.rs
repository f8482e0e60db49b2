//! The keymap: which key asks for which action, where. Data in `default.toml`; a user's file changes any of it.

mod action;
mod key;

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;
use thiserror::Error;

pub use action::{Action, Needs};
pub use key::{Key, KeyCode, Named};

/// The keys that come with the program.
const DEFAULT: &str = include_str!("default.toml");

/// Where a key means something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "screens, fields and dialogs by their names")]
pub enum Scope {
    /// On every screen.
    Anywhere,
    Experiments,
    Runs,
    Run,
    Charts,
    Compare,
    Drivers,
    Models,
    Versions,
    Lineage,
    MadeFrom,
    Journal,
    History,
    /// In a list to pick from.
    Picker,
    /// In a field to type in.
    Prompt,
    /// In the list of columns.
    Columns,
    /// In the dialog that shows a plan.
    Plan,
    /// In help and in the messages.
    Reader,
    /// In the review of a version.
    Review,
}

impl Scope {
    /// The screens.
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
        Self::MadeFrom,
        Self::Journal,
        Self::History,
    ];

    /// Whether keys bound anywhere mean something here, too.
    fn has_common_keys(self) -> bool {
        Self::SCREENS.contains(&self)
    }

    /// Its title in help.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Anywhere => "Anywhere",
            Self::Experiments => "Experiments",
            Self::Runs => "Runs",
            Self::Run => "Run",
            Self::Charts => "Charts",
            Self::Compare => "Compare",
            Self::Drivers => "Drivers",
            Self::Models => "Models",
            Self::Versions => "Versions",
            Self::Lineage => "Lineage",
            Self::MadeFrom => "Made from",
            Self::Journal => "Journal",
            Self::History => "History",
            Self::Picker => "Lists to pick from",
            Self::Prompt => "Fields to type in",
            Self::Columns => "The list of columns",
            Self::Plan => "Plans",
            Self::Reader => "Help and messages",
            Self::Review => "The review of a version",
        }
    }
}

/// One row of a keymap.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    on: Vec<String>,
    run: Action,
    #[serde(rename = "where")]
    scopes: Vec<Scope>,
    /// A few words for the bottom line; without them the key is in help only.
    hint: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    bind: Vec<Row>,
}

/// A key that asks for an action in a scope.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// The keys, the first of which is shown.
    pub keys: Vec<Key>,
    /// The action.
    pub action: Action,
    /// Where.
    pub scope: Scope,
    /// A few words for the bottom line.
    pub hint: Option<String>,
}

/// Why a keymap can't be used.
#[derive(Debug, Error)]
pub enum KeymapError {
    /// It is no TOML, or has something in it that means nothing.
    #[error("{file}: {message}")]
    Malformed {
        /// Which file.
        file: String,
        /// What is wrong, where.
        message: String,
    },
}

/// All bindings.
#[derive(Clone, Debug)]
pub struct Keymap {
    bindings: Vec<Binding>,
    index: HashMap<(Scope, Key), Action>,
}

impl Keymap {
    /// The keys that come with the program, with a user's keys over them.
    ///
    /// # Errors
    /// When the user's text has a mistake: with its place.
    pub fn load(user: Option<(&Path, &str)>) -> Result<Self, KeymapError> {
        let mut bindings = Vec::new();
        read(&mut bindings, "the built-in keymap", DEFAULT)?;
        if let Some((path, text)) = user {
            let mut own = Vec::new();
            read(&mut own, &path.display().to_string(), text)?;
            for binding in &own {
                // A user's key takes the place of whatever it meant in that scope before.
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

    /// What a key asks for in a scope: the scope's own meaning first, then the one it has anywhere.
    #[must_use]
    pub fn action(&self, scope: Scope, key: Key) -> Option<Action> {
        let own = self.index.get(&(scope, key));
        own.or_else(|| {
            self.index
                .get(&(Scope::Anywhere, key))
                .filter(|_| scope.has_common_keys())
        })
        .copied()
    }

    /// The bindings of a scope, its own first, then those of anywhere.
    pub fn bindings(&self, scope: Scope) -> impl Iterator<Item = &Binding> {
        let own = self.bindings.iter().filter(move |b| b.scope == scope);
        let common = self
            .bindings
            .iter()
            .filter(move |b| scope.has_common_keys() && b.scope == Scope::Anywhere);
        own.chain(common)
    }

    /// The first key of an action in a scope.
    #[must_use]
    pub fn key_of(&self, scope: Scope, action: Action) -> Option<Key> {
        self.bindings(scope)
            .find(|b| b.action == action)
            .and_then(|b| b.keys.first())
            .copied()
    }
}

fn read(bindings: &mut Vec<Binding>, file: &str, text: &str) -> Result<(), KeymapError> {
    let malformed = |message: String| KeymapError::Malformed {
        file: file.to_owned(),
        message,
    };
    let parsed: File = toml::from_str(text).map_err(|e| malformed(e.to_string()))?;
    for row in parsed.bind {
        let keys = row
            .on
            .iter()
            .map(|text| text.parse())
            .collect::<Result<Vec<Key>, _>>()
            .map_err(malformed)?;
        for scope in row.scopes {
            bindings.push(Binding {
                keys: keys.clone(),
                action: row.run,
                scope,
                hint: row.hint.clone(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_has_two_meanings_in_one_scope() {
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
    fn a_users_key_takes_the_place_of_ours() {
        let text = "[[bind]]\non = [\"x\"]\nrun = \"refresh\"\nwhere = [\"anywhere\"]\n";
        let keymap = Keymap::load(Some((Path::new("keys.toml"), text))).unwrap();
        assert_eq!(
            keymap.action(Scope::Runs, "x".parse().unwrap()),
            Some(Action::Refresh)
        );
    }

    #[test]
    fn a_mistake_names_its_place() {
        let text = "[[bind]]\non = [\"x\"]\nrun = \"fly\"\nwhere = [\"anywhere\"]\n";
        let error = Keymap::load(Some((Path::new("keys.toml"), text)))
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("keys.toml") && error.contains("line 3") && error.contains("fly"),
            "{error}"
        );
    }
}
