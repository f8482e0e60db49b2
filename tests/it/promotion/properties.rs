//! Properties over registries of any shape: a plan comes out as predicted, and its undo puts everything back.

use frontrunner::domain::{Stage, VersionNumber};
use frontrunner::ops::registry::read_snapshot;
use frontrunner::promotion::{Intent, Outcome, PlanError, undo_intent, verify};
use proptest::prelude::*;

use super::cases::{
    apply_to, delete_runs, describe, plan_on, register, run_paused, set_alias, tag, to_stage,
};
use crate::support::fake_store::{FakeRegistry, FakeStore};

const ALIASES: [&str; 4] = ["champion", "challenger", "Champion", "old"];

fn worlds() -> impl Strategy<Value = FakeRegistry> {
    let stage = prop::sample::select(Stage::ALL.to_vec());
    let aliases = prop::collection::vec((prop::sample::select(&ALIASES), 1_u64..7), 0..4);
    (prop::collection::vec(stage, 0..6), aliases).prop_map(|(stages, aliases)| {
        let mut world = FakeRegistry::new();
        for (stage, number) in stages.into_iter().zip(1..) {
            world.add_run(&format!("run{number}"));
            world.add_version(number, stage);
        }
        world.reserve_versions(7);
        // Some lead nowhere.
        for (alias, version) in aliases
            .into_iter()
            .filter(|_| world.model.is_some())
            .collect::<Vec<_>>()
        {
            world.set_alias(alias, version);
        }
        world
    })
}

fn intents() -> impl Strategy<Value = Intent> {
    let alias = || prop::sample::select(&ALIASES);
    prop_oneof![
        Just(register("run9")),
        (
            1_u64..7,
            prop::sample::select(Stage::ALL.to_vec()),
            any::<bool>()
        )
            .prop_map(|(version, to, archive)| to_stage(version, to, archive)),
        (alias(), 1_u64..7).prop_map(|(alias, version)| set_alias(alias, version)),
        prop::sample::select(vec![None, Some("growth"), Some("churn")])
            .prop_map(|value| tag("team", value)),
        (
            prop::option::of(1_u64..7),
            prop::sample::select(vec!["", "flowers"])
        )
            .prop_map(|(version, text)| describe(version, text)),
        prop::sample::subsequence(vec!["run9", "run1", "run2"], 1..=3)
            .prop_map(|runs| delete_runs(&runs)),
        alias().prop_map(|alias| Intent::RemoveAlias {
            model: "iris".into(),
            alias: alias.into()
        }),
    ]
}

fn verify_state(
    plan: &frontrunner::promotion::Plan,
    created: Option<VersionNumber>,
    world: &FakeRegistry,
) -> Outcome {
    let store = FakeStore::new(world.clone());
    verify(
        plan,
        created,
        &run_paused(read_snapshot(&store, &plan.intent)).unwrap(),
    )
}

proptest! {
    #[test]
    fn plan_reaches_its_prediction_and_undo_reverts_it(world in worlds(), intent in intents()) {
        let Ok(plan) = plan_on(&intent, &world, "aaaaaaaa1") else { return Ok(()) };
        let untouched = matches!(verify_state(&plan, None, &world), Outcome::NotApplied { .. });
        prop_assert!(untouched);
        let mut after = world.clone();
        let created = apply_to(&plan, &mut after);
        prop_assert_eq!(verify_state(&plan, created, &after), Outcome::Verified);
        prop_assert_eq!(verify_state(&plan, None, &after), Outcome::Verified);
        prop_assert!(matches!(plan_on(&intent, &after, "again"), Err(PlanError::NothingToDo(_) | PlanError::Refused(_))));
        let back = undo_intent("aaaaaaaa1", &plan, created);
        let dangling = plan.before.aliases.values().any(|version| !plan.before.stages.contains_key(version));
        let back = match plan_on(&back, &after, "bbbbbbbb1") {
            Ok(back) => back,
            // An alias that led nowhere can't be put back.
            Err(_) if dangling => return Ok(()),
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        let mut restored = after.clone();
        apply_to(&back, &mut restored);
        prop_assert_eq!(verify_state(&back, None, &restored), Outcome::Verified);
        let (mut was, is) = (world.summary(), restored.summary());
        // A model that was made stays.
        if was.model.is_empty() {
            was.model.clone_from(&is.model);
        }
        prop_assert_eq!(was, is);
    }

    #[test]
    fn partial_application_is_distinguishable_from_the_end(world in worlds(), intent in intents()) {
        let Ok(plan) = plan_on(&intent, &world, "aaaaaaaa1") else { return Ok(()) };
        let writes: Vec<_> = plan.steps.iter().filter_map(|step| step.write.clone()).collect();
        for sent in 0..writes.len() {
            let mut partly = world.clone();
            for write in &writes[..sent] {
                partly.apply(write).unwrap();
            }
            prop_assert_ne!(verify_state(&plan, None, &partly), Outcome::Verified);
        }
    }

    #[test]
    fn planned_writes_never_fail_on_their_registry(world in worlds(), intent in intents()) {
        if let Ok(plan) = plan_on(&intent, &world, "aaaaaaaa1") {
            apply_to(&plan, &mut world.clone());
        }
    }
}
