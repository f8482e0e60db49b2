//! Policies add up and only tighten; strangers' policies are refused with a reason.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use crate::support::program::{Program, ProgramOutput};

const STRICT: &str = "[model.'*']\noverrides = ['cap']\n[[model.'*'.gate]]\nname = 'signed'\n\
                      require = \"candidate.tags.signed == 'yes'\"\n";

fn write(program: &Program, name: &str, text: &str) {
    let path = program.folder().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

fn promote(program: &Program, extra: &[&str]) -> ProgramOutput {
    let arguments = [
        "promote",
        "churn-classifier/2",
        "--to",
        "@live",
        "--yes",
        "--reason",
        "x",
    ];
    program.run(&[&arguments, extra].concat())
}

#[test]
fn project_cannot_lift_the_user_s_policy() {
    for project in [
        "",
        "[model.'*']\noverrides = ['ana']\n",
        "read_only = false\n[model.'*']\nprotected = []\n",
    ] {
        let program = Program::new();
        write(&program, "config/policy.toml", STRICT);
        write(&program, "frontrunner.toml", project);
        let ended = promote(&program, &["--override", "signed"]);
        assert_eq!(ended.code, 4, "{project}: {ended:?}");
        assert!(ended.stderr.contains("config/policy.toml"), "{ended:?}");
    }
    let program = Program::new();
    write(&program, "config/policy.toml", "read_only = true\n");
    write(&program, "frontrunner.toml", "");
    write(&program, "lax.toml", "");
    let ended = promote(&program, &["--policy", "lax.toml"]);
    assert_eq!(ended.code, 5, "{ended:?}");
    assert!(
        ended.stderr.contains("config/policy.toml sets read_only"),
        "{ended:?}"
    );
}

#[test]
fn policies_of_settings_and_profile_add_up() {
    let program = Program::new();
    let store = program.store();
    program.write_config(&format!(
        "policy = \"lax.toml\"\n[profile.x]\ntarget = {:?}\npolicy = \"strict.toml\"\n",
        store.display()
    ));
    write(&program, "lax.toml", "");
    write(&program, "strict.toml", STRICT);
    let gates = program.json(&["gates", "churn-classifier/2"]);
    assert_eq!(gates["gates"].as_array().unwrap().len(), 0);
    let ended = program.run(&["gates", "churn-classifier/2", "--json", "--profile", "x"]);
    let found: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(found["gates"][0]["name"], "signed");
    assert_eq!(
        found["policies"],
        serde_json::json!(["lax.toml", "strict.toml"])
    );
    let doctor = program.run(&["doctor", "--profile", "x"]).stdout;
    assert!(doctor.contains("strict.toml (yours, 1 gates)"), "{doctor}");
}

#[test]
fn policies_that_others_can_write_are_refused_with_a_reason() {
    let program = Program::new();
    write(&program, "frontrunner.toml", "");
    let path = program.folder().join("frontrunner.toml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
    let check = |reason: &str| {
        let refused = promote(&program, &[]);
        assert_eq!(refused.code, 2, "{refused:?}");
        assert!(refused.stderr.contains(reason), "{refused:?}");
        let doctor = program.run(&["doctor"]);
        assert!(doctor.stdout.contains(reason), "{doctor:?}");
        assert_eq!(program.run(&["models"]).code, 0, "reading goes on");
    };
    check("every user can write to it");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    // Only root can give a file away.
    if std::os::unix::fs::chown(&path, Some(12_345), None).is_ok() {
        check("belongs to another user");
    }
}

#[test]
fn mistake_in_a_linked_policy_shows_no_line_of_it() {
    let program = Program::new();
    for secret in [
        "[mlflow]\nmlflow_tracking_password = hunter2\n",
        "hunter2\n",
        "hunter2 = \n",
        "hunter2 = 1\n",
    ] {
        write(&program, "secret", secret);
        let _ = std::fs::remove_file(program.folder().join("frontrunner.toml"));
        symlink("secret", program.folder().join("frontrunner.toml")).unwrap();
        for arguments in [&["gates"][..], &["gates", "--json"], &["doctor"]] {
            let ended = program.run(arguments);
            let printed = ended.stdout + &ended.stderr;
            assert!(!printed.contains("hunter2"), "{printed}");
            assert!(printed.contains("frontrunner.toml"), "{printed}");
        }
    }
}
