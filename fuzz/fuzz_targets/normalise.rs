#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| chatsparks_testkit::fuzz::normalise(data));
