//! The examples for other languages, run as they stand in `examples/sidecar`.
