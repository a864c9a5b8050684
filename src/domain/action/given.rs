//! What an action is given beyond its subjects: values by the ids of its fields, as they were typed.
//!
//! An action names its fields once; the form, the palette, the command line and drafts come from them.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::domain::alert::matchers;
use crate::domain::store::check_text;
use crate::domain::text::clean_lines;
use crate::domain::time::{self, Instant};

/// What may be typed into a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldKind {
    /// A whole number from 0 on.
    Number,
    /// A word or a line of text.
    Line,
    /// A text of several lines, of at most so many bytes. A plan is the same whatever it says: it is filled in where a step names it.
    Text(usize),
    /// A length of time, as 30m, 2h or 1d.
    Span,
    /// A time, as 2026-11-24T03:07:00Z.
    Moment,
    /// An end: a time, or a length of time from now on.
    End,
    /// It is given or not, without a value.
    Flag,
    /// Matchers of alerts, as NAME=VALUE, !=, =~ or !~; on a command line it may be repeated.
    Matchers,
}

/// A field of an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field {
    /// Its id: the option of the command line without its dashes, and its key in a plan document.
    pub id: &'static str,
    /// What may be typed into it.
    pub kind: FieldKind,
    /// What stands for its value in a usage line: `PODS`.
    pub value: &'static str,
    /// What it takes, with its article: `a number of pods`.
    pub noun: &'static str,
    /// What it is for, as a sentence.
    pub words: &'static str,
    /// Whether the action cannot be worked out without it.
    pub is_needed: bool,
}

impl Field {
    /// What was typed, as it is kept.
    ///
    /// # Errors
    /// A sentence, where that is nothing the field takes.
    pub fn read(&self, typed: &str) -> Result<Value, String> {
        match self.kind {
            FieldKind::Number => {
                let wrong = |_| format!("{typed:?} is no {}.", self.noun.trim_start_matches("a "));
                typed.trim().parse::<u32>().map(|number| Value::Number(number.into())).map_err(wrong)
            }
            FieldKind::Span => time::span(typed.trim()).map(|_| typed.trim().into()).map_err(|why| why + "."),
            FieldKind::Moment => {
                let wrong = || format!("{typed:?} is no time: write it as 2026-11-24T03:07:00Z.");
                time::read(typed.trim()).map(|at| time::written(at).into()).ok_or_else(wrong)
            }
            FieldKind::End => match time::read(typed.trim()) {
                Some(at) => Ok(time::written(at).into()),
                None => time::span(typed.trim()).map(|_| typed.trim().into()).map_err(|_| {
                    format!(
                        "{typed:?} is no end: write a length of time as 90m or 2h, or a time as 2026-11-24T03:07:00Z."
                    )
                }),
            },
            FieldKind::Matchers => matchers(typed).map(|_| typed.into()).map_err(|error| error.0),
            // Whether it may be empty is for the action to say.
            FieldKind::Text(_) => Field { is_needed: false, ..*self }.said(typed).map(Value::Text),
            FieldKind::Line => Ok(typed.into()),
            FieldKind::Flag => Ok(Value::Flag(true)),
        }
    }

    /// What is said in a text of several lines, cleaned.
    ///
    /// # Errors
    /// A sentence, where it is needed and empty, or too long.
    pub fn said(&self, typed: &str) -> Result<String, String> {
        let text = clean_lines(typed);
        let longest = if let FieldKind::Text(longest) = self.kind { longest } else { usize::MAX };
        check_text(self.noun.trim_start_matches("a "), &text, !self.is_needed, longest).map(|()| text)
    }

    /// A value of a document, where the field takes it.
    fn check(&self, value: &Value) -> Result<Value, String> {
        match (self.kind, value) {
            (FieldKind::Number, Value::Number(number)) => self.read(&number.to_string()),
            (FieldKind::Flag, Value::Flag(_)) => Ok(value.clone()),
            (FieldKind::Number | FieldKind::Flag, _) | (_, Value::Number(_) | Value::Flag(_)) => {
                Err(format!("{} takes {}.", self.option(), if self.noun.is_empty() { "no value" } else { self.noun }))
            }
            (_, Value::Text(text)) => self.read(text),
        }
    }

    /// Whether it is a text of several lines.
    pub const fn has_lines(&self) -> bool {
        matches!(self.kind, FieldKind::Text(_))
    }

    /// How the command line spells it: `--replicas`.
    pub fn option(&self) -> String {
        format!("--{}", self.id)
    }
}

/// What was given for one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Value {
    /// Of a flag.
    Flag(bool),
    /// A number.
    Number(u64),
    /// Anything else, as it was typed.
    Text(String),
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value {
    fn from(is_given: bool) -> Self {
        Self::Flag(is_given)
    }
}

/// Values by the ids of their fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Given(BTreeMap<String, Value>);

impl Given {
    /// The same with a value.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl Into<Value>) -> Self {
        self.0.insert(field.to_owned(), value.into());
        self
    }

    /// The same with all that another gives.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Whether anything was given for a field, were it an empty text.
    pub fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    /// The same without a field.
    #[must_use]
    pub fn without(mut self, field: &str) -> Self {
        self.0.remove(field);
        self
    }

    /// The text that was given for a field; an empty one is nothing.
    pub fn text(&self, field: &str) -> Option<&str> {
        match self.0.get(field)? {
            Value::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The number that was given for a field.
    pub fn number(&self, field: &str) -> Option<u64> {
        match self.0.get(field)? {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// The length of time that was given for a field.
    pub fn span(&self, field: &str) -> Option<TimeDelta> {
        time::span(self.text(field)?).ok()
    }

    /// The time that was given for a field.
    pub fn moment(&self, field: &str) -> Option<Instant> {
        time::read(self.text(field)?)
    }

    /// The end that was given for a field: a time, or a length of time from `now` on.
    pub fn end(&self, field: &str, now: Instant) -> Option<Instant> {
        self.moment(field).or_else(|| now.checked_add_signed(self.span(field)?))
    }

    /// Whether a flag was given.
    pub fn is(&self, field: &str) -> bool {
        matches!(self.0.get(field), Some(Value::Flag(true)))
    }

    /// Whether nothing was given.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same without what is none of these fields.
    #[must_use]
    pub fn only(mut self, fields: &[Field]) -> Self {
        self.0.retain(|id, _| fields.iter().any(|field| field.id == id));
        self
    }

    /// What was given, checked by the fields.
    ///
    /// # Errors
    /// A sentence, where something is none of these fields or nothing that its field takes: a document may have been edited.
    pub fn read(&self, fields: &[Field]) -> Result<Self, String> {
        let mut read = BTreeMap::new();
        for (id, value) in &self.0 {
            let field = fields.iter().find(|field| field.id == id);
            let field = field.ok_or_else(|| format!("there is no {id:?} to give here."))?;
            read.insert(id.clone(), field.check(value)?);
        }
        Ok(Self(read))
    }

    /// The options of a command line that give the same: ` --pin --to 3`.
    pub fn options(&self) -> String {
        let option = |(id, value): (&String, &Value)| match value {
            Value::Flag(false) => String::new(),
            Value::Flag(true) => format!(" --{id}"),
            Value::Number(number) => format!(" --{id} {number}"),
            Value::Text(text) => format!(" --{id} {}", shlex::try_quote(text).unwrap_or_default()),
        };
        self.0.iter().map(option).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: &[Field] = &[
        Field { id: "to", kind: FieldKind::Number, value: "N", noun: "a revision number", words: "", is_needed: false },
        Field { id: "image", kind: FieldKind::Line, value: "I", noun: "an image", words: "", is_needed: true },
        Field { id: "pin", kind: FieldKind::Flag, value: "", noun: "", words: "", is_needed: false },
        Field { id: "for", kind: FieldKind::Span, value: "T", noun: "a time", words: "", is_needed: false },
    ];

    #[test]
    fn a_field_takes_what_it_is_for_and_says_what_it_does_not() {
        let typed = |place: usize, text: &str| FIELDS[place].read(text);
        assert_eq!(typed(0, " 07 "), Ok(Value::Number(7)));
        assert_eq!(typed(0, "-1"), Err("\"-1\" is no revision number.".to_owned()));
        assert!(typed(0, "4294967296").is_err(), "more than there can be");
        assert!(typed(3, "2h").is_ok() && typed(3, "soon").is_err());
    }

    #[test]
    fn an_end_is_a_time_or_a_length_from_now_on() {
        let field = Field { kind: FieldKind::End, ..FIELDS[3] };
        let now = time::from_seconds(1_800_000_000);
        let end = |typed: &str| field.read(typed).map(|value| Given::default().with("for", value).end("for", now));
        assert_eq!(end(" 2h "), Ok(Some(now + TimeDelta::hours(2))));
        assert_eq!(end("2027-01-15T09:00:00Z"), Ok(Some(now + TimeDelta::hours(1))));
        assert!(end("soon").is_err_and(|why| why.contains("90m")) && end("").is_err());
    }

    #[test]
    fn what_a_document_gives_is_checked_by_the_fields() {
        let given = |text: &str| serde_json::from_str::<Given>(text).expect("given").read(FIELDS);
        assert_eq!(given(r#"{"to": 3, "pin": true}"#), Ok(Given::default().with("to", 3_u64).with("pin", true)));
        for (wrong, why) in [
            (r#"{"to": "3"}"#, "--to takes a revision number."),
            (r#"{"to": 4294967296}"#, "is no revision number"),
            (r#"{"pin": "yes"}"#, "--pin takes no value."),
            (r#"{"image": 3}"#, "--image takes an image."),
            (r#"{"for": "soon"}"#, "is no length of time"),
            (r#"{"replicas": 1}"#, "there is no \"replicas\" to give here."),
        ] {
            assert!(given(wrong).is_err_and(|said| said.contains(why)), "{wrong}");
        }
    }

    #[test]
    fn what_was_given_makes_a_command_line_again() {
        let given = Given::default().with("pin", true).with("image", "a b;c").with("to", 3_u64);
        assert_eq!(given.options(), " --image 'a b;c' --pin --to 3");
        assert_eq!(given.text("to"), None, "a number is no text");
    }
}
