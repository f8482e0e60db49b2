//! `config check` over every file that a person writes.

use crate::support::program::Program;

#[test]
fn config_check_reads_every_file_that_a_person_writes() {
    let program = Program::new();
    program.write_config("theme = \"mine\"\n");
    let config = program.folder().join("config");
    let write = |name: &str, text: &str| {
        let path = config.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let good = [
        (
            "keymap.toml",
            "[[bind]]\non = [\"f5\"]\nwhere = [\"anywhere\"]\nrun = \"refresh\"\n",
        ),
        (
            "themes/mine.toml",
            "name = \"mine\"\nkind = \"dark\"\ninherits = \"dark\"\n",
        ),
        ("views/deep.toml", "filter = \"params.depth > 3\"\n"),
    ];
    for (name, text) in good {
        write(name, text);
    }
    let valid = program.run(&["config", "check"]);
    assert_eq!(valid.code, 0, "{valid:?}");
    for line in [
        "keymap.toml is valid",
        "1 theme is valid",
        "1 saved view is valid",
    ] {
        assert!(valid.stdout.contains(line), "{line}: {valid:?}");
    }
    let wrong = [
        (
            "keymap.toml",
            "[[bind]]\non = [\"f5\"]\nwhere = [\"anywhere\"]\nrun = \"refesh\"\n",
            "refresh",
        ),
        (
            "themes/mine.toml",
            "name = \"mine\"\nkind = \"dark\"\ninherits = \"drak\"\n",
            "drak",
        ),
        (
            "views/deep.toml",
            "fliter = \"params.depth > 3\"\n",
            "filter",
        ),
        ("integrations/own.toml", "id = 3\n", "own.toml:1"),
    ];
    for (name, text, expected) in wrong {
        write(name, text);
        let checked = program.run(&["config", "check"]);
        assert_eq!(checked.code, 2, "{name}: {checked:?}");
        assert!(checked.stderr.contains(expected), "{name}: {checked:?}");
        match good.iter().find(|(other, _)| *other == name) {
            Some((name, text)) => write(name, text),
            None => std::fs::remove_file(config.join(name)).unwrap(),
        }
    }
}
