//! Actions: what keys, the palette and the mouse can trigger.

use serde::Deserialize;

use crate::diagnostics::closest;
use crate::domain::SlotKinds;

/// What an action requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Read,
    /// Write access: missing from footer, palette and help of a read-only session.
    Write,
    /// An open dialog.
    Dialog,
}

/// Declares each action: variant, name in keymaps and the palette, required access, description.
macro_rules! actions {
    ($($variant:ident $name:literal $access:ident $description:literal;)*) => {
        /// An action.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
        #[serde(try_from = "String")]
        pub enum Action {
            $(#[doc = $description] $variant,)*
        }

        impl Action {
            /// Every action, in the order of the palette.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The name in keymaps and the palette.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// An imperative phrase for help and the palette.
            #[must_use]
            pub fn description(self) -> &'static str {
                match self { $(Self::$variant => $description,)* }
            }

            /// What it requires to be available.
            #[must_use]
            pub fn access(self) -> Access {
                match self { $(Self::$variant => Access::$access,)* }
            }
        }
    };
}

actions! {
    Open "open" Read "open the item under the cursor";
    Back "back" Read "go back one step";
    Close "close" Read "close this screen";
    Up "up" Read "move up one line";
    Down "down" Read "move down one line";
    Left "left" Read "move left one column";
    Right "right" Read "move right one column";
    HalfPageUp "half-page-up" Read "scroll up half a page";
    HalfPageDown "half-page-down" Read "scroll down half a page";
    PageUp "page-up" Read "scroll up one page";
    PageDown "page-down" Read "scroll down one page";
    Top "top" Read "go to the first line";
    Bottom "bottom" Read "go to the last line";
    FirstColumn "first-column" Read "go to the first column";
    LastColumn "last-column" Read "go to the last column";
    Experiments "experiments" Read "go to the experiments";
    Runs "runs" Read "go to the runs";
    Compare "compare" Read "compare the marked runs side by side";
    Models "models" Read "go to the registered models";
    Lineage "lineage" Read "show the lineage of this version";
    MadeFrom "made-from" Read "list all versions made from this";
    Journal "journal" Read "go to the journal";
    History "history" Read "show who moved this model's versions, and why";
    Mark "mark" Read "mark or unmark";
    MarkRange "mark-range" Read "mark from the last mark to here";
    ClearMarks "clear-marks" Read "clear all marks";
    Marks "marks" Read "list the marked runs of all experiments";
    Baseline "baseline" Read "make this the baseline";
    Sort "sort" Read "sort by this column; again to reverse";
    AddSort "add-sort" Read "add this column as another sort key";
    FoldConstants "fold-constants" Read "fold columns with the same value in every run";
    Filter "filter" Read "filter the list";
    Find "find" Read "find text";
    FindNext "find-next" Read "go to the next match";
    FindPrevious "find-previous" Read "go to the previous match";
    NextNew "next-new" Read "go to the next new run";
    Columns "columns" Read "choose columns";
    HideColumn "hide-column" Read "hide this column";
    PinColumn "pin-column" Read "pin or unpin this column at the left";
    Wider "wider" Read "widen this column";
    Narrower "narrower" Read "narrow this column";
    FitColumn "fit-column" Read "fit column to contents";
    FoldPrefix "fold-prefix" Read "fold columns with the same prefix before the /";
    Derive "derive" Read "add a column for this curve: best, step, shape";
    ReadCurves "read-curves" Read "read the curves of all runs, for curve columns";
    Group "group" Read "group runs";
    NextStatistic "next-statistic" Read "cycle group statistics: mean, std, n, min, max, best";
    Fold "fold" Read "fold or unfold";
    FoldAll "fold-all" Read "fold or unfold all groups or nested runs";
    SaveView "save-view" Read "save this view: columns, order, filter, groups";
    Views "views" Read "open or delete a saved view";
    Preview "preview" Read "show or hide the preview, or show all details";
    PreviewDown "preview-down" Read "scroll down the preview";
    PreviewUp "preview-up" Read "scroll up the preview";
    NextPane "next-pane" Read "go to the next pane";
    PreviousPane "previous-pane" Read "go to the previous pane";
    DifferencesOnly "differences" Read "show differences only";
    Goal "goal" Read "choose the goal";
    Charts "charts" Read "chart the marked runs, or this one";
    Drivers "drivers" Read "show what drives the goal among these runs";
    AcrossProperty "across-property" Read "choose the x axis";
    UpProperty "up-property" Read "choose the y axis";
    MarkProperty "mark-property" Read "choose the color dimension";
    AddGoal "add-goal" Read "add a goal to the Pareto front, or remove it";
    NextPage "next-page" Read "go to the next page of this screen";
    NextAxis "next-axis" Read "cycle the x axis: step, relative time, wall time";
    NextScale "next-scale" Read "cycle the scale: linear, log, symlog";
    Smoother "smoother" Read "smooth curves more";
    Rougher "rougher" Read "smooth curves less";
    ClipOutliers "clip-outliers" Read "clip outliers";
    Divergence "divergence" Read "show where curves diverge from the first one";
    ZoomIn "zoom-in" Read "zoom in at the crosshair";
    ZoomOut "zoom-out" Read "zoom out";
    PanLeft "pan-left" Read "pan to earlier points";
    PanRight "pan-right" Read "pan to later points";
    WholeRange "whole-range" Read "show the whole axis";
    Picture "picture" Read "show the chart or image as a picture";
    Transpose "transpose" Read "swap rows and columns";
    Review "review" Read "review candidate against champion, with the gates";
    Diff "diff" Read "diff the values of this row: text, structure, commits";
    Files "files" Read "show the files of this run, or compare those of both";
    Download "download" Read "download this file or folder, or all files of the run";
    Export "export" Read "export this view to a file";
    HideRun "hide-run" Read "hide or show a run in the charts";
    Register "register" Write "register this or the best run; copy this version";
    Promote "promote" Write "move this version to a stage, or set an alias";
    Approve "approve" Read "approve or reject this version, or prepare a file";
    NextTarget "next-target" Dialog "choose the stage or alias of the review";
    Edit "edit" Write "edit the description, the name or a tag";
    Delete "delete" Write "delete; among deleted runs, restore";
    Undo "undo" Write "undo this entry, or the last move";
    Prompts "prompts" Read "switch between models and prompts";
    DeletedRuns "deleted-runs" Read "switch between active and deleted runs";
    Recheck "recheck" Read "check an entry with unknown outcome again";
    CopyValue "copy-value" Read "copy the value";
    CopyId "copy-id" Read "copy the id";
    WebPage "web-page" Read "copy the address of the web page";
    Refresh "refresh" Read "refresh now";
    Redraw "redraw" Read "redraw the screen";
    Palette "palette" Read "list all actions";
    Help "help" Read "list all keys and symbols";
    Messages "messages" Read "list all messages";
    Workspaces "workspaces" Read "choose another workspace of the store";
    NextTheme "next-theme" Read "switch to the next theme";
    Suspend "suspend" Read "suspend to the shell";
    Interrupt "interrupt" Read "cancel the current operation; twice to quit";
    Quit "quit" Read "quit";
    Next "next" Dialog "go to the next field";
    Previous "previous" Dialog "go to the previous field";
    Accept "accept" Dialog "accept";
    Complete "complete" Dialog "insert the completion";
    Toggle "toggle" Dialog "show or hide this column";
    Override "override-gates" Dialog "override the gates that do not pass";
    ToggleArchive "toggle-archive" Dialog "archive the versions now in the stage, or keep them";
    ShowMatching "show-matching" Dialog "show all listed columns";
    HideMatching "hide-matching" Dialog "hide all listed columns";
    MoveEarlier "move-earlier" Dialog "move this column to the left";
    MoveLater "move-later" Dialog "move this column to the right";
}

/// Names in keymaps of earlier versions, for actions that were merged into others.
const FORMER_NAMES: [(&str, Action); 7] = [
    ("register-best", Action::Register),
    ("stage", Action::Promote),
    ("alias", Action::Promote),
    ("request", Action::Promote),
    ("reject", Action::Approve),
    ("restore", Action::Delete),
    ("give-back", Action::Undo),
];

/// Other words for actions, in lower case, which the palette and help find as well.
const SYNONYMS: &[(Action, &[&str])] = &[
    (Action::Open, &["show", "view"]),
    (Action::Close, &["leave"]),
    (Action::Quit, &["exit", "q", "wq"]),
    (Action::Experiments, &["home", "start", "projects"]),
    (Action::Runs, &["trials", "table"]),
    (Action::Models, &["versions", "registry", "registered"]),
    (Action::Compare, &["diff", "side"]),
    (Action::Lineage, &["graph", "provenance", "data"]),
    (Action::MadeFrom, &["downstream", "impact"]),
    (Action::Journal, &["log", "audit", "writes", "undo"]),
    (Action::History, &["log", "versions", "audit", "timeline"]),
    (Action::Mark, &["select", "tick", "check"]),
    (Action::MarkRange, &["select"]),
    (Action::ClearMarks, &["unselect", "deselect", "unmark"]),
    (Action::Marks, &["selected", "selection"]),
    (Action::Workspaces, &["team", "tenant", "namespace"]),
    (Action::Baseline, &["reference"]),
    (Action::Sort, &["order"]),
    (Action::Filter, &["search", "where", "query", "grep"]),
    (Action::Find, &["search"]),
    (Action::Columns, &["fields", "choose"]),
    (Action::Derive, &["curve", "step"]),
    (Action::Group, &["tree", "nested"]),
    (Action::SaveView, &["layout"]),
    (Action::Preview, &["details", "pane"]),
    (Action::DifferencesOnly, &["differ"]),
    (Action::Goal, &["metric", "objective", "best"]),
    (Action::Charts, &["plot", "graph", "curves"]),
    (
        Action::Drivers,
        &["importance", "scatter", "pareto", "parallel"],
    ),
    (Action::Picture, &["png", "image", "plot"]),
    (
        Action::Export,
        &["png", "svg", "csv", "markdown", "html", "json", "save"],
    ),
    (Action::Download, &["artifacts", "save", "fetch", "copy"]),
    (Action::NextPage, &["system", "gpu"]),
    (
        Action::Register,
        &["best", "model", "create", "publish", "copy"],
    ),
    (
        Action::Promote,
        &[
            "stage",
            "alias",
            "champion",
            "challenger",
            "production",
            "staging",
            "archive",
            "demote",
            "transition",
            "request",
            "release",
            "deploy",
        ],
    ),
    (Action::Review, &["gates", "champion", "evidence"]),
    (Action::Approve, &["reject", "sign"]),
    (Action::Edit, &["describe", "rename", "tags", "notes"]),
    (Action::Delete, &["remove", "restore", "trash"]),
    (
        Action::Undo,
        &["rollback", "revert", "restore", "give-back", "back"],
    ),
    (Action::DeletedRuns, &["trash", "restore"]),
    (Action::Recheck, &["verify", "unknown"]),
    (Action::CopyValue, &["clipboard", "yank"]),
    (Action::CopyId, &["clipboard", "yank"]),
    (Action::WebPage, &["url", "browser", "link", "open"]),
    (Action::Refresh, &["reload", "update"]),
    (Action::Redraw, &["repaint", "clear"]),
    (Action::Palette, &["command", "actions"]),
    (Action::Help, &["legend", "symbols", "keys", "glyphs"]),
    (Action::Messages, &["log", "errors", "notifications"]),
    (Action::NextTheme, &["colors", "dark", "light"]),
];

impl Action {
    /// [`Self::description`] on a registry whose versions hold these slots.
    #[must_use]
    pub fn description_for(self, slots: SlotKinds) -> &'static str {
        match (self, slots.stages, slots.aliases) {
            (Self::Promote, false, _) => "set or remove an alias of this version",
            (Self::Promote, _, false) => "move this version to a stage",
            (Self::NextTarget, false, _) => "choose the alias of the review",
            (Self::NextTarget, _, false) => "choose the stage of the review",
            _ => self.description(),
        }
    }

    /// Whether it has a meaning on a registry whose versions hold these slots.
    #[must_use]
    pub fn is_for(self, slots: SlotKinds) -> bool {
        self != Self::ToggleArchive || slots.stages
    }

    /// Other words for it, in lower case.
    #[must_use]
    pub fn synonyms(self) -> &'static [&'static str] {
        let known = SYNONYMS.iter().find(|(action, _)| *action == self);
        known.map_or(&[], |(_, words)| *words)
    }

    /// Whether it only moves the cursor or the window.
    #[must_use]
    pub fn is_motion(self) -> bool {
        matches!(
            self,
            Self::Up
                | Self::Down
                | Self::Left
                | Self::Right
                | Self::HalfPageUp
                | Self::HalfPageDown
                | Self::PageUp
                | Self::PageDown
                | Self::Top
                | Self::Bottom
                | Self::FirstColumn
                | Self::LastColumn
                | Self::NextPane
                | Self::PreviousPane
        )
    }
}

impl TryFrom<String> for Action {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::ALL
            .iter()
            .copied()
            .find(|action| action.name() == name)
            .or_else(|| {
                let former = FORMER_NAMES.iter().find(|(former, _)| *former == name);
                former.map(|(_, action)| *action)
            })
            .ok_or_else(|| {
                let close = closest(&name, Self::ALL.iter().map(|action| action.name()));
                let hint =
                    close.map_or_else(String::new, |close| format!("; did you mean `{close}`?"));
                format!("unknown action `{name}`{hint}")
            })
    }
}
