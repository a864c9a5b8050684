//! Silences, carried out: what they hide asked once more, the journal, one request, and a look at every member of the cluster.

use std::sync::{Arc, Mutex};

use chrono::TimeDelta;

use super::gate::short;
use super::journal::{self, Entry, Journal, What};
use super::policy::{self, Grant};
use crate::domain::action::{Outcome, Phase};
use crate::domain::alert::{
    Alert, Known, LeftOut, Matcher, SeenSilence, Silence, SilenceDeed, SilenceState, Silencing, Wanted, in_common,
    is_same, left_out,
};
use crate::domain::environment::Guard;
use crate::domain::store::Author;
use crate::domain::{text, time};
use crate::sources::Clock;
use crate::sources::error::SourceError;
use crate::sources::observe::{ObserveAlerts, Replicated};
use crate::sources::operate::{OperateAlerts, WantedSilence};
use crate::sources::store::new_id;

/// What a plan is asked to be of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sketch {
    /// What is to be done.
    pub action: SilenceDeed,
    /// What the silence covers.
    pub matchers: Vec<Matcher>,
    /// Whether nobody wrote these: they are what the chosen alerts have in common, and are worked out anew from what the server has.
    pub is_suggested: bool,
    /// How long it holds from now; not used by an end of now.
    pub holds_for: TimeDelta,
    /// The silence that is changed; `None` for a new one.
    pub seen: Option<Silence>,
    /// The alerts it is meant for, by their keys.
    pub chosen: Vec<Arc<str>>,
}

/// What a plan is made of.
#[derive(Debug, Default)]
struct Made {
    matchers: Vec<Matcher>,
    /// The alerts it is meant for, whoever sent them.
    chosen: Vec<Arc<str>>,
    left_out: Vec<LeftOut>,
    known: Known,
    /// What of it is not known.
    doubt: Option<String>,
}

/// What silences of one environment are planned and carried out with.
#[derive(Clone)]
pub struct Silencer {
    /// The environment.
    pub environment: Arc<str>,
    /// Its guard.
    pub guard: Guard,
    /// Labels that say which of several senders sent an alert, by the configuration.
    pub replica_labels: Arc<[String]>,
    /// The eyes.
    pub observe: Arc<dyn ObserveAlerts>,
    /// The hands; `None` without a grant.
    pub operate: Option<Arc<dyn OperateAlerts>>,
    /// Whether the environment may be changed.
    pub grant: Grant,
    /// Who sits here.
    pub author: Author,
    /// The journal.
    pub journal: Arc<Mutex<Journal>>,
    /// The clock.
    pub clock: Clock,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silenced {
    /// As a run ends.
    pub phase: Phase,
    /// In words.
    pub words: String,
    /// The silence, where one is known.
    pub id: Option<String>,
}

impl Silenced {
    /// It was refused before anything was sent.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self { phase: Phase::Refused, words: reason.into(), id: None }
    }
}

impl Silencer {
    /// Works a plan out: what it hides is asked of the server. Changes nothing.
    pub async fn plan(&self, sketch: Sketch) -> Silencing {
        let Sketch { action, matchers, is_suggested, holds_for, seen, chosen } = sketch;
        let mut made = Made { matchers, chosen, ..Made::default() };
        let covered = self.covered(&mut made, is_suggested).await.map_err(|error| cleaned(&error.sentence));
        let now = (self.clock)();
        let mut plan = Silencing::plan(Wanted {
            action,
            environment: self.environment.clone(),
            guard: self.guard,
            author: self.author.clone(),
            matchers: made.matchers,
            ends_at: now.checked_add_signed(holds_for).unwrap_or(now),
            seen,
            chosen: made.chosen,
            left_out: made.left_out,
            covered,
            known: made.known,
            refusal: self.grant.clone().err(),
            now,
        });
        plan.warnings.extend(made.doubt);
        plan
    }

    /// What the matchers cover, and what they are to be judged by: all alerts, and the rules that are known.
    async fn covered(&self, made: &mut Made, is_suggested: bool) -> Result<Vec<Alert>, SourceError> {
        if made.matchers.is_empty() {
            return Ok(Vec::new());
        }
        let all = self.observe.matching(&[]).await?;
        let chosen: Vec<&Alert> = all.iter().filter(|alert| made.chosen.contains(&alert.key)).collect();
        if is_suggested && !chosen.is_empty() {
            made.left_out = left_out(&chosen, &all, &self.replica_labels);
            made.matchers = in_common(&chosen, &made.left_out);
        }
        // The same alert by another sender was chosen as well.
        let is_same = |alert: &&Alert| chosen.iter().any(|one| is_same(one, alert, &made.left_out));
        made.chosen = all.iter().filter(is_same).map(|alert| alert.key.clone()).collect();
        let rules = self.observe.rules().await.unwrap_or_else(|error| {
            made.doubt = Some(format!("which rules there are is not known: {}", cleaned(&error.sentence)));
            Vec::new()
        });
        let names = all.iter().map(|alert| alert.name.clone()).chain(rules).filter(|name| !name.is_empty()).collect();
        made.known = Known { alerts: all.len(), names };
        self.observe.matching(&made.matchers).await
    }

    /// Judges a plan again that was confirmed with what was typed, and carries out what comes of it.
    pub async fn carry_out(&self, document: &Silencing, typed: &str, reason: &str) -> Silenced {
        let run = new_id(&self.clock).as_str().to_owned();
        let bare = self.bare(document, &run);
        let line = |what, words: String| Entry { what, words, ..bare.clone() };
        let refuse = |reason: String| {
            self.record(line(What::Refused, format!("{}: {reason}", short(&document.title()))));
            Silenced::refused(reason)
        };
        let operate = match self.admit(document) {
            Ok(operate) => operate,
            Err(reason) => return refuse(reason),
        };
        let plan = match self.judge(document, typed, reason).await {
            Ok(plan) => plan,
            Err(reason) => return refuse(reason),
        };
        let plan = &plan;
        let said = format!("{} until {}: {}", plan.title(), plan.ends_at.format("%F %H:%M UTC"), reason.trim());
        for entry in [line(What::Begun, said.clone()), line(What::Intent, said)] {
            if let Err(reason) = self.write(entry) {
                return Silenced::refused(reason);
            }
        }
        let wanted = self.wanted(plan, &run, reason);
        let sent = match plan.action {
            SilenceDeed::ExpireSilence => {
                let id = plan.seen.as_ref().map(|seen| seen.id.clone()).unwrap_or_default();
                operate.expire(&id).await.map(|()| id)
            }
            SilenceDeed::Silence | SilenceDeed::ChangeSilence => operate.put(&wanted).await,
        };
        let ended = match sent {
            Ok(id) => {
                self.record(line(What::Accepted, format!("silence {id}.")));
                self.verify(plan, id).await
            }
            Err(error) if error.is_certainly_not_done => {
                Silenced { phase: Phase::Refused, words: cleaned(&error.sentence), id: None }
            }
            Err(error) => self.look_up(plan, &run, &error).await,
        };
        let outcome = match ended.phase {
            Phase::Done => Outcome::Done,
            Phase::Refused => Outcome::Refused,
            Phase::Failed => Outcome::Failed,
            _ => Outcome::Unknown,
        };
        self.record(Entry { outcome: Some(outcome), target: Some(0), ..line(What::Settled, ended.words.clone()) });
        self.record(Entry { phase: Some(ended.phase), ..line(What::Ended, ended.words.clone()) });
        ended
    }

    /// Looks what became of one that a console began and did not live to end. Sends nothing; journals what it finds.
    ///
    /// # Errors
    /// When the silences are not known now: then it is still to be found out.
    pub async fn look_back(&self, begun: &Entry) -> Result<Silenced, SourceError> {
        let silences = self.observe.silences().await?;
        let found = silences.iter().find(|silence| silence.comment.ends_with(&record(&begun.run)));
        let lead = "A console ended in the midst of a silence";
        let (phase, words) = match found {
            Some(silence) if silence.state == SilenceState::Expired => {
                (Phase::Done, format!("{lead}: {} was made and is over.", silence.id))
            }
            Some(silence) => {
                let until = silence.ends_at.format("%F %H:%M UTC");
                (Phase::Done, format!("{lead}: {} is there, over {}, until {until}.", silence.id, silence.covers()))
            }
            None if begun.action == SilenceDeed::ExpireSilence.id() => {
                (Phase::Unknown, format!("{lead}'s end: whether it is over, status tells. It was: {}", begun.words))
            }
            None => (Phase::Aborted, format!("{lead}: it is not there, nothing is hidden. It was: {}", begun.words)),
        };
        let words = cleaned(&words);
        self.record(Entry { what: What::Ended, phase: Some(phase), words: words.clone(), ..begun.clone() });
        Ok(Silenced { phase, words, id: found.map(|silence| silence.id.to_string()) })
    }

    /// Journals that a plan was looked at and given up.
    pub fn give_up(&self, plan: &Silencing) {
        let bare = self.bare(plan, new_id(&self.clock).as_str());
        let words = format!("closed without confirming: {}", plan.title());
        self.record(Entry { what: What::GivenUp, words, ..bare });
    }

    /// Whether all that can be known without asking anybody allows it.
    fn admit(&self, document: &Silencing) -> Result<Arc<dyn OperateAlerts>, String> {
        self.grant.clone()?;
        if *document.environment != *self.environment {
            return Err(format!("the plan is of {}, not of {}.", short(&document.environment), self.environment));
        }
        if let Some(reason) = document.refusals.first() {
            return Err(format!("{} Nothing was sent.", short(reason)));
        }
        if document.author != self.author {
            return Err(format!("the plan was made by {}: nothing was sent.", short(&document.author.name)));
        }
        let now = (self.clock)();
        if now >= document.expires_at {
            return Err("the plan has expired: nothing was sent. Make it anew.".to_owned());
        }
        if time::is_of_the_future(document.made_at, now) {
            return Err("the plan says it was made later than now: nothing was sent. Make it anew.".to_owned());
        }
        if document.action != SilenceDeed::ExpireSilence && document.ends_at <= now {
            return Err("the silence would be over already: nothing was sent. Make it anew.".to_owned());
        }
        self.operate.clone().ok_or_else(|| "this console has no hands: nothing was sent.".to_owned())
    }

    /// Works a document out anew from what it asks for, by the same code that planned, and compares: the plan to carry out. What it says
    /// of its own refusals, of what it hides and of what confirms it is for reading only.
    async fn judge(&self, document: &Silencing, typed: &str, reason: &str) -> Result<Silencing, String> {
        let seen = self.as_shown(document).await?;
        let chosen = document.hides.iter().filter(|hidden| hidden.is_chosen);
        let fresh = self
            .plan(Sketch {
                action: document.action,
                // What an existing silence covers, it covers: a change is one of its end.
                matchers: seen.as_ref().map_or_else(|| document.matchers.clone(), |seen| seen.matchers.clone()),
                is_suggested: false,
                holds_for: document.ends_at.signed_duration_since(document.made_at),
                seen,
                chosen: chosen.map(|hidden| hidden.fingerprint.as_str().into()).collect(),
            })
            .await;
        // However long a document says that it may be carried out.
        let holds = fresh.expires_at.signed_duration_since(fresh.made_at);
        if fresh.made_at.signed_duration_since(document.made_at) >= holds {
            return Err("the plan has expired: nothing was sent. Make it anew.".to_owned());
        }
        if let Some(reason) = fresh.refusals.first() {
            return Err(format!("{reason} Nothing was sent."));
        }
        if fresh.matchers != document.matchers || fresh.seen != document.seen || document.version != fresh.version {
            return Err("the plan is not of the silence it names: nothing was sent. Make it anew.".to_owned());
        }
        if document.action != SilenceDeed::ExpireSilence {
            self.surprise(document).await?;
        }
        policy::confirms(&fresh.confirmation, typed, Some(reason))?;
        // The end that was read is the end it gets, though it is a moment nearer by now.
        let ends_at = if document.action == SilenceDeed::ExpireSilence { fresh.ends_at } else { document.ends_at };
        Ok(Silencing { ends_at, ..fresh })
    }

    /// The silence a plan is of, as it is now and as it was shown; `None` for a new one.
    async fn as_shown(&self, document: &Silencing) -> Result<Option<Silence>, String> {
        let Some(seen) = document.seen.as_ref().filter(|_| document.action != SilenceDeed::Silence) else {
            return Ok(None);
        };
        let found = self.members(&seen.id).await?;
        let known = found.into_iter().find_map(|one| one.silence.ok().flatten());
        let known =
            known.ok_or_else(|| format!("there is no silence {} any more: nothing was sent.", short(&seen.id)))?;
        if SeenSilence::from(&known) != *seen || known.state == SilenceState::Expired {
            return Err("the silence is not what the plan showed any more: nothing was sent. Make it anew.".to_owned());
        }
        Ok(Some(known))
    }

    /// Whether it hides nothing that was not shown.
    async fn surprise(&self, document: &Silencing) -> Result<(), String> {
        let covered = self.observe.matching(&document.matchers).await.map_err(|error| {
            format!("what it covers cannot be asked again: {} Nothing was sent.", cleaned(&error.sentence))
        })?;
        match document.surprises(&covered).as_slice() {
            [] => Ok(()),
            [first, rest @ ..] => {
                let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
                Err(format!(
                    "it would hide {}{more} now, which the plan did not show: nothing was sent. Make it anew.",
                    first.title()
                ))
            }
        }
    }

    pub(super) async fn members(&self, id: &str) -> Result<Vec<Replicated>, String> {
        self.observe.replicated(id).await.map_err(|error| cleaned(&error.sentence))
    }

    /// The silence as it is to be; its comment ends with the id of the run, by which it is found again.
    fn wanted(&self, plan: &Silencing, run: &str, reason: &str) -> WantedSilence {
        let seen = plan.seen.as_ref();
        let reason = match (reason.trim(), seen) {
            ("", Some(seen)) => seen.comment.split(" (quarterdeck ").next().unwrap_or_default().to_owned(),
            (reason, _) => reason.to_owned(),
        };
        WantedSilence {
            id: seen.map(|seen| seen.id.clone()),
            matchers: plan.matchers.clone(),
            starts_at: seen.map_or_else(|| (self.clock)(), |seen| seen.starts_at),
            ends_at: plan.ends_at,
            created_by: self.author.name.clone(),
            comment: format!("{reason} {}", record(run)),
        }
    }

    /// The answer was lost: is it there? It is never sent twice.
    async fn look_up(&self, plan: &Silencing, run: &str, error: &SourceError) -> Silenced {
        let lost = cleaned(&error.sentence);
        let unknown = |why: &str| {
            let words = format!("{lost} {why} Look at the silences before you try again.");
            Silenced { phase: Phase::Unknown, words, id: None }
        };
        if let (SilenceDeed::ExpireSilence, Some(seen)) = (plan.action, &plan.seen) {
            return self.verify(plan, seen.id.clone()).await;
        }
        match self.observe.silences().await {
            Ok(silences) => match silences.iter().find(|silence| silence.comment.ends_with(&record(run))) {
                Some(found) => self.verify(plan, found.id.to_string()).await,
                None => unknown("It is not among the silences now, but may still come."),
            },
            Err(error) => unknown(&format!("Nor are the silences known: {}", cleaned(&error.sentence))),
        }
    }

    fn bare(&self, plan: &Silencing, run: &str) -> Entry {
        Entry::bare(run, plan.action.id(), &self.environment, &self.author.name)
    }

    /// A line that must be on disk before anything else happens.
    fn write(&self, entry: Entry) -> Result<(), String> {
        journal::write(&self.journal, entry, (self.clock)())
    }

    /// A line about what has happened already.
    fn record(&self, entry: Entry) {
        journal::record(&self.journal, entry, (self.clock)());
    }
}

/// What a silence's comment ends with.
fn record(run: &str) -> String {
    format!("(quarterdeck {run})")
}

pub(super) fn cleaned(raw: &str) -> String {
    text::clean(raw).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::journal::chains;
    use crate::domain::alert::testing::alert;
    use crate::domain::alert::{Hold, USUAL_SILENCE};
    use crate::domain::time::Instant;
    use crate::sources::error::Trouble;
    use crate::sources::observe::{Answer, MemberAlerts};

    fn now() -> Instant {
        chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default()
    }

    /// What becomes of a request.
    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Way {
        Accepted,
        AnswerLost,
        Swallowed,
        Rejected,
        OnOneMember,
        /// Both members have it, and the second lets the alert through.
        Loud,
        /// The second member does not answer.
        Silent,
    }

    /// An Alertmanager with two members, in memory.
    struct Server {
        way: Way,
        alerts: Mutex<Vec<Alert>>,
        silences: Mutex<Vec<Silence>>,
        /// Whether it compares; else every matcher covers everything.
        compares: Mutex<bool>,
        sent: Mutex<Vec<(String, Vec<What>)>>,
        state: std::path::PathBuf,
    }

    impl Server {
        fn whats(&self) -> Vec<What> {
            let chains = chains(&self.state).expect("the journal");
            chains.iter().flat_map(|chain| chain.lines.iter().map(|line| line.entry.what)).collect()
        }

        fn answer<T>(&self, done: T) -> Result<T, SourceError> {
            match self.way {
                Way::Accepted | Way::OnOneMember | Way::Loud | Way::Silent => Ok(done),
                Way::AnswerLost | Way::Swallowed => Err(SourceError::new(Trouble::Timeout, "no answer came.")),
                Way::Rejected => Err(SourceError::new(Trouble::Rejected, "bad matcher\u{1b}.")),
            }
        }
    }

    /// Whether matchers of equality cover an alert, as a server compares.
    fn covers(matchers: &[Matcher], alert: &Alert) -> bool {
        let value = |name: &str| alert.matchable().iter().find(|(known, _)| **known == *name).map(|(_, value)| value);
        matchers.iter().all(|one| value(&one.name).is_some_and(|value| **value == *one.value))
    }

    impl Server {
        fn covers(&self, matchers: &[Matcher], alert: &Alert) -> bool {
            !*self.compares.lock().expect("one") || covers(matchers, alert)
        }

        fn held(&self, alert: &Alert) -> Alert {
            let silences = self.silences.lock().expect("one");
            let is_held = |one: &Silence| one.state == SilenceState::Active && self.covers(&one.matchers, alert);
            let hold = if silences.iter().any(is_held) { Hold::Silenced } else { Hold::None };
            Alert { hold, ..alert.clone() }
        }
    }

    impl ObserveAlerts for Server {
        fn matching<'a>(&'a self, matchers: &'a [Matcher]) -> Answer<'a, Vec<Alert>> {
            Box::pin(async {
                let alerts = self.alerts.lock().expect("one").clone();
                Ok(alerts.iter().filter(|alert| self.covers(matchers, alert)).map(|alert| self.held(alert)).collect())
            })
        }

        fn of_each(&self) -> Answer<'_, Vec<MemberAlerts>> {
            Box::pin(async {
                let alerts = self.alerts.lock().expect("one").clone();
                let first =
                    MemberAlerts { member: "a".into(), alerts: Ok(alerts.iter().map(|one| self.held(one)).collect()) };
                let second = match self.way {
                    Way::Loud => Ok(alerts),
                    Way::Silent => Err(SourceError::new(Trouble::Timeout, "b did not answer.")),
                    _ => first.alerts.clone(),
                };
                Ok(vec![first, MemberAlerts { member: "b".into(), alerts: second }])
            })
        }

        fn rules(&self) -> Answer<'_, Vec<Arc<str>>> {
            Box::pin(async { Ok(vec!["Slow".into(), "Full".into()]) })
        }

        fn silences(&self) -> Answer<'_, Vec<Silence>> {
            Box::pin(async { Ok(self.silences.lock().expect("one").clone()) })
        }

        fn replicated<'a>(&'a self, id: &'a str) -> Answer<'a, Vec<Replicated>> {
            Box::pin(async move {
                let found = self.silences.lock().expect("one").iter().find(|one| *one.id == *id).cloned();
                let second = found.clone().filter(|_| self.way != Way::OnOneMember);
                let second = match self.way {
                    Way::Silent => Err(SourceError::new(Trouble::Timeout, "b did not answer.")),
                    _ => Ok(second),
                };
                let member = |name: &str, silence| Replicated { member: name.into(), silence };
                Ok(vec![member("a", Ok(found)), member("b", second)])
            })
        }
    }

    impl OperateAlerts for Server {
        fn put<'a>(&'a self, wanted: &'a WantedSilence) -> Answer<'a, String> {
            Box::pin(async move {
                self.sent.lock().expect("one").push((wanted.comment.clone(), self.whats()));
                if !matches!(self.way, Way::Swallowed | Way::Rejected) {
                    let mut silences = self.silences.lock().expect("one");
                    silences.retain(|known| wanted.id.as_deref() != Some(&*known.id));
                    silences.push(Silence {
                        id: "4ef1".into(),
                        matchers: wanted.matchers.clone(),
                        starts_at: wanted.starts_at,
                        ends_at: wanted.ends_at,
                        created_by: wanted.created_by.as_str().into(),
                        comment: wanted.comment.as_str().into(),
                        state: SilenceState::Active,
                    });
                }
                self.answer("4ef1".to_owned())
            })
        }

        fn expire<'a>(&'a self, id: &'a str) -> Answer<'a, ()> {
            Box::pin(async move {
                self.sent.lock().expect("one").push((id.to_owned(), self.whats()));
                if !matches!(self.way, Way::Swallowed | Way::Rejected) {
                    self.silences.lock().expect("one").iter_mut().for_each(|one| one.state = SilenceState::Expired);
                }
                self.answer(())
            })
        }
    }

    struct Rig {
        server: Arc<Server>,
        silencer: Silencer,
        _folder: tempfile::TempDir,
    }

    fn rig(way: Way) -> Rig {
        let folder = tempfile::tempdir().expect("a folder");
        let server = Arc::new(Server {
            way,
            alerts: Mutex::new(vec![alert(&[("alertname", "Slow"), ("severity", "warning")], now())]),
            silences: Mutex::default(),
            compares: Mutex::new(false),
            sent: Mutex::default(),
            state: folder.path().to_owned(),
        });
        let silencer = Silencer {
            environment: "production".into(),
            guard: Guard::Production,
            replica_labels: vec!["replica".to_owned()].into(),
            observe: server.clone(),
            operate: Some(server.clone()),
            grant: Ok(()),
            author: Author { name: "mori".into(), origin: "mori@bastion".into() },
            journal: Arc::new(Mutex::new(Journal::new(folder.path()))),
            clock: Arc::new(now),
        };
        Rig { server, silencer, _folder: folder }
    }

    impl Rig {
        async fn plan(&self, action: SilenceDeed) -> Silencing {
            let alerts = self.server.alerts.lock().expect("one").iter().map(|alert| alert.key.clone()).collect();
            let sketch = Sketch {
                action,
                matchers: vec![Matcher::equal("alertname", "Slow")],
                is_suggested: false,
                holds_for: USUAL_SILENCE * if action == SilenceDeed::Silence { 1 } else { 2 },
                seen: self.server.silences.lock().expect("one").first().cloned(),
                chosen: alerts,
            };
            self.silencer.plan(sketch).await
        }

        fn made(&self) -> Silencing {
            Silencing::plan(Wanted {
                action: SilenceDeed::Silence,
                environment: "production".into(),
                guard: Guard::Production,
                author: self.silencer.author.clone(),
                matchers: vec![Matcher::equal("alertname", "Slow")],
                ends_at: now() + USUAL_SILENCE,
                seen: None,
                chosen: Vec::new(),
                left_out: Vec::new(),
                covered: Ok(Vec::new()),
                known: Known::default(),
                refusal: None,
                now: now(),
            })
        }

        async fn silence(&self) -> Silenced {
            self.silencer.carry_out(&self.plan(SilenceDeed::Silence).await, "", "known, see the incident").await
        }

        fn sent(&self) -> usize {
            self.server.sent.lock().expect("one").len()
        }
    }

    #[tokio::test]
    async fn it_is_journalled_first_and_seen_on_every_member() {
        let rig = rig(Way::Accepted);
        let ended = rig.silence().await;
        assert_eq!(ended.phase, Phase::Done, "{}", ended.words);
        assert!(
            ended.words.contains("on 2 of 2 Alertmanagers; 1 of 1 alerts it covers are held back."),
            "{}",
            ended.words
        );
        let (comment, before) = rig.server.sent.lock().expect("one")[0].clone();
        assert_eq!(before, [What::Begun, What::Intent], "on disk before the request left");
        assert!(comment.starts_with("known, see the incident (quarterdeck "), "{comment}");

        let longer = rig.silencer.carry_out(&rig.plan(SilenceDeed::ChangeSilence).await, "", "").await;
        assert_eq!(longer.phase, Phase::Done, "{}", longer.words);
        let kept = rig.server.silences.lock().expect("one")[0].comment.clone();
        assert!(kept.starts_with("known, see the incident (quarterdeck ") && kept.matches('(').count() == 1, "{kept}");
        let over = rig.silencer.carry_out(&rig.plan(SilenceDeed::ExpireSilence).await, "", "").await;
        assert_eq!((over.phase, over.words.as_str()), (Phase::Done, "silence 4ef1 is over on 2 of 2 Alertmanagers."));
        assert_eq!(rig.sent(), 3);
    }

    #[tokio::test]
    async fn what_a_console_did_not_live_to_end_is_found_by_its_comment() {
        let rig = rig(Way::AnswerLost);
        rig.silence().await;
        let comment = rig.server.silences.lock().expect("one")[0].comment.to_string();
        let run = comment.split("quarterdeck ").nth(1).and_then(|rest| rest.strip_suffix(')')).expect("a run");
        let begun = |action, run: &str| rig.silencer.bare(&Silencing { action, ..rig.made() }, run);
        let look = async |entry: Entry| rig.silencer.look_back(&entry).await.expect("an answer");
        let found = look(begun(SilenceDeed::Silence, run)).await;
        assert_eq!((found.phase, found.id.as_deref()), (Phase::Done, Some("4ef1")), "{}", found.words);
        let gone = look(begun(SilenceDeed::Silence, "another")).await;
        assert!(gone.phase == Phase::Aborted && gone.words.contains("nothing is hidden"), "{}", gone.words);
        let ended = look(begun(SilenceDeed::ExpireSilence, "another")).await;
        assert_eq!(ended.phase, Phase::Unknown);
        assert_eq!(rig.sent(), 1, "looking sends nothing");
        assert_eq!(rig.server.whats().iter().filter(|what| **what == What::Ended).count(), 4, "and is journalled");
    }

    #[tokio::test(start_paused = true)]
    async fn a_member_that_does_not_have_it_is_named() {
        let ended = rig(Way::OnOneMember).silence().await;
        assert!(ended.words.contains("on 1 of 2 Alertmanagers; not on b"), "{}", ended.words);
        assert_eq!(ended.phase, Phase::Failed, "the alert notifies on");
        let ended = rig(Way::Silent).silence().await;
        assert!(ended.words.contains("on 1 of 2 Alertmanagers; not known of b"), "{}", ended.words);
        assert_eq!(ended.phase, Phase::Unknown);
    }

    #[tokio::test(start_paused = true)]
    async fn done_means_that_the_alert_is_silenced_on_every_member() {
        let rig = rig(Way::Loud);
        let ended = rig.silence().await;
        assert_eq!(ended.phase, Phase::Failed, "{}", ended.words);
        assert!(ended.words.contains("Slow is NOT SILENCED on b"), "{}", ended.words);
        let outcomes: Vec<_> =
            chains(&rig.server.state).expect("the journal").iter().flat_map(|chain| chain.lines.clone()).collect();
        assert!(outcomes.iter().any(|line| line.entry.phase == Some(Phase::Failed)));
    }

    #[tokio::test]
    async fn a_silence_made_from_an_alert_covers_it_whoever_sent_it_and_by_its_raw_values() {
        let rig = rig(Way::Accepted);
        let sent = |name: &str, replica: &str| {
            let mut one = alert(&[("alertname", name), ("ruler", replica), ("what", "col1 col2")], now());
            let raw = [("alertname", name), ("ruler", replica), ("what", "col1\tcol2")];
            one.raw = Some(raw.map(|(name, value)| (name.into(), value.into())).to_vec().into());
            one
        };
        let all = vec![sent("Slow", "a"), sent("Slow", "b"), sent("Full", "a"), sent("Full", "b")];
        *rig.server.alerts.lock().expect("one") = all.clone();
        *rig.server.compares.lock().expect("one") = true;
        let sketch = Sketch {
            action: SilenceDeed::Silence,
            matchers: vec![Matcher::equal("alertname", "Slow"), Matcher::equal("ruler", "a")],
            is_suggested: true,
            holds_for: USUAL_SILENCE,
            seen: None,
            chosen: vec![all[0].key.clone()],
        };
        let plan = rig.silencer.plan(sketch.clone()).await;
        assert_eq!(plan.matchers, [Matcher::equal("alertname", "Slow"), Matcher::equal("what", "col1\tcol2")]);
        assert!(plan.warnings[0].contains("ruler is left out"), "{:?}", plan.warnings);
        assert!(plan.hides.len() == 2 && plan.hides.iter().all(|hidden| hidden.is_chosen), "{:?}", plan.hides);
        let ended = rig.silencer.carry_out(&plan, "", "known").await;
        assert_eq!(ended.phase, Phase::Done, "{}", ended.words);

        let written = rig.silencer.plan(Sketch { is_suggested: false, ..sketch }).await;
        assert!(written.matchers[1].name == "ruler" && written.left_out.is_empty(), "what somebody wrote stays");
    }

    #[tokio::test(start_paused = true)]
    async fn a_lost_answer_is_looked_up_and_never_sent_again() {
        for (way, phase) in [(Way::AnswerLost, Phase::Done), (Way::Swallowed, Phase::Unknown)] {
            let rig = rig(way);
            let ended = rig.silence().await;
            assert_eq!((ended.phase, rig.sent()), (phase, 1), "{}", ended.words);
            assert!(rig.server.whats().contains(&What::Ended));
        }
        let rig = rig(Way::Rejected);
        let ended = rig.silence().await;
        assert_eq!((ended.phase, ended.words.as_str()), (Phase::Refused, "bad matcher."));
    }

    #[tokio::test]
    async fn what_may_not_be_is_refused_journalled_and_never_sent() {
        let rig = rig(Way::Accepted);
        let plan = rig.plan(SilenceDeed::Silence).await;
        let refused = |silencer: Silencer, typed: &'static str, reason: &'static str| {
            let plan = plan.clone();
            async move {
                let ended = silencer.carry_out(&plan, typed, reason).await;
                assert_eq!(ended.phase, Phase::Refused);
                ended.words
            }
        };
        let own = || rig.silencer.clone();
        assert!(refused(own(), "", " ").await.contains("asks for a reason"));
        assert!(refused(own(), "YES", "why").await.contains("confirmation is not right"));
        let read_only = Silencer { grant: Err("production is read-only.".into()), ..own() };
        assert!(refused(read_only, "", "why").await.contains("read-only"));
        let lee = Silencer { author: Author { name: "lee".into(), origin: String::new() }, ..own() };
        assert!(refused(lee, "", "why").await.contains("made by mori"));
        let late = Silencer { clock: Arc::new(|| now() + TimeDelta::minutes(15)), ..own() };
        assert!(refused(late, "", "why").await.contains("expired"));
        let elsewhere = Silencer { environment: "staging".into(), ..own() };
        assert!(refused(elsewhere, "", "why").await.contains("of production, not of staging"));
        rig.server.alerts.lock().expect("one").push(alert(&[("alertname", "Down")], now()));
        assert!(refused(own(), "", "why").await.contains("it would hide Down now"), "not what was shown");
        assert_eq!(rig.sent(), 0);
        assert!(rig.server.whats().iter().all(|what| *what == What::Refused));
    }

    #[tokio::test]
    async fn an_edited_document_is_refused_or_no_wider() {
        let rig = rig(Way::Accepted);
        let honest = serde_json::to_value(rig.plan(SilenceDeed::Silence).await).expect("a document");
        rig.server.alerts.lock().expect("one").push(alert(&[("alertname", "Down")], now()));
        let edited = |edits: &[(&str, serde_json::Value)]| -> Silencing {
            let mut document = honest.clone();
            for (place, edit) in edits {
                *document.pointer_mut(place).expect("a place") = edit.clone();
            }
            serde_json::from_value(document).expect("a document")
        };
        // In this server every matcher covers everything: what another matcher hides was not shown.
        let other = serde_json::json!([Matcher::equal("alertname", "Down")]);
        let shown = serde_json::json!({
            "alert": "Down", "service": null, "severity": "high", "summary": "", "fingerprint": "f", "is_chosen": false,
        });
        let all = serde_json::json!([honest["hides"][0], shown]);
        let everything = serde_json::json!([Matcher {
            operator: crate::domain::alert::Operator::Like,
            ..Matcher::equal("alertname", ".*")
        }]);
        let seen = serde_json::json!({
            "id": "4ef1", "starts_at": now(), "ends_at": now(), "created_by": "lee", "comment": "theirs",
        });
        let bare = serde_json::json!({"gesture": "enter", "word": "GO", "needs_reason": false});
        for (why, edits) in [
            ("it would hide", vec![("/matchers", other.clone())]),
            ("no matcher names anything", vec![("/matchers", everything), ("/hides", all.clone())]),
            ("confirmation is not right", vec![("/hides", all), ("/confirmation", bare)]),
            ("longer than 7 days", vec![("/ends_at", (now() + TimeDelta::days(3_650)).to_rfc3339().into())]),
            ("longer than 7 days", vec![("/ends_at", "+262142-12-31T23:59:59Z".into())]),
            ("over already", vec![("/ends_at", (now() - TimeDelta::hours(1)).to_rfc3339().into())]),
            ("later than now", vec![("/made_at", "2999-01-01T00:00:00Z".into())]),
            (
                "expired",
                vec![
                    ("/made_at", "2001-01-01T00:00:00Z".into()),
                    ("/ends_at", "2001-01-01T02:00:00Z".into()),
                    ("/expires_at", "2999-01-01T00:00:00Z".into()),
                ],
            ),
            ("not of the silence", vec![("/seen", seen)]),
            ("no such silence", vec![("/action", "expire-silence".into())]),
            ("of staging", vec![("/environment", "staging".into())]),
        ] {
            let ended = rig.silencer.carry_out(&edited(&edits), "", "known").await;
            assert_eq!(ended.phase, Phase::Refused, "{why}");
            assert!(ended.words.contains(why) || why == "expired", "{why}: {}", ended.words);
        }
        // Refusals that were emptied are found again.
        let forbidden = Silencer { grant: Err("read-only.".into()), ..rig.silencer.clone() };
        assert!(forbidden.carry_out(&edited(&[]), "", "known").await.words.contains("read-only"));
        assert_eq!(rig.sent(), 0);
        assert!(rig.server.whats().iter().all(|what| *what == What::Refused));
    }

    #[tokio::test]
    async fn the_change_of_a_silence_is_of_its_end_alone() {
        let rig = rig(Way::Accepted);
        rig.silence().await;
        let mut plan = rig.plan(SilenceDeed::ChangeSilence).await;
        plan.matchers = vec![Matcher::equal("severity", "warning")];
        let ended = rig.silencer.carry_out(&plan, "", "").await;
        assert!(ended.words.contains("not of the silence it names"), "{}", ended.words);
        assert_eq!(rig.sent(), 1);
    }

    #[tokio::test]
    async fn a_silence_somebody_has_changed_is_not_changed_over_it() {
        let rig = rig(Way::Accepted);
        rig.silence().await;
        let plan = rig.plan(SilenceDeed::ExpireSilence).await;
        rig.server.silences.lock().expect("one")[0].ends_at += TimeDelta::hours(1);
        let ended = rig.silencer.carry_out(&plan, "", "").await;
        assert!(ended.words.contains("not what the plan showed"), "{}", ended.words);
        rig.server.silences.lock().expect("one").clear();
        let ended = rig.silencer.carry_out(&plan, "", "").await;
        assert!(ended.words.contains("no silence 4ef1 any more"), "{}", ended.words);
        assert_eq!(rig.sent(), 1);
    }

    /// What is edited in a document may refuse it and never admit it.
    #[tokio::test]
    async fn a_document_is_refused_by_what_it_says_and_by_what_holds() {
        let rig = rig(Way::Accepted);
        let plan = rig.plan(SilenceDeed::Silence).await;
        let after =
            |minutes| Silencer { clock: Arc::new(move || now() + TimeDelta::minutes(minutes)), ..rig.silencer.clone() };
        let read_only = Silencer { grant: Err("production is read-only.".into()), ..rig.silencer.clone() };
        let refused = Silencing { refusals: vec!["a page is missing.".into()], ..plan.clone() };
        let short = Silencing { expires_at: plan.made_at + TimeDelta::minutes(1), ..plan.clone() };
        let long = Silencing { expires_at: plan.made_at + TimeDelta::days(1), ..plan.clone() };
        for (silencer, document, why) in [
            (rig.silencer.clone(), refused, "a page is missing. Nothing was sent."),
            (after(2), short, "the plan has expired: nothing was sent. Make it anew."),
            (after(15), long, "the plan has expired: nothing was sent. Make it anew."),
            (read_only, plan, "production is read-only."),
        ] {
            let ended = silencer.carry_out(&document, "", "known").await;
            assert_eq!((ended.phase, ended.words.as_str()), (Phase::Refused, why));
        }
        assert_eq!(rig.sent(), 0);
    }

    #[tokio::test]
    async fn without_a_journal_nothing_is_silenced() {
        let rig = rig(Way::Accepted);
        let plan = rig.plan(SilenceDeed::Silence).await;
        std::fs::write(rig.server.state.join("journal"), "in the way").expect("a file of ours");
        let ended = rig.silencer.carry_out(&plan, "", "known").await;
        assert!(ended.phase == Phase::Refused && ended.words.contains("journal cannot be written"), "{}", ended.words);
        assert_eq!(rig.sent(), 0);
    }

    fn kept(plan: &Silencing, later: TimeDelta, state: SilenceState) -> Silence {
        Silence {
            id: "4ef1".into(),
            matchers: plan.matchers.clone(),
            starts_at: now(),
            ends_at: plan.ends_at + later,
            created_by: "mori".into(),
            comment: "known (quarterdeck of-another-run)".into(),
            state,
        }
    }

    /// A silence just like ours says nothing of ours.
    #[tokio::test(start_paused = true)]
    async fn after_a_lost_answer_only_the_silence_of_the_run_is_ours() {
        let rig = rig(Way::Swallowed);
        let plan = rig.plan(SilenceDeed::Silence).await;
        rig.server.silences.lock().expect("one").push(kept(&plan, TimeDelta::zero(), SilenceState::Active));
        let ended = rig.silencer.carry_out(&plan, "", "known").await;
        assert!(ended.phase == Phase::Unknown && ended.words.contains("not among the silences"), "{}", ended.words);
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_silence_as_it_was_planned_is_one() {
        let rig = rig(Way::Accepted);
        let plan = rig.plan(SilenceDeed::Silence).await;
        let over = Silencing { action: SilenceDeed::ExpireSilence, ..plan.clone() };
        let (same, later) = (TimeDelta::seconds(30), TimeDelta::minutes(2));
        for (plan, ends, state, phase) in [
            (&plan, same, SilenceState::Active, Phase::Done),
            (&plan, later, SilenceState::Active, Phase::Unknown),
            (&plan, same, SilenceState::Expired, Phase::Unknown),
            (&over, same, SilenceState::Expired, Phase::Done),
            (&over, same, SilenceState::Active, Phase::Unknown),
        ] {
            *rig.server.silences.lock().expect("one") = vec![kept(plan, ends, state)];
            let ended = rig.silencer.verify(plan, "4ef1".into()).await;
            assert_eq!(ended.phase, phase, "{ends} {state:?}: {}", ended.words);
        }
    }
}
