//! An endpoint of one's own, as a backend has one: it does what it is told to, well or badly.

use crate::service::{BASE, GLOW, Service, directory};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::Duration,
};

pub(crate) const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// A request as it came: its headers by name in lower case, and its body.
pub(crate) type Received = (BTreeMap<String, String>, Value);

/// What an endpoint does with a request.
#[derive(Clone)]
pub(crate) enum Does {
    /// Writes these bytes.
    Answers(String),
    /// Writes them after a while.
    Later(Duration, String),
    /// Says nothing, and keeps the connection.
    Hangs,
    /// Closes the connection.
    Drops,
}

/// An endpoint that does what it is told to, and writes down what it received.
pub(crate) struct Endpoint {
    pub(crate) address: SocketAddr,
    does: Arc<Mutex<Does>>,
    received: Arc<Mutex<Vec<Received>>>,
}

/// An answer without a body.
pub(crate) fn answer(line: &str) -> String {
    format!("HTTP/1.1 {line}\r\ncontent-length: 0\r\n\r\n")
}

impl Endpoint {
    /// One that answers with this status.
    pub(crate) fn new(line: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = Self {
            address: listener.local_addr().unwrap(),
            does: Arc::new(Mutex::new(Does::Answers(answer(line)))),
            received: Arc::default(),
        };
        let (does, received) = (endpoint.does.clone(), endpoint.received.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (does, received) = (does.clone(), received.clone());
                std::thread::spawn(move || one(stream, &does, &received));
            }
        });
        endpoint
    }

    pub(crate) fn answers(&self, line: &str) {
        self.does(Does::Answers(answer(line)));
    }

    pub(crate) fn does(&self, does: Does) {
        *self.does.lock().unwrap() = does;
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

fn one(mut stream: TcpStream, does: &Mutex<Does>, received: &Mutex<Vec<Received>>) {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4_096];
    loop {
        let whole = bytes.windows(4).position(|four| four == b"\r\n\r\n").and_then(|end| {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let lines = head.lines().skip(1).filter_map(|line| line.split_once(':'));
            let headers: BTreeMap<String, String> =
                lines.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
            let length: usize = headers["content-length"].parse().unwrap();
            (bytes.len() >= end + 4 + length).then(|| (headers, end + 4, length))
        });
        if let Some((headers, start, length)) = whole {
            let body = serde_json::from_slice(&bytes[start..start + length]).unwrap();
            received.lock().unwrap().push((headers, body));
            bytes.drain(..start + length);
            let does = does.lock().unwrap().clone();
            let said = match does {
                Does::Answers(said) => said,
                Does::Later(wait, said) => {
                    std::thread::sleep(wait);
                    said
                }
                Does::Hangs => String::new(),
                Does::Drops => return,
            };
            if stream.write_all(said.as_bytes()).is_err() {
                return;
            }
            continue;
        }
        match stream.read(&mut chunk) {
            Ok(count) if count > 0 => bytes.extend_from_slice(&chunk[..count]),
            _ => return,
        }
    }
}

/// A service whose effects go to this endpoint.
pub(crate) fn service(endpoint: &Endpoint, keys: &str) -> Service {
    service_within(endpoint, keys, 5)
}

/// The same, where an attempt may take so long.
pub(crate) fn service_within(endpoint: &Endpoint, keys: &str, seconds: u32) -> Service {
    let address = endpoint.address;
    let place = directory(&format!(
        "{BASE}api_token = {{ env = \"TOKEN\" }}\n{keys}\n{GLOW}outbound = \"http\"\n[workspace.http]\n\
         url = \"http://{address}/effects\"\nsecret = {{ env = \"EFFECTS_SECRET\" }}\nrate = [\"1000/s\"]\n\
         timeout_seconds = {seconds}\n"
    ));
    Service::start(place, &[("EFFECTS_SECRET", SECRET)])
}

pub(crate) fn queue(service: &Service) -> Value {
    service.get("/v1/workspaces/glow/queue").json()
}
