//! `chatsparks demo`: a shop's launch day, lived through by the service itself.

mod agenda;
mod board;
mod buyers;
mod client;
mod folder;
mod ledger;
mod live;
mod pace;
mod plan;
mod platform;
mod service;
mod shop;
mod story;
mod summary;
mod wire;

use crate::{
    failure::{Answer, Failure},
    terminal::Terminal,
};
use clap::Args;
use folder::Folder;
use std::{
    io::Write,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};
use story::{Setting, Story};

/// Run a shop's launch day before your eyes: twenty thousand comments in less than a minute
///
/// It starts the service on a database of its own, a platform that takes what is sent, and a town of people who comment, tap,
/// write and buy. Nothing leaves this machine.
#[derive(Args, Debug)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Demo {
    /// No terminal is needed: say what happened, and exit
    #[arg(long)]
    once: bool,
    /// Keep the database and a configuration in this directory
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
    /// What people, comments and answers are drawn from
    #[arg(long, value_name = "N", default_value_t = 7)]
    seed: u64,
    /// How many times as fast as life the day passes; 0: as fast as the platform takes what is sent
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(..=1_000_000))]
    speed: Option<u32>,
    /// How many comments the day brings
    #[arg(long, value_name = "N", default_value_t = 20_000, value_parser = clap::value_parser!(u32).range(100..=500_000))]
    comments: u32,
    /// How many of them come within three minutes of the evening; three in ten, if nothing is said
    #[arg(long, value_name = "N")]
    burst: Option<u32>,
    /// Kill the service in the middle of the burst, start it again, and hold it to what it promised
    #[arg(long)]
    crash: bool,
    /// Where the service listens; port 0 is any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
}

const EXAMPLES: &str = "\
Examples:
  chatsparks demo                                 watch it
  chatsparks demo --crash                         the service is killed in mid-burst, and nothing is lost
  chatsparks demo --once --keep day               the database is there afterwards, to be looked into
  chatsparks demo --once --comments 80000 --burst 60000
                                                  a burst of sixty thousand

In the terminal `q` ends it. Without `--keep` everything it wrote is gone afterwards.

Exit status: 0 when the day ended well, 1 when something was lost or done twice, 2 when it cannot run.";

/// How many times as fast as life the day passes before somebody's eyes.
const WATCHED: u32 = 2_000;

impl Demo {
    pub(crate) fn run(&self, terminal: &Terminal) -> Result<Answer, Failure> {
        let burst = self.burst.unwrap_or(self.comments * 3 / 10);
        if burst >= self.comments {
            return Err(Failure::new(format!("a burst of {burst} comments does not fit into {}", self.comments))
                .help("`--burst` is less than `--comments`"));
        }
        if !self.listen.ip().is_loopback() {
            return Err(Failure::new(format!("`{}` is seen by other machines", self.listen))
                .help("the demo is for this machine alone: listen on 127.0.0.1"));
        }
        let once = self.once || !is_terminal();
        if once && !self.once && !terminal.quiet {
            let _ = writeln!(terminal.err().to, "there is no terminal to draw in: going on as with `--once`");
        }
        let folder = Folder::new(self.keep.as_deref())?;
        let setting = Setting {
            seed: self.seed,
            comments: self.comments,
            burst,
            crash: self.crash,
            listen: self.listen,
            speed: self.speed.unwrap_or(if once { 0 } else { WATCHED }),
        };
        let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        let tokio = tokio.map_err(|error| Failure::new(format!("no threads can be had: {error}")))?;
        let lived = tokio.block_on(lived(&folder, setting, once));
        tokio.shutdown_timeout(Duration::from_millis(200));
        // Its directory goes last: the service that wrote there has ended by now.
        if matches!(lived, Err(Failure::Interrupted)) && !terminal.quiet {
            // Whether somebody reads it is their own matter.
            let _ = summary::write_interrupted(&mut terminal.err(), &folder);
        }
        let told = lived?;
        let mut out = terminal.out();
        summary::write(&mut out, &told, &folder)?;
        out.to.flush()?;
        Ok(if told.holds() { Answer::Done } else { Answer::No })
    }
}

/// The day, until it is over or somebody ends it.
async fn lived(folder: &Folder, setting: Setting, once: bool) -> Result<summary::Told, Failure> {
    let board = Arc::new(Mutex::new(board::Board::default()));
    let interrupted = interrupted()?;
    let live = if once { None } else { Some(live::Live::begin(board.clone())?) };
    let left = async {
        match &live {
            Some(live) => live.left().await,
            None => std::future::pending().await,
        }
    };
    let day = async {
        let mut story = Story::begin(folder, setting.clone(), board.clone()).await?;
        let token = story.token.clone();
        let (mut told, wired) = tokio::try_join!(story.live_through(), wired(folder, &setting, &token, &board))?;
        told.wired = wired;
        if let Some(live) = &live {
            story.stays_open(folder, told.closing()).await?;
            live.left().await;
        }
        service::leave_behind(folder, service::AFTERWARDS)?;
        Ok(told)
    };
    tokio::select! {
        // Whoever leaves once it is over is told what there is to tell.
        biased;
        told = day => told,
        () = interrupted => Err(Failure::Interrupted),
        () = left => Err(Failure::Interrupted),
    }
}

/// A few buyers over TikTok's wire, beside the day.
async fn wired(
    folder: &Folder,
    setting: &Setting,
    token: &str,
    board: &Mutex<board::Board>,
) -> Result<wire::Wired, Failure> {
    let mut wire = wire::Wire::begin(folder, setting.seed, token).await?;
    let wired = wire.live_through(board).await?;
    wire.stop().await;
    Ok(wired)
}

fn is_terminal() -> bool {
    use std::io::IsTerminal;
    std::io::stdout().is_terminal() && std::io::stdin().is_terminal()
}

/// Done once somebody ends the program.
#[cfg(unix)]
fn interrupted() -> Result<impl Future<Output = ()>, Failure> {
    use tokio::signal::unix::{SignalKind, signal};
    let listen = |kind| signal(kind).map_err(|error| Failure::new(format!("signals cannot be heard: {error}")));
    let (mut interrupt, mut terminate) = (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    let mut hang_up = listen(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hang_up.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn interrupted() -> Result<impl Future<Output = ()>, Failure> {
    Ok(async {
        // Should it not be heard, the process is ended some other way.
        let _ = tokio::signal::ctrl_c().await;
    })
}
