//! The first words of PostgreSQL and Redis, without logging in: what `pg_isready` and `redis-cli ping` ask.

use std::path::Path;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::tls;
use crate::domain::health::{Certificate, Condition};
use crate::domain::text;

/// What a server said.
pub(super) struct Word {
    pub(super) condition: Condition,
    pub(super) reason: Option<String>,
    pub(super) certificate: Option<Certificate>,
}

impl Word {
    const fn well() -> Self {
        Self { condition: Condition::Healthy, reason: None, certificate: None }
    }

    fn of(condition: Condition, reason: String) -> Self {
        Self { condition, reason: Some(reason), certificate: None }
    }
}

/// The request to speak TLS: its length, and a number no version has.
const ASKS_FOR_TLS: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];
/// The longest error that is read.
const LONGEST_ERROR: usize = 8 * 1024;

/// Asks a PostgreSQL whether it takes connections, under TLS where it speaks it.
pub(super) async fn postgres(mut stream: TcpStream, host: &str, authorities: Option<&Path>) -> Result<Word, String> {
    let broke = |error: std::io::Error| format!("The conversation broke off: {}.", text::clean(&error.to_string()));
    stream.write_all(&ASKS_FOR_TLS).await.map_err(broke)?;
    let mut answer = [0];
    stream.read_exact(&mut answer).await.map_err(broke)?;
    match answer {
        [b'S'] => {
            let (mut stream, certificate) = tls::handshake(stream, host, authorities).await?;
            let word = greet(&mut stream).await?;
            Ok(Word { certificate: Some(certificate), ..word })
        }
        [b'N'] => greet(&mut stream).await,
        _ => Ok(strange("PostgreSQL")),
    }
}

async fn greet<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> Result<Word, String> {
    let broke = |error: std::io::Error| format!("The conversation broke off: {}.", text::clean(&error.to_string()));
    // Version 3.0, and a name: who it is is not looked at before a password is asked for.
    let mut startup = vec![0, 3, 0, 0];
    startup.extend_from_slice(b"user\0quarterdeck\0database\0postgres\0application_name\0quarterdeck\0\0");
    let length = u32::try_from(startup.len() + 4).unwrap_or(0).to_be_bytes();
    stream.write_all(&[&length[..], &startup].concat()).await.map_err(broke)?;
    let mut head = [0; 5];
    stream.read_exact(&mut head).await.map_err(broke)?;
    let [kind, length @ ..] = head;
    match kind {
        b'R' => Ok(Word::well()),
        b'E' => {
            let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(0).saturating_sub(4).min(LONGEST_ERROR);
            let mut body = vec![0; length];
            stream.read_exact(&mut body).await.map_err(broke)?;
            Ok(refused(&body))
        }
        _ => Ok(strange("PostgreSQL")),
    }
}

/// What an error says: a server that starts or is full is not well; one that does not know us answers, and that is what was asked.
fn refused(body: &[u8]) -> Word {
    let field = |kind: u8| {
        let fields = body.split(|byte| *byte == 0);
        let found = fields.filter_map(|field| field.split_first()).find(|(first, _)| **first == kind);
        found.map(|(_, words)| text::clean(&String::from_utf8_lossy(words)).into_owned()).unwrap_or_default()
    };
    let (code, words) = (field(b'C'), field(b'M'));
    match code.as_str() {
        "57P03" => Word::of(Condition::Unhealthy, format!("It takes no connections: {words}.")),
        "53300" => Word::of(Condition::Degraded, format!("It is full: {words}.")),
        _ if code.starts_with("28") || code.starts_with("3D") => Word::well(),
        _ => Word::of(Condition::Unknown, format!("It answered with an error: {words} ({code}).")),
    }
}

/// Asks a Redis.
pub(super) async fn redis(mut stream: TcpStream) -> Result<Word, String> {
    let broke = |error: std::io::Error| format!("The conversation broke off: {}.", text::clean(&error.to_string()));
    stream.write_all(b"PING\r\n").await.map_err(broke)?;
    let mut line = Vec::with_capacity(64);
    while !line.ends_with(b"\r\n") && line.len() < 256 {
        let mut byte = [0];
        stream.read_exact(&mut byte).await.map_err(broke)?;
        line.extend_from_slice(&byte);
    }
    let words = text::clean(String::from_utf8_lossy(&line).trim_end()).into_owned();
    let word = match words.split([' ', ',']).next() {
        // Since version 7 one without a password refuses strangers with DENIED; it answers all the same.
        Some("+PONG" | "-NOAUTH" | "-DENIED") => Word::well(),
        Some("-LOADING" | "-MASTERDOWN" | "-MISCONF" | "-CLUSTERDOWN") => {
            Word::of(Condition::Unhealthy, format!("It says {}.", words.trim_start_matches('-')))
        }
        _ => strange("Redis"),
    };
    Ok(word)
}

fn strange(kind: &str) -> Word {
    Word::of(Condition::Unknown, format!("Something answered, but not as {kind}. Is it another server or a proxy?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_does_not_know_us_answers_all_the_same() {
        let said = |code: &str| refused(format!("SFATAL\0C{code}\0Mthe words\0\0").as_bytes());
        assert_eq!(said("28P01").condition, Condition::Healthy);
        assert_eq!(said("28000").condition, Condition::Healthy);
        assert_eq!(said("3D000").condition, Condition::Healthy);
        assert_eq!(said("57P03").condition, Condition::Unhealthy);
        assert_eq!(said("53300").condition, Condition::Degraded);
        assert_eq!(said("XX000").reason.as_deref(), Some("It answered with an error: the words (XX000)."));
        assert_eq!(refused(b"").condition, Condition::Unknown);
    }
}
