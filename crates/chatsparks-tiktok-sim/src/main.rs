//! The command `chatsparks-tiktok-sim`: a TikTok on loopback, until it is interrupted.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it speaks to whoever ran it")]

use chatsparks_tiktok_sim::{ClockMode, Settings, Simulator, control::Crowd, settings::Rates};
use clap::Parser;
use std::{net::SocketAddr, path::PathBuf, process::ExitCode};

/// A TikTok on this machine: comments, direct messages and a shop, for tests of software that talks to them.
///
/// It answers as the Business API (`/open_api/v1.3/…`), TikTok Shop and their logins do, delivers signed webhooks, and
/// is steered through `/control/…`: people comment, write, tap and buy; calls and webhooks go wrong on request; time
/// goes on as fast as you like; and the ledger says what truly happened.
///
/// The first line on standard output is JSON with everything that a system under test needs: addresses, keys, tokens.
#[derive(Parser)]
#[command(version, after_long_help = EXAMPLES)]
struct Arguments {
    /// Where to listen: a loopback address; port 0 takes any that is free.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// What ids, people and accidents are drawn from: the same seed, the same world.
    #[arg(long, default_value_t = 7)]
    seed: u64,
    /// Time stands still but where POST /control/clock advances it.
    #[arg(long = "virtual", conflicts_with = "speed")]
    is_virtual: bool,
    /// How many times faster than the machine's its time passes: 1440 is a day a minute.
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// Where the account is registered, as two letters; TH, VN and ID may answer comments by messages.
    #[arg(long)]
    region: Option<String>,
    /// Comment-to-Message is switched on from the start.
    #[arg(long)]
    comment_to_message: bool,
    /// Calls are not limited in number.
    #[arg(long)]
    no_rates: bool,
    /// So many people come over the next 24 hours of its time.
    #[arg(long, default_value_t = 0)]
    people: u32,
    /// Everything else: a JSON file of settings; what is said here comes before it.
    #[arg(long)]
    settings: Option<PathBuf>,
    /// Prints the settings as JSON, and does nothing else.
    #[arg(long)]
    show_settings: bool,
}

const EXAMPLES: &str = "\
Examples:
  chatsparks-tiktok-sim --listen 127.0.0.1:4000
  curl -s localhost:4000/control                                  # what can be steered
  curl -s localhost:4000/control/acts -d '{\"comment\":{\"person\":\"mint\",\"text\":\"PRICE?\"}}'
  curl -s localhost:4000/control/faults -d '{\"endpoint\":\"/business/message/send/\",\"times\":3,\"what\":\"rate_limit\"}'
  curl -s localhost:4000/control/ledger

  chatsparks-tiktok-sim --speed 1440 --people 500                 # a busy day in a minute
  chatsparks-tiktok-sim --virtual                                 # time goes on only by:
  curl -s localhost:4000/control/clock -d '{\"by_ms\":3600000}'";

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fails(&format!("no threads can be made: {error}")),
    };
    match runtime.block_on(run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => fails(&why),
    }
}

fn fails(why: &str) -> ExitCode {
    eprintln!("error: {why}");
    ExitCode::from(2)
}

async fn run(arguments: Arguments) -> Result<(), String> {
    let settings = settings(&arguments)?;
    if arguments.show_settings {
        println!("{}", serde_json::to_string_pretty(&settings).map_err(|error| error.to_string())?);
        return Ok(());
    }
    let simulator = Simulator::start(settings).await.map_err(|error| error.to_string())?;
    println!("{}", serde_json::to_string(&simulator.credentials()).map_err(|error| error.to_string())?);
    if arguments.people > 0 {
        let mut crowd = Crowd::default();
        crowd.people = arguments.people;
        let control = simulator.control().map_err(|error| error.to_string())?;
        control.crowd(&crowd).await.map_err(|error| error.to_string())?;
    }
    eprintln!("{} is a TikTok until you press Ctrl-C; {0}/control says how it is steered", simulator.url());
    tokio::signal::ctrl_c().await.map_err(|error| format!("nobody can interrupt it: {error}"))?;
    let ledger = simulator.ledger();
    let (comments, messages, orders) = (ledger.comments.len(), ledger.messages.len(), ledger.orders.len());
    eprintln!("there were {comments} comments, {messages} messages and {orders} orders");
    simulator.stop().await;
    Ok(())
}

fn settings(arguments: &Arguments) -> Result<Settings, String> {
    let mut settings = match &arguments.settings {
        None => Settings::default(),
        Some(path) => {
            let shown = path.display();
            let text = std::fs::read_to_string(path).map_err(|error| format!("`{shown}` cannot be read: {error}"))?;
            serde_json::from_str(&text).map_err(|error| format!("`{shown}` is not settings: {error}"))?
        }
    };
    (settings.listen, settings.seed) = (arguments.listen, arguments.seed);
    if arguments.is_virtual {
        settings.clock = ClockMode::Virtual;
    } else if arguments.speed != 1.0 {
        settings.clock = ClockMode::Wall { speed: arguments.speed };
    }
    if arguments.no_rates {
        settings.rates = Rates::NONE;
    }
    for account in &mut settings.accounts {
        if let Some(region) = &arguments.region {
            account.region.clone_from(region);
        }
        account.comment_to_message |= arguments.comment_to_message;
    }
    Ok(settings)
}
