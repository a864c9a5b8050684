//! The lines of the open menu, palette or help, and the keys of the footer: made anew from the bindings after each message.

use serde_json::Value;

use super::{input, offers, scope, service};
use crate::actions::{Action, Options};
use crate::app::commands::{Command, NAMED};
use crate::app::model::Model;
use crate::config::Environment;
use crate::domain::action::FieldKind;
use crate::domain::rollout::{WorkloadRef, without_secrets};
use crate::domain::subject::SubjectKind;
use crate::domain::text;
use crate::keys::Context;
use crate::panes;
use crate::ui::scene::MenuLine;
use crate::ui::state::{Overlay, View};
use crate::ui::words;
use crate::world::{Link, Scope, Sight};

/// Makes the lines of what is open.
pub(super) fn refresh(model: &mut Model) {
    model.menu = match model.overlay() {
        Some(Overlay::Help { filter, .. }) => help(model, &filter.text),
        Some(Overlay::Palette { input, .. }) => palette(model, &input.text),
        Some(Overlay::Scope { .. }) => scopes(model),
        Some(Overlay::Actions { .. }) => offers::lines(model),
        Some(Overlay::Plan { .. } | Overlay::Problems { .. }) | None => Vec::new(),
    };
    model.hints = hints(model);
}

fn help(model: &Model, filter: &str) -> Vec<MenuLine> {
    let wanted = filter.to_lowercase();
    let lines = model.keymap.help().into_iter().map(|line| MenuLine {
        keys: line.keys.to_string(),
        words: line.words,
        more: line.context.word().to_owned(),
        refused: None,
    });
    let matches = |line: &MenuLine| {
        wanted.is_empty() || format!("{} {} {}", line.keys, line.words, line.more).to_lowercase().contains(&wanted)
    };
    lines.filter(matches).collect()
}

fn palette(model: &Model, typed: &str) -> Vec<MenuLine> {
    let first = typed.split_whitespace().next().unwrap_or_default().to_lowercase();
    if first == service::WORD {
        return service::completions(model, typed.split_whitespace().nth(1).unwrap_or_default());
    }
    if let Some(contract) = model.catalog.named(&first).filter(|action| action.about().on == SubjectKind::Workload) {
        let part = typed.split_whitespace().nth(1).unwrap_or_default();
        let targets =
            model.world.snapshot.rollouts.iter().filter(|row| part.is_empty() || row.workload.label().contains(part));
        return targets
            .take(50)
            .map(|row| MenuLine {
                keys: String::new(),
                words: format!("{} {} {}", contract.id(), row.workload.label(), scope::place(model, &row.workload)),
                more: row.verdict.word().to_owned(),
                refused: None,
            })
            .chain(service::targets(model, contract.id(), part))
            .collect();
    }
    let actions = model
        .catalog
        .all()
        .map(|contract| (contract.id().to_owned(), format!("plan: {}", contract.title().to_lowercase())));
    let named = NAMED
        .iter()
        .filter(|(command, ..)| !matches!(command, Command::Dead))
        .map(|(_, name, words)| (name.strip_prefix("action.").unwrap_or(name).to_owned(), (*words).to_owned()));
    let panes = model.panes.all().iter().map(|pane| (pane.command.to_owned(), pane.sentence.to_owned()));
    let of_service = [(service::WORD.to_owned(), "show one service".to_owned())];
    let mut lines: Vec<MenuLine> = actions
        .chain(named)
        .chain(panes)
        .chain(of_service)
        .filter(|(name, words)| name.contains(&first) || words.to_lowercase().contains(&first))
        .map(|(name, words)| {
            let bound = format!("action.{name}");
            let is_action = model.catalog.named(&name).is_some() || NAMED.iter().any(|(_, known, _)| *known == bound);
            let bound = if is_action { bound } else { name.clone() };
            MenuLine { keys: model.keymap.keys_of(&bound), words: name, more: words, refused: None }
        })
        .collect();
    // What begins as typed comes first.
    lines.sort_by_key(|line| !line.words.starts_with(&first));
    lines
}

fn scopes(model: &Model) -> Vec<MenuLine> {
    let line = |scope: Scope| {
        let (words, more) = match scope {
            Scope::All => (
                words::ALL_ENVIRONMENTS.to_owned(),
                model.world.sights.iter().map(Sight::name).collect::<Vec<_>>().join(", "),
            ),
            Scope::One(place) => model.world.sights.get(place).map(one).unwrap_or_default(),
        };
        let keys = if scope == model.world.scope { "*" } else { "" };
        MenuLine { keys: keys.to_owned(), words, more, refused: None }
    };
    scope::scopes(model).into_iter().map(line).collect()
}

/// An environment's name, and what there is to know of it before it is chosen.
fn one(sight: &Sight) -> (String, String) {
    let Environment { name, context, namespaces, guard, read_only, .. } = &sight.environment;
    let grant = read_only.as_ref().map_or("may write", |_| "read-only");
    let state = sight.sources().into_iter().max_by_key(|source| source.state.gravity());
    let state = match state.map(|source| source.state) {
        Some(state) if sight.link != Link::Idle && !state.is_well() => format!(", {}", state.word()),
        _ => String::new(),
    };
    (name.to_string(), format!("{context}, {namespaces}, {}, {grant}{state}", guard.word()))
}

/// The most useful keys here.
fn hints(model: &Model) -> Vec<(String, String)> {
    let wanted: &[(&str, &str)] = match input::context(model) {
        Context::List => model.panes.find(panes::of(&model.ui.view)).map(|pane| pane.hints).unwrap_or_default(),
        Context::Detail if matches!(model.ui.view, View::Alert(..)) => &[
            ("open", "its rollout"),
            ("action.acknowledge", "acknowledge"),
            ("action.note", "note"),
            ("action.rollback", "roll back"),
            ("back", "back"),
            ("help", "help"),
        ],
        Context::Detail => &[
            ("next", "next part"),
            ("action.rollback", "roll back"),
            ("diff", "diff"),
            ("back", "back"),
            ("help", "help"),
        ],
        Context::Jobs => {
            &[("open", "open"), ("events", "events"), ("filter", "filter"), ("back", "back"), ("help", "help")]
        }
        Context::Logs => &[
            ("filter", "find"),
            ("logs.level", "level"),
            ("logs.previous", "previous"),
            ("open", "whole line"),
            ("back", "back"),
            ("help", "help"),
        ],
        Context::Text => &[("back", "back"), ("down", "down"), ("help", "help")],
        Context::Menu => &[("open", "choose"), ("escape", "close")],
        Context::Plan if model.has_lines() => {
            &[("open", "write it"), ("edit_text", "your editor"), ("page_down", "more"), ("escape", "close")]
        }
        // What runs, or has ended, is confirmed already.
        Context::Plan if is_run(model) => &[("page_down", "more"), ("escape", "close")],
        Context::Plan => match model.planning.as_ref().map(|planning| &planning.scene) {
            Some(scene) if scene.is_form() => {
                &[("open", "plan or confirm"), ("next", "next field"), ("page_down", "more"), ("escape", "close")]
            }
            Some(scene) if scene.plan.as_ref().is_some_and(|plan| !plan.is_applicable()) => {
                &[("page_down", "more"), ("escape", "close")]
            }
            _ => &[("open", "confirm"), ("page_down", "more"), ("escape", "close")],
        },
        Context::Prompt => &[("open", "keep"), ("escape", "clear")],
        Context::Palette => &[("open", "run"), ("next", "complete"), ("escape", "close")],
        Context::Help => &[("page_down", "more"), ("escape", "close")],
        Context::Global => &[],
    };
    let context = input::context(model);
    let keys = |name: &str| model.keymap.first_key(context, name);
    wanted.iter().filter_map(|(name, words)| Some((keys(name)?, (*words).to_owned()))).collect()
}

/// Whether the plan that has the keys was confirmed.
fn is_run(model: &Model) -> bool {
    matches!(model.overlay(), Some(Overlay::Plan { .. }))
        && model.planning.as_ref().is_some_and(|planning| planning.scene.run.is_some())
}

/// The targets and options of a palette line: `NAME [-n NAMESPACE] [-e ENVIRONMENT] [--override-record]` and the fields of the action;
/// without a name, what the operator means.
pub(super) fn target(
    model: &Model,
    action: &dyn Action,
    words: &[&str],
) -> Result<(Vec<WorkloadRef>, Options), String> {
    let (mut name, mut namespace, mut environment, mut options) = (None, None, None, Options::default());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "-n" | "--namespace" => namespace = Some(*words.next().ok_or("-n needs a namespace.")?),
            "-e" | "--environment" => environment = Some(*words.next().ok_or("-e needs an environment.")?),
            "--override-record" => options.overrides_record = true,
            word if word.starts_with('-') => {
                let field = action.fields().iter().find(|field| field.option() == word);
                let field = field.ok_or_else(|| not_known(action, word))?;
                let value = match field.kind {
                    FieldKind::Flag => "",
                    _ => words.next().ok_or_else(|| format!("{word} needs {}.", field.noun))?,
                };
                options.given = options.given.with(field.id, field.read(value)?);
            }
            word if name.is_none() => name = Some(word),
            word => return Err(format!("One workload at a time: {word:?} is one too many.")),
        }
    }
    let target = match name {
        Some(name) if name.starts_with(service::TARGET) => {
            let chosen = service::named(model, name, (namespace, environment))?;
            return Ok((chosen.targets, Options { choice: chosen.choice, ..options }));
        }
        Some(name) => scope::workload_named(model, name, (namespace, environment))?,
        None => model.meant().ok_or("There is no workload under the cursor: name one.")?,
    };
    Ok((vec![target], options))
}

/// What a palette line may say, where it says something else.
fn not_known(action: &dyn Action, word: &str) -> String {
    let fields =
        action.fields().iter().map(|field| format!("{} {}", field.option(), field.value).trim_end().to_owned());
    let known = ["NAME", "-n NAMESPACE", "-e ENVIRONMENT"].map(str::to_owned).into_iter().chain(fields);
    let known: Vec<String> = known.chain(["--override-record".to_owned()]).collect();
    format!("{word:?} is not known here: {}.", known.join(", "))
}

/// An object as indented lines, cleaned, without the managers' bookkeeping and without secrets.
pub(super) fn raw_lines(object: &Value) -> Vec<String> {
    let mut object = without_secrets(object.clone());
    if let Some(metadata) = object.pointer_mut("/metadata").and_then(Value::as_object_mut) {
        metadata.remove("managedFields");
    }
    let mut lines = Vec::new();
    write_value(&object, 0, &mut lines);
    lines
}

fn write_value(value: &Value, depth: usize, lines: &mut Vec<String>) {
    let indent = "  ".repeat(depth);
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let key = text::clean(key);
                if is_nested(member) {
                    lines.push(format!("{indent}{key}:"));
                    write_value(member, depth + 1, lines);
                } else {
                    lines.push(format!("{indent}{key}: {}", scalar(member)));
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                if is_nested(item) {
                    let start = lines.len();
                    write_value(item, depth + 1, lines);
                    if let Some(first) = lines.get_mut(start) {
                        let body = first.trim_start().to_owned();
                        *first = format!("{indent}- {body}");
                    }
                } else {
                    lines.push(format!("{indent}- {}", scalar(item)));
                }
            }
        }
        scalar_value => lines.push(format!("{indent}{}", scalar(scalar_value))),
    }
}

fn is_nested(value: &Value) -> bool {
    match value {
        Value::Object(members) => !members.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => false,
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(raw) => text::clean(raw).into_owned(),
        Value::Object(_) => "{}".to_owned(),
        Value::Array(_) => "[]".to_owned(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_object_reads_like_its_file() {
        let lines = raw_lines(
            &json!({"metadata": {"name": "api", "managedFields": [1]}, "spec": {"containers": [{"image": "a:1", "name": "api"}], "args": []}}),
        );
        assert_eq!(
            lines,
            ["metadata:", "  name: api", "spec:", "  args: []", "  containers:", "    - image: a:1", "      name: api"]
        );
    }

    #[test]
    fn secrets_of_the_terminal_are_not_in_it() {
        assert_eq!(raw_lines(&json!({"a\u{1b}": "b\u{9b}2J"})), ["a: b2J"]);
    }
}
