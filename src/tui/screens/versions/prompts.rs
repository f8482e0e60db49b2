//! Prompts: MLflow stores their text in a tag of each version, without a run and a stage.

use super::VersionsScreen;
use crate::analysis::value_diff::diff_text;
use crate::domain::{ModelVersion, RegisteredModel, VersionNumber};
use crate::tui::app::UpdateContext;
use crate::tui::app::dialogs::{Dialog, DiffDialog};

impl VersionsScreen {
    /// Whether these are the versions of a prompt.
    #[must_use]
    pub fn is_prompt(&self) -> bool {
        let model = self.data.get().map(|data| &data.model);
        model.is_some_and(RegisteredModel::is_prompt)
    }

    /// The version that the text of `version` is compared with: the baseline, else the one before.
    pub(crate) fn prompt_baseline(&self, version: VersionNumber) -> Option<&ModelVersion> {
        let chosen = self
            .prompt_baseline
            .filter(|baseline| *baseline != version)
            .and_then(|baseline| self.find(baseline));
        let older = || {
            let older = self.versions().iter().filter(|v| v.version < version);
            older.max_by_key(|v| v.version)
        };
        chosen.or_else(older)
    }

    /// Whether texts are compared with this version.
    pub(crate) fn is_prompt_baseline(&self, version: VersionNumber) -> bool {
        self.prompt_baseline == Some(version)
    }

    pub(super) fn set_prompt_baseline(&mut self, context: &mut UpdateContext<'_>) {
        let Some(version) = self.current().map(|version| version.version) else {
            return;
        };
        self.prompt_baseline = (self.prompt_baseline != Some(version)).then_some(version);
        context.notify(match self.prompt_baseline {
            Some(version) => format!("D compares the text with v{version}"),
            None => "D compares the text with the version before".to_owned(),
        });
    }

    pub(super) fn open_prompt_diff(&self, context: &mut UpdateContext<'_>) {
        let Some(after) = self.current() else { return };
        let Some(before) = self.prompt_baseline(after.version) else {
            return context.notify("this is the first version: b on another one compares with it");
        };
        let text = |version: &ModelVersion| version.prompt_text().unwrap_or_default();
        let lines = diff_text(text(before).raw(), text(after).raw());
        let name = self.name.clean();
        let title = format!("{name}/{} → {name}/{}", before.version, after.version);
        context.open(Dialog::Diff(Box::new(DiffDialog::from_lines(title, lines))));
    }
}
