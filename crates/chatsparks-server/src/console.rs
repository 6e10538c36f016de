//! The console: pages on the calls of this service and on nothing else, served from within the program.
//!
//! Anybody may have the pages: there is nothing in them. What they show is asked for in a session.

use crate::{Kind, Problem};
use axum::{
    Router,
    extract::Path,
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// What a page may do: run the scripts and use the styles that are served here, and talk to this service. Nothing that
/// stands in a text runs, whatever it says, and no other site shows the console in a frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const DRAWING: &str = "image/svg+xml";

macro_rules! files {
    ($($name:literal $kind:ident;)*) => {
        &[$(($name, $kind, include_str!(concat!("../console/", $name)))),*]
    };
}

/// Every file: what it is called, what it is, and what is in it.
const FILES: &[(&str, &str, &str)] = files! {
    "index.html" HTML;
    "app.js" SCRIPT;
    "api.js" SCRIPT;
    "dom.js" SCRIPT;
    "list.js" SCRIPT;
    "shell.js" SCRIPT;
    "why.js" SCRIPT;
    "words.js" SCRIPT;
    "words/en.js" SCRIPT;
    "words/id.js" SCRIPT;
    "words/th.js" SCRIPT;
    "words/vi.js" SCRIPT;
    "pages/analytics.js" SCRIPT;
    "pages/automations.js" SCRIPT;
    "pages/billing.js" SCRIPT;
    "pages/inbox.js" SCRIPT;
    "pages/settings.js" SCRIPT;
    "style.css" STYLE;
    "icon.svg" DRAWING;
};

/// The page at `/`, and the files beside it.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/", get(|headers: HeaderMap| async move { file("index.html", &headers) })).route(
        "/console/{*name}",
        get(|Path(name): Path<String>, headers: HeaderMap| async move { file(&name, &headers) }),
    )
}

fn file(name: &str, asked: &HeaderMap) -> Response {
    let Some((_, kind, content)) = FILES.iter().find(|(of, ..)| *of == name) else {
        return Problem::new(Kind::NotFound, "the console has no such file").into_response();
    };
    // The program that serves it may be another tomorrow: a browser asks whether it is the same still.
    let tag = format!("\"{}\"", HEXLOWER.encode(&Sha256::digest(content.as_bytes())[..16]));
    let is_known = asked
        .get(header::IF_NONE_MATCH)
        .and_then(|known| known.to_str().ok())
        .is_some_and(|known| known.contains(&tag));
    let (status, body) = if is_known { (StatusCode::NOT_MODIFIED, "") } else { (StatusCode::OK, *content) };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(header::ETAG, tag);
    }
    for (name, value) in [
        (header::CONTENT_TYPE, *kind),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;
    use chatsparks_core::diagnosis::{Advice, CheckCode};
    use std::{fs, path::Path};

    fn names(directory: &Path, below: &str, to: &mut Vec<String>) {
        for entry in fs::read_dir(directory).expect("a directory") {
            let entry = entry.expect("a file");
            let name = format!("{below}{}", entry.file_name().to_string_lossy());
            match entry.file_type().expect("a kind").is_dir() {
                true => names(&entry.path(), &format!("{name}/"), to),
                false => to.push(name),
            }
        }
    }

    #[test]
    fn every_file_of_the_console_is_served() {
        let mut found = Vec::new();
        names(&Path::new(env!("CARGO_MANIFEST_DIR")).join("console"), "", &mut found);
        found.sort_unstable();
        let mut served: Vec<&str> = FILES.iter().map(|(name, ..)| *name).collect();
        served.sort_unstable();
        assert_eq!(served, found);
    }

    #[test]
    fn no_text_is_taken_for_markup() {
        for (name, kind, content) in FILES.iter().filter(|(_, kind, _)| *kind != STYLE) {
            for way in
                ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "srcdoc"]
            {
                assert!(!content.contains(way), "{name}: {way}");
            }
            assert!(
                *kind != HTML
                    || !content.contains("<script>") && !content.contains("<style") && !content.contains(" on")
            );
        }
    }

    #[test]
    fn the_console_is_light() {
        let bytes: usize = FILES.iter().map(|(.., content)| content.len()).sum();
        assert!(bytes < 150 << 10, "{bytes} bytes, as they are on the wire");
    }

    /// What is said in one language is said in each. What to do and what was looked at the service itself says in English.
    #[test]
    fn every_language_says_everything() {
        let keys = |wanted: &str| -> Vec<String> {
            let (.., content) = FILES.iter().find(|(name, ..)| *name == wanted).expect("words");
            let body = content.trim_start_matches("export default {").replace(['\n'], " ");
            let mut keys: Vec<String> = body
                .split("\", ")
                .flat_map(|part| part.rsplit_once(": \"").map(|(key, _)| key.trim().trim_matches('"').to_owned()))
                .map(|key| key.trim_start_matches("\",").trim().trim_matches('"').to_owned())
                .filter(|key| !key.starts_with("advice.") && !key.starts_with("check."))
                .collect();
            keys.sort_unstable();
            keys
        };
        let english = keys("words/en.js");
        assert!(english.len() > 150, "{}", english.len());
        for language in ["words/id.js", "words/th.js", "words/vi.js"] {
            assert_eq!(keys(language), english, "{language}");
            let (.., content) = FILES.iter().find(|(name, ..)| *name == language).expect("words");
            let says = |key: String| assert!(content.contains(&format!("\"{key}\": \"")), "{language} lacks `{key}`");
            Advice::ALL.iter().for_each(|advice| says(format!("advice.{}", advice.as_str())));
            CheckCode::ALL.iter().for_each(|check| says(format!("check.{}", check.as_str())));
        }
    }

    #[test]
    fn a_file_that_is_known_is_not_sent_again() {
        let response = file("app.js", &HeaderMap::new());
        assert_eq!(response.headers()[header::CONTENT_TYPE], SCRIPT);
        assert!(
            response.headers()[header::CONTENT_SECURITY_POLICY]
                .to_str()
                .is_ok_and(|policy| policy.contains("script-src 'self'"))
        );
        let mut asked = HeaderMap::new();
        asked.insert(header::IF_NONE_MATCH, response.headers()[header::ETAG].clone());
        assert_eq!(file("app.js", &asked).status(), StatusCode::NOT_MODIFIED);
        assert_eq!(file("../Cargo.toml", &HeaderMap::new()).status(), StatusCode::NOT_FOUND);
    }
}
