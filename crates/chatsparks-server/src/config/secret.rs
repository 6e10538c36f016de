//! Secrets: named in the configuration, and never standing in it.

use super::table::{Reading, Table};
use std::{env, fs, io, ops::Range, path::PathBuf};
use toml::{Spanned, de::DeValue};

/// Where a secret stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In a variable of the environment.
    Variable(String),
    /// In a file: one a line.
    File(PathBuf),
}

/// A secret that is named.
#[derive(Clone, Debug)]
pub(super) struct Secret {
    pub(super) place: Place,
    pub(super) span: Range<usize>,
}

/// Why a secret cannot be had, and what to do; never what stands there.
#[derive(Debug)]
pub(super) struct Missing {
    pub(super) message: String,
    pub(super) help: String,
}

impl Secret {
    /// Reads where a secret stands; what else may stand in its table is for the caller.
    pub(super) fn read<'t>(
        reading: &mut Reading<'_>,
        key: &'static str,
        value: &'t Spanned<DeValue<'t>>,
        name: &'static str,
        base: &std::path::Path,
    ) -> Option<(Self, Table<'t>)> {
        let help = format!("write `{key} = {{ env = \"NAME\" }}` or `{key} = {{ file = \"PATH\" }}`");
        let span = value.span();
        let DeValue::Table(table) = value.get_ref() else {
            let message = match value.get_ref() {
                DeValue::String(_) => format!("`{key}`: a secret never stands in the configuration itself"),
                _ => format!("`{key}`: expected where the secret stands"),
            };
            reading.fault(&span, message, help);
            return None;
        };
        let mut table = Table::new(name, table, span.clone());
        let variable = table.text(reading, "env");
        let file = table.text(reading, "file");
        let place = match (variable, file) {
            (Some(variable), None) if !variable.value.is_empty() => Place::Variable(variable.value.to_owned()),
            (None, Some(file)) if !file.value.is_empty() => Place::File(base.join(file.value)),
            (Some(_), Some(_)) => {
                reading.fault(&span, format!("`{key}`: a secret stands in one place"), help);
                return None;
            }
            _ => {
                reading.fault(&span, format!("`{key}`: expected where the secret stands"), help);
                return None;
            }
        };
        Some((Self { place, span }, table))
    }

    /// All that stands there, as it stands.
    pub(super) fn text(&self) -> Result<String, Missing> {
        self.read_place().map(|(text, _)| text)
    }

    fn read_place(&self) -> Result<(String, String), Missing> {
        Ok(match &self.place {
            Place::Variable(name) => {
                let text = env::var(name).map_err(|error| match error {
                    env::VarError::NotPresent => Missing {
                        message: format!("the variable `{name}` is not set"),
                        help: format!("set it where the service is started: `export {name}=…`"),
                    },
                    env::VarError::NotUnicode(_) => Missing {
                        message: format!("the variable `{name}` is not UTF-8"),
                        help: "a secret is made of letters, digits and signs".to_owned(),
                    },
                })?;
                (text, format!("the variable `{name}`"))
            }
            Place::File(path) => {
                let path_shown = path.display();
                let text = fs::read_to_string(path).map_err(|error| Missing {
                    message: format!("the secret cannot be read from `{path_shown}`: {}", reason(&error)),
                    help: "check the path, taken from where the configuration stands, and that you may read it"
                        .to_owned(),
                })?;
                (text, format!("the file `{path_shown}`"))
            }
        })
    }

    /// The secrets that stand there: one of a variable, one a line of a file.
    pub(super) fn get(&self) -> Result<Vec<String>, Missing> {
        let (text, shown) = self.read_place()?;
        let secrets: Vec<String> =
            text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
        if secrets.is_empty() {
            let help = "put a secret there, such as `openssl rand -base64 32` makes".to_owned();
            return Err(Missing { message: format!("{shown} is empty"), help });
        }
        if secrets.iter().any(|secret| !secret.bytes().all(|byte| byte.is_ascii_graphic())) {
            let help = "such as `openssl rand -base64 32` makes; in a file one a line".to_owned();
            let message = format!("{shown}: a secret is made of ASCII letters, digits and signs, without blanks");
            return Err(Missing { message, help });
        }
        Ok(secrets)
    }
}

/// What the system says, without its number.
pub(super) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split_once(" (os error").map_or(text.as_str(), |(reason, _)| reason).to_lowercase()
}
