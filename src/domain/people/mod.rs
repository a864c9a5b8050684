//! People and their teams: who can be reached how, when a team works, and who may change that.

mod file;
mod role;
mod wakes;

pub use file::{People, parse, written};
pub use role::{ROLES, RoleAbout};
pub use wakes::warnings;

use serde::{Deserialize, Serialize};

/// A way to reach somebody, tried some time after the first page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reach {
    /// The channel, as `sms:+81…`, `email:mori@example.com`, `slack:@mori`.
    pub channel: String,
    /// How long after the page it is tried, in seconds.
    pub after_seconds: u64,
}

impl Reach {
    /// Whether it rings by itself, whatever the person does. Mail and chat wait until somebody looks.
    pub fn wakes(&self) -> bool {
        let kind = self.channel.split(':').next().unwrap_or_default();
        ["sms", "phone", "call", "push", "pagerduty"].contains(&kind)
    }
}

/// A person. One who has left stays readable: incidents of before name them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The short name they are known by, as their operating system user.
    pub handle: String,
    /// Their name.
    pub name: String,
    /// Their time zone, by its IANA name.
    pub zone: String,
    /// How they are reached, in the order in which it is tried.
    pub reach: Vec<Reach>,
    /// What they do; empty where nobody said. [`ROLES`] tells what the known ones answer for.
    pub role: String,
    /// Whether they are on call.
    pub is_on_call: bool,
    /// The level at which they are called, from 1; `None` where they are at none.
    pub level: Option<u64>,
    /// Whether they have left.
    pub has_left: bool,
    /// From 1; every change adds one. 0 for one that is not in the store.
    #[serde(default)]
    pub version: u64,
}

/// When a team works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hours {
    /// When the day begins, in minutes since midnight.
    pub from: u16,
    /// When it ends, in minutes since midnight.
    pub until: u16,
    /// The days of the week; 0 is Sunday.
    pub days: Vec<u8>,
}

impl Default for Hours {
    /// 09:00 to 18:00, Monday to Friday.
    fn default() -> Self {
        Self { from: 9 * 60, until: 18 * 60, days: vec![1, 2, 3, 4, 5] }
    }
}

/// A team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Team {
    /// Its name.
    pub name: String,
    /// Its time zone, by its IANA name.
    pub zone: String,
    /// When it works.
    pub hours: Hours,
    /// The days on which it does not, as `2026-12-25`.
    pub holidays: Vec<String>,
    /// Who is in it, by their handles.
    pub members: Vec<String>,
    /// Who may change it, by their handles.
    pub owners: Vec<String>,
    /// From 1; every change adds one. 0 for one that is not in the store.
    #[serde(default)]
    pub version: u64,
}

impl Person {
    /// The same, whatever version.
    pub fn is_same(&self, other: &Self) -> bool {
        *self == Self { version: self.version, ..other.clone() }
    }
}

impl Team {
    /// The same, whatever version.
    pub fn is_same(&self, other: &Self) -> bool {
        *self == Self { version: self.version, ..other.clone() }
    }
}

/// Whether somebody may change what is there already: a team its owners, a person themselves and the owners of their teams. Whoever is new may
/// be written down by anybody, and so may what nobody owns.
///
/// # Errors
/// The sentence that says whose it is.
pub fn may_change(who: &str, people: &[Person], teams: &[Team], known: &[Team]) -> Result<(), String> {
    let owned = |team: &Team| !team.owners.is_empty() && !team.owners.iter().any(|owner| owner == who);
    for team in teams.iter().filter_map(|team| known.iter().find(|one| one.name == team.name)) {
        if owned(team) {
            return Err(format!(
                "team {} is changed by its owners, {}, and you are {who}.",
                team.name,
                team.owners.join(", ")
            ));
        }
    }
    for person in people.iter().filter(|person| person.version > 0 && person.handle != who) {
        let mut theirs = known.iter().filter(|team| team.members.contains(&person.handle)).peekable();
        if theirs.peek().is_some() && theirs.clone().all(owned) {
            let owners: Vec<&str> = theirs.flat_map(|team| team.owners.iter().map(String::as_str)).collect();
            return Err(format!(
                "{} is changed by themselves and by the owners of their teams, {}, and you are {who}.",
                person.handle,
                owners.join(", ")
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(handle: &str, version: u64) -> Person {
        Person {
            handle: handle.into(),
            name: handle.into(),
            zone: "Etc/UTC".into(),
            reach: Vec::new(),
            role: String::new(),
            is_on_call: false,
            level: None,
            has_left: false,
            version,
        }
    }

    #[test]
    fn a_team_is_its_owners_and_a_person_their_own() {
        let team = Team {
            name: "shop".into(),
            zone: "Etc/UTC".into(),
            hours: Hours::default(),
            holidays: Vec::new(),
            members: vec!["mori".into(), "lee".into()],
            owners: vec!["mori".into()],
            version: 1,
        };
        let known = [team.clone()];
        assert!(may_change("mori", &[person("lee", 1)], std::slice::from_ref(&team), &known).is_ok());
        assert!(may_change("lee", &[person("lee", 1)], &[], &known).is_ok(), "themselves");
        assert!(may_change("lee", &[], std::slice::from_ref(&team), &known).is_err_and(|why| why.contains("mori")));
        assert!(may_change("kim", &[person("lee", 1)], &[], &known).is_err());
        assert!(may_change("kim", &[person("new", 0)], &[Team { name: "other".into(), ..team }], &known).is_ok());
    }

    #[test]
    fn whom_only_a_mail_reaches_is_warned_about() {
        let mail = Reach { channel: "email:lee@example.com".into(), after_seconds: 0 };
        let sms = Reach { channel: "sms:+49".into(), after_seconds: 60 };
        let told = |reach: Vec<Reach>| warnings(&[Person { reach, ..person("lee", 0) }]);
        assert!(told(vec![mail.clone()])[0].contains("NOTHING CAN WAKE lee"));
        assert!(told(Vec::new())[0].contains("no channel"));
        assert_eq!(told(vec![mail, sms]), Vec::<String>::new());
    }
}
