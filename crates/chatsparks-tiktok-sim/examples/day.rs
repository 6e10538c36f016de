//! A day of people in a moment: what a crowd does where nobody answers, and when.
//!
//! ```console
//! cargo run -p chatsparks-tiktok-sim --example day -- 7
//! ```

#![allow(clippy::print_stdout, reason = "it shows a day")]

use chatsparks_tiktok_sim::{ClockMode, Settings, Simulator, control::Crowd};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut settings = Settings::default();
    settings.seed = std::env::args().nth(1).map_or(Ok(7), |seed| seed.parse())?;
    settings.clock = ClockMode::Virtual;
    let tiktok = Simulator::start(settings).await?;
    let control = tiktok.control()?;

    let from = control.time().await?.now;
    let planned = control.crowd(&Crowd::default()).await?;
    control.advance_seconds(24 * 3600).await?;

    let comments = tiktok.ledger().comments;
    println!("{} people wrote {} comments", planned.people, comments.len());
    for hour in 0..24 {
        let begins = from + hour * 3_600_000;
        let now: Vec<_> = comments.iter().filter(|it| (begins..begins + 3_600_000).contains(&it.at)).collect();
        let one = now.first().map(|it| it.text.as_str()).unwrap_or_default();
        println!("{hour:>2} h  {:<40}  {one}", "▪".repeat(now.len().min(40)));
    }
    Ok(())
}
