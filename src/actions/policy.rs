//! Who may do what, and how carefully.

use crate::actions::contract::{Action, Reason};
use crate::domain::action::{Actor, Confirmation, Gesture, Target, Tier, gesture};
use crate::domain::environment::Guard;
use crate::domain::service;
use crate::domain::text::is_visible;

/// Whether the environment lets this console act; if not, why, as a sentence.
pub type Grant = Result<(), String>;

/// What confirms an action on these targets under a guard. Chosen by the policy, never by the caller.
pub fn confirmation(action: &dyn Action, guard: Guard, targets: &[Target]) -> Confirmation {
    let workloads = targets.iter().filter_map(|target| Some((target.subject.workload()?, target.service.as_deref())));
    let services = service::count(workloads);
    let gesture = gesture(tier(action, targets), guard, services);
    let word = match (gesture, targets.first()) {
        (Gesture::TypeNameAndReason, Some(first)) => first.subject.name().to_owned(),
        (_, Some(first)) if action.about().word.is_empty() => first.subject.name().to_owned(),
        _ => action.about().word.to_owned(),
    };
    let needs_reason = gesture == Gesture::TypeNameAndReason || action.about().reason == Reason::Needed;
    Confirmation { gesture, word, needs_reason, otherwise: String::new() }
}

/// What an action can do to users on these targets: what it says of itself, or more where more was found on one of them.
pub(super) fn tier(action: &dyn Action, targets: &[Target]) -> Tier {
    targets.iter().map(|target| target.tier).fold(action.about().tier, Tier::max)
}

/// Whether what was given confirms a plan. From a script the word is needed even where a person would press Enter.
pub(super) fn confirms(confirmation: &Confirmation, typed: &str, reason: Option<&str>) -> Result<(), String> {
    // Where a person only presses Enter there is nothing to type; a script names the word all the same.
    let is_entered = confirmation.gesture == Gesture::Enter && typed.trim().is_empty();
    if typed.trim() != confirmation.word && !is_entered {
        let accept = match confirmation.word.split_once(' ') {
            Some((_, what)) if what == Confirmation::UNKNOWN => {
                " Something of it is UNKNOWN: who takes that upon themselves types it after the name, or gives apply --accept unknown."
            }
            _ => "",
        };
        return Err(format!("the confirmation is not right: the plan asks for {:?}.{accept}", confirmation.word));
    }
    if confirmation.needs_reason && !reason.is_some_and(is_visible) {
        return Err("the plan asks for a reason and none was given.".to_owned());
    }
    Ok(())
}

/// Who acts, as the operating system tells; the cluster's name for them is asked later.
pub fn actor(variable: impl Fn(&str) -> Option<String>, host: &str) -> Actor {
    let first = |names: &[&str]| names.iter().find_map(|name| variable(name).filter(|value| !value.is_empty()));
    let ssh =
        first(&["SSH_CLIENT", "SSH_CONNECTION"]).and_then(|value| value.split_whitespace().next().map(str::to_owned));
    Actor {
        os_user: first(&["USER", "LOGNAME"]).unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw())),
        host: host.to_owned(),
        ssh_client: ssh,
        identity: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_confirms_only_when_it_is_the_word() {
        let typed = Confirmation {
            gesture: Gesture::TypeWord,
            word: "ROLLBACK".into(),
            needs_reason: false,
            otherwise: String::new(),
        };
        assert!(confirms(&typed, " ROLLBACK ", None).is_ok());
        assert!(confirms(&typed, "rollback", None).is_err() && confirms(&typed, "", None).is_err());
        let pressed = Confirmation { gesture: Gesture::Enter, ..typed };
        assert!(confirms(&pressed, "", None).is_ok() && confirms(&pressed, "ROLLBACK", None).is_ok());
        assert!(confirms(&pressed, "no", None).is_err());
        let grave =
            Confirmation { gesture: Gesture::TypeNameAndReason, word: "api".into(), needs_reason: true, ..pressed };
        assert!(confirms(&grave, "api", Some(" ")).is_err() && confirms(&grave, "api", Some("\u{200b}")).is_err());
        assert!(confirms(&grave, "api", Some("broken")).is_ok());
    }

    #[test]
    fn the_ssh_client_is_an_address() {
        let actor = actor(|name| (name == "SSH_CLIENT").then(|| "10.0.0.7 51000 22".to_owned()), "bastion");
        assert_eq!(
            (actor.ssh_client.as_deref(), actor.os_user.as_str()),
            (Some("10.0.0.7"), format!("uid {}", rustix::process::getuid().as_raw()).as_str())
        );
    }
}
