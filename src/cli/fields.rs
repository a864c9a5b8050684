//! The options of `plan` that give values for the fields of an action: one for each field that any action has.

use std::collections::BTreeMap;
use std::io::Read;

use clap::{Arg, ArgAction, ArgMatches};

use crate::actions::Action;
use crate::actions::catalog::Catalog;
use crate::domain::action::{Field, FieldKind, Given};
use crate::domain::store::LONGEST_TEXT;

/// What was written, by the ids of the fields.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields(BTreeMap<&'static str, Vec<String>>);

impl Fields {
    /// The same with a value of a field.
    pub(super) fn with(mut self, field: &'static str, value: &str) -> Self {
        self.0.entry(field).or_default().push(value.to_owned());
        self
    }

    /// Whether a field was given.
    pub(super) fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    /// What was given for an action.
    ///
    /// # Errors
    /// A sentence, where the action takes no such field, or the field no such value.
    pub(super) fn given(&self, action: &dyn Action) -> Result<Given, String> {
        let mut given = Given::default();
        for (id, values) in &self.0 {
            let field = action.fields().iter().find(|field| field.id == *id);
            let field = field.ok_or_else(|| format!("{} takes no --{id}.", action.id()))?;
            let written = values.join(" ");
            let typed = if field.has_lines() && written == "-" { from_standard_input()? } else { written };
            given = given.with(id, field.read(&typed)?);
        }
        Ok(given)
    }
}

/// A text that is handed over where others type it.
fn from_standard_input() -> Result<String, String> {
    let mut text = String::new();
    // More than any field takes is refused by its length.
    let most = u64::try_from(LONGEST_TEXT).unwrap_or(u64::MAX);
    let read = std::io::stdin().take(most).read_to_string(&mut text);
    read.map(|_| text).map_err(|error| format!("The text cannot be read from standard input: {error}."))
}

/// Every field of a catalogue once, with the actions that have it.
fn all(catalog: Catalog) -> Vec<(&'static Field, Vec<&'static str>)> {
    let mut all: Vec<(&'static Field, Vec<&'static str>)> = Vec::new();
    for action in catalog.all() {
        for field in action.fields() {
            match all.iter_mut().find(|(known, _)| known.id == field.id) {
                Some((_, actions)) => actions.push(action.id()),
                None => all.push((field, vec![action.id()])),
            }
        }
    }
    all
}

/// The options of `plan`: one for each field that any action has.
pub(super) fn options(catalog: Catalog) -> impl Iterator<Item = Arg> {
    all(catalog).into_iter().map(|(field, actions)| {
        let help = format!("For {}: {}", actions.join(" and "), field.words);
        let option = Arg::new(field.id).long(field.id).help(help);
        match field.kind {
            FieldKind::Flag => option.action(ArgAction::SetTrue),
            FieldKind::Matchers => option.action(ArgAction::Append).value_name(field.value),
            _ => option.value_name(field.value),
        }
    })
}

impl Fields {
    /// What was written of the [`options`] of a catalogue.
    pub(super) fn read(catalog: Catalog, matches: &ArgMatches) -> Self {
        let mut fields = Self::default();
        for (field, _) in all(catalog) {
            if field.kind == FieldKind::Flag {
                if matches.get_flag(field.id) {
                    fields = fields.with(field.id, "");
                }
                continue;
            }
            for value in matches.get_many::<String>(field.id).into_iter().flatten() {
                fields = fields.with(field.id, value);
            }
        }
        fields
    }
}
