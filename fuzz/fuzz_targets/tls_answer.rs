//! libFuzzer's entry to [`portreeve_fuzz::tls_answer`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| portreeve_fuzz::tls_answer::run(data));
