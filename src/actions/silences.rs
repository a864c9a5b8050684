//! Silences: what is read of one before, what a plan of it is, and whether it is what was planned.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use serde_json::{Value, json};

use super::contract::{Context, Draft, Refusal};
use super::observation::{Observation, SilenceFacts};
use super::verify::Look;
use crate::domain::action::{
    BlastRadius, Field, FieldKind, Given, Goal, Inverse, Outcome, Pin, Port, Reached, Request, Step,
};
use crate::domain::alert::{
    Alert, Hold, Known, Matcher, Silence, SilenceState, Silencing, Weight, covers, hidden, in_common, is_same,
    left_out, matchers,
};
use crate::domain::rollout::Change;
use crate::domain::text;
use crate::domain::time::{self, Instant};
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::{MemberAlerts, ObserveAlerts, Replicated};
use crate::sources::operate::{OperateAlerts, Reply, WantedSilence};

/// What it covers.
pub(super) const MATCHER: Field = Field {
    id: "matcher",
    kind: FieldKind::Matchers,
    value: "MATCHER",
    noun: "matchers, as NAME=VALUE, !=, =~ or !~",
    words: "What it covers, as NAME=VALUE, !=, =~ or !~; else what the alerts have in common.",
    is_needed: false,
};
/// How long.
pub(super) const FOR: Field = Field {
    id: "for",
    kind: FieldKind::Span,
    value: "TIME",
    noun: "a length of time",
    words: "How long it holds from now, as 30m, 2h or 1d; 2 hours when not given.",
    is_needed: false,
};
/// Until when.
pub(super) const UNTIL: Field = Field {
    id: "until",
    kind: FieldKind::Moment,
    value: "TIME",
    noun: "a time, as 2026-11-24T03:07:00Z",
    words: "Until when it holds, in place of --for.",
    is_needed: false,
};
/// For which alerts.
pub(super) const ALERTS: Field = Field {
    id: "alerts",
    kind: FieldKind::Line,
    value: "FINGERPRINTS",
    noun: "fingerprints of alerts",
    words: "The alerts it is meant for, by their fingerprints; or name them as the targets.",
    is_needed: false,
};

/// How long it is watched whether every member has it, in seconds: a silence reaches the others within a gossip interval or a few.
pub(super) const DEADLINE: u32 = 10;
/// How long between two looks.
const BETWEEN: Duration = Duration::from_millis(500);

/// What a silence's comment ends with: by this it is found again.
pub(super) fn record(run: &str) -> String {
    format!("(quarterdeck {run})")
}

fn cleaned(error: &SourceError) -> String {
    text::clean(&error.sentence).into_owned()
}

/// The keys of the alerts that are given, as a field holds them.
fn chosen(given: &Given) -> Vec<Arc<str>> {
    given.text(ALERTS.id).unwrap_or_default().split_whitespace().map(Into::into).collect()
}

/// Reads a silence by its id, or what one would cover that is to be made.
pub(super) async fn read(
    alerts: &dyn ObserveAlerts,
    replica_labels: &[String],
    id: &str,
    given: &Given,
    now: Instant,
) -> Result<SilenceFacts, SourceError> {
    let mut facts = SilenceFacts {
        silence: None,
        matchers: Vec::new(),
        chosen: chosen(given),
        left_out: Vec::new(),
        covered: Ok(Vec::new()),
        known: Known::default(),
        doubts: Vec::new(),
        members: Vec::new(),
        alerts: Vec::new(),
        document: Value::Null,
        observed_at: now,
    };
    if !id.is_empty() {
        facts.members = alerts.replicated(id).await?;
        let known = facts.members.iter().find_map(|member| member.silence.as_ref().ok()?.clone());
        let gone = || SourceError::new(Trouble::NotFound, format!("there is no silence {} any more.", text::clean(id)));
        let silence = known.ok_or_else(gone)?;
        facts.matchers.clone_from(&silence.matchers);
        facts.document = SilenceFacts::written(Some(&silence));
        facts.silence = Some(silence);
    } else if let Some(text) = given.text(MATCHER.id) {
        facts.matchers = matchers(text).map_err(|error| SourceError::new(Trouble::Setup, error.0))?;
    }
    let all = match alerts.matching(&[]).await {
        Ok(all) => all,
        Err(error) => {
            facts.covered = Err(cleaned(&error));
            return Ok(facts);
        }
    };
    let meant: Vec<&Alert> = all.iter().filter(|alert| facts.chosen.contains(&alert.key)).collect();
    if facts.matchers.is_empty() && !meant.is_empty() {
        facts.left_out = left_out(&meant, &all, replica_labels);
        facts.matchers = in_common(&meant, &facts.left_out);
    }
    // The same alert by another sender was chosen as well.
    let is_meant = |alert: &&Alert| meant.iter().any(|one| is_same(one, alert, &facts.left_out));
    facts.chosen = all.iter().filter(is_meant).map(|alert| alert.key.clone()).collect();
    let rules = alerts.rules().await.unwrap_or_else(|error| {
        facts.doubts.push(format!("which rules there are is not known: {}", cleaned(&error)));
        Vec::new()
    });
    let names = all.iter().map(|alert| alert.name.clone()).chain(rules).filter(|name| !name.is_empty()).collect();
    facts.known = Known { alerts: all.len(), names };
    if !facts.matchers.is_empty() {
        facts.covered = alerts.matching(&facts.matchers).await.map_err(|error| cleaned(&error));
    }
    Ok(facts)
}

/// The silence of a run, again and again as every member has it, with the alerts it was made for; by its comment until its id is known.
pub(super) fn follow<'a>(
    alerts: &'a dyn ObserveAlerts,
    id: String,
    run: &'a str,
    clock: impl Fn() -> Instant + Send + 'a,
) -> BoxStream<'a, Result<Observation, SourceError>> {
    let looks = stream::unfold((id, clock, true), move |(mut id, clock, is_first)| async move {
        if !is_first {
            tokio::time::sleep(BETWEEN).await;
        }
        let looked = look(alerts, &mut id, run, clock()).await;
        Some((looked.map(|facts| Observation::Silence(Box::new(facts))), (id, clock, false)))
    });
    looks.boxed()
}

/// One look at it.
pub(super) async fn look(
    alerts: &dyn ObserveAlerts,
    id: &mut String,
    run: &str,
    now: Instant,
) -> Result<SilenceFacts, SourceError> {
    if id.is_empty() {
        let silences = alerts.silences().await?;
        let found = silences.iter().find(|silence| silence.comment.ends_with(&record(run)));
        *id = found.map(|silence| silence.id.to_string()).unwrap_or_default();
    }
    let members = if id.is_empty() { Vec::new() } else { alerts.replicated(id).await? };
    let silence = members.iter().find_map(|member| member.silence.as_ref().ok()?.clone());
    let matchers = silence.as_ref().map(|silence| silence.matchers.clone()).unwrap_or_default();
    let covered = match silence {
        Some(_) => alerts.matching(&matchers).await.map_err(|error| cleaned(&error)),
        None => Ok(Vec::new()),
    };
    let of_each = match alerts.of_each().await {
        Ok(of_each) => of_each,
        Err(error) => vec![MemberAlerts { member: "any".into(), alerts: Err(error) }],
    };
    Ok(SilenceFacts {
        document: SilenceFacts::written(silence.as_ref()),
        silence,
        matchers,
        chosen: Vec::new(),
        left_out: Vec::new(),
        covered,
        known: Known::default(),
        doubts: Vec::new(),
        members,
        alerts: of_each,
        observed_at: now,
    })
}

/// What is done to a silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// A new one.
    Make,
    /// Another end for one.
    Move,
    /// The end of one, now.
    End,
}

/// Whether a silence is over any of these: there is none to change or to end otherwise.
pub(super) fn is_covered(alerts: &[Arc<Alert>]) -> Result<(), &'static str> {
    let is_covered = alerts.iter().any(|alert| !alert.silenced_by.is_empty());
    if is_covered { Ok(()) } else { Err("no silence covers it") }
}

/// Drafts it.
pub(super) fn draft(doing: Doing, facts: &SilenceFacts, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
    let seen = facts.silence.as_ref().filter(|_| doing != Doing::Make);
    if doing != Doing::Make && seen.is_none() {
        return Err(Refusal("there is no such silence.".to_owned()));
    }
    if facts.matchers.is_empty() {
        return Err(Refusal(
            "it would cover nothing that is known: name alerts that fire, or what it covers.".to_owned(),
        ));
    }
    let until = (doing != Doing::End).then(|| end(given, context.now));
    let covered = facts.covered.as_deref();
    let reaches = covered.map(|covered| hidden(covered, &facts.chosen)).unwrap_or_default();
    let Weight { tier, mut warnings, mut refusals } = Silencing {
        matchers: &facts.matchers,
        until,
        seen,
        author: context.author,
        hides: covered.is_ok().then_some(&reaches),
        known: &facts.known,
        now: context.now,
    }
    .weighed();
    warnings.splice(0..0, facts.left_out.iter().map(crate::domain::alert::LeftOut::said));
    refusals.extend(covered.err().map(|why| format!("what it covers is not known: {why}")));
    let (typed, is_written) = (written(&facts.matchers), given.has(MATCHER.id));
    let ends = until.unwrap_or(context.now);
    let said = |at: Instant| at.format("%F %H:%M UTC").to_string();
    let before = seen.map(|seen| said(seen.ends_at));
    let given = match doing {
        Doing::Make => given.clone().with(MATCHER.id, typed.as_str()).with(ALERTS.id, facts.chosen.join(" ")),
        Doing::Move | Doing::End => given.clone(),
    };
    let given = match until {
        Some(until) => given.without(FOR.id).with(UNTIL.id, time::written(until)),
        None => given,
    };
    Ok(Draft {
        from: before
            .as_ref()
            .map_or_else(|| "nothing holds it back".to_owned(), |until| format!("held back until {until}")),
        to: until.map_or_else(|| "notified of again".to_owned(), |until| format!("held back until {}", said(until))),
        fixed: until.map(|_| (UNTIL.id.to_owned(), FOR.id.to_owned())).into_iter().collect(),
        suggested: if doing == Doing::Make && !is_written { vec![MATCHER.id.to_owned()] } else { Vec::new() },
        given,
        steps: vec![step(doing, facts, ends, context.author)],
        pins: pins(facts, seen),
        changes: change(seen, until),
        goal: until.map_or(Goal::SilenceOver, Goal::Silenced),
        blast: BlastRadius { words: blast(doing, &reaches), ..BlastRadius::default() },
        tier,
        warnings,
        refusals,
        expected: match doing {
            Doing::End => "it is over on every Alertmanager".to_owned(),
            _ => "every Alertmanager has it, and holds back the alerts it was made for".to_owned(),
        },
        inverse: inverse(doing, facts, seen, &typed),
        otherwise: seen.map(|seen| without_record(&seen.comment).to_owned()).unwrap_or_default(),
        deadline_seconds: Some(DEADLINE),
        reaches,
        ..Draft::default()
    })
}

/// When it is to end: as is given, or so long from now; to the second, as a document writes it.
fn end(given: &Given, now: Instant) -> Instant {
    let holds = given.span(FOR.id).unwrap_or(crate::domain::alert::USUAL_SILENCE);
    given.moment(UNTIL.id).unwrap_or_else(|| time::to_the_second(now + holds))
}

/// Matchers as one line that is read back as the same.
fn written(matchers: &[Matcher]) -> String {
    matchers.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// A comment without what names the run that wrote it.
fn without_record(comment: &str) -> &str {
    comment.split(" (quarterdeck ").next().unwrap_or_default()
}

fn step(doing: Doing, facts: &SilenceFacts, ends: Instant, author: &str) -> Step {
    let silence = facts.silence.as_ref();
    let what = covers(&facts.matchers);
    let request = |method: &str, path: String, body: Value| Request {
        method: method.to_owned(),
        path,
        content_type: "application/json".to_owned(),
        body,
    };
    if doing == Doing::End {
        let id = silence.map(|silence| &*silence.id).unwrap_or_default();
        let words = format!("End the silence over {what} now.");
        return Step {
            port: Port::Alertmanager,
            ..Step::change(words, request("DELETE", format!("/api/v2/silence/{id}"), Value::Null))
        };
    }
    let until = ends.format("%F %H:%M UTC");
    let words = match doing {
        Doing::Make => format!("Silence {what} until {until}."),
        _ => format!("Let the silence over {what} end at {until}."),
    };
    let begins = silence.map_or_else(|| "{now}".to_owned(), |silence| time::written(silence.starts_at));
    let body = json!({
        "id": silence.map(|silence| &*silence.id),
        "matchers": facts.matchers,
        "starts_at": begins,
        "ends_at": time::written(ends),
        "created_by": author,
        "comment": format!("{{reason}} {}", record("{run}")),
    });
    let fills =
        if silence.is_some() { vec!["/comment".to_owned()] } else { vec!["/comment".into(), "/starts_at".into()] };
    let change = Step::change(words, request("POST", "/api/v2/silences".to_owned(), body));
    Step { port: Port::Alertmanager, fills, ..change }
}

/// A silence that is changed is still the one that was shown, in every word.
fn pins(facts: &SilenceFacts, seen: Option<&Silence>) -> Vec<Pin> {
    let shown = ["/matchers", "/starts_at", "/ends_at", "/created_by", "/comment"];
    let pin = |path: &&str| Pin {
        path: (*path).to_owned(),
        value: facts.document.pointer(path).cloned().unwrap_or(Value::Null),
    };
    seen.map(|_| shown.iter().map(pin).collect()).unwrap_or_default()
}

fn change(seen: Option<&Silence>, until: Option<Instant>) -> Vec<Change> {
    let said = |at: Instant| at.format("%F %H:%M:%S UTC").to_string();
    let changed = seen.map(|seen| Change {
        path: "ends at".into(),
        before: Some(said(seen.ends_at)),
        after: Some(until.map_or_else(|| "now".to_owned(), said)),
    });
    changed.into_iter().collect()
}

fn blast(doing: Doing, reaches: &[Reached]) -> String {
    let count = |count: usize| if count == 1 { "1 alert".to_owned() } else { format!("{count} alerts") };
    let beside = reaches.iter().filter(|one| !one.is_chosen).count();
    match (doing, reaches.len()) {
        (Doing::End, 0) => "nothing fires now that it holds back".to_owned(),
        (Doing::End, 1) => "1 alert notifies again".to_owned(),
        (Doing::End, several) => format!("{several} alerts notify again"),
        (_, 0) => "nothing that fires now".to_owned(),
        (Doing::Make, all) if beside > 0 && beside < all => {
            format!("{} notified of no more, {beside} of them beside the chosen ones", count(all))
        }
        (_, all) => format!("{} notified of no more", count(all)),
    }
}

fn inverse(doing: Doing, facts: &SilenceFacts, seen: Option<&Silence>, typed: &str) -> Inverse {
    let until = seen.map(|seen| time::written(seen.ends_at)).unwrap_or_default();
    let quoted = shlex::try_quote(typed).unwrap_or_default();
    match (doing, seen) {
        (Doing::Make, _) => Inverse {
            words: "End it with !Z, or by the id that is told at its end.".to_owned(),
            command: Some("quarterdeck plan expire-silence ID".to_owned()),
        },
        (Doing::Move, Some(seen)) => Inverse {
            words: "Let it end as before.".to_owned(),
            command: Some(format!("quarterdeck plan change-silence {} --until {until}", seen.id)),
        },
        (Doing::Move | Doing::End, _) => Inverse {
            words: format!("A new silence over the same, until {until}; {} is over for good.", facts_id(facts)),
            command: Some(format!("quarterdeck plan silence --matcher {quoted} --until {until}")),
        },
    }
}

fn facts_id(facts: &SilenceFacts) -> String {
    facts.silence.as_ref().map(|silence| silence.id.to_string()).unwrap_or_default()
}

/// Sends the request of a step; the silence's id is in the reply, which is another one when the server replaced it.
pub(super) async fn send(hands: &dyn OperateAlerts, request: &Request) -> Result<Reply, SourceError> {
    let cleaned = |error: SourceError| SourceError { sentence: cleaned(&error), ..error };
    let id = if request.method == "DELETE" {
        let id = request.path.rsplit('/').next().unwrap_or_default();
        hands.expire(id).await.map(|()| id.to_owned()).map_err(cleaned)?
    } else {
        let unread = |error| SourceError::new(Trouble::Setup, format!("the silence cannot be written: {error}."));
        let wanted: WantedSilence = serde_json::from_value(request.body.clone()).map_err(unread)?;
        hands.put(&wanted).await.map_err(cleaned)?
    };
    Ok(Reply { object: json!({ "silence": id }), warnings: Vec::new() })
}

/// Judges one look at it; `None` where it is not found.
pub(super) fn judge(goal: Goal, chosen: &[String], facts: &SilenceFacts) -> Option<Look> {
    let id = facts.silence.as_ref()?.id.clone();
    let has_it = |member: &Replicated| matches!(&member.silence, Ok(Some(silence)) if is_as_planned(goal, silence));
    let named = |wanted: &dyn Fn(&Replicated) -> bool| {
        facts.members.iter().filter(|one| wanted(one)).map(|one| one.member.to_string()).collect::<Vec<_>>()
    };
    let have = named(&has_it).len();
    let silent = named(&|one| one.silence.is_err());
    let missing = named(&|one| one.silence.is_ok() && !has_it(one));
    let is_over = goal == Goal::SilenceOver;
    let mut words = match goal {
        Goal::Silenced(until) => {
            format!(
                "silence {id} holds until {} on {have} of {} Alertmanagers",
                until.format("%F %H:%M UTC"),
                facts.members.len()
            )
        }
        _ => format!("silence {id} is over on {have} of {} Alertmanagers", facts.members.len()),
    };
    for (lead, members) in [("not on", &missing), ("not known of", &silent)] {
        if !members.is_empty() {
            words = format!("{words}; {lead} {}", members.join(", "));
        }
    }
    let (loud, unknown) = if is_over { (Vec::new(), Vec::new()) } else { loud(chosen, &facts.alerts) };
    words = match &facts.covered {
        _ if is_over => format!("{words}."),
        Ok(covered) => {
            let held = covered.iter().filter(|alert| alert.hold == Hold::Silenced).count();
            format!("{words}; {held} of {} alerts it covers are held back.", covered.len())
        }
        Err(why) => format!("{words}; what it holds back is not known: {why}"),
    };
    words = loud.iter().fold(words, |words, loud| format!("{words} {loud}"));
    if !unknown.is_empty() {
        let members = unknown.join(", ");
        words = format!("{words} Whether it holds back what it was made for is not known of {members}.");
    }
    // A member that does not answer may go on to notify; one that lets something through again a moment later harms nobody.
    let is_unknown = !is_over && (!silent.is_empty() || !unknown.is_empty());
    Some(match () {
        () if have == 0 => {
            let words =
                format!("no Alertmanager that answers shows silence {id} as planned. Look at it before you try again.");
            Look::Partly(Outcome::Unknown, words)
        }
        () if !missing.is_empty() || !loud.is_empty() => Look::Partly(Outcome::Failed, words),
        () if is_unknown => Look::Partly(Outcome::Unknown, words),
        () => Look::Settled(Outcome::Done, words),
    })
}

/// Whether a member has it as it is to be.
fn is_as_planned(goal: Goal, silence: &Silence) -> bool {
    match goal {
        // Times go over the wire in milliseconds, and clocks differ.
        Goal::Silenced(until) => {
            silence.state != SilenceState::Expired && (silence.ends_at - until).num_seconds().abs() <= 60
        }
        _ => silence.state == SilenceState::Expired,
    }
}

/// Of the chosen alerts, which a member lets through, as sentences; and the members that do not say.
fn loud(chosen: &[String], members: &[MemberAlerts]) -> (Vec<String>, Vec<String>) {
    let (mut loud, mut unknown) = (Vec::new(), Vec::new());
    if chosen.is_empty() {
        return (loud, unknown);
    }
    for MemberAlerts { member, alerts } in members {
        let Ok(alerts) = alerts else {
            unknown.push(member.to_string());
            continue;
        };
        let is_loud = |alert: &&Alert| chosen.iter().any(|key| **key == *alert.key) && alert.hold != Hold::Silenced;
        if let Some(alert) = alerts.iter().find(is_loud) {
            loud.push(format!("{} is NOT SILENCED on {member}: the silence does not cover it there.", alert.title()));
        }
    }
    (loud, unknown)
}
