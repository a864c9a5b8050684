//! The loop: drain, update, draw only when something changed, and never wait for anything but the next thing.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant as Tick;

use super::attach::{Ending, attach};
use super::editor::{Edited, edit};
use super::effect::Effect;
use super::message::{Leaving, Message};
use super::model::Model;
use super::pace::{Cause, Pace};
use super::perform::Performer;
use super::pod_session::{Waiting, told};
use super::update;
use crate::domain::time::Instant;
use crate::sources::Clock;
use crate::terminal::{Burst, Frame, Guard, Input, InputEvent, Signal, Signals, Verdict, Writer, size, stop_self};
use crate::theme::{Glyphs, Theme};
use crate::ui::{layout, root};
use crate::world::News;

/// How many messages are taken before a draw gets its turn.
const DRAIN: usize = 64;
/// How long at least passes between two looks at the time while the terminal is lent.
const ASIDE_AT_LEAST: Duration = Duration::from_millis(200);
/// How long a terminal that does not read is waited for.
const PATIENCE: Duration = Duration::from_millis(300);

/// The parts of a running console.
pub struct Runtime {
    /// The state.
    pub model: Model,
    /// What effects are performed with.
    pub performer: Performer,
    /// What tasks tell.
    pub messages: mpsc::Receiver<Message>,
    /// Turns true when the console leaves.
    pub leaving: watch::Sender<bool>,
    /// How it looks.
    pub theme: Theme,
    /// The signs it draws.
    pub glyphs: Glyphs,
    /// The clock.
    pub clock: Clock,
    /// The operator's editor, as a shell takes it.
    pub editor: String,
}

/// The terminal and what belongs to it.
struct Glass {
    guard: Guard,
    writer: Writer,
    input: Option<Input>,
    events: mpsc::Sender<InputEvent>,
    size: (u16, u16),
}

impl Runtime {
    /// Runs until the operator, a signal or a lost terminal ends it; what was under way is finished first.
    ///
    /// # Errors
    /// When there is no terminal to run on.
    pub async fn run(mut self) -> io::Result<()> {
        let guard = Guard::acquire()?;
        // A descriptor of its own: nobody else's buffer gets between the frames.
        let output = std::fs::File::from(rustix::stdio::stdout().as_fd().try_clone_to_owned()?);
        let (events, mut keys) = mpsc::channel(1_024);
        let mut glass = Glass {
            guard,
            writer: Writer::start(output)?,
            input: Some(Input::start(events.clone())?),
            events,
            size: size(),
        };
        let mut signals = Signals::listen()?;
        let mut burst = Burst::default();
        let mut pace = Pace::default();
        let mut redraw_at: Option<Instant> = None;
        self.performer.perform(Effect::FindUnfinished);
        self.performer.perform(Effect::ReadDrafts);
        for effect in self.model.connect_shown() {
            self.performer.perform(effect);
        }
        pace.mark(Cause::Operator, Tick::now());
        loop {
            if pace.take(Tick::now()) {
                redraw_at = self.draw(&glass);
            }
            let now = (self.clock)();
            // What should have been drawn by now has been: a time that is past must not be waited for again.
            let redraw_at = redraw_at.filter(|at| *at > now);
            let clock_due = [redraw_at, update::next_due(&self.model, now)].into_iter().flatten().min();
            let clock_due =
                clock_due.map(|at| Tick::now() + (at - now).to_std().unwrap_or_default().max(Duration::from_millis(5)));
            let (cause, message) = tokio::select! {
                biased;
                signal = signals.next() => match signal {
                    Signal::Interrupt | Signal::Leave => (Cause::Operator, Some(Message::Leave(Leaving::Asked))),
                    Signal::Suspend => {
                        Self::suspend(&mut glass, &mut keys);
                        (Cause::Operator, Some(Message::Continued))
                    }
                    Signal::Continued => {
                        // The shell may have set its own modes meanwhile.
                        let _ = glass.guard.reacquire();
                        (Cause::Operator, Some(Message::Continued))
                    }
                    Signal::Resized => (Cause::Operator, Some(resized(size()))),
                },
                Some(event) = keys.recv() => (Cause::Operator, Some(Self::read(event, &mut burst))),
                Some(message) = self.messages.recv() => (cause_of(&message, &self.model), Some(message)),
                message = self.performer.news() => (cause_of(&message, &self.model), Some(message)),
                () = at(clock_due) => (Cause::World, Some(Message::Clock)),
                () = at(pace.due()) => continue,
            };
            let mut next = message;
            let mut taken = 0;
            while let Some(message) = next.take() {
                if let Message::Resize(columns, rows) = message {
                    glass.size = (columns, rows);
                }
                let is_over = match self.take(message, &mut glass, &mut keys) {
                    Next::On => false,
                    Next::Leave => true,
                    Next::Edit(text) => self.edit(text, &mut glass, &mut keys, &mut signals).await,
                    Next::Attach(run) => self.attach(&run, &mut glass, &mut keys, &mut signals).await,
                };
                if is_over {
                    return self.leave(glass, &mut signals).await;
                }
                taken += 1;
                if taken < DRAIN {
                    next = keys
                        .try_recv()
                        .ok()
                        .map(|event| Self::read(event, &mut burst))
                        .or_else(|| self.messages.try_recv().ok());
                }
            }
            pace.mark(cause, Tick::now());
            if let Some(why) = glass.writer.broken() {
                tracing::warn!(why, "the terminal cannot be written to any more");
                return self.leave(glass, &mut signals).await;
            }
        }
    }

    /// Takes a message in and does what it asks.
    fn take(&mut self, message: Message, glass: &mut Glass, keys: &mut mpsc::Receiver<InputEvent>) -> Next {
        let now = (self.clock)();
        let mut next = Next::On;
        for effect in update(&mut self.model, message, now) {
            match effect {
                Effect::Leave => return Next::Leave,
                Effect::Attach(run) => next = Next::Attach(run),
                Effect::EditText(text) => next = Next::Edit(text),
                Effect::Repaint => glass.writer.repaint(),
                Effect::Copy(text) => glass.writer.copy(&text),
                Effect::Suspend => {
                    Self::suspend(glass, keys);
                    glass.writer.repaint();
                }
                effect => self.performer.perform(effect),
            }
        }
        next
    }

    /// Lets the loop go on beside something that has the terminal, until that ends.
    async fn beside<T>(&mut self, work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        loop {
            let now = (self.clock)();
            let due = update::next_due(&self.model, now);
            let due = due.map(|at| Tick::now() + (at - now).to_std().unwrap_or_default().max(ASIDE_AT_LEAST));
            let message = tokio::select! {
                biased;
                ended = &mut work => return ended,
                Some(message) = self.messages.recv() => message,
                message = self.performer.news() => message,
                () = at(due) => Message::Clock,
            };
            self.aside(message);
        }
    }

    /// Lends the terminal to the operator's editor until it ends; whether the console has to leave then.
    async fn edit(
        &mut self,
        text: String,
        glass: &mut Glass,
        keys: &mut mpsc::Receiver<InputEvent>,
        signals: &mut Signals,
    ) -> bool {
        Self::step_aside(glass);
        let (editor, folder) = (self.editor.clone(), self.performer.state().to_path_buf());
        let edited = match self.beside(edit(&editor, &folder, &text, signals)).await {
            Ok(Edited::Left(written)) => {
                if let Some(text) = written {
                    self.aside(Message::Edited(Ok(text)));
                }
                return true;
            }
            Ok(Edited::Text(text)) => Ok(text),
            Err(sentence) => Err(sentence),
        };
        Self::come_back(glass, keys);
        self.aside(Message::Edited(edited));
        self.aside(Message::Resize(glass.size.0, glass.size.1));
        glass.writer.repaint();
        false
    }

    /// Lends the terminal to a command in a container until it ends; whether the console has to leave then.
    ///
    /// The loop goes on behind it, without a screen: no run waits for a person to leave a shell.
    async fn attach(
        &mut self,
        run: &str,
        glass: &mut Glass,
        keys: &mut mpsc::Receiver<InputEvent>,
        signals: &mut Signals,
    ) -> bool {
        let Some(Waiting { session, words, end }) = self.performer.session(run) else { return false };
        Self::step_aside(glass);
        say(&format!("quarterdeck: {words}. The console is back when it ends."));
        let ending = self.beside(attach(session, true, signals)).await;
        let is_left = matches!(ending, Ok(Ending::Left(_)));
        // Its run journals it; nobody hears it only where that is gone.
        let _ = end.send(told(ending));
        if is_left {
            return true;
        }
        Self::come_back(glass, keys);
        self.aside(Message::Resize(glass.size.0, glass.size.1));
        glass.writer.repaint();
        false
    }

    fn read(event: InputEvent, burst: &mut Burst) -> Message {
        match event {
            InputEvent::Resize(columns, rows) => resized((columns, rows)),
            InputEvent::Hangup => Message::Leave(Leaving::TerminalGone),
            InputEvent::Paste(text) => Message::Pasted(text),
            InputEvent::Keys(keys, at) => match burst.judge(keys, at) {
                Verdict::Typed(chord) => Message::Key(chord),
                Verdict::Together(keys) => Message::Together(keys),
                Verdict::Burst(keys) => Message::Burst(keys),
            },
        }
    }

    /// Draws the scene and hands it to the writer; when an age on it reads differently.
    fn draw(&mut self, glass: &Glass) -> Option<Instant> {
        let (columns, rows) = glass.size;
        self.model.is_too_small = !layout::fits(columns, rows);
        let mut buffer = Buffer::empty(Rect::new(0, 0, columns.max(1), rows.max(1)));
        let now = (self.clock)();
        let sources = self.model.world.sources();
        let hit = root::draw(&self.model.scene(now, &sources), &self.theme, &self.glyphs, &mut buffer);
        self.model.page = hit.page;
        self.model.furthest = hit.furthest;
        glass.writer.submit(Frame { buffer, cursor: hit.cursor });
        hit.next_redraw
    }

    fn suspend(glass: &mut Glass, keys: &mut mpsc::Receiver<InputEvent>) {
        Self::step_aside(glass);
        if let Err(error) = stop_self() {
            tracing::error!(%error, "the process cannot be stopped");
        }
        Self::come_back(glass, keys);
    }

    /// Leaves the terminal to somebody else for a while.
    fn step_aside(glass: &mut Glass) {
        glass.writer.pause(PATIENCE);
        // The reader must not take their keys.
        glass.input = None;
        crate::terminal::release();
    }

    /// Takes the terminal over again.
    fn come_back(glass: &mut Glass, keys: &mut mpsc::Receiver<InputEvent>) {
        let _ = glass.guard.reacquire();
        while keys.try_recv().is_ok() {}
        glass.input = Input::start(glass.events.clone()).ok();
        glass.size = size();
        glass.writer.go_on();
    }

    /// Gives the terminal back at once, then finishes what is under way.
    async fn leave(mut self, glass: Glass, signals: &mut Signals) -> io::Result<()> {
        // However it came to this, what is open is given up, and what is typed is kept.
        self.aside(Message::Leave(Leaving::Asked));
        self.leaving.send_replace(true);
        glass.writer.pause(PATIENCE);
        let Glass { guard, input, .. } = glass;
        drop(input);
        drop(guard);
        self.finish(signals).await;
        Ok(())
    }

    /// Waits for what is under way; what is typed is kept until it is known to have arrived.
    async fn finish(&mut self, signals: &mut Signals) {
        self.performer.written().await;
        if self.performer.is_busy() {
            say(
                "quarterdeck: a run is under way; verifying it to its end. Interrupt again to leave it to the next start.",
            );
            loop {
                tokio::select! {
                    () = self.performer.finish() => break,
                    Some(message) = self.messages.recv() => self.tell(message),
                    // Only a person gives a run up: a line that is lost hangs up twice, and the run goes on.
                    signal = signals.next() => if signal == Signal::Interrupt { break },
                }
            }
        }
        while let Ok(message) = self.messages.try_recv() {
            self.tell(message);
        }
        self.performer.written().await;
    }

    fn tell(&mut self, message: Message) {
        if let Message::RunEnded(run) = &message {
            let words = run.targets.iter().map(|target| target.words.as_str()).collect::<Vec<_>>().join(" ");
            say(&format!("quarterdeck: {}: {} {words}", run.phase.word(), run.reason.as_deref().unwrap_or_default()));
        }
        let now = (self.clock)();
        for effect in update(&mut self.model, message, now) {
            // Nothing else is begun any more.
            if matches!(effect, Effect::KeepDraft(_) | Effect::ForgetDraft(_)) {
                self.performer.perform(effect);
            }
        }
    }

    /// Takes a message in while nothing can be drawn.
    fn aside(&mut self, message: Message) {
        let now = (self.clock)();
        for effect in update(&mut self.model, message, now) {
            self.performer.perform(effect);
        }
    }
}

/// What follows from a message.
enum Next {
    On,
    Leave,
    /// The terminal is lent to the command of this run.
    Attach(String),
    /// The terminal is lent to the operator's editor, with this text.
    Edit(String),
}

/// A line for whoever is left at the terminal; nobody may be.
fn say(words: &str) {
    use std::io::Write;
    let _ = writeln!(io::stderr(), "{words}");
}

fn resized((columns, rows): (u16, u16)) -> Message {
    Message::Resize(columns, rows)
}

/// What the operator waits for is drawn at once: answers, and the first rows there are to see.
fn cause_of(message: &Message, model: &Model) -> Cause {
    match message {
        Message::News(News::Cluster(_, snapshot))
            if model.world.snapshot.rollouts.is_empty() && !snapshot.rollouts.is_empty() =>
        {
            Cause::Operator
        }
        Message::News(News::Cluster(..) | News::Alerts(_) | News::Signals(_) | News::Compared(..)) | Message::Clock => {
            Cause::World
        }
        _ => Cause::Operator,
    }
}

async fn at(due: Option<Tick>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use crate::actions::catalog;
    use std::path::Path;
    use std::sync::Arc;

    use super::*;
    use crate::actions::journal::Journal;
    use crate::app::command_names;
    use crate::app::drafts::{Draft, DraftKey};
    use crate::domain::action::{Phase, Run};
    use crate::keys::{DEFAULT, Keymap};
    use crate::theme::Depth;
    use crate::world::Scope;

    fn runtime(state: &Path) -> (Runtime, mpsc::Sender<Message>) {
        let keymap = Keymap::load(DEFAULT, state, &command_names(catalog::SHIPPED)).0;
        let (told, messages) = mpsc::channel(8);
        let clock: Clock = Arc::new(|| chrono::DateTime::from_timestamp(1_800_000_000, 0).unwrap_or_default());
        let journal = Arc::new(std::sync::Mutex::new(Journal::new(state)));
        let connect: crate::app::Connect = Arc::new(|_| Box::pin(std::future::pending()));
        let performer = Performer::new(
            connect,
            Vec::new(),
            told.clone(),
            state.to_path_buf(),
            journal,
            Arc::default(),
            clock.clone(),
        );
        let runtime = Runtime {
            model: Model::new(Vec::new(), Scope::All, keymap, Vec::new()),
            performer,
            messages,
            leaving: watch::channel(false).0,
            theme: Theme::embedded("mono", Depth::None),
            glyphs: Glyphs::ASCII,
            clock,
            editor: String::new(),
        };
        (runtime, told)
    }

    #[tokio::test]
    async fn what_arrives_while_the_console_is_left_is_no_draft_at_the_next_start() {
        for (phase, is_kept) in [(Phase::Done, false), (Phase::Refused, true), (Phase::Unknown, true)] {
            let state = tempfile::tempdir().expect("a folder");
            let (mut runtime, told) = runtime(state.path());
            let key = DraftKey { form: "note".into(), environment: "test".into(), target: "f".into() };
            let draft = Draft {
                key: key.clone(),
                fields: vec!["mine".into()],
                saved_at: (runtime.clock)(),
                is_on_its_way: true,
            };
            runtime.model.drafts.keep(draft.clone());
            runtime.model.drafts.sending.insert("r".to_owned(), key);
            runtime.performer.perform(Effect::KeepDraft(Box::new(draft)));
            let ended = Run { phase, ..Run::begun("r", 1) };
            told.send(Message::RunEnded(Box::new(ended))).await.expect("room");
            let mut signals = Signals::listen().expect("signals");
            runtime.finish(&mut signals).await;
            let files = std::fs::read_dir(state.path().join("drafts")).expect("a folder").filter_map(Result::ok);
            let texts: Vec<String> = files.filter_map(|file| std::fs::read_to_string(file.path()).ok()).collect();
            assert_eq!(texts.len(), usize::from(is_kept), "{phase:?}");
            let is_on_its_way = texts.iter().any(|text| text.contains("\"is_on_its_way\":true"));
            assert_eq!(is_on_its_way, phase == Phase::Unknown, "{phase:?}: {texts:?}");
        }
    }
}
