//! The engine against the model, on random histories: the same records, facts and revisions too, and the same
//! final state.

use chatsparks_core::{Envelope, workspace::Workspace};
use chatsparks_testkit::{
    Model, Replayed, drive,
    generate::{Case, Focus, case},
    properties,
};
use proptest::prelude::*;
use serde_json::Value;

/// A record as it is compared: without what the model does not say, which faults a document has.
fn plain(mut record: Value) -> Value {
    if let Some(refused) = record.pointer_mut("/outcome/refused").and_then(Value::as_object_mut) {
        refused.remove("faults");
    }
    without_nulls(record)
}

/// Absent equals null.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let kept = fields.into_iter().filter(|(_, value)| !value.is_null());
            kept.map(|(name, value)| (name, without_nulls(value))).collect()
        }
        Value::Array(values) => values.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

/// The model's replay.
fn model(workspace: &Workspace, history: &[Envelope]) -> Replayed {
    let mut model = Model::new(workspace.clone());
    let records = history.iter().flat_map(|envelope| model.step(envelope)).map(plain).collect();
    Replayed { records, state: without_nulls(model.state()) }
}

fn agree(Case { workspace, history }: &Case) -> Result<(), TestCaseError> {
    let engine = drive(workspace, history);
    let model = model(workspace, history);
    let records: Vec<Value> = engine.records.into_iter().map(plain).collect();
    for (engine, model) in records.iter().zip(&model.records) {
        prop_assert_eq!(engine, model, "the engine says the first, the model the second");
    }
    prop_assert_eq!(records.len(), model.records.len());
    prop_assert_eq!(
        without_nulls(engine.state),
        model.state,
        "the engine's final state is the first, the model's the second"
    );
    Ok(())
}

proptest! {
    #![proptest_config(properties::cases(200))]

    #[test]
    fn the_engine_decides_comments_as_the_model_does(case in case(Focus::Comments, 40)) {
        agree(&case)?;
    }

    #[test]
    fn the_engine_holds_conversations_as_the_model_does(case in case(Focus::Talk, 60)) {
        agree(&case)?;
    }

    #[test]
    fn the_engine_keeps_a_queue_as_the_model_does(case in case(Focus::Queue, 60)) {
        agree(&case)?;
    }

    #[test]
    fn the_engine_counts_and_credits_as_the_model_does(case in case(Focus::Everything, 80)) {
        agree(&case)?;
    }
}
