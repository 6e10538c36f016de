//! `[workspace.tiktok]` and `[workspace.tiktok_shop]`: the accounts of a workspace.

use super::{
    secret::Secret,
    table::{At, Reading, Table},
};
use chatsparks_core::{WorkspaceId, workspace::Workspace};
use chatsparks_ports::SystemClock;
use chatsparks_tiktok::{
    Account, AccountSettings, AppKeys, BusinessSettings, FirstToken, Sealer, ShopSettings, reach::Capabilities,
};
use std::{ops::Range, path::Path, sync::Arc, time::Duration};

/// The accounts of a workspace, as they are written.
pub(super) struct Accounts<'t> {
    business: Option<BusinessSettings>,
    shop: Option<ShopSettings>,
    sealer: Option<Sealer>,
    ways: Ways<'t>,
    /// There is a `[workspace.tiktok]`.
    sends: bool,
    /// Both tables hold together.
    whole: bool,
    span: Range<usize>,
    pub(super) rates: Vec<At<&'t str>>,
}

/// How the accounts are worked with.
#[derive(Default)]
struct Ways<'t> {
    region: Option<&'t str>,
    able: Capabilities,
    comment_wait: Option<u64>,
    poll: Option<u64>,
    shop_url: Option<&'t str>,
    app_member: Option<&'t str>,
    mark_read: bool,
    public_reply: Option<u64>,
}

/// The account that a table names, and where: no two workspaces may have one (H5).
pub(super) type Named<'t> = (&'static str, Option<At<&'t str>>);

/// Reads both tables, where they are there.
pub(super) fn read<'t>(
    reading: &mut Reading<'_>,
    table: &mut Table<'t>,
    base: &Path,
) -> (Option<Accounts<'t>>, [Named<'t>; 2]) {
    let before = reading.faults.len();
    let mut named = [("TikTok account", None), ("TikTok shop", None)];
    let business = table.table(reading, "tiktok", "[workspace.tiktok]");
    let shop = table.table(reading, "tiktok_shop", "[workspace.tiktok_shop]");
    if business.is_none() && shop.is_none() {
        return (None, named);
    }
    let span = business.as_ref().or(shop.as_ref()).map_or(0..0, |table| table.span.clone());
    let mut accounts = Accounts {
        business: None,
        shop: None,
        sealer: None,
        ways: Ways::default(),
        sends: business.is_some(),
        whole: false,
        span,
        rates: Vec::new(),
    };
    if let Some(mut table) = business {
        let account = table.needed(reading, "business_id", "write `business_id = \"…\"`: the account's `open_id`");
        let key = table.needed(reading, "client_key", "write `client_key = \"…\"`: the app's");
        let secrets = secrets(reading, &mut table, "client_secret", true, base);
        let base_url = table.text(reading, "base_url");
        let first_token = first_token(reading, &mut table, base);
        accounts.sealer = sealer(reading, &mut table, base);
        accounts.ways = ways(reading, &mut table);
        accounts.rates = table.texts(reading, "rate");
        table.end(reading);
        if let (Some(account), Some(key)) = (&account, key) {
            let app = AppKeys { key: key.value.to_owned(), secrets };
            let mut settings = BusinessSettings::new(account.value, app);
            settings.first_token = first_token;
            base_url.iter().for_each(|url| url.value.clone_into(&mut settings.base_url));
            accounts.business = Some(settings);
        }
        named[0].1 = account;
    }
    if let Some(mut table) = shop {
        let account = table.needed(reading, "shop_id", "write `shop_id = \"…\"`");
        let key = table.needed(reading, "app_key", "write `app_key = \"…\"`: the app's");
        let secrets = secrets(reading, &mut table, "app_secret", true, base);
        let (base_url, auth_url) = (table.text(reading, "base_url"), table.text(reading, "auth_url"));
        let first_token = first_token(reading, &mut table, base);
        accounts.sealer = sealer(reading, &mut table, base).or(accounts.sealer);
        table.end(reading);
        if let (Some(account), Some(key)) = (&account, key) {
            let app = AppKeys { key: key.value.to_owned(), secrets };
            let mut settings = ShopSettings::new(account.value, app);
            settings.first_token = first_token;
            base_url.iter().for_each(|url| url.value.clone_into(&mut settings.base_url));
            auth_url.iter().for_each(|url| url.value.clone_into(&mut settings.auth_url));
            accounts.shop = Some(settings);
        }
        named[1].1 = account;
    }
    accounts.whole = reading.faults.len() == before;
    (Some(accounts), named)
}

impl Accounts<'_> {
    /// Whether there is a Business Account, which sends.
    pub(super) fn sends(&self) -> bool {
        self.sends
    }

    /// The accounts of this workspace, once everything is known of them.
    pub(super) fn account(self, reading: &mut Reading<'_>, document: &Workspace, id: &WorkspaceId) -> Option<Account> {
        if !self.whole {
            return None;
        }
        let ways = self.ways;
        let mut settings = AccountSettings::new(id.clone());
        (settings.business, settings.shop, settings.sealer) = (self.business, self.shop, self.sealer);
        settings.region = ways.region.map(str::to_owned);
        (settings.able, settings.mark_read) = (ways.able, ways.mark_read);
        settings.shop_url = ways.shop_url.map(str::to_owned);
        settings.app_member = ways.app_member.map(Into::into);
        ways.comment_wait.iter().for_each(|seconds| settings.comment_wait = Duration::from_secs(*seconds));
        if let Some(seconds) = ways.poll {
            settings.poll = (seconds > 0).then(|| Duration::from_secs(seconds));
        }
        if let Some(characters) = ways.public_reply {
            settings.public_reply = usize::try_from(characters).unwrap_or(usize::MAX);
        }
        if let Some(member) = &settings.app_member
            && !document.members.is_empty()
            && !document.members.iter().any(|one| one.email.as_str().eq_ignore_ascii_case(member.as_str()))
        {
            let message = "`app_member`: the document lists no such member";
            reading.fault(&self.span, message, "name one of its members, or leave it out");
        }
        match Account::new(settings, Arc::new(SystemClock::default())) {
            Ok(account) => Some(account),
            Err(error) => {
                let help = "write `token_key = { env = \"TIKTOK_TOKEN_KEY\" }`, 32 bytes in base64";
                let help = if matches!(error, chatsparks_tiktok::AccountError::NoKey) { help } else { "" };
                reading.fault(&self.span, error.to_string(), help);
                None
            }
        }
    }
}

fn ways<'t>(reading: &mut Reading<'_>, table: &mut Table<'t>) -> Ways<'t> {
    let mut ways = Ways::default();
    if let Some(region) = table.text(reading, "region") {
        if region.value.len() == 2 && region.value.bytes().all(|letter| letter.is_ascii_alphabetic()) {
            ways.region = Some(region.value);
        } else {
            reading.fault(&region.span, "`region`: expected two letters, such as `TH`", "");
        }
    }
    let truth = |reading: &mut Reading<'_>, table: &mut Table<'t>, key| {
        table.truth(reading, key).is_some_and(|truth: At<bool>| truth.value)
    };
    ways.able.comment_to_message = truth(reading, table, "comment_to_message");
    ways.able.approved = truth(reading, table, "approved");
    ways.mark_read = truth(reading, table, "mark_read");
    ways.comment_wait = table.whole(reading, "comment_wait_seconds", 0..=3_600);
    ways.poll = table.whole(reading, "poll_seconds", 0..=86_400);
    ways.public_reply = table.whole(reading, "public_reply_characters", 1..=1_200);
    ways.shop_url = table.text(reading, "shop_url").map(|url| url.value);
    ways.app_member = table.text(reading, "app_member").map(|member| member.value);
    ways
}

/// Secrets: one place, in a file several.
fn secrets(
    reading: &mut Reading<'_>,
    table: &mut Table<'_>,
    key: &'static str,
    needed: bool,
    base: &Path,
) -> Vec<String> {
    let values = table.several(key);
    if values.is_empty() && needed {
        let span = table.span.clone();
        reading.fault(&span, format!("missing key `{key}`"), format!("write `{key} = {{ env = \"NAME\" }}`"));
    }
    let mut secrets = Vec::new();
    for value in values {
        let Some((secret, inner)) = Secret::read(reading, key, value, key, base) else { continue };
        inner.end(reading);
        match secret.get() {
            Ok(found) => secrets.extend(found),
            Err(missing) => reading.fault(&secret.span, missing.message, missing.help),
        }
    }
    secrets
}

/// `refresh_token`, or `auth_code` with `redirect_url`.
fn first_token(reading: &mut Reading<'_>, table: &mut Table<'_>, base: &Path) -> Option<FirstToken> {
    let refresh = secrets(reading, table, "refresh_token", false, base);
    let code = secrets(reading, table, "auth_code", false, base);
    let redirect = table.text(reading, "redirect_url").map(|url| url.value.to_owned());
    match (refresh.into_iter().next(), code.into_iter().next()) {
        (Some(refresh), None) => Some(FirstToken::Refresh(refresh)),
        (None, Some(code)) => Some(FirstToken::Code { code, redirect: redirect.unwrap_or_default() }),
        (None, None) => None,
        (Some(_), Some(_)) => {
            let span = table.span.clone();
            reading.fault(&span, "expected `refresh_token` or `auth_code`, not both", "take one of them out");
            None
        }
    }
}

fn sealer(reading: &mut Reading<'_>, table: &mut Table<'_>, base: &Path) -> Option<Sealer> {
    let keys = secrets(reading, table, "token_key", false, base);
    if keys.is_empty() {
        return None;
    }
    let sealer = Sealer::new(&keys);
    sealer.map_err(|error| reading.fault(&table.span.clone(), format!("`token_key`: {error}"), "")).ok()
}
