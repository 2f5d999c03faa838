//! libFuzzer's entry to [`portreeve_fuzz::tls_flight`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| portreeve_fuzz::tls_flight::run(data));
