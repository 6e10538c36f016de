//! `[[workspace]]`: its document, its tokens, and where its effects go.

use super::{
    TokenSource,
    http::{Signer, read_http},
    read_tokens,
    secret::reason,
    table::{At, Reading, Table},
    tiktok,
};
use chatsparks_core::{WorkspaceId, workspace::Workspace};
use chatsparks_ports::DynChannel;
use chatsparks_replay::{Format, document::MAX_DOCUMENT, read_workspace};
use chatsparks_runtime::{Rate, WorkspaceSetup};
use chatsparks_tiktok::Account;
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fs, ops::Range, path::Path, sync::Arc, time::Duration};

/// The workspaces so far, and what no two of them may share.
#[derive(Default)]
pub(super) struct Shops {
    pub(super) setups: Vec<WorkspaceSetup>,
    pub(super) tiktok: Vec<Account>,
    ids: BTreeMap<String, WorkspaceId>,
    accounts: BTreeMap<(&'static str, String), WorkspaceId>,
    pub(super) signers: Vec<Signer>,
}

impl Shops {
    /// H5: one account in two workspaces is refused.
    fn account(&mut self, reading: &mut Reading<'_>, of: (&'static str, &str), at: (&WorkspaceId, &Range<usize>)) {
        let (id, span) = at;
        if let Some(other) = self.accounts.insert((of.0, of.1.to_owned()), id.clone()) {
            let message = format!("the {} `{}` stands in two workspaces, `{other}` and `{id}`", of.0, of.1);
            reading.fault(span, message, "an account belongs to one workspace: take it out of the other");
        }
    }
}

/// Reads a workspace; how long an attempt of its channel may take.
pub(super) fn read_workspace_table<'t>(
    reading: &mut Reading<'_>,
    mut table: Table<'t>,
    base: &Path,
    shops: &mut Shops,
    tokens: &mut Vec<TokenSource>,
) -> Option<Duration> {
    let document = table.needed(reading, "document", "write `document = \"FILE\"`");
    let read = document.as_ref().and_then(|document| read_document(reading, document, base));
    let id = read.as_ref().map(|(workspace, _)| workspace.workspace.id.clone());
    // Everything else is looked at even where the document cannot be read.
    let placeholder = WorkspaceId::from("");
    tokens.extend(read_tokens(reading, &mut table, Some(id.as_ref().unwrap_or(&placeholder)), base));
    let quota = table.text(reading, "quota").and_then(|quota| read_rate(reading, "quota", &quota));
    let outbound = table.text(reading, "outbound");
    let http = table.table(reading, "http", "[workspace.http]");
    let wanted = outbound.as_ref().map_or("none", |outbound| outbound.value);
    let span = table.span.clone();
    let (accounts, named) = tiktok::read(reading, &mut table, base);
    let mut channel = None;
    match (wanted, http) {
        // TikTok has no place for what is told to the inbox and the owners: it goes there.
        ("http" | "tiktok", Some(http)) => channel = read_http(reading, http, true, base),
        ("tiktok", None) => {}
        ("http", None) => {
            let span = outbound.as_ref().map_or(&span, |outbound| &outbound.span);
            reading.fault(
                span,
                "`outbound` is `http`, and there is no `[workspace.http]`",
                "add it, with `url` and `secret`",
            );
        }
        ("none", http) => drop(http.map(|http| read_http(reading, http, false, base))),
        (_, http) => {
            http.map(|http| read_http(reading, http, false, base));
            let span = outbound.as_ref().map_or(&span, |outbound| &outbound.span);
            let help = "`tiktok` sends, `http` posts effects to an endpoint of your own; with `none` they wait";
            reading.fault(span, "`outbound`: expected `tiktok`, `http` or `none`", help);
        }
    }
    let sends = accounts.as_ref().is_some_and(tiktok::Accounts::sends);
    if wanted == "tiktok" && !sends {
        let span = outbound.as_ref().map_or(&span, |outbound| &outbound.span);
        let help = "add it, with `business_id`, `client_key` and `client_secret`";
        reading.fault(span, "`outbound` is `tiktok`, and there is no `[workspace.tiktok]`", help);
    }
    let rates = accounts.as_ref().map(|accounts| accounts.rates.clone()).unwrap_or_default();
    let rates: Vec<Rate> = rates.iter().filter_map(|rate| read_rate(reading, "rate", rate)).collect();
    table.end(reading);
    let (workspace, digest) = read?;
    let id = workspace.workspace.id.clone();
    let span = document.map_or(span, |document| document.span);
    if shops.ids.insert(id.to_string(), id.clone()).is_some() {
        reading.fault(&span, format!("workspace `{id}` is there twice"), "each document has an id of its own");
    } else {
        let account = workspace.workspace.account_user_id.as_str();
        if !account.is_empty() {
            shops.account(reading, ("account", account), (&id, &span));
        }
        for (what, account) in &named {
            if let Some(account) = account {
                shops.account(reading, (what, account.value), (&id, &account.span));
            }
        }
    }
    let account = accounts.and_then(|accounts| accounts.account(reading, &workspace, &id));
    let mut setup = WorkspaceSetup::new(workspace, digest);
    setup.quota = quota;
    let timeout = channel.as_ref().map(|(.., within)| *within);
    if wanted == "tiktok" {
        if let Some(account) = account.as_ref().filter(|_| sends) {
            let notices = channel.map(|(signer, ..)| {
                let notices: Arc<dyn DynChannel> = signer.channel.clone();
                shops.signers.push(signer);
                notices
            });
            setup.channel = Some(Arc::new(account.channel(notices)));
            setup.rates = rates;
        }
    } else if let Some((signer, rates, _)) = channel {
        setup.channel = Some(signer.channel.clone());
        shops.signers.push(signer);
        setup.rates = rates;
    }
    shops.tiktok.extend(account);
    shops.setups.push(setup);
    timeout
}

fn read_document(reading: &mut Reading<'_>, document: &At<&str>, base: &Path) -> Option<(Workspace, String)> {
    let path = base.join(document.value);
    let shown = path.display();
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            let message = format!("the document `{shown}` cannot be read: {}", reason(&error));
            reading.fault(&document.span, message, "paths are taken from where the configuration stands");
            return None;
        }
    };
    if bytes.len() > MAX_DOCUMENT {
        reading.fault(&document.span, format!("the document `{shown}` is longer than 64 MiB"), "");
        return None;
    }
    match read_workspace(&bytes, Format::of(&path)) {
        Ok(workspace) => Some((workspace, hex(&Sha256::digest(&bytes)))),
        Err(error) => {
            let help = format!("`chatsparks check {shown}` says everything that is wrong with it");
            reading.fault(&document.span, format!("the document `{shown}` cannot be read: {error}"), help);
            None
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn read_rate(reading: &mut Reading<'_>, key: &str, rate: &At<&str>) -> Option<Rate> {
    let read = rate.value.parse();
    read.map_err(|error| reading.fault(&rate.span, format!("`{key}`: {error}"), "")).ok()
}
