//! libFuzzer's entry to [`portreeve_fuzz::iptables_save`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| portreeve_fuzz::iptables_save::run(data));
