//! The audit: appended to, searched, taken over from journals.

use std::fmt::Write;

use futures_util::future::BoxFuture;

use super::backend::{Lane, Row, Value};
use super::port::WriteError;
use super::writing::{Work, Writing};
use crate::domain::store::{AuditEntry, AuditEvent, AuditKind, AuditLine, AuditSearch, Author, Head, Id};
use crate::domain::time::Instant;

macro_rules! columns {
    () => {
        "position, chain, recorded_at, written_by, seq, prev, hash, at, kind, what, actor, environment, about, words, line"
    };
}

/// The most entries one answer holds.
pub(super) const MOST: u32 = 10_000;

/// In the order of the store.
pub(super) const AFTER: &str =
    concat!("select ", columns!(), " from quarterdeck.audit where position > $1 order by position limit $2");
/// Every chain's noted head.
pub(super) const HEADS: &str =
    "select chain, seq, hash from quarterdeck.audit_head where chain >= $1 and chain < $2 order by chain";
const HEAD: &str = "select seq, hash from quarterdeck.audit_head where chain = $1";
const KNOWN: &str = "select seq, hash from quarterdeck.audit where chain = $1 and seq >= $2 and seq <= $3";
const APPEND: &str = "insert into quarterdeck.audit (position, chain, seq, prev, hash, at, recorded_at, written_by, \
    kind, what, actor, environment, about, words, haystack, line, attempt, facts) values \
    ((select coalesce(max(position), 0) + 1 from quarterdeck.audit), $1, $2, $3, $4, $5, quarterdeck.store_now(), '', \
    $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) returning position";

/// The statement and values of a search, with the condition that holds it to a time and what is newer.
pub(super) fn search(asked: &AuditSearch, from_time_on: &str) -> (String, Vec<Value>) {
    let mut statement = format!("select {} from quarterdeck.audit", columns!());
    let mut values: Vec<Value> = Vec::new();
    let mut and = |condition: &str, value: Value| {
        values.push(value);
        let word = if values.len() == 1 { "where" } else { "and" };
        // Writing into a text cannot fail.
        let _ = write!(statement, " {word} {}", condition.replace('$', &format!("${}", values.len())));
    };
    if let Some(kind) = asked.kind {
        and("kind = $", kind.word().into());
    }
    if let Some(environment) = &asked.environment {
        and("environment = $", environment.into());
    }
    if let Some(actor) = &asked.actor {
        and("actor = $", actor.into());
    }
    if let Some(chain) = &asked.chain {
        and("chain = $", chain.into());
    }
    if let Some(since) = asked.since {
        and(from_time_on, since.into());
    }
    if let Some(until) = asked.until {
        and("at < $", until.into());
    }
    if let Some(text) = &asked.text {
        and("strpos(haystack, $) > 0", text.to_lowercase().into());
    }
    if let Some(before) = asked.before {
        and("position < $", before.into());
    }
    values.push(u64::from(asked.limit.clamp(1, MOST)).into());
    // Within a chain its own count is the order of the positions, and the one an index has.
    let order = if asked.chain.is_some() { "seq" } else { "position" };
    let _ = write!(statement, " order by {order} desc limit ${}", values.len());
    (statement, values)
}

/// Reads a row. Nothing of it is judged here: a row that was tampered with is shown to be so by its check.
pub(super) fn decode(row: &Row) -> Option<AuditEntry> {
    Some(AuditEntry {
        position: row.number(0)?,
        chain: row.text(1),
        recorded_at: row.time(2)?,
        session_user: row.text(3),
        line: AuditLine {
            seq: row.number(4)?,
            prev: row.text(5),
            hash: row.text(6),
            at: row.time(7)?,
            kind: AuditKind::of_word(&row.raw(8))?,
            what: row.text(9),
            actor: row.text(10),
            environment: row.text(11),
            about: row.text(12),
            words: row.text(13),
            text: row.raw(14),
        },
    })
}

/// Reads a row of heads.
pub(super) fn decode_head(row: &Row) -> Option<(String, Head)> {
    Some((row.text(0), Head { seq: row.number(1)?, hash: row.text(2) }))
}

async fn head(writing: &Writing<'_>, chain: &str) -> Result<Option<Head>, WriteError> {
    let rows = writing.query(HEAD, vec![chain.into()]).await?;
    Ok(rows.first().and_then(|row| Some(Head { seq: row.number(0)?, hash: row.text(1) })))
}

/// Lines of one attempt for the end of this process's own chain.
pub(super) struct Lines<'a> {
    pub(super) chain: &'a str,
    pub(super) author: &'a Author,
    pub(super) attempt: &'a Id,
    /// The tables of the facts that change with them.
    pub(super) facts: &'a str,
}

impl Lines<'_> {
    /// Appends a line for each event; gives the position of the last, by which others are told of the facts.
    pub(super) async fn append(
        &self,
        writing: &Writing<'_>,
        events: &[AuditEvent],
        now: Instant,
    ) -> Result<u64, WriteError> {
        if events.is_empty() {
            return Ok(0);
        }
        let mut head = head(writing, self.chain).await?;
        let mut asked = Vec::new();
        for (left, event) in (0..events.len()).rev().zip(events) {
            let line = AuditLine::after(head.as_ref(), self.attempt, event, self.author, now);
            let facts = if left == 0 { self.facts } else { "" };
            asked.push((APPEND.to_owned(), values(self.chain, &line, Some(self.attempt.as_str()), facts)));
            head = Some(Head { seq: line.seq, hash: line.hash });
        }
        let answers = writing.queries(&asked).await?;
        Ok(answers.last().and_then(|rows| rows.first()?.number(0)).unwrap_or_default())
    }
}

fn values(chain: &str, line: &AuditLine, attempt: Option<&str>, facts: &str) -> Vec<Value> {
    let haystack = format!("{}\n{}\n{}\n{}", line.what, line.about, line.actor, line.words).to_lowercase();
    vec![
        chain.into(),
        line.seq.into(),
        (&line.prev).into(),
        (&line.hash).into(),
        line.at.into(),
        line.kind.word().into(),
        (&line.what).into(),
        (&line.actor).into(),
        (&line.environment).into(),
        (&line.about).into(),
        (&line.words).into(),
        haystack.into(),
        (&line.text).into(),
        Value::Text(attempt.map(str::to_owned)),
        facts.into(),
    ]
}

/// Lines of another chain to be taken over.
pub(super) struct Replay<'a> {
    pub(super) chain: &'a str,
    pub(super) lines: &'a [AuditLine],
}

impl Work for Replay<'_> {
    type Made = Option<Head>;

    fn lane(&self) -> Lane {
        Lane::Audited
    }

    fn run<'t>(&'t self, writing: &'t Writing<'t>) -> BoxFuture<'t, Result<Option<Head>, WriteError>> {
        Box::pin(async move {
            let known = head(writing, self.chain).await?;
            let end = known.as_ref().map_or(0, |head| head.seq);
            let (old, new): (Vec<&AuditLine>, Vec<&AuditLine>) = self.lines.iter().partition(|line| line.seq <= end);
            if let (Some(first), Some(last)) = (old.first(), old.last()) {
                let range = vec![self.chain.into(), first.seq.into(), last.seq.into()];
                let rows = writing.query(KNOWN, range).await?;
                let is_known = |line: &AuditLine| {
                    rows.iter().any(|row| row.number(0) == Some(line.seq) && row.text(1) == line.hash)
                };
                if let Some(line) = old.iter().find(|line| !is_known(line)) {
                    return Err(WriteError::Refused(format!(
                        "line {} of {} is another than the audit has of it: one of the two was changed. Nothing was taken over; run: quarterdeck journal verify, quarterdeck audit verify.",
                        line.seq, self.chain
                    )));
                }
            }
            let mut head = known;
            for line in &new {
                let (seq, prev) = head.as_ref().map_or((1, ""), |head| (head.seq + 1, head.hash.as_str()));
                if line.seq != seq || line.prev != prev || !line.is_sound() {
                    return Err(WriteError::Refused(format!(
                        "line {} of {} was changed, or a line before it is missing. Nothing from it on is taken over; run: quarterdeck journal verify.",
                        line.seq, self.chain
                    )));
                }
                head = Some(Head { seq: line.seq, hash: line.hash.clone() });
            }
            let asked: Vec<_> =
                new.iter().map(|line| (APPEND.to_owned(), values(self.chain, line, None, ""))).collect();
            writing.queries(&asked).await?;
            Ok(head)
        })
    }
}
