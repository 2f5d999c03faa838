//! libFuzzer's entry to [`portreeve_fuzz::firewall_snapshot`].
#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| portreeve_fuzz::firewall_snapshot::run(data));
