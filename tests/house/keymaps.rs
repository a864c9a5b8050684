//! The keymaps that are built in and those an operator lays over them, with the commands there are.

use proptest::prelude::*;
use quarterdeck::actions::catalog;
use quarterdeck::app::command_names;
use quarterdeck::keys::{CommandName, Context, EMBEDDED, Keymap, Keys, Lookup, Pending, Pressed, Sequence};

fn default() -> Keymap {
    Keymap::embedded("default", &command_names(catalog::SHIPPED)).0
}

fn load(name: &str, text: &str) -> (Keymap, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join(format!("{name}.toml")), text).expect("a file");
    let (keymap, problems) = Keymap::load(name, folder.path(), &command_names(catalog::SHIPPED));
    let said = problems.iter().map(|problem| problem.to_string().replace(&format!("{}/", folder.path().display()), ""));
    (keymap, said.collect())
}

/// What a run of keys comes to, the last answer.
fn type_keys(keymap: &Keymap, context: Context, keys: &str) -> Pressed {
    let mut pending = Pending::default();
    let chords = keys.parse::<Sequence>().expect("keys").0;
    chords.into_iter().map(|chord| keymap.press(context, &mut pending, chord)).last().expect("a key")
}

fn command(name: &'static str) -> Pressed {
    Pressed::Command(CommandName(name))
}

#[test]
fn the_built_in_keymaps_have_no_problems() {
    for (name, _) in EMBEDDED {
        assert_eq!(Keymap::embedded(name, &command_names(catalog::SHIPPED)).1, [], "{name}");
    }
}

#[test]
fn every_binding_of_a_built_in_keymap_has_a_sentence_of_its_own() {
    for (name, _) in EMBEDDED {
        let keymap = Keymap::embedded(name, &command_names(catalog::SHIPPED)).0;
        for context in Context::ALL {
            assert!(!keymap.help_in(context).is_empty() || context == Context::Text, "{name} {}", context.word());
            for line in keymap.help_in(context) {
                assert!(line.words.contains(' ') || line.words.len() > 3, "{}: {}", line.command, line.words);
                assert_ne!(line.words, line.command.0, "{name}");
                assert!(!line.words.ends_with('.'), "{}", line.words);
            }
        }
    }
}

#[test]
fn no_single_key_of_a_built_in_keymap_is_an_action() {
    for (name, _) in EMBEDDED {
        let keymap = Keymap::embedded(name, &command_names(catalog::SHIPPED)).0;
        for context in Context::ALL {
            for (sequence, binding) in keymap.trie(context).bindings() {
                let is_action = binding.command.is_some_and(CommandName::is_action);
                assert!(!is_action || sequence.0.len() > 1, "{sequence}");
            }
        }
    }
}

#[test]
fn the_three_reserved_keys_mean_the_same_everywhere() {
    for (name, _) in EMBEDDED {
        let keymap = Keymap::embedded(name, &command_names(catalog::SHIPPED)).0;
        for context in Context::ALL {
            assert_eq!(type_keys(&keymap, context, "esc"), command("escape"), "{}", context.word());
            assert_eq!(type_keys(&keymap, context, "ctrl-c"), command("cancel"), "{}", context.word());
            if !context.is_typing() {
                assert_eq!(type_keys(&keymap, context, "?"), command("help"), "{}", context.word());
            }
        }
    }
}

#[test]
fn the_keys_of_the_trade_do_what_fingers_expect() {
    let keymap = default();
    let expected = [
        ("j", "down"),
        ("G", "bottom"),
        ("ctrl-d", "half_down"),
        ("enter", "open"),
        ("!b", "action.rollback"),
        ("!r", "action.restart"),
        ("a", "actions"),
        ("m", "actions"),
        ("r", "hint.use_actions_menu"),
        ("delete", "hint.use_actions_menu"),
        ("ctrl-k", "hint.use_actions_menu"),
        ("ctrl-z", "problems_only"),
        ("ctrl-r", "refresh"),
        ("q", "back"),
        ("2", "view.rollouts"),
    ];
    for (keys, name) in expected {
        assert_eq!(type_keys(&keymap, Context::List, keys), command(name), "{keys}");
    }
    assert_eq!(type_keys(&keymap, Context::Detail, "D"), command("diff"));
    assert_eq!(type_keys(&keymap, Context::Detail, "R"), command("history"));
    assert_eq!(type_keys(&keymap, Context::Text, "j"), command("down"));
}

#[test]
fn characters_are_text_where_the_operator_types() {
    let keymap = default();
    for context in Context::ALL.into_iter().filter(|context| context.is_typing()) {
        for keys in ["j", "?", "y", "!", "2", "space"] {
            assert!(matches!(type_keys(&keymap, context, keys), Pressed::Unbound), "{keys} in {}", context.word());
        }
        for keys in ["backspace", "left", "ctrl-w", "ctrl-u"] {
            assert_eq!(
                type_keys(&keymap, context, keys),
                Pressed::Unbound,
                "{keys} edits the text in {}",
                context.word()
            );
        }
    }
}

#[test]
fn an_unfinished_sequence_says_what_can_follow_and_esc_gives_it_up() {
    let keymap = default();
    let mut pending = Pending::default();
    let chord = |text: &str| text.parse::<Sequence>().expect("keys").0[0];
    assert_eq!(keymap.press(Context::List, &mut pending, chord("!")), Pressed::Unfinished);
    let follows = keymap.follows(Context::List, &pending);
    let said: Vec<_> = follows
        .iter()
        .map(|follow| (follow.chord.to_string(), follow.binding.clone().expect("a binding").words))
        .collect();
    assert!(said.contains(&("b".to_owned(), "Plan to roll back".to_owned())), "{said:?}");
    let written = include_str!("../../keymaps/default.toml").lines();
    let mut actions = written.filter(|line| line.contains("command = \"action.") && line.starts_with('"'));
    assert!(actions.all(|line| line.starts_with("\"!")), "every action begins with the same key");
    assert_eq!(pending.to_string(), "!");
    assert_eq!(keymap.press(Context::List, &mut pending, chord("esc")), Pressed::Nothing);
    assert_eq!(pending.to_string(), "");
    assert_eq!(keymap.press(Context::List, &mut pending, chord("b")), Pressed::Unbound);
    keymap.press(Context::List, &mut pending, chord("!"));
    assert_eq!(keymap.press(Context::List, &mut pending, chord("j")), Pressed::Nothing, "the j does not move");
    assert_eq!(keymap.press(Context::List, &mut pending, chord("j")), command("down"));
}

#[test]
fn the_help_has_one_line_per_command_with_all_its_keys() {
    let lines = default().help_in(Context::Global);
    let down = lines.iter().find(|line| line.command.0 == "down").expect("a line of the help");
    assert_eq!((down.keys.to_string().as_str(), down.words.as_str()), ("j, down", "Down one line"));
    assert_eq!(default().sequences_of(Context::List, "top").to_string(), "g, home");
    assert_eq!(default().sequences_of(Context::Prompt, "top"), Keys::default());
    assert_eq!(default().first_key(Context::List, "action.rollback").as_deref(), Some("!b"));
    assert_eq!(default().keys_of("problems_only"), "ctrl-z");
    assert_eq!(default().keys_of("suspend"), "");
    assert_eq!(
        default().help().len(),
        Context::ALL.map(|context| default().help_in(context).len()).iter().sum::<usize>()
    );
}

#[test]
fn a_file_of_the_operator_is_laid_over_the_default() {
    let text = r#"
[global]
"2" = "unbind"
[list]
"x" = "mark"
"space" = "unbind"
"f" = "no_op"
"ctrl-x b" = { command = "action.rollback", words = "Take it back" }
"#;
    let (keymap, problems) = load("default", text);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(type_keys(&keymap, Context::List, "x"), command("mark"));
    assert!(matches!(type_keys(&keymap, Context::List, "space"), Pressed::Unbound));
    assert!(matches!(type_keys(&keymap, Context::Text, "2"), Pressed::Unbound));
    assert_eq!(type_keys(&keymap, Context::List, "f"), Pressed::Nothing);
    assert_eq!(type_keys(&keymap, Context::Text, "f"), command("freeze"));
    assert_eq!(type_keys(&keymap, Context::List, "ctrl-x b"), command("action.rollback"));
    assert_eq!(type_keys(&keymap, Context::List, "!b"), command("action.rollback"));
    let marks =
        keymap.help_in(Context::List).into_iter().find(|line| line.command.0 == "mark").expect("a line of the help");
    assert_eq!(marks.words, "Mark the row, or take the mark away");
}

#[test]
fn every_problem_is_reported_at_once_and_the_default_stays_whole() {
    let text = r#"
[list]
"x" = "action.rolback"
"!" = "mark"
"b" = "action.rollback"
"gg" = "top"
"g" = "bottom"
"hyper-x" = "mark"
"esc" = "mark"
"?x" = "mark"
"X" = "mark"
"shift-x" = "mark"
"v" = "unbind"
"c" = 3
"i" = { comand = "mark" }
[prompt]
"k" = "up"
[lists]
"#;
    let (keymap, problems) = load("mine", text);
    assert_eq!(
        problems,
        [
            "mine.toml:3: list.x: There is no command \"action.rolback\". Did you mean \"action.rollback\"?",
            "mine.toml:4: list.\"!\": ! is the beginning of !b, which could then never be typed. Choose another key, or write \"!b\" = \"unbind\" as well.",
            "mine.toml:5: list.b: action.rollback changes something, so it cannot have a single key. Use two keys, as \"!b\".",
            "mine.toml:7: list.g: g is the beginning of gg, which could then never be typed. Choose another key, or write \"gg\" = \"unbind\" as well.",
            "mine.toml:8: list.hyper-x: There is no key \"hyper-x\". Write a character, a named key (enter, esc, tab, space, pgup, f5 …), or ctrl-x, alt-x, shift-tab.",
            "mine.toml:9: list.esc: esc always means escape. Choose another key.",
            "mine.toml:10: list.\"?x\": ? always means help. Choose another key.",
            "mine.toml:12: list.shift-x: X is bound twice in list. Remove one of the two lines.",
            "mine.toml:13: list.v: v is not bound in list, so it cannot be unbound. Remove the line; to silence a global key here, write \"no_op\".",
            "mine.toml:14: list.c: Expected the name of a command, found a number. Write it in double quotes.",
            "mine.toml:15: list.i.comand: There is no such key. Did you mean \"command\"?",
            "mine.toml:15: list.i: It names no command. Add command = \"NAME\".",
            "mine.toml:17: prompt.k: k is a character of the text that is typed in prompt. Use a key with ctrl or alt, or a named key.",
            "mine.toml:18: lists: There is no such key. Did you mean \"list\"?",
        ]
    );
    assert_eq!(keymap, default());
}

#[test]
fn a_longer_sequence_cannot_hide_behind_a_key_that_is_bound() {
    let (_, problems) = load("mine", "[global]\n\"gg\" = \"top\"\n");
    assert_eq!(
        problems,
        [
            "mine.toml:2: global.gg: g is bound by itself, so gg could never be typed. Choose other keys, or write \"g\" = \"unbind\" as well."
        ]
    );
}

#[test]
fn vim_is_the_default_with_two_letters_more() {
    let (keymap, problems) =
        Keymap::load("vim", std::path::Path::new("/nonexistent"), &command_names(catalog::SHIPPED));
    assert_eq!(problems, []);
    assert_eq!(type_keys(&keymap, Context::List, "gg"), command("top"));
    assert!(matches!(type_keys(&keymap, Context::List, "g"), Pressed::Unfinished));
    let (mine, problems) = load("mine", "inherits = \"vim\"\n[list]\n\"x\" = \"mark\"\n");
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(type_keys(&mine, Context::List, "gg"), command("top"));
}

#[test]
fn a_keymap_that_is_not_there_gives_the_default_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["defualt", "../../etc/passwd", ""] {
        let (keymap, problems) = Keymap::load(name, folder.path(), &command_names(catalog::SHIPPED));
        assert_eq!((keymap, problems.len()), (default(), 1), "{name}");
    }
    let (_, problems) = load("mine", "inherits = \"emacs\"\n");
    assert_eq!(
        problems,
        ["mine.toml:1: inherits: There is no built-in keymap \"emacs\". Use one of default, vim, or remove it."]
    );
}

#[test]
fn a_command_the_program_does_not_have_is_a_problem_of_the_built_in_file_too() {
    let few: Vec<_> = command_names(catalog::SHIPPED).into_iter().filter(|command| command.0 != "freeze").collect();
    let (keymap, problems) = Keymap::embedded("default", &few);
    assert_eq!(problems.len(), 1);
    assert!(matches!(type_keys(&keymap, Context::List, "f"), Pressed::Unbound));
}

proptest! {
    #[test]
    fn whatever_the_operator_writes_the_laws_hold(lines in prop::collection::vec(("(!|g|x|esc|\\?|ctrl-c|ctrl-x ?)(b|g|x)?", "(action\\.rollback|mark|unbind|no_op|back|help|nonsense)"), 0..8), context in prop::sample::select(Context::ALL.to_vec())) {
        let body: Vec<_> = lines.iter().map(|(keys, command)| format!("{keys:?} = {command:?}")).collect();
        let (keymap, problems) = load("mine", &format!("[{}]\n{}", context.word(), body.join("\n")));
        prop_assert!(problems.is_empty() || keymap == default());
        for context in Context::ALL {
            prop_assert_eq!(type_keys(&keymap, context, "esc"), command("escape"));
            prop_assert_eq!(type_keys(&keymap, context, "ctrl-c"), command("cancel"));
            for (sequence, binding) in keymap.trie(context).bindings() {
                prop_assert!(sequence.0.len() > 1 || !binding.command.is_some_and(CommandName::is_action));
                prop_assert!(matches!(keymap.look_up(context, &sequence.0), Lookup::Bound(_)), "{} cannot be typed", sequence);
            }
        }
    }
}
