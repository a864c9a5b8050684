//! Change the primary of a database that Patroni governs: a switchover while somebody takes writes, else a failover.
//!
//! The candidate is always named. Nothing of it is sent twice, and a lost answer is only looked for: what Patroni was asked for may still
//! come, and a second order would be another order.

use serde_json::{Value, json};

use crate::actions::contract::{About, Action, Context, Draft, Reason, Refusal};
use crate::actions::databases::{DatabaseFacts, LEADER, RECORD, TIMELINE, governing, shown};
use crate::actions::observation::Observation;
use crate::domain::action::{
    BlastRadius, Check, Evidence, Expected, Field, FieldKind, Given, Inverse, Judgement, Part, Plan, Port, RECORD_KEY,
    Request, Step, Tier,
};
use crate::domain::database::{Member, Preflight, Primary, Turn, preflight};
use crate::domain::subject::Subject;
use crate::domain::text;
use crate::domain::time::Instant;

/// To whom.
const TO: Field = Field {
    id: "to",
    kind: FieldKind::Line,
    value: "MEMBER",
    noun: "a member",
    words: "The member that is to be the primary; left out, the one that is best prepared.",
    is_needed: false,
};

/// Against the primary.
const FORCE: Field = Field {
    id: "force",
    kind: FieldKind::Flag,
    value: "",
    noun: "nothing",
    words: "Fail over although somebody takes writes: what the candidate does not have may be lost.",
    is_needed: false,
};

/// Two candidates that are within so many bytes of WAL of each other are alike.
const ALIKE: u64 = 1_048_576;
/// How long the new primary is waited for, in seconds: a shutdown that archives its last WAL may take minutes.
const CHANGES_WITHIN: u32 = 900;
/// How long the others may take to follow it, in seconds.
const FOLLOWS_WITHIN: u32 = 300;
/// The step that asks for the change.
const CHANGE: &str = "change";
/// The step that waits for everybody to follow.
const FOLLOW: &str = "follow";

/// The action.
pub(super) struct Failover;

impl Action for Failover {
    fn about(&self) -> &'static About {
        &About {
            id: "failover",
            command: "action.failover",
            title: "Switch or fail over",
            means: "Another member takes the writes. While the primary answers it hands over, and nothing is lost; where nobody takes writes, what the candidate does not have is lost.",
            reason: Reason::Welcome,
            fields: &[TO, FORCE],
            ..About::ON_DATABASE
        }
    }

    fn may_send(&self, step: &Step, seen: &Observation, plan: &[Check], now: Instant) -> Result<(), String> {
        if step.in_order.as_ref().is_none_or(|one| one.id != CHANGE) {
            return Ok(());
        }
        let facts = seen.database().map_err(|refusal| refusal.0)?;
        let (candidate, turn) = (wanted(step), turn_of(step));
        let again = look(facts, candidate, turn, now).checks;
        match Check::worsened(plan, &again) {
            Some(worse) => Err(format!("it is not as the plan showed it any more: {}.", worse.sentence())),
            None => Ok(()),
        }
    }

    fn at_its_end(&self, plan: &Plan, seen: &Observation) -> Option<String> {
        let facts = seen.database().ok()?;
        let Primary::One(member, said) = facts.reading.primary() else { return None };
        let timeline = said.timeline?;
        let now = format!("{} takes writes on timeline {timeline}", member.name);
        if plan.cost.kind != Some(Turn::Failover) {
            return Some(format!("{now}."));
        }
        let began = facts.reading.history.iter().flatten().find(|switch| switch.timeline + 1 == timeline)?.location;
        let last = plan.cost.expected.and_then(|expected| expected.last_byte);
        Some(match last {
            Some(last) => format!(
                "{now}, which begins at byte {began}; the primary before was last seen at byte {last}: LOST are {} bytes at least.",
                last.saturating_sub(began)
            ),
            None => format!("{now}, which begins at byte {began}; how far the primary before had written nobody saw."),
        })
    }

    fn judge(&self, step: &Step, seen: &Observation) -> Judgement {
        let Ok(facts) = seen.database() else { return Judgement::Failed("it is no database.".to_owned()) };
        match step.in_order.as_ref().map(|one| one.id.as_str()) {
            Some(CHANGE) => changed(step, facts),
            Some(FOLLOW) => follows(step, facts),
            _ => step.judge(seen.document()),
        }
    }

    fn draft(&self, seen: &Observation, given: &Given, context: Context<'_>) -> Result<Draft, Refusal> {
        let facts = seen.database()?;
        let turn = if given.has(FORCE.id) { Turn::Failover } else { Turn::due(&facts.reading) };
        let candidate = candidate(facts, given, turn, context.now)?;
        let Preflight { checks, loss, gap, .. } = look(facts, &candidate, turn, context.now);
        let gap_words =
            gap.seconds.map_or("for a time that is not known".to_owned(), |seconds| format!("for about {seconds} s"));
        let old = facts.leader().map_or("nobody".to_owned(), str::to_owned);
        let words = match turn {
            Turn::Switchover => format!("nobody can write {gap_words}; lost is {}", loss.words()),
            Turn::Failover => format!("nobody can write {gap_words} from then on; LOST is {}", loss.words()),
        };
        let is_lossless = turn == Turn::Switchover && loss.known && loss.bytes_at_most == Some(0);
        Ok(Draft {
            from: old,
            to: candidate.clone(),
            given: given.clone().with(TO.id, candidate.as_str()),
            steps: steps(facts, &candidate, turn, context),
            pins: shown(facts),
            blast: BlastRadius { pods: 0, at_most: 0, is_outage: true, words },
            tier: if is_lossless { Tier::T2 } else { Tier::T3 },
            evidence: evidence(facts),
            warnings: warnings(facts, &candidate, turn),
            refusals: checks.iter().filter(|check| check.holds_back()).map(Check::sentence).collect(),
            deadline_seconds: Some(CHANGES_WITHIN),
            expected: expected(facts, &candidate),
            inverse: way_back(facts),
            preflight: checks,
            turn: Some(turn),
            losing: Some(Expected {
                loss,
                gap_seconds: gap.seconds,
                last_byte: facts.trail.last().map(|mark| mark.location),
            }),
            ..Draft::default()
        })
    }
}

fn look(facts: &DatabaseFacts, candidate: &str, turn: Turn, now: Instant) -> Preflight {
    preflight(&facts.reading, &facts.trail, candidate, turn, &facts.limits, now)
}

/// The member that is meant: the one that is named, else the best that could be.
fn candidate(facts: &DatabaseFacts, given: &Given, turn: Turn, now: Instant) -> Result<String, Refusal> {
    let reading = &facts.reading;
    let members = || reading.members.iter().map(|member| &*member.name).collect::<Vec<_>>().join(", ");
    if let Some(named) = given.text(TO.id).map(str::trim).filter(|named| !named.is_empty()) {
        let Some(member) = reading.member(named) else {
            let named = text::clean(named);
            return Err(Refusal(format!("{} has no member {named}; it has {}.", facts.subject.name, members())));
        };
        if member.takes_writes() && matches!(reading.primary(), Primary::One(..)) {
            return Err(Refusal(format!("{named} takes the writes of {} already.", facts.subject.name)));
        }
        return Ok(member.name.to_string());
    }
    let has = |member: &Member| member.answer().and_then(|said| said.position.has()).unwrap_or(0);
    let follows = |member: &&Member| !member.takes_writes() && !member.is_never_promoted();
    let most = reading.answers().map(|(member, _)| member).filter(follows).map(has).max().unwrap_or(0);
    // What differs by less than a look later is no difference: the choice does not waver.
    let rank = |member: &Member| {
        let worst = Check::worst(&look(facts, &member.name, turn, now).checks);
        (worst, most.saturating_sub(has(member)) / ALIKE, member.name.clone())
    };
    let could = reading.answers().map(|(member, _)| member);
    let best = could.filter(follows).min_by_key(|member| rank(member));
    best.map(|member| member.name.to_string()).ok_or_else(|| {
        let silent: Vec<&str> =
            reading.members.iter().filter(|member| member.said.is_err()).map(|member| &*member.name).collect();
        let silent = if silent.is_empty() { String::new() } else { format!(" No answer from {}.", silent.join(", ")) };
        Refusal(format!("{} has nobody to change to.{silent}", facts.subject.name))
    })
}

fn steps(facts: &DatabaseFacts, candidate: &str, turn: Turn, context: Context<'_>) -> Vec<Step> {
    let name = text::clean(&facts.subject.name).into_owned();
    let lock = context.record.as_lock();
    let mut written = json!({&lock.id: lock.written()});
    for over in context.over {
        written[over] = Value::Null;
    }
    let again = format!("Let others act on {name} again.");
    let release = governing(facts, Part::Clearing, "release", &again, json!({RECORD_KEY: {&lock.id: null}}));
    let release = release.expecting(RECORD, Value::Null);
    let words = format!("Hold other consoles off {name}, by a record in its dynamic configuration.");
    let hold = governing(facts, Part::Prepare, "hold", &words, json!({RECORD_KEY: written}));
    let hold = hold.expecting(RECORD, json!(lock.written())).sent_again();
    let hold = hold.taken_back(&again, release.request.clone(), RECORD, Value::Null);
    let asking = |path: &str, body: Value| Request {
        method: "POST".to_owned(),
        path: path.to_owned(),
        body,
        ..hold.request.clone()
    };
    let (words, asked) = match (turn, facts.leader()) {
        (Turn::Switchover, Some(leader)) => (
            format!("Ask {leader} to hand over to {candidate}."),
            asking("/switchover", json!({"leader": leader, "candidate": candidate})),
        ),
        _ => (format!("Ask Patroni to promote {candidate}."), asking("/failover", json!({"candidate": candidate}))),
    };
    let on = || (Subject::Database(facts.subject.clone()), facts.uid.as_str());
    let change = Step::in_order(Part::Change, CHANGE, on(), &words, asked).expecting(LEADER, json!(candidate));
    let change = change.expecting(TIMELINE, json!(next(facts))).within(CHANGES_WITHIN).without_return();
    let others = followers(facts, candidate);
    let follow = (!others.is_empty()).then(|| {
        let body = json!({"leader": candidate, "timeline": next(facts), "follow": others});
        let waits = Request { body, ..Request::default() };
        let words = format!("{} follow {candidate}.", others.join(" and "));
        Step::in_order(Part::Gate, FOLLOW, on(), &words, waits).within(FOLLOWS_WITHIN)
    });
    let is_noted = facts.has_notes;
    let all = [is_noted.then_some(hold), Some(change), is_noted.then_some(release), follow];
    all.into_iter().flatten().map(|step| Step { port: Port::Database, ..step }).collect()
}

/// The timeline a promotion leads to.
fn next(facts: &DatabaseFacts) -> u64 {
    facts.timeline().unwrap_or(0).saturating_add(1)
}

/// Those that are to follow: who answers now. One that is lost is named in a warning.
fn followers(facts: &DatabaseFacts, candidate: &str) -> Vec<String> {
    let answer = facts.reading.answers().map(|(member, _)| member.name.to_string());
    answer.filter(|name| name != candidate).collect()
}

fn evidence(facts: &DatabaseFacts) -> Vec<Evidence> {
    let of = |member: &Member| {
        let said = member.answer()?;
        let has = said
            .position
            .has()
            .map_or("its place in the WAL unknown".to_owned(), |has| format!("WAL up to byte {has}"));
        let timeline = said.timeline.map_or("timeline unknown".to_owned(), |timeline| format!("timeline {timeline}"));
        let words = format!("{} is {} and {}: {timeline}, {has}.", member.name, said.role.word(), said.state);
        Some(Evidence { words, observed_at: said.at })
    };
    facts.reading.members.iter().filter_map(of).collect()
}

fn warnings(facts: &DatabaseFacts, candidate: &str, turn: Turn) -> Vec<String> {
    let mut warnings = Vec::new();
    let silent: Vec<&str> =
        facts.reading.members.iter().filter(|member| member.said.is_err()).map(|member| &*member.name).collect();
    if !silent.is_empty() {
        let names = silent.join(" and ");
        warnings.push(format!(
            "NO ANSWER from {names}. When it comes back it is rewound to what {candidate} has, and what it alone has is gone; where it cannot rewind it has to be built anew."
        ));
    }
    if turn == Turn::Failover
        && let Some(leader) = facts.leader()
    {
        warnings.push(format!(
            "FORCED although {leader} takes writes: without --force it hands over, and nothing is lost."
        ));
    }
    if !facts.has_notes {
        warnings.push(
            "OTHERS ARE NOT HELD OFF: the dynamic configuration, where that is written, cannot be read.".to_owned(),
        );
    }
    warnings.push(
        "CANNOT BE VERIFIED from here: a write through the application's own address, and that archiving goes on. Look at both afterwards."
            .to_owned(),
    );
    warnings
}

fn expected(facts: &DatabaseFacts, candidate: &str) -> String {
    let others = followers(facts, candidate);
    let follow = if others.is_empty() { String::new() } else { format!(", and {} follow it", others.join(" and ")) };
    format!("{candidate} alone takes writes, on timeline {} or later{follow}", next(facts))
}

fn way_back(facts: &DatabaseFacts) -> Inverse {
    let Some(leader) = facts.leader() else {
        return Inverse {
            words: "What is lost does not come back; another member can take over by a switchover.".to_owned(),
            command: None,
        };
    };
    let command = format!("quarterdeck plan failover database/{} --to {leader}", text::clean(&facts.subject.name));
    Inverse { words: format!("Hand it back to {leader}, once that follows."), command: Some(command) }
}

/// The member a step asks for.
fn wanted(step: &Step) -> &str {
    step.request.body["candidate"].as_str().unwrap_or_default()
}

fn turn_of(step: &Step) -> Turn {
    if step.request.path == "/switchover" { Turn::Switchover } else { Turn::Failover }
}

/// The timeline a step is to lead to at least.
fn timeline_of(step: &Step) -> u64 {
    let pins = step.in_order.iter().flat_map(|one| &one.expects);
    pins.filter(|pin| pin.path == TIMELINE).find_map(|pin| pin.value.as_u64()).unwrap_or(0)
}

/// Whether the candidate alone takes writes, on a timeline of its own.
fn changed(step: &Step, facts: &DatabaseFacts) -> Judgement {
    let (candidate, timeline) = (wanted(step), timeline_of(step));
    match facts.reading.primary() {
        Primary::Foreign => Judgement::Failed("the members are not of one database.".to_owned()),
        Primary::Several => {
            let names: Vec<&str> = facts.reading.writers().iter().map(|member| &*member.name).collect();
            Judgement::Waiting(format!("TWO PRIMARIES: {} take writes", names.join(" and ")))
        }
        Primary::Nobody => Judgement::Waiting("nobody takes writes".to_owned()),
        Primary::Unknown => Judgement::Waiting("nobody who answers takes writes".to_owned()),
        Primary::One(member, said) => {
            let is_new = said.timeline.is_some_and(|own| own >= timeline);
            match (*member.name == *candidate, is_new) {
                (true, true) => Judgement::Reached,
                (true, false) => {
                    Judgement::Waiting(format!("{candidate} takes writes, and its new timeline is not told yet"))
                }
                (false, true) => Judgement::TakenOver(format!(
                    "{} was promoted in place of {candidate}, on timeline {}.",
                    member.name,
                    said.timeline.unwrap_or_default()
                )),
                (false, false) => Judgement::Waiting(format!("{} still takes writes", member.name)),
            }
        }
    }
}

/// Whether everybody who is to follow the new primary streams from it.
fn follows(step: &Step, facts: &DatabaseFacts) -> Judgement {
    let body = &step.request.body;
    let leader = body["leader"].as_str().unwrap_or_default();
    let Primary::One(primary, said) = facts.reading.primary() else {
        return Judgement::Waiting("it is not certain who takes writes".to_owned());
    };
    if *primary.name != *leader {
        return Judgement::TakenOver(format!("{} takes writes in place of {leader}.", primary.name));
    }
    let names = body["follow"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let not = |name: &str| {
        let Some(member) = facts.reading.member(name) else { return Some(format!("{name} is not listed any more")) };
        match &member.said {
            Err(_) => Some(format!("{name} does not answer")),
            Ok(own) if own.takes_writes() => Some(format!("{name} takes writes too")),
            Ok(own) if !own.streams() => Some(format!("{name} is {} and does not stream", own.state)),
            Ok(own) if own.timeline != said.timeline => Some(format!("{name} is on another timeline")),
            Ok(_) => None,
        }
    };
    let left: Vec<String> = names.filter_map(not).collect();
    if left.is_empty() { Judgement::Reached } else { Judgement::Waiting(left.join(", ")) }
}
