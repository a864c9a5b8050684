//! What a command that changes an incident asks for: the action it is, with what is given.

use super::action::{self, Asked};
use super::{Command, Declare, Doing};
use crate::cli::Format;
use crate::cli::session::Session;

impl Command {
    /// The action it is, on which incident, with what is given; and the form of the answer.
    pub(super) fn asked(&self, session: &Session) -> Result<(Asked, Format), String> {
        let of = |id, number: &u64, doing: &Doing| (Asked::of(id, *number).doing(doing), doing.output);
        let (asked, output) = match self {
            Self::Declare(declare) => return Ok((declare.asked(session)?, declare.output)),
            Self::Ack { number, doing } => of("acknowledge-incident", number, doing),
            Self::Note { number, text, at, doing } => {
                let (asked, output) = of("incident-note", number, doing);
                let at = at.as_deref().map(|at| action::moment(at, session.now())).transpose()?;
                (asked.with("text", Some(text)).with("at", at.as_deref()), output)
            }
            Self::Assign { number, person, to, role: None, doing, .. } => {
                let (asked, output) = of("assign", number, doing);
                (asked.with("person", person.as_deref().or(to.as_deref())), output)
            }
            Self::Assign { number, person, to, role: Some(role), take_over, doing } => {
                let (asked, output) = of("take-role", number, doing);
                let asked = asked.with("person", person.as_deref().or(to.as_deref())).with("role", Some(role));
                (asked.with("take-over", take_over.then_some("")), output)
            }
            Self::Escalate { number, doing } => of("escalate", number, doing),
            Self::AddResponder { number, person, doing } => {
                let (asked, output) = of("add-responder", number, doing);
                (asked.with("person", Some(person)), output)
            }
            Self::Reassign { number, person, doing } => {
                let (asked, output) = of("reassign", number, doing);
                (asked.with("person", Some(person)), output)
            }
            Self::Snooze { number, until, doing } => {
                let (asked, output) = of("snooze", number, doing);
                (asked.with("until", Some(&action::ahead(until, session.now())?)), output)
            }
            Self::Severity { number, severity, doing } => {
                let (asked, output) = of("set-severity", number, doing);
                (asked.with("severity", Some(action::severity(severity)?)), output)
            }
            Self::Phase { number, phase, doing } => {
                let (asked, output) = of("set-phase", number, doing);
                (asked.with("phase", Some(phase)), output)
            }
            Self::Tick { number, item, undone, doing } => {
                let (asked, output) = of("tick", number, doing);
                (asked.with("item", Some(item)).with("undone", undone.then_some("")), output)
            }
            Self::Link { number, what, doing } => {
                let (asked, output) = of("link", number, doing);
                (asked.with("link", Some(what)), output)
            }
            Self::Unlink { number, what, doing } => {
                let (asked, output) = of("unlink", number, doing);
                (asked.with("link", Some(what)), output)
            }
            Self::Merge { number, into, into_option, doing } => {
                let (asked, output) = of("merge", number, doing);
                let into = into.or(*into_option).unwrap_or_default().to_string();
                (asked.with("into", Some(&into)), output)
            }
            Self::Unmerge { number, doing } => of("unmerge", number, doing),
            Self::Update { number, text, audience, doing } => {
                let (asked, output) = of("post-update", number, doing);
                (asked.with("text", Some(text)).with("audience", Some(audience)), output)
            }
            Self::FollowUp { number, text, owner, due, doing } => {
                let (asked, output) = of("follow-up", number, doing);
                (asked.with("text", Some(text)).with("owner", Some(owner)).with("due", due.as_deref()), output)
            }
            Self::Resolve { number, doing } => of("resolve", number, doing),
            Self::Reopen { number, doing } => of("reopen", number, doing),
            Self::List { .. } | Self::Report { .. } | Self::Figures { .. } => {
                return Err("nothing is changed by this.".to_owned());
            }
        };
        Ok((asked, output))
    }
}

impl Declare {
    fn asked(&self, session: &Session) -> Result<Asked, String> {
        let since = self.since.as_deref().map(|since| action::moment(since, session.now())).transpose()?;
        let source = self.source.as_deref().map(action::source).transpose()?;
        let (services, links) = (self.service.join(","), self.link.join(" "));
        let asked = Asked::of("declare", 0)
            .with("title", Some(&self.title))
            .with("severity", Some(action::severity(&self.severity)?))
            .with("service", Some(services.as_str()).filter(|all| !all.is_empty()))
            .with("team", self.team.as_deref())
            .with("source", source)
            .with("impact", self.impact.as_deref())
            .with("since", since.as_deref())
            .with("link", Some(links.as_str()).filter(|all| !all.is_empty()))
            .with("as", self.on_behalf_of.as_deref());
        Ok(asked)
    }
}
