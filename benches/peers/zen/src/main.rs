fn main() { let _ = zen_engine::DecisionEngine::default(); let _ = tokio::runtime::Builder::new_current_thread(); }
