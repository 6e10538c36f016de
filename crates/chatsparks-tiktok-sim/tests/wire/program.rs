//! The command: it says what it needs, serves, and stops when it is told to.

use chatsparks_tiktok_sim::{Control, Settings, control::Credentials};
use std::{
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_chatsparks-tiktok-sim"))
}

#[tokio::test]
async fn it_prints_what_a_system_under_test_needs_and_serves() {
    let mut child = program()
        .args(["--listen", "127.0.0.1:0", "--seed", "7", "--virtual"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let keys: Credentials = serde_json::from_str(&line).unwrap();
    let control = Control::new(&keys.shop_url).unwrap();
    assert_eq!(control.credentials().await.unwrap(), keys);
    control.comment("mint", "PRICE?").await.unwrap();
    assert_eq!(control.ledger().await.unwrap().comments.len(), 1);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn it_serves_this_machine_alone() {
    let output = program().args(["--listen", "0.0.0.0:0"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("no loopback address"));
}

#[test]
fn its_help_teaches_and_its_settings_read_back() {
    let help = String::from_utf8(program().arg("--help").output().unwrap().stdout).unwrap();
    for word in ["/control/acts", "--speed 1440", "--virtual", "ledger"] {
        assert!(help.contains(word), "{word}");
    }
    let shown =
        program().args(["--show-settings", "--speed", "60", "--region", "VN", "--no-rates"]).output().unwrap().stdout;
    let settings: Settings = serde_json::from_slice(&shown).unwrap();
    assert_eq!(settings.accounts[0].region, "VN");
    assert_eq!(settings.rates, chatsparks_tiktok_sim::settings::Rates::NONE);
}
