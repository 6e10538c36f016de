//! `cargo xtask cluster`: the servers that tests of stores need, on loopback, over temporary directories.

use crate::{Result, run};
use chatsparks_cluster::{Kind, Nats, Postgres};
use std::{io, process::Command};

/// Brings the programs of every server, where they are missing.
pub(crate) fn install() -> Result {
    for brought in chatsparks_cluster::install(&Kind::ALL)? {
        println!("installed {brought}");
    }
    Ok(())
}

/// Starts servers, and stops them once a command, or the input, has ended.
pub(crate) fn run(only_install: bool, only: &[String], command: &[String]) -> Result {
    install()?;
    if only_install {
        return Ok(());
    }
    if let Some(unknown) = only.iter().find(|name| !Kind::ALL.iter().any(|kind| kind.name() == *name)) {
        let names: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        return Err(format!("there is no server `{unknown}`; there is: {}", names.join(", ")).into());
    }
    let is_wanted = |kind: Kind| only.is_empty() || only.iter().any(|name| name == kind.name());
    // Each with the variable that its address is found in.
    let mut addresses: Vec<(&str, String)> = Vec::new();
    let postgres = is_wanted(Kind::Postgres).then(|| Postgres::start(&[])).transpose()?;
    if let Some(server) = &postgres {
        addresses.push(("CHATSPARKS_POSTGRES", server.database("chatsparks")?));
    }
    let nats = is_wanted(Kind::Nats).then(|| Nats::start(3)).transpose()?;
    addresses.extend(nats.as_ref().map(|servers| ("CHATSPARKS_NATS", servers.url("chatsparks"))));
    let [program, arguments @ ..] = command else {
        addresses.iter().for_each(|(name, address)| println!("{name}={address}"));
        println!("they end with this program's input");
        io::copy(&mut io::stdin().lock(), &mut io::sink())?;
        return Ok(());
    };
    run::run(Command::new(program).args(arguments).envs(addresses))
}
