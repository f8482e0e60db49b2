use proptest::prelude::*;

use super::*;

fn render(lines: &[DiffLine]) -> Vec<String> {
    let sign = |sign: LineKind| match sign {
        LineKind::Context => ' ',
        LineKind::Added => '+',
        LineKind::Removed => '-',
        LineKind::Header => '@',
    };
    lines
        .iter()
        .map(|line| format!("{}{}", sign(line.kind), line.text()))
        .collect()
}

#[test]
fn compare_values_recognizes_equal_spellings() {
    assert_eq!(compare_values("1e-3", "0.001"), Equality::SameNumber);
    assert_eq!(
        compare_values(
            "{\"a\": 1, \"b\": [1.0, null]}",
            "{'b': (1, None), 'a': 1,}"
        ),
        Equality::SameValue
    );
    assert_eq!(
        compare_values(
            "[np.float64(0.1), np.True_, Adam(lr=(1))]",
            "[0.1, True, 'Adam(lr=(1))']"
        ),
        Equality::SameValue
    );
    assert_eq!(
        compare_values("np.float64(0.1)", "0.1"),
        Equality::SameNumber
    );
    for (a, b) in [
        ("True", "true"),
        ("", "None"),
        ("[1, 2]", "[2, 1]"),
        ("{'a': 1}", "{'a': True}"),
        ("[1", "[1]"),
    ] {
        assert_eq!(compare_values(a, b), Equality::Different, "{a} {b}");
    }
}

#[test]
fn structures_diff_by_leaf() {
    let before = "{'opt': {'lr': 0.1, 'name': 'adam'}, 'layers': [64, 32], 'old': 1}";
    let after =
        "{\"opt\": {\"lr\": 0.01, \"name\": \"adam\"}, \"layers\": [128, 64, 32], \"new\": null}";
    let lines = render(&diff_values(before, after));
    assert_eq!(
        lines,
        [
            "+layers[0]: 128",
            "+new: null",
            "-old: 1",
            "-opt.lr: 0.1",
            "+opt.lr: 0.01"
        ]
    );
    let yaml = render(&diff_values("a: 1\nb:\n  c: x\n", "a: 1\nb:\n  c: z\n"));
    assert_eq!(yaml, ["-b.c: x", "+b.c: z"]);
}

#[test]
fn texts_diff_by_line_and_word() {
    let before = "one\ntwo\nthree\nfour five six\nseven\n";
    let lines = diff_values(before, "one\ntwo\nthree\nfour 5 six\nseven\n");
    assert_eq!(
        render(&lines),
        [
            "@@@ -1,5 +1,5 @@",
            " one",
            " two",
            " three",
            "-four five six",
            "+four 5 six",
            " seven"
        ]
    );
    let changed: Vec<&str> = lines[5]
        .segments
        .iter()
        .filter(|segment| segment.is_changed)
        .map(|segment| segment.text.as_str())
        .collect();
    assert_eq!(changed, ["5"]);
    assert_eq!(
        render(&parse_unified_diff(
            "diff --git a b\n@@ -1 +1 @@\n-x\n+y\n z"
        )),
        ["@diff --git a b", "@@@ -1 +1 @@", "-x", "+y", " z"]
    );
}

#[test]
fn leaves_are_in_natural_order() {
    let lines = render(&diff_values(
        "{'layer_10': 1, 'layer_2': 1}",
        "{'layer_10': 2, 'layer_2': 2}",
    ));
    assert_eq!(
        lines,
        ["-layer_2: 1", "+layer_2: 2", "-layer_10: 1", "+layer_10: 2"]
    );
}

#[test]
fn long_lines_show_the_part_that_differs() {
    let start =
        "You are a careful assistant that answers from the given documents only. ".repeat(4);
    let (before, after) = (
        format!("{start}Be concise."),
        format!("{start}Be thorough."),
    );
    let lines = diff_values(&before, &after);
    let changed = |line: &DiffLine| {
        let changed = line.segments.iter().filter(|segment| segment.is_changed);
        changed
            .map(|segment| segment.text.clone())
            .collect::<String>()
    };
    assert_eq!(
        [changed(&lines[1]), changed(&lines[2])],
        ["concise.", "thorough."]
    );
    for line in &lines[1..] {
        assert!(line.text().chars().count() < 80, "{}", line.text());
    }
}

#[test]
fn environments_diff_by_package() {
    let before = "# frozen\nNumPy==1.26.4\nscikit_learn[all]==1.4.0 ; python_version > '3.8'\ntorch\n-r other.txt\n";
    let after = "name: env\nchannels:\n- conda-forge\ndependencies:\n- python=3.11\n- pip:\n  - numpy==2.0.0\n  - scikit-learn[all]==1.4.0\n";
    let lines = render(&diff_requirements(before, after));
    let expected = [
        "@1 packages are equal",
        "-numpy 1.26.4",
        "+numpy 2.0.0  (newer)",
        "+python 3.11",
        "-torch",
    ];
    assert_eq!(lines, expected);
    assert!(
        is_environment_file("model/requirements.txt")
            && !is_environment_file("requirements.txt.bak")
    );
}

proptest! {
    #[test]
    fn diffs_handle_any_text(a in "[\\[\\]{}(),:'\"\\\\a1 \n.-]{0,60}", b in any::<String>()) {
        let _ = (compare_values(&a, &b), diff_values(&a, &b), diff_requirements(&a, &b), is_diffable(&b));
        prop_assert_eq!(compare_values(&a, &a), Equality::Same);
        prop_assert!(diff_values(&a, &a).is_empty());
    }

    #[test]
    fn diff_lines_account_for_every_change(a in "[abc\n]{0,40}", b in "[abc\n]{0,40}") {
        let lines = diff_text(&a, &b);
        prop_assert_eq!(lines.is_empty(), a == b);
        let count = |sign: LineKind| lines.iter().filter(|line| line.kind == sign).count();
        let ends = |text: &str| text.split_inclusive('\n').count();
        prop_assert_eq!(count(LineKind::Added) + ends(&a), count(LineKind::Removed) + ends(&b));
    }
}
