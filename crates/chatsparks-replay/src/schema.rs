//! JSON Schemas of what people write, made from the types that it is read as: for editors, which complete names and
//! mark what is wrong while it is typed. What a schema cannot say, such as a `goto` that leads nowhere, `check` does.

use crate::history::LineSchema;
use chatsparks_core::workspace::Workspace;
use serde_json::Value;

/// The schema of a workspace document, in JSON Schema 2020-12.
pub fn workspace() -> Value {
    titled::<Workspace>("ChatSparks workspace")
}

/// The schema of one line of a history, in JSON Schema 2020-12.
pub fn history_line() -> Value {
    titled::<LineSchema>("ChatSparks history line")
}

fn titled<T: schemars::JsonSchema>(title: &str) -> Value {
    let mut schema = schemars::SchemaGenerator::default().into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    schema.to_value()
}
