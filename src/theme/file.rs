//! Theme files: a palette, roles, and what they inherit, with every problem at once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use ratatui::style::{Color, Modifier, Style};

use super::depth::{Depth, SIXTEEN};
use super::role::Role;
use super::{DEFAULT, EMBEDDED};
use crate::domain::document::{self, Entry, Problems, Table};
use crate::domain::problem::Problem;

const ATTRIBUTES: [(&str, Modifier); 5] = [
    ("bold", Modifier::BOLD),
    ("dim", Modifier::DIM),
    ("italic", Modifier::ITALIC),
    ("underline", Modifier::UNDERLINED),
    ("reverse", Modifier::REVERSED),
];

/// What a theme came to: the name it was found under, a style for every role, and what was wrong.
pub(super) type Loaded = (String, [Style; Role::COUNT], Vec<Problem>);

/// One file of the chain from the theme asked for down to what it inherits.
struct Layer {
    file: Option<PathBuf>,
    text: String,
    /// What is wrong with its `inherits`: sentence and fix.
    broken_inherits: Option<(String, String)>,
}

/// Loads a theme from the operator's folder over the built-in ones.
pub(super) fn load(name: &str, user_dir: &Path, depth: Depth) -> Loaded {
    let mut problems = Vec::new();
    let layers = chain(name, Some(user_dir), &mut problems);
    if layers.is_empty() {
        if problems.is_empty() {
            problems.push(missing(name, user_dir));
        }
        let (name, styles, _) = load_embedded(DEFAULT, depth);
        return (name, styles, problems);
    }
    let (styles, mut found) = resolve(&layers, depth);
    problems.append(&mut found);
    (name.to_owned(), styles, problems)
}

/// Loads a built-in theme; the default one for a name that is not built in.
pub(super) fn load_embedded(name: &str, depth: Depth) -> Loaded {
    let name = if embedded(name).is_some() { name } else { DEFAULT };
    let mut problems = Vec::new();
    let (styles, mut found) = resolve(&chain(name, None, &mut problems), depth);
    problems.append(&mut found);
    (name.to_owned(), styles, problems)
}

fn embedded(name: &str) -> Option<&'static str> {
    EMBEDDED.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

fn missing(name: &str, user_dir: &Path) -> Problem {
    let known = EMBEDDED.map(|(known, _)| known);
    Problem {
        file: document::is_file_name(name).then(|| user_dir.join(format!("{name}.toml"))),
        line: None,
        key: None,
        sentence: format!("There is no theme {name:?}; {DEFAULT} is used."),
        fix: document::did_you_mean(name, &known),
    }
}

/// The files from the theme asked for down to the last it inherits. Empty when there is no such theme.
fn chain(name: &str, user_dir: Option<&Path>, problems: &mut Vec<Problem>) -> Vec<Layer> {
    let mut layers: Vec<Layer> = Vec::new();
    let mut passed: Vec<(String, bool)> = Vec::new();
    let mut wanted = name.to_owned();
    let mut has_user_turn = true;
    loop {
        let user = user_dir.filter(|_| has_user_turn).and_then(|folder| read(&wanted, folder, problems));
        let is_user = user.is_some();
        let found = user.map(|(file, text)| (Some(file), text)).or_else(|| Some((None, embedded(&wanted)?.to_owned())));
        let place = (wanted.clone(), is_user);
        let (Some((file, text)), false) = (found, passed.contains(&place)) else {
            if let Some(below) = layers.last_mut() {
                below.broken_inherits = Some(if passed.contains(&place) {
                    let names: Vec<_> = passed.iter().map(|(name, _)| name.as_str()).chain([wanted.as_str()]).collect();
                    (
                        format!("The themes inherit each other in a circle: {}.", names.join(" → ")),
                        "Let one of them inherit nothing.".to_owned(),
                    )
                } else {
                    (
                        format!("There is no theme {wanted:?}."),
                        document::did_you_mean(&wanted, &EMBEDDED.map(|(known, _)| known)),
                    )
                });
            }
            return layers;
        };
        passed.push(place);
        let inherits = inherits(&text);
        layers.push(Layer { file, text, broken_inherits: None });
        // A file of the operator that bears the name of a built-in theme lies over that one.
        has_user_turn = inherits.as_deref().is_some_and(|next| next != wanted || !is_user);
        wanted = match inherits {
            Some(next) => next,
            None if is_user && embedded(&wanted).is_some() => wanted,
            None => return layers,
        };
    }
}

fn inherits(text: &str) -> Option<String> {
    let (table, _) = document::parse(None, text);
    Table::root(&table).entry("inherits")?.as_text().map(str::to_owned)
}

fn read(name: &str, folder: &Path, problems: &mut Vec<Problem>) -> Option<(PathBuf, String)> {
    if !document::is_file_name(name) {
        return None;
    }
    let file = folder.join(format!("{name}.toml"));
    match std::fs::read_to_string(&file) {
        Ok(text) => Some((file, text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => {
            problems.push(document::unreadable(&file, &error));
            None
        }
    }
}

/// Lays the files over each other, the last one lowest. A palette of a file above recolours the roles of those below.
fn resolve(layers: &[Layer], depth: Depth) -> ([Style; Role::COUNT], Vec<Problem>) {
    let mut parsed: Vec<_> = layers.iter().map(|layer| document::parse(layer.file.as_deref(), &layer.text)).collect();
    let mut palette = BTreeMap::new();
    for (layer, (table, problems)) in layers.iter().zip(&mut parsed) {
        let root = Table::root(table);
        root.refuse_unknown(&["inherits", "palette", "roles"], problems);
        if let (Some((sentence, fix)), Some(entry)) = (&layer.broken_inherits, root.entry("inherits")) {
            problems.at(&entry, sentence.clone(), fix.clone());
        }
        root.text("inherits", problems);
        for entry in root.table("palette", problems).iter().flat_map(Table::entries) {
            if let Some(colour) = swatch(&entry, depth, problems) {
                palette.entry(entry.name.to_owned()).or_insert(colour);
            }
        }
    }
    let mut styles = [None; Role::COUNT];
    for (table, problems) in parsed.iter_mut().rev() {
        for entry in Table::root(table).table("roles", problems).iter().flat_map(Table::entries) {
            let Some(role) = Role::of_word(entry.name) else {
                problems.at(
                    &entry,
                    "There is no such role.",
                    document::did_you_mean(entry.name, &Role::ALL.map(Role::word)),
                );
                continue;
            };
            if let Some(style) = style(&entry, &palette, problems) {
                styles[role as usize] = Some(style);
            }
        }
    }
    let missing: Vec<_> =
        Role::ALL.into_iter().filter(|role| styles[*role as usize].is_none()).map(Role::word).collect();
    if let (false, Some((table, problems))) = (missing.is_empty(), parsed.first_mut()) {
        let words = missing.join(", ");
        problems.in_table(
            &Table::root(table),
            format!("Some roles have no style: {words}."),
            format!("Add them under [roles], or begin with inherits = {DEFAULT:?}."),
        );
    }
    let found: Vec<_> = parsed.into_iter().flat_map(|(_, problems)| problems.into_found()).collect();
    if !missing.is_empty() && layers.iter().any(|layer| layer.file.is_some()) {
        let (_, default, _) = load_embedded(DEFAULT, depth);
        return (std::array::from_fn(|place| styles[place].unwrap_or(default[place])), found);
    }
    (styles.map(Option::unwrap_or_default), found)
}

/// A colour of the palette: `"#rrggbb"`, a name, or `{ rgb = "#rrggbb", ansi = "blue" }` with its stand-in where a terminal
/// has sixteen colours.
fn swatch(entry: &Entry<'_, '_>, depth: Depth, problems: &mut Problems) -> Option<Color> {
    let Some(table) = entry.as_table() else {
        return colour(entry.text(problems)?, entry, &BTreeMap::new(), problems);
    };
    table.refuse_unknown(&["rgb", "ansi"], problems);
    let mut named = |key: &str| {
        let (word, entry) = table.text(key, problems)?;
        colour(word, &entry, &BTreeMap::new(), problems)
    };
    let (rgb, ansi) = (named("rgb"), named("ansi"));
    if depth == Depth::Sixteen { ansi.or(rgb) } else { rgb }
}

/// The style of a role: the name of a colour, or `{ fg = …, bg = …, attributes = […] }`.
fn style(entry: &Entry<'_, '_>, palette: &BTreeMap<String, Color>, problems: &mut Problems) -> Option<Style> {
    if let Some(word) = entry.as_text() {
        return Some(Style::new().fg(colour(word, entry, palette, problems)?));
    }
    let table = entry.table(problems)?;
    table.refuse_unknown(&["fg", "bg", "attributes"], problems);
    let mut style = Style::new();
    if let Some((word, place)) = table.text("fg", problems) {
        style.fg = colour(word, &place, palette, problems);
    }
    if let Some((word, place)) = table.text("bg", problems) {
        style.bg = colour(word, &place, palette, problems);
    }
    for (word, place) in table.entry("attributes").and_then(|list| list.texts(problems)).unwrap_or_default() {
        match ATTRIBUTES.iter().find(|(known, _)| *known == word) {
            Some((_, modifier)) => style = style.add_modifier(*modifier),
            None => problems.at(
                &place,
                format!("There is no attribute {word:?}."),
                document::did_you_mean(word, &ATTRIBUTES.map(|(known, _)| known)),
            ),
        }
    }
    Some(style)
}

fn colour(
    word: &str,
    entry: &Entry<'_, '_>,
    palette: &BTreeMap<String, Color>,
    problems: &mut Problems,
) -> Option<Color> {
    if let Some(colour) = palette.get(word) {
        return Some(*colour);
    }
    if let Some(digits) = word.strip_prefix('#') {
        let channel = |from: usize| u8::from_str_radix(digits.get(from..from + 2)?, 16).ok();
        if digits.len() == 6 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Some(Color::Rgb(channel(0)?, channel(2)?, channel(4)?));
        }
        problems.at(entry, format!("{word:?} is not a colour."), "Write six hexadecimal digits: \"#1a2b3c\".");
        return None;
    }
    if word == "default" {
        return Some(Color::Reset);
    }
    if let Some((_, colour, _)) = SIXTEEN.iter().find(|(known, _, _)| *known == word) {
        return Some(*colour);
    }
    let known: Vec<&str> = palette
        .keys()
        .map(String::as_str)
        .chain(SIXTEEN.iter().map(|(known, _, _)| *known))
        .chain(["default"])
        .collect();
    problems.at(
        entry,
        format!("There is no colour {word:?}."),
        document::did_you_mean(word, &known).replace("Remove it.", "Add it under [palette]."),
    );
    None
}
