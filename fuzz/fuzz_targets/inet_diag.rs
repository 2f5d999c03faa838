//! libFuzzer's entry to [`portreeve_fuzz::inet_diag`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| portreeve_fuzz::inet_diag::run(data));
