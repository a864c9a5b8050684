//! A proxy for any protocol over TCP that fails on purpose: it cuts, stalls and resets, at once or at a word that goes by.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// How the wire is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    /// Everything goes through.
    Whole,
    /// Nothing goes through any more, and nobody is told.
    Stalled,
    /// What was connected is reset, and whoever connects is reset too.
    Cut,
}

/// What happens at a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strike {
    /// The connection is reset before the server reads it.
    LoseRequest,
    /// The server reads and answers it; the connection is reset instead of the answer.
    LoseAnswer,
    /// It does not reach the server, and nothing more does on this connection; nobody is told.
    Swallow,
}

struct Shared {
    upstream: Mutex<SocketAddr>,
    wire: watch::Sender<Wire>,
    armed: Mutex<Option<(Vec<u8>, Strike)>>,
    struck: watch::Sender<usize>,
}

/// The running proxy; it stops when dropped.
pub(crate) struct WireProxy {
    shared: Arc<Shared>,
    /// Where it listens.
    pub(crate) port: u16,
    runtime: Option<tokio::runtime::Runtime>,
}

impl WireProxy {
    /// Opens a proxy before a port of this machine.
    pub(crate) fn before(port: u16) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        listener.set_nonblocking(true).expect("a socket of ours");
        let own = listener.local_addr().expect("bound").port();
        let shared = Arc::new(Shared {
            upstream: Mutex::new(SocketAddr::from(([127, 0, 0, 1], port))),
            wire: watch::channel(Wire::Whole).0,
            armed: Mutex::default(),
            struck: watch::channel(0).0,
        });
        let accepting = shared.clone();
        runtime.spawn(async move {
            let listener = TcpListener::from_std(listener).expect("a socket of ours");
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, accepting.clone()));
            }
        });
        Self { shared, port: own, runtime: Some(runtime) }
    }

    /// Changes the wire, for what is connected and for what comes.
    pub(crate) fn set(&self, wire: Wire) {
        self.shared.wire.send_replace(wire);
    }

    /// Lets a fault wait for the first bytes from a client that contain a word.
    pub(crate) fn strike(&self, word: &str, strike: Strike) {
        *self.shared.armed.lock().unwrap_or_else(PoisonError::into_inner) = Some((word.as_bytes().to_vec(), strike));
    }

    /// How many faults have struck.
    pub(crate) fn struck(&self) -> usize {
        *self.shared.struck.borrow()
    }
}

impl Drop for WireProxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// The client's next write or read fails with a reset.
fn reset(client: &TcpStream) {
    let _ = client.set_zero_linger();
}

async fn carry(mut client: TcpStream, shared: Arc<Shared>) {
    let upstream = *shared.upstream.lock().unwrap_or_else(PoisonError::into_inner);
    let mut wire = shared.wire.subscribe();
    if *wire.borrow() == Wire::Cut {
        reset(&client);
        return;
    }
    let Ok(mut server) = TcpStream::connect(upstream).await else {
        reset(&client);
        return;
    };
    let (mut from_client, mut from_server) = (vec![0_u8; 64 * 1024], vec![0_u8; 64 * 1024]);
    loop {
        let is = *wire.borrow_and_update();
        match is {
            Wire::Whole => {}
            Wire::Cut => {
                reset(&client);
                return;
            }
            Wire::Stalled => {
                if wire.changed().await.is_err() {
                    return;
                }
                continue;
            }
        }
        tokio::select! {
            changed = wire.changed() => if changed.is_err() { return },
            read = client.read(&mut from_client) => {
                let Some(count) = read.ok().filter(|count| *count > 0) else { return };
                let bytes = &from_client[..count];
                let strike = {
                    let mut armed = shared.armed.lock().unwrap_or_else(PoisonError::into_inner);
                    armed.take_if(|(word, _)| bytes.windows(word.len()).any(|part| part == word.as_slice()))
                };
                match strike.map(|(_, strike)| strike) {
                    None => if server.write_all(bytes).await.is_err() { return },
                    Some(Strike::LoseRequest) => {
                        shared.struck.send_modify(|count| *count += 1);
                        reset(&client);
                        return;
                    }
                    Some(Strike::LoseAnswer) => {
                        let answered = server.write_all(bytes).await.is_ok() && server.read(&mut from_server).await.is_ok();
                        shared.struck.send_modify(|count| *count += usize::from(answered));
                        reset(&client);
                        return;
                    }
                    Some(Strike::Swallow) => {
                        shared.struck.send_modify(|count| *count += 1);
                        // Open at both ends, and silent, until the client gives up.
                        while client.read(&mut from_client).await.is_ok_and(|count| count > 0) {}
                        return;
                    }
                }
            }
            read = server.read(&mut from_server) => {
                let Some(count) = read.ok().filter(|count| *count > 0) else { return };
                if client.write_all(&from_server[..count]).await.is_err() { return }
            }
        }
    }
}
