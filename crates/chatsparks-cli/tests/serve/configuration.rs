//! The configuration: what is wrong is told at once, with its place and what to do.

use crate::service::{BASE, GLOW, Service, TOKEN, command, directory, document};
use std::{fs, path::Path, process::Output};

fn check(directory: &Path) -> Output {
    command(directory).args(["--config", "serve.toml", "--check"]).output().unwrap()
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

#[test]
fn h_everything_wrong_is_told_at_once() {
    let place = directory(
        "listn = \"127.0.0.1:0\"\nlisten = \"0.0.0.0:80\"\nstore = \"postgres://user:hidden@host/db\"\nclock = \"sun\"\n\
         trust_at = \"yes\"\nbatch = 0\n[limits]\nbody_bytes = \"much\"\nspeed = 1\n[[workspace]]\ndocument = \"none.json\"\n\
         outbound = \"http\"\n[workspace.http]\nurl = \"ftp://x\"\nsecret = \"hidden too\"\nrate = [\"20/x\"]\n\
         [[workspace]]\ndocument = \"glow.json\"\noutbound = \"tiktok\"\napi_token = { env = \"NOT_SET\", scope = \"read\" }\n",
    );
    let output = check(place.path());
    assert_eq!(output.status.code(), Some(1));
    let told = out(&output);
    for (at, says) in [
        ("1:1", "unknown key `listn`"),
        ("2:10", "without a token nothing listens"),
        ("3:9", "a password never stands in the configuration"),
        ("4:9", "`wall` or `events`"),
        ("5:12", "true or false"),
        ("6:9", "a whole number from 1"),
        ("8:14", "a whole number"),
        ("9:1", "[limits]: unknown key `speed`"),
        ("11:12", "`none.json` cannot be read"),
        ("15:10", "a secret never stands in the configuration"),
        ("16:9", "not a rate"),
        ("19:12", "there is no `[workspace.tiktok]`"),
        ("20:13", "the variable `NOT_SET` is not set"),
        ("20:32", "unknown key `scope`"),
    ] {
        let line = told.lines().find(|line| line.starts_with(&format!("serve.toml:{at}: ")) && line.contains(says));
        // Tokens are named here, though none can be had: nothing listens without one is for when there is none.
        if says.starts_with("without a token") {
            assert!(line.is_none(), "{told}");
        } else {
            assert!(line.is_some(), "{at} {says}\n{told}");
        }
    }
    assert!(told.contains(" help: did you mean `listen`?"), "{told}");
    assert!(told.contains("did you mean `scopes`?"), "{told}");
    assert!(!told.contains("hidden"), "{told}");
    // Without `--check` it is the same, on standard error, and it does not run.
    let output = command(place.path()).args(["--config", "serve.toml"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("unknown key `listn`"));
}

#[test]
fn h_one_thing_wrong_is_told_with_its_place() {
    let app = "client_key = \"k\"\nclient_secret = { env = \"TOKEN\" }\n";
    let secret = "[workspace.http]\nurl = \"http://127.0.0.1:1/\"\nsecret = { env = \"TOKEN\" }\n";
    for (configuration, at, says) in [
        (format!("listen = \"0.0.0.0:0\"\nstore = \"sqlite:s.db\"\n{GLOW}"), "1:10", "without a token nothing listens"),
        (format!("listen = \"here\"\nstore = \"sqlite:s.db\"\n{GLOW}"), "1:10", "an address and a port"),
        (GLOW.to_owned(), "1:1", "missing key `store`"),
        (BASE.to_owned(), "1:1", "there is no `[[workspace]]`"),
        (format!("{BASE}workspace = 3\n"), "3:13", "`[[workspace]]`"),
        (format!("{BASE}api_token = \"{TOKEN}\"\n{GLOW}"), "3:13", "never stands in the configuration"),
        (format!("{BASE}api_token = {{ env = \"A\", file = \"B\" }}\n{GLOW}"), "3:13", "in one place"),
        (format!("{BASE}api_token = {{ file = \"none\" }}\n{GLOW}"), "3:13", "cannot be read from"),
        (format!("{BASE}api_token = {{ file = \"empty\" }}\n{GLOW}"), "3:13", "is empty"),
        (format!("{BASE}api_token = {{ env = \"TOKEN\", scopes = [\"all\"] }}\n{GLOW}"), "3:40", "`ingest`, `read`"),
        (format!("{BASE}partitions = 0\n{GLOW}"), "3:14", "from 1 to 1024"),
        (format!("{BASE}{GLOW}outbound = \"http\"\n"), "5:12", "there is no `[workspace.http]`"),
        (format!("{BASE}{GLOW}outbound = \"http\"\n{secret}"), "8:10", "as Standard Webhooks write it"),
        (format!("{BASE}{GLOW}quota = \"many\"\n"), "5:9", "not a rate"),
        (format!("{BASE}{GLOW}[[workspace]]\ndocument = \"glow.json\"\n"), "6:12", "`glow` is there twice"),
        (format!("{BASE}{GLOW}[[workspace]]\ndocument = \"same-account.json\"\n"), "6:12", "stands in two workspaces"),
        (
            format!(
                "{BASE}{GLOW}[workspace.tiktok]\nbusiness_id = \"b\"\n{app}[[workspace]]\ndocument = \"other.json\"\n\
                 [workspace.tiktok]\nbusiness_id = \"b\"\n{app}"
            ),
            "12:15",
            "stands in two workspaces",
        ),
        (
            format!("{BASE}{GLOW}[workspace.tiktok]\nbusiness_id = \"b\"\n{app}clientkey = 1\n"),
            "9:1",
            "unknown key `clientkey`",
        ),
        (format!("{BASE}{GLOW}[workspace.tiktok]\n{app}"), "5:12", "missing key `business_id`"),
        (
            format!("{BASE}{GLOW}[workspace.tiktok]\nbusiness_id = \"b\"\n{app}refresh_token = \"{TOKEN}\"\n"),
            "9:17",
            "never stands in the configuration",
        ),
        (
            format!(
                "{BASE}{GLOW}[workspace.tiktok]\nbusiness_id = \"b\"\n{app}refresh_token = {{ env = \"TOKEN\" }}\n"
            ),
            "5:12",
            "no key to seal it with",
        ),
        (
            format!("{BASE}{GLOW}[workspace.tiktok]\nbusiness_id = \"b\"\n{app}token_key = {{ env = \"TOKEN\" }}\n"),
            "5:12",
            "a key of 32 bytes",
        ),
        (format!("{BASE}{GLOW}[workspace.tiktok_shop]\nshop_id = \"s\"\n"), "5:12", "missing key `app_key`"),
        ("store = \n".to_owned(), "1:9", ""),
    ] {
        let place = directory(&configuration);
        let other = document().to_string().replace("\"glow\"", "\"other\"");
        fs::write(place.path().join("same-account.json"), &other).unwrap();
        fs::write(place.path().join("other.json"), other.replace("acct_glow", "acct_other")).unwrap();
        fs::write(place.path().join("empty"), "\n").unwrap();
        let output = check(place.path());
        assert_eq!(output.status.code(), Some(1), "{configuration}");
        let first = out(&output).lines().next().unwrap();
        assert!(first.starts_with(&format!("serve.toml:{at}: ")) && first.contains(says), "{configuration}\n{first}");
        assert!(!out(&output).contains(TOKEN));
    }
}

/// What is left: each kind of fault that a configuration can have is told, and none shows a secret.
#[test]
fn h_every_other_thing_wrong_is_told() {
    let url = "url = \"http://127.0.0.1:1/\"\n";
    let tiktok = format!(
        "{BASE}{GLOW}[workspace.tiktok]\nbusiness_id = \"b\"\nclient_key = \"k\"\nclient_secret = {{ env = \"TOKEN\" }}\n"
    );
    let nats = "listen = \"127.0.0.1:0\"\nstore = \"nats://127.0.0.1:1/x\"\n[nats]\n";
    for (configuration, says) in [
        (format!("store = \"mysql://host/db\"\n{GLOW}"), "expected `sqlite:` and the path of a file"),
        (format!("store = \"mysql://user:{TOKEN}@host\"\n{GLOW}"), "a password never stands in the configuration"),
        (format!("store = \"sqlite:\"\n{GLOW}"), "expected `sqlite:` and the path of a file"),
        (format!("store = \"nats://user:{TOKEN}@host/x\"\n{GLOW}"), "a password never stands in the configuration"),
        (format!("store = 3\n{GLOW}"), "`store`: expected where"),
        (format!("{nats}user = \"u\"\n{GLOW}"), "`user` and `password` go together"),
        (
            format!("{nats}token = {{ env = \"TOKEN\" }}\ncredentials = {{ env = \"TOKEN\" }}\n{GLOW}"),
            "one of `user`, `token` and `credentials`",
        ),
        (format!("{nats}token = \"{TOKEN}\"\n{GLOW}"), "a secret never stands in the configuration"),
        (format!("{BASE}nats = 3\n{GLOW}"), "a table"),
        (format!("{BASE}limits = 3\n{GLOW}"), "a table"),
        (format!("{BASE}api_token = 3\n{GLOW}"), "expected where the secret stands"),
        (format!("{BASE}api_token = {{}}\n{GLOW}"), "expected where the secret stands"),
        (format!("{BASE}api_token = {{ file = \"blank\" }}\n{GLOW}"), "without blanks"),
        (format!("{BASE}[[workspace]]\n"), "missing key `document`"),
        (format!("{BASE}[[workspace]]\ndocument = \"no.json\"\n"), "cannot be read"),
        (format!("{BASE}[[workspace]]\ndocument = \"blank\"\n"), "cannot be read"),
        (format!("{BASE}{GLOW}outbound = \"mail\"\n"), "expected `tiktok`, `http` or `none`"),
        (format!("{BASE}{GLOW}outbound = \"http\"\n[workspace.http]\n{url}"), "missing key `secret`"),
        (
            format!("{BASE}{GLOW}outbound = \"http\"\n[workspace.http]\nsecret = {{ env = \"TOKEN\" }}\n"),
            "missing key `url`",
        ),
        (
            format!(
                "{BASE}{GLOW}outbound = \"http\"\n[workspace.http]\n{url}secret = [{{ env = \"A\" }}, {{ env = \"B\" }}]\n"
            ),
            "`secret`: expected one",
        ),
        (
            format!(
                "{BASE}{GLOW}outbound = \"http\"\n[workspace.http]\n{url}timeout_seconds = 601\nsecret = {{ env = \"TOKEN\" }}\n"
            ),
            "a whole number from 1 to 600",
        ),
        (format!("{tiktok}region = \"Thailand\"\n"), "two letters"),
        (format!("{tiktok}approved = \"yes\"\n"), "true or false"),
        (format!("{tiktok}app_member = \"nobody@glow.example\"\n"), "the document lists no such member"),
        (
            format!("{tiktok}refresh_token = {{ env = \"TOKEN\" }}\nauth_code = {{ env = \"TOKEN\" }}\n"),
            "`refresh_token` or `auth_code`, not both",
        ),
    ] {
        let place = directory(&configuration);
        fs::write(place.path().join("blank"), "two words\n").unwrap();
        let output = check(place.path());
        assert_eq!(output.status.code(), Some(1), "{configuration}");
        let told = out(&output);
        assert!(
            told.lines().any(|line| line.starts_with("serve.toml:") && line.contains(says)),
            "{configuration}\n{told}"
        );
        assert!(!told.contains(TOKEN), "{told}");
    }
    // A file that is none: not there, a folder, not text, endless.
    let place = directory("");
    let file = place.path().join("serve.toml");
    for (bytes, says) in [
        (None, "cannot be read"),
        (Some(vec![0xff, 0xfe]), "is not UTF-8"),
        (Some(vec![b'#'; (1 << 20) + 1]), "is longer than 1 MiB"),
    ] {
        match bytes {
            Some(bytes) => fs::write(&file, bytes).unwrap(),
            None => fs::remove_file(&file).unwrap(),
        }
        let output = check(place.path());
        assert_eq!(output.status.code(), Some(1));
        assert!(out(&output).contains(says), "{}", out(&output));
    }
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert!(out(&check(place.path())).contains("cannot be read"));
}

#[test]
fn h_documents_are_looked_at_by_check() {
    let place = directory(&format!("{BASE}{GLOW}"));
    let mut broken = document();
    broken["triggers"][0]["flow"] = "nowhere".into();
    fs::write(place.path().join("glow.json"), broken.to_string()).unwrap();
    let output = check(place.path());
    assert_eq!(output.status.code(), Some(1));
    assert!(out(&output).contains("the document of workspace `glow` has 1 faults"), "{}", out(&output));
    let output = command(place.path()).args(["--config", "serve.toml"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

/// H: where the document and the account's country do not agree, the check says what the start does.
#[test]
fn p2_a_region_that_admits_less_than_the_document_says_is_warned_of() {
    for (region, says) in [
        ("DE", Some("reach in `DE`: accounts registered there have no business messaging")),
        ("US", Some("reach in `US`: accounts registered there need the platform's approval first")),
        ("ZZ", Some("reach in `ZZ`: no country has these letters")),
        ("BR", None),
    ] {
        let place = directory(&format!(
            "{BASE}{GLOW}[workspace.tiktok]\nbusiness_id = \"b\"\nclient_key = \"k\"\n\
             client_secret = {{ env = \"TOKEN\" }}\nregion = \"{region}\"\n"
        ));
        let buyer_first = document().to_string().replacen('{', r#"{"policy":{"reach":{"mode":"buyer_first"}},"#, 1);
        fs::write(place.path().join("glow.json"), buyer_first).unwrap();
        let output = check(place.path());
        let told = out(&output);
        assert_eq!(output.status.code(), Some(0), "a warning is no fault: {told}");
        match says {
            Some(says) => {
                assert!(told.starts_with(&format!("serve.toml: warning: workspace `glow`: {says}")), "{told}");
                assert!(told.ends_with("serve.toml: nothing else is wrong\n"), "{told}");
            }
            None => assert_eq!(told, "serve.toml: nothing is wrong\n"),
        }
    }
}

/// What can be said of a store's address without asking anybody, the check says.
#[test]
fn h_an_address_that_is_none_is_found_before_the_start() {
    for (store, says) in [
        ("postgres://me@db/shop?target=x", "postgres://user@host/database"),
        ("postgres://me@db:port/shop", "postgres://user@host/database"),
        ("nats://n1,n2/shop?memory=much", "MiB of memory"),
        ("nats://n1,n2/shop?replica=1", "`replica=1`, which is unknown"),
    ] {
        let place = directory(&format!("{BASE}{GLOW}").replace("sqlite:store.db", store));
        let output = check(place.path());
        let told = out(&output);
        assert_eq!(output.status.code(), Some(1), "{store}: {told}");
        assert!(told.starts_with("serve.toml: `store`: ") && told.contains(says), "{store}: {told}");
        assert!(!told.contains("nothing is wrong"), "{told}");
    }
}

/// What a table takes is what stands in the example: an unknown key is answered with all that are known.
#[test]
fn h_the_example_has_every_key() {
    let place = directory("");
    let output = command(place.path()).arg("--example-config").output().unwrap();
    let example = String::from_utf8(output.stdout).unwrap();
    let asked = "qqqqqqqq = 1";
    fs::write(
        place.path().join("serve.toml"),
        format!(
            "{asked}\n[nats]\n{asked}\n[limits]\n{asked}\n[[workspace]]\n{asked}\n[workspace.http]\n{asked}\n\
             [workspace.tiktok]\n{asked}\n[workspace.tiktok_shop]\n{asked}\n"
        ),
    )
    .unwrap();
    let output = check(place.path());
    let told = out(&output);
    // Of the example: what stands below each heading, commented out or not.
    let mut sections = std::collections::BTreeMap::from([("the configuration".to_owned(), Vec::new())]);
    let mut section = "the configuration".to_owned();
    for line in example.lines().map(|line| line.trim_start_matches(['#', ' '])) {
        if line.starts_with('[') && line.ends_with(']') {
            section = line.to_owned();
        }
        sections.entry(section.clone()).or_default().push(line.to_owned());
    }
    let mut tables = 0;
    let lines: Vec<&str> = told.lines().collect();
    for (fault, help) in lines.iter().zip(&lines[1..]).filter(|(fault, _)| fault.contains("unknown key `qqqqqqqq`")) {
        let table = fault.split(": ").nth(1).unwrap();
        let keys = help.strip_prefix(" help: what may stand here: ").unwrap();
        tables += 1;
        // Tables have headings of their own, the first table's keys may stand anywhere above the workspaces.
        for key in keys
            .split(", ")
            .filter(|key| !["http", "tiktok", "tiktok_shop", "nats", "limits", "workspace"].contains(key))
        {
            let stands = |lines: &Vec<String>| lines.iter().any(|line| line.starts_with(&format!("{key} = ")));
            let is_there = sections.get(table).is_some_and(stands);
            assert!(is_there, "{table}: the example lacks `{key}`");
        }
    }
    assert_eq!(tables, 7, "{told}");
}

#[test]
fn h_the_example_holds() {
    let place = directory("");
    let output = command(place.path()).arg("--example-config").output().unwrap();
    assert!(output.status.success());
    let written = String::from_utf8(output.stdout).unwrap();
    fs::write(place.path().join("serve.toml"), &written).unwrap();
    let secret = [("CHATSPARKS_TOKEN", "t"), ("EFFECTS_SECRET", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")];
    let output = command(place.path()).args(["--config", "serve.toml", "--check"]).envs(secret).output().unwrap();
    assert_eq!(out(&output), "serve.toml: nothing is wrong\n");
    // What is commented out holds too.
    let all: String = written
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(key) if key.starts_with(|first: char| first.is_ascii_lowercase()) => format!("{key}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    fs::write(place.path().join("serve.toml"), all).unwrap();
    let secret = secret.into_iter().chain([("GLOW_TOKEN", "u")]);
    let output = command(place.path()).args(["--config", "serve.toml", "--check"]).envs(secret).output().unwrap();
    assert_eq!(out(&output), "serve.toml: nothing is wrong\n");
    // And the accounts, with one of the two ways to begin.
    let accounts = written.lines().skip_while(|line| *line != "# [workspace.tiktok]").filter_map(|line| {
        let line = line.strip_prefix("# ")?;
        (!["auth_code", "redirect_url", "app_member"].iter().any(|other| line.starts_with(other))).then_some(line)
    });
    let accounts: Vec<&str> = accounts.collect();
    fs::write(place.path().join("serve.toml"), format!("{BASE}{GLOW}{}\n", accounts.join("\n"))).unwrap();
    let key = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    let names = ["CLIENT_SECRET", "REFRESH_TOKEN", "SHOP_SECRET", "SHOP_REFRESH_TOKEN"];
    let secrets = names.map(|name| (format!("TIKTOK_{name}"), "s")).into_iter();
    let secrets = secrets.chain([("TIKTOK_TOKEN_KEY".to_owned(), key), ("TOKEN".to_owned(), TOKEN)]);
    let output = command(place.path()).args(["--config", "serve.toml", "--check"]).envs(secrets).output().unwrap();
    let told = out(&output);
    assert!(output.status.success() && told.ends_with("else is wrong\n"), "{told}");
}

#[test]
fn h_what_cannot_run_says_why() {
    let service = Service::usual();
    let configuration = fs::read_to_string(service.path("serve.toml")).unwrap();
    let run = |configuration: &str, directory: &Path| {
        fs::write(directory.join("again.toml"), configuration).unwrap();
        let output = command(directory).args(["--config", "again.toml"]).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    // A second process on the same file, and on the same address.
    let told = run(&configuration, service.directory.path());
    assert!(told.contains("cannot open the store"), "{told}");
    let told = run(&configuration.replace("127.0.0.1:0", &service.address.to_string()), service.directory.path());
    assert!(told.contains("cannot listen on") && told.contains("something else listens there"), "{told}");
    // Neither disturbed the one that runs.
    assert_eq!(service.get("/healthz").status, 200);
    let missing = command(service.directory.path()).args(["--config", "none.toml"]).output().unwrap();
    assert_eq!(missing.status.code(), Some(2));
    let nothing = command(service.directory.path()).output().unwrap();
    assert_eq!(nothing.status.code(), Some(2));
}
