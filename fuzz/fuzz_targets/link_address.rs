//! libFuzzer's entry to [`portreeve_fuzz::link_address`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| portreeve_fuzz::link_address::run(data));
