//! libFuzzer's entry to [`portreeve_fuzz::pki`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| portreeve_fuzz::pki::run(data));
