//! libFuzzer's entry to [`portreeve_fuzz::proc_process`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| portreeve_fuzz::proc_process::run(data));
