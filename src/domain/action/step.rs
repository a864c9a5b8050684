//! A step of a plan: what it does, through which port, and the request that does it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Given;
use super::plan::Pin;
use crate::domain::alert::Severity;
use crate::domain::subject::Subject;
use crate::domain::time::Instant;

/// One request of a plan, exactly as it is sent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The media type of the body.
    pub content_type: String,
    /// The body.
    pub body: Value,
}

/// What a step is to its action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The change itself: refused, nothing was done; without an answer, nobody knows.
    #[default]
    Change,
    /// One pod of those that nobody else replaces: sent once the change is made and the pod before has a successor that is ready.
    Replacing,
    /// It clears the way of the change, is sent only once that is known to be made, and may be late or not needed any more.
    Clearing,
    /// Something a later step needs: others are held off, what was is remembered.
    Prepare,
    /// It sends nothing and waits until the world is as the next step needs it.
    Gate,
}

/// What may be done where the answer to a step was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lost {
    /// Look for its effect, and send nothing.
    #[default]
    Observe,
    /// Send it again once its effect is not seen in time: sent twice it does what it does sent once.
    SendAgain,
}

/// How a step is taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// What it does, as a sentence.
    pub words: String,
    /// The request that does it, through the port of the step.
    pub request: Request,
    /// What its object shows once it is taken back.
    pub expects: Vec<Pin>,
}

/// A result of an earlier step that a request is completed with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Use {
    /// The earlier step, by its id.
    pub step: String,
    /// Where the result stands in its object, as it was seen when that step was reached; a JSON pointer.
    pub result: String,
    /// Where it goes in the body of this request; a JSON pointer.
    pub to: String,
}

/// What a step is in a target whose steps are taken one after the other, each judged by what is seen before the next is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InOrder {
    /// Its id within the target.
    pub id: String,
    /// What it acts on, and what it is judged by.
    pub on: Subject,
    /// The identity of that when the plan was made: a uid.
    pub uid: String,
    /// What its object shows once it is reached, where the action judges by nothing else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub expects: Vec<Pin>,
    /// How long it is waited for, in seconds.
    pub deadline_seconds: u32,
    /// What a lost answer allows.
    #[serde(default)]
    pub lost: Lost,
    /// How it is taken back; `None` where nothing need be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Undo>,
    /// Whether nothing is taken back once it was sent: from there on the way leads forward alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_point_of_no_return: bool,
    /// Results of earlier steps that its request is completed with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<Use>,
    /// Whether it makes its object, or waits for one that an earlier step makes: it has no identity before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_made: bool,
    /// Whether it was reached already when the plan was made: it is shown, and not sent. Never said of a gate, which is looked at when its
    /// turn comes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_done: bool,
}

impl InOrder {
    /// How long a step is waited for whose effect is there with its answer, in seconds.
    pub const AT_ONCE: u32 = 30;
}

/// What is seen of a step that was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Judgement {
    /// Not there yet.
    Waiting(String),
    /// It is as the step is to leave it.
    Reached,
    /// It will not get there.
    Failed(String),
    /// Somebody else made it something else.
    TakenOver(String),
}

impl Port {
    /// Whether it is where most steps go; a document does not say so.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it so")]
    fn is_cluster(&self) -> bool {
        *self == Self::Cluster
    }

    /// Who answers there.
    pub const fn whose(self) -> &'static str {
        match self {
            Self::Cluster | Self::Alertmanager | Self::Pod => "the server",
            Self::Store => "the store",
            Self::Program => "this machine",
            Self::Database => "the database",
        }
    }
}

impl Reached {
    /// Something of a kind that somebody who has read the others was not told of: another pod of the same alert is no other kind.
    pub fn unread<'r>(reached: &'r [Self], read: &[Self]) -> Option<&'r Self> {
        let is_told = |one: &Self| read.iter().any(|known| (&known.name, &known.service) == (&one.name, &one.service));
        reached.iter().find(|one| !is_told(one))
    }
}

/// What a step acts through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Port {
    /// The Kubernetes API.
    #[default]
    Cluster,
    /// The Alertmanagers of the environment.
    Alertmanager,
    /// The store: one transaction, whose answer settles it.
    Store,
    /// A pod, which answers with a session.
    Pod,
    /// A program of the operator on this machine, which answers with its end.
    Program,
    /// What governs a database.
    Database,
}

/// One step, in words and as a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What it does, as a sentence.
    pub words: String,
    /// What it is to the action.
    #[serde(default)]
    pub part: Part,
    /// What it acts through.
    #[serde(default, skip_serializing_if = "Port::is_cluster")]
    pub port: Port,
    /// The request that does it.
    pub request: Request,
    /// The places of the body, as JSON pointers, that hold [placeholders](Stamps): filled once the plan is confirmed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fills: Vec<String>,
    /// What it is where each step is judged by itself; `None` where the target is judged as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_order: Option<Box<InOrder>>,
}

impl Step {
    /// The change itself.
    pub const fn change(words: String, request: Request) -> Self {
        Self { words, part: Part::Change, port: Port::Cluster, request, fills: Vec::new(), in_order: None }
    }

    /// A step that replaces one pod.
    pub fn replacing(words: String, request: Request) -> Self {
        Self { part: Part::Replacing, ..Self::change(words, request) }
    }

    /// A step that clears its way.
    pub fn clearing(words: String, request: Request) -> Self {
        Self { part: Part::Clearing, ..Self::change(words, request) }
    }

    /// Whether it says what is given for a field, and is the same step whatever that is.
    pub fn says(&self, field: &str) -> bool {
        let place = format!("{{{field}}}");
        self.fills.iter().any(|at| self.request.body.pointer(at) == Some(&Value::String(place.clone())))
    }

    /// A step of a target whose steps are taken one after the other: its id there, what it acts on by identity, what it does, and how. Its
    /// effect is there with its answer, a lost answer is only looked for, and there is nothing to take back, unless that is said of it.
    pub fn in_order(part: Part, id: &str, (on, uid): (Subject, &str), words: &str, request: Request) -> Self {
        let in_order = InOrder {
            id: id.to_owned(),
            on,
            uid: uid.to_owned(),
            expects: Vec::new(),
            deadline_seconds: InOrder::AT_ONCE,
            lost: Lost::Observe,
            undo: None,
            is_point_of_no_return: false,
            uses: Vec::new(),
            is_made: false,
            is_done: false,
        };
        Self { part, in_order: Some(Box::new(in_order)), ..Self::change(words.to_owned(), request) }
    }

    fn with(mut self, say: impl FnOnce(&mut InOrder)) -> Self {
        if let Some(one) = &mut self.in_order {
            say(one);
        }
        self
    }

    /// What its object shows once it is reached.
    #[must_use]
    pub fn expecting(self, path: &str, value: Value) -> Self {
        self.with(|one| one.expects.push(Pin { path: path.to_owned(), value }))
    }

    /// How long it is waited for, in seconds.
    #[must_use]
    pub fn within(self, seconds: u32) -> Self {
        self.with(|one| one.deadline_seconds = seconds)
    }

    /// Sent twice it does what it does sent once.
    #[must_use]
    pub fn sent_again(self) -> Self {
        self.with(|one| one.lost = Lost::SendAgain)
    }

    /// How it is taken back: what that does, the request, and what its object shows then.
    #[must_use]
    pub fn taken_back(self, words: &str, request: Request, path: &str, value: Value) -> Self {
        let undo = Undo { words: words.to_owned(), request, expects: vec![Pin { path: path.to_owned(), value }] };
        self.with(|one| one.undo = Some(undo))
    }

    /// Nothing is taken back once it was sent.
    #[must_use]
    pub fn without_return(self) -> Self {
        self.with(|one| one.is_point_of_no_return = true)
    }

    /// A result of an earlier step, by a JSON pointer into its object, goes to a place of the body.
    #[must_use]
    pub fn using(self, step: &str, result: &str, to: &str) -> Self {
        let one = Use { step: step.to_owned(), result: result.to_owned(), to: to.to_owned() };
        self.with(|step| step.uses.push(one))
    }

    /// It makes its object, or waits for one that an earlier step makes.
    #[must_use]
    pub fn making(self) -> Self {
        self.with(|one| one.is_made = true)
    }

    /// Whether it is so already.
    #[must_use]
    pub fn done(self, is_done: bool) -> Self {
        self.with(|one| one.is_done = is_done)
    }

    /// What it does, and what it is beside an ordinary change, in words.
    pub fn said(&self) -> String {
        let Some(one) = &self.in_order else { return self.words.clone() };
        let marks = [
            (one.is_done, "ALREADY SO"),
            (self.part == Part::Gate, "waits for it"),
            (one.is_point_of_no_return, "POINT OF NO RETURN"),
        ];
        let marks: Vec<&str> = marks.into_iter().filter(|(is_so, _)| *is_so).map(|(_, words)| words).collect();
        if marks.is_empty() { self.words.clone() } else { format!("{} ({})", self.words, marks.join(", ")) }
    }

    /// Whether it sends anything.
    pub const fn is_sent(&self) -> bool {
        !self.request.method.is_empty()
    }

    /// Judges what is seen of its object by the fields it is to end with.
    pub fn judge(&self, document: &Value) -> Judgement {
        let expects = self.in_order.as_ref().map(|one| one.expects.as_slice()).unwrap_or_default();
        missing(expects, document).map_or(Judgement::Reached, Judgement::Waiting)
    }

    /// The request as it is sent.
    pub fn filled(&self, stamps: &Stamps<'_>) -> Request {
        let mut request = self.request.clone();
        for place in &self.fills {
            if let Some(Value::String(text)) = request.body.pointer_mut(place) {
                *text = stamps.fill(text);
            }
        }
        request
    }
}

/// The first field that is not as expected, in words; `None` when all are.
pub fn missing(expects: &[Pin], document: &Value) -> Option<String> {
    let seen = |pin: &Pin| document.pointer(&pin.path).unwrap_or(&Value::Null).clone();
    let other = expects.iter().find(|pin| seen(pin) != pin.value)?;
    Some(format!("{} is {}, not {}", other.path, seen(other), other.value))
}

/// What stands for the placeholders `{run}`, `{reason}` and `{now}` of a request once its plan is confirmed; and for a place that holds
/// nothing but the name of a field, as `{text}`, what was given for it.
#[derive(Debug, Clone, Copy)]
pub struct Stamps<'a> {
    /// The run.
    pub run: &'a str,
    /// The reason that was given.
    pub reason: &'a str,
    /// When it is sent.
    pub now: Instant,
    /// What was given for the fields of the action.
    pub given: &'a Given,
}

impl Stamps<'_> {
    /// A text with its placeholders filled, once: what a reason says is no placeholder.
    fn fill(&self, text: &str) -> String {
        let field = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        if let Some(field) = field.filter(|field| !["run", "reason", "now"].contains(field) && !field.contains('{')) {
            return self.given.text(field).unwrap_or_default().to_owned();
        }
        let mut filled = String::new();
        let mut rest = text;
        while let Some(at) = rest.find('{') {
            let (before, from) = rest.split_at(at);
            filled.push_str(before);
            let now = self.now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
            let known = [("{run}", self.run), ("{reason}", self.reason), ("{now}", now.as_str())];
            let (name, value) = known.into_iter().find(|(name, _)| from.starts_with(name)).unwrap_or(("{", "{"));
            filled.push_str(value);
            rest = from.get(name.len()..).unwrap_or_default();
        }
        filled + rest
    }
}

/// Something else that a plan reaches: an alert that a silence hides. Texts are cleaned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reached {
    /// Its name.
    pub name: String,
    /// Its service; `None` is shown as UNMAPPED.
    pub service: Option<String>,
    /// How bad.
    pub severity: Severity,
    /// What it says.
    pub summary: String,
    /// Which one of the environment.
    pub id: String,
    /// Whether it is one of those that were chosen.
    pub is_chosen: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time;
    use serde_json::json;

    #[test]
    fn placeholders_are_filled_once_and_only_where_the_step_says() {
        let body = json!({"comment": "{reason} (quarterdeck {run}) {other", "at": "{now}", "matchers": ["{reason}"]});
        let request =
            Request { method: "POST".into(), path: "/{run}".into(), content_type: "application/json".into(), body };
        let fills = vec!["/comment".to_owned(), "/at".to_owned(), "/nowhere".to_owned(), "/matchers".to_owned()];
        let step = Step { fills, ..Step::change("Do it.".into(), request) };
        let now = time::from_seconds(1_800_000_000);
        let given = Given::default().with("text", "it says {reason}");
        let stamps = Stamps { run: "r1", reason: "it says {run}", now, given: &given };
        let filled = step.filled(&stamps);
        assert_eq!(filled.body["comment"], "it says {run} (quarterdeck r1) {other", "a reason is no placeholder");
        assert_eq!(filled.body["at"], "2027-01-15T08:00:00.000Z");
        assert_eq!(filled.body["matchers"], json!(["{reason}"]), "a label of an alert is no placeholder");
        assert_eq!(filled.path, "/{run}");

        let body = json!({"note": "{text}", "title": "{title}"});
        let request = Request { body, ..step.request };
        let step =
            Step { fills: vec!["/note".to_owned(), "/title".to_owned()], ..Step::change("Do it.".into(), request) };
        let filled = step.filled(&stamps);
        assert_eq!((&filled.body["note"], &filled.body["title"]), (&json!("it says {reason}"), &json!("")));
        assert!(step.says("text") && !step.says("matcher"), "what it says is asked for by name");
    }

    #[test]
    fn one_more_of_a_kind_that_was_read_is_no_news() {
        let one = |name: &str, service: Option<&str>, id: &str| Reached {
            name: name.into(),
            service: service.map(Into::into),
            severity: Severity::High,
            summary: String::new(),
            id: id.into(),
            is_chosen: false,
        };
        let read = [one("Slow", Some("cart"), "1")];
        assert_eq!(Reached::unread(&[one("Slow", Some("cart"), "2")], &read), None);
        for other in [one("Slow", Some("pay"), "1"), one("Slow", None, "1"), one("Down", Some("cart"), "1")] {
            assert_eq!(Reached::unread(std::slice::from_ref(&other), &read), Some(&other));
        }
    }
}
