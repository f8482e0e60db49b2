use super::*;
use proptest::prelude::*;

fn files(folder: &Path) -> ViewFiles {
    ViewFiles::at(
        &folder.join("config"),
        &folder.join("data"),
        &folder.join("here"),
    )
}

fn filtered(filter: &str) -> View {
    View {
        filter: filter.to_owned(),
        ..View::default()
    }
}

#[test]
fn a_view_is_kept_found_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    assert_eq!(files.shelf(), Shelf::default(), "no folder is no view");
    files.save("my view", &filtered("lr < 1")).unwrap();
    files.save("my view", &filtered("lr < 2")).unwrap();
    assert_eq!(
        files.shelf().views,
        BTreeMap::from([("my view".to_owned(), filtered("lr < 2"))])
    );
    files.delete("my view").unwrap();
    assert!(files.shelf().views.is_empty());
    assert!(matches!(
        files.delete("my view"),
        Err(ViewError::File { .. })
    ));
}

#[test]
fn a_team_s_view_is_seen_and_ones_own_goes_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let team = folder.path().join("here/.frontrunner/views");
    fs::create_dir_all(&team).unwrap();
    fs::write(team.join("best.toml"), "filter = 'team'\n").unwrap();
    fs::write(team.join("notes.md"), "no view").unwrap();
    let files = files(folder.path());
    assert_eq!(files.shelf().views["best"].filter, "team");
    files.save("best", &filtered("own")).unwrap();
    assert_eq!(files.shelf().views["best"].filter, "own");
}

#[test]
fn names_stay_in_their_folder() {
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
            files(folder.path()).save(name, &View::default()),
            Err(ViewError::Name),
            "{name:?}"
        );
        assert_eq!(
            files(folder.path()).delete(name),
            Err(ViewError::Name),
            "{name:?}"
        );
    }
    assert!(!folder.path().join("config").exists());
}

#[test]
fn a_mistake_is_told_with_its_place_and_the_others_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    files.save("good", &filtered("x")).unwrap();
    fs::write(
        folder.path().join("config/views/bad.toml"),
        "filter = 'a'\nsorted = ['x']\n",
    )
    .unwrap();
    let shelf = files.shelf();
    assert_eq!(shelf.views.len(), 1);
    let told = shelf.wrong[0].to_string();
    assert!(
        told.contains("bad.toml:2:1:") && told.contains("sorted"),
        "{told}"
    );
}

#[test]
fn tables_are_remembered_by_store_and_experiment_and_not_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    assert_eq!(files.recall("store 1"), None);
    for n in 0..REMEMBERED + 5 {
        files
            .remember(&format!("store {n}"), &filtered(&n.to_string()))
            .unwrap();
    }
    assert_eq!(
        files.recall(&format!("store {}", REMEMBERED + 4)),
        Some(filtered(&(REMEMBERED + 4).to_string()))
    );
    assert_eq!(
        fs::read_dir(folder.path().join("data/tables"))
            .unwrap()
            .count(),
        REMEMBERED
    );
}

proptest! {
    #[test]
    fn what_is_kept_is_read_as_the_same(
        columns in prop::option::of(prop::collection::vec(any::<String>(), 0..4)),
        sort in prop::collection::vec(any::<String>(), 0..3),
        filter in any::<String>(), group in prop::option::of(any::<String>()), goal in prop::option::of(any::<String>()),
        preview: bool, fold_constants: bool, widths in prop::collection::btree_map(any::<String>(), any::<u16>(), 0..3),
    ) {
        let (pinned, folded, statistic) = (sort.clone(), sort.clone(), group.clone());
        let view = View { columns, hidden: sort.clone(), sort, filter, statistic, group, goal, preview, fold_constants, pinned, folded, widths };
        prop_assert_eq!(View::parse(&view.to_toml(), "x.toml"), Ok(view));
    }

    #[test]
    fn no_text_makes_the_reader_stumble(text in any::<String>()) {
        let _ = View::parse(&text, "x.toml");
    }
}
