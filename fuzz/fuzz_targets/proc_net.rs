//! libFuzzer's entry to [`portreeve_fuzz::proc_net`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| portreeve_fuzz::proc_net::run(data));
