//! Actions: everything that a key, the palette or the mouse can ask for.

use serde::Deserialize;

use crate::diagnostics::closest;

/// What an action needs of the session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing but looking.
    Read,
    /// A writer: absent from keys, palette and help of a read-only session.
    Write,
}

/// Declares the actions once: the variant, its name in keymaps and the palette, what it needs, and its description.
macro_rules! actions {
    ($($variant:ident $name:literal $access:ident $description:literal;)*) => {
        /// Everything that can be asked for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
        #[serde(try_from = "String")]
        pub enum Action {
            $(#[doc = $description] $variant,)*
        }

        impl Action {
            /// Every action, in the order of the palette.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name in keymaps and the palette.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What it does, in a few words.
            #[must_use]
            pub fn description(self) -> &'static str {
                match self { $(Self::$variant => $description,)* }
            }

            /// What it needs of the session.
            #[must_use]
            pub fn access(self) -> Access {
                match self { $(Self::$variant => Access::$access,)* }
            }
        }
    };
}

actions! {
    Open "open" Read "open what is under the cursor";
    Back "back" Read "go back one step";
    Close "close" Read "leave this screen";
    Up "up" Read "one line up";
    Down "down" Read "one line down";
    Left "left" Read "one column left";
    Right "right" Read "one column right";
    HalfPageUp "half-page-up" Read "half a page up";
    HalfPageDown "half-page-down" Read "half a page down";
    PageUp "page-up" Read "a page up";
    PageDown "page-down" Read "a page down";
    Top "top" Read "to the first line";
    Bottom "bottom" Read "to the last line";
    FirstColumn "first-column" Read "to the first column";
    LastColumn "last-column" Read "to the last column";
    Experiments "experiments" Read "go to the experiments";
    Runs "runs" Read "go to the runs";
    Compare "compare" Read "compare the marked";
    Models "models" Read "go to the registered models";
    Lineage "lineage" Read "lineage of this version";
    MadeFrom "made-from" Read "all versions that were made from this";
    Journal "journal" Read "go to the journal";
    History "history" Read "who moved this model's versions, and why";
    Mark "mark" Read "mark or unmark";
    MarkRange "mark-range" Read "mark from the last mark to here";
    ClearMarks "clear-marks" Read "clear all marks";
    Marks "marks" Read "list the marks of all experiments";
    Baseline "baseline" Read "make this the baseline";
    Sort "sort" Read "sort by this column; again: reverse";
    AddSort "add-sort" Read "add this column as a further sort key";
    FoldConstants "fold-constants" Read "fold columns that are the same in every run";
    Filter "filter" Read "filter";
    Find "find" Read "find by name";
    FindNext "find-next" Read "next match";
    FindPrevious "find-previous" Read "previous match";
    NextNew "next-new" Read "to the next run that is new";
    Columns "columns" Read "choose columns";
    HideColumn "hide-column" Read "hide this column";
    PinColumn "pin-column" Read "pin this column at the left, or let it go";
    Wider "wider" Read "make this column wider";
    Narrower "narrower" Read "make this column narrower";
    FitColumn "fit-column" Read "make this column as wide as what stands in it";
    FoldPrefix "fold-prefix" Read "fold columns with the same prefix before the / into one";
    Derive "derive" Read "columns of this curve: best, its step, verdict";
    ReadCurves "read-curves" Read "read the curves of all runs, for columns of curves";
    Group "group" Read "group";
    NextStatistic "next-statistic" Read "what groups show: mean, std, n, min, max, best";
    Fold "fold" Read "fold or unfold";
    SaveView "save-view" Read "save this view: columns, order, filter, groups";
    Views "views" Read "open or delete a saved view";
    Preview "preview" Read "show or hide the preview";
    NextPane "next-pane" Read "next pane";
    PreviousPane "previous-pane" Read "previous pane";
    DifferencesOnly "differences" Read "show only what differs";
    Goal "goal" Read "choose the goal";
    Charts "charts" Read "charts of the marked runs, or of this one";
    Drivers "drivers" Read "what drives the goal among these runs";
    AcrossProperty "across-property" Read "choose what goes from left to right";
    UpProperty "up-property" Read "choose what goes from bottom to top";
    MarkProperty "mark-property" Read "choose what marks tell";
    AddGoal "add-goal" Read "add a goal to the front, or take it away";
    NextPage "next-page" Read "next page of this screen";
    NextAxis "next-axis" Read "over steps, relative time or wall time";
    NextScale "next-scale" Read "linear, log or symlog";
    Smoother "smoother" Read "smoother curves";
    Rougher "rougher" Read "rougher curves";
    ClipOutliers "clip-outliers" Read "leave outliers out of the axis";
    Divergence "divergence" Read "tell where curves part from the first one";
    ZoomIn "zoom-in" Read "zoom in at the crosshair";
    ZoomOut "zoom-out" Read "zoom out";
    PanLeft "pan-left" Read "move to earlier points";
    PanRight "pan-right" Read "move to later points";
    WholeRange "whole-range" Read "show the whole axis";
    Picture "picture" Read "show the chart or the image as a picture";
    Transpose "transpose" Read "runs as lines, properties as columns; and back";
    Review "review" Read "candidate against champion, with what the gates say";
    Diff "diff" Read "what differs inside this row: text, structure, commits";
    Files "files" Read "compare a file that both runs have";
    Export "export" Read "write what is seen into a file";
    HideRun "hide-run" Read "hide or show a run in the charts";
    Register "register" Write "register this run as a model version";
    RegisterBest "register-best" Write "register the best run by the goal";
    Delete "delete" Write "delete the marked runs or this one, or this version";
    Restore "restore" Write "restore the marked runs, or this one";
    DeletedRuns "deleted-runs" Read "show deleted runs, or those in use";
    Stage "stage" Write "move to a stage";
    Request "request" Write "ask for a stage, on servers that have such requests";
    Alias "alias" Write "give or remove an alias";
    Approve "approve" Write "say that it may hold the place";
    Reject "reject" Write "say that it may not hold the place";
    Undo "undo" Write "undo this entry";
    GiveBack "give-back" Write "give its place back to who had it before";
    Recheck "recheck" Read "look again at an entry whose end is not known";
    CopyValue "copy-value" Read "copy the value";
    CopyId "copy-id" Read "copy the id";
    WebPage "web-page" Read "copy the web page's address";
    Refresh "refresh" Read "refresh now";
    Palette "palette" Read "all actions by name";
    Help "help" Read "all keys";
    Messages "messages" Read "all messages";
    NextTheme "next-theme" Read "next theme";
    Suspend "suspend" Read "suspend, as the shell does";
    Interrupt "interrupt" Read "cancel what is under way; twice: quit";
    Quit "quit" Read "quit";
    Next "next" Read "next field";
    Previous "previous" Read "previous field";
    Accept "accept" Read "accept";
    Complete "complete" Read "take the completion";
    Override "override-gates" Read "go past the gates that do not pass";
    ToggleArchive "toggle-archive" Read "archive what is in the stage now, or leave it";
    ShowMatching "show-matching" Read "show all columns that are listed";
    HideMatching "hide-matching" Read "hide all columns that are listed";
    MoveEarlier "move-earlier" Read "move this column to the left";
    MoveLater "move-later" Read "move this column to the right";
}

impl TryFrom<String> for Action {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        Self::ALL
            .iter()
            .copied()
            .find(|action| action.name() == name)
            .ok_or_else(|| {
                let close = closest(&name, Self::ALL.iter().map(|action| action.name()));
                let hint =
                    close.map_or_else(String::new, |close| format!("; did you mean `{close}`?"));
                format!("unknown action `{name}`{hint}")
            })
    }
}
