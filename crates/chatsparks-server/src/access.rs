//! Who may do what: bearer tokens, compared in constant time.

use crate::{
    Kind, Problem,
    session::{Brought, Session},
};
use axum::http::{HeaderMap, header};
use chatsparks_core::{Instant, WorkspaceId};
use chatsparks_ports::{Clock, SystemClock};
use sha2::{Digest, Sha256};
use std::{
    fmt,
    net::IpAddr,
    str::FromStr,
    sync::{Arc, PoisonError, RwLock},
};
use subtle::ConstantTimeEq;

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Bring events.
    Ingest,
    /// Read records, state, the queue, the document, metrics.
    Read,
    /// Act as a member, and retry or drop effects.
    Act,
    /// Change the document, forget a person.
    Admin,
}

impl Scope {
    /// Every scope: what a token may do that is not limited.
    pub const ALL: [Self; 4] = [Self::Ingest, Self::Read, Self::Act, Self::Admin];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Act => "act",
            Self::Admin => "admin",
        }
    }
}

impl FromStr for Scope {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or(())
    }
}

/// A token, as its digest: what it was cannot be read from it.
#[derive(Clone)]
pub struct Token {
    digest: [u8; 32],
    workspace: Option<WorkspaceId>,
    scopes: Vec<Scope>,
}

impl Token {
    /// A token that opens every workspace for everything.
    pub fn new(secret: &str) -> Self {
        Self { digest: digest(secret), workspace: None, scopes: Scope::ALL.to_vec() }
    }

    /// The same, for one workspace alone.
    pub fn only_for(self, workspace: WorkspaceId) -> Self {
        Self { workspace: Some(workspace), ..self }
    }

    fn opens(&self, workspace: Option<&WorkspaceId>) -> bool {
        self.workspace.is_none() || self.workspace.as_ref() == workspace
    }

    /// The same, for these scopes alone.
    pub fn limited_to(self, scopes: &[Scope]) -> Self {
        Self { scopes: scopes.to_vec(), ..self }
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Token").field("workspace", &self.workspace).field("scopes", &self.scopes).finish()
    }
}

/// Fixed length, so that not even the length of a token shows in how long it takes to compare.
fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

/// Who may do what. Cheap to clone; every clone sees the tokens that were set last.
#[derive(Clone)]
pub struct Access {
    tokens: Arc<RwLock<Arc<[Token]>>>,
    without: Without,
}

/// What a request without a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Without {
    Nothing,
    Everything,
    /// Everything, where it comes from this machine and not from a page in a browser.
    EverythingFromHere,
}

impl fmt::Debug for Access {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.tokens.read().unwrap_or_else(PoisonError::into_inner).len();
        write!(out, "Access({count} tokens, without one: {:?})", self.without)
    }
}

impl Access {
    /// Access by these tokens. Two may be valid while one is changed for the other; with none, nobody gets in.
    pub fn of(tokens: Vec<Token>) -> Self {
        Self::new(tokens, Without::Nothing)
    }

    /// Access for everybody: only where the router stands behind something that lets nobody in who may not.
    pub fn open() -> Self {
        Self::new(Vec::new(), Without::Everything)
    }

    /// Access for everybody on this machine: for a service that listens on loopback alone.
    ///
    /// Pages that a browser shows on the machine are not let in: what they send names another host or another origin.
    pub fn loopback() -> Self {
        Self::new(Vec::new(), Without::EverythingFromHere)
    }

    fn new(tokens: Vec<Token>, without: Without) -> Self {
        Self { tokens: Arc::new(RwLock::new(tokens.into())), without }
    }

    /// Takes these tokens in place of the ones before.
    pub fn replace(&self, tokens: Vec<Token>) {
        *self.tokens.write().unwrap_or_else(PoisonError::into_inner) = tokens.into();
    }

    /// Who calls: by their token, or else by the session that a cookie brings (H6).
    pub(crate) fn caller(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        match self.without {
            Without::Everything => {}
            Without::EverythingFromHere => from_here(headers)?,
            Without::Nothing => {
                return match (headers.contains_key(header::AUTHORIZATION), Brought::of(headers)) {
                    (false, Some(brought)) => self.in_session(&brought, headers),
                    _ => self.with_token(bearer(headers)?),
                };
            }
        }
        // Nobody has to be let in: a session only says who acts.
        match Brought::of(headers).and_then(|brought| brought.verified(&NO_TOKEN, now())) {
            Some(session) => Caller::anybody().in_session(session).on_our_page(headers),
            None => Ok(Caller::anybody()),
        }
    }

    /// Who calls with this token.
    fn with_token(&self, token: &str) -> Result<Caller, Problem> {
        let given = digest(token.trim());
        // INVARIANT: every token is compared, whichever fits, so that the time taken tells nothing.
        let fitting: Vec<Token> =
            self.tokens().iter().filter(|token| bool::from(token.digest.ct_eq(&given))).cloned().collect();
        if fitting.is_empty() { Err(unauthorized("the token is not known")) } else { Ok(Caller::of(fitting)) }
    }

    /// Who signed in, where a token that is known signed their session.
    fn in_session(&self, brought: &Brought<'_>, headers: &HeaderMap) -> Result<Caller, Problem> {
        let now = now();
        let tokens = self.tokens();
        let mut verified = tokens.iter().filter_map(|token| Some((token, brought.verified(&token.digest, now)?)));
        match verified.next_back() {
            Some((token, session)) => Caller::of(vec![token.clone()]).in_session(session).on_our_page(headers),
            None => Err(unauthorized("the session is over: sign in again")),
        }
    }

    /// What a session in this workspace is signed with, and who begins it: with this token, or without one where none is
    /// needed.
    pub(crate) fn begin_session(
        &self,
        token: Option<&str>,
        headers: &HeaderMap,
        workspace: &WorkspaceId,
    ) -> Result<(Caller, [u8; 32]), Problem> {
        let caller = match self.without {
            Without::Nothing => self.with_token(token.ok_or_else(|| unauthorized("a session begins with a token"))?)?,
            Without::Everything => Caller::anybody(),
            Without::EverythingFromHere => from_here(headers).map(|()| Caller::anybody())?,
        };
        caller.check(Scope::Read, Some(workspace))?;
        let mut tokens = caller.tokens.iter().filter(|token| token.opens(Some(workspace)));
        let digest = tokens.find(|token| token.scopes.contains(&Scope::Read)).map_or(NO_TOKEN, |token| token.digest);
        Ok((caller, digest))
    }

    fn tokens(&self) -> Arc<[Token]> {
        self.tokens.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// What sessions are signed with where no token is needed: they prove nothing there, and need not.
const NO_TOKEN: [u8; 32] = [0; 32];

fn now() -> Instant {
    SystemClock::default().wall()
}

fn bearer(headers: &HeaderMap) -> Result<&str, Problem> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(given), None) = (given.next(), given.next()) else {
        return Err(unauthorized("send `Authorization: Bearer TOKEN`, once"));
    };
    let token = given.to_str().ok().and_then(|given| given.split_once(' '));
    match token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer")) {
        Some((_, token)) => Ok(token),
        None => Err(unauthorized("expected `Authorization: Bearer TOKEN`")),
    }
}

fn unauthorized(detail: &str) -> Problem {
    Problem::new(Kind::Unauthorized, detail).with_header(header::WWW_AUTHENTICATE, "Bearer")
}

/// Whether a request without a token was made on this machine for this machine: a page of another site, opened in a
/// browser here, bears its own origin, or the name of another host that was made to point here.
fn from_here(headers: &HeaderMap) -> Result<(), Problem> {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(header::HOST);
    if host.is_some_and(|host| !names_loopback(host)) {
        return Err(Problem::new(Kind::Forbidden, "without a token, `Host` must name the loopback, such as 127.0.0.1"));
    }
    if is_of_another_page(headers) {
        return Err(Problem::new(Kind::Forbidden, "pages of other origins need a token"));
    }
    Ok(())
}

/// Whether a page sent it that this host did not serve.
fn is_of_another_page(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let host = text(header::HOST);
    text(header::ORIGIN).is_some_and(|origin| origin.split_once("://").map(|(_, authority)| authority) != host)
}

fn names_loopback(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

/// Who calls: every token that fits what they sent, and the member who signed in with it.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    tokens: Arc<[Token]>,
    session: Option<Session>,
}

/// What a member may do who signed in, as far as the token may that let them in.
const OF_SESSIONS: [Scope; 2] = [Scope::Read, Scope::Act];

impl Caller {
    fn of(tokens: Vec<Token>) -> Self {
        Self { tokens: tokens.into(), session: None }
    }

    fn anybody() -> Self {
        Self::of(vec![Token { digest: NO_TOKEN, workspace: None, scopes: Scope::ALL.to_vec() }])
    }

    fn in_session(self, session: Session) -> Self {
        Self { session: Some(session), ..self }
    }

    /// A browser sends the cookie along whoever wrote the page: `SameSite` keeps others' from doing so, and this does too,
    /// where pages of one site are not all ours.
    fn on_our_page(self, headers: &HeaderMap) -> Result<Self, Problem> {
        if is_of_another_page(headers) {
            return Err(Problem::new(Kind::Forbidden, "a session is believed from pages of its own origin"));
        }
        Ok(self)
    }

    /// The member who signed in.
    pub(crate) fn session(&self) -> Option<&Session> {
        self.session.as_ref()
    }

    /// Whether they may do this, in this workspace or, without one, in all of them.
    pub(crate) fn may(&self, scope: Scope, workspace: Option<&WorkspaceId>) -> bool {
        if let Some(session) = &self.session
            && (Some(&session.workspace) != workspace || !OF_SESSIONS.contains(&scope))
        {
            return false;
        }
        self.tokens.iter().any(|token| token.opens(workspace) && token.scopes.contains(&scope))
    }

    /// Whether they may do this.
    ///
    /// # Errors
    /// A `403` that says what the token would have to have.
    pub(crate) fn check(&self, scope: Scope, workspace: Option<&WorkspaceId>) -> Result<(), Problem> {
        if self.may(scope, workspace) {
            return Ok(());
        }
        let detail = match workspace {
            Some(_) => format!("this asks for a token of this workspace with the scope `{}`", scope.as_str()),
            None => format!("this asks for a token of all workspaces with the scope `{}`", scope.as_str()),
        };
        let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{}\"", scope.as_str());
        Err(Problem::new(Kind::Forbidden, detail).with_header(header::WWW_AUTHENTICATE, &challenge))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn headers(given: &[(header::HeaderName, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in given {
            headers.append(name, HeaderValue::from_str(value).expect("a header"));
        }
        headers
    }

    #[test]
    fn h_a_token_opens_what_it_is_for() {
        let (glow, other) = (WorkspaceId::from("glow"), WorkspaceId::from("other"));
        let access = Access::of(vec![
            Token::new("all"),
            Token::new("old"),
            Token::new("glow").only_for(glow.clone()),
            Token::new("reads").limited_to(&[Scope::Read]),
        ]);
        let may = |token: &str, scope, workspace: Option<&WorkspaceId>| {
            let caller = access.caller(&headers(&[(header::AUTHORIZATION, &format!("Bearer {token}"))]));
            caller.map(|caller| caller.may(scope, workspace)).ok()
        };
        for (token, scope, workspace, wanted) in [
            ("all", Scope::Admin, Some(&glow), Some(true)),
            ("all", Scope::Read, None, Some(true)),
            ("old", Scope::Act, Some(&other), Some(true)),
            ("glow", Scope::Admin, Some(&glow), Some(true)),
            ("glow", Scope::Read, Some(&other), Some(false)),
            ("glow", Scope::Read, None, Some(false)),
            ("reads", Scope::Read, Some(&glow), Some(true)),
            ("reads", Scope::Ingest, Some(&glow), Some(false)),
            ("al", Scope::Read, None, None),
            ("all ", Scope::Read, None, Some(true)),
            ("", Scope::Read, None, None),
        ] {
            assert_eq!(may(token, scope, workspace), wanted, "{token} {scope:?} {workspace:?}");
        }
        access.replace(vec![Token::new("new")]);
        assert_eq!(may("all", Scope::Read, None), None);
        assert_eq!(may("new", Scope::Read, None), Some(true));
    }

    #[test]
    fn h_what_is_no_bearer_token_is_refused() {
        let access = Access::of(vec![Token::new("t")]);
        let bearer = (header::AUTHORIZATION, "Bearer t");
        assert!(access.caller(&headers(&[])).is_err());
        assert!(access.caller(&headers(&[(header::AUTHORIZATION, "Basic t")])).is_err());
        assert!(access.caller(&headers(&[(header::AUTHORIZATION, "t")])).is_err());
        assert!(access.caller(&headers(&[bearer.clone(), bearer.clone()])).is_err());
        assert!(access.caller(&headers(&[bearer])).is_ok());
        assert!(access.caller(&headers(&[(header::AUTHORIZATION, "bearer t")])).is_ok());
    }

    #[test]
    fn h_without_a_token_pages_of_other_sites_are_not_let_in() {
        let access = Access::loopback();
        let may = |given: &[(header::HeaderName, &str)]| access.caller(&headers(given)).is_ok();
        assert!(may(&[]));
        assert!(may(&[(header::HOST, "127.0.0.1:8787")]));
        assert!(may(&[(header::HOST, "[::1]:8787")]));
        assert!(may(&[(header::HOST, "localhost")]));
        assert!(may(&[(header::HOST, "localhost:1"), (header::ORIGIN, "http://localhost:1")]));
        assert!(!may(&[(header::HOST, "rebound.example:8787")]));
        assert!(!may(&[(header::HOST, "localhost:1"), (header::ORIGIN, "https://elsewhere.example")]));
        assert!(!may(&[(header::HOST, "localhost:1"), (header::ORIGIN, "null")]));
    }
}
