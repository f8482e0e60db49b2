//! The review: whether a version may take a slot, answered on one page, with the champion beside it.

mod differences;
mod origin;
mod outcome;
mod people;
mod prompt;
mod quality;

use std::collections::BTreeMap;

use serde_json::Value;

use super::document::{Answer, Block, Check, Document, Table, Tone};
use super::{comparison, records};
use crate::analysis::{Comparison, ComparisonRow, compare_with_directions};
use crate::domain::{Direction, Goal, Run};
use crate::lineage::{self, Completeness, Graph, Node, NodeKind};
use crate::promotion::policy::{Candidate, PolicyEvaluation};
use crate::promotion::{GateOutcome, GateResult, describe_verdict};
use crate::text::Untrusted;
use crate::text::excerpt::distinct_excerpts;
use crate::text::list::join_and;

/// Slots that are listed by name; the rest is counted.
const MAX_SLOTS: usize = 6;
/// Values are cut to this width, in columns.
const MAX_VALUE_WIDTH: u16 = 60;
/// Characters of the facts' digest: enough to compare by eye.
const DIGEST_CHARS: usize = 12;

/// What a review packet is composed from.
#[derive(Clone, Copy, Debug)]
pub struct ReviewDocument<'a> {
    /// The policy's results for the candidate.
    pub evaluation: &'a PolicyEvaluation,
    /// The version under review.
    pub candidate: &'a Candidate,
    /// The version to beat; absent before the first promotion.
    pub champion: Option<&'a Candidate>,
    /// The commits between the champion's code and the candidate's, or why they are unknown.
    pub commits: Result<&'a [String], &'a str>,
    /// What is known beyond the facts of both versions.
    pub context: &'a ReviewContext,
}

/// What a review knows beyond the facts of the two versions. All lines are cleaned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReviewContext {
    /// What the plan of this promotion would warn of, most severe first.
    pub warnings: Vec<String>,
    /// What happens if the version is promoted.
    pub outlook: Vec<String>,
    /// The slots that the candidate and the champion hold: `Production`, `@champion`.
    pub candidate_slots: Vec<String>,
    /// See `candidate_slots`.
    pub champion_slots: Vec<String>,
    /// The usual places of a champion that another version holds: `iris/2 has @champion`.
    pub other_champions: Vec<String>,
    /// Why the champion is unknown: its alias points to a version that does not exist.
    pub dangling_champion: Option<String>,
    /// Who holds each stage and alias in use: `Production: iris/2`.
    pub holders: Vec<String>,
    /// Who moved each of the two last, and why.
    pub last_moves: Vec<String>,
    /// Whether a record says who moved the candidate last.
    pub is_move_recorded: bool,
    /// The metric that decides, by the policy or the experiment.
    pub goal: Option<Goal>,
    /// How artifacts of equal size compare by content.
    pub contents: BTreeMap<String, FileContent>,
}

/// How two files of equal size compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileContent {
    /// Byte by byte.
    Equal,
    /// At least one byte differs.
    Different,
    /// Too large, or unreadable.
    NotCompared,
}

/// A review with what is derived from it once.
struct Sides<'a> {
    review: &'a ReviewDocument<'a>,
    graph: Graph,
    champion_graph: Option<Graph>,
    comparison: Option<Comparison>,
}

impl ReviewDocument<'_> {
    /// The packet for people.
    #[must_use]
    pub fn to_document(&self) -> Document {
        let sides = self.sides();
        let slot = &self.evaluation.target.slot;
        let mut document = Document::new(format!("Review: {} for {slot}", label(self.candidate)));
        let verdict = describe_verdict(&self.evaluation.gates, self.context.warnings.len());
        let tone = if !self.evaluation.is_passing() {
            Tone::Bad
        } else if self.context.warnings.is_empty() {
            Tone::Good
        } else {
            Tone::Warning
        };
        document.blocks.extend([
            Block::Paragraph(self.opponent()),
            Block::Verdict(format!("Verdict: {verdict}."), tone),
        ]);
        let (blocking, passing): (Vec<&GateResult>, Vec<&GateResult>) = self
            .evaluation
            .gates
            .iter()
            .partition(|gate| gate.outcome != GateOutcome::Pass);
        let checks = |gates: Vec<&GateResult>| gates.into_iter().map(gate_check).collect();
        let title = "Gates that do not pass";
        document.push_section(title, Block::Checks(checks(blocking)));
        if !self.context.warnings.is_empty() {
            let warnings = Block::Warnings(self.context.warnings.clone());
            document.blocks.push(warnings);
        }
        document.push_section("Answers", Block::Answers(sides.answers()));
        document.push_section("Gates that pass", Block::Checks(checks(passing)));
        sides.push_details(&mut document);
        let digest = &self.evaluation.facts_digest;
        document.blocks.push(Block::Note(format!(
            "Facts {}. An approval is bound to them and lapses when they change.",
            digest.get(..DIGEST_CHARS).unwrap_or_default()
        )));
        document
    }

    /// The packet as `review --json` prints it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let sides = self.sides();
        let answers = sides.answers();
        records::review(self, sides.comparison.as_ref(), &answers)
    }

    fn sides(&self) -> Sides<'_> {
        Sides {
            review: self,
            graph: lineage::build(self.candidate),
            champion_graph: self.champion.map(lineage::build),
            comparison: self.comparison(),
        }
    }

    /// The runs of both versions, if they are different runs. Where a run is not known, the logged model has its params
    /// and metrics.
    fn comparison(&self) -> Option<Comparison> {
        let candidate = training_run(self.candidate)?;
        let champion = training_run(self.champion?)?;
        if candidate.id == champion.id {
            return None;
        }
        let baseline = champion.id.clone();
        let goal = self.context.goal.as_ref();
        let direction = |metric: &str| {
            let goal = goal.filter(|goal| goal.metric.raw() == metric);
            goal.map(|goal| goal.direction)
                .or_else(|| Direction::from_metric_name(metric))
        };
        let runs = vec![champion, candidate];
        Some(compare_with_directions(runs, Some(&baseline), &direction))
    }

    /// Who the candidate is compared with, in a sentence.
    fn opponent(&self) -> String {
        let slot = self.evaluation.target.slot.to_string();
        let own = label(self.candidate);
        let is_holder = self.context.candidate_slots.contains(&slot);
        match (self.champion, &self.context.dangling_champion) {
            (Some(champion), _) => {
                let slots = &self.context.champion_slots;
                let holds = if slots.is_empty() {
                    String::new()
                } else {
                    format!(", the champion: it holds {}", join_and(slots, MAX_SLOTS))
                };
                let itself = if is_holder {
                    format!(" {own} holds {slot} now.")
                } else {
                    String::new()
                };
                let against = format!("Against {}{holds}", label(champion));
                let others = self.context.other_champions.iter().cloned();
                let sentences: Vec<String> = std::iter::once(against).chain(others).collect();
                format!("{}.{itself}", sentences.join(". "))
            }
            (None, Some(why)) => {
                format!("The champion is unknown: {why}. Nothing can be compared with it.")
            }
            (None, None) if is_holder => format!(
                "{own} is the champion itself: it holds {slot} now, so there is nothing to compare it with."
            ),
            (None, None) => {
                let usual = ["@champion", "Production"].map(str::to_owned);
                let others = usual.into_iter().filter(|usual| *usual != slot);
                let places: Vec<String> = std::iter::once(slot.clone()).chain(others).collect();
                let places = places.join(" or ");
                format!("No champion yet: no other version holds {places}.")
            }
        }
    }
}

impl Sides<'_> {
    /// The thirteen questions in the order in which they are asked.
    fn answers(&self) -> Vec<Answer> {
        let mut answers = if self.review.candidate.version.is_prompt() {
            self.prompt_origin()
        } else {
            vec![
                self.code(),
                self.uncommitted_changes(),
                self.data(),
                self.params(),
                self.metrics(),
            ]
        };
        answers.extend([
            self.validation(),
            self.drift(),
            self.approvals(),
            self.serving(),
            self.last_move(),
            self.reproducible(),
        ]);
        answers.push(self.not_known(&answers));
        answers.push(self.outlook());
        answers
    }

    /// What the answers are taken from, in full.
    fn push_details(&self, document: &mut Document) {
        document.push_section("Evidence", Block::List(self.evidence_lines()));
        document.push_section("Environment", Block::Diff(self.environment_lines()));
        document.push_section("Artifacts", Block::Diff(self.artifact_lines()));
        if let Ok(commits) = self.review.commits {
            let title = format!("{} commits since the champion's", commits.len());
            document.push_section(title, Block::List(commits.to_vec()));
        }
        let checks = self.graph.reproducibility.iter();
        let open = checks.filter(|check| check.state != Completeness::Recorded);
        let open: Vec<Check> = open.map(super::lineage::check).collect();
        document.push_section("Not recorded for reproduction", Block::Checks(open));
        document.push_section("Other differences", Block::List(self.other_differences()));
        if let Some(compared) = &self.comparison {
            let sheet = comparison::full_sheet(compared, comparison::RowSelection::differences());
            document.blocks.push(Block::Details {
                summary: "All differences of the runs",
                table: Table::from(sheet),
            });
        }
    }

    fn champion(&self) -> Option<&Candidate> {
        self.review.champion
    }

    /// Whether both versions are of one run.
    fn is_same_run(&self) -> bool {
        let run = |facts: &Candidate| facts.run.as_ref().map(|run| run.id.clone());
        let own = run(self.review.candidate);
        own.is_some() && own == self.champion().and_then(run)
    }
}

/// An answer in lines of raw text.
fn answer(key: &'static str, question: &'static str, tone: Tone, lines: Vec<String>) -> Answer {
    Answer {
        key,
        question,
        tone,
        lines,
    }
}

/// `iris/3`, raw.
/// `lr: 0.1, champion 0.2`: of long values the part that differs. The champion is the first run of the comparison.
fn compared_values(row: &ComparisonRow) -> String {
    let value = |at: usize| {
        let value = row.values.get(at).and_then(Option::as_ref);
        value.map_or_else(|| "not set".into(), |value| value.clean())
    };
    let (champion, own) = (value(0), value(1));
    let excerpts = distinct_excerpts(&[&champion, &own], MAX_VALUE_WIDTH);
    let [champion, own] = excerpts.as_slice() else {
        return row.key.raw().to_owned();
    };
    format!("{}: {own}, champion {champion}", row.key.raw())
}

fn label(facts: &Candidate) -> String {
    format!("{}/{}", facts.version.name.raw(), facts.version.version)
}

fn find_node(graph: &Graph, kind: NodeKind) -> Option<&Node> {
    graph.nodes.iter().find(|node| node.kind == kind)
}

fn attribute<'g>(graph: &'g Graph, kind: NodeKind, key: &str) -> Option<&'g str> {
    find_node(graph, kind)?.attribute(key).map(Untrusted::raw)
}

/// The run, with the params and metrics that only its logged model has.
fn training_run(facts: &Candidate) -> Option<Run> {
    let model = facts.logged_model.as_ref();
    let mut run = match (&facts.run, model) {
        (Some(run), _) => run.clone(),
        (None, Some(model)) if !(model.params.is_empty() && model.metrics.is_empty()) => {
            let mut run = Run::bare(model.id.raw().into(), model.experiment_id.clone());
            run.name = model.name.clone();
            run
        }
        (None, _) => return None,
    };
    run.params = lineage::training_params(facts).to_vec();
    for metric in model.into_iter().flat_map(|model| &model.metrics) {
        if run.metrics.iter().all(|known| known.key != metric.key) {
            run.metrics.push(metric.clone());
        }
    }
    Some(run)
}

/// Why nothing is known of a version's run: the version names none, or it could not be read.
fn missing_run(facts: &Candidate) -> Option<String> {
    if facts.run.is_some() {
        return None;
    }
    let named = Some(&facts.version.run_id).filter(|id| !id.is_empty());
    let logged = facts.logged_model.as_ref();
    let id = named.or_else(|| logged.map(|model| &model.source_run_id));
    Some(match id.filter(|id| !id.is_empty()) {
        Some(id) => format!(
            "run {} of {} could not be read, it may be deleted",
            id.short(),
            label(facts)
        ),
        None => format!("{} does not name a run", label(facts)),
    })
}

fn gate_check(gate: &GateResult) -> Check {
    Check {
        name: gate.name.clone(),
        tone: match gate.outcome {
            GateOutcome::Pass => Tone::Good,
            GateOutcome::Fail => Tone::Bad,
            GateOutcome::Absent => Tone::Unknown,
            GateOutcome::Overridden => Tone::Warning,
        },
        state: gate.outcome.as_str().to_owned(),
        detail: gate.reason.clone(),
        values: gate.values.clone(),
    }
}
