//! The drawing of screenshots, tried on small programs: what a terminal shows is what the picture has.

#![expect(
    clippy::unwrap_used,
    reason = "a program that can't be started or drawn fails its test"
)]

use std::error::Error;
use std::path::Path;

#[path = "../../examples/screenshots/animation.rs"]
mod animation;
#[path = "../../examples/screenshots/glyphs.rs"]
mod glyphs;
#[path = "../../examples/screenshots/pty.rs"]
mod pty;
#[path = "../../examples/screenshots/rasterize.rs"]
mod rasterize;
#[path = "../../examples/screenshots/svg.rs"]
mod svg;

use pty::PtyProgram;

type BoxResult<T> = Result<T, Box<dyn Error>>;

fn start_program(command: &str, home: &Path) -> PtyProgram {
    PtyProgram::start(Path::new("sh"), &["-c", command], (40, 6), home, svg::DARK).unwrap()
}

fn draw_screen(command: &str) -> String {
    let home = tempfile::tempdir().unwrap();
    let mut program = start_program(command, home.path());
    program.wait_for_exit().unwrap();
    svg::draw_window(program.screen(), "a <title>", svg::DARK)
}

#[test]
fn colors_and_attributes_are_drawn() {
    let svg = draw_screen(
        r"printf '\033[?25l\033[1mB\033[0m \033[38;5;208mi\033[0m \033[38;2;1;2;3;48;5;196mr\033[0m \033[7mv\033[0m \033[4mu'",
    );
    assert!(svg.contains("font-weight=\"bold\">B</text>"), "{svg}");
    assert!(
        svg.contains("<text x=\"18\" y=\"14\" fill=\"#ff8700\">i</text>"),
        "{svg}"
    );
    assert!(svg.contains(
        "<rect x=\"36\" y=\"0\" width=\"9\" height=\"18\" fill=\"#ff0000\"/>\n<text x=\"36\" y=\"14\" fill=\"#010203\">r</text>"
    ));
    let (fg, bg) = (svg::hex(svg::DARK.fg), svg::hex(svg::DARK.bg));
    assert!(svg.contains(&format!("width=\"9\" height=\"18\" fill=\"{fg}\"/>\n<text x=\"54\" y=\"14\" fill=\"{bg}\">v</text>")), "{svg}");
    assert!(
        svg.contains(&format!(
            "<rect x=\"72\" y=\"16\" width=\"9\" height=\"1\" fill=\"{fg}\"/>"
        )),
        "{svg}"
    );
}

#[test]
fn text_keeps_its_columns_and_markup_is_escaped() {
    let svg = draw_screen(r"printf '\033[?25la<&模b'");
    assert!(
        svg.contains("<text x=\"0 9 18 27 45\" y=\"14\" fill=\"#d5d8df\">a&lt;&amp;模b</text>"),
        "{svg}"
    );
    assert!(svg.contains(">a &lt;title&gt;</text>"));
}

#[test]
fn box_and_braille_characters_are_drawn_as_shapes() {
    let svg = draw_screen("printf '─╭█▄⣿'");
    assert!(!svg.contains(['─', '╭', '█', '▄', '⣿']), "{svg}");
    assert!(
        svg.contains("<rect x=\"18\" y=\"0.00\" width=\"9.00\" height=\"18.00\""),
        "a full block: {svg}"
    );
    assert!(
        svg.contains("<rect x=\"27\" y=\"9.00\" width=\"9.00\" height=\"9.00\""),
        "a half block: {svg}"
    );
    assert_eq!(svg.matches("a1.4 1.4 0 1 0 2.8 0").count(), 8, "eight dots");
}

#[test]
fn keys_waits_and_terminal_queries_work() {
    let home = tempfile::tempdir().unwrap();
    // The terminal's answer to "what are you" is read back by the program, as real programs do it.
    let mut program = start_program(
        r#"stty raw -echo; printf '\033[c'; answer=$(dd bs=1 count=9 2>/dev/null | tr -d '\033'); printf 'answer %s\r\n' "$answer"; \
          keys=$(dd bs=1 count=7 2>/dev/null | od -An -tx1 | tr -d ' \n'); printf 'keys%s\r\n' "$keys"; sleep 600"#,
        home.path(),
    );
    program.wait_for("answer [?62;22c").unwrap();
    program.press("j ctrl-p space enter up").unwrap();
    program.wait_for("keys").unwrap();
    assert!(
        program.screen().contents().contains("keys6a10200d1b5b41"),
        "{}",
        program.screen().contents()
    );
}

#[test]
fn missing_text_error_shows_the_screen() {
    let home = tempfile::tempdir().unwrap();
    let error = start_program("echo something else", home.path())
        .wait_for("nothing")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("the program ended") && error.contains("something else"),
        "{error}"
    );
}

#[test]
fn png_is_rendered_at_twice_the_size() {
    let png = rasterize::svg_to_png(&draw_screen("echo hello")).unwrap();
    let side = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
    let (width, height) = (40 * svg::CELL.0 + 24, 6 * svg::CELL.1 + 54);
    assert_eq!(&png[..4], b"\x89PNG");
    assert_eq!((side(16), side(20)), (2 * width, 2 * height));
}

#[test]
fn light_terminal_reports_and_draws_a_light_background() {
    let home = tempfile::tempdir().unwrap();
    let asks = r"stty raw -echo min 0 time 10; printf '\033[?25l\033]11;?\033\\'; head -c 24 | tr -d '\033\\'";
    let mut program = PtyProgram::start(
        Path::new("sh"),
        &["-c", asks],
        (40, 6),
        home.path(),
        svg::LIGHT,
    )
    .unwrap();
    program.wait_for_exit().unwrap();
    assert!(
        program.screen().contents().contains("rgb:fbfb/fbfb/fcfc"),
        "{}",
        program.screen().contents()
    );
    assert!(
        svg::draw_window(program.screen(), "light", svg::LIGHT)
            .contains(&format!("fill=\"{}\"", svg::hex(svg::LIGHT.bg)))
    );
}

#[test]
fn session_is_recorded_as_a_cast_and_an_animation() {
    let home = tempfile::tempdir().unwrap();
    let mut program = start_program(
        "stty -echo; echo one; read line; echo \"<$line>\"; sleep 600",
        home.path(),
    );
    let mut animation = animation::Animation::new((40, 6), svg::DARK);
    animation.caption("first & last");
    program.wait_for("one").unwrap();
    let output = program.take_output();
    animation.show(program.screen(), output, 1_000);
    assert!(pty::is_key_name("enter") && !pty::is_key_name("é"));
    program.press("é enter").unwrap();
    program.wait_for("<é>").unwrap();
    let output = program.take_output();
    animation.show(program.screen(), output, 3_000);
    // A frame like the one before only lasts longer.
    animation.show(program.screen(), Vec::new(), 1_000);
    let cast = animation.to_cast("a title");
    let lines: Vec<serde_json::Value> = cast
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        (&lines[0]["version"], &lines[0]["width"], lines.len()),
        (&2.into(), &40.into(), 3)
    );
    assert_eq!((&lines[2][0], &lines[2][1]), (&1.0.into(), &"o".into()));
    assert!(lines[2][2].as_str().unwrap().contains("<é>"), "{cast}");
    let svg = animation.to_svg("a title");
    assert_eq!(
        svg.matches("repeatCount=\"indefinite\"").count(),
        2,
        "{svg}"
    );
    assert!(
        svg.contains("dur=\"5.0s\"") && svg.contains("keyTimes=\"0;0.20000\""),
        "{svg}"
    );
    assert_eq!(
        svg.matches(">one</text>").count(),
        1,
        "a row is drawn once: {svg}"
    );
    assert!(svg.contains("first &amp; last"));
    assert!(!rasterize::svg_to_png(&svg).unwrap().is_empty());
}
