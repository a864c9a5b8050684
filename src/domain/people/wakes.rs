//! Whom nothing can wake.

use super::Person;

/// What to know of people before they are relied on: nobody is woken by a mail.
pub fn warnings(people: &[Person]) -> Vec<String> {
    let is_deaf = |person: &&Person| !person.has_left && !person.reach.iter().any(super::Reach::wakes);
    let said = |person: &Person| {
        let how =
            if person.reach.is_empty() { "no channel is given" } else { "mail and chat wait until somebody looks" };
        format!("NOTHING CAN WAKE {}: {how}. Give a reach of sms, phone, push or pagerduty.", person.handle)
    };
    people.iter().filter(is_deaf).map(said).collect()
}
