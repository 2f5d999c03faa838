//! libFuzzer's entry to [`portreeve_fuzz::routing`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| portreeve_fuzz::routing::run(data));
