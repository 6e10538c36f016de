//! A way to a server that counts what comes along it, and can fall silent as a process that is frozen does.

use chatsparks_cluster::Postgres;
use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

/// A way from a store to a server.
pub(crate) struct Way {
    port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    came: AtomicU64,
    went: AtomicU64,
    is_frozen: AtomicBool,
    /// What falls silent once it is said.
    last_word: Mutex<Option<&'static str>>,
}

impl Way {
    pub(crate) fn to(server: &Postgres) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, state) = (listener.local_addr().unwrap().port(), Arc::new(State::default()));
        let (to, of) = (server.port(), state.clone());
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = TcpStream::connect(("127.0.0.1", to)).unwrap();
                let (from_client, from_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let (there, back) = (of.clone(), of.clone());
                thread::spawn(move || there.carry(from_client, server, true));
                thread::spawn(move || back.carry(from_server, client, false));
            }
        });
        Self { port, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Bytes that came from the server.
    pub(crate) fn came(&self) -> u64 {
        self.state.came.load(Ordering::SeqCst)
    }

    /// Bytes that went to the server.
    pub(crate) fn went(&self) -> u64 {
        self.state.went.load(Ordering::SeqCst)
    }

    /// Nothing goes along it any more; its connections stay.
    pub(crate) fn freeze(&self) {
        self.state.is_frozen.store(true, Ordering::SeqCst);
    }

    /// The same, once the store has said this, which still arrives.
    pub(crate) fn freeze_after(&self, word: &'static str) {
        *self.state.last_word.lock().unwrap() = Some(word);
    }

    pub(crate) fn is_frozen(&self) -> bool {
        self.state.is_frozen.load(Ordering::SeqCst)
    }
}

impl State {
    fn carry(&self, mut from: TcpStream, mut to: TcpStream, is_from_store: bool) {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let part = &buffer[..length];
            if self.is_frozen.load(Ordering::SeqCst) {
                // Neither end is told.
                loop {
                    thread::sleep(Duration::from_secs(3_600));
                }
            }
            if is_from_store {
                self.went.fetch_add(length as u64, Ordering::SeqCst);
                let last = *self.last_word.lock().unwrap();
                let is_last = |word: &str| part.windows(word.len()).any(|at| at == word.as_bytes());
                if last.is_some_and(is_last) {
                    self.is_frozen.store(true, Ordering::SeqCst);
                }
            } else {
                self.came.fetch_add(length as u64, Ordering::SeqCst);
            }
            if to.write_all(part).is_err() {
                break;
            }
        }
        // Whoever is at the other end hears that it ended; of one that is frozen nobody hears anything.
        if self.is_frozen.load(Ordering::SeqCst) {
            std::mem::forget((from, to));
        } else {
            let _ = to.shutdown(std::net::Shutdown::Both);
        }
    }
}
