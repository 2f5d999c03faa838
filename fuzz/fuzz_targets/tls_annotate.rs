//! libFuzzer's entry to [`portreeve_fuzz::tls_annotate`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| portreeve_fuzz::tls_annotate::run(data));
