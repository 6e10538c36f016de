//! The day, from its first comment to its last order.

mod burst;

use super::{
    agenda::{Agenda, Line, Said},
    board::{Board, Refused},
    buyers::Buyers,
    client::Client,
    folder::Folder,
    ledger::Ledger,
    pace::Pace,
    plan::Plan,
    platform::Platform,
    service::{self, Running, Service},
    shop::{Shop, Times},
    summary::{Told, Why},
    wire::Wired,
};
use crate::failure::Failure;
use chatsparks_core::Insights;
use chatsparks_ports::{Archive, StoreError};
use chatsparks_sqlite::SqliteStore;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    path::PathBuf,
    process::Stdio,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// How far the day goes between two looks at what came of it.
const STEP: i64 = 3 * 60_000;
/// So many steps show the same answers to why there was none.
const WHY_EVERY: usize = 25;
/// How many are shown at once.
const WHY_SHOWN: usize = 2;
/// Effects that may wait while the day goes on: time does not run ahead of the platform.
const CALM: usize = 150;
/// Events in one request.
const BODY: usize = 500;
/// Effects a second that the platform takes.
pub(crate) const RATE: u32 = 600;
/// How long anything may take that is not stuck.
const STUCK: Duration = Duration::from_secs(120);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(8);

/// What kind of day it is to be.
#[derive(Clone)]
pub(crate) struct Setting {
    pub(crate) seed: u64,
    pub(crate) comments: u32,
    pub(crate) burst: u32,
    pub(crate) crash: bool,
    pub(crate) listen: SocketAddr,
    pub(crate) speed: u32,
}

/// A day being lived through.
pub(crate) struct Story {
    setting: Setting,
    times: Times,
    shop: Shop,
    agenda: Agenda,
    urgent: BTreeSet<String>,
    buyers: Buyers,
    ledger: Ledger,
    said: BTreeMap<String, Said>,
    // In this order: the service ends before the platform that it calls.
    service: Service,
    platform: Platform,
    client: Client,
    database: PathBuf,
    cursor: Option<String>,
    now: i64,
    steps: usize,
    pace: Pace,
    began: Instant,
    first_decision: Duration,
    crashes: u32,
    example: Option<(String, String)>,
    board: Arc<Mutex<Board>>,
    /// What opens the service.
    pub(crate) token: String,
}

impl Story {
    /// Starts everything, up to the first decision.
    ///
    /// # Errors
    /// When something cannot be started.
    pub(crate) async fn begin(folder: &Folder, setting: Setting, board: Arc<Mutex<Board>>) -> Result<Self, Failure> {
        let began = Instant::now();
        let times = Times::new()?;
        let shop = Shop::new(setting.comments, &times)?;
        let plan = Plan::new(setting.seed, setting.comments, setting.burst, &times);
        let secret = format!("whsec_{}", data_encoding::BASE64.encode(&random::<32>()?));
        let token = data_encoding::HEXLOWER.encode(&random::<16>()?);
        folder.write("glow.json", &shop.document())?;
        folder.write("secret", &secret)?;
        folder.write(service::TOKEN, &token)?;
        let platform = Platform::start(&secret).await?;
        let configuration = service::configure(folder, setting.listen, platform.address, RATE)?;
        let service = Service::start(&configuration).await?;
        if setting.listen.port() == 0 {
            // Started again it is where it was.
            service::configure(folder, service.address, platform.address, RATE)?;
        }
        let client = Client::new(service.address, &token)?;
        {
            let mut board = board.lock().unwrap_or_else(PoisonError::into_inner);
            (board.span, board.now, board.limit) = ((times.begins, times.ends), times.begins, shop.limit);
            (board.address, board.token) = (format!("http://{}", service.address), token.clone());
        }
        let mut story = Self {
            times,
            agenda: plan.agenda,
            urgent: plan.urgent,
            buyers: Buyers { seed: setting.seed, in_public_only: plan.in_public_only },
            ledger: Ledger::default(),
            said: BTreeMap::new(),
            service,
            platform,
            client,
            database: folder.database(),
            cursor: None,
            now: times.begins,
            steps: 0,
            pace: Pace::new(setting.speed, times.begins),
            began,
            first_decision: Duration::ZERO,
            crashes: 0,
            example: None,
            board,
            token,
            shop,
            setting,
        };
        story.first().await?;
        Ok(story)
    }

    /// The first event, from the start of the service to its decision.
    async fn first(&mut self) -> Result<(), Failure> {
        let opens = Line::new(self.times.begins, "opens".to_owned(), "clock", json!({}));
        self.bring(vec![opens]).await?;
        self.decided().await?;
        self.first_decision = self.service.started.elapsed();
        Ok(())
    }

    /// The whole day.
    ///
    /// # Errors
    /// When the service does not do what it has to.
    pub(crate) async fn live_through(&mut self) -> Result<Told, Failure> {
        self.pace.goes_on(self.now);
        self.phase("The shop opens: comments come in, and whoever asks is answered");
        self.until(self.times.raised).await?;
        self.raise().await?;
        self.until(self.times.burst).await?;
        let burst = self.burst().await?;
        self.phase("The evening goes on: buyers answer, and buy");
        self.pace.goes_on(self.now);
        self.until(self.times.ends).await?;
        self.phase("Midnight: what is still on its way arrives");
        let closes = Line::new(self.now, "closes".to_owned(), "clock", json!({}));
        self.bring(vec![closes]).await?;
        self.settle(0).await?;
        let took = self.began.elapsed();
        self.phase("The books are held against one another");
        let why = self.why().await?;
        self.lock().why = why.iter().take(WHY_SHOWN + 1).flat_map(Why::lines).collect();
        let digest = self.client.read("/digest").await?;
        let peak = self.service.peak_memory();
        let verified = self.verified().await?;
        let insights = self.insights().await?;
        let example = self.example.clone();
        let balance = self.platform.book(|book| self.ledger.balance(book));
        let board = self.lock();
        Ok(Told {
            setting: self.setting.clone(),
            took,
            first_decision: self.first_decision,
            peak,
            records: self.ledger.records,
            triggers: self.shop.triggers,
            results: board.results.clone(),
            dms: board.dms,
            replies: board.replies,
            notes: board.notes,
            from_buyers: board.from_buyers,
            states: board.states.clone(),
            counted: board.counted,
            limit: board.limit,
            waited_for_room: board.waited_for_room,
            burst,
            crashes: self.crashes,
            balance,
            verified,
            digest: digest["digest"].as_str().map(str::to_owned),
            insights,
            why,
            example,
            wired: Wired::default(),
        })
    }

    /// The day is over, and the service stays, so that somebody can look around.
    ///
    /// # Errors
    /// When it does not start again.
    pub(crate) async fn stays_open(&mut self, folder: &Folder, closing: Vec<String>) -> Result<(), Failure> {
        service::leave_behind(folder, &self.service.address.to_string())?;
        self.service.again().await?;
        let phase = format!("The day is over. Look around at http://{}/ with this token:", self.service.address);
        let mut board = self.lock();
        (board.phase, board.closing) = (phase, closing);
        Ok(())
    }

    /// The day goes on to an instant.
    async fn until(&mut self, target: i64) -> Result<(), Failure> {
        while self.now < target {
            self.steps += 1;
            if self.steps.is_multiple_of(WHY_EVERY) {
                self.show_why().await?;
            }
            let next = (self.now + STEP).min(target);
            self.pace.wait(next).await;
            let lines = self.agenda.until(next);
            self.now = next;
            self.bring_all(lines).await?;
            self.settle(CALM).await?;
        }
        Ok(())
    }

    /// The plan is too small, and the owner takes a larger one: whoever waited for room is answered.
    async fn raise(&mut self) -> Result<(), Failure> {
        let waited = self.lock().waiting_for_room.len();
        self.phase(&format!("The plan is full and {waited} wait for room: the owner takes a larger one"));
        self.shop.raise(u64::from(self.setting.comments));
        self.lock().limit = self.shop.limit;
        let answer = self.client.call(Method::PUT, "/document", self.shop.document()).await;
        match answer {
            Some(answer) if answer.status.is_success() => self.settle(CALM).await,
            _ => Err(Failure::new("the service does not take the larger plan")),
        }
    }

    /// Brings events in their order.
    async fn bring_all(&mut self, lines: Vec<Line>) -> Result<(), Failure> {
        let mut body = Vec::new();
        for line in lines {
            body.push(line);
            if body.len() == BODY {
                self.bring(std::mem::take(&mut body)).await?;
            }
        }
        if body.is_empty() { Ok(()) } else { self.bring(body).await }
    }

    /// Brings events in one request; again until the service says that it has them.
    async fn bring(&mut self, lines: Vec<Line>) -> Result<(), Failure> {
        let mut body = String::new();
        for line in &lines {
            body.push_str(&line.text);
            body.push('\n');
            if let Some(said) = &line.said {
                self.said.insert(line.id.clone(), said.clone());
            }
        }
        let stuck = Instant::now() + STUCK;
        loop {
            match self.client.call(Method::POST, "/events", body.clone()).await {
                Some(answer) if answer.status.is_success() => break,
                Some(answer) if answer.status != StatusCode::SERVICE_UNAVAILABLE => {
                    let problem = serde_json::from_str::<Value>(&answer.text).unwrap_or_default();
                    return Err(Failure::new(format!("the service refuses events: {}", problem["detail"])));
                }
                _ => {}
            }
            self.not_stuck(stuck)?;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        lines.iter().for_each(|line| self.ledger.brought(&line.id));
        Ok(())
    }

    /// Waits until everything that was brought is decided.
    async fn decided(&mut self) -> Result<(), Failure> {
        let stuck = Instant::now() + STUCK;
        loop {
            self.look().await?;
            if self.ledger.undecided() == 0 {
                return Ok(());
            }
            self.not_stuck(stuck)?;
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until everything is decided, and no more than so many effects wait.
    async fn settle(&mut self, calm: usize) -> Result<(), Failure> {
        self.decided().await?;
        let stuck = Instant::now() + STUCK;
        while self.outstanding() > calm {
            self.not_stuck(stuck)?;
            tokio::time::sleep(LOOK).await;
            self.look().await?;
        }
        Ok(())
    }

    fn outstanding(&self) -> usize {
        self.ledger.outstanding(self.platform.book(|book| book.done.len()))
    }

    /// Reads what was decided, and lets people do what follows of what was done.
    async fn look(&mut self) -> Result<(), Failure> {
        loop {
            let after = self.cursor.as_ref().map_or_else(String::new, |cursor| format!("&after={cursor}"));
            let path = format!("/records?limit=5000{after}");
            let answer = self.client.call(Method::GET, &path, String::new()).await;
            let answer = answer.filter(|answer| answer.status.is_success());
            let Some(answer) = answer else {
                return Err(self.ended("the service does not say what it decided"));
            };
            let mut count = 0;
            let mut board = self.board.lock().unwrap_or_else(PoisonError::into_inner);
            for record in answer.text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok()) {
                count += 1;
                self.ledger.record(&record);
                let said = record["event"].as_str().and_then(|event| self.said.remove(event));
                board.record(&record, said);
            }
            drop(board);
            self.cursor = answer.cursor.or(self.cursor.take());
            if count == 0 {
                break;
            }
        }
        for asked in self.platform.news() {
            for line in self.buyers.react(&asked, self.now, &self.shop) {
                self.agenda.add(line);
            }
        }
        let waits = self.outstanding() as u64;
        let (now, elapsed) = (self.now, self.began.elapsed());
        let mut board = self.lock();
        (board.now, board.elapsed) = (now, elapsed);
        board.waits(waits);
        Ok(())
    }

    /// Shows why some got no answer, another reason each time.
    async fn show_why(&mut self) -> Result<(), Failure> {
        let why = self.why().await?;
        let first = self.steps / WHY_EVERY;
        let shown = (0..why.len().min(WHY_SHOWN)).filter_map(|place| why.get((first + place) % why.len()));
        let lines = shown.flat_map(Why::lines).collect();
        self.lock().why = lines;
        Ok(())
    }

    /// Why somebody got no answer, as the service explains it: of each kind of refusal the latest.
    async fn why(&mut self) -> Result<Vec<Why>, Failure> {
        let refused: Vec<(String, Refused)> =
            self.lock().refused.iter().map(|(result, refused)| (result.clone(), refused.clone())).collect();
        let mut told = Vec::new();
        for result in ["throttled", "with_human", "queued", "no_match", "outside_window"] {
            let Some((_, Refused { comment, trigger })) = refused.iter().find(|(of, _)| of == result) else { continue };
            let only = trigger.as_ref().map_or_else(String::new, |trigger| format!("?trigger={trigger}"));
            let explained = self.client.read(&format!("/comments/{comment}/explain{only}")).await?;
            if self.example.is_none() {
                let contact = explained["comment"]["user_id"].as_str().unwrap_or_default();
                self.example = Some((comment.clone(), contact.to_owned()));
            }
            told.push(Why::new(result, &explained));
        }
        Ok(told)
    }

    /// What the comments led to, from the database itself: the service has ended.
    async fn insights(&self) -> Result<Insights, Failure> {
        let cannot = |error: StoreError| Failure::new(format!("the database cannot be read: {error}"));
        let path = self.database.clone();
        let opened =
            tokio::task::spawn_blocking(move || SqliteStore::open(path, chatsparks_sqlite::Options::default()));
        let store = opened.await.map_err(|_| Failure::new("the database cannot be opened"))?.map_err(cannot)?;
        let mut insights = Insights::new();
        for (number, by) in store.insights(&"glow".into()).await.map_err(cannot)? {
            insights.apply(&number, by);
        }
        Ok(insights)
    }

    /// Stops the service, and lets its records be decided anew from the beginning, in one go.
    async fn verified(&mut self) -> Result<bool, Failure> {
        self.service.stop().await;
        let mut command = service::this_program()?;
        command.arg("verify").arg(&self.database).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut verifies = Running::begin(command, "the records cannot be verified")?;
        let stuck = Instant::now() + STUCK;
        while Instant::now() < stuck {
            match verifies.status() {
                None => tokio::time::sleep(LOOK).await,
                Some(is_so) => return Ok(is_so),
            }
        }
        Ok(false)
    }

    fn not_stuck(&mut self, until: Instant) -> Result<(), Failure> {
        if !self.service.is_running() {
            return Err(self.ended("the service ended by itself"));
        }
        if Instant::now() < until {
            return Ok(());
        }
        Err(Failure::new("the service takes too long").help("is the machine very busy? try fewer `--comments`"))
    }

    /// Why the service is not there.
    fn ended(&mut self, otherwise: &str) -> Failure {
        if self.service.is_running() { Failure::new(otherwise) } else { service::failure(&self.service.said()) }
    }

    fn phase(&self, phase: &str) {
        phase.clone_into(&mut self.lock().phase);
    }

    fn lock(&self) -> MutexGuard<'_, Board> {
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes that nobody knows.
fn random<const BYTES: usize>() -> Result<[u8; BYTES], Failure> {
    use rand::{TryRng, rngs::SysRng};
    let mut bytes = [0; BYTES];
    let filled = SysRng.try_fill_bytes(&mut bytes);
    filled.map_err(|error| Failure::new(format!("there is no chance to be had: {error}")))?;
    Ok(bytes)
}
