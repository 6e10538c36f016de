//! `cargo xtask console`: the console in a browser, over the day that the demo leaves behind.

use crate::{
    Result, root,
    run::{cargo, run as start},
};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Where the tests stand, and where they run: what they need is put beside them there.
const TESTS: &str = "crates/chatsparks-server/browser";
const BESIDE: &str = "target/console";

/// What Chromium is called, by who packs it.
const BROWSERS: [&str; 5] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];

/// Builds the program, and tests the console; or makes the picture of it that the documentation shows.
pub(crate) fn run(picture: bool) -> Result {
    start(&mut cargo(&["build", "--package", "chatsparks-cli", "--locked"]))?;
    with_what_is_built(picture)
}

/// The same with the program as the tests of the workspace built it just now.
pub(crate) fn with_what_is_built(picture: bool) -> Result {
    let browser = match env::var_os("CHROMIUM").map(PathBuf::from).or_else(|| found(&BROWSERS)) {
        Some(browser) => browser,
        None => install("chromium", &BROWSERS)?,
    };
    for (program, package) in [("node", "nodejs"), ("npm", "npm")] {
        if found(&[program]).is_none() {
            install(package, &[program])?;
        }
    }
    let place = root().join(BESIDE);
    fs::create_dir_all(&place)?;
    for entry in fs::read_dir(root().join(TESTS))? {
        let entry = entry?;
        fs::copy(entry.path(), place.join(entry.file_name()))?;
    }
    // Pinned by the digest in its lock file; nothing of it runs when it is installed.
    let npm = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"];
    start(Command::new("npm").args(npm).current_dir(&place))?;
    let target = env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let program = fs::canonicalize(target.join("debug/chatsparks"))?;
    let mut node = Command::new("node");
    node.current_dir(&place).env("CHATSPARKS", program).env("CHROMIUM", browser);
    if picture {
        let to = fs::canonicalize(root())?.join("docs/pictures/console.png");
        return start(node.arg("picture.mjs").arg(to));
    }
    start(node.args(["--test", "--test-reporter=spec", "console.test.mjs"]))
}

/// The first of these programs that is there.
fn found(names: &[&str]) -> Option<PathBuf> {
    let folders: Vec<PathBuf> = env::var_os("PATH").iter().flat_map(env::split_paths).collect();
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|path| path.is_file())
}

/// Brings a program by Debian's package, as root.
fn install(package: &str, names: &[&str]) -> Result<PathBuf> {
    if Path::new("/usr/bin/apt-get").exists() {
        for arguments in [&["update", "-qq"] as &[&str], &["install", "-qq", "--no-install-recommends", package]] {
            start(Command::new("apt-get").args(arguments).env("DEBIAN_FRONTEND", "noninteractive"))?;
        }
    }
    found(names).ok_or_else(|| {
        let names = names.join("`, `");
        format!("there is no `{names}`: install `{package}`, or name a browser in `CHROMIUM`").into()
    })
}
