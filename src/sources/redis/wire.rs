//! The protocol of Redis, version 2, as far as it is needed: questions as lists of words, answers within limits.

use std::fmt::Write as _;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

use crate::domain::text;

/// The longest text of an answer, and how many parts one may have, in all.
const LONGEST: usize = 256 * 1024;
const MOST_PARTS: usize = 4_096;
/// How deep lists may lie in lists.
const DEEPEST: usize = 4;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Number(i64),
    List(Vec<Self>),
    Nothing,
}

impl Value {
    /// Its text, or its number as one.
    pub(super) fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Number(number) => Some(number.to_string()),
            Self::List(_) | Self::Nothing => None,
        }
    }

    pub(super) fn number(&self) -> Option<i64> {
        match self {
            Self::Number(number) => Some(*number),
            Self::Text(text) => text.trim().parse().ok(),
            Self::List(_) | Self::Nothing => None,
        }
    }

    pub(super) fn list(&self) -> &[Self] {
        match self {
            Self::List(list) => list,
            _ => &[],
        }
    }

    /// Of a list that is names and values in turn, the value of a name.
    pub(super) fn of(&self, name: &str) -> Option<&Self> {
        let mut pairs = self.list().chunks_exact(2);
        pairs.find_map(|pair| match pair {
            [Self::Text(known), value] if known == name => Some(value),
            _ => None,
        })
    }
}

/// A conversation.
pub(super) struct Talk {
    stream: BufReader<TcpStream>,
    left: usize,
}

impl Talk {
    pub(super) async fn to(host: &str, port: u16) -> Result<Self, String> {
        let stream = TcpStream::connect((host, port)).await;
        let stream = stream.map_err(|error| format!("it cannot be reached: {}", text::clean(&error.to_string())))?;
        Ok(Self { stream: BufReader::new(stream), left: LONGEST })
    }

    /// Asks once. What the server refuses is an error in its own words.
    pub(super) async fn ask(&mut self, words: &[&str]) -> Result<Value, String> {
        let mut question = format!("*{}\r\n", words.len());
        for word in words {
            // A string takes everything.
            let _ = write!(question, "${}\r\n{word}\r\n", word.len());
        }
        self.left = LONGEST;
        let sent = self.stream.get_mut().write_all(question.as_bytes()).await;
        sent.map_err(|error| format!("the conversation broke off: {error}"))?;
        let mut parts = MOST_PARTS;
        self.read(0, &mut parts).await
    }

    async fn line(&mut self) -> Result<String, String> {
        let mut line = Vec::new();
        let limit = u64::try_from(self.left).unwrap_or(u64::MAX);
        let read = (&mut self.stream).take(limit).read_until(b'\n', &mut line).await;
        let read = read.map_err(|error| format!("the conversation broke off: {error}"))?;
        self.left = self.left.saturating_sub(read);
        if !line.ends_with(b"\r\n") {
            return Err("it answered, but not as Redis, or it hung up in the middle".to_owned());
        }
        line.truncate(line.len() - 2);
        Ok(String::from_utf8_lossy(&line).into_owned())
    }

    async fn read(&mut self, depth: usize, parts: &mut usize) -> Result<Value, String> {
        *parts = parts.checked_sub(1).ok_or("its answer has too many parts")?;
        let line = self.line().await?;
        let strange = || "it answered, but not as Redis: is it another server or a proxy?".to_owned();
        let mut letters = line.chars();
        let kind = letters.next().ok_or_else(strange)?;
        let rest = letters.as_str();
        let length = || rest.parse::<i64>().map_err(|_| strange());
        match kind {
            '+' => Ok(Value::Text(rest.to_owned())),
            '-' => Err(text::clean(rest).into_owned()),
            ':' => Ok(Value::Number(length()?)),
            '$' => match usize::try_from(length()?) {
                Err(_) => Ok(Value::Nothing),
                Ok(length) if length + 2 > self.left => Err("its answer is too long".to_owned()),
                Ok(length) => {
                    let mut bytes = vec![0; length + 2];
                    let read = self.stream.read_exact(&mut bytes).await;
                    read.map_err(|error| format!("the conversation broke off: {error}"))?;
                    self.left -= length + 2;
                    bytes.truncate(length);
                    Ok(Value::Text(String::from_utf8_lossy(&bytes).into_owned()))
                }
            },
            '*' if depth < DEEPEST => match usize::try_from(length()?) {
                Err(_) => Ok(Value::Nothing),
                Ok(count) if count > *parts => Err("its answer has too many parts".to_owned()),
                Ok(count) => {
                    let mut list = Vec::with_capacity(count.min(64));
                    for _ in 0..count {
                        list.push(Box::pin(self.read(depth + 1, parts)).await?);
                    }
                    Ok(Value::List(list))
                }
            },
            _ => Err(strange()),
        }
    }
}
