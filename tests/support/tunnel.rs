//! A small HTTP proxy as companies have them: it answers CONNECT and carries bytes to a place of our choosing.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A proxy that leads every name to one address, and remembers what it was asked for.
pub(crate) struct Tunnel {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Tunnel {
    /// A proxy to one place.
    pub(crate) fn to(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("an address");
        let asked = Arc::new(Mutex::new(Vec::new()));
        let remembered = asked.clone();
        // Ends with the process: it waits for connections until then.
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let remembered = remembered.clone();
                std::thread::spawn(move || carry(stream, upstream, &remembered));
            }
        });
        Self { address, asked }
    }

    /// Where it listens, as a proxy is written.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The first lines of what it was asked for, and the credentials it was given.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("nobody panicked").clone()
    }
}

/// Reads a CONNECT, answers it, and carries bytes both ways until one side ends.
fn carry(mut client: TcpStream, upstream: SocketAddr, asked: &Mutex<Vec<String>>) {
    let (mut head, mut letter) = (Vec::new(), [0_u8; 1]);
    while !head.ends_with(b"\r\n\r\n") {
        match client.read(&mut letter) {
            Ok(1) => head.push(letter[0]),
            _ => return,
        }
    }
    asked.lock().expect("nobody panicked").push(String::from_utf8_lossy(&head).into_owned());
    let Ok(mut server) = TcpStream::connect(upstream) else { return };
    if client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").is_err() {
        return;
    }
    let (Ok(mut from_client), Ok(mut to_server)) = (client.try_clone(), server.try_clone()) else { return };
    let up = std::thread::spawn(move || {
        let _ = std::io::copy(&mut from_client, &mut to_server);
        let _ = to_server.shutdown(std::net::Shutdown::Write);
    });
    let _ = std::io::copy(&mut server, &mut client);
    let _ = client.shutdown(std::net::Shutdown::Both);
    let _ = up.join();
}
