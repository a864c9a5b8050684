//! A kubelet that tells of each command what a test says: output, errors, exit code. It speaks the WebSocket protocol of a real one.
//!
//! KWOK's own tells how a command ended in words only.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::tls::{self, Served};

/// The channels of a session, and the protocol that has a status on the last.
const OUTPUT: u8 = 1;
const ERRORS: u8 = 2;
const STATUS: u8 = 3;
const PROTOCOL: &str = "v4.channel.k8s.io";

/// A running one. Dropping it stops it.
pub(crate) struct Kubelet(Served);

impl Kubelet {
    /// Starts one that takes the last word of a command for its exit code.
    pub(crate) fn start() -> Self {
        // A line that breaks is the client's business.
        Self(tls::served("127.0.0.1", |stream| async move { drop(session(stream).await) }))
    }

    /// Its port on loopback.
    pub(crate) const fn port(&self) -> u16 {
        self.0.port
    }
}

async fn session(mut stream: impl AsyncReadExt + AsyncWriteExt + Unpin) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    };
    let query = head.split(' ').nth(1).and_then(|path| path.split_once('?')).map_or("", |(_, query)| query).to_owned();
    let mut words = query.split('&').filter_map(|pair| pair.strip_prefix("command="));
    let code: i32 = words.next_back().and_then(|word| word.parse().ok()).unwrap_or(0);
    let accept = derive_accept_key(header("Sec-WebSocket-Key").unwrap_or_default().as_bytes());
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\
         Sec-WebSocket-Protocol: {PROTOCOL}\r\n\r\n"
    );
    stream.write_all(answer.as_bytes()).await?;
    let status = if code == 0 {
        json!({"metadata": {}, "status": "Success"})
    } else {
        json!({"metadata": {}, "status": "Failure", "message": format!("command terminated with non-zero exit code: exit status {code}"),
            "reason": "NonZeroExitCode", "details": {"causes": [{"reason": "ExitCode", "message": code.to_string()}]}})
    };
    for (channel, text) in [(OUTPUT, "out\n".to_owned()), (ERRORS, "err\n".to_owned()), (STATUS, status.to_string())] {
        stream.write_all(&frame(channel, text.as_bytes())).await?;
    }
    // A close with the code of a normal end; then until the other side has closed too.
    stream.write_all(&[0x88, 2, 0x03, 0xe8]).await?;
    let mut rest = [0; 256];
    while stream.read(&mut rest).await? > 0 {}
    Ok(())
}

/// A binary frame of a server: unmasked, its first byte the channel.
fn frame(channel: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len() + 1).expect("a short text");
    let mut frame = vec![0x82];
    match u8::try_from(length) {
        Ok(short @ 0..126) => frame.push(short),
        _ => {
            frame.push(126);
            frame.extend(length.to_be_bytes());
        }
    }
    frame.push(channel);
    frame.extend(payload);
    frame
}
