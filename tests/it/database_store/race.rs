//! Promoters that race: each planned on the same state, so at most one plan of a round is applied.

use std::sync::Arc;

use frontrunner::ops::apply::{ApplyContext, apply_plan};
use frontrunner::ops::journal::Journal;
use frontrunner::ops::registry::read_snapshot;
use frontrunner::promotion::policy::Policy;
use frontrunner::promotion::{Intent, Outcome, plan};
use frontrunner::store::StoreHandle;
use tokio::sync::Barrier;

use super::*;
use crate::promotion::cases::{clear, confirmation_text, context};
use crate::support::fake_store::now_ms;

const PROMOTERS: u64 = 20;
/// `FRONTRUNNER_RACE_ROUNDS=50` runs 1,000 promotions, which takes minutes without optimization.
const ROUNDS: u64 = 8;

/// The versions of `shop` that promoters choose from.
const VERSIONS: u64 = 4;

const FILL_SHOP: &str = "
client.create_registered_model('shop')
for i in range(4):
    client.create_model_version('shop', f's3://bucket/{i}')
client.set_registered_model_alias('shop', 'champion', '1')
answer = {}
";

/// What a promoter does in a round: the alias to another version, or a version to Production.
fn intent(round: u64, promoter: u64) -> Intent {
    let version = frontrunner::domain::VersionNumber(1 + (round + promoter) % VERSIONS);
    if round.is_multiple_of(2) {
        Intent::SetAlias {
            model: "shop".into(),
            alias: "champion".into(),
            version,
        }
    } else {
        Intent::TransitionStage {
            model: "shop".into(),
            version,
            to: frontrunner::domain::Stage::Production,
            archive_existing: true,
        }
    }
}

/// Plans, waits for all others, applies; the outcome, or `None` if there was nothing to do or the
/// registry had changed before.
async fn promote(
    store: StoreHandle,
    barrier: Arc<Barrier>,
    round: u64,
    promoter: u64,
) -> Option<Outcome> {
    let folder = tempfile::tempdir().unwrap();
    let journal =
        Journal::with_path(folder.path().join("journal.jsonl")).with_clocks(now_ms, || None);
    let intent = intent(round, promoter);
    let snapshot = read_snapshot(&*store.reader, &intent).await.unwrap();
    let planned = plan(
        intent,
        &snapshot,
        &context(&format!("{round:08x}{promoter:08x}")),
    );
    barrier.wait().await;
    let planned = planned.ok()?;
    let typed = confirmation_text(&planned);
    let context = ApplyContext {
        sources: (&*store.reader).into(),
        writer: &**store.writer.as_ref().unwrap(),
        policy: &Policy::default(),
        journal: &journal,
    };
    let report = apply_plan(clear(planned, typed.as_deref()), context, &|_| {}).await;
    report.ok().map(|report| report.outcome)
}

async fn assert_races_are_prevented(kind: Kind, rounds: u64) {
    let Some(database) = filled_database(kind, FILL_SHOP) else {
        return;
    };
    let uri = database.copy();
    let store = open_database(&uri, AccessMode::ReadWrite).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut client = client_of(folder.path(), &uri);
    let mut winners = 0;
    for round in 0..rounds {
        let barrier = Arc::new(Barrier::new(usize::try_from(PROMOTERS).unwrap()));
        let promoters: Vec<_> = (0..PROMOTERS)
            .map(|number| tokio::spawn(promote(store.clone(), barrier.clone(), round, number)))
            .collect();
        let mut verified = Vec::new();
        for (number, promoter) in (0..).zip(promoters) {
            match promoter.await.unwrap() {
                Some(Outcome::Verified) => verified.push(number),
                Some(Outcome::Unknown { reason }) => panic!("{reason}"),
                _ => {}
            }
        }
        assert_eq!(verified.len(), 1, "round {round}: {verified:?}");
        winners += 1;
        let expected = intent(round, verified[0]).version().unwrap().0;
        let model = client.run(
            "v = client.get_registered_model('shop'); versions = client.search_model_versions(\"name='shop'\")\n\
             answer = [int(v.aliases['champion']), [int(v.version) for v in versions if v.current_stage == 'Production']]",
            &json!({}),
        );
        if round.is_multiple_of(2) {
            assert_eq!(model[0], json!(expected), "round {round}");
        } else {
            assert_eq!(model[1], json!([expected]), "round {round}");
        }
    }
    assert_eq!(winners, rounds);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_racing_promotions_wins_on_postgres() {
    let more = std::env::var("FRONTRUNNER_RACE_ROUNDS").ok();
    let rounds = more.map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    assert_races_are_prevented(Kind::Postgres, rounds).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_racing_promotions_wins_on_mariadb() {
    assert_races_are_prevented(Kind::MariaDb, 3).await;
}
