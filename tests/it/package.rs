//! The crate holds what is needed to build it and nothing else; packages, docs and workflows agree on versions and names.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use crate::support::sources::{find_files, package_root};

fn read(path: &str) -> String {
    std::fs::read_to_string(package_root().join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The value of `key = "value"` at its first place.
fn value(text: &str, key: &str) -> String {
    let start = format!("{key} = \"");
    let line = text.lines().find_map(|line| line.strip_prefix(&start));
    line.unwrap_or_else(|| panic!("no {key}"))
        .split('"')
        .next()
        .unwrap()
        .to_owned()
}

#[test]
fn crate_holds_what_is_needed() {
    let output = Command::new(env!("CARGO"))
        .args(["package", "--list", "--allow-dirty", "--offline", "--quiet"])
        .current_dir(package_root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let listed = String::from_utf8(output.stdout).unwrap();
    let listed: BTreeSet<&str> = listed.lines().collect();
    let of = |folder: &str, kinds: &[&str]| -> BTreeSet<String> {
        let found = find_files(folder, kinds);
        let relative = found
            .iter()
            .map(|path| path.strip_prefix(package_root()).unwrap());
        relative
            .map(|path| path.to_str().unwrap().to_owned())
            .collect()
    };
    let mut needed = of("src", &["rs"]);
    needed.extend(of("integrations", &["toml"]));
    needed.extend(of("themes", &["toml"]));
    let others = [
        ".cargo_vcs_info.json",
        "CHANGELOG.md",
        "Cargo.lock",
        "Cargo.toml",
        "Cargo.toml.orig",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
        "SECURITY.md",
        "build.rs",
        "src/config/keymap/default.toml",
        "src/demo/schema.sql",
        "src/lineage/samples/MLmodel",
    ];
    needed.extend(others.map(str::to_owned));
    let listed: BTreeSet<String> = listed.iter().map(|path| (*path).to_owned()).collect();
    let missing: Vec<_> = needed
        .difference(&listed)
        .filter(|path| *path != ".cargo_vcs_info.json")
        .collect();
    let unneeded: Vec<_> = listed.difference(&needed).collect();
    assert!(missing.is_empty(), "not in the crate: {missing:#?}");
    assert!(
        unneeded.is_empty(),
        "in the crate without need: {unneeded:#?}"
    );
}

#[test]
fn minimum_rust_version_is_the_same_everywhere() {
    let msrv = value(&read("Cargo.toml"), "rust-version");
    for page in ["README.md", "CONTRIBUTING.md", "docs/install.md"] {
        let text = read(page);
        assert!(text.contains(&msrv), "{page} lacks Rust {msrv}");
    }
}

/// The packages that the program is built from, by ID: dependencies of tests are left out.
fn built_packages(metadata: &Value) -> BTreeSet<String> {
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let mut left = vec![metadata["resolve"]["root"].as_str().unwrap()];
    let mut found = BTreeSet::new();
    while let Some(id) = left.pop() {
        if !found.insert(id.to_owned()) {
            continue;
        }
        let node = nodes.iter().find(|node| node["id"] == id).unwrap();
        for dependency in node["deps"].as_array().unwrap() {
            let kinds = dependency["dep_kinds"].as_array().unwrap();
            if kinds.iter().any(|kind| kind["kind"] != "dev") {
                left.push(dependency["pkg"].as_str().unwrap());
            }
        }
    }
    found
}

#[test]
fn minimum_rust_version_covers_the_dependencies() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(package_root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let built = built_packages(&metadata);
    let parse = |version: &str| -> Vec<u32> {
        version
            .split('.')
            .map(|part| part.parse().unwrap_or(0))
            .take(2)
            .collect()
    };
    let ours = parse(&value(&read("Cargo.toml"), "rust-version"));
    let packages = metadata["packages"].as_array().unwrap();
    let newer: Vec<String> = packages
        .iter()
        .filter(|package| built.contains(package["id"].as_str().unwrap()))
        .filter_map(|package| Some((package, package["rust_version"].as_str()?)))
        .filter(|(_, version)| parse(version) > ours)
        .map(|(package, version)| format!("{} needs Rust {version}", package["name"]))
        .collect();
    assert!(
        newer.is_empty(),
        "raise rust-version in Cargo.toml and in the pages: {newer:#?}"
    );
}

#[test]
fn names_and_addresses_agree() {
    let manifest = read("Cargo.toml");
    let (repository, book) = (
        value(&manifest, "repository"),
        value(&manifest, "documentation"),
    );
    let python: toml::Table = read("pyproject.toml").parse().unwrap();
    let project = python["project"].as_table().unwrap();
    assert_eq!(
        project["description"].as_str().unwrap(),
        value(&manifest, "description")
    );
    assert_eq!(
        project["license"].as_str().unwrap(),
        value(&manifest, "license")
    );
    assert_eq!(project["urls"]["Homepage"].as_str().unwrap(), repository);
    assert_eq!(project["urls"]["Documentation"].as_str().unwrap(), book);
    let dist: toml::Table = read("dist-workspace.toml").parse().unwrap();
    let targets = dist["dist"]["targets"].as_array().unwrap();
    let workflow = read(".github/workflows/release.yml");
    for target in targets {
        assert!(
            workflow.contains(target.as_str().unwrap()),
            "{target} is not released"
        );
    }
    for file in [
        "docs/install.md",
        "docs/book.toml",
        "packaging/installer.sh",
        ".github/ISSUE_TEMPLATE/config.yml",
    ] {
        assert!(
            read(file).contains(repository.trim_start_matches("https://")),
            "{file} lacks {repository}"
        );
    }
}

/// Files below `target/` are made for the release; all others are in the repository.
#[test]
fn debian_package_has_its_license_and_files() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let deb = &manifest["package"]["metadata"]["deb"];
    let license = deb["license-file"][0].as_str().unwrap();
    let holder = read(license);
    assert!(
        holder.contains(deb["copyright"].as_str().unwrap()),
        "{license} names another holder"
    );
    for asset in deb["assets"].as_array().unwrap() {
        let source = asset[0].as_str().unwrap();
        if source.starts_with("target/") {
            continue;
        }
        let (folder, name) = source.rsplit_once('/').unwrap_or(("", source));
        let glob = globset::Glob::new(name).unwrap().compile_matcher();
        let mut entries = std::fs::read_dir(package_root().join(folder)).unwrap();
        assert!(
            entries.any(|entry| glob.is_match(entry.unwrap().file_name())),
            "{source} is not there"
        );
    }
}

#[test]
fn workflows_and_templates_are_yaml() {
    for path in find_files(".github", &["yml"]) {
        let text = std::fs::read_to_string(&path).unwrap();
        let parsed: Result<Value, _> = serde_saphyr::from_str(&text);
        assert!(parsed.is_ok(), "{}: {parsed:?}", path.display());
    }
}

/// Runs the installer on a release that consists of a shell script.
#[cfg(unix)]
fn install(releases: &std::path::Path, into: &std::path::Path) -> std::process::Output {
    Command::new("sh")
        .arg(package_root().join("packaging/installer.sh"))
        .env(
            "FRONTRUNNER_RELEASES",
            format!("file://{}", releases.display()),
        )
        .env("FRONTRUNNER_INSTALL_DIR", into)
        .output()
        .unwrap()
}

#[cfg(unix)]
#[test]
fn installer_checks_what_it_downloads() {
    let folder = tempfile::tempdir().unwrap();
    let (releases, into) = (folder.path().join("releases"), folder.path().join("bin"));
    let system = if cfg!(target_os = "macos") {
        "apple-darwin"
    } else {
        "unknown-linux-gnu"
    };
    let name = format!("frontrunner-{}-{system}", std::env::consts::ARCH);
    let pack = format!(
        "mkdir -p {name} && printf '#!/bin/sh\\necho installed\\n' > {name}/frontrunner && chmod +x {name}/frontrunner \
         && tar -cJf {name}.tar.xz {name} && (sha256sum {name}.tar.xz || shasum -a 256 {name}.tar.xz) > {name}.tar.xz.sha256"
    );
    std::fs::create_dir_all(&releases).unwrap();
    let packed = Command::new("sh")
        .args(["-c", &pack])
        .current_dir(&releases)
        .output()
        .unwrap();
    assert!(packed.status.success(), "{packed:?}");
    let installed = install(&releases, &into);
    let printed = String::from_utf8_lossy(&installed.stdout);
    assert!(
        installed.status.success() && printed.starts_with("installed\n"),
        "{installed:?}"
    );
    std::fs::remove_file(into.join("frontrunner")).unwrap();
    std::fs::write(releases.join(format!("{name}.tar.xz")), "something else").unwrap();
    let refused = install(&releases, &into);
    assert!(!refused.status.success(), "{refused:?}");
    assert!(
        !into.join("frontrunner").exists(),
        "a wrong file was installed"
    );
}
