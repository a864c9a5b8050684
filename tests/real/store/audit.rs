//! The audit of a store, whichever database it is: complete, searched, taken over from journals, append-only.

use chrono::TimeDelta;
use quarterdeck::domain::store::{AuditEntry, AuditEvent, AuditKind, AuditLine, AuditSearch, ChainCheck, Head, Id};
use quarterdeck::sources::store::Store;
use quarterdeck::sources::store::port::{ReadStore, WriteError, WriteStore};

use super::place::{Kind, Place, Say, alert, author, now};

suite! {
    every_change_has_its_line
    the_audit_is_searched
    a_chain_is_taken_over_once
    the_audit_is_append_only
}

pub(super) async fn everything(store: &Store) -> Vec<AuditEntry> {
    store.audit_after(0, 10_000).await.expect("the audit")
}

/// What is wrong with every chain, and with the order of the whole.
pub(super) async fn flaws(store: &Store) -> Vec<String> {
    let entries = everything(store).await;
    let mut found = Vec::new();
    for (place, entry) in entries.iter().enumerate() {
        if entry.position != place as u64 + 1 {
            found.push(format!("position {} at place {place}", entry.position));
        }
    }
    for (chain, head) in store.audit_heads("").await.expect("heads") {
        let mut check = ChainCheck::default();
        found.extend(
            entries
                .iter()
                .filter(|entry| entry.chain == chain)
                .filter_map(|entry| check.next(entry))
                .map(|flaw| format!("{flaw:?}")),
        );
        found.extend(check.end(&chain, Some(&head)).map(|flaw| format!("{flaw:?}")));
    }
    found
}

/// A chain as a journal writes one.
fn chain(count: usize) -> Vec<AuditLine> {
    let mut head: Option<Head> = None;
    let mut lines = Vec::new();
    for place in 0..count {
        let event = AuditEvent {
            kind: AuditKind::Action,
            what: "confirmed".into(),
            subject: alert("f"),
            words: format!("step {place}"),
        };
        let line = AuditLine::after(head.as_ref(), &Id::stored("A"), &event, &author("mori"), now());
        head = Some(Head { seq: line.seq, hash: line.hash.clone() });
        lines.push(line);
    }
    lines
}

mod cases {
    use super::*;

    pub(super) async fn every_change_has_its_line(place: Place) {
        let (mine, other) = (place.console(), place.console());
        let taken = mine.acknowledge(&author("mori"), &place.taking("f", 0)).await.expect("taken");
        other.acknowledge(&author("lee"), &place.taking("f", 1)).await.expect("taken over");
        let event = AuditEvent {
            kind: AuditKind::Configuration,
            what: "configuration read".into(),
            subject: alert("f"),
            words: "\0 \"quoted\"\n".into(),
        };
        mine.note_events(&author("mori"), &place.id(), &[event]).await.expect("noted");
        let lines = everything(&mine).await;
        let told: Vec<_> =
            lines.iter().map(|entry| (entry.line.what.as_str(), entry.line.actor.as_str(), entry.line.seq)).collect();
        assert_eq!(told, [("acknowledged", "mori", 1), ("acknowledged", "lee", 1), ("configuration read", "mori", 2)]);
        assert_ne!(lines[0].chain, lines[1].chain, "a chain per writer");
        assert_eq!(lines[0].line.at, taken.at);
        assert!(lines[0].line.text.contains("mori@bastion"));
        let is_shared = place.kind != Kind::Sqlite;
        assert_eq!(lines[0].session_user, if is_shared { "quarterdeck" } else { "" });
        assert_eq!(flaws(&mine).await, Vec::<String>::new());
    }

    pub(super) async fn the_audit_is_searched(place: Place) {
        let store = place.console();
        let event = |kind, what: &str, words: &str| AuditEvent {
            kind,
            what: what.into(),
            subject: alert("f"),
            words: words.into(),
        };
        let began = now();
        store
            .note_events(
                &author("mori"),
                &place.id(),
                &[
                    event(AuditKind::User, "session opened", "ÄRGER im Netz"),
                    event(AuditKind::Security, "refused", "100%_ 決済"),
                ],
            )
            .await
            .expect("noted");
        store.acknowledge(&author("lee"), &place.taking("f", 0)).await.expect("taken");
        let found = async |search: AuditSearch| {
            let limit = if search.limit == 0 { 10 } else { search.limit };
            let found = store.audit(&AuditSearch { limit, ..search }).await.expect("a list");
            found.into_iter().map(|entry| entry.position).collect::<Vec<_>>()
        };
        let none = AuditSearch::default;
        assert_eq!(found(none()).await, [3, 2, 1]);
        assert_eq!(found(AuditSearch { limit: 2, ..none() }).await, [3, 2]);
        assert_eq!(found(AuditSearch { before: Some(2), ..none() }).await, [1]);
        assert_eq!(found(AuditSearch { kind: Some(AuditKind::Security), ..none() }).await, [2]);
        assert_eq!(found(AuditSearch { actor: Some("lee".into()), ..none() }).await, [3]);
        assert_eq!(found(AuditSearch { environment: Some("staging".into()), ..none() }).await, Vec::<u64>::new());
        assert_eq!(
            found(AuditSearch { environment: Some("production".into()), text: Some("ärger".into()), ..none() }).await,
            [1]
        );
        assert_eq!(found(AuditSearch { text: Some("%_ 決済".into()), ..none() }).await, [2], "no sign is a wildcard");
        assert_eq!(found(AuditSearch { text: Some("' or 1=1 --".into()), ..none() }).await, Vec::<u64>::new());
        assert_eq!(found(AuditSearch { since: Some(began - TimeDelta::minutes(1)), ..none() }).await, [3, 2, 1]);
        assert_eq!(
            found(AuditSearch { until: Some(began - TimeDelta::minutes(1)), ..none() }).await,
            Vec::<u64>::new()
        );
    }

    pub(super) async fn a_chain_is_taken_over_once(place: Place) {
        let (mine, other) = (place.console(), place.console());
        let lines = chain(400);
        assert_eq!(mine.replay("journal/x", &lines[..100]).await.map(|head| head.map(|head| head.seq)), Ok(Some(100)));
        // Two consoles of one machine, and one of them twice.
        let (all, most, again) = tokio::join!(
            mine.replay("journal/x", &lines),
            other.replay("journal/x", &lines[..250]),
            other.replay("journal/x", &lines[50..])
        );
        for outcome in [all, most, again] {
            // A part that does not begin where the chain ends yet is refused and given again later.
            assert!(matches!(outcome, Ok(_) | Err(WriteError::Refused(_))), "{outcome:?}");
        }
        let head = other.replay("journal/x", &lines).await.expect("taken over").expect("a head");
        assert_eq!((head.seq, &head.hash), (400, &lines[399].hash));
        let kept = everything(&mine).await;
        assert_eq!(kept.iter().map(|entry| &entry.line).collect::<Vec<_>>(), lines.iter().collect::<Vec<_>>());

        let mut changed = lines.clone();
        changed[10] = chain(11).pop().expect("a line");
        let refused = mine.replay("journal/x", &changed).await;
        assert!(
            matches!(&refused, Err(WriteError::Refused(words)) if words.contains("line 11 of journal/x is another")),
            "{refused:?}"
        );
        let gap = mine.replay("journal/y", &lines[1..]).await;
        assert!(matches!(&gap, Err(WriteError::Refused(words)) if words.contains("line 2 of journal/y")), "{gap:?}");
        let mut forged = chain(1);
        forged[0].text = forged[0].text.replace("mori", "rico");
        assert!(matches!(mine.replay("journal/z", &forged).await, Err(WriteError::Refused(_))));
        assert_eq!(mine.replay("journal/y", &[]).await, Ok(None), "nothing is nothing");
        assert_eq!(everything(&mine).await.len(), 400);
        assert_eq!(flaws(&mine).await, Vec::<String>::new());
        let heads = mine.audit_heads("journal/").await.expect("heads");
        assert_eq!(heads, [("journal/x".to_owned(), head)]);
        assert_eq!(mine.audit_heads("store/").await, Ok(Vec::new()));
    }

    pub(super) async fn the_audit_is_append_only(place: Place) {
        let store = place.console();
        for version in 0..3 {
            store.acknowledge(&author("mori"), &place.taking("f", version)).await.expect("taken");
        }
        let before = everything(&store).await;
        for statement in [
            "update quarterdeck.audit set actor = 'rico' where position = 2",
            "delete from quarterdeck.audit where position = 3",
            "delete from quarterdeck.audit where position = 99",
            "update quarterdeck.audit_head set seq = 1",
            "delete from quarterdeck.audit_head",
            "insert into quarterdeck.audit_head (chain, seq, hash) values ('x', 1, 'y')",
        ] {
            let outcome = place.raw(statement);
            // A statement that finds no row changes nothing in SQLite, whose triggers are about rows.
            let is_moot = place.kind == Kind::Sqlite && statement.contains("99");
            assert!(
                is_moot
                    || outcome
                        .as_ref()
                        .is_err_and(|said| said.contains("append-only") || said.contains("with its lines only")),
                "{statement}: {outcome:?}"
            );
        }
        let columns = "position, chain, seq, prev, hash, at, recorded_at, written_by, kind, what, actor, environment, about, words, haystack, line, attempt, facts";
        let forged = format!(
            "insert into quarterdeck.audit ({columns}) select position + 9, chain, seq, prev, hash, at, recorded_at, written_by, kind, what, actor, environment, about, words, haystack, line, attempt, facts from quarterdeck.audit where position = 2"
        );
        let outcome = place.raw(&forged);
        assert!(outcome.as_ref().is_err_and(|said| said.contains("does not continue here")), "{outcome:?}");
        if place.kind != Kind::Sqlite {
            assert!(place.raw("truncate quarterdeck.audit").is_err_and(|said| said.contains("append-only")));
        }
        assert_eq!(everything(&store).await, before);
        // Who owns the database can take the triggers away; what they change then is found.
        let (off, on) = match place.kind {
            Kind::Sqlite => ("drop trigger audit_no_update", ""),
            _ => (
                "alter table quarterdeck.audit disable trigger all",
                "alter table quarterdeck.audit enable trigger all",
            ),
        };
        place.raw(off).expect("the owner may");
        place.raw("update quarterdeck.audit set actor = 'rico' where position = 2").expect("the owner may");
        place.raw(on).expect("the owner may");
        let found = flaws(&store).await;
        assert!(found.len() == 1 && found[0].contains("stored beside the line was changed"), "{found:?}");
    }
}
