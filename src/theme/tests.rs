use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};

use super::*;

fn load(files: &[(&str, &str)], name: &str, depth: Depth) -> (Theme, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        std::fs::write(folder.path().join(format!("{name}.toml")), text).unwrap();
    }
    let (theme, problems) = Theme::load(name, folder.path(), depth);
    let said = problems.iter().map(|problem| problem.to_string().replace(&format!("{}/", folder.path().display()), ""));
    (theme, said.collect())
}

const DEPTHS: [Depth; 4] = [Depth::None, Depth::Sixteen, Depth::Indexed, Depth::True];

#[test]
fn the_built_in_themes_have_no_problems() {
    for (name, _) in EMBEDDED {
        for depth in DEPTHS {
            assert_eq!(load(&[], name, depth).1, Vec::<String>::new(), "{name}");
        }
    }
}

#[test]
fn words_of_midnight_can_be_read_at_every_depth_that_knows_its_colours() {
    for depth in [Depth::True, Depth::Indexed] {
        let theme = Theme::embedded("midnight", depth);
        let behind = theme.style(Role::Background).bg.unwrap();
        for role in Role::ALL {
            let style = theme.style(role);
            let (Some(fg), bg) = (style.fg, style.bg.unwrap_or(behind)) else { continue };
            let ratio = contrast(fg, bg).unwrap();
            let least = if role.is_read() { 4.5 } else { 2.0 };
            assert!(ratio >= least, "{} has a contrast of {ratio:.2} at {depth:?}", role.word());
        }
    }
}

#[test]
fn every_role_that_is_read_has_a_colour_in_midnight() {
    let theme = Theme::embedded("midnight", Depth::True);
    assert!(Role::ALL.iter().filter(|role| role.is_read()).all(|role| theme.style(*role).fg.is_some()));
}

#[test]
fn sixteen_colours_never_hide_a_word() {
    let theme = Theme::embedded("midnight", Depth::Sixteen);
    for role in Role::ALL {
        let style = theme.style(role);
        assert!(style.fg.is_none() || style.fg != style.bg, "{}", role.word());
        assert!(!matches!(style.fg, Some(Color::Rgb(..) | Color::Indexed(_))), "{}", role.word());
        assert!(!matches!(style.bg, Some(Color::Rgb(..) | Color::Indexed(_))), "{}", role.word());
    }
}

#[test]
fn without_colours_no_style_carries_one_and_what_matters_still_stands_out() {
    let theme = Theme::load("midnight", Path::new("/nonexistent"), Depth::None).0;
    for role in Role::ALL {
        let style = theme.style(role);
        assert_eq!((style.fg, style.bg, style.underline_color), (None, None, None), "{}", role.word());
    }
    for role in [Role::Selection, Role::Danger, Role::VerdictFailed, Role::EnvironmentProduction] {
        assert!(theme.style(role).add_modifier.contains(Modifier::REVERSED), "{}", role.word());
    }
    assert!(theme.style(Role::Error).add_modifier.contains(Modifier::BOLD));
}

/// The trap: a colour command suppressed for NO_COLOR is sent as an empty one, which resets the attributes before it.
#[test]
fn a_selected_row_without_colours_reaches_the_terminal_reversed() {
    for name in ["midnight", "mono"] {
        let theme = Theme::embedded(name, Depth::None);
        let area = Rect::new(0, 0, 8, 1);
        let mut buffer = Buffer::empty(area);
        buffer.set_style(area, theme.style(Role::Background));
        buffer.set_string(0, 0, "selected", theme.style(Role::Selection));
        let mut bytes = Vec::new();
        let cells = (0_u16..8).map(|x| (x, 0, &buffer[(x, 0)]));
        CrosstermBackend::new(&mut bytes).draw(cells).unwrap();
        let sent = String::from_utf8(bytes).unwrap();
        let before = sent.split("selected").next().unwrap();
        assert!(before.contains("\u{1b}[7m"), "{sent:?}");
        assert!(
            before.ends_with('m') && before.rsplit("\u{1b}[").next().is_some_and(|last| last == "7m" || last == "1m"),
            "{sent:?}"
        );
    }
}

#[test]
fn a_file_of_the_same_name_is_laid_over_the_built_in_theme() {
    let (theme, problems) = load(&[("midnight", "[roles]\nok = \"#010203\"")], "midnight", Depth::True);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(theme.style(Role::Ok).fg, Some(Color::Rgb(1, 2, 3)));
    assert_eq!(theme.style(Role::Error), Theme::embedded("midnight", Depth::True).style(Role::Error));
}

#[test]
fn a_palette_recolours_what_is_inherited() {
    let (theme, problems) =
        load(&[("mine", "inherits = \"midnight\"\n[palette]\ngreen = \"#00ff00\"")], "mine", Depth::True);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(theme.style(Role::VerdictComplete).fg, Some(Color::Rgb(0, 255, 0)));
    assert_eq!(theme.name(), "mine");
}

#[test]
fn every_problem_of_a_file_is_reported_at_once_and_the_rest_applies() {
    let text = "inherit = \"midnight\"\ninherits = \"mono\"\n[palette]\nbad = \"#12345\"\n[roles]\ntexxt = \"red\"\nok = \"gren\"\nerror = { fg = \"red\", attributes = [\"bald\"] }\nwarning = 3\nmuted = \"cyan\"\n";
    let (theme, problems) = load(&[("mine", text)], "mine", Depth::True);
    assert_eq!(
        problems,
        [
            "mine.toml:1: inherit: There is no such key. Did you mean \"inherits\"?",
            "mine.toml:4: palette.bad: \"#12345\" is not a colour. Write six hexadecimal digits: \"#1a2b3c\".",
            "mine.toml:6: roles.texxt: There is no such role. Did you mean \"text\"?",
            "mine.toml:7: roles.ok: There is no colour \"gren\". Did you mean \"green\"?",
            "mine.toml:8: roles.error.attributes: There is no attribute \"bald\". Did you mean \"bold\"?",
            "mine.toml:9: roles.warning: Expected a table, found a number. Write [roles.warning] on a line of its own.",
        ]
    );
    assert_eq!(theme.style(Role::Muted).fg, Some(Color::Cyan));
}

#[test]
fn a_circle_of_inheritance_is_reported_where_it_closes() {
    let files = [("a", "inherits = \"b\"\n"), ("b", "\ninherits = \"a\"\n")];
    let (theme, problems) = load(&files, "a", Depth::True);
    assert!(
        problems.iter().any(|problem| problem.starts_with("b.toml:2: inherits: ") && problem.contains("a → b → a")),
        "{problems:?}"
    );
    assert_eq!(theme.style(Role::Text), Theme::embedded("midnight", Depth::True).style(Role::Text));
}

#[test]
fn a_file_that_inherits_its_own_name_means_the_built_in_one() {
    let (theme, problems) = load(&[("mono", "inherits = \"mono\"\n[roles]\nok = \"green\"")], "mono", Depth::True);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(theme.style(Role::Ok).fg, Some(Color::Green));
}

#[test]
fn a_theme_that_is_not_there_gives_the_default_and_says_so() {
    let (theme, problems) = load(&[], "midnigt", Depth::True);
    assert_eq!(theme, Theme::embedded("midnight", Depth::True));
    assert_eq!(problems, ["midnigt.toml: There is no theme \"midnigt\"; midnight is used. Did you mean \"midnight\"?"]);
    let (_, problems) = load(&[], "../secret", Depth::True);
    assert_eq!(problems.len(), 1, "{problems:?}");
}

#[test]
fn a_theme_that_styles_too_little_says_what_is_missing() {
    let (theme, problems) = load(&[("bare", "[roles]\ntext = \"red\"\n")], "bare", Depth::True);
    assert!(
        problems.len() == 1 && problems[0].contains("muted") && problems[0].contains("inherits = \"midnight\""),
        "{problems:?}"
    );
    assert_eq!(theme.style(Role::Text).fg, Some(Color::Red));
    assert_eq!(theme.style(Role::Muted), Theme::embedded("midnight", Depth::True).style(Role::Muted));
}
