#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| chatsparks_tiktok::fuzz::shop(data));
