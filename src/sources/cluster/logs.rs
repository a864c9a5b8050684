//! The logs of a workload's containers: every pod at once, line by line, without duplicates or holes when a line breaks.

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use http_body_util::BodyExt;
use tokio::sync::mpsc;

use super::connection::Connection;
use super::feed::encoded;
use super::trouble;
use crate::domain::log::LogNews;
use crate::domain::log::{Line, LogAsk, Mask, Origin, Since, Standing, without_codes};
use crate::domain::rollout::{Container, Pod};
use crate::domain::time::{self, Instant};
use crate::sources::error::{SourceError, Trouble};
use crate::sources::observe::ObserveCluster;

/// The longest line, in bytes: its beginning and its end. Of a longer one the middle is left out, and that is said: the root cause of a
/// stack stands at its end.
const LONGEST_HEAD: usize = 48 * 1024;
const LONGEST_TAIL: usize = 16 * 1024;
/// The most lines told at once.
const BATCH: usize = 256;
/// The waits between two attempts.
const FIRST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Reads what is asked until nobody listens, or, where nothing is followed, until everything was read.
pub async fn follow_logs(connection: Connection, ask: LogAsk, mask: Arc<Mask>, news: mpsc::Sender<LogNews>) {
    let reader = Reader { connection: &connection, ask: &ask, mask: &mask, news: &news };
    tokio::select! {
        () = reader.run() => {}
        () = news.closed() => {}
    }
}

/// Whether a container is asked where none is named: what an init container has to say matters while it holds the pod up, and one that
/// stays is one of the others.
const fn is_asked_unnamed(pod: &Pod, container: &Container) -> bool {
    container.stays() || !pod.is_ready
}

struct Reader<'a> {
    connection: &'a Connection,
    ask: &'a LogAsk,
    mask: &'a Mask,
    news: &'a mpsc::Sender<LogNews>,
}

impl Reader<'_> {
    /// Looks at the workload's pods as they come and go; each container has a follower of its own.
    async fn run(&self) {
        let mut known: HashSet<(Arc<str>, Arc<str>)> = HashSet::new();
        let mut followers: FuturesUnordered<BoxFuture<'_, ()>> = FuturesUnordered::new();
        let mut wait = FIRST_WAIT;
        let mut is_troubled = false;
        let mut said = HashSet::new();
        loop {
            let mut looks = self.connection.follow(&self.ask.workload);
            loop {
                let look = tokio::select! {
                    look = looks.next() => look,
                    Some(()) = followers.next() => continue,
                };
                match look {
                    Some(Ok(facts)) => {
                        wait = FIRST_WAIT;
                        if std::mem::take(&mut is_troubled) {
                            self.tell(LogNews::Trouble(None)).await;
                        }
                        for pod in &facts.pods {
                            self.say_left_out(pod, &mut said).await;
                        }
                        for (pod, container) in facts.pods.iter().flat_map(|pod| self.containers(pod)) {
                            if known.insert((pod.uid.clone(), container.clone())) {
                                let origin = Arc::new(Origin { pod: pod.name.clone(), container });
                                followers.push(Box::pin(self.container(origin)));
                            }
                        }
                        if !self.ask.is_followed {
                            while followers.next().await.is_some() {}
                            return;
                        }
                    }
                    Some(Err(error)) => {
                        is_troubled = true;
                        let is_gone = error.trouble == Trouble::NotFound;
                        self.tell(LogNews::Trouble(Some(error.sentence))).await;
                        if is_gone && !self.ask.is_followed {
                            return;
                        }
                    }
                    None => break,
                }
            }
            // The containers are read on while the workload itself cannot be.
            let pause = tokio::time::sleep(wait);
            tokio::pin!(pause);
            loop {
                tokio::select! {
                    () = &mut pause => break,
                    Some(()) = followers.next() => {}
                }
            }
            wait = wait.saturating_mul(2).min(LONGEST_WAIT);
        }
    }

    /// The containers of a pod that are asked for.
    fn containers<'p>(&self, pod: &'p Pod) -> impl Iterator<Item = (&'p Pod, Arc<str>)> {
        let is_asked = self.ask.pod.as_ref().is_none_or(|asked| *asked == pod.name);
        let names = pod.containers.iter().filter(|container| match &self.ask.container {
            Some(asked) => container.name == *asked,
            None => is_asked_unnamed(pod, container),
        });
        names.filter(move |_| is_asked).map(move |container| (pod, container.name.clone()))
    }

    /// Says which containers of a pod are not asked, each name once.
    async fn say_left_out(&self, pod: &Pod, said: &mut HashSet<Arc<str>>) {
        if self.ask.container.is_some() || self.ask.pod.as_ref().is_some_and(|asked| *asked != pod.name) {
            return;
        }
        for container in pod.containers.iter().filter(|container| !is_asked_unnamed(pod, container)) {
            if said.insert(container.name.clone()) {
                let origin = Arc::new(Origin { pod: pod.name.clone(), container: container.name.clone() });
                let words = "not asked: an init container of a pod that is ready; name it to read it";
                self.tell(LogNews::Lines(vec![Line::remark(origin, words)])).await;
            }
        }
    }

    async fn tell(&self, news: LogNews) {
        // Nobody listens only when this ends too.
        let _ = self.news.send(news).await;
    }

    async fn stands(&self, origin: &Arc<Origin>, standing: Standing) {
        self.tell(LogNews::Stands(origin.clone(), standing)).await;
    }

    /// Reads one container's log for as long as its pod is there.
    async fn container(&self, origin: Arc<Origin>) {
        let mut place = Place::new(self.ask.since);
        let mut wait = FIRST_WAIT;
        loop {
            let before = place.at;
            let mut is_next_instance = false;
            match self.read(&origin, &mut place).await {
                Ok(()) if !self.ask.is_followed => return self.stands(&origin, Standing::Ended).await,
                // The instance ended, or the server closes what it has held open for long: go on where it stopped.
                Ok(()) => is_next_instance = true,
                Err(error) if error.trouble == Trouble::NotFound => {
                    return self.stands(&origin, Standing::Ended).await;
                }
                Err(error) => {
                    let is_final = !self.ask.is_followed;
                    self.stands(&origin, Standing::Waiting(error.sentence)).await;
                    if is_final {
                        return;
                    }
                }
            }
            place.begin_again(is_next_instance);
            wait = if place.at == before { wait.saturating_mul(2).min(LONGEST_WAIT) } else { FIRST_WAIT };
            tokio::time::sleep(wait).await;
        }
    }

    /// One request: from the place on, until its end.
    async fn read(&self, origin: &Arc<Origin>, place: &mut Place) -> Result<(), SourceError> {
        let response = self.connection.open_watch(&self.path(origin, place)).await?;
        if self.ask.is_followed {
            self.stands(origin, Standing::Following).await;
        }
        let mut body = response.into_body();
        let mut cutter = Cutter::default();
        let mut batch = Vec::new();
        let mut is_first = place.is_again();
        loop {
            let frame = body.frame().await;
            let is_over = frame.is_none();
            match frame {
                Some(Ok(frame)) => {
                    if let Some(piece) = frame.data_ref() {
                        cutter.feed(piece);
                    }
                }
                Some(Err(error)) => {
                    self.send(&mut batch).await;
                    return Err(trouble::broken_off(&trouble::deepest(&error), self.connection.server()));
                }
                // A log that ends without a line break ends with a line all the same.
                None => cutter.end(),
            }
            while let Some(raw) = cutter.next() {
                let (at, text) = stamped(&raw.text);
                match place.take(at, &text) {
                    Taken::Known => {
                        is_first = false;
                        continue;
                    }
                    Taken::New if std::mem::take(&mut is_first) => {
                        batch.push(Line::remark(origin.clone(), place.seam()));
                    }
                    Taken::New => {}
                }
                // Colours first: one between a name and its secret would hide it from the mask.
                let mut safe = self.mask.apply(&without_codes(&text));
                if let Some((left_out, end)) = &raw.end {
                    let end = self.mask.apply(&without_codes(end));
                    safe = format!("{safe} … ({left_out} bytes left out) … {end}");
                }
                batch.push(Line::read(at, origin.clone(), &safe));
                if batch.len() >= BATCH {
                    self.send(&mut batch).await;
                }
            }
            self.send(&mut batch).await;
            if is_over {
                return Ok(());
            }
        }
    }

    async fn send(&self, batch: &mut Vec<Line>) {
        if !batch.is_empty() {
            self.tell(LogNews::Lines(std::mem::take(batch))).await;
        }
    }

    fn path(&self, origin: &Origin, place: &Place) -> String {
        let since = match (place.at, place.since) {
            // The server counts in whole seconds: what is told twice is left out again by `Place`.
            (Some(at), _) | (None, Since::Time(at)) => format!("&sinceTime={}", at.format("%Y-%m-%dT%H:%M:%SZ")),
            (None, Since::Tail(lines)) => format!("&tailLines={lines}"),
        };
        format!(
            "/api/v1/namespaces/{}/pods/{}/log?container={}&timestamps=true{since}{}{}",
            encoded(&self.ask.workload.namespace),
            encoded(&origin.pod),
            encoded(&origin.container),
            if self.ask.is_followed && !self.ask.is_previous { "&follow=true" } else { "" },
            if self.ask.is_previous { "&previous=true" } else { "" },
        )
    }
}

/// How far a log was read: the newest stamp, and the lines that had it.
struct Place {
    since: Since,
    at: Option<Instant>,
    same: Vec<String>,
    /// Of those, the ones that were read before this request and have not come again.
    again: Vec<String>,
    /// How the request before ended: well, and this one may be another instance's; or not.
    is_next_instance: Option<bool>,
}

#[derive(Debug, PartialEq, Eq)]
enum Taken {
    New,
    /// It was read before.
    Known,
}

impl Place {
    const fn new(since: Since) -> Self {
        Self { since, at: None, same: Vec::new(), again: Vec::new(), is_next_instance: None }
    }

    /// Another request follows: what was read last comes again.
    fn begin_again(&mut self, is_next_instance: bool) {
        if self.at.is_some() {
            self.again.clone_from(&self.same);
            self.is_next_instance = Some(is_next_instance);
        }
    }

    const fn is_again(&self) -> bool {
        self.is_next_instance.is_some()
    }

    /// What is said where the first line of a further request is not one of those read last.
    const fn seam(&self) -> &'static str {
        match self.is_next_instance {
            Some(true) => "the log ended; what follows may be of the next instance of the container",
            _ => "lines may be missing here: the last one read is not in the log any more",
        }
    }

    fn take(&mut self, at: Option<Instant>, text: &str) -> Taken {
        // A line without a stamp is the rest of one that was broken by the runtime; it cannot be told from another.
        let Some(at) = at else { return Taken::New };
        match self.at {
            Some(last) if at < last && self.is_again() => return Taken::Known,
            Some(last) if at == last => {
                if let Some(known) = self.again.iter().position(|known| known == text) {
                    self.again.swap_remove(known);
                    return Taken::Known;
                }
                self.same.push(text.to_owned());
            }
            Some(last) if at < last => {}
            _ => {
                self.at = Some(at);
                self.same = vec![text.to_owned()];
                self.again.clear();
            }
        }
        Taken::New
    }
}

/// The stamp the server puts before a line, and the line.
fn stamped(raw: &str) -> (Option<Instant>, String) {
    let Some((stamp, text)) = raw.split_once(' ') else {
        // An empty line is a stamp alone.
        return time::read(raw).map_or((None, raw.to_owned()), |at| (Some(at), String::new()));
    };
    match time::read(stamp) {
        Some(at) => (Some(at), text.to_owned()),
        None => (None, raw.to_owned()),
    }
}

/// One line as it came.
#[derive(Debug, PartialEq, Eq)]
struct Raw {
    /// The line, or the beginning of one that is too long.
    text: String,
    /// Of such a one how many bytes were left out, and its end.
    end: Option<(usize, String)>,
}

/// Cuts bytes into lines of a bounded length.
#[derive(Default)]
struct Cutter {
    head: Vec<u8>,
    /// What came after the head: at most twice [`LONGEST_TAIL`].
    tail: Vec<u8>,
    left_out: usize,
    whole: VecDeque<Raw>,
}

impl Cutter {
    fn feed(&mut self, mut piece: &[u8]) {
        while let Some(end) = piece.iter().position(|byte| *byte == b'\n') {
            self.keep(&piece[..end]);
            self.finish();
            piece = &piece[end + 1..];
        }
        self.keep(piece);
    }

    fn keep(&mut self, piece: &[u8]) {
        let room = LONGEST_HEAD.saturating_sub(self.head.len()).min(piece.len());
        self.head.extend_from_slice(&piece[..room]);
        for piece in piece[room..].chunks(LONGEST_TAIL) {
            self.tail.extend_from_slice(piece);
            if self.tail.len() > 2 * LONGEST_TAIL {
                self.shorten();
            }
        }
    }

    /// Leaves out what is before the last [`LONGEST_TAIL`] bytes.
    fn shorten(&mut self) {
        let gone = self.tail.len().saturating_sub(LONGEST_TAIL);
        self.tail.drain(..gone);
        self.left_out += gone;
    }

    fn finish(&mut self) {
        self.shorten();
        let mut left_out = std::mem::take(&mut self.left_out);
        if left_out == 0 {
            self.head.append(&mut self.tail);
        } else {
            // Half a word may be half a secret, which no mask knows.
            let is_edge = |byte: &u8| byte.is_ascii_whitespace() || b"\"',;&".contains(byte);
            let end = self.head.iter().rposition(is_edge).map_or(0, |edge| edge + 1);
            let start = self.tail.iter().position(is_edge).unwrap_or(self.tail.len());
            left_out += self.head.len() - end + start;
            self.head.truncate(end);
            self.tail.drain(..start);
        }
        let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end_matches('\r').to_owned();
        let end = (left_out > 0).then(|| (left_out, words(&self.tail)));
        self.whole.push_back(Raw { text: words(&self.head), end });
        self.head.clear();
        self.tail.clear();
    }

    fn end(&mut self) {
        if !self.head.is_empty() {
            self.finish();
        }
    }

    fn next(&mut self) -> Option<Raw> {
        self.whole.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(number: i64) -> Option<Instant> {
        chrono::DateTime::from_timestamp(number, 0)
    }

    #[test]
    fn what_was_read_is_not_read_again_and_nothing_is_lost() {
        let mut place = Place::new(Since::Tail(1));
        let first = [(1, "a"), (2, "b"), (2, "b"), (2, "c")];
        assert!(
            first.iter().all(|(at, text)| place.take(second(*at), text) == Taken::New),
            "equal lines are two lines"
        );
        // The line breaks, and the server tells the last second again.
        place.begin_again(false);
        let again = [(1, "a"), (2, "b"), (2, "b"), (2, "c"), (2, "b"), (2, "d"), (3, "e")];
        let new: Vec<&str> = again
            .iter()
            .filter(|(at, text)| place.take(second(*at), text) == Taken::New)
            .map(|(_, text)| *text)
            .collect();
        assert_eq!(new, ["b", "d", "e"], "a third equal line is new");
    }

    fn cut(pieces: &[&str]) -> Vec<Raw> {
        let mut cutter = Cutter::default();
        for piece in pieces {
            cutter.feed(piece.as_bytes());
        }
        cutter.end();
        std::iter::from_fn(|| cutter.next()).collect()
    }

    #[test]
    fn pieces_become_lines() {
        let lines = cut(&["a", "b\nc\r\n", &"x".repeat(LONGEST_HEAD + LONGEST_TAIL), "\nlast"]);
        assert!(lines.iter().all(|raw| raw.end.is_none()));
        let lengths: Vec<usize> = lines.iter().map(|raw| raw.text.len()).collect();
        assert_eq!(lengths, [2, 1, LONGEST_HEAD + LONGEST_TAIL, 4]);
    }

    #[test]
    fn of_a_line_that_is_too_long_both_ends_are_kept_and_the_cut_is_counted() {
        let long = format!("begin {}the root cause", "word ".repeat(40_000));
        for pieces in
            [vec![&*long], long.as_bytes().chunks(777).map(|piece| std::str::from_utf8(piece).unwrap_or("")).collect()]
        {
            let lines = cut(&pieces);
            let [Raw { text, end: Some((left_out, end)) }] = lines.as_slice() else { panic!("{} lines", lines.len()) };
            assert!(text.starts_with("begin word") && end.ends_with("the root cause"), "{end}");
            assert!(text.len() <= LONGEST_HEAD && end.len() <= LONGEST_TAIL);
            assert_eq!(text.len() + left_out + end.len(), long.len());
        }
    }

    #[test]
    fn no_half_secret_stands_beside_a_cut() {
        let secret = "hunter2".repeat(LONGEST_HEAD);
        let lines = cut(&["login token=", &secret, " failed"]);
        let [Raw { text, end: Some((_, end)) }] = lines.as_slice() else { panic!("{} lines", lines.len()) };
        assert_eq!((text.as_str(), end.as_str()), ("login ", " failed"));
    }

    #[test]
    fn a_stamp_is_taken_off() {
        let (at, text) = stamped("2026-11-25T02:00:00.123456789Z hello there");
        assert_eq!((at.is_some(), text.as_str()), (true, "hello there"));
        assert_eq!(stamped("hello there"), (None, "hello there".to_owned()));
        assert_eq!(stamped("2026-11-25T02:00:00Z").1, "");
    }
}
