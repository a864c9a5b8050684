//! The audit: every attempt and every change, one JSON line each, one hash chain per writer.
//!
//! The line itself is the evidence: `hash` is its last field and the SHA-256 of the line with that field empty; `prev` is the
//! hash of the writer's line before. The local journal is written by the same rule, so its lines are kept here as they are.

use chrono::SubsecRound;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::fact::{Applied, Change, Key, Read, Writes};
use super::{Author, Id, Subject};
use crate::domain::text;
use crate::domain::time::{self, Instant};
use crate::domain::worded;

/// The longest line taken, in bytes.
const LONGEST_LINE: usize = 1024 * 1024;

worded! {
    /// What kind of event.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[serde(rename_all = "lowercase")]
    pub enum AuditKind {
        /// Somebody began or ended to work.
        User = "user",
        /// Somebody wrote something into the store.
        Data = "data",
        /// The configuration or the store's own tables.
        Configuration = "configuration",
        /// A plan, a run: something done to the outside, or attempted.
        Action = "action",
        /// Something refused, broken or tampered with.
        Security = "security",
    }
}

/// Something to be noted in the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// What kind of event.
    pub kind: AuditKind,
    /// What, in a word or two: `acknowledged`, `session opened`.
    pub what: String,
    /// What it is about.
    pub subject: Subject,
    /// The sentence.
    pub words: String,
}

/// Events to be noted in the audit, of no fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotedEvents<'a>(pub &'a [AuditEvent]);

impl Change for NotedEvents<'_> {
    fn reads(&self) -> Vec<Key> {
        Vec::new()
    }

    fn apply(&self, _: &Read, _: &Author, _: &Id, _: Instant) -> Result<Applied, String> {
        Ok(Applied::Writes(Writes { facts: Vec::new(), events: self.0.to_vec() }))
    }
}

/// One line, its fields as far as a search needs them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The line as it was written, without its end. Raw: never drawn.
    pub text: String,
    /// Its place in the writer's chain, from 1.
    pub seq: u64,
    /// The hash of the line before; empty for the first.
    pub prev: String,
    /// Its own hash.
    pub hash: String,
    /// When, to the microsecond: by the store's clock, or for a journal line by that machine's.
    pub at: Instant,
    /// What kind of event.
    pub kind: AuditKind,
    /// What.
    pub what: String,
    /// Who.
    pub actor: String,
    /// The environment.
    pub environment: String,
    /// What it is about.
    pub about: String,
    /// The sentence.
    pub words: String,
}

/// The fields of a line of the store's own chains, in the order in which they are hashed.
#[derive(Serialize)]
struct Fields<'a> {
    seq: u64,
    at: Instant,
    prev: &'a str,
    id: &'a str,
    kind: AuditKind,
    what: &'a str,
    actor: &'a str,
    origin: &'a str,
    environment: &'a str,
    about: &'a str,
    words: &'a str,
    hash: &'a str,
}

impl Line {
    /// The line that comes after a head. Its fields are those that reading it back gives.
    pub fn after(head: Option<&Head>, attempt: &Id, event: &AuditEvent, author: &Author, at: Instant) -> Self {
        let (seq, prev) = head.map_or((1, ""), |head| (head.seq + 1, head.hash.as_str()));
        let about = event.subject.to_string();
        let fields = |hash| Fields {
            seq,
            at,
            prev,
            id: attempt.as_str(),
            kind: event.kind,
            what: &event.what,
            actor: &author.name,
            origin: &author.origin,
            environment: &event.subject.environment,
            about: &about,
            words: &event.words,
            hash,
        };
        // Only text keys and finite values: it always serialises; an empty text would never verify.
        let text = |hash| serde_json::to_string(&fields(hash)).unwrap_or_default();
        let hash = hex(Sha256::digest(text("").as_bytes()).as_slice());
        let text = text(&hash);
        Self {
            seq,
            prev: prev.to_owned(),
            hash,
            at: at.trunc_subsecs(6),
            kind: event.kind,
            what: text::clean(&event.what).into_owned(),
            actor: text::clean(&author.name).into_owned(),
            environment: text::clean(&event.subject.environment).into_owned(),
            about: text::clean(&about).into_owned(),
            words: text::clean(&event.words).into_owned(),
            text,
        }
    }

    /// Reads a line of any chain; what is not its text is cleaned. Whether its hash holds is another question: see [`Self::is_sound`].
    ///
    /// # Errors
    /// What is missing, as a sentence.
    pub fn read(raw: &str) -> Result<Self, String> {
        let line = raw.trim_end_matches(['\r', '\n']);
        if line.len() > LONGEST_LINE {
            return Err(format!("the line is longer than {LONGEST_LINE} bytes."));
        }
        let value: Value = serde_json::from_str(line).map_err(|_| "the line is not JSON.".to_owned())?;
        let raw = |key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default();
        let word = |key: &str| text::clean(raw(key)).into_owned();
        let seq = value.get("seq").and_then(Value::as_u64).filter(|seq| *seq > 0 && i64::try_from(*seq).is_ok());
        // A year that no database takes is no time either.
        let at = time::read(raw("at")).filter(|at| time::FIRST <= *at && *at < time::LAST);
        let (Some(seq), Some(at)) = (seq, at) else {
            return Err("the line has no number or no time.".to_owned());
        };
        if raw("hash").is_empty() || !is_hash(raw("hash")) || !is_hash(raw("prev")) {
            return Err("the line has no hash.".to_owned());
        }
        let what = word("what");
        // A journal line names no kind: it is an attempt to act, and one that was refused is a matter of security.
        let kind = match value.get("kind").and_then(Value::as_str) {
            Some(kind) => {
                AuditKind::of_word(kind).ok_or_else(|| format!("there is no kind {:?}.", text::clean(kind)))?
            }
            None if what == "refused" => AuditKind::Security,
            None => AuditKind::Action,
        };
        let about = match value.get("about").and_then(Value::as_str) {
            Some(_) => word("about"),
            None => text::clean(&aims(&value)).into_owned(),
        };
        Ok(Self {
            text: line.to_owned(),
            seq,
            prev: word("prev"),
            hash: word("hash"),
            at: at.trunc_subsecs(6),
            kind,
            what,
            actor: word("actor"),
            environment: word("environment"),
            about,
            words: word("words"),
        })
    }

    /// Whether the hash is that of the line.
    pub fn is_sound(&self) -> bool {
        let end = format!("\"hash\":\"{}\"}}", self.hash);
        let Some(body) = self.text.strip_suffix(&end) else { return false };
        let mut digest = Sha256::new();
        digest.update(body.as_bytes());
        digest.update(b"\"hash\":\"\"}");
        hex(digest.finalize().as_slice()) == self.hash
    }
}

fn is_hash(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The action and targets of a journal line.
fn aims(value: &Value) -> String {
    let action = value.get("action").and_then(Value::as_str).unwrap_or_default();
    let targets = value.get("aims").and_then(Value::as_array).into_iter().flatten().filter_map(|aim| {
        if let Some(alert) = aim.pointer("/alert/name").and_then(Value::as_str) {
            return Some(format!("alert {alert}"));
        }
        if let Some(number) = aim.pointer("/incident/number").and_then(Value::as_u64).filter(|number| *number > 0) {
            return Some(format!("incident {number}"));
        }
        let part = |key: &str| aim.pointer(&format!("/workload/{key}")).and_then(Value::as_str);
        Some(format!("{}/{}/{}", part("namespace")?, part("kind")?.to_ascii_lowercase(), part("name")?))
    });
    let targets: Vec<String> = targets.collect();
    format!("{action} {}", targets.join(", ")).trim_end().to_owned()
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing into a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The end of a chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The number of its last line.
    pub seq: u64,
    /// The hash of its last line.
    pub hash: String,
}

/// A line as the store keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place among all lines of the store, from 1 without a gap.
    pub position: u64,
    /// The writer's chain: `journal/FILE` or `store/ID`.
    pub chain: String,
    /// When it came into the store, by the store's clock.
    pub recorded_at: Instant,
    /// The database user that wrote it; empty in the embedded store.
    pub session_user: String,
    /// The line as the columns tell it; its text is the evidence.
    pub line: Line,
}

/// Which entries are wanted.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditSearch {
    /// Only of this kind.
    pub kind: Option<AuditKind>,
    /// Only of this environment.
    pub environment: Option<String>,
    /// Only by this actor.
    pub actor: Option<String>,
    /// Only of this chain.
    pub chain: Option<String>,
    /// Only from this time of the line on.
    pub since: Option<Instant>,
    /// Only before this time of the line.
    pub until: Option<Instant>,
    /// Only where what, about, actor or words contain this, whatever the case.
    pub text: Option<String>,
    /// Only before this position; where the page before ended.
    pub before: Option<u64>,
    /// At most so many, newest first.
    pub limit: u32,
}

/// What is wrong with the audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AuditFlaw {
    /// The chain.
    pub chain: String,
    /// The line's number; 0 when the chain as a whole is meant.
    pub seq: u64,
    /// What, as a sentence.
    pub words: String,
}

/// Checks one chain, line by line in its order.
#[derive(Debug, Clone, Default)]
pub struct ChainCheck {
    head: Option<Head>,
}

impl ChainCheck {
    /// What is wrong with the next line; nothing when all is well.
    pub fn next(&mut self, entry: &AuditEntry) -> Option<AuditFlaw> {
        let kept = &entry.line;
        let (seq, prev) = self.head.as_ref().map_or((1, ""), |head| (head.seq + 1, head.hash.as_str()));
        let words = match Line::read(&kept.text) {
            Err(words) => Some(words),
            Ok(line) if !line.is_sound() => Some("the line was changed after it was written.".to_owned()),
            Ok(line) if line != *kept => {
                Some("what is stored beside the line was changed: it is not what the line says.".to_owned())
            }
            Ok(line) if line.seq != seq || line.prev != prev => {
                Some("a line before it is missing, was added or was moved.".to_owned())
            }
            Ok(_) => None,
        };
        self.head = Some(Head { seq: kept.seq, hash: kept.hash.clone() });
        words.map(|words| AuditFlaw { chain: entry.chain.clone(), seq: kept.seq, words })
    }

    /// What is wrong with the chain's end, given the head that was noted apart from the lines.
    pub fn end(&self, chain: &str, noted: Option<&Head>) -> Option<AuditFlaw> {
        let words = match (&self.head, noted) {
            (Some(head), Some(noted)) if head == noted => return None,
            (_, Some(noted)) => {
                format!("its end was noted at line {} and is another now: lines are missing.", noted.seq)
            }
            (_, None) => "its end was never noted.".to_owned(),
        };
        Some(AuditFlaw { chain: chain.to_owned(), seq: 0, words })
    }
}

#[cfg(test)]
mod tests {
    use super::super::SubjectKind;
    use super::*;

    fn event(words: &str) -> AuditEvent {
        AuditEvent {
            kind: AuditKind::Data,
            what: "acknowledged".into(),
            subject: Subject { environment: "production".into(), kind: SubjectKind::Alert, name: "f00".into() },
            words: words.into(),
        }
    }

    fn author() -> Author {
        Author { name: "mori".into(), origin: "mori@bastion".into() }
    }

    fn chain(count: usize) -> Vec<AuditEntry> {
        let mut head: Option<Head> = None;
        let mut entries = Vec::new();
        for place in 0..count {
            let line = Line::after(
                head.as_ref(),
                &Id::stored("A"),
                &event(&format!("\"{place}\" 決済")),
                &author(),
                Instant::default(),
            );
            head = Some(Head { seq: line.seq, hash: line.hash.clone() });
            entries.push(AuditEntry {
                position: place as u64 + 1,
                chain: "store/x".into(),
                recorded_at: Instant::default(),
                session_user: String::new(),
                line,
            });
        }
        entries
    }

    fn flaws(entries: &[AuditEntry], noted: Option<&Head>) -> Vec<(u64, String)> {
        let mut check = ChainCheck::default();
        let mut found: Vec<AuditFlaw> = entries.iter().filter_map(|entry| check.next(entry)).collect();
        found.extend(check.end("store/x", noted));
        found.into_iter().map(|flaw| (flaw.seq, flaw.words)).collect()
    }

    #[test]
    fn a_line_is_read_back_as_it_was_made() {
        let made = &chain(1)[0].line;
        assert!(made.is_sound());
        assert_eq!(Line::read(&format!("{}\n", made.text)).as_ref(), Ok(made));
    }

    #[test]
    fn every_way_to_tamper_is_named() {
        let sound = chain(3);
        let head = Head { seq: 3, hash: sound[2].line.hash.clone() };
        assert_eq!(flaws(&sound, Some(&head)), []);

        let mut changed = sound.clone();
        changed[1].line.text = changed[1].line.text.replace("mori", "rico");
        assert!(flaws(&changed, Some(&head))[0].1.contains("changed after"), "{:?}", flaws(&changed, Some(&head)));

        let mut column = sound.clone();
        column[1].line.actor = "rico".into();
        assert!(flaws(&column, Some(&head))[0].1.contains("stored beside"), "{:?}", flaws(&column, Some(&head)));

        let mut missing = sound.clone();
        missing.remove(1);
        assert_eq!(flaws(&missing, Some(&head))[0].0, 3);

        let short = &sound[..2];
        assert!(flaws(short, Some(&head))[0].1.contains("lines are missing"));
        assert!(flaws(&sound, None)[0].1.contains("never noted"));

        // A line made anew, with its hash, still does not fit the next.
        let mut forged = sound.clone();
        let before = Head { seq: 1, hash: sound[0].line.hash.clone() };
        forged[1].line = Line::after(Some(&before), &Id::stored("A"), &event("forged"), &author(), Instant::default());
        assert_eq!(flaws(&forged, Some(&head))[0].0, 3);
    }

    #[test]
    fn a_journal_line_keeps_its_meaning() {
        let raw = r#"{"seq":1,"at":"2026-11-25T03:00:00Z","prev":"","what":"refused","run":"r","action":"rollback","environment":"production","cluster":"c","actor":"mori","aims":[{"workload":{"environment":"production","namespace":"shop","kind":"Deployment","name":"checkout"},"uid":"u"}],"words":"frozen","hash":"00"}"#;
        let line = Line::read(raw).expect("a line");
        assert_eq!((line.kind, line.about.as_str()), (AuditKind::Security, "rollback shop/deployment/checkout"));
        assert!(!line.is_sound());
        for broken in
            ["", "{}", "[1]", r#"{"seq":0,"at":"2026-11-25T03:00:00Z","hash":"1"}"#, r#"{"seq":1,"at":"x","hash":"1"}"#]
        {
            assert!(Line::read(broken).is_err(), "{broken}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_words_break_a_line(words in ".{0,80}", name in ".{0,20}") {
            let author = Author { name, origin: String::new() };
            let line = Line::after(None, &Id::stored("A"), &event(&words), &author, Instant::default());
            proptest::prop_assert!(line.is_sound());
            proptest::prop_assert_eq!(Line::read(&line.text), Ok(line));
        }
    }
}
