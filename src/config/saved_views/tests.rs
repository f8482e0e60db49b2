use super::*;
use proptest::prelude::*;

fn files(folder: &Path) -> ViewFiles {
    ViewFiles::new(
        &folder.join("config"),
        &folder.join("data"),
        &folder.join("here"),
    )
}

fn view_with_filter(filter: &str) -> SavedView {
    SavedView {
        filter: filter.to_owned(),
        ..SavedView::default()
    }
}

#[test]
fn view_is_saved_listed_and_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    assert_eq!(
        files.load_all(),
        SavedViews::default(),
        "a missing folder has no views"
    );
    files.save("my view", &view_with_filter("lr < 1")).unwrap();
    files.save("my view", &view_with_filter("lr < 2")).unwrap();
    assert_eq!(
        files.load_all().views,
        BTreeMap::from([("my view".to_owned(), view_with_filter("lr < 2"))])
    );
    files.delete("my view").unwrap();
    assert!(files.load_all().views.is_empty());
    assert!(matches!(files.delete("my view"), Err(ViewError::File(_))));
}

#[test]
fn user_view_shadows_the_team_view() {
    let folder = tempfile::tempdir().unwrap();
    let team = folder.path().join("here/.frontrunner/views");
    fs::create_dir_all(&team).unwrap();
    fs::write(team.join("best.toml"), "filter = 'team'\n").unwrap();
    fs::write(team.join("notes.md"), "no view").unwrap();
    let files = files(folder.path());
    assert_eq!(files.load_all().views["best"].filter, "team");
    files.save("best", &view_with_filter("own")).unwrap();
    assert_eq!(files.load_all().views["best"].filter, "own");
}

#[test]
fn view_names_cannot_escape_their_directory() {
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "",
        ".",
        "..",
        "../x",
        "a/b",
        "a\\b",
        ".hidden",
        "x.",
        "a\u{1b}b",
        "con:",
        &"x".repeat(101),
    ] {
        assert_eq!(
            files(folder.path()).save(name, &SavedView::default()),
            Err(ViewError::InvalidName),
            "{name:?}"
        );
        assert_eq!(
            files(folder.path()).delete(name),
            Err(ViewError::InvalidName),
            "{name:?}"
        );
    }
    assert!(!folder.path().join("config").exists());
}

#[test]
fn invalid_view_is_reported_and_the_rest_load() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    files.save("good", &view_with_filter("x")).unwrap();
    fs::write(
        folder.path().join("config/views/bad.toml"),
        "filter = 'a'\nsorted = ['x']\n",
    )
    .unwrap();
    let saved = files.load_all();
    assert_eq!(saved.views.len(), 1);
    let message = saved.errors[0].to_string();
    assert!(
        message.contains("bad.toml:2:1:") && message.contains("sorted"),
        "{message}"
    );
}

#[test]
fn table_states_are_kept_per_table_and_pruned() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    assert_eq!(files.load_table_state("store 1"), None);
    for n in 0..MAX_TABLE_STATES + 5 {
        files
            .save_table_state(&format!("store {n}"), &view_with_filter(&n.to_string()))
            .unwrap();
    }
    assert_eq!(
        files.load_table_state(&format!("store {}", MAX_TABLE_STATES + 4)),
        Some(view_with_filter(&(MAX_TABLE_STATES + 4).to_string()))
    );
    assert_eq!(
        fs::read_dir(folder.path().join("data/tables"))
            .unwrap()
            .count(),
        MAX_TABLE_STATES
    );
}

proptest! {
    #[test]
    fn view_round_trips_through_toml(
        columns in prop::option::of(prop::collection::vec(any::<String>(), 0..4)),
        sort in prop::collection::vec(any::<String>(), 0..3),
        filter in any::<String>(), group in prop::option::of(any::<String>()), goal in prop::option::of(any::<String>()),
        preview: bool, fold_constants: bool, widths in prop::collection::btree_map(any::<String>(), any::<u16>(), 0..3),
    ) {
        let (pinned, folded, statistic) = (sort.clone(), sort.clone(), group.clone());
        let view = SavedView { columns, hidden: sort.clone(), sort, filter, statistic, group, goal, preview, fold_constants, pinned, folded, widths };
        prop_assert_eq!(SavedView::parse(&view.to_toml(), "x.toml"), Ok(view));
    }

    #[test]
    fn parser_never_panics(text in any::<String>()) {
        let _ = SavedView::parse(&text, "x.toml");
    }
}
