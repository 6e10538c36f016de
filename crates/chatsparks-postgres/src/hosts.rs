//! Connecting to the host that serves (S1).

use crate::fault::{of_postgres, silent};
use chatsparks_ports::StoreError;
use deadpool_postgres::Connect;
use futures_util::future::BoxFuture;
use std::time::Duration;
use tokio::{task::JoinHandle, time::timeout};
use tokio_postgres::{
    Client, Config, Connection, Error, Socket,
    config::{Host, LoadBalanceHosts},
    tls::MakeTlsConnect,
};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long a connection may take to be had, all hosts together.
pub(crate) const WAIT: Duration = Duration::from_secs(10);

type Connected = (Client, Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>);

/// Connects, wherever the pool wants a connection.
pub(crate) struct InTurn(pub(crate) MakeRustlsConnect);

impl Connect for InTurn {
    fn connect(&self, config: &Config) -> BoxFuture<'_, Result<(Client, JoinHandle<()>), Error>> {
        let (config, tls) = (config.clone(), self.0.clone());
        Box::pin(async move {
            let (client, connection) = in_turn(&config, tls).await?;
            // It ends with the client.
            Ok((client, tokio::spawn(async move { drop(connection.await) })))
        })
    }
}

/// Connects for one thing, in time.
pub(crate) async fn connect(config: &Config, tls: MakeRustlsConnect) -> Result<Connected, StoreError> {
    let connected = timeout(WAIT, in_turn(config, tls)).await;
    connected.map_err(|_| silent())?.map_err(|error| of_postgres(&error))
}

/// Tries host after host. One that takes connections and says nothing, as a server does that is frozen, takes no more than
/// its part of the time: the next is tried then. For the last, whoever asks has a bound.
async fn in_turn(config: &Config, tls: MakeRustlsConnect) -> Result<Connected, Error> {
    let hosts = each(config);
    let Some((last, before)) = hosts.split_last() else { return config.connect(tls).await };
    let part = WAIT / u32::try_from(hosts.len()).unwrap_or(u32::MAX);
    for host in before {
        if let Ok(Ok(connected)) = timeout(part, host.connect(tls.clone())).await {
            return Ok(connected);
        }
    }
    last.connect(tls).await
}

/// The same for each host; none where there is one, or where chance has to choose.
fn each(config: &Config) -> Vec<Config> {
    let (hosts, addresses, ports) = (config.get_hosts(), config.get_hostaddrs(), config.get_ports());
    let many = hosts.len().max(addresses.len());
    let is_whole = hosts.is_empty() || addresses.is_empty() || hosts.len() == addresses.len();
    let has_ports = ports.len() <= 1 || ports.len() == many;
    if many < 2 || !is_whole || !has_ports || config.get_load_balance_hosts() == LoadBalanceHosts::Random {
        return Vec::new();
    }
    let of = |n: usize| {
        let mut one = without_hosts(config);
        match hosts.get(n) {
            Some(Host::Tcp(name)) => one.host(name),
            #[cfg(unix)]
            Some(Host::Unix(path)) => one.host_path(path),
            None => &mut one,
        };
        if let Some(address) = addresses.get(n) {
            one.hostaddr(*address);
        }
        if let Some(port) = ports.get(n).or_else(|| ports.first()) {
            one.port(*port);
        }
        one
    };
    (0..many).map(of).collect()
}

/// A new one with all but the hosts, which none can be rid of.
fn without_hosts(config: &Config) -> Config {
    let mut one = Config::new();
    if let Some(user) = config.get_user() {
        one.user(user);
    }
    if let Some(password) = config.get_password() {
        one.password(password);
    }
    if let Some(name) = config.get_dbname() {
        one.dbname(name);
    }
    if let Some(options) = config.get_options() {
        one.options(options);
    }
    if let Some(name) = config.get_application_name() {
        one.application_name(name);
    }
    if let Some(bound) = config.get_connect_timeout() {
        one.connect_timeout(*bound);
    }
    if let Some(bound) = config.get_tcp_user_timeout() {
        one.tcp_user_timeout(*bound);
    }
    if let Some(pause) = config.get_keepalives_interval() {
        one.keepalives_interval(pause);
    }
    if let Some(times) = config.get_keepalives_retries() {
        one.keepalives_retries(times);
    }
    one.ssl_mode(config.get_ssl_mode())
        .ssl_negotiation(config.get_ssl_negotiation())
        .keepalives(config.get_keepalives())
        .keepalives_idle(config.get_keepalives_idle())
        .target_session_attrs(config.get_target_session_attrs())
        .channel_binding(config.get_channel_binding());
    one
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// S1: of several hosts each is tried as it would be alone, with all that the address says.
    #[test]
    fn s1_each_host_is_tried_as_if_it_were_the_only_one() {
        let of = |hosts: &str| -> Config {
            let told = "options=-c%20jit%3Doff&application_name=a&sslmode=require&sslnegotiation=direct\
                &connect_timeout=3&tcp_user_timeout=4&keepalives=0&keepalives_idle=5&keepalives_interval=6\
                &keepalives_retries=7&target_session_attrs=read-write&channel_binding=require";
            format!("postgres://user:secret@{hosts}/name?{told}").parse().unwrap()
        };
        assert_eq!(each(&of("one:1,two:2")), [of("one:1"), of("two:2")]);
        assert_eq!(each(&of("one:1")), []);
    }
}
