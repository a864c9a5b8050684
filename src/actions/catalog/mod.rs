//! Every action there is: one file, one line.

mod accept_handoff;
mod accept_swap;
mod acknowledge;
mod acknowledge_incident;
mod add_responder;
mod add_window;
mod ask_swap;
mod assign;
mod back_up_now;
mod cancel_window;
mod change_silence;
mod declare;
mod edit_note;
mod escalate;
mod exec;
mod expire_silence;
mod failover;
mod finish_window;
mod follow_up;
mod freeze;
mod hand_off;
mod incident_note;
mod link;
mod maintenance_extend;
mod maintenance_off;
mod maintenance_on;
mod merge;
mod move_window;
mod note;
mod override_shift;
mod pause;
mod pause_failover;
mod port_forward;
mod post_update;
mod reassign;
mod record_backup;
mod record_restore_test;
mod reopen;
mod resolve;
mod restart;
mod restart_pod;
mod resume;
mod resume_cronjob;
mod resume_failover;
mod rollback;
mod run_now;
mod scale;
mod set_image;
mod set_phase;
mod set_severity;
mod silence;
mod snooze;
mod start_window;
mod suspend;
mod take_role;
mod take_shift;
mod temporary_schedule;
mod thaw;
mod tick;
mod tick_handoff;
mod tick_task;
mod unacknowledge;
mod unlink;
mod unmerge;
mod verify_backup;
mod withdraw_note;
mod withdraw_override;

use std::fmt;

use super::contract::Action;

/// The actions a console is given, in the order of its menu.
#[derive(Clone, Copy)]
pub struct Catalog(pub &'static [&'static dyn Action]);

impl Catalog {
    /// Every action.
    pub fn all(self) -> impl Iterator<Item = &'static dyn Action> {
        self.0.iter().copied()
    }

    /// An action by its id, or by the one it had before.
    pub fn named(self, id: &str) -> Option<&'static dyn Action> {
        let was = |action: &dyn Action| action.about().was.and_then(|command| command.strip_prefix("action."));
        self.all().find(|action| action.id() == id || was(*action) == Some(id))
    }
}

impl Default for Catalog {
    fn default() -> Self {
        SHIPPED
    }
}

impl fmt::Debug for Catalog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.all().map(<dyn Action>::id)).finish()
    }
}

/// The actions that are shipped.
pub const SHIPPED: Catalog = Catalog(&[
    &rollback::Rollback,
    &restart::Restart,
    &restart_pod::RestartPod,
    &pause::Pause,
    &resume::Resume,
    &scale::Scale,
    &set_image::SetImage,
    &maintenance_on::ACTION,
    &maintenance_extend::ACTION,
    &maintenance_off::ACTION,
    &run_now::ACTION,
    &suspend::ACTION,
    &resume_cronjob::ACTION,
    &acknowledge::Acknowledge,
    &unacknowledge::Unacknowledge,
    &note::Note,
    &edit_note::EditNote,
    &withdraw_note::WithdrawNote,
    &silence::Silence,
    &change_silence::ChangeSilence,
    &expire_silence::ExpireSilence,
    &exec::Exec,
    &port_forward::PortForward,
    &add_window::AddWindow,
    &move_window::MoveWindow,
    &cancel_window::CancelWindow,
    &start_window::StartWindow,
    &finish_window::FinishWindow,
    &tick_task::TickTask,
    &freeze::Freeze,
    &thaw::Thaw,
    &declare::Declare,
    &acknowledge_incident::ACTION,
    &escalate::ACTION,
    &add_responder::ACTION,
    &reassign::ACTION,
    &snooze::ACTION,
    &assign::ACTION,
    &take_role::ACTION,
    &set_severity::ACTION,
    &set_phase::ACTION,
    &tick::ACTION,
    &incident_note::ACTION,
    &post_update::ACTION,
    &follow_up::ACTION,
    &link::ACTION,
    &unlink::ACTION,
    &merge::ACTION,
    &unmerge::ACTION,
    &resolve::ACTION,
    &reopen::ACTION,
    &override_shift::OverrideShift,
    &back_up_now::BackUpNow,
    &verify_backup::VerifyBackup,
    &take_shift::TakeShift,
    &temporary_schedule::TemporarySchedule,
    &ask_swap::AskSwap,
    &accept_swap::AcceptSwap,
    &withdraw_override::WithdrawOverride,
    &tick_handoff::TickHandoff,
    &hand_off::HandOff,
    &accept_handoff::AcceptHandoff,
    &record_backup::RecordBackup,
    &record_restore_test::RecordRestoreTest,
    &failover::Failover,
    &pause_failover::PauseFailover,
    &resume_failover::ResumeFailover,
]);

/// A shipped action by its id, or by the one it had before.
pub fn named(id: &str) -> Option<&'static dyn Action> {
    SHIPPED.named(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::subject::SubjectKind;

    #[test]
    fn ids_and_words_are_unique_and_typed_words_are_short() {
        for (place, action) in SHIPPED.all().enumerate() {
            let others = || SHIPPED.all().skip(place + 1);
            assert!(others().all(|other| other.id() != action.id()), "{}", action.id());
            // Without a word of its own it is confirmed by the name of its target.
            let is_said = |word: &str| !word.is_empty() && word == action.about().word;
            assert!(!others().any(|other| is_said(other.about().word)), "{}", action.about().word);
            assert_eq!(action.about().command, format!("action.{}", action.id()));
            let word = action.about().word;
            assert!(word.chars().all(|letter| letter.is_ascii_uppercase() || letter == '-'), "{word}");
            // What is said in the store is confirmed by Enter alone, everywhere; a script writes the word.
            let is_entered =
                matches!(action.about().on, SubjectKind::Alert | SubjectKind::Incident | SubjectKind::Schedule);
            assert!(word.len() <= 10 || is_entered, "{word}");
        }
    }
}
