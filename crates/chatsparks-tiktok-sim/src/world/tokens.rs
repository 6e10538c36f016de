//! Tokens of the three platforms: they are over, they are replaced, they are taken back.

use super::{Refusal, World};
use crate::control::{AccountCredentials, Credentials, Platform, TokenFault, TokenMishap};
use std::collections::BTreeMap;

const SECOND: i64 = 1000;

#[derive(Debug, Default)]
pub(crate) struct Tokens {
    all: Vec<Token>,
    /// Codes that can be exchanged once: platform, account, and until when.
    codes: BTreeMap<String, (Platform, usize, i64)>,
    made: u32,
}

/// A pair of tokens.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) platform: Platform,
    pub(crate) account: usize,
    pub(crate) access: String,
    pub(crate) access_until: i64,
    pub(crate) refresh: String,
    pub(crate) refresh_until: i64,
    pub(crate) scopes: &'static str,
    /// A refreshed pair: its access token is good until it is over, its refresh token no more.
    replaced: bool,
    revoked: bool,
}

impl Platform {
    /// How long an access token, a refresh token and a code are good, in seconds.
    fn lives(self) -> (i64, i64, i64) {
        match self {
            Self::Login => (7_200, 180 * 86_400, 600),
            Self::Business => (86_400, 31_536_000, 600),
            Self::Shop => (7 * 86_400, 31_536_000, 1_800),
        }
    }

    pub(crate) fn scopes(self) -> &'static str {
        match self {
            Self::Login => "user.info.basic,video.list",
            Self::Business => {
                "user.info.basic,user.info.username,user.info.profile,user.account.type,video.list,comment.list,\
                 comment.list.manage,message.list.read,message.list.send,message.list.manage"
            }
            Self::Shop => "seller.authorization.info,seller.order.info,seller.product.basic",
        }
    }
}

impl World {
    /// Tokens that are there from the start, so that nobody has to ask a person first.
    pub(super) fn first_tokens(&mut self, now: i64) {
        for account in 0..self.accounts.len() {
            for platform in [Platform::Login, Platform::Business, Platform::Shop] {
                self.grant(now, platform, account);
            }
        }
    }

    fn grant(&mut self, now: i64, platform: Platform, account: usize) -> Token {
        self.tokens.made += 1;
        let of = ["token", &self.tokens.made.to_string(), &self.accounts[account].username];
        let (access, refresh, _) = platform.lives();
        let names = if platform == Platform::Shop { ("TTP_", "TTR_") } else { ("act.", "rft.") };
        let token = Token {
            platform,
            account,
            access: self.ids.secret(names.0, &of),
            access_until: now + access * SECOND,
            refresh: self.ids.secret(names.1, &[of[0], of[1], of[2], "refresh"]),
            refresh_until: now + refresh * SECOND,
            scopes: platform.scopes(),
            replaced: false,
            revoked: false,
        };
        self.tokens.all.push(token.clone());
        token
    }

    /// A person lets an app in: the code that it exchanges for tokens.
    pub(crate) fn authorize(&mut self, platform: Platform, account: usize) -> String {
        let now = self.clock.now();
        self.tokens.made += 1;
        let code = self.ids.secret("", &["code", &self.tokens.made.to_string(), &self.accounts[account].username]);
        self.tokens.codes.insert(code.clone(), (platform, account, now + platform.lives().2 * SECOND));
        code
    }

    /// Tokens for a code, once.
    pub(crate) fn exchange(&mut self, platform: Platform, code: &str) -> Option<Token> {
        let now = self.clock.now();
        let (of, account, until) = *self.tokens.codes.get(code)?;
        if of != platform || now >= until {
            return None;
        }
        self.tokens.codes.remove(code);
        Some(self.grant(now, platform, account))
    }

    /// New tokens for a refresh token, which is good no more.
    pub(crate) fn refresh(&mut self, platform: Platform, refresh: &str) -> Option<Token> {
        let now = self.clock.now();
        let old = self.tokens.all.iter_mut().find(|it| {
            it.platform == platform && it.refresh == refresh && !it.replaced && !it.revoked && now < it.refresh_until
        })?;
        old.replaced = true;
        let account = old.account;
        Some(self.grant(now, platform, account))
    }

    /// Takes a token back, and the pair it belongs to.
    pub(crate) fn revoke(&mut self, platform: Platform, token: &str) -> bool {
        let all = self.tokens.all.iter_mut();
        let mut of = all.filter(|it| it.platform == platform && (it.access == token || it.refresh == token));
        of.next().is_some_and(|it| !std::mem::replace(&mut it.revoked, true))
    }

    /// Whom an access token is for, if it is good now.
    pub(crate) fn token(&mut self, platform: Platform, access: &str) -> Option<Token> {
        let now = self.clock.now();
        let good = |it: &&Token| it.platform == platform && it.access == access && !it.revoked && now < it.access_until;
        self.tokens.all.iter().find(good).cloned()
    }

    /// Lets tokens expire or be revoked.
    pub(crate) fn token_fault(&mut self, fault: &TokenFault) -> Result<(), Refusal> {
        let account = self.account(fault.account.as_deref())?;
        let now = self.clock.now();
        let all = self.tokens.all.iter_mut();
        for token in all.filter(|it| it.platform == fault.platform && it.account == account) {
            match fault.what {
                TokenMishap::ExpireAccess => token.access_until = now,
                TokenMishap::ExpireAll => (token.access_until, token.refresh_until) = (now, now),
                TokenMishap::Revoke => token.revoked = true,
            }
        }
        Ok(())
    }

    /// Everything that a system under test needs. Tokens are the latest.
    pub(crate) fn credentials(&self, base: &str) -> Credentials {
        let latest = |platform, account| {
            let all = self.tokens.all.iter().rev();
            all.into_iter().find(|it: &&Token| it.platform == platform && it.account == account)
        };
        let accounts = self.accounts.iter().enumerate().map(|(place, account)| {
            let (business, shop) = (latest(Platform::Business, place), latest(Platform::Shop, place));
            let access = |token: Option<&Token>| token.map(|it| it.access.clone()).unwrap_or_default();
            let refresh = |token: Option<&Token>| token.map(|it| it.refresh.clone()).unwrap_or_default();
            AccountCredentials {
                username: account.username.clone(),
                business_id: account.business_id.clone(),
                access_token: access(business),
                refresh_token: refresh(business),
                shop_id: account.shop.id.clone(),
                shop_cipher: account.shop.cipher.clone(),
                shop_access_token: access(shop),
                shop_refresh_token: refresh(shop),
                videos: account.videos.iter().map(u64::to_string).collect(),
                products: account
                    .shop
                    .products
                    .iter()
                    .map(|it| (it.id.to_string(), it.skus.iter().map(|sku| sku.id.to_string()).collect()))
                    .collect(),
            }
        });
        Credentials {
            business_url: format!("{base}/open_api/v1.3"),
            shop_url: base.to_owned(),
            login_url: base.to_owned(),
            client_key: self.app.key.clone(),
            client_secret: self.app.secret.clone(),
            app_key: self.shop_app.key.clone(),
            app_secret: self.shop_app.secret.clone(),
            service_id: self.service_id.clone(),
            accounts: accounts.collect(),
        }
    }
}
