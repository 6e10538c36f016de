//! Tasks of the repository: `cargo xtask <task>`.

use std::process::ExitCode;

mod unicode;

fn main() -> ExitCode {
    let task = std::env::args().nth(1).unwrap_or_default();
    let result = match task.as_str() {
        "unicode" => unicode::run(),
        _ => Err(format!("unknown task `{task}`; the tasks are: unicode").into()),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "a task speaks to the person who ran it")]
            {
                eprintln!("error: {error}");
            }
            ExitCode::FAILURE
        }
    }
}
